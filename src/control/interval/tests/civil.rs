//! Windows by civil time: days on which clocks are set, prices per day, hours; several demands at once.

use super::*;

/// Both Sundays of 2026 on which clocks are set in Berlin: their midnights, and how many quarters of an hour they have.
const SET: [(&str, i64); 2] = [("2026-03-28T23:00:00Z", 92), ("2026-10-24T22:00:00Z", 100)];

const HOUR: i64 = 3_600_000;

fn instant(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond()
}

/// Another demand beside the first.
fn beside(name: &str, rest: &str) -> String {
    format!("\n\n[[demand]]\nname = \"{name}\"\nprice = 1\n{rest}")
}

/// Targets of two demands (kW).
fn targets(peak: f64, other: (&str, f64)) -> String {
    let target = |name: &str, kw: f64| format!("[[peak]]\ndemand = \"{name}\"\nmost = {:.1}\n", kw * 1e3);
    target("peak", peak) + &target(other.0, other.1)
}

#[test]
fn days_on_which_clocks_are_set_have_92_and_100_quarters_and_all_are_kept() {
    for (midnight, quarters) in SET {
        let mut field = Field::of(&format!("{FIXED}\nper = \"day\""), 1000.0);
        let begin = instant(midnight);
        field.offset = begin;
        let mut windows = Vec::new();
        let tariff = Arc::clone(&field.plan.tariff);
        let of = Ended { trace: &field.interval.trace, last: 0, at: quarters * 900_000, offset: begin };
        ended(&tariff, &tariff.demand[0], &of, |_, window| windows.push(window));
        let wanted: Vec<_> =
            (0..quarters).map(|n| (Wall(begin + n * 900_000), Wall(begin + (n + 1) * 900_000))).collect();
        assert_eq!(windows, wanted, "{midnight}");
        let (from, to) = tariff.demand[0].billed_once(&tariff, Wall(begin)).expect("a day");
        assert_eq!((from.0, to.0), (begin, begin + quarters * 900_000));
        // Out of step with any clock.
        field.run(quarters * 15, |s| if (s + 420) % 2700 < 1500 { 1300.0 } else { 600.0 });
        let billed = field.billed(begin - BEGIN);
        assert!((980.0..=1000.5).contains(&billed), "{midnight}: {billed}");
        let view = field.interval.view(&hall(""), &field.plan, &field.scene(1e6));
        assert_eq!(view.demands[0].lacking, 0);
    }
}

#[test]
fn hours_that_clocks_skip_hold_nobody_and_those_that_come_twice_hold_twice() {
    for ((midnight, quarters), twice) in SET.into_iter().zip([0, 2]) {
        let mut field = Field::of(&format!("{FIXED}\nhours = [\"02:00-03:00\"]"), 1000.0);
        field.offset = instant(midnight);
        field.run(2 * 60, |_| 1200.0);
        assert_eq!(field.shed(|_| 1200.0), 0.0, "{midnight}: before");
        let from = field.rows.len();
        field.run((quarters / 4 - 2) * 60, |s| if s < 12 * 3600 { 1200.0 } else { 700.0 });
        let held = field.rows[from..].iter().filter(|(_, kw)| *kw < 1190.0 && *kw > 750.0).count();
        let hours = f64::from(u32::try_from(held).expect("small")) / 720.0;
        assert!((f64::from(twice)..f64::from(twice) + 0.1).contains(&hours), "{midnight}: held for {hours} h");
        let billed = field.billed(field.offset - BEGIN);
        assert!(billed <= 1000.5, "{midnight}: {billed}");
    }
}

#[test]
fn what_is_paid_per_day_is_paid_until_midnight() {
    let mut field = Field::of(&format!("{FIXED}\nper = \"day\""), 900.0);
    field.at = 20 * HOUR; // 22:00 in Berlin
    field.floor = 1100e3;
    field.run(30, |_| 1100.0);
    field.floor = 500e3;
    let from = field.rows.len();
    field.run(90, |_| 1300.0);
    assert!(field.mean(from) > 0.985 * 1100.0, "it is paid today: {}", field.mean(from));
    let from = field.rows.len();
    field.run(60, |_| 1300.0);
    let next = field.rows[from + 3..].iter().map(|(_, kw)| *kw).fold(0.0, f64::max);
    assert!(next < 1000.0 && field.mean(from) > 880.0, "tomorrow nothing is paid: {next}, {}", field.mean(from));
}

