use super::*;
use proptest::prelude::*;

/// Coolant: its temperature, the conductance to it, and whether the node has power.
type Around = (f64, f64, bool);

const AIR: Around = (30.0, 1.0 / 0.06, true);

fn twins() -> Device {
    Device { spread: 0.0, ..Device::H100 }
}

fn quad(of: &Device) -> Quad {
    Quad::new(of, [0.0; 4], 30.0)
}

fn wants(natural: f64, phase: Phase) -> [Moment; PARTS] {
    [Moment { natural, phase }; PARTS]
}

fn run(of: &Device, quad: &mut Quad, moments: &[Moment; PARTS], around: Around, (steps, dt): (u32, f64)) -> Done {
    let (rates, pace) = (Rates::clocked(of), Pace::new(of, dt));
    let coolant = Coolant::new((of, &pace), around.0, around.1, around.2);
    let mut done = quad.step((of, &rates, &pace), moments, coolant, &mut Trace::default());
    for _ in 1..steps {
        done = quad.step((of, &rates, &pace), moments, coolant, &mut Trace::default());
    }
    done
}

/// The reference's figures of an H100 under caps: compute bound, and a third bound by memory.
#[test]
fn the_clock_model_gives_the_published_figures() {
    let of = twins();
    for (memory, figures) in [(0.0, [0.949, 0.883, 0.807, 0.717, 0.602]), (0.3, [0.964, 0.915, 0.857, 0.783, 0.684])] {
        let curve = rate::Curve::clocked(&of, 0.98, memory);
        let natural = of.at_clock(1.0, 0.98);
        for (cap, figure) in [0.9, 0.8, 0.7, 0.6, 0.5].into_iter().zip(figures) {
            let seen = curve.at(cap * 700.0 / natural);
            assert!((seen - figure).abs() < 0.003, "{memory} {cap}: {seen} against {figure}");
        }
    }
}

#[test]
fn a_clock_and_its_power_are_each_others_inverse() {
    let of = twins();
    for n in 1..=100 {
        let clock = f64::from(n) / 100.0;
        assert!((of.clock(of.at_clock(clock, 0.7), 0.7) - clock).abs() < 1e-12);
    }
    assert_eq!((of.clock(0.0, 0.7), of.clock(1e9, 0.7)), (0.0, 1.0));
}

/// A cap that falls: what is above it is gone with the settling time, 63 % in 0.2 s and all but a percent in a second.
#[test]
fn a_cap_settles_in_its_time() {
    let of = twins();
    let mut gpus = quad(&of);
    let moments = wants(600.0, Phase::Training);
    run(&of, &mut gpus, &moments, AIR, (1, 1.0));
    run(&of, &mut gpus, &moments, AIR, (1, 1.0));
    gpus.cap(&of, [400.0, 400.0, f64::NAN, 1.0]);
    assert_eq!(gpus.caps(), [400.0, 400.0, 700.0, 200.0]);
    let mut trace = Trace::default();
    let (rates, pace) = (Rates::clocked(&of), Pace::new(&of, 1.0));
    gpus.cap(&of, [400.0; 4]);
    gpus.step((&of, &rates, &pace), &moments, Coolant::new((&of, &pace), AIR.0, AIR.1, true), &mut trace);
    for (n, power) in trace.parts().iter().enumerate() {
        let limit = 400.0 + 300.0 * libm::exp(-0.1 * (plant::convert::f64_from_usize(n) + 1.0) / 0.2);
        let over = if limit < 600.0 { limit } else { 600.0 };
        assert!(*power / 4.0 <= over * 1.1 + 1e-9 && *power / 4.0 >= over.min(600.0) - 1e-9, "{n}: {power} {limit}");
    }
    let settled = gpus.power().0;
    assert!((settled[0] - 400.0).abs() < 3.0, "{settled:?}");
}

#[test]
fn a_jump_of_demand_passes_the_limit_for_a_tenth_of_a_second_and_no_more() {
    let of = twins();
    let mut gpus = quad(&of);
    gpus.cap(&of, [400.0; 4]);
    run(&of, &mut gpus, &at_rest(&of), AIR, (10, 1.0));
    let mut trace = Trace::default();
    let (rates, pace) = (Rates::clocked(&of), Pace::new(&of, 1.0));
    gpus.step(
        (&of, &rates, &pace),
        &wants(690.0, Phase::Training),
        Coolant::new((&of, &pace), AIR.0, AIR.1, true),
        &mut trace,
    );
    let trace = trace.parts();
    assert!((trace[0] / 4.0 - 440.0).abs() < 1.0, "{trace:?}");
    assert!(trace[1..].iter().all(|p| *p / 4.0 < 400.5), "{trace:?}");
}

