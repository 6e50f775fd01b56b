use proptest::prelude::*;

use super::shipped::MAPS;
use super::*;
use plant::read::Source;

const SECTION: &str = r#"
map = "trane-cvhf-2317"
standby-w = 500.0
[evaporator]
heat-capacity-j-per-k = 17.1e6
flow-kg-per-s = 90.0
least-flow-share = 0.4
[condenser]
heat-capacity-j-per-k = 21e6
flow-kg-per-s = 113.0
least-flow-share = 0.4
[panel]
start-s = 180.0
soft-load-percent-per-min = 10.0
stop-s = 30.0
least-on-s = 1200.0
least-off-s = 600.0
between-starts-s = 1800.0
restart-s = 240.0
least-chilled-cel = 3.0
most-lift-k = 45.0
"#;

fn read(text: &str) -> Result<Chiller, String> {
    let source = Source::new("chiller.toml", text);
    let table = source.parse();
    let root = source.root(&table);
    let chiller = Chiller::read(&root);
    root.done();
    source.finish(chiller).map_err(|faults| faults.to_string())
}

fn trane() -> Chiller {
    read(SECTION).unwrap_or_else(|faults| panic!("{faults}"))
}

fn asked() -> Inputs {
    Inputs {
        run: true,
        setpoint: 7.0,
        limit: f64::NAN,
        evaporator: Stream { flow: 90.0, entering: 10.0 },
        condenser: Stream { flow: 113.0, entering: 24.0 },
        powered: true,
        tripped: false,
    }
}

fn settled(of: &Chiller, inputs: &Inputs) -> (Machine, Outcome) {
    let mut machine = Machine::at_rest(inputs.evaporator.entering, inputs.setpoint);
    let mut last = machine.step(of, inputs, 1.0);
    for _ in 0..7200 {
        last = machine.step(of, inputs, 1.0);
    }
    (machine, last)
}

fn waters(chilled: f64, condenser: f64) -> Waters {
    Waters { chilled, entering: condenser, leaving: condenser }
}

#[test]
fn the_trane_draws_what_is_published() {
    let map = Map::shipped("trane-cvhf-2317").expect("shipped");
    // Load shares 1, 0.5 and 0.25 at three pairs of chilled and entering condenser water.
    let published =
        [((7.0, 29.0), [6.78, 7.42, 6.66]), ((7.0, 24.0), [8.19, 8.97, 8.04]), ((10.0, 24.0), [9.05, 9.91, 8.89])];
    for ((chilled, condenser), cops) in published {
        let at = map.available(waters(chilled, condenser));
        for (share, cop) in [1.0, 0.5, 0.25].into_iter().zip(cops) {
            let drawn = map.draw(&at, share * at.capacity, 2.0);
            // 10 °C lies outside the fitted box of 4.4 to 8.9 °C: there the clamp and Carnot give a little more.
            let seen = drawn.heat / drawn.power;
            let bound = if chilled > 8.9 { 0.03 * cop } else { 0.005 };
            assert!((seen - cop).abs() <= bound, "{chilled} {condenser} {share}: {seen}, {cop} published");
            assert_eq!(drawn.outside, chilled > 8.9);
        }
    }
}

