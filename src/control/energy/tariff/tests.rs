//! Bills to the cent, each from the tariff's own words, with the sums beside it.

mod demand;
mod energy;
mod files;
mod hours;
mod meter;
mod properties;
mod published;
mod urdb;
mod worked;
mod years;

use std::fmt::Write;

use jiff::Timestamp;

use super::*;

/// Europe/Berlin, a billing period of one day in July, and these charges.
fn day(charges: &str) -> Tariff {
    on(("2026-07-01", "2026-07-02"), charges)
}

fn on((from, to): (&str, &str), charges: &str) -> Tariff {
    tariff(&format!("billing = {{ dates = [\"{from}\", \"{to}\"] }}\n{charges}"))
}

fn tariff(rest: &str) -> Tariff {
    let text = format!("name = \"t\"\nsummary = \"s\"\ncurrency = \"EUR\"\nzone = \"Europe/Berlin\"\n{rest}");
    Tariff::load("t.toml", &text).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}

fn series(tariff: &Tariff, text: &str) -> Series {
    Series::read("s.csv", text, (&tariff.zone, tariff.meter)).unwrap_or_else(|faults| panic!("{faults}"))
}

fn at(text: &str) -> Wall {
    Wall(text.parse::<Timestamp>().expect("a time").as_millisecond())
}

fn dec(text: &str) -> Decimal {
    Decimal::parse(text).expect("a decimal")
}

/// Rows of so many minutes from a time on, in kW.
fn rows(from: &str, minutes: i64, kw: &[&str]) -> String {
    let mut text = "start,end,kw\n".to_owned();
    add(&mut text, (at(from), minutes), kw);
    text
}

fn add(text: &mut String, (from, minutes): (Wall, i64), kw: &[&str]) {
    let time = |wall: i64| Timestamp::from_millisecond(wall).expect("in range");
    for (n, kw) in (0..).zip(kw) {
        let begin = from.0 + n * minutes * MINUTE;
        writeln!(text, "{},{},{kw}", time(begin), time(begin + minutes * MINUTE)).expect("a string");
    }
}

fn bills(tariff: &Tariff, text: &str, known: Known<'_>) -> Vec<Bill> {
    rate(tariff, &series(tariff, text), (None, None), known)
}

fn bill(tariff: &Tariff, text: &str) -> Bill {
    let mut bills = bills(tariff, text, Known::default());
    assert_eq!(bills.len(), 1, "{bills:#?}");
    bills.remove(0)
}

/// Name, quantity, amount of each line.
fn lines(bill: &Bill) -> Vec<(String, String, String)> {
    bill.lines.iter().map(|l| (l.name.clone(), l.quantity.to_string(), l.amount.fixed(2))).collect()
}

#[track_caller]
fn says(bill: &Bill, wanted: &[(&str, &str, &str)]) {
    let found = lines(bill);
    let found: Vec<_> = found.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(found, wanted, "{:#?}", bill.notices);
}

fn codes(bill: &Bill) -> Vec<&'static str> {
    bill.notices.iter().map(|notice| notice.code).collect()
}

#[test]
fn decimals_are_what_is_written() {
    for (text, shown) in [
        ("0.1", "0.1"),
        ("-0.0315", "-0.0315"),
        ("1e-3", "0.001"),
        ("2.5E2", "250"),
        ("1_000.50", "1000.5"),
        ("0", "0"),
        ("+7", "7"),
        ("0.000000001", "0.000000001"),
    ] {
        assert_eq!(dec(text).to_string(), shown, "{text}");
    }
    for wrong in [
        "",
        ".5",
        "1.2.3",
        "0.0000000001",
        "1e31",
        "nan",
        "1,5",
        "--1",
        "9999999999999999999",
        "e5",
        "_",
        "-_",
        "_.5",
        "__e3",
    ] {
        assert_eq!(Decimal::parse(wrong), None, "{wrong}");
    }
    assert_eq!(
        (dec("-3.5").fixed(2), dec("0.05").fixed(2), dec("12").fixed(0)),
        ("-3.50".into(), "0.05".into(), "12".into())
    );
}

#[test]
fn a_half_goes_where_the_rule_says() {
    for (amount, up, even, down) in
        [("0.125", "0.13", "0.12", "0.12"), ("0.135", "0.14", "0.14", "0.13"), ("-0.125", "-0.13", "-0.12", "-0.12")]
    {
        let to = |rule| dec(amount).rounded((2, rule)).fixed(2);
        assert_eq!(
            (to(Rounding::HalfUp), to(Rounding::HalfEven), to(Rounding::Down)),
            (up.into(), even.into(), down.into())
        );
    }
}
