//! Sums and extremes that know whether they saw everything.

use plant::time::Wall;

/// A rate added up over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Total {
    sum: f64,
    /// How much of the run it saw (s).
    seen: f64,
    missed: bool,
}

impl Total {
    /// Nothing seen yet.
    pub const NONE: Self = Self { sum: 0.0, seen: 0.0, missed: false };

    /// Counts a rate over `dt` (s).
    pub fn count(&mut self, rate: Option<f64>, dt: f64) {
        match rate {
            Some(rate) if rate.is_finite() => {
                self.sum += rate * dt;
                self.seen += dt;
            }
            Some(_) | None => self.missed = true,
        }
    }

    /// The sum (the rate's unit times seconds), if every step was seen and there was one.
    pub fn sum(&self) -> Option<f64> {
        (!self.missed && self.seen > 0.0).then_some(self.sum)
    }

    /// The rate's mean over the run, on the same condition.
    pub fn mean(&self) -> Option<f64> {
        self.sum().map(|sum| sum / self.seen)
    }

    /// Goes on with what came after.
    pub fn append(&mut self, later: &Self) {
        self.sum += later.sum;
        self.seen += later.seen;
        self.missed |= later.missed;
    }
}

/// The least value that was seen, and when first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Least {
    worst: Option<(f64, Wall)>,
    missed: bool,
}

impl Least {
    /// Nothing seen yet.
    pub const NONE: Self = Self { worst: None, missed: false };

    /// Looks at one value.
    pub fn see(&mut self, value: Option<f64>, at: Wall) {
        match value {
            Some(value) if value.is_finite() => {
                if self.worst.is_none_or(|(least, _)| value < least) {
                    self.worst = Some((value, at));
                }
            }
            Some(_) | None => self.missed = true,
        }
    }

    /// The least of all, if nothing was missed.
    pub fn value(&self) -> Option<(f64, Wall)> {
        self.worst.filter(|_| !self.missed)
    }

    /// Goes on with what came after.
    pub fn append(&mut self, later: &Self) {
        if let Some((value, at)) = later.worst {
            self.see(Some(value), at);
        }
        self.missed |= later.missed;
    }
}

/// The product of two things that must both be known.
pub fn product(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    Some(one? * other?)
}
