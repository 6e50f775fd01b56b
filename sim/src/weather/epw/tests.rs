use super::*;
use crate::psychrometrics::{pressure_at, saturation};
use plant::fault::Fault;
use proptest::prelude::*;
use std::fmt::Write;

const DAY_MS: i64 = 24 * HOUR_MS;
/// 1 January 2025 and 2024, 00:00 UTC.
const PLAIN: i64 = 1_735_689_600_000;
const LEAP: i64 = PLAIN - 366 * DAY_MS;

const HEAD: &str = "LOCATION,Nowhere,-,XYZ,Test,000000,50.05,8.6,1.0,113.0\nDESIGN CONDITIONS,0\n\
    TYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\nHOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,\"made, up\"\n\
    COMMENTS 2,\nDATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31\n";

/// What the test file's record of hour `n` of the year (from 0) says.
fn dry(n: usize) -> f64 {
    let n = convert::f64_from_usize(n);
    let year = 10.0 - 9.0 * libm::cos(n * std::f64::consts::PI / 4380.0);
    ((year - 4.0 * libm::cos(n * std::f64::consts::PI / 12.0)) * 10.0).round() / 10.0
}

fn record(month: usize, day: usize, hour: usize, dry: f64, rest: &str) -> String {
    format!("1989,{month},{day},{hour},60,?9?9E8,{dry:.1},{rest}\n")
}

/// Dew point, humidity, pressure, …, direct, diffuse, …, wind.
const REST: &str = "5.0,70,99500,0,0,300,100,200,80,0,0,0,0,180,3.5,5,5,20.0,77777,9,999999999,0,0.1,0,88,0.0,0.0,0.0";

