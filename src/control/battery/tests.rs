//! Batteries beside a load and a billed meter, through whole scans of a controller.

pub mod yard;

use plant::event::{BatteryNews, ProofEnd, What};
use plant::reading::{Sample, Why};
use plant::time::Mono;
use proptest::prelude::*;

use crate::control::request::{Ask, Refusal, Reply};
use yard::{TARGET, Yard, an_hour_at};

fn news(yard: &Yard) -> Vec<BatteryNews> {
    let battery = |what| if let What::Battery(news) = what { Some(news) } else { None };
    yard.events.iter().filter_map(|event| battery(event.what)).collect()
}

#[test]
fn a_window_comes_to_its_target_and_the_battery_gives_the_rest() {
    let mut yard = Yard::new(1);
    yard.run(60, |_| TARGET + 80e3);
    let worst = yard.quarters().into_iter().skip(1).fold(0.0, f64::max);
    assert!(worst <= TARGET && worst > 0.97 * TARGET, "{worst}");
    assert!((yard.batteries[0].power - 80e3).abs() < 15e3, "{}", yard.batteries[0].power);
    let reversals = yard.orders.windows(3).filter(|o| (o[1] - o[0]) * (o[2] - o[1]) < -(10e3 * 10e3)).count();
    assert_eq!(reversals, 0, "a meter that is read every five seconds makes it swing");
    assert_eq!(news(&yard), [BatteryNews::Gives(true)]);
}

#[test]
fn what_is_kept_for_an_outage_is_not_given_and_the_last_of_the_rest_is_given_slowly() {
    let mut yard = Yard::new(1);
    yard.run(180, |_| TARGET + 250e3);
    let charge = yard.batteries[0].charge();
    assert!((29.9..30.6).contains(&charge), "{charge}");
    assert!(yard.orders.last().is_some_and(|order| *order < 20e3));
    let steepest = yard.orders.windows(2).skip(60).map(|o| o[0] - o[1]).fold(0.0, f64::max);
    assert!(steepest < 5e3, "within a second it gives {steepest} W less");
    assert!(news(&yard).contains(&BatteryNews::Empty(true)), "{:?}", news(&yard));
}

#[test]
fn it_is_charged_after_a_rest_slowly_and_without_a_peak_of_its_own() {
    let mut yard = Yard::new(1);
    yard.run(40, |_| TARGET + 200e3);
    let (low, begins) = (yard.batteries[0].charge(), yard.orders.len());
    yard.run(420, |_| TARGET - 60e3);
    let after = &yard.orders[begins..];
    let first = after.iter().position(|order| *order < 0.0).expect("is charged");
    assert!(first >= 600, "after {first} s");
    let rise = after[first..].windows(2).map(|o| o[0] - o[1]).fold(0.0, f64::max);
    assert!(rise < 100e3 / 300.0 + 1.0, "it takes {rise} W more within a second");
    assert!(yard.quarters().into_iter().skip(1).all(|mean| mean <= TARGET), "{:?}", yard.quarters());
    let charge = yard.batteries[0].charge();
    assert!(low < 70.0 && (84.0..86.0).contains(&charge), "{low} to {charge}");
    assert!(after.last().is_some_and(|order| order.abs() < 1.0));
}