#[test]
fn colder_condenser_water_never_costs_more_beyond_the_box() {
    // The warm-water map read beyond its box draws 2.28 MW instead of 2.05 MW when its condenser gets colder.
    for (name, _) in MAPS {
        let map = Map::shipped(name).expect("shipped");
        let chilled = f64::midpoint(map.evaporator.0, map.evaporator.1);
        let power = |condenser: f64| {
            let at = map.available(waters(chilled, condenser));
            map.draw(&at, 0.5 * map.capacity, 2.0).power
        };
        let mut before = 0.0;
        for n in 0..=400 {
            let condenser = map.condenser.0 - 20.0 + 0.05 * f64::from(n);
            let now = power(condenser);
            assert!(now >= before - 1e-6 && now > 0.0, "{name} at {condenser}: {now} W after {before} W");
            before = now;
        }
        before = 0.0;
        for n in 0..=400 {
            let condenser = map.condenser.1 + 0.05 * f64::from(n);
            let now = power(condenser);
            let full = map.draw(&map.available(waters(chilled, condenser)), f64::MAX, 2.0);
            // Past the box capacity shrinks until the asked load is all it can do.
            assert!(now >= before - 1e-6 || full.heat <= 0.5 * map.capacity, "{name} at {condenser}: {now}, {before}");
            before = now;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn at_any_water_and_load_power_is_positive_and_no_miracle(
        which in 0..MAPS.len(), chilled in -40.0..120.0f64, entering in -40.0..120.0f64, rise in -5.0..15.0f64,
        wanted in -1e6..1e7f64, ceiling in 0.0..2.0f64,
    ) {
        let map = Map::shipped(MAPS[which].0).expect("shipped");
        let at = map.available(Waters { chilled, entering, leaving: entering + rise });
        let drawn = map.draw(&at, wanted, ceiling);
        prop_assert!(drawn.power.is_finite() && drawn.heat >= 0.0 && drawn.heat <= wanted.max(0.0), "{drawn:?}");
        prop_assert!(drawn.power > 0.0 || drawn.heat == 0.0, "{drawn:?}");
        prop_assert!(drawn.heat <= 24.001 * drawn.power, "{drawn:?}");
        let more = map.draw(&at, wanted + 1e4, ceiling);
        prop_assert!(more.heat >= drawn.heat, "{more:?} {drawn:?}");
    }

    #[test]
    fn no_joule_is_lost_whatever_is_asked_of_it(
        steps in prop::collection::vec(
            (any::<bool>(), -5.0..30.0f64, 0.0..150.0f64, -20.0..60.0f64, 0.0..200.0f64, -20.0..60.0f64, 0..12u8),
            1..40,
        ),
        dt in 0.1..60.0f64,
    ) {
        let of = Chiller { map: Map { motor: 0.95, ..trane().map }, ..trane() };
        let mut machine = Machine::at_rest(15.0, 7.0);
        for (run, setpoint, cold_flow, cold, warm_flow, warm, luck) in steps {
            let inputs = Inputs {
                run, setpoint, limit: 1.0,
                evaporator: Stream { flow: cold_flow, entering: cold },
                condenser: Stream { flow: warm_flow, entering: warm },
                powered: luck != 0, tripped: luck == 1,
            };
            let before = machine;
            let out = machine.step(&of, &inputs, dt);
            let (c_cold, c_warm) = (cold_flow * CP_WATER, warm_flow * CP_WATER);
            let stored = of.evaporator.heat_capacity * (machine.chilled - before.chilled)
                + of.condenser.heat_capacity * (machine.condensing - before.condensing);
            let carried = c_cold * (cold - out.chilled) + c_warm * (warm - out.condensing);
            let crossed = dt * (carried + out.power - out.to_room);
            let through = dt * (c_cold * cold.abs() + c_warm * warm.abs() + out.power) + stored.abs() + 1.0;
            prop_assert!((stored - crossed).abs() <= 1e-9 * through, "{stored} {crossed} {out:?}");
            prop_assert!(out.power >= 0.0 && machine.chilled.is_finite() && machine.condensing.is_finite());
        }
    }
}

#[test]
fn it_holds_its_setpoint_until_its_capacity_and_then_no_longer() {
    let of = trane();
    let (machine, out) = settled(&of, &asked());
    assert!((machine.chilled - 7.0).abs() < 1e-6, "{machine:?}");
    let load = 90.0 * CP_WATER * 3.0;
    assert!((out.drawn.heat - load).abs() < 1.0 && (out.to_condenser - load - out.drawn.power).abs() < 1e-6, "{out:?}");
    let heavy = Inputs { evaporator: Stream { flow: 90.0, entering: 16.0 }, ..asked() };
    let (machine, out) = settled(&of, &heavy);
    assert!(machine.chilled > 8.0 && (out.drawn.share - of.map.most).abs() < 1e-9, "{machine:?} {out:?}");
    let half = Inputs { limit: 0.5, ..heavy };
    assert!((settled(&of, &half).1.drawn.share - 0.5).abs() < 1e-9, "a demand limit holds");
}

#[test]
fn below_its_least_load_it_cycles_and_hot_gas_wastes() {
    let mut of = trane();
    (of.map.least, of.map.unloaded) = (0.1, 0.25);
    let at = of.map.available(waters(7.0, 24.0));
    let (low, idle) = (of.map.draw(&at, 0.15 * at.capacity, 1.0), of.map.draw(&at, 0.05 * at.capacity, 1.0));
    assert!((low.cycling - 1.0).abs() < 1e-12 && (low.wasted - 0.1 * at.capacity).abs() < 1e-3, "{low:?}");
    assert!((idle.cycling - 0.5).abs() < 1e-12 && (idle.power - low.power / 2.0).abs() < 1e-6, "{idle:?} {low:?}");
}

#[test]
fn a_vessel_answers_with_its_time_constant() {
    let of = trane();
    let mut machine = Machine::at_rest(20.0, 7.0);
    let inputs = Inputs { run: false, ..asked() };
    let tau = 17.1e6 / (90.0 * CP_WATER);
    assert!((30.0..60.0).contains(&tau));
    for _ in 0..10 {
        machine.step(&of, &inputs, tau / 10.0);
    }
    assert!((machine.chilled - (10.0 + 10.0 * libm::exp(-1.0))).abs() < 1e-9, "{machine:?}");
}

#[test]
fn it_starts_slowly_loads_softly_and_keeps_its_times() {
    let of = trane();
    let inputs = Inputs { evaporator: Stream { flow: 90.0, entering: 14.0 }, ..asked() };
    let mut machine = Machine::at_rest(14.0, 7.0);
    let mut seen = Vec::new();
    for _ in 0..900 {
        let before = machine.phase.word();
        let out = machine.step(&of, &inputs, 1.0);
        seen.push((before.max(machine.phase.word()), out.drawn.share));
    }
    assert!(seen[..180].iter().all(|(w, s)| *w == 1 && *s <= 0.1), "a start takes 180 s");
    assert_eq!(seen[181].0, 2);
    // 10 % a minute from 10 %: half load four minutes after the start is over.
    assert!((seen[420].1 - 0.5).abs() < 0.01, "{:?}", seen[420]);
    let stop = Inputs { run: false, ..inputs };
    let mut on = 900;
    while machine.phase.word() == 2 {
        machine.step(&of, &stop, 1.0);
        on += 1;
    }
    assert_eq!(on, 1201, "it runs for 20 min at least");
    while machine.phase.word() == 3 {
        machine.step(&of, &stop, 1.0);
        on += 1;
    }
    let mut waited = 0;
    while machine.phase.word() == 0 {
        machine.step(&of, &inputs, 1.0);
        waited += 1;
    }
    assert!((599..=602).contains(&waited), "it stands for 10 min at least: {waited}");
    assert!(on + waited >= 1800, "30 min between starts");
}

#[test]
fn a_stop_taken_back_in_time_needs_no_new_start() {
    let of = trane();
    let (mut machine, _) = settled(&of, &asked());
    machine.step(&of, &Inputs { run: false, ..asked() }, 10.0);
    assert_eq!(machine.phase.word(), 3);
    let out = machine.step(&of, &asked(), 1.0);
    assert!(machine.phase.word() == 2 && out.drawn.share > 0.2, "{out:?}");
}

#[test]
fn every_trip_stops_it_at_once_and_clears_by_itself_after_the_delay() {
    let mut of = trane();
    of.panel.between_starts = 0.0;
    of.panel.least_off = 0.0;
    let good = asked();
    let no_water = Stream { flow: 10.0, entering: 10.0 };
    let bad = [
        (Inputs { powered: false, ..good }, Trip::Power),
        (Inputs { tripped: true, ..good }, Trip::External),
        (Inputs { evaporator: no_water, ..good }, Trip::EvaporatorFlow),
        (Inputs { condenser: no_water, ..good }, Trip::CondenserFlow),
        (Inputs { evaporator: Stream { flow: 90.0, entering: 1.0 }, ..good }, Trip::LowEvaporator),
        (Inputs { condenser: Stream { flow: 113.0, entering: 49.0 }, ..good }, Trip::HighLift),
    ];
    let (running, _) = settled(&of, &good);
    for (inputs, cause) in bad {
        let mut machine = running;
        let mut steps = 0;
        while machine.trip().is_none() && steps < 600 {
            machine.step(&of, &inputs, 1.0);
            steps += 1;
        }
        assert_eq!(machine.trip(), Some(cause));
        let out = machine.step(&of, &inputs, 1.0);
        assert!(out.drawn == Drawn::default() && out.power <= of.standby, "{cause:?}: {out:?}");
        let mut waited = 0;
        while machine.phase.word() != 1 && waited < 3600 {
            machine.step(&of, &good, 1.0);
            waited += 1;
        }
        assert!((240..=243).contains(&waited), "{cause:?}: {waited} s");
    }
    // While nobody wants it, a stopped pump is no trip and no start.
    let mut machine = Machine::at_rest(10.0, 7.0);
    machine.step(&of, &Inputs { evaporator: no_water, ..good }, 1.0);
    assert_eq!(machine.phase.word(), 0, "no start without flow");
}

#[test]
fn nonsense_is_ignored_as_panels_do() {
    let of = trane();
    let (mut machine, _) = settled(&of, &asked());
    let nowhere = Stream { flow: f64::NAN, entering: f64::INFINITY };
    let inputs = Inputs { setpoint: f64::NAN, evaporator: nowhere, condenser: nowhere, ..asked() };
    let out = machine.step(&of, &inputs, 1.0);
    assert!((machine.setpoint - 7.0).abs() < 1e-9 && out.chilled.is_finite() && out.condensing.is_finite(), "{out:?}");
    let back = Inputs { evaporator: Stream { flow: -50.0, entering: 1e9 }, ..asked() };
    assert!(machine.step(&of, &back, 1e4).chilled.is_finite());
}

#[test]
fn ten_seconds_at_once_are_ten_seconds_one_by_one() {
    let of = trane();
    let (mut fine, mut coarse) = (Machine::at_rest(14.0, 7.0), Machine::at_rest(14.0, 7.0));
    let inputs = Inputs { evaporator: Stream { flow: 90.0, entering: 14.0 }, ..asked() };
    for n in 0..200 {
        for _ in 0..10 {
            fine.step(&of, &inputs, 1.0);
        }
        coarse.step(&of, &inputs, 10.0);
        let apart = (fine.chilled - coarse.chilled).abs().max((fine.condensing - coarse.condensing).abs());
        assert!(apart < 0.1, "step {n}: {apart} K");
    }
}

#[test]
fn every_shipped_map_is_sound() {
    for (file, text) in MAPS {
        let map = Map::load(file, text).unwrap_or_else(|faults| panic!("{faults}"));
        assert!(map.capacity > 1e5 && map.by_capacity.at(map.evaporator.1, map.condenser.0) > 0.5, "{file}");
    }
    assert!(Map::shipped("trane-cvhf-2318").is_err_and(|help| help.contains("trane-cvhf-2317")));
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let broken = SECTION
        .replace("trane-cvhf-2317", "trane")
        .replace("standby-w = 500.0", "")
        .replace("start-s = 180.0", "start-s = -1.0")
        .replace("between-starts-s = 1800.0", "between-starts-s = 60.0");
    let faults = read(&broken).expect_err("broken");
    for said in ["no chiller `trane`", "standby-w", "`start-s` is -1", "below `least-off-s`"] {
        assert!(faults.contains(said), "{said}: {faults}");
    }
    let own = SECTION.replace("map = \"trane-cvhf-2317\"", "").to_owned()
        + "[own-map]\ncondenser-water = \"leaving\"\nload-curve = [1.0]\nevaporator-leaving-cel = [9.0, 4.0]\n";
    let faults = read(&own).expect_err("broken");
    for said in ["holds 1 numbers and must hold 10", "goes from 9 to 4", "capacity-w"] {
        assert!(faults.contains(said), "{said}: {faults}");
    }
}
