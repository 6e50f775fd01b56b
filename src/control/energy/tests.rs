//! Buckets, days and figures against plain sums.

use plant::time::{Span, Tick, Wall};
use proptest::prelude::*;

use super::calendar::{Calendar, zone};
use super::pue::{Category, Metering, Validity, figure};
use super::ring::{Amount, Cell, Channel, Ring};

const F: Channel = Channel::Category3;

fn amount(seconds: f64) -> Amount {
    Amount { seconds, top: 2.0 * seconds, bottom: seconds }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_ring_holds_what_the_last_buckets_hold(steps in prop::collection::vec((1u64..20_000, any::<bool>()), 1..200)) {
        let width = 2_000_000_000u64;
        let mut ring = Ring::new(Span::from_nanos(width), 10);
        let (mut now, mut marker) = (0u64, 0u64);
        let mut booked = Vec::new();
        for (ms, known) in steps {
            now += ms * 1_000_000;
            ring.advance(Span::from_nanos(now));
            if known {
                let over = Span::from_nanos(now - marker);
                ring.add(Span::from_nanos(marker), Span::from_nanos(now), F, amount(over.seconds()));
                booked.push((marker, now));
                marker = now;
            }
        }
        // Every booked interval is known time: what the window shows is how much of it they cover.
        let (cell, window) = ring.sum(Span::from_nanos(10 * width), Span::from_nanos(now));
        let oldest = (now / width).saturating_sub(9) * width;
        let covered: u64 = booked.iter().map(|(from, to)| to.saturating_sub(*from.max(&oldest))).sum();
        let covered = Span::from_nanos(covered).seconds();
        prop_assert!((cell.of(F).seconds - covered).abs() < 1e-6, "{} is not {covered}", cell.of(F).seconds);
        prop_assert!((cell.of(F).top - 2.0 * covered).abs() < 1e-6);
        prop_assert!(cell.of(F).seconds <= window.seconds() + 1e-9);
    }
}

fn tick(wall: i64) -> Tick {
    Tick { wall: Wall(wall), clock_trusted: true, ..Tick::default() }
}

const HOUR: i64 = 3_600_000;

#[test]
fn days_have_as_many_hours_as_the_site_says() {
    let berlin = zone("Europe/Berlin");
    // 2026-03-28 23:00 UTC is midnight in Berlin; the 29th has 23 hours, the 30th 24.
    let midnight = 1_774_738_800_000;
    let mut calendar = Calendar::new();
    calendar.advance(&berlin, tick(midnight));
    for hour in 1..=47 {
        calendar.advance(&berlin, tick(midnight + hour * HOUR));
        calendar.add(Span::from_secs(3600), F, amount(3600.0));
    }
    let (year, window) = calendar.year();
    assert_eq!(year.of(F).seconds, 47.0 * 3600.0);
    assert_eq!(window, Span::from_secs(364 * 86_400), "two days are over, and the third begins");
    let (month, so_far) = calendar.month();
    assert_eq!(month.of(F).seconds, 47.0 * 3600.0);
    assert_eq!(so_far, Span::from_secs(30 * 86_400 - 3600), "March has lost an hour");
}

#[test]
fn what_bridges_midnight_of_the_first_goes_to_both_sides() {
    let utc = zone("UTC");
    // 2026-05-01 00:00 UTC.
    let first = 1_777_593_600_000;
    let mut calendar = Calendar::new();
    calendar.advance(&utc, tick(first - 3 * HOUR));
    calendar.advance(&utc, tick(first + HOUR));
    calendar.add(Span::from_secs(4 * 3600), F, amount(4.0 * 3600.0));
    assert_eq!(calendar.month().0.of(F).seconds, 3600.0);
    assert_eq!(calendar.year().0.of(F).seconds, 4.0 * 3600.0);
}

#[test]
fn a_clock_that_is_not_trusted_turns_no_page() {
    let utc = zone("UTC");
    let first = 1_777_593_600_000;
    let mut calendar = Calendar::new();
    calendar.advance(&utc, tick(first - HOUR));
    calendar.add(Span::from_secs(3600), F, amount(3600.0));
    calendar.advance(&utc, Tick { clock_trusted: false, ..tick(first + 400 * 24 * HOUR) });
    assert_eq!(calendar.month().0.of(F).seconds, 3600.0);
    calendar.advance(&utc, tick(first + HOUR));
    assert_eq!(calendar.month().0.of(F).seconds, 0.0);
}