#[test]
fn it_takes_less_the_fuller_it_is() {
    let line = "highest = 90.0\nreserve = 30.0\ncharge-to = 85.0\n";
    let keys =
        "highest = 97.0\nreserve = 30.0\ncharge-to = 95.0\ntaper-from = 70.0\ntaper-to = 0.1\nrecharge = 200e3\n";
    let mut yard = Yard::but(line, keys);
    yard.batteries[0].stored = 480e3;
    yard.run(20, |_| TARGET - 400e3); // ten minutes of rest, and five until it takes all
    let mut seen = Vec::new();
    while yard.batteries[0].charge() < 94.9 && seen.len() < 400 {
        let charge = yard.batteries[0].charge();
        yard.run(1, |_| TARGET - 400e3);
        let takes = -yard.orders.last().expect("an order");
        // From 70 to 100 % from all of its rating down to a tenth; its charge moves by half a per cent in a minute at the most.
        let by = |charge: f64| 200e3 * (1.0 - 0.9 * ((charge - 70.0) / 30.0).clamp(0.0, 1.0));
        assert!((by(charge + 0.5)..=by(charge)).contains(&takes), "{takes} W at {charge} %");
        seen.push((charge, takes));
    }
    assert!(seen[0].0 < 70.0 && seen[0].1 == 200e3, "{:?}", seen[0]);
    assert!(seen.last().is_some_and(|(_, takes)| *takes < 51e3), "{:?}", seen.last());
    yard.run(30, |_| TARGET - 400e3);
    let charge = yard.batteries[0].charge();
    assert!((94.9..95.2).contains(&charge) && yard.orders.last() == Some(&0.0), "{charge}");
}

#[test]
fn in_doubt_it_rests_and_no_person_moves_it() {
    for point in ["bess-1/charge", "bess-1/cell-temp", "bess-1/power", "bess-1/ready"] {
        let mut yard = Yard::new(1);
        yard.run(20, |_| TARGET + 100e3);
        assert!(yard.orders.last().is_some_and(|order| *order > 50e3));
        let hold = Ask::Override {
            point: yard.point("bess-1/power-setpoint"),
            value: 90e3,
            hold: None,
            reason: "a trial".to_owned(),
        };
        let reply = yard.ask(hold);
        assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
        yard.broken = Some((yard.point(point), Sample::bad(Why::Timeout, Mono(0))));
        yard.run(2, |_| TARGET + 100e3);
        assert!(yard.orders.last().is_some_and(|order| order.abs() < 1e-9), "{point}: {:?}", yard.orders.last());
        assert_eq!(news(&yard).last(), Some(&BatteryNews::Gives(false)), "{point}");
        assert!(news(&yard).contains(&BatteryNews::Doubted(true)), "{point}");
    }
}

#[test]
fn cells_that_grow_hot_give_less_and_none_at_all_in_the_end() {
    let mut yard = Yard::new(1);
    yard.run(20, |_| TARGET + 250e3);
    yard.batteries[0].cells = 50.0;
    yard.run(2, |_| TARGET + 250e3);
    assert!((yard.batteries[0].power - 200e3).abs() < 5e3, "half of its rating: {}", yard.batteries[0].power);
    yard.batteries[0].cells = 56.0;
    yard.run(2, |_| TARGET + 250e3);
    assert!(yard.batteries[0].power.abs() < 1.0);
}

#[test]
fn cells_in_frost_give_and_are_not_charged_until_they_are_warm() {
    let mut yard = Yard::new(1);
    yard.run(40, |_| TARGET + 200e3);
    assert!(yard.batteries[0].charge() < 70.0, "it is to be charged");
    let takes = |yard: &mut Yard, cells: f64| {
        yard.batteries[0].cells = cells;
        let from = yard.orders.len();
        yard.run(30, |_| TARGET - 300e3);
        yard.orders[from..].iter().copied().fold(0.0, f64::min)
    };
    for cells in [-5.0, 0.0] {
        assert_eq!(takes(&mut yard, cells), 0.0, "{cells} °C");
    }
    let most = takes(&mut yard, 5.0);
    assert!((-100.1e3..-40e3).contains(&most), "half of its rating at the most: {most}");
    // It may still give at -5 °C: a quarter of its rating.
    yard.batteries[0].cells = -5.0;
    yard.run(20, |_| TARGET + 250e3);
    assert!((yard.batteries[0].power - 100e3).abs() < 5e3, "{}", yard.batteries[0].power);
}

