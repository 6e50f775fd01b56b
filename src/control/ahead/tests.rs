//! Problems of the day ahead, worked out by hand.

mod asked;
mod days;
mod events;
mod following;
mod jobs;
mod pauses;
mod peaks;
mod told;

use plant::reading::{Sample, Why};
use plant::time::Mono;

use super::*;
use crate::control::battery::tests::yard::{Yard, between};
use crate::control::outlook::QUARTER_MS;
use crate::control::tariff::{Decimal, Prices, Slot, Tariff};
use crate::planner::{Demand, Planner, plan};

/// 2026-07-15T10:00Z, 12:00 in Berlin.
const NOON: i64 = 1_784_109_600_000;
const HOUR: i64 = 3_600_000;

fn tariff(rest: &str) -> Tariff {
    let text = format!(
        "name = \"t\"\nsummary = \"A test.\"\ncurrency = \"EUR\"\nzone = \"Europe/Berlin\"\n[[energy]]\nname = \"all\"\n{rest}"
    );
    Tariff::load("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}"))
}

fn demands(tariff: &Tariff, at: i64, (paid, floor): (f64, f64)) -> Vec<Demand> {
    // A kW for each quarter of an hour that it is ago.
    let flowed = |quarter: i64| Some(1e3 * plant::convert::f64_from_i64(at / QUARTER_MS - quarter));
    let scene = demands::Scene { tariff, first: at / QUARTER_MS, flowed: &flowed };
    let known = demands::Known { paid, floor, usual: 650e3 };
    tariff.demand.iter().flat_map(|of| demands::of(&scene, of, known)).map(|(_, of)| of).collect()
}

#[test]
fn control_asks_for_what_it_knows_and_says_what_it_supposes() {
    let mut yard = Yard::new(2);
    assert_eq!(yard.control.question(), None, "nothing was seen");
    yard.run(46, |_| 600e3);
    let question = yard.control.question().expect("a problem");
    let Question { problem, supposed, .. } = &question;
    assert_eq!((question.from, question.begins, problem.slots.len()), (Wall(1_784_073_600_000 + 3 * 900_000), 45, 144));
    let first = problem.slots[0];
    assert!((first.base - 600.0).abs() < 0.5 && (first.price - 0.1).abs() < 1e-9, "{first:?}");
    assert!((first.base_high - 660.0).abs() < 0.5, "a tenth is supposed: {first:?}");
    assert!((first.limit - 700.0 - 60.0).abs() < 0.5, "the file's target, in the mean that is expected: {first:?}");
    assert_eq!((supposed.last_seen, supposed.unjudged, supposed.yesterday, supposed.unpriced), (144, 144, 0, 0));
    let [demand] = problem.demands.as_slice() else { panic!("{:?}", problem.demands) };
    // Charging was part of it.
    assert!((600.0..700.0).contains(&demand.paid) && (demand.rate - 10.0).abs() < 1e-9, "{}", demand.paid);
    assert_eq!((demand.length, demand.active.len(), demand.before.len()), (1, 144, 0));
    let battery = problem.battery.expect("two of them");
    // What is left at the end is worth what it cost, and a little more.
    for (is, shall) in
        [(battery.capacity, 1440.0), (battery.reserve, 480.0), (battery.end, 480.0), (battery.discharge, 800.0)]
    {
        assert!((is - shall).abs() < 1.0, "{is} is not {shall}");
    }
    assert!((0.1 / 0.96..0.11).contains(&battery.worth), "{}", battery.worth);
    assert!((1280.0..=1440.0).contains(&battery.level), "charged as far as it was: {}", battery.level);
    let made = plan(problem, Planner::Programme).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert!(made.slots.iter().all(|slot| slot.level_kwh >= 480.0 - 1e-6), "no plan touches the reserve");
}

#[test]
fn what_a_grid_has_announced_limits_the_hours_that_it_is_for() {
    let mut yard = Yard::new(2);
    yard.run(20, |_| 500e3);
    let hour = |n: i64| Wall(1_784_073_600_000 + HOUR * n);
    let limits = |yard: &Yard| -> Vec<f64> {
        let problem = yard.control.question().expect("a problem").problem;
        problem.slots.iter().map(|slot| slot.limit).collect()
    };
    // From 00:15: 06:00 to 07:00 are slots 23 to 26.
    let before = limits(&yard);
    yard.ask(between(300e3, (hour(6), Some(hour(7)))));
    let after = limits(&yard);
    assert!(after[23..27].iter().all(|kw| (kw - 300.0).abs() < 1e-9), "{after:?}");
    assert_eq!((&after[..23], &after[27..]), (&before[..23], &before[27..]));
    let problem = yard.control.question().expect("a problem").problem;
    let made = plan(&problem, Planner::Programme).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert!(made.slots[23..27].iter().all(|slot| slot.site_kw <= 300.0), "the battery is kept for it");
    // What people set ends after two hours where they do not say when.
    yard.ask(between(450e3, (hour(12), None)));
    let after = limits(&yard);
    assert!(after[47..55].iter().all(|kw| (kw - 450.0).abs() < 1e-9), "{after:?}");
    assert_eq!(&after[55..], &before[55..]);
}

