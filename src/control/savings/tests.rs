//! Savings against the engine that bills: all sides, by plain reckoning over what flowed.

mod deferred;
mod rig;
mod yards;

use proptest::prelude::*;

use super::view::{MonthView, SidesView};
use super::*;
use crate::control::tariff::{Bill, Decimal, EnergyPrice, Per};
use rig::{DT, Rig, tariff};

const FIXED: &str = "[[demand]]\nname = \"peak\"\nprice = 10\nwindow = \"fixed\"\nlength = \"15min\"\n";

/// A side of three.
fn side(of: &SidesView, side: usize) -> f64 {
    [of.metered, of.no_batteries, of.no_control][side]
}

/// What a bill has for a demand: its peak and its amount.
fn billed(bill: &Bill, demand: &str) -> (f64, f64) {
    let peak = bill.peaks.iter().find(|peak| peak.demand == demand).expect("known");
    let lines = bill.lines.iter().filter(|line| line.name.starts_with(demand));
    (1e3 * peak.kw.number(), lines.map(|line| line.amount.number()).sum())
}

/// Every month as the engine bills it, on every side.
fn agrees(rig: &Rig, demands: &[&str], months: usize) -> Result<(), TestCaseError> {
    let view = rig.view();
    prop_assert_eq!(view.months.len(), months);
    for of in 0..3 {
        let bills = rig.bills(of);
        prop_assert_eq!(bills.len(), months);
        for (month, bill) in view.months.iter().rev().zip(&bills) {
            for (demand, told) in demands.iter().zip(&month.demands) {
                let (peak, amount) = billed(bill, demand);
                let own = told.peak_w.expect("known");
                // Of a price per day the engine keeps the sum of its peaks.
                let daily =
                    rig.plan.tariff().demand.iter().any(|charge| charge.name == *demand && charge.per == Per::Day);
                prop_assert!(
                    daily || (side(&own, of) - peak).abs() < 1.0,
                    "{demand}, side {of}: {own:?}, billed {peak}"
                );
                let cost = told.cost.expect("reckoned");
                let near = 0.02 + 1e-4 * amount;
                prop_assert!((side(&cost, of) - amount).abs() < near, "{demand}, side {of}: {cost:?}, billed {amount}");
            }
        }
    }
    Ok(())
}

/// What flowed in rows (Wh), of a side.
fn energy(rig: &Rig, side: usize, from: usize) -> f64 {
    rig.rows[from..].iter().map(|(_, kw)| kw[side] * 1e3).sum::<f64>() * 5.0 / 3600.0
}

fn only(rig: &Rig) -> MonthView {
    rig.view().months.into_iter().next().expect("begun")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever flows, and is given, taken and held back: peaks and what is billed for them are the engine's, of every side, over the end of a month.
    #[test]
    fn peaks_and_their_price_are_those_of_the_bill_on_every_side(
        levels in proptest::collection::vec((300.0..900.0, -100.0..200.0, 0.0..80.0, 3_i64..40), 4..12),
        kind in 0_usize..6,
    ) {
        let kinds = [
            FIXED.to_owned(),
            FIXED.replace("fixed", "rolling"),
            FIXED.replace("\"fixed\"", "\"rolling-block\"\nsub-interval = \"5min\""),
            format!("{FIXED}per = \"day\"\n"),
            FIXED.replace("price = 10", "tiers = [{ up-to-kw = 500, price = 4 }, { price = 9 }]\nmaximum-kw = 800\nminimum-kw = 350"),
            // Two windows of July, of which the earlier may be the higher, and one of August, none where the clock has one.
            format!("{FIXED}at = [\"2026-07-31T22:35:00+02:00\", \"2026-07-31T23:10:00+02:00\", \"2026-08-01T00:05:00+02:00\"]\n"),
        ];
        let mut rig = Rig::new("2026-07-31T20:00:00Z", &tariff("", &kinds[kind]));
        let total: i64 = levels.iter().map(|(.., minutes)| minutes).sum();
        let flows = |s: i64| {
            if s < 900 {
                return [300.0, 0.0, 0.0]; // a window in which nothing was read at first
            }
            let mut left = s / 60 - 15;
            let level = levels.iter().find(|(.., minutes)| { left -= minutes; left < 0 });
            level.map_or([500.0, 0.0, 0.0], |(grid, given, shed, _)| [*grid, *given, *shed])
        };
        // From before the end of July in Berlin, at 22:00Z, to after it.
        rig.run((total + 15).max(180), flows);
        agrees(&rig, &["peak"], 2)?;
    }
}