#[test]
fn one_that_gives_half_of_what_it_is_asked_counts_for_that() {
    let mut yard = Yard::new(1);
    yard.batteries[0].able = 0.5;
    yard.run(30, |_| TARGET + 200e3);
    assert!(news(&yard).contains(&BatteryNews::Lags(true)), "{:?}", news(&yard));
    let view = yard.control.status().batteries;
    assert!(view[0].lags && (view[0].gives_w - view[0].power_w.expect("seen")).abs() < 1e3, "{view:?}");
}

#[test]
fn a_target_of_the_grid_is_met_by_what_it_gives_and_it_is_not_charged_before_that_is_over() {
    let mut yard = Yard::new(1);
    yard.run(5, |_| TARGET - 50e3);
    let reply = yard.ask(an_hour_at(TARGET - 200e3));
    assert!(matches!(reply, Reply::Accepted { .. }), "{reply:?}");
    yard.run(2, |_| TARGET - 50e3);
    let begins = yard.rows.len();
    yard.run(50, |_| TARGET - 50e3);
    let highest = yard.rows[begins..].iter().map(|(_, grid)| *grid).fold(0.0, f64::max);
    assert!(highest <= TARGET - 200e3, "{highest}");
    assert_eq!(yard.control.status().batteries[0].does, "relieves");
    assert!(yard.orders[begins..].iter().all(|order| *order > 100e3));
}

#[test]
fn two_share_what_is_needed_in_the_order_of_the_file() {
    let mut yard = Yard::new(2);
    yard.run(30, |_| TARGET + 500e3);
    let given: Vec<f64> = yard.batteries.iter().map(|battery| battery.power).collect();
    assert!((given[0] - 400e3).abs() < 1e3 && (given[1] - 100e3).abs() < 30e3, "{given:?}");
}

#[test]
fn a_proof_finds_what_a_battery_holds() {
    let mut yard = Yard::new(1);
    yard.batteries[0].capacity *= 0.9;
    yard.run(2, |_| TARGET - 100e3);
    let battery = yard.equip("bess-1");
    let ask = |watts, depth| Ask::ProveBattery { equip: battery, watts, depth, reason: "the yearly one".to_owned() };
    assert_eq!(yard.ask(ask(500e3, 20.0)), Reply::Refused(Refusal::OutOfRange { min: 4e3, max: 400e3 }));
    assert!(matches!(yard.ask(ask(200e3, 60.0)), Reply::Refused(Refusal::OutOfRange { .. })), "below its reserve");
    assert!(matches!(yard.ask(ask(200e3, 20.0)), Reply::Accepted { .. }));
    assert_eq!(yard.ask(ask(200e3, 20.0)), Reply::Refused(Refusal::Busy));
    yard.run(60, |_| TARGET - 100e3);
    let proved = news(&yard)
        .into_iter()
        .find_map(|news| if let BatteryNews::Proved { percent } = news { Some(percent) } else { None });
    assert!(proved.is_some_and(|percent| (percent - 90.0).abs() < 1.0), "{proved:?}");
    let view = yard.control.status().batteries;
    let proven = view[0].proven.expect("kept");
    assert!((proven.fell_percent - 20.0).abs() < 0.5, "{proven:?}");
}

