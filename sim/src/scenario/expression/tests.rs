use std::collections::BTreeMap;

use plant::hall::Hall;
use plant::units::Unit;
use proptest::prelude::*;

use super::*;

fn hall() -> Hall {
    let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    Hall::load(name, text).expect("loads")
}

/// Values by point; commands are one more, readings are half.
struct Values(BTreeMap<PointId, f64>);

impl Scene for Values {
    fn truth(&self, point: PointId) -> f64 {
        self.0.get(&point).copied().unwrap_or(f64::NAN)
    }

    fn reading(&self, point: PointId) -> f64 {
        self.truth(point) / 2.0
    }

    fn command(&self, point: PointId) -> f64 {
        self.truth(point) + 1.0
    }

    fn figure(&self, figure: Figure) -> f64 {
        if figure == Figure::Time { 90.0 } else { f64::NAN }
    }
}

fn values(hall: &Hall, of: &[(&str, f64)]) -> Values {
    Values(of.iter().map(|(name, value)| (hall.point(name).expect(name), *value)).collect())
}

fn crahs(hall: &Hall) -> Values {
    values(
        hall,
        &[
            ("crah-1/supply-air-temp", 20.0),
            ("crah-2/supply-air-temp", 22.0),
            ("crah-3/supply-air-temp", 27.0),
            ("crah-1/fan-speed", 60.0),
            ("chw/dp", 80e3),
        ],
    )
}

#[test]
fn numbers_come_out_as_arithmetic_says() {
    let hall = hall();
    let scene = crahs(&hall);
    for (text, wanted) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("-2 + 5", 3.0),
        ("10 / 4", 2.5),
        ("1e-3 * 2", 2e-3),
        ("crah-1/supply-air-temp", 20.0),
        ("max(crah-*/supply-air-temp)", 27.0),
        ("min(crah-*/supply-air-temp)", 20.0),
        ("mean(crah-*/supply-air-temp)", 23.0),
        ("spread(crah-*/supply-air-temp)", 7.0),
        ("max(crah-1/supply-air-temp, 25 °C)", 25.0),
        ("reading(crah-1/supply-air-temp)", 10.0),
        ("max(reading(crah-*/supply-air-temp))", 13.5),
        ("command(crah-1/fan-speed)", 61.0),
        ("abs(crah-1/supply-air-temp - crah-2/supply-air-temp)", 2.0),
        ("count(crah-*/supply-air-temp > 21)", 2.0),
        ("chw/dp / 1 kPa", 80.0),
        ("time", 90.0),
    ] {
        let read = signal(&hall, text).unwrap_or_else(|slip| panic!("{text}: {slip:?}"));
        let value = read.number.value(&scene);
        assert!((value - wanted).abs() < 1e-9, "{text} is {value}");
    }
    let quotient = signal(&hall, "1 / (2 - 2)").expect("reads").number.value(&scene);
    assert!(quotient.is_nan(), "a quotient without a value is missing: {quotient}");
}

#[test]
fn a_margin_is_the_distance_to_the_border_in_the_signals_unit() {
    let hall = hall();
    let scene = crahs(&hall);
    for (text, holds, margin) in [
        ("max(crah-*/supply-air-temp) <= 27 °C", true, 0.0),
        ("max(crah-*/supply-air-temp) < 27", false, 0.0),
        ("crah-1/supply-air-temp > 21", false, -1.0),
        ("not crah-1/supply-air-temp > 21", true, 1.0),
        ("crah-1/supply-air-temp > 15 and crah-2/supply-air-temp < 23", true, 1.0),
        ("crah-1/supply-air-temp > 25 or crah-2/supply-air-temp < 23", true, 1.0),
        ("18 <= crah-1/supply-air-temp <= 27", true, 2.0),
        ("chw/dp >= 75 kPa", true, 5000.0),
        ("count(crah-*/supply-air-temp > 21) >= 2", true, 0.0),
        ("all(crah-*/fan-speed > 50)", false, f64::NAN),
        ("any(crah-*/fan-speed > 50)", true, 10.0),
        ("crah-1/supply-air-temp == 20", true, 0.0),
        ("crah-4/supply-air-temp < 30", false, f64::NAN),
        ("not crah-4/supply-air-temp < 30", false, f64::NAN),
        ("crah-4/supply-air-temp < 30 and crah-1/supply-air-temp < 19", false, -1.0),
        ("crah-1/supply-air-temp - 68 [degF] < 1 K", true, 1.0),
    ] {
        let read = condition(&hall, text).unwrap_or_else(|slip| panic!("{text}: {slip:?}"));
        let robust = read.condition.robust(&scene);
        assert_eq!(robust.holds, holds, "{text}: {robust:?}");
        let same = (robust.margin - margin).abs() < 1e-9 || (robust.margin.is_nan() && margin.is_nan());
        assert!(same, "{text}: {robust:?}");
    }
    let read = condition(&hall, "crah-1/supply-air-temp > 24 for 5min").expect("reads");
    assert_eq!((read.hold, read.unit), (300.0, Some(Unit::Kelvin)));
}