#[test]
fn what_carbon_and_wear_count_for_is_what_the_hall_says() {
    let yard = |co2: f64, wear: f64| {
        let mut yard = Yard::made(2, |hall| {
            hall.power.storage.iter_mut().for_each(|of| of.wear = wear);
            hall.power.peaks.iter_mut().for_each(|of| of.co2 = co2);
        });
        yard.run(20, |_| 500e3);
        yard.control.question().expect("a problem").problem
    };
    let problem = yard(0.0, 0.0);
    assert_eq!((problem.co2, problem.battery.expect("two").wear), (0.0, 0.0));
    let problem = yard(0.25, 0.04);
    assert_eq!(problem.co2, 0.25);
    assert!((problem.battery.expect("two").wear - 0.04).abs() < 1e-12);
}

#[test]
fn a_battery_in_doubt_is_none_to_plan_with() {
    let mut yard = Yard::new(1);
    yard.run(20, |_| 600e3);
    assert!(yard.control.question().is_some());
    yard.broken = Some((yard.point("bess-1/charge"), Sample::bad(Why::Timeout, Mono(0))));
    yard.run(2, |_| 600e3);
    assert_eq!(yard.control.question(), None);
    yard.broken = None;
    yard.run(1, |_| 600e3);
    assert!(yard.control.question().is_some());
    yard.tick.clock_trusted = false;
    yard.run(1, |_| 600e3);
    assert_eq!(yard.control.question(), None, "nobody knows what time it is");
}

#[test]
fn a_price_that_nobody_published_is_yesterdays_or_moves_nothing() {
    let tariff = tariff("day-ahead = true\nadd = 0.02\n");
    let slot = |hour: i64, price: i64| Slot {
        from: Wall(NOON + hour * HOUR),
        to: Wall(NOON + (hour + 1) * HOUR),
        price: Some(Decimal::whole(price)),
        grams: Some(Decimal::whole(300)),
    };
    // Yesterday's last six hours, and today's next twelve.
    let slots = (-24..-12).map(|hour| slot(hour, 5)).chain((0..12).map(|hour| slot(hour, 3)));
    let known = Prices::of(slots.collect()).expect("slots");
    let mut supposed = Supposed::default();
    let prices = slots::prices(&tariff, &known, NOON / QUARTER_MS, &mut supposed);
    let of = |hour: usize| prices[hour * 4].price;
    assert!((of(0) - 3.02).abs() < 1e-9 && (of(11) - 3.02).abs() < 1e-9, "{} {}", of(0), of(11));
    // From 24 h on it is what holds a day before: today's, which is known.
    assert!((of(24) - 3.02).abs() < 1e-9, "{}", of(24));
    // Between 12 and 24 h nobody knows the day before at that time either: the mean of 12 and 12 hours of 3.02.
    assert!((of(13) - 3.02).abs() < 1e-9, "{}", of(13));
    assert_eq!((supposed.yesterday, supposed.unpriced), (48, 48));
    // Two hours later yesterday's last hours stand for the evening that is not published.
    let slots = (-12..0).map(|hour| slot(hour, 5)).chain((0..2).map(|hour| slot(hour, 3)));
    let known = Prices::of(slots.collect()).expect("slots");
    let prices = slots::prices(&tariff, &known, NOON / QUARTER_MS, &mut Supposed::default());
    assert!((prices[4 * 15].price - 5.02).abs() < 1e-9, "{:?}", prices[60]);
}

#[test]
fn a_price_that_is_supposed_has_the_charges_of_its_own_hour() {
    // 2026-07-17, a Friday, at noon; Saturday has a price of its own, and nobody has published a day-ahead price for it.
    let friday = NOON + 48 * HOUR;
    let rest = "day-ahead = true\n[[energy]]\nname = \"network\"\n[[energy.period]]\nname = \"working\"\ndays = [\"weekday\"]\nprice = 0.07\n[[energy.period]]\nname = \"free\"\nprice = 0.01\n";
    let slot = |hour: i64| Slot {
        from: Wall(friday + hour * HOUR),
        to: Wall(friday + (hour + 1) * HOUR),
        price: Some(Decimal::whole(1)),
        grams: None,
    };
    let known = Prices::of((-12..12).map(slot).collect()).expect("slots");
    let prices = slots::prices(&tariff(rest), &known, friday / QUARTER_MS, &mut Supposed::default());
    assert!((prices[0].price - 1.07).abs() < 1e-9, "{:?}", prices[0]);
    // Thirty hours on, at 18:00 on Saturday: Friday's price of that hour, and Saturday's charge.
    assert!((prices[4 * 30].price - 1.01).abs() < 1e-9, "{:?}", prices[4 * 30]);
}