#[test]
fn a_cap_above_what_decoding_draws_costs_nothing() {
    let of = twins();
    let mut gpus = quad(&of);
    gpus.cap(&of, [350.0; 4]);
    let done = run(&of, &mut gpus, &wants(250.0, Phase::Decode), AIR, (60, 1.0));
    assert_eq!((done.work, done.slowest), (4.0, 1.0));
    // And one below it less than what it takes from training.
    gpus.cap(&of, [220.0; 4]);
    let decode = run(&of, &mut gpus, &wants(250.0, Phase::Decode), AIR, (60, 1.0));
    gpus.cap(&of, [0.88 * 690.0; 4]);
    let training = run(&of, &mut gpus, &wants(690.0, Phase::Training), AIR, (60, 1.0));
    assert!(decode.work < 4.0 && decode.work > training.work, "{decode:?} {training:?}");
}

/// Published: decoding draws far less than any cap, and a locked clock recovers a good part of its energy for little work.
#[test]
fn a_locked_clock_bites_where_no_cap_does() {
    let of = twins();
    let lone = |natural: f64, phase, clock| {
        let mut gpus = quad(&of);
        (0..4).for_each(|lane| gpus.lock(lane, clock));
        run(&of, &mut gpus, &wants(natural, phase), AIR, (60, 1.0))
    };
    let (free, half) = (lone(250.0, Phase::Decode, None), lone(250.0, Phase::Decode, Some(0.5)));
    assert!(half.power < 0.85 * free.power, "{} W of {} W", half.power, free.power);
    assert!(half.work > 0.93 * free.work && half.work < free.work, "{} of {}", half.work, free.work);
    assert_eq!((free.throttled, half.throttled), (0.0, 4.0));
    let (free, half) = (lone(690.0, Phase::Training, None), lone(690.0, Phase::Training, Some(0.5)));
    assert!((0.4..0.5).contains(&(half.power / free.power)), "{} W of {} W", half.power, free.power);
    assert!((0.45..0.65).contains(&(half.work / free.work)), "it costs work that computes: {}", half.work);
    // At rest there is nothing to take.
    assert_eq!(lone(110.0, Phase::Idle, Some(0.05)).power, lone(110.0, Phase::Idle, None).power);
}

#[test]
fn a_lock_is_for_one_gpu_and_letting_it_go_leaves_no_trace() {
    let of = Device::H100;
    let unlike = [-1.0, 0.3, 1.0, 2.0];
    let moments = wants(640.0, Phase::Training);
    let (mut one, mut never) = (Quad::new(&of, unlike, 30.0), Quad::new(&of, unlike, 30.0));
    one.lock(1, Some(0.7));
    let mut locked = one;
    run(&of, &mut locked, &moments, AIR, (30, 1.0));
    let mut free = never;
    run(&of, &mut free, &moments, AIR, (30, 1.0));
    let ([a, b, c, d], [p, q, r, s]) = (locked.power().1, free.power().1);
    assert_eq!([a, c, d], [p, r, s]);
    assert!(b < q - 100.0, "{b} W of {q} W");
    one.lock(1, Some(f64::NAN));
    one.lock(9, Some(0.1));
    for free in [None, Some(1.0), Some(7.0)] {
        let mut freed = one;
        freed.lock(1, free);
        assert_eq!(freed, never, "{free:?}");
    }
    one.lock(1, None);
    run(&of, &mut one, &moments, AIR, (30, 1.0));
    run(&of, &mut never, &moments, AIR, (30, 1.0));
    assert_eq!(one, never, "to the bit");
}

/// Hourly means of an H100 PCIe: the die at 34.9 °C and 0.0908 K/W.
#[test]
fn a_die_at_rest_stands_where_measured_ones_do() {
    let of = Device { leakage: 0.0, case_to_coolant: 0.0908 - 0.006, ..twins() };
    let coolant = (34.9, 1.0 / of.case_to_coolant, true);
    for power in [65.0, 142.0, 246.0, 329.0] {
        let mut gpus = quad(&of);
        let done = run(&of, &mut gpus, &wants(power, Phase::Decode), coolant, (2000, 1.0));
        assert!((gpus.dies()[0] - 34.9 - 0.0908 * power).abs() < 1e-6, "{power}: {:?}", gpus.dies());
        assert!((done.heat - 4.0 * power).abs() < 1e-6, "{done:?}");
    }
}