#[test]
fn every_fault_says_where_and_what_to_do() {
    let hall = hall();
    for (text, at, says, helps) in [
        ("max(crah-*/suply-air-temp) <= 27", 4, "matches no point", "supply-air-temp"),
        ("crah-1/suply-air-temp <= 27", 0, "there is no point", "did you mean `crah-1/supply-air-temp`?"),
        ("crah-1 <= 27", 0, "there is no point", "`crah-1` has:"),
        ("maxx(crah-*/fan-speed) < 1", 0, "no function `maxx`", "did you mean `max`?"),
        ("crah-1/supply-air-temp <= 27 K", 23, "cannot be compared", "K is for differences"),
        ("crah-1/supply-air-temp <= 27 furlong", 29, "is no unit", ""),
        ("crah-*/supply-air-temp <= 27", 0, "many conditions", "all(…)"),
        ("crah-1/supply-air-temp", 0, "a condition is wanted", "compare it"),
        ("max(crah-*/supply-air-temp <= 27", 4, "condition where a number", "count"),
        ("crah-1/supply-air-temp < 27 )", 28, "does not belong", "spaces"),
        ("(crah-1/supply-air-temp < 27", 28, "`)` is missing", ""),
        ("crah-1/supply-air-temp < ", 25, "something is missing", ""),
        ("crah-1/supply-air-temp < 27 for 3 K", 32, "needs a time", "for 60s"),
        ("command(crah-1/supply-air-temp) < 27", 8, "is no output", "truth"),
        ("max(crah-*/*) < 27", 4, "different units", "write more"),
    ] {
        let slip = condition(&hall, text).expect_err(text);
        assert_eq!(slip.at, at, "{text}: {slip:?}");
        assert!(slip.message.contains(says), "{text}: {slip:?}");
        assert!(slip.help.contains(helps), "{text}: {slip:?}");
    }
}

#[test]
fn a_star_stands_for_letters_of_one_word() {
    for (pattern, name, fit) in [
        ("crah-*/fan-speed", "crah-1/fan-speed", true),
        ("crah-*/fan-speed", "crah-1/x/fan-speed", false),
        ("*/fan-*", "crah-1/fan-speed", true),
        ("*", "crah-1/fan-speed", false),
        ("crah-1*", "crah-1", true),
        ("rack-a*1/power", "rack-a11/power", true),
        ("rack-a*1/power", "rack-a12/power", false),
    ] {
        assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
    }
}

proptest! {
    /// Whatever somebody writes, reading it ends, and a fault's place is inside the text.
    #[test]
    fn reading_is_total(text in "([a-z0-9*/ ()<>=!,.+°-]|max\\(|crah-1/fan-speed| and | or |not |27 °C|for ){0,40}") {
        let hall = hall();
        if let Err(slip) = condition(&hall, &text) {
            prop_assert!(slip.at <= text.len());
            prop_assert!(!slip.message.is_empty());
        }
    }

    /// `not` turns the verdict and the margin of every comparison; `and` is never better than its parts.
    #[test]
    fn margins_obey_their_logic(a in -50.0f64..50.0, b in -50.0f64..50.0) {
        let hall = hall();
        let scene = values(&hall, &[("crah-1/supply-air-temp", a), ("crah-2/supply-air-temp", b)]);
        let robust = |text: &str| condition(&hall, text).expect("reads").condition.robust(&scene);
        let (one, other) = (robust("crah-1/supply-air-temp < 20"), robust("crah-2/supply-air-temp >= 10"));
        let turned = robust("not crah-1/supply-air-temp < 20");
        prop_assert_eq!(turned.holds, !one.holds);
        prop_assert_eq!(turned.margin, -one.margin);
        let both = robust("crah-1/supply-air-temp < 20 and crah-2/supply-air-temp >= 10");
        prop_assert_eq!(both.holds, one.holds && other.holds);
        prop_assert_eq!(both.margin, one.margin.min(other.margin));
        let either = robust("crah-1/supply-air-temp < 20 or crah-2/supply-air-temp >= 10");
        prop_assert_eq!(either.holds, one.holds || other.holds);
        prop_assert_eq!(either.margin, one.margin.max(other.margin));
    }
}
