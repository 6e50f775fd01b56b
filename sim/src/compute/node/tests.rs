use super::*;
use crate::compute::job::Phase;
use plant::read::Source;
use proptest::prelude::*;

fn build() -> Build {
    Build::boxed(Device { spread: 0.0, ..Device::H100 }, 10.0)
}

const COOL: Around = Around { inlet: 25.0, liquid: None, live: true };

fn wants(natural: f64) -> [Moment; PARTS] {
    [Moment { natural, phase: Phase::Training }; PARTS]
}

fn run(of: &Build, node: &mut Node, natural: f64, around: &Around, (steps, dt): (u32, f64)) -> Outcome {
    let cadence = Cadence::new(of, Rates::clocked(&of.device), dt);
    let mut outcome = Outcome::default();
    for _ in 0..steps {
        outcome = node.step((of, &cadence), &wants(natural), around, &mut Trace::default());
    }
    outcome
}

#[test]
fn air_rises_as_sized_and_all_power_becomes_heat() {
    let of = build();
    let mut node = Node::new(&of, [0.0; 8], 25.0);
    let outcome = run(&of, &mut node, 690.0, &COOL, (5000, 1.0));
    assert!((outcome.to_air / outcome.power - 1.0).abs() < 1e-9, "{outcome:?}");
    assert!((outcome.outlet - 25.0 - 10.0).abs() < 0.5, "{outcome:?}");
    // Fans at full load: 0.04 of the peak by their cube.
    assert!((outcome.fans / of.peak() - 0.04).abs() < 0.004, "{outcome:?}");
    assert!(outcome.hottest < 85.0, "{outcome:?}");
}

#[test]
fn one_gpu_is_capped_and_no_other() {
    let of = build();
    let mut node = Node::new(&of, [0.0; 8], 25.0);
    node.cap(&of, 5, 400.0);
    node.cap(&of, 8, 300.0);
    assert_eq!(node.quads(&of).map(Quad::caps).collect::<Vec<_>>(), [[700.0; 4], [700.0, 400.0, 700.0, 700.0]]);
    let outcome = run(&of, &mut node, 690.0, &COOL, (60, 1.0));
    assert!(outcome.work > 7.5 && outcome.work < 8.0 && outcome.slowest < 0.8, "{outcome:?}");
}

#[test]
fn liquid_takes_the_gpus_heat_and_leaves_the_rest_to_the_air() {
    let of = Build { wet: 0.5, ..build() };
    let mut node = Node::new(&of, [0.0; 8], 25.0);
    let wet = Around { liquid: Some((35.0, 30.0)), ..COOL };
    let outcome = run(&of, &mut node, 690.0, &wet, (5000, 1.0));
    let boards = 200.0 + 600.0 * (690.0 - 110.0) / 590.0 + 900.0;
    assert!((outcome.to_liquid - outcome.gpus - 0.5 * boards).abs() < 1e-3, "{outcome:?}");
    assert!((outcome.to_liquid + outcome.to_air - outcome.power).abs() < 1e-3, "{outcome:?}");
}

#[test]
fn the_chassis_has_its_time_constant() {
    let of = build();
    let mut node = Node::new(&of, [0.0; 8], 25.0);
    node.speed = 1.0;
    let conductance = past_surface(of.chassis_to_air, of.fans.flow * CP_AIR);
    let tau = of.chassis / conductance;
    assert!((60.0..180.0).contains(&tau), "{tau}");
    node.breathe(&of, (5000.0, 1.0), (25.0, tau), Outcome::default());
    let expected = 25.0 + 5000.0 / conductance * (1.0 - libm::exp(-1.0));
    assert!((node.chassis - expected).abs() < 1e-9, "{}", node.chassis);
}