#[test]
fn heat_throttles_before_it_harms_and_costs_work() {
    let of = twins();
    let mut gpus = quad(&of);
    let warm = (60.0, AIR.1, true);
    let done = run(&of, &mut gpus, &wants(690.0, Phase::Training), warm, (1000, 1.0));
    assert!(gpus.hottest() > 85.0 && gpus.hottest() < 95.0, "{:?}", gpus.dies());
    assert!(done.work < 3.8 && done.work > 1.0, "{done:?}");
    let boiling = (400.0, AIR.1, true);
    let done = run(&of, &mut gpus, &wants(690.0, Phase::Training), boiling, (1000, 1.0));
    assert!((done.power - 4.0 * of.idle).abs() < 1.0 && done.work < 1e-9, "{done:?}");
}

#[test]
fn leakage_raises_power_with_temperature_until_it_stops() {
    let of = Device { throttles: 120.0, ..twins() };
    let with = |cel| run(&of, &mut quad(&of), &wants(300.0, Phase::Decode), (cel, AIR.1, true), (2000, 1.0)).power;
    assert!((with(20.0) - 1200.0).abs() < 1e-6);
    let (warm, warmer) = (with(60.0), with(70.0));
    assert!(warm > 1200.0 && warmer > warm, "{warm} {warmer}");
    let slope = (warmer - warm) / 4.0 / 10.0;
    // 0.7 % of 194 W for each kelvin, and a little more for what it warms itself.
    assert!((0.007 * 194.0..0.007 * 194.0 * 1.15).contains(&slope), "{slope}");
}

#[test]
fn the_die_has_its_time_constant() {
    let of = Device { case: 1e12, ..twins() };
    let mut gpus = quad(&of);
    let tau = of.die * of.die_to_case;
    assert!((0.3..1.0).contains(&tau), "{tau}");
    run(&of, &mut gpus, &wants(500.0, Phase::Decode), AIR, (1, tau));
    let expected = 30.0 + 500.0 * 0.006 * (1.0 - libm::exp(-1.0));
    assert!((gpus.dies()[0] - expected).abs() < 1e-6, "{:?} {expected}", gpus.dies());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_books_close_and_everything_stays_finite(
        natural in 0.0..900.0f64, cap in -100.0..2000.0f64, cel in -50.0..200.0f64, g in 0.01..100.0f64,
        dt in 0.05..60.0f64, live in any::<bool>(),
    ) {
        let of = Device::H100;
        let mut gpus = Quad::new(&of, [-1.0, 0.3, 1.0, 2.0], 30.0);
        gpus.cap(&of, [cap, 300.0, f64::INFINITY, f64::NAN]);
        for _ in 0..20 {
            let before = gpus.stored(&of);
            let done = run(&of, &mut gpus, &wants(natural, Phase::Training), (cel, g, live), (1, dt));
            let net = dt * (done.power - done.heat);
            let through = before.abs() + dt * (done.power + done.heat.abs());
            prop_assert!((gpus.stored(&of) - before - net).abs() <= 1e-9 * through);
            prop_assert!(gpus.dies().iter().all(|t| t.is_finite()));
            prop_assert!(done.power >= 0.0 && (0.0..=4.0).contains(&done.work), "{:?}", done);
            prop_assert!(live || (done.power == 0.0 && done.work == 0.0), "{:?}", done);
        }
    }

    #[test]
    fn a_higher_cap_is_never_less_work(cap in 200.0..690.0f64, more in 0.0..200.0f64, memory in 0.0..1.0f64) {
        let of = twins();
        let curve = rate::Curve::clocked(&of, 0.98, memory);
        prop_assert!(curve.at((cap + more) / 690.0) >= curve.at(cap / 690.0) - 1e-12);
        let with = |cap| {
            let mut gpus = quad(&of);
            gpus.cap(&of, [cap; 4]);
            run(&of, &mut gpus, &wants(690.0, Phase::Training), AIR, (30, 1.0)).work
        };
        prop_assert!(with(cap + more) >= with(cap) - 1e-9);
    }
}