#[test]
fn days_older_than_a_year_are_forgotten() {
    let utc = zone("UTC");
    let first = 1_777_593_600_000;
    let mut calendar = Calendar::new();
    for day in 0..500 {
        calendar.advance(&utc, tick(first + day * 24 * HOUR + HOUR));
        calendar.add(Span::from_secs(3600), F, amount(3600.0));
    }
    assert_eq!(calendar.year().0.of(F).seconds, 365.0 * 3600.0);
}

/// A window of 1000 s of which so much is covered on both sides, at these powers (W).
fn window(covered: f64, facility: f64, it: f64) -> Cell {
    let mut cell = Cell::default();
    let hours = covered / 3600.0;
    cell.add(F, Amount { seconds: covered, top: facility * hours, bottom: it * hours });
    cell.add(Channel::Facility, Amount { seconds: covered, top: facility * hours, bottom: 0.0 });
    cell.add(Channel::It3, Amount { seconds: covered, top: it * hours, bottom: 0.0 });
    cell
}

const IT: Category = Category { number: 3, both: F, it: Channel::It3, meters: Metering { rated: 200.0, grain: 0.0 } };
const ENTRY: Metering = Metering { rated: 300.0, grain: 0.0 };

#[test]
fn coverage_decides_what_a_figure_is_worth() {
    for (covered, validity) in [
        (1000.0, Validity::Good),
        (990.0, Validity::Good),
        (970.0, Validity::Degraded),
        (940.0, Validity::TooLittle),
        (0.0, Validity::TooLittle),
    ] {
        let made = figure(&window(covered, 130.0, 100.0), Span::from_secs(1000), &[Some(IT)], ENTRY, 0.05);
        assert_eq!(made.validity, validity, "{covered} s");
        let shown = matches!(validity, Validity::Good | Validity::Degraded);
        assert!(made.value.map_or(!shown, |v| (v - 1.3).abs() < 1e-12), "{made:?}");
        if let (Some(lower), Some(upper)) = (made.lower, made.upper) {
            assert!(lower <= 1.3 + 1e-12 && 1.3 <= upper + 1e-12, "{made:?}");
        }
    }
}

#[test]
fn bounds_hold_whatever_happened_in_the_gap() {
    let made = figure(&window(900.0, 130.0, 100.0), Span::from_secs(1000), &[Some(IT)], ENTRY, 0.05);
    let (lower, upper) = (made.lower.expect("bounded"), made.upper.expect("bounded"));
    for facility in [0.0, 150.0, 300.0] {
        for it in [0.0, 100.0, 200.0] {
            let pue = (130.0 * 900.0 + facility * 100.0) / (100.0 * 900.0 + it * 100.0);
            assert!(lower <= pue + 1e-12 && pue <= upper + 1e-12, "{lower} {pue} {upper}");
        }
    }
}

#[test]
fn a_hall_without_meters_says_so() {
    let made = figure(&Cell::default(), Span::from_secs(60), &[None, None, None], ENTRY, 0.05);
    assert_eq!((made.validity, made.value), (Validity::NoMeters, None));
}

#[test]
fn less_than_one_is_told_only_when_the_registers_cannot_explain_it() {
    let covered = window(1000.0, 95.0, 100.0);
    for (grain, validity) in [(0.0, Validity::BelowOne), (0.1, Validity::BelowOne), (0.5, Validity::TooCoarse)] {
        let meters = Metering { grain, ..IT.meters };
        let it = Category { meters, ..IT };
        let made = figure(&covered, Span::from_secs(1000), &[Some(it)], Metering { grain, ..ENTRY }, 0.05);
        assert_eq!((made.validity, made.value), (validity, None), "{grain} Wh");
    }
}

#[test]
fn below_its_share_of_the_rated_load_a_ratio_says_nothing() {
    // IT is rated 200 W; the facility draws 40 W whatever IT does.
    for (it, share, validity) in [
        (9.0, 0.05, Validity::LowLoad),
        (11.0, 0.05, Validity::Good),
        (19.0, 0.1, Validity::LowLoad),
        (9.0, 0.0, Validity::Good),
        (0.0, 0.05, Validity::NoIt),
    ] {
        let made = figure(&window(1000.0, 40.0 + it, it), Span::from_secs(1000), &[Some(IT)], ENTRY, share);
        assert_eq!((made.validity, made.value.is_some()), (validity, validity == Validity::Good), "{it} W of IT");
    }
    let made = figure(&window(1000.0, 5.0, 9.0), Span::from_secs(1000), &[Some(IT)], ENTRY, 0.05);
    assert_eq!(made.validity, Validity::BelowOne, "what cannot be is told first");
    let made = figure(&window(960.0, 49.0, 9.0), Span::from_secs(1000), &[Some(IT)], ENTRY, 0.05);
    assert_eq!(made.validity, Validity::LowLoad, "by the time that is covered");
}
