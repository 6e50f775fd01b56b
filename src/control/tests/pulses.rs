//! The meter's count of the intervals that it has ended, through whole scans: windows lie where the meter has them, and not where our clock would.

use plant::convert::f64_from_u64;
use plant::event::{PeakNews, What};
use plant::reading::{Sample, Why};
use plant::time::Mono;

use crate::control::battery::tests::yard::{TARGET, Yard};

/// The utility's clock is so far behind (s).
const BEHIND: u64 = 397;
/// A point that counts intervals: what it measures else is of no matter.
const COUNT: &str = "battery-charge/energy";

/// A load that comes and goes, out of step with any clock (W).
fn load(second: u64) -> f64 {
    if (second / 700).is_multiple_of(2) { TARGET + 230e3 } else { TARGET - 190e3 }
}

/// What the meter has counted after so many seconds.
fn count(second: u64) -> f64 {
    f64_from_u64((second + 900 - BEHIND) / 900)
}

/// A yard that goes by pulses; what they say in each second, as the meter tells it.
fn lived(told: impl Fn(u64) -> Option<f64>) -> Yard {
    let mut yard = Yard::but("plan = false", &format!("plan = false\npulse = \"{COUNT}\""));
    for second in 1..=4 * 3600 {
        let sample = told(second).map_or(Sample::bad(Why::Timeout, Mono(0)), |count| Sample::good(count, Mono(0)));
        yard.broken = Some((yard.point(COUNT), sample));
        yard.run_seconds(1, load);
    }
    yard
}

/// The highest quarter of an hour as one ends whose clock is so far behind (s), from so many hours on (W).
fn billed(yard: &Yard, behind: u64, hours: u64) -> f64 {
    let rows: Vec<f64> = yard.rows.iter().map(|(_, grid)| *grid).collect();
    let from = usize::try_from(3600 * hours + behind).expect("small");
    rows[from..].chunks_exact(900).map(|of| of.iter().sum::<f64>() / 900.0).fold(0.0, f64::max)
}

/// How often it was told that nobody is sure where windows lie.
fn unsure(yard: &Yard) -> usize {
    yard.events.iter().filter(|event| event.what == What::Peak(PeakNews::Unsure(true))).count()
}

#[test]
fn windows_lie_where_the_meter_counts_them_in_the_whole_controller() {
    let yard = lived(|second| Some(count(second)));
    assert!(billed(&yard, BEHIND, 1) <= TARGET + 500.0, "{}", billed(&yard, BEHIND, 1));
    assert!(billed(&yard, 0, 1) > TARGET + 5e3, "the clock's are none: {}", billed(&yard, 0, 1));
    assert_eq!(unsure(&yard), 1, "from the first pulse to the second");
    let blind = lived(|_| None);
    assert!(billed(&blind, 0, 1) <= TARGET + 500.0, "{}", billed(&blind, 0, 1));
    assert!(billed(&blind, BEHIND, 1) > TARGET + 5e3, "nobody told: {}", billed(&blind, BEHIND, 1));
}

#[test]
fn pulses_that_stop_come_late_or_twice_are_told_and_kept_by_every_clock_that_may_be_right() {
    // They stop after two hours: after the third windows are the clock's. It is told once more than between the first two pulses, here and below.
    let yard = lived(|second| (second < 2 * 3600).then(|| count(second)));
    assert!(billed(&yard, 0, 3) <= TARGET + 500.0 && unsure(&yard) == 2, "{}", billed(&yard, 0, 3));
    // One comes in the middle of an interval, and the next in its time.
    let yard = lived(|second| Some(count(second) + if second > 2 * 3600 { 1.0 } else { 0.0 }));
    assert!(billed(&yard, BEHIND, 1) <= TARGET + 500.0 && unsure(&yard) == 2, "{}", billed(&yard, BEHIND, 1));
    // One is missing: its count comes with the next.
    let missing = 2 * 3600 + BEHIND..2 * 3600 + BEHIND + 900;
    let yard = lived(|second| Some(count(second) - if missing.contains(&second) { 1.0 } else { 0.0 }));
    assert!(billed(&yard, BEHIND, 1) <= TARGET + 500.0 && unsure(&yard) >= 2, "{}", billed(&yard, BEHIND, 1));
}