#[test]
fn carbon_that_nobody_published_is_yesterdays_or_the_mean_and_never_nothing() {
    let slot = |hour: i64, grams: Option<i64>| Slot {
        from: Wall(NOON + hour * HOUR),
        to: Wall(NOON + (hour + 1) * HOUR),
        price: Some(Decimal::ONE),
        grams: grams.map(Decimal::whole),
    };
    // Yesterday from 18:00 to midnight 600 g; today six hours of 200 g, then prices without carbon.
    let slots = (-18..-12).map(|hour| slot(hour, Some(600)));
    let slots = slots.chain((0..6).map(|hour| slot(hour, Some(200)))).chain((6..12).map(|hour| slot(hour, None)));
    let known = Prices::of(slots.collect()).expect("slots");
    let mut supposed = Supposed::default();
    let tariff = tariff("day-ahead = true\n");
    let prices = slots::prices(&tariff, &known, NOON / QUARTER_MS, &mut supposed);
    let grams = |hour: usize| prices[hour * 4].grams;
    assert_eq!((grams(0), grams(5)), (200.0, 200.0), "published");
    assert_eq!((grams(6), grams(11)), (600.0, 600.0), "a day before");
    assert_eq!((grams(24), grams(29)), (200.0, 200.0), "a day before is today, and published");
    assert_eq!((grams(30), grams(35)), (600.0, 600.0), "two days before");
    // Of 144 slots 48 have 200 g and 48 have 600 g; the other twelve hours have their mean.
    assert_eq!((grams(12), grams(23)), (400.0, 400.0));
    assert_eq!(supposed.carbon, 144 - 24);
    let none = slots::prices(&tariff, &Prices::default(), NOON / QUARTER_MS, &mut Supposed::default());
    assert!(none.iter().all(|of| of.grams == 0.0), "where nobody knows any, none moves anything");
}

#[test]
fn a_billing_period_that_ends_within_the_plan_makes_two_demands_of_one() {
    let tariff = tariff(
        "price = 0.1\n[[demand]]\nname = \"peak\"\nprice = 12\nwindow = \"fixed\"\nlength = \"15min\"\n[[tax]]\nname = \"vat\"\nshare = 0.5\n",
    );
    // 2026-07-31 12:00 in Berlin: twelve hours of July are left.
    let noon = NOON + 16 * 24 * HOUR;
    let found = demands(&tariff, noon, (700e3, 200e3));
    let [july, august] = found.as_slice() else { panic!("{found:?}") };
    assert!((july.rate - 18.0).abs() < 1e-9, "with taxes: {july:?}");
    // Of August only the beginning is seen: its peak is not that of one day and a half.
    assert_eq!((july.paid, july.floor, august.paid, august.floor), (700.0, 200.0, 650.0, 200.0));
    let of = |demand: &Demand| demand.active.iter().position(|on| *on).zip(demand.active.iter().rposition(|on| *on));
    assert_eq!((of(july), of(august)), (Some((0, 47)), Some((48, 143))));
}

#[test]
fn of_days_that_are_billed_alone_those_that_are_seen_whole_have_paid_nothing_yet() {
    let tariff = tariff(
        "price = 0.1\n[[demand]]\nname = \"day\"\nprice = 1\nper = \"day\"\nwindow = \"fixed\"\nlength = \"15min\"\n",
    );
    // From 13:00 on: today, tomorrow, and one hour of the day after.
    let paid = |at| demands(&tariff, at, (400e3, 100e3)).iter().map(|of| of.paid).collect::<Vec<_>>();
    assert_eq!(paid(NOON + HOUR), [400.0, 100.0, 650.0]);
    assert_eq!(paid(NOON), [400.0, 100.0], "to midnight");
    assert_eq!(paid(NOON - HOUR), [400.0, 650.0]);
}