#[test]
fn a_ratchet_and_a_price_per_year_go_by_the_earlier_peaks_of_each_side() {
    let ratchet = format!("{FIXED}[demand.ratchet]\nshare = 0.8\nmonths = 11\n\n");
    let year = "[[demand]]\nname = \"year\"\nprice = 120\nper = \"year\"\nwindow = \"fixed\"\nlength = \"15min\"\n";
    let mut rig = Rig::new("2026-02-28T21:00:00Z", &tariff("", &format!("{ratchet}{year}")));
    // A peak that the battery holds down in February; March has next to none, then a higher one.
    rig.run(120, |_| [600.0, 200.0, 50.0]);
    rig.run(60, |_| [300.0, 0.0, 0.0]);
    agrees(&rig, &["peak", "year"], 2).expect("as billed");
    rig.run(60, |_| [700.0, 0.0, 250.0]);
    agrees(&rig, &["peak", "year"], 2).expect("as billed");
}

#[test]
fn on_a_holiday_no_side_has_a_peak_of_working_days() {
    // From Thursday, 30 July, 22:00 in Berlin; Friday is a holiday.
    let working = format!("{FIXED}days = [\"weekday\"]\n");
    let mut rig = Rig::new("2026-07-30T20:00:00Z", &tariff("holidays = [\"07-31\"]", &working));
    rig.run(120, |_| [600.0, 100.0, 50.0]);
    rig.run(240, |_| [900.0, 200.0, 100.0]);
    agrees(&rig, &["peak"], 1).expect("as billed");
    let peak = only(&rig).demands[0].peak_w.expect("known");
    for (is, shall) in [(peak.metered, 600e3), (peak.no_batteries, 700e3), (peak.no_control, 750e3)] {
        assert!((is - shall).abs() < 1.0, "{peak:?}");
    }
}

#[test]
fn where_a_scan_does_not_keep_what_a_bill_goes_by_its_price_is_not_told() {
    let with = format!("{FIXED}[demand.ratchet]\nshare = 0.8\nmonths = 11\nwith = [\"other\"]\n\n");
    let other = FIXED.replace("peak", "other");
    let mut rig = Rig::new("2026-07-15T00:00:00Z", &tariff("", &format!("{with}{other}")));
    rig.run(40, |_| [600.0, 0.0, 0.0]);
    let month = only(&rig);
    assert!(month.demands[0].cost.is_none() && month.demands[0].peak_w.is_some(), "{:?}", month.demands[0]);
    assert!(month.demands[1].cost.is_some());
}

#[test]
fn energy_its_cost_and_carbon_count_where_they_are_known_and_gaps_are_told() {
    let tariff = tariff("", FIXED);
    assert!(matches!(tariff.energy[0].price, EnergyPrice::Periods(_)));
    let mut rig = Rig::new("2026-07-15T00:00:00Z", &tariff);
    let price = |cents: i64| PriceNow { price: Some(Decimal::whole(cents)), grams: Some(Decimal::whole(400)) };
    rig.scene.price = price(1);
    rig.run(60, |_| [500.0, 100.0, 20.0]);
    rig.scene.price = price(3);
    rig.run(60, |_| [500.0, -50.0, 0.0]);
    rig.scene.price = PriceNow::default();
    rig.run(30, |_| [500.0, 0.0, 0.0]);
    let month = only(&rig);
    // The first scan is the begin of the first reading.
    let (first, cost) = (5.0 / 3600.0, month.cost.expect("priced"));
    let by_hand = [500.0, 600.0, 620.0]
        .map(|kw| (1.0 - first) * kw)
        .iter()
        .zip([500.0, 450.0, 450.0])
        .map(|(a, b)| a + 3.0 * b)
        .collect::<Vec<_>>();
    for (of, wanted) in by_hand.iter().enumerate() {
        assert!((side(&cost, of) - wanted).abs() < 1e-6 * wanted, "{cost:?}, and by hand {wanted}");
        assert!((side(&month.energy_wh, of) - energy(&rig, of, 1)).abs() < 1e-3, "{:?}", month.energy_wh);
    }
    assert!(cost.saved < 0.0 && (cost.saved - (by_hand[2] - by_hand[0])).abs() < 1e-3, "charged dear: {cost:?}");
    assert!((month.unpriced_s - 1800.0).abs() < 1e-6 && (month.no_carbon_s - 1800.0).abs() < 1e-6, "{month:?}");
    let grams = month.carbon_g.expect("weighed");
    assert!((grams.metered - 400.0 * (1000.0 - 500.0 * first)).abs() < 1e-3, "{grams:?}");
    assert!((month.given_wh - 100e3 * (1.0 - first)).abs() < 1e-3 && (month.taken_wh - 50e3).abs() < 1e-3);
    assert!(
        (month.shed_wh - 20e3 * (1.0 - first)).abs() < 1e-3 && (month.lost_gpu_h - 20.0 * (1.0 - first)).abs() < 1e-6
    );
    let gone = month.measured * (14.0 * 24.0 + 2.0 + 2.5) * 3600.0;
    assert!((gone - (150.0 * 60.0 - 5.0)).abs() < 1e-3, "since the begin of July in Berlin: {gone}");
}