#[test]
fn a_proof_that_cannot_go_on_ends_and_says_why() {
    let begun = || {
        let mut yard = Yard::new(1);
        yard.run(2, |_| TARGET - 100e3);
        let equip = yard.equip("bess-1");
        let ask = Ask::ProveBattery { equip, watts: 200e3, depth: 40.0, reason: "a trial".to_owned() };
        assert!(matches!(yard.ask(ask), Reply::Accepted { .. }));
        yard.run(2, |_| TARGET - 100e3);
        yard
    };
    let ended = |yard: &Yard| {
        let end = |news| if let BatteryNews::ProofEnded(why) = news { Some(why) } else { None };
        news(yard).into_iter().find_map(end)
    };
    let mut yard = begun();
    let stop = Ask::EndProof { equip: yard.equip("bess-1") };
    assert!(matches!(yard.ask(stop.clone()), Reply::Accepted { .. }));
    assert_eq!(yard.ask(stop), Reply::Refused(Refusal::NothingThere));
    yard.run(1, |_| TARGET - 100e3);
    assert_eq!(ended(&yard), Some(ProofEnd::Stopped));
    let mut yard = begun();
    yard.run(2, |_| 60e3);
    assert_eq!(ended(&yard), Some(ProofEnd::NoLoad));
    assert!(yard.fed() <= 6, "{} s in a row it feeds the grid: longer than its meter is not read", yard.fed());
    let mut yard = begun();
    yard.batteries[0].able = 0.3;
    yard.run(2, |_| TARGET - 100e3);
    assert_eq!(ended(&yard), Some(ProofEnd::Lags));
    let mut yard = begun();
    yard.boot();
    yard.run(2, |_| TARGET - 100e3);
    assert_eq!(ended(&yard), Some(ProofEnd::Restarted));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever loads, cells and readings do: it is never emptied into its reserve for economics, never filled above its window, never asked for more than
    /// its cells can, and rests while anything of it is in doubt.
    #[test]
    fn no_load_and_no_doubt_takes_what_is_kept(
        steps in prop::collection::vec((100e3..1100e3_f64, -20.0..65.0_f64, 0..12_u8), 6..20)
    ) {
        let mut yard = Yard::new(1);
        for (load, cells, broken) in steps {
            yard.batteries[0].cells = cells;
            let points = ["bess-1/charge", "bess-1/cell-temp", "bess-1/power", "bess-1/ready", "utility/power"];
            let point = points.get(usize::from(broken)).map(|name| yard.point(name));
            yard.broken = point.map(|point| (point, Sample::bad(Why::Timeout, Mono(0))));
            for _ in 0..5 {
                yard.run(1, |_| load);
                let (order, battery) = (*yard.orders.last().expect("asked"), &yard.batteries[0]);
                let derated = plant::hall::storage::Derating::USUAL.share(plant::units::Celsius(cells));
                // Cells are not charged in frost: by hand from nothing at 0 °C to all of it at 10.
                let warm = (cells / 10.0).clamp(0.0, 1.0).min(derated);
                prop_assert!(order <= 400e3 * derated + 1.0 && order >= -200e3 * warm - 1.0, "{order} at {cells}");
                prop_assert!(battery.charge() > 29.5 && battery.charge() < 90.5, "{}", battery.charge());
                prop_assert!(broken > 3 || order.abs() < 1e-9, "{order} in doubt");
            }
        }
        prop_assert!(yard.fed() <= 6 + 60, "{} s in a row it feeds the grid", yard.fed());
    }
}

#[test]
fn a_snapshot_goes_on_as_the_run_would_have() {
    let mut yard = Yard::new(1);
    yard.run(20, |_| TARGET + 100e3);
    let mut again = yard.restored();
    yard.run(10, |_| TARGET + 100e3);
    again.run(10, |_| TARGET + 100e3);
    assert_eq!(yard.orders.last(), again.orders.last());
}

#[test]
fn one_that_gives_nothing_hides_nobody_who_can() {
    let mut yard = Yard::new(2);
    yard.batteries[0].able = 0.0;
    yard.run(30, |_| TARGET + 300e3);
    let given: Vec<f64> = yard.batteries.iter().map(|battery| battery.power).collect();
    assert!(given[0].abs() < 1e3 && (given[1] - 300e3).abs() < 30e3, "{given:?}");
    let worst = yard.quarters().into_iter().skip(1).fold(0.0, f64::max);
    assert!(worst <= TARGET, "{worst}");
    // It does as it is told again: the other makes room for it, and nothing is fed into the grid.
    yard.batteries[0].able = 1.0;
    yard.run(10, |_| TARGET + 300e3);
    let given: Vec<f64> = yard.batteries.iter().map(|battery| battery.power).collect();
    assert!((given[0] - 300e3).abs() < 30e3 && given[1].abs() < 30e3, "{given:?}");
    assert_eq!(yard.fed(), 0);
}

