use super::super::grid::{Dip, Voltage};
use super::*;
use plant::read::Source as File;
use proptest::prelude::*;

fn sure(rated: f64) -> Generator {
    Generator { start_fails: 0.0, ..Generator::diesel(rated, 8.0) }
}

fn started(of: &Generator) -> GeneratorState {
    let mut state = GeneratorState::new(of);
    while !state.available() {
        state.turn(of, true, (1, 1), 1.0);
    }
    state
}

#[test]
fn it_takes_ten_to_fifteen_seconds() {
    let of = sure(2e6);
    for seed in 0..200 {
        let mut state = GeneratorState::new(&of);
        let seconds =
            (0..1000).take_while(|_| state.turn(&of, true, (seed, 7), 0.1) != Some(GeneratorEvent::Available));
        let seconds = f64::from(u32::try_from(seconds.count()).expect("few")) / 10.0;
        assert!((9.9..=15.1).contains(&seconds), "seed {seed}: {seconds} s");
    }
}

#[test]
fn starts_fail_as_often_as_they_should_and_three_failures_are_the_end() {
    let of = Generator { start_fails: 0.2, ..Generator::diesel(2e6, 8.0) };
    let (mut failed, mut tries) = (0.0, 0.0);
    for seed in 0..4000 {
        let mut state = GeneratorState::new(&of);
        for _ in 0..100 {
            match state.turn(&of, true, (seed, 7), 1.0) {
                Some(GeneratorEvent::Cranks(_)) => tries += 1.0,
                Some(GeneratorEvent::Failed(Failure::Start)) => failed += 1.0,
                Some(_) | None => {}
            }
        }
        assert!(state.available() || state.phase == Phase::Failed(Failure::Start));
    }
    assert!((failed / 4000.0 - 0.008f64).abs() < 0.004, "{failed} of 4000, 0.2³ of them expected");
    assert!((tries / 4000.0 - 1.24f64).abs() < 0.03, "{tries}");
}

#[test]
fn fuel_is_power_and_heat_and_the_tank_lasts_its_hours() {
    let of = sure(1e6);
    let mut state = started(&of);
    let full = state.carry(&of, 1e6, 1.0);
    assert!((full.power / full.fuel - 0.4).abs() < 1e-12 && (full.fuel - full.power - full.heat).abs() < 1e-6);
    // 1 MWh is a quarter of a litre and a bit for each kWh.
    let litres = full.fuel * 3600.0 / DIESEL;
    assert!((litres / 1000.0 - 0.2525).abs() < 1e-3, "{litres} l for 1 MWh");
    let hours = (1..20).find(|_| state.carry(&of, 1e6, 3600.0).event == Some(GeneratorEvent::Failed(Failure::Fuel)));
    assert_eq!(hours, Some(8));
    assert!(!state.available());
    assert_eq!(state.carry(&of, 1e6, 1.0).power, 0.0);
}

#[test]
fn load_steps_slow_it_and_too_large_ones_stall_it() {
    let of = Generator { stall: 0.6, ..sure(1e6) };
    let mut state = started(&of);
    let first = state.carry(&of, 5e5, 1.0);
    assert!((first.frequency - 0.925).abs() < 1e-12, "{first:?}");
    let later = state.carry(&of, 5e5, 1.0);
    assert!((1.0 - later.frequency - 0.075 * f64::exp(-0.5)).abs() < 1e-12, "time constant of two seconds");
    assert!(state.carry(&of, 9e5, 1.0).frequency < later.frequency);
    let mut stalled = started(&of);
    assert_eq!(stalled.carry(&of, 7e5, 1.0).event, Some(GeneratorEvent::Failed(Failure::Stall)));
    assert_eq!(stalled.turn(&of, true, (1, 1), 1.0), None, "it waits for a person");
    stalled.reset();
    assert_eq!(stalled.turn(&of, true, (1, 1), 1.0), Some(GeneratorEvent::Cranks(1)));
}

#[test]
fn it_cools_down_soots_and_trips() {
    let of = sure(1e6);
    let mut state = started(&of);
    for _ in 0..60 {
        state.carry(&of, 2e5, 1.0);
    }
    assert_eq!(state.sooting, 60.0);
    assert_eq!(state.turn(&of, false, (1, 1), 1.0), Some(GeneratorEvent::CoolsDown));
    let stops = (1..1000).find(|_| state.turn(&of, false, (1, 1), 1.0) == Some(GeneratorEvent::Stopped));
    assert_eq!(stops, Some(300));
    let mut state = started(&of);
    state.carry(&of, 9e5, 1.0);
    let trips = (1..1000).find(|_| state.carry(&of, 1.2e6, 1.0).event.is_some());
    assert_eq!((trips, state.phase), (Some(61), Phase::Failed(Failure::Overload)));
}

#[test]
fn the_switch_calls_changes_over_and_returns_after_its_delays() {
    let (of, set) = (Ats::USUAL, sure(2e6));
    let (mut ats, mut generator) = (AtsState::REST, GeneratorState::new(&set));
    let mut events = Vec::new();
    for second in 0..1000 {
        let grid = if (10..100).contains(&second) { Voltage::NONE } else { Voltage::NOMINAL };
        let seen = ats.step(&of, grid, generator.available(), 1.0);
        generator.turn(&set, seen.call, (3, 7), 1.0);
        events.extend(seen.event.map(|e| (second, e)));
        if seen.event == Some(AtsEvent::ToGrid) {
            assert_eq!(seen.voltage.dip, Some(Dip { residual: 0.0, seconds: 0.1 }));
        }
        if let Some(AtsEvent::ToGenerator) = seen.event {
            assert!((20..28).contains(&second), "changed over at {second}");
        }
    }
    let kinds: Vec<_> = events.iter().map(|(_, e)| *e).collect();
    assert_eq!(kinds, [AtsEvent::Calls, AtsEvent::ToGenerator, AtsEvent::ToGrid]);
    assert_eq!((events[0].0, events[2].0), (10, 399));
    assert_eq!(generator.phase, Phase::Stopped, "cooled down");
}

proptest! {
    #[test]
    fn more_load_never_burns_less_and_nothing_absurd_breaks_it(load in 0.0..1.5e6f64, more in 0.0..1e6f64, odd in any::<f64>()) {
        let of = Generator { stall: 10.0, ..sure(1e6) };
        let fuel = |load| started(&of).carry(&of, load, 1.0).fuel;
        prop_assert!(fuel(load + more) >= fuel(load) && fuel(load) > load);
        let seen = started(&of).carry(&of, odd.clamp(-1e200, 1e200), 1.0);
        prop_assert!(seen.fuel.is_finite() && (0.0..=1.0).contains(&seen.frequency));
    }
}

#[test]
fn a_broken_section_tells_all_its_faults() {
    let file = File::new("g.toml", "rated-w = 0\nstart-least-s = 20\nstart-fails = 2\ntries = 0\n");
    let table = file.parse();
    let read = Generator::read(&file.root(&table));
    // rated-w, start-most-s, start-fails, tries, tank-l
    assert_eq!(file.finish(Some(read)).expect_err("faults").0.len(), 5);
}

#[test]
fn a_broken_switch_tells_all_its_faults() {
    let file = File::new("a.toml", "fails-below = 2\ngap-s = -1\n");
    let table = file.parse();
    let read = Ats::read(&file.root(&table));
    assert_eq!(file.finish(Some(read)).expect_err("faults").0.len(), 2);
}
