use super::*;
use plant::read::Source;
use proptest::prelude::*;

fn oil() -> Oil {
    Oil::new(810.0, 2200.0, (9.8, 2.7))
}

const DUTY: Duty = Duty {
    heat: 100e3,
    litres: 786.0,
    bath: 45.0,
    excess: 12.0,
    forced: 0.4,
    fall: 8.0,
    water: Facility { entering: 32.0, flow: 3.4 },
    boards: 60e3,
};

fn tank() -> SinglePhase {
    SinglePhase::sized(&DUTY, oil())
}

const FULL: Drive = Drive { power: 100e3, speed: 1.0, water: DUTY.water, room: 25.0, leak: 0.0 };

fn rest(of: &SinglePhase, drive: &Drive, from: f64, dt: f64) -> (Tank, Outcome) {
    let mut tank = Tank::at(of, from);
    let mut outcome = tank.step(of, drive, dt);
    for _ in 0..20_000 {
        outcome = tank.step(of, drive, dt);
    }
    (tank, outcome)
}

#[test]
fn a_sized_tank_meets_its_duty() {
    let of = SinglePhase { room: 0.0, ..tank() };
    let (tank, outcome) = rest(&of, &FULL, 45.0, 1.0);
    // The pump's heat comes on top of the duty: 1 to 2 % of it, as tanks have it.
    assert!((0.01..0.02).contains(&(outcome.pump / 100e3)), "{outcome:?}");
    assert!((tank.bath - 45.0).abs() < 0.3, "{tank:?}");
    assert!((tank.boards - tank.bath - 12.0).abs() < 0.1, "{tank:?}");
    assert!((outcome.to_water - 100e3 - outcome.pump).abs() < 1e-3, "{outcome:?}");
    assert!((outcome.leaving - 32.0 - outcome.to_water / (3.4 * CP_WATER)).abs() < 1e-9);
}

/// Rest in closed form: all heat leaves through the exchanger, the boards' own difference follows from `G`.
#[test]
fn rest_is_the_closed_form_and_does_not_depend_on_the_start() {
    let of = tank();
    let (warm, outcome) = rest(&of, &FULL, 60.0, 1.0);
    let (cold, _) = rest(&of, &FULL, 5.0, 10.0);
    assert!((warm.bath - cold.bath).abs() < 1e-6 && (warm.boards - cold.boards).abs() < 1e-6, "{warm:?} {cold:?}");
    let thick = of.oil.viscosity(warm.bath) / of.oil.viscosity(45.0);
    let g = of.circuit.exchange(outcome.flow, 2200.0, thick, FULL.water);
    let bath = (100e3 + outcome.pump + of.room * 25.0 + g * 32.0) / (g + of.room);
    assert!((warm.bath - bath).abs() < 1e-6, "{} {bath}", warm.bath);
}

#[test]
fn a_cold_start_flows_less_and_boards_run_hotter_above_the_bath() {
    let of = tank();
    let mut cold = Tank::at(&of, 5.0);
    let first = cold.step(&of, &FULL, 1.0);
    assert!(first.flow < 0.6 * of.circuit.flow, "{first:?}");
    let mut widest = 0.0f64;
    for _ in 0..1200 {
        cold.step(&of, &FULL, 1.0);
        widest = widest.max(cold.boards - cold.bath);
    }
    assert!(widest > 13.0 && widest < 25.0, "{widest}");
    let last = cold.step(&of, &FULL, 1.0);
    assert!(last.flow > 0.9 * of.circuit.flow, "{last:?}");
}

#[test]
fn without_water_the_bath_warms_by_power_over_capacity() {
    let of = SinglePhase { room: 0.0, ..tank() };
    let stopped = Drive { speed: 0.0, ..FULL };
    let mut tank = Tank::at(&of, 45.0);
    for _ in 0..600 {
        tank.step(&of, &stopped, 1.0);
    }
    let before = tank;
    tank.step(&of, &stopped, 60.0);
    let capacity = of.full * 2200.0 + 60e3;
    let rate = 60.0 * 100e3 / capacity;
    // What is left above the closed form is the boards' conductance, which still grows as the oil thins.
    assert!((tank.bath - before.bath - rate).abs() < 0.03, "{} {rate}", tank.bath - before.bath);
}

/// The bath alone, stirred hard: `M·cp/g` is its time constant.
#[test]
fn the_bath_has_its_time_constant() {
    let mut of = SinglePhase { room: 0.0, boards: 1.0, forced: 1e9, ..tank() };
    of.oil = Oil::new(810.0, 2200.0, (9.8, 9.8));
    of.circuit.head = 1e-6;
    let idle = Drive { power: 0.0, ..FULL };
    let mut tank = Tank::at(&of, 52.0);
    let g = of.circuit.exchange(of.circuit.flow, 2200.0, 1.0, idle.water);
    let tau = of.full * 2200.0 / g;
    assert!((100.0..600.0).contains(&tau), "{tau}");
    tank.step(&of, &idle, tau);
    assert!((tank.bath - 32.0 - 20.0 * libm::exp(-1.0)).abs() < 1e-3, "{tank:?}");
}