#[test]
fn a_saving_may_be_negative() {
    let mut rig = Rig::new("2026-07-15T00:00:00Z", &tariff("", FIXED));
    rig.scene.price.price = Some(Decimal::whole(1));
    rig.run(60, |_| [700.0, -150.0, 0.0]);
    let month = only(&rig);
    let peak = month.demands[0].peak_w.expect("known");
    assert!((peak.saved + 150e3).abs() < 1.0, "charging made a peak: {peak:?}");
    assert!(month.demands[0].cost.is_some_and(|cost| (cost.saved + 1500.0).abs() < 0.1));
    assert!(month.cost.is_some_and(|cost| cost.saved < -149.0), "{:?}", month.cost);
}

/// What may not be known, and how it comes and goes.
type Doubt = (&'static str, fn(&mut Rig, bool));

const DOUBTS: [Doubt; 5] = [
    ("the meter is not read", |rig, on| rig.meter_read = !on),
    ("nor believed", |rig, on| rig.scene.believed = !on),
    ("a battery does not tell", |rig, on| rig.scene.given = (!on).then_some(Watts(0.0))),
    ("the clock is not trusted", |rig, on| rig.trusted = !on),
    ("the meter lost count", |rig, on| rig.breaks += u32::from(on)),
];

#[test]
fn what_is_not_known_counts_for_no_side_and_is_no_saving() {
    for (what, doubt) in DOUBTS {
        let mut rig = Rig::new("2026-07-15T00:00:00Z", &tariff("", FIXED));
        rig.run(30, |_| [500.0, 50.0, 0.0]);
        doubt(&mut rig, true);
        // After a count that was lost all is known at once.
        let gone = what.contains("count");
        rig.run(20, |_| if gone { [500.0, 50.0, 0.0] } else { [400.0, 500.0, 500.0] });
        doubt(&mut rig, false);
        rig.run(25, |_| [500.0, 50.0, 0.0]);
        let month = only(&rig);
        let peak = month.demands[0].peak_w.expect("known");
        assert!((peak.metered - 500e3).abs() < 1.0 && (peak.saved - 50e3).abs() < 1.0, "{what}: {peak:?}");
        let energy = month.energy_wh;
        assert!((energy.no_batteries / energy.metered - 1.1).abs() < 0.01, "{what}: {energy:?}");
        assert!((energy.no_control - energy.no_batteries).abs() < 1e-3, "{what}: {energy:?}");
        let known = month.measured * (14.0 * 24.0 + 2.0 + 1.25) * 60.0;
        let wanted = if gone { 75.0 } else { 55.0 };
        assert!((wanted - 0.5..wanted).contains(&known), "{what}: {known} min of {wanted}");
    }
}

#[test]
fn a_window_that_is_not_known_whole_counts_for_all_sides_as_metered() {
    let mut rig = Rig::new("2026-07-15T00:00:00Z", &tariff("", FIXED));
    rig.run(30, |_| [500.0, 50.0, 0.0]);
    rig.scene.given = None;
    rig.run(1, |_| [800.0, 0.0, 0.0]);
    rig.scene.given = Some(Watts(0.0));
    rig.run(29, |_| [800.0, 200.0, 0.0]);
    let month = only(&rig);
    let of = &month.demands[0];
    let peak = of.peak_w.expect("known");
    // Of the two last windows the first is not known; the second is, and sets the peak.
    assert!((peak.metered - 800e3).abs() < 1.0 && (peak.no_batteries - 1000e3).abs() < 1.0, "{peak:?}");
    assert_eq!((of.compared, of.not_compared), (2, 2), "the first begins before anything was read");
    let mut rig = Rig::new("2026-07-15T00:00:00Z", &tariff("", FIXED));
    rig.run(30, |_| [500.0, 50.0, 0.0]);
    rig.scene.given = None;
    rig.run(15, |_| [800.0, 300.0, 0.0]);
    let peak = only(&rig).demands[0].peak_w.expect("known");
    assert!((peak.metered - 800e3).abs() < 1.0 && peak.saved.abs() < 1.0, "nobody knows of a saving: {peak:?}");
}

#[test]
fn a_month_ends_where_the_tariff_says_also_on_the_night_on_which_clocks_are_set() {
    // The night to 25 October has 25 hours in Berlin, and the billing period begins with it.
    let day = format!("{FIXED}per = \"day\"\n");
    let mut rig = Rig::new("2026-10-24T12:00:00Z", &tariff("[billing]\nday = 25", &day));
    rig.run(60 * 40, |s| [500.0 + f64_from_i64(s / 3600), 30.0, 5.0]);
    let view = rig.view();
    let ends: Vec<_> = view.months.iter().map(|month| (month.from.clone(), month.to.clone(), month.runs)).collect();
    let of = |from: &str, to: &str, runs| (from.to_owned(), to.to_owned(), runs);
    let wanted = [
        of("2026-10-25T00:00:00+02:00", "2026-11-25T00:00:00+01:00", true),
        of("2026-09-25T00:00:00+02:00", "2026-10-25T00:00:00+02:00", false),
    ];
    assert_eq!(ends, wanted);
    agrees(&rig, &["peak"], 2).expect("as billed");
    let [new, old] = view.months.as_slice() else { panic!("{view:?}") };
    let sum = new.energy_wh.metered + old.energy_wh.metered;
    assert!((sum - energy(&rig, 0, 1)).abs() < 1e-2, "nothing is counted twice, or in none: {sum}");
    let before = rig.rows.iter().filter(|(at, _)| *at < rig.begin + 10 * 3_600_000).count();
    let first: f64 = energy(&rig, 0, 1) - energy(&rig, 0, before);
    assert!((old.energy_wh.metered - first).abs() < 1e-2, "{} of {first}", old.energy_wh.metered);
}

#[test]
fn fourteen_months_are_kept_and_no_more() {
    let mut rig = Rig::new("2026-01-31T22:00:00Z", &tariff("", FIXED));
    for month in 0..16_i64 {
        rig.run(120, |_| [400.0 + f64_from_i64(month), 10.0, 0.0]);
        // Nobody looks for a month less two hours.
        rig.at += (30 * 24 - 2) * 3_600_000;
    }
    let view = rig.view();
    assert_eq!(view.months.len(), MONTHS);
    let peaks: Vec<f64> = view.months.iter().filter_map(|month| Some(month.demands[0].peak_w?.metered)).collect();
    assert!(peaks.len() >= MONTHS - 1 && peaks.windows(2).all(|pair| pair[0] > pair[1]), "{peaks:?}");
    assert!(view.months.iter().skip(1).all(|month| month.measured < 0.01 && !month.runs), "{view:?}");
}

#[test]
fn a_restart_loses_nothing_but_the_time_in_which_nobody_looked() {
    let mut rig = Rig::new("2026-07-15T00:00:00Z", &tariff("", FIXED));
    rig.run(40, |_| [500.0, 80.0, 10.0]);
    let before = only(&rig);
    rig.restart();
    rig.at += 600_000;
    rig.run(40, |_| [450.0, 80.0, 10.0]);
    let after = only(&rig);
    assert_eq!(before.demands[0].peak_w, after.demands[0].peak_w);
    let more = after.energy_wh.metered - before.energy_wh.metered;
    let by_hand = 450e3 * (2400.0 - f64_from_i64(DT)) / 3600.0;
    assert!((more - by_hand).abs() < 1.0, "{more}, and by hand {by_hand}");
    assert_eq!(after.demands[0].not_compared, before.demands[0].not_compared + 2, "{after:?}");
}

#[test]
fn another_tariff_keeps_the_peaks_of_the_demands_that_it_has_too_and_another_currency_none() {
    let other = FIXED.replace("peak", "other");
    let mut rig = Rig::new("2026-07-15T00:00:00Z", &tariff("", FIXED));
    rig.run(40, |_| [500.0, 80.0, 0.0]);
    let before = only(&rig);
    let change = |rig: &mut Rig, tariff: &std::sync::Arc<Tariff>| {
        rig.plan = Rig::new("2026-07-15T00:00:00Z", tariff).plan;
        rig.restart();
    };
    change(&mut rig, &tariff("", &format!("{other}{FIXED}")));
    let after = only(&rig);
    assert_eq!(after.demands.iter().map(|of| of.name.as_str()).collect::<Vec<_>>(), ["other", "peak"]);
    assert_eq!((after.demands[0].peak_w, after.demands[1].peak_w), (None, before.demands[0].peak_w));
    assert_eq!(after.energy_wh, before.energy_wh);
    let dollars = Tariff::load("t.toml", &format!("name = \"t\"\nsummary = \"s\"\ncurrency = \"USD\"\nzone = \"UTC\"\n\n[[energy]]\nname = \"all\"\nprice = 0.1\n\n{FIXED}")).expect("loads");
    change(&mut rig, &std::sync::Arc::new(dollars));
    assert!(rig.view().months.is_empty(), "money in another currency compares with nothing");
}

#[test]
fn errors_of_forecasts_are_those_that_were_judged_in_the_month() {
    let mut rig = Rig::new("2026-07-15T00:00:00Z", &tariff("", FIXED));
    let flows = |_| [500.0, 0.0, 0.0];
    for (quarter, off) in [(1, 10.0), (2, -30.0), (3, 5.0)] {
        rig.scene.judged[1] = Some((quarter, 100.0, 100.0 + off));
        rig.run(15, flows);
    }
    let [one, four, day] = only(&rig).forecasts[..] else { panic!("three horizons") };
    assert_eq!((one.judged, one.mean_w, four.judged, day.judged), (0, None, 3, 0));
    assert_eq!((four.ahead_h, four.mean_w, four.bias_w), (4.0, Some(15.0), Some(-5.0)));
}

#[test]
fn a_clock_that_is_set_a_month_ahead_and_back_bills_nothing_twice_and_loses_nothing() {
    let daily = "[[demand]]\nname = \"daily\"\nprice = 0.5\nper = \"day\"\nwindow = \"fixed\"\nlength = \"15min\"\n";
    let year = "[[demand]]\nname = \"year\"\nprice = 120\nper = \"year\"\nwindow = \"fixed\"\nlength = \"15min\"\n";
    let mut rig = Rig::new("2026-07-31T20:00:00Z", &tariff("", &format!("{FIXED}{daily}{year}")));
    rig.scene.price.price = Some(Decimal::whole(1));
    rig.run(46, |_| [600.0, 100.0, 0.0]);
    let before = only(&rig);
    let begin = rig.begin;
    rig.begin += 31 * 86_400_000;
    rig.run(32, |_| [900.0, 100.0, 0.0]);
    assert_eq!(rig.view().months.len(), 2, "the clock says so");
    rig.begin = begin;
    rig.run(1, |_| [300.0, 0.0, 0.0]);
    let after = only(&rig);
    assert_eq!(rig.view().months.len(), 1, "July goes on");
    assert_eq!(after.from, before.from);
    for (a, b) in after.demands.iter().zip(&before.demands) {
        assert_eq!((a.peak_w, a.cost), (b.peak_w, b.cost), "what was measured meanwhile is in no bill");
    }
    let minute = 300.0 / 60.0 + 1.0;
    assert!(after.energy_wh.metered - before.energy_wh.metered <= 1e3 * minute, "{after:?}");
    // July ends at 22:00Z.
    rig.run(60, |_| [400.0, 50.0, 0.0]);
    let months = rig.view().months;
    assert_eq!(months.len(), 2);
    for ((old, new), (wanted, share)) in
        months[1].demands.iter().zip(&months[0].demands).zip([(6000.0, 1.0), (300.0, 1.0), (6000.0, 1.0)])
    {
        let cost = old.cost.expect("reckoned").metered;
        assert!((cost - wanted * share).abs() < 1.0, "{}: {cost}, and by hand {wanted}", old.name);
        assert!(new.peak_w.expect("known").metered < 401e3, "August begins at nothing: {new:?}");
    }
}

#[test]
fn what_cooling_gives_by_riding_is_in_no_side_and_savings_tell_for_how_long_it_rode() {
    let mut rig = Rig::new("2026-07-01T00:00:00Z", &tariff("", FIXED));
    rig.run(60, |_| [500.0, 0.0, 0.0]);
    rig.scene.rides = true;
    // It draws 20 kW less, and then 10 kW more on the way home.
    rig.run(30, |_| [480.0, 0.0, 0.0]);
    rig.run(15, |_| [510.0, 0.0, 0.0]);
    rig.scene.rides = false;
    rig.run(15, |_| [500.0, 0.0, 0.0]);
    let of = only(&rig);
    assert!((of.rode_s - 2700.0).abs() < 6.0, "{}", of.rode_s);
    let peak = of.demands[0].peak_w.expect("known");
    assert!((peak.metered - 510e3).abs() < 1.0, "{peak:?}");
    assert_eq!((of.energy_wh.saved, peak.saved, of.demands[0].cost.expect("reckoned").saved), (0.0, 0.0, 0.0));
}