#[test]
fn who_does_not_know_what_flows_gives_nothing_and_nobody_counts_on_it() {
    let mut yard = Yard::new(1);
    let relieves = |yard: &Yard| {
        let feed = yard.hall.power.storage[0].feed;
        yard.control.state().batteries.relieves(&yard.hall.power, feed).0
    };
    yard.run(20, |_| TARGET + 150e3);
    assert!(relieves(&yard) > 200e3, "{}", relieves(&yard));
    yard.broken = Some((yard.point("utility/power"), Sample { value: Err(Why::Timeout), at: Mono(0) }));
    yard.run(2, |_| TARGET + 150e3);
    assert_eq!(yard.orders.last(), Some(&0.0), "it rests");
    assert_eq!((relieves(&yard), yard.control.status().batteries[0].gives_w), (0.0, 0.0), "and caps do without it");
    yard.broken = None;
    yard.run(5, |_| TARGET + 150e3);
    assert!(relieves(&yard) > 200e3, "{}", relieves(&yard));
}

#[test]
fn a_proof_beside_another_that_gives_feeds_nothing_into_the_grid() {
    let mut yard = Yard::new(2);
    yard.run(20, |_| TARGET + 150e3);
    let battery = yard.equip("bess-2");
    let ask = Ask::ProveBattery { equip: battery, watts: 400e3, depth: 20.0, reason: "the yearly one".to_owned() };
    assert!(matches!(yard.ask(ask), Reply::Accepted { .. }));
    // Loads take 500 kW, and the first of them gives 300 of these for the grid's sake.
    assert!(matches!(yard.ask(an_hour_at(200e3)), Reply::Accepted { .. }));
    yard.run(20, |_| 500e3);
    assert!(yard.fed() < 10, "the grid was fed for {} s", yard.fed());
}

#[test]
fn what_a_battery_gave_before_it_was_in_doubt_is_no_reason_for_another_to_feed_the_grid() {
    for point in ["bess-1/cell-temp", "bess-1/charge", "bess-1/ready", "bess-1/power"] {
        let mut yard = Yard::new(2);
        yard.run(10, |_| 900e3);
        yard.broken = Some((yard.point(point), Sample::bad(Why::Timeout, Mono(0))));
        // A target that is far below: the other one gives all that the hall takes.
        assert!(matches!(yard.ask(an_hour_at(0.0)), Reply::Accepted { .. }));
        yard.run(20, |_| 350e3);
        let (at, _) = *yard.rows.last().expect("it ran");
        let back = yard.rows.iter().filter(|(then, kw)| at - then < 600 && *kw < -1e3).count();
        assert_eq!(back, 0, "{point}: {:?}", yard.rows.last());
    }
}

#[test]
fn what_a_battery_gives_or_takes_by_itself_counts_once() {
    for (itself, load, most, others) in [(300e3, 500e3, 200e3, 0.0), (-200e3, 500e3, 400e3, 300e3)] {
        for (alone, other) in [(0, 1), (1, 0)] {
            let mut yard = Yard::new(2);
            yard.run(10, |_| 500e3);
            // Switched to local at its own panel: nobody says that it is ready, and what it does is read.
            yard.broken = Some((yard.point(&format!("bess-{}/ready", alone + 1)), Sample::good(0.0, Mono(0))));
            yard.batteries[alone].itself = Some(itself);
            assert!(matches!(yard.ask(an_hour_at(most)), Reply::Accepted { .. }));
            yard.run(20, |_| load);
            let gives = yard.batteries[other].power;
            let (_, flows) = *yard.rows.last().expect("it ran");
            assert!((gives - others).abs() < 25e3, "{gives} W beside {itself} W");
            assert!(flows > -1e3 && flows < most + 10e3, "{flows} W flow beside {itself} W");
        }
    }
}
