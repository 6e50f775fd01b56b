//! Windows as files write them.

use crate::hall::Hall;
use crate::hall::window::Window;
use crate::read::corpus::{Broken, each_is_told};

fn bench() -> &'static str {
    crate::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped").1
}

/// A window with everything that one may have.
const NIGHT: &str = r#"
[[window]]
name = "night"
zone = "Europe/Berlin"
days = ["weekday"]
hours = ["22:00-06:00"]
months = ["10-01..03-31"]
holidays = ["12-25", "easter+1"]
shut = ["2026-12-24", "2026-12-30 18:00..2027-01-02 06:00"]
extra = ["2026-11-28 10:00..2026-11-28 18:00"]
[[window.also]]
days = ["weekend", "holiday"]
"#;

fn windows(more: &str) -> Vec<Window> {
    let hall = Hall::load("bench", &format!("{}{more}", bench())).unwrap_or_else(|faults| panic!("{faults}"));
    hall.windows.rows().to_vec()
}

#[test]
fn a_window_has_rules_holidays_and_exceptions() {
    let read = windows(NIGHT);
    let [night] = read.as_slice() else { panic!("{read:?}") };
    assert_eq!((night.name.as_str(), night.holidays.len()), ("night", 2));
    assert_eq!((night.none_begins.len(), night.shut.len(), night.extra.len()), (1, 1, 1));
    let open = |window: &Window, text: &str| {
        let at: jiff::Timestamp = text.parse().expect("a time");
        window.open_at(crate::time::Wall(at.as_millisecond()))
    };
    for (time, is) in [
        ("2026-11-27T23:00:00+01:00", true),
        ("2026-11-28T12:00:00+01:00", true),
        ("2026-12-01T12:00:00+01:00", false),
        ("2026-12-25T12:00:00+01:00", true),
        ("2026-12-24T23:00:00+01:00", false),
        ("2026-12-31T23:00:00+01:00", false),
        ("2026-06-30T23:00:00+02:00", false),
        ("2026-07-04T12:00:00+02:00", true),
    ] {
        assert_eq!(open(night, time), is, "{time}");
    }
    let extra = windows("[[window]]\nname = \"once\"\nextra = [\"2026-11-28 10:00..2026-11-28 18:00\"]\n");
    assert!(open(&extra[0], "2026-11-28T12:00:00Z") && !open(&extra[0], "2026-11-29T12:00:00Z"));
    assert!(windows("").is_empty());
}

#[test]
fn a_window_goes_by_the_clock_of_its_hall_where_it_names_none() {
    let zone =
        |more: &str| windows(&format!("[[window]]\nname = \"a\"\nhours = [\"22:00-06:00\"]\n{more}"))[0].zone.clone();
    let named = |name: &str| crate::civil::Zone::named(name).expect("a zone");
    assert_eq!(zone(""), named("UTC"), "the hall's");
    assert_eq!(zone("zone = \"Asia/Tokyo\"\n"), named("Asia/Tokyo"));
    assert_eq!(zone("zone = \"+05:45\"\n"), named("+05:45"));
}

#[test]
fn every_broken_window_is_told_at_its_place() {
    let good = format!("{}{NIGHT}", bench());
    let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
    let corpus = [
        broken("\"Europe/Berlin\"", "§\"Mars/Olympus\"", "`Mars/Olympus` is no time zone", "IANA name"),
        broken("[\"22:00-06:00\"]", "§[\"22:00-22:00\"]", "times of day such as", "leave the key out"),
        broken("[\"weekday\"]", "§[\"workday\"]", "days out of mon, tue", "three small letters"),
        broken("\"2026-12-24\", ", "\"2026-13-24\", ", "days such as", "in quotes"),
        broken("18:00..2027", "18:00..2026", "two times of the clock", "the last one later"),
        broken(
            "[\"2026-11-28 10:00..2026",
            "§[\"2026-12-24 10:00..2026",
            "two times of the clock",
            "the last one later",
        ),
        broken("days = [\"weekend\", \"holiday\"]", "", "this `also` has no `hours`", "take this `also` away"),
        broken("months =", "§month =", "knows no key `month`", "`months`"),
    ];
    for (n, row) in corpus.into_iter().enumerate() {
        // Where the whole list is at fault its place is that of the key.
        let at = match n {
            3 | 4 => "[\"2026-1",
            6 => "[[window.also]]",
            _ => "",
        };
        each_is_told(&good, &[Broken { at, ..row }], |text| Hall::load("bench", text));
    }
    let told = |text: &str| Hall::load("bench", &format!("{good}{text}")).expect_err("refused").to_string();
    let twice = told("[[window]]\nname = \"night\"\nhours = [\"01:00-02:00\"]\n");
    assert!(twice.contains("there are two windows `night`"), "{twice}");
    let empty = told("[[window]]\nname = \"empty\"\n");
    assert!(empty.contains("this `window` has no `hours`") && empty.contains("00:00-24:00"), "{empty}");
    let both = told("[[window]]\nname = \"b\"\nshut = [\"11-28\"]\nextra = [\"2026-11-28 10:00..2026-11-28 18:00\"]\n");
    assert!(both.contains("an extra opening begins on 2026-11-28, a day in `shut`"), "{both}");
    let many = vec!["\"01-01\""; 65].join(", ");
    let many = told(&format!("[[window]]\nname = \"b\"\nhours = [\"01:00-02:00\"]\nshut = [{many}]\n"));
    assert!(many.contains("`shut` has 65 entries"), "{many}");
}