#[test]
fn warm_air_turns_the_fans_up_and_a_dead_feed_stops_everything() {
    let of = build();
    let speed = |inlet| {
        let mut node = Node::new(&of, [0.0; 8], 25.0);
        // Too little work to leak by heat.
        run(&of, &mut node, 300.0, &Around { inlet, ..COOL }, (300, 1.0));
        node.speed
    };
    assert!(speed(20.0) == speed(27.0) && speed(35.0) > 1.2 * speed(27.0), "{} {}", speed(27.0), speed(35.0));
    let mut node = Node::new(&of, [0.0; 8], 25.0);
    run(&of, &mut node, 690.0, &COOL, (600, 1.0));
    let dead = run(&of, &mut node, 690.0, &Around { live: false, ..COOL }, (60, 1.0));
    assert_eq!((dead.power, dead.work, dead.fans), (0.0, 0.0, 0.0));
    assert!(dead.to_air > 0.0, "what is stored still leaves: {dead:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn the_books_close_and_everything_stays_finite(
        natural in 110.0..800.0f64, inlet in -40.0..120.0f64, wet in proptest::option::of((0.0..90.0f64, 0.1..80.0f64)),
        dt in 0.1..60.0f64, live in any::<bool>(),
    ) {
        let of = Build { wet: 0.7, ..build() };
        let mut node = Node::new(&of, [0.0; 8], 25.0);
        run(&of, &mut node, 600.0, &COOL, (5, 1.0));
        let around = Around { inlet, liquid: wet, live };
        for _ in 0..10 {
            let before = node.stored(&of);
            let o = run(&of, &mut node, natural, &around, (1, dt));
            let net = dt * (o.power - o.to_air - o.to_liquid);
            let through = before.abs() + dt * (o.power + o.to_air.abs() + o.to_liquid.abs());
            prop_assert!((node.stored(&of) - before - net).abs() <= 1e-9 * through, "{:?}", o);
            prop_assert!(o.outlet.is_finite() && o.hottest.is_finite() && o.power >= 0.0);
        }
    }
}

const PAGE: &str = "gpus = 8
cpu-idle-w = 200
cpu-peak-w = 800
rest-w = 900
chassis-j-per-k = 90e3
chassis-w-per-k = 1600
wet = 0
[gpu]
idle-w = 110
rated-w = 700
least-cap-w = 200
static-share = 0.12
settle-s = 0.2
overshoot = 0.1
leakage-per-k = 0.007
leaks-above-cel = 60
throttles-cel = 85
throttle-band-k = 10
die-j-per-k = 100
die-to-case-k-per-w = 0.006
case-j-per-k = 700
case-to-coolant-k-per-w = 0.06
spread = 0.02
[rate.training]
natural = 0.87
floor = 0.32
exponent = 0.36
[rate.checkpoint]
activity = 0.1
memory-share = 0.95
[rate.prefill]
activity = 0.98
memory-share = 0
[rate.decode]
activity = 0.2
memory-share = 0.85
[supply]
fixed-w = 60
efficiency = 0.96
[fans]
power-w = 290
flow-kg-per-s = 0.8
least = 0.2
warm-above-cel = 27
warm-gain-per-k = 0.04
lag-s = 10
";

fn read(text: &str) -> Result<(Build, Rates), plant::fault::Faults> {
    let source = Source::new("node.toml", text);
    let table = source.parse();
    let node = {
        let all = source.root(&table);
        let node = Build::read(&all);
        all.done();
        node
    };
    source.finish(Some(node))
}

#[test]
fn a_page_is_read_and_a_broken_one_tells_all_its_faults() {
    let (of, rates) = read(PAGE).expect("sound");
    assert_eq!((of.quads, of.device.rated, of.fans.power), (2, 700.0, 290.0));
    assert_eq!(rates.training, crate::compute::gpu::rate::Curve::fitted(0.87, 0.32, 0.36));
    let broken = PAGE
        .replace("gpus = 8", "gpus = 6")
        .replace("cpu-peak-w = 800", "cpu-peak-w = 80")
        .replace("least-cap-w = 200", "least-cap-w = 20")
        .replace("floor = 0.32", "floor = 0.9")
        .replace("lag-s = 10\n", "");
    let faults = read(&broken).expect_err("broken").to_string();
    for said in ["6 GPUs", "cannot peak at 80", "takes a cap of 20", "its floor at 0.9", "lag-s"] {
        assert!(faults.contains(said), "{said}: {faults}");
    }
}