#[test]
fn over_a_months_end_there_is_a_plan() {
    let plain = "price = 0.1\n[[demand]]\nname = \"peak\"\nprice = 1\nwindow = \"fixed\"\nlength = \"15min\"\n";
    let plain = demands(&tariff(plain), NOON, (0.0, 0.0)).remove(0);
    let mut made =
        ["peak", "peak", "hours", "peak-2", "peak"].map(|name| Demand { name: name.to_owned(), ..plain.clone() });
    demands::name(&mut made);
    let names = made.each_ref().map(|of| of.name.as_str());
    assert_eq!(names, ["peak", "peak-2", "hours", "peak-2-2", "peak-3"]);
    // The last hour of July.
    let mut yard = Yard::planned(1, "[[energy]]\nname = \"all\"\nprice = 0.1\n");
    yard.tick.wall = Wall(1_785_538_800_000);
    yard.run(10, |_| 500e3);
    let question = yard.control.question().expect("a problem");
    assert_eq!(question.problem.demands.len(), 2);
    assert_eq!(question.places, [Some(0), None]);
    let limits = question.problem.slots.iter().map(|slot| slot.limit).collect::<Vec<_>>();
    assert!(limits[..3].iter().all(|of| *of < 800.0) && limits[4..].iter().all(|of| *of > 800.0), "{limits:?}");
    let view = yard.control.ahead().expect("followed");
    assert_eq!(view.followed, Some(view.asked), "{view:?}");
}

#[test]
fn a_demand_counts_in_its_hours_with_what_flowed_before_and_its_own_tier() {
    let rest = "price = 0.1\n[[demand]]\nname = \"hour\"\nwindow = \"fixed\"\nlength = \"60min\"\nhours = [\"08:00-20:00\"]\ntiers = [{ up-to-kw = 500, price = 5 }, { price = 9 }]\nmaximum-kw = 2000\n";
    let tariff = tariff(rest);
    // 12:30: two quarters of the open hour are over.
    let found = demands(&tariff, NOON + HOUR / 2, (600e3, 0.0));
    let [hour] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((hour.length, hour.before.as_slice()), (4, [2.0, 1.0].as_slice()));
    assert!((hour.rate - 9.0).abs() < 1e-9);
    assert!(hour.active[0] && hour.active[29] && !hour.active[30], "until 20:00");
    let found = demands(&tariff, NOON, (400e3, 0.0));
    assert!((found[0].rate - 5.0).abs() < 1e-9 && found[0].before.is_empty());
    assert!(demands(&tariff, NOON, (2000e3, 0.0))[0].rate.abs() < 1e-9, "more is not billed");
}

#[test]
fn a_plan_keeps_down_the_windows_that_a_utility_names_and_none_on_a_holiday() {
    let active = |demand: &Demand| {
        (0_usize..).zip(&demand.active).filter(|(_, on)| **on).map(|(slot, _)| slot).collect::<Vec<_>>()
    };
    // From 12:00 in Berlin: 15:00 is slot 12, 11:00 of the next day slot 92.
    let named = tariff(
        "price = 0.1\n[[demand]]\nname = \"grid\"\nprice = 4\nwindow = \"fixed\"\nlength = \"60min\"\nat = [\"2026-07-15T15:00:00+02:00\", \"2026-07-16T11:00:00+02:00\"]\n",
    );
    let found = demands(&named, NOON, (0.0, 0.0));
    let [grid] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(active(grid), (12..16).chain(92..96).collect::<Vec<_>>());
    // The next day is a Thursday.
    let working = |holidays: &str| {
        let text = format!(
            "name = \"t\"\nsummary = \"A test.\"\ncurrency = \"EUR\"\nzone = \"Europe/Berlin\"\nholidays = [{holidays}]\n[[energy]]\nname = \"all\"\nprice = 0.1\n[[demand]]\nname = \"working\"\nprice = 4\nwindow = \"fixed\"\nlength = \"15min\"\ndays = [\"weekday\"]\nhours = [\"08:00-09:00\", \"14:00-15:00\"]\n"
        );
        let tariff = Tariff::load("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}"));
        active(&demands(&tariff, NOON, (0.0, 0.0))[0])
    };
    let (today, tomorrow) = (8..12, (80..84).chain(104..108));
    assert_eq!(working(""), today.clone().chain(tomorrow).collect::<Vec<_>>());
    assert_eq!(working("\"07-16\""), today.collect::<Vec<_>>());
}

#[test]
fn a_window_that_rolls_has_the_last_quarters_before_it_and_a_short_one_is_a_whole_quarter() {
    let rest = "price = 0.1\n[[demand]]\nname = \"rolling\"\nprice = 4\nwindow = \"rolling\"\nlength = \"30min\"\n[[demand]]\nname = \"short\"\nprice = 4\nwindow = \"fixed\"\nlength = \"5min\"\n";
    let found = demands(&tariff(rest), NOON, (0.0, 0.0));
    let [rolling, short] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((short.length, short.before.len()), (1, 0));
    assert_eq!((rolling.kind, rolling.length, rolling.before.as_slice()), (WindowKind::Rolling, 2, [1.0].as_slice()));
}