#[test]
fn halving_the_step_changes_nothing_worth_a_tenth_of_a_kelvin() {
    let of = tank();
    let (mut coarse, mut fine) = (Tank::at(&of, 20.0), Tank::at(&of, 20.0));
    for n in 0..3600 {
        let power = if n % 600 < 300 { 100e3 } else { 30e3 };
        let drive = Drive { power, ..FULL };
        coarse.step(&of, &drive, 2.0);
        for _ in 0..2 {
            fine.step(&of, &drive, 1.0);
        }
        assert!(
            (coarse.bath - fine.bath).abs() < 0.1 && (coarse.boards - fine.boards).abs() < 0.1,
            "{n} {coarse:?} {fine:?}"
        );
    }
}

#[test]
fn a_leak_stops_the_pump_and_then_bares_the_boards() {
    let of = tank();
    let leaking = Drive { leak: 2.0, ..FULL };
    let mut tank = Tank::at(&of, 45.0);
    let (mut stopped, mut hot) = (None, None);
    for second in 0..1000 {
        let outcome = tank.step(&of, &leaking, 1.0);
        if outcome.flow == 0.0 && stopped.is_none() {
            stopped = Some((second, tank.level(&of)));
        }
        if outcome.boards > outcome.bath + 40.0 && hot.is_none() {
            hot = Some((second, tank.level(&of)));
        }
    }
    let ((stopped, level), (hot, bare)) = (stopped.expect("the pump starves"), hot.expect("the boards stand bare"));
    assert!((level - 0.8).abs() < 0.01 && stopped < hot && bare < 0.6, "{stopped} {level} {hot} {bare}");
    assert!((tank.level(&of) - HEEL).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_books_close_and_everything_stays_finite(
        power in -1e4..1e6f64, speed in -1.0..2.0f64, entering in -50.0..150.0f64, water in -5.0..50.0f64,
        from in -60.0..200.0f64, leak in -1.0..5.0f64, dt in 0.1..600.0f64,
    ) {
        let of = tank();
        let drive = Drive { power, speed, water: Facility { entering, flow: water }, room: 20.0, leak };
        let mut tank = Tank::at(&of, from);
        for _ in 0..8 {
            let before = tank.stored(&of);
            let o = tank.step(&of, &drive, dt);
            let net = dt * (power.max(0.0) + o.pump - o.to_water - o.to_room - o.leaked);
            let through = before.abs() + dt * (power.abs() + o.pump + o.to_water.abs() + o.to_room.abs() + o.leaked.abs());
            prop_assert!((tank.stored(&of) - before - net).abs() <= 1e-9 * through, "{:?} {:?}", tank, o);
            prop_assert!([o.to_water, o.to_room, o.pump, o.leaving, o.boards, o.flow].iter().all(|x| x.is_finite()));
            prop_assert_eq!(o.outside, !(-10.0..=120.0).contains(&tank.bath));
        }
    }

    #[test]
    fn more_power_or_less_water_is_never_cooler(power in 5e3..120e3f64, more in 1.0..1.5f64, water in 0.5..6.0f64) {
        let of = tank();
        let with = |power, flow| {
            let drive = Drive { power, water: Facility { entering: 32.0, flow }, ..FULL };
            let mut tank = Tank::at(&of, 40.0);
            for _ in 0..300 {
                tank.step(&of, &drive, 10.0);
            }
            tank
        };
        let (plain, harder, drier) = (with(power, water), with(power * more, water), with(power, water / more));
        prop_assert!(harder.bath >= plain.bath - 1e-9 && harder.boards >= plain.boards - 1e-9);
        prop_assert!(drier.bath >= plain.bath - 1e-9);
    }
}

const PAGE: &str = "density-kg-per-m3 = 810
specific-heat-j-per-kg-k = 2200
viscosity-40-mm2-per-s = 9.8
viscosity-100-mm2-per-s = 2.7
litres = 800
bare-level = 0.4
covered-level = 0.9
boards-j-per-k = 60e3
natural-w-per-k = 7e3
forced-w-per-k = 6e3
flow-kg-per-s = 5.7
head-pa = 140e3
head-fall = 0.25
laminar-share = 0.5
efficiency = 0.5
ua-w-per-k = 13e3
oil-to-water = 0.4
water-kg-per-s = 3.4
design-bath-cel = 45
room-w-per-k = 20
intake-level = 0.8
";

fn read(text: &str) -> Result<SinglePhase, plant::fault::Faults> {
    let source = Source::new("tank.toml", text);
    let table = source.parse();
    let tank = {
        let all = source.root(&table);
        let tank = SinglePhase::read(&all);
        all.done();
        tank
    };
    source.finish(Some(tank))
}

#[test]
fn a_page_is_read_and_a_broken_one_tells_all_its_faults() {
    let read_in = read(PAGE).expect("sound");
    assert_eq!((read_in.full, read_in.circuit.flow, read_in.bare), (648.0, 5.7, (0.4, 0.9)));
    let broken = PAGE
        .replace("= 2.7", "= 27")
        .replace("covered-level = 0.9", "covered-level = 0.3")
        .replace("litres = 800\n", "")
        .replace("head-fall = 0.25", "head-fall = 2");
    let faults = read(&broken).expect_err("broken").to_string();
    for said in ["thicker than at 40 °C", "cannot be covered", "litres", "`head-fall` is 2"] {
        assert!(faults.contains(said), "{said}: {faults}");
    }
}
