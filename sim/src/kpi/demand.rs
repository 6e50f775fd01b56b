//! The peak that a utility bills: the highest mean power of a clock quarter of an hour.

use plant::convert;
use plant::time::Wall;

/// The utility's interval (ms). Every time zone of today is a whole number of them away from UTC.
const WINDOW: i64 = 900_000;
/// The same (s).
const LENGTH: f64 = 900.0;
/// What the clock's milliseconds may take from a full interval (s).
const SLACK: f64 = 0.01;

/// Energy of one clock interval.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    /// Intervals since 1970.
    index: i64,
    joules: f64,
    /// How much of it was seen (s).
    seen: f64,
}

impl Window {
    /// Its mean power (W) and its end, if it was seen from end to end.
    fn demand(&self) -> Option<(f64, Wall)> {
        let end = Wall(self.index.saturating_add(1).saturating_mul(WINDOW));
        (self.seen >= LENGTH - SLACK).then(|| (self.joules / self.seen, end))
    }

    /// Takes another part of the same interval in; false when it is of another one.
    fn take(&mut self, part: Self) -> bool {
        let same = self.index == part.index;
        if same {
            self.joules += part.joules;
            self.seen += part.seen;
        }
        same
    }
}

/// Demand of a run. An interval that was not seen from end to end bills nothing: its mean would be a guess.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    /// The run's first interval, kept apart: the run before may have seen its beginning.
    first: Option<Window>,
    /// The interval that is still open, once it is not the first.
    open: Option<Window>,
    peak: Option<(f64, Wall)>,
    missed: bool,
}

impl Demand {
    /// Counts the power (W) of a step that was `dt` (s) long and ended at `wall`, to each interval its part.
    pub fn count(&mut self, power: Option<f64>, dt: f64, wall: Wall) {
        let Some(power) = power.filter(|p| p.is_finite()) else {
            self.missed = true;
            return;
        };
        let index = wall.0.div_euclid(WINDOW);
        // Seconds since the beginning of the interval in which the step ends.
        let end = convert::f64_from_i64(wall.0.rem_euclid(WINDOW)) / 1e3;
        let begin = end - dt;
        let mut back = (begin / LENGTH).floor();
        while back <= 0.0 {
            let seen = end.min((back + 1.0) * LENGTH) - begin.max(back * LENGTH);
            if seen > 0.0 {
                let index = index.saturating_add(convert::i64_from_f64_rounded(back));
                self.add(Window { index, joules: power * seen, seen });
            }
            back += 1.0;
        }
    }

    /// The highest mean power (W) and the end of its interval; nothing without a whole interval or with power unknown.
    pub fn peak(&self) -> Option<(f64, Wall)> {
        let [first, open] = [self.first, self.open].map(|w| w.and_then(|w| w.demand()));
        let peak = higher(higher(first, self.peak), open);
        peak.filter(|_| !self.missed)
    }

    /// Goes on with what came right after; an interval that both saw a part of becomes whole.
    pub fn append(&mut self, later: &Self) {
        if let Some(first) = later.first {
            self.add(first);
        }
        self.peak = higher(self.peak, later.peak);
        if let Some(open) = later.open {
            self.add(open);
        }
        self.missed |= later.missed;
    }

    fn add(&mut self, part: Window) {
        let first = self.first.get_or_insert(Window { joules: 0.0, seen: 0.0, ..part });
        if first.take(part) {
            return;
        }
        let open = self.open.get_or_insert(Window { joules: 0.0, seen: 0.0, ..part });
        if !open.take(part) {
            self.peak = higher(self.peak, open.demand());
            *open = part;
        }
    }
}

/// The higher of two; the earlier of equals.
fn higher(one: Option<(f64, Wall)>, other: Option<(f64, Wall)>) -> Option<(f64, Wall)> {
    match (one, other) {
        (Some(a), Some(b)) => Some(if b.0 > a.0 { b } else { a }),
        (a, b) => a.or(b),
    }
}