fn year(leap: bool, line: impl Fn(usize, String) -> String) -> String {
    let mut text = HEAD.to_owned();
    let mut n = 0;
    for (month, days) in [31, 28 + usize::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate() {
        for day in 1..=days {
            for hour in 1..=24 {
                text.push_str(&line(n, record(month + 1, day, hour, dry(n), REST)));
                n += 1;
            }
        }
    }
    text
}

fn plain() -> Epw {
    Epw::read("plain.epw", &year(false, |_, l| l)).unwrap_or_else(|faults| panic!("{faults}"))
}

fn faults(text: &str) -> Vec<Fault> {
    Epw::read("bad.epw", text).expect_err("faults").0
}

#[test]
fn an_hour_stands_at_its_end_in_local_time() {
    let epw = plain();
    assert_eq!((epw.place.name.as_str(), epw.place.zone, epw.place.elevation), ("Nowhere", 1.0, 113.0));
    assert_eq!(epw.hours(), 8760);
    for n in [0usize, 1, 23, 24, 1000, 8758, 8759] {
        // The record of hour n + 1 ends n + 1 hours after new year in local time, which is one hour before UTC's.
        let wall = Wall(PLAIN + (i64::try_from(n).expect("small") + 1 - 1) * HOUR_MS);
        let air = epw.outdoor(wall);
        assert!((air.dry_bulb - dry(n)).abs() < 1e-9, "hour {n}: {air:?}, {}", dry(n));
        assert!((air.pressure - 99_500.0).abs() < 1e-6 && (air.wind - 3.5).abs() < 1e-9, "{air:?}");
        assert!((air.direct - 200.0).abs() < 1e-9 && (air.diffuse - 80.0).abs() < 1e-9, "{air:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn between_hours_it_never_leaves_them(values in [-30.0..45.0f64, -30.0..45.0, -30.0..45.0, -30.0..45.0], u in 0.0..=1.0f64) {
        let at = cubic(values, u);
        let [_, from, to, _] = values;
        prop_assert!(at >= from.min(to) && at <= from.max(to), "{at} of {values:?}");
        prop_assert!((cubic(values, 0.0) - from).abs() < 1e-12 && (cubic(values, 1.0) - to).abs() < 1e-12);
        let [a, b, c, d] = values;
        prop_assert!((cubic([d, c, b, a], 1.0 - u) - at).abs() < 1e-9, "it does not run the same backwards");
    }

    #[test]
    fn radiation_keeps_its_energy(hours in prop::collection::vec(0..900u32, 24), day in 0..365usize) {
        let text = year(false, |n, l| {
            if n / 24 == day { l.replacen(",200,80,", &format!(",{},80,", hours[n % 24]), 1) } else { l }
        });
        let epw = Epw::read("sun.epw", &text).expect("sound");
        let begin = PLAIN + i64::try_from(day).expect("small") * DAY_MS - HOUR_MS;
        let seen: f64 = (0..1440).map(|m| epw.outdoor(Wall(begin + m * 60_000 + 30_000)).direct / 60.0).sum();
        let said: u32 = hours.iter().sum();
        prop_assert!((seen - f64::from(said)).abs() < 1e-6, "{seen} Wh of {said}");
    }
}

#[test]
fn a_straight_day_is_followed_straight() {
    // Where the hours lie on a line so do the minutes: the cubic adds nothing of its own.
    for u in [0.1, 0.25, 0.5, 0.9] {
        assert!((cubic([1.0, 2.0, 3.0, 4.0], u) - (2.0 + u)).abs() < 1e-12);
    }
}

#[test]
fn the_year_wraps_and_leap_days_fit() {
    let epw = plain();
    let before = epw.outdoor(Wall(PLAIN - HOUR_MS - 1));
    let after = epw.outdoor(Wall(PLAIN - HOUR_MS + 1));
    assert!((before.dry_bulb - after.dry_bulb).abs() < 1e-4, "{before:?} {after:?}");
    let same = |a: i64, b: i64| epw.outdoor(Wall(a)) == epw.outdoor(Wall(b));
    assert!(same(PLAIN + 40 * DAY_MS, PLAIN + (365 + 40) * DAY_MS), "2026 is 2025 again");
    // 29 February 2024 at noon is the 28th again; March is March.
    let noon = 12 * HOUR_MS;
    assert!(same(LEAP + 59 * DAY_MS + noon, LEAP + 58 * DAY_MS + noon));
    assert!(same(LEAP + 60 * DAY_MS + noon, PLAIN + 59 * DAY_MS + noon));

    let leap = Epw::read("leap.epw", &year(true, |_, l| l)).expect("sound");
    assert_eq!(leap.hours(), 8784);
    // 28 February 2025, 23:30 local, lies between the hours 23 and 24 of the 28th; a day later it is 1 March, past the 29th.
    let march = leap.outdoor(Wall(PLAIN + 59 * DAY_MS + noon));
    assert!((march.dry_bulb - dry(60 * 24 + 12)).abs() < 1e-9, "{march:?}, {}", dry(60 * 24 + 12));
    let leap_day = leap.outdoor(Wall(LEAP + 59 * DAY_MS + noon));
    assert!((leap_day.dry_bulb - dry(59 * 24 + 12)).abs() < 1e-9, "{leap_day:?}");
}

#[test]
fn line_ends_blank_lines_marks_and_short_records_do_not_matter() {
    let text = year(false, |_, l| l);
    let expected = plain();
    let crlf = format!("\u{feff}{}\r\n\r\n", text.replace('\n', "\r\n"));
    assert_eq!(Epw::read("crlf.epw", &crlf), Ok(expected.clone()));
    // Files before 2001 end with the snow.
    let old = text.replace(",0,88,0.0,0.0,0.0\n", ",0,88\n");
    assert_ne!(old, text);
    assert_eq!(Epw::read("old.epw", &old), Ok(expected));
}

#[test]
fn missing_values_are_bridged_or_worked_out() {
    let text = year(false, |n, l| match n {
        // Over new year, so that the bridge wraps.
        8758 | 8759 | 0 | 1 => l.replacen(&format!(",{:.1},5.0,", dry(n)), ",99.9,5.0,", 1),
        500 => l.replacen(",5.0,70,", ",99.9,70,", 1),
        501 => l.replacen(",99500,", ",999999,", 1),
        502 => l.replacen(",200,80,", ",9999,9999,", 1),
        503 => l.replacen(",180,3.5,", ",999,999,", 1),
        504 => l.replacen(",180,3.5,", ",180,,", 1),
        _ => l,
    });
    let epw = Epw::read("gaps.epw", &text).unwrap_or_else(|faults| panic!("{faults}"));
    let at = |n: i64| epw.outdoor(Wall(PLAIN + n * HOUR_MS));
    let middle = f64::midpoint(dry(8757), dry(2));
    assert!((at(0).dry_bulb - (middle + (dry(2) - dry(8757)) / 10.0)).abs() < 1e-9, "{:?}", at(0));
    // 70 % at this dry bulb, by the same saturation pressure.
    let expected = saturation::dew_point(0.7 * saturation::vapour_pressure(dry(500)));
    assert!((at(500).dew_point - expected).abs() < 1e-6, "{:?} {expected}", at(500));
    assert!((at(501).pressure - pressure_at(113.0)).abs() < 1e-6);
    assert!((at(502).direct - 200.0).abs() < 1e-9 && (at(503).wind - 3.5).abs() < 1e-9);
    assert!((at(504).wind - 3.5).abs() < 1e-9);
}

#[test]
fn every_fault_is_told_with_its_place() {
    let text = year(false, |n, l| match n {
        10 => l.replacen(&format!(",{:.1},", dry(10)), ",twelve,", 1),
        20 => l.replacen(",99500,", ",9.9,", 1),
        30 => l.replacen(",1,2,7,", ",1,2,9,", 1),
        40 => "1989,1,2,17,60,?9\n".to_owned(),
        _ => l,
    });
    let told = faults(&text);
    let mut all = String::new();
    for fault in &told {
        writeln!(all, "{fault}").expect("text");
    }
    for part in [
        "bad.epw:19:23: the dry bulb is `twelve` and must be a number from -70 to 70",
        "bad.epw:29:",
        "the pressure is `9.9` and must be a number from 31000 to 120000",
        "bad.epw:39:6: this is hour 33 of the year, and hour 31 belongs here",
        "bad.epw:40:6: this is hour 32 of the year, and hour 34 belongs here",
        "bad.epw:49:18: this record has 6 fields, and 22 are needed",
    ] {
        assert!(all.contains(part), "{part} is not in:\n{all}");
    }
    assert_eq!(told.len(), 5, "{all}");
}

#[test]
fn heads_periods_and_gaps_are_looked_at() {
    let told = |text: &str| faults(text).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(told("").contains("bad.epw:1:1: this is no EPW file"));
    assert!(
        told("LOCATION,a,b,c,d,e,95,8,1,99\nGROUND TEMPERATURES\n")
            .contains("bad.epw:2:1: line `DESIGN CONDITIONS` is missing")
    );
    assert!(told("LOCATION,a,b,c,d,e,95,8,1,99\nGROUND TEMPERATURES\n").contains("bad.epw:1:20: the latitude is `95`"));
    let sound = year(false, |_, l| l);
    let quarter = told(&sound.replace("DATA PERIODS,1,1", "DATA PERIODS,1,4"));
    assert!(quarter.contains("bad.epw:8:16: this file has `4` records an hour, and only 1 can be read"), "{quarter}");
    let short = told(&sound.lines().take(100).map(|l| format!("{l}\n")).collect::<String>());
    assert!(short.contains("a year of 365 days has 8760 records, and this file has 92"), "{short}");
    let gap = told(&year(false, |n, l| {
        if (100..140).contains(&n) { l.replacen(&format!(",{:.1},", dry(n)), ",99.9,", 1) } else { l }
    }));
    assert!(
        gap.contains("bad.epw:109:1: the dry bulb is missing for 40 hours from here, 24 at most are bridged"),
        "{gap}"
    );
    assert_eq!(gap.matches("bad.epw").count(), 1, "{gap}");
    let none = told(&year(false, |n, l| l.replacen(&format!(",{:.1},", dry(n)), ",99.9,", 1)));
    assert!(none.contains("bad.epw:9:1: no record has a dry bulb"), "{none}");
}