#[test]
fn of_two_targets_the_lower_holds_in_its_own_hours_only() {
    // 00:00Z is 02:00 in Berlin.
    for window in [ROLLING, BLOCK] {
        let demands = format!("{window}{}", beside("evening", &format!("{FIXED}\nhours = [\"03:00-04:00\"]")));
        let mut field = Field::with(&demands, &targets(1200.0, ("evening", 900.0)));
        field.run(1, |_| 800.0); // what was before the record counts as what flows
        field.run(179, |_| 1500.0);
        let (whole, evening) = (field.billed_of(Some("peak"), 0), field.billed_of(Some("evening"), 0));
        assert!((1185.0..=1201.2).contains(&whole), "{window}: {whole}");
        assert!((890.0..=900.5).contains(&evening), "{window}: {evening}");
        let mean = |from: usize, to: usize| {
            let rows = &field.rows[from..to];
            rows.iter().map(|(_, kw)| kw).sum::<f64>() / plant::convert::f64_from_usize(rows.len())
        };
        let hours = [mean(12, 720), mean(720, 1440), mean(1500, 2160)];
        assert!(hours[0] > 1180.0 && hours[2] > 1165.0, "{window}: {hours:?}");
        assert!((885.0..=900.5).contains(&hours[1]), "{window}: {hours:?}");
    }
}

#[test]
fn after_the_hours_of_a_demand_loads_rise_slowly_also_where_another_demand_allows_more() {
    for (other, most) in [(String::new(), 1500.0), (beside("network", ROLLING), 1400.0)] {
        let demands = format!("{FIXED}\nhours = [\"02:00-03:00\"]{other}");
        let peaks = if other.is_empty() {
            "[[peak]]\ndemand = \"peak\"\nmost = 9e5".to_owned()
        } else {
            targets(900.0, ("network", 1400.0))
        };
        let mut field = Field::with(&demands, &peaks);
        field.run(1, |_| 800.0);
        field.run(59, |_| 1500.0);
        let from = field.rows.len();
        field.run(30, |_| 1500.0);
        let after = &field.rows[from - 1..];
        let limit = field.plan.limit.0 / 1e3;
        let steepest = after.windows(2).map(|pair| pair[1].1 - pair[0].1).fold(0.0, f64::max);
        assert!(
            steepest <= limit * 5.0 / 300.0 + 1.0,
            "a scan of the five minutes in which all comes back: {steepest} kW"
        );
        let there = after.iter().position(|(_, kw)| *kw >= most - 1.0).expect("it comes back");
        assert!(there > 12 && there <= 60, "{there} scans");
        let billed =
            [("peak", 900.5), ("network", 1401.4)].map(|(demand, most)| (field.billed_of(Some(demand), 0), most));
        assert!(billed.iter().all(|(billed, most)| billed <= most), "{billed:?}");
    }
}

#[test]
fn a_pulse_of_a_quarter_of_an_hour_beside_blocks_of_five_minutes_leaves_no_doubt() {
    let demands = format!("{FIXED}{}", beside("block", BLOCK));
    let mut field = Field::with(&demands, &targets(1000.0, ("block", 1020.0)));
    // The meter's clock is 97 s behind, and counts its own quarters of an hour.
    let behind = 97_000;
    let demand = |s: i64| if s / 700 % 2 == 0 { 1400.0 } else { 650.0 };
    let scans = |field: &mut Field, minutes: i64| {
        for _ in 0..minutes * 12 {
            field.pulses = Some(f64_from_i64((field.at + 4_500 - behind).div_euclid(900_000)));
            field.scan(demand);
        }
    };
    scans(&mut field, 40);
    field.events.clear();
    let from = field.rows.len();
    scans(&mut field, 180);
    assert!(!field.told().iter().any(|of| matches!(of, PeakNews::Unsure(_))), "{:?}", field.told());
    field.rows.drain(..from);
    let billed = [Some("peak"), Some("block")].map(|demand| field.billed_of(demand, -behind));
    assert!(billed[0] <= 1000.5 && billed[1] <= 1020.5, "{billed:?}");
    // It falls silent: that is told half a minute after its time, and not before.
    let silent = field.pulses;
    let next = (field.at - behind).div_euclid(900_000) * 900_000 + 900_000 + behind;
    while field.at < next + 25_000 {
        field.pulses = silent;
        field.scan(demand);
    }
    assert!(!field.told().contains(&PeakNews::Unsure(true)));
    field.run(1, demand);
    assert!(field.told().contains(&PeakNews::Unsure(true)));
}
