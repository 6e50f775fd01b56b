//! Four numbers side by side, so that the fast layer's arithmetic runs in lanes.

use std::ops::{Add, Mul, Sub};

/// Four numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Four(pub(super) [f64; 4]);

impl Four {
    pub(super) const fn all(x: f64) -> Self {
        Self([x; 4])
    }

    fn each(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        let ([a, b, c, d], [p, q, r, s]) = (self.0, other.0);
        Self([of(a, p), of(b, q), of(c, r), of(d, s)])
    }

    /// The smaller ones. No lane is ever NaN here, so that one comparison will do.
    pub(super) fn least(self, other: Self) -> Self {
        self.each(other, |a, b| if a < b { a } else { b })
    }

    /// The larger ones.
    pub(super) fn most(self, other: Self) -> Self {
        self.each(other, |a, b| if a > b { a } else { b })
    }

    /// `then` where larger, 0 elsewhere.
    pub(super) fn above(self, other: Self, then: f64) -> Self {
        self.each(other, |a, b| if a > b { then } else { 0.0 })
    }

    pub(super) fn sum(self) -> f64 {
        let [a, b, c, d] = self.0;
        (a + c) + (b + d)
    }

    pub(super) fn smallest(self) -> f64 {
        let [a, b, c, d] = self.0;
        a.min(b).min(c).min(d)
    }

    pub(super) fn largest(self) -> f64 {
        let [a, b, c, d] = self.0;
        a.max(b).max(c.max(d))
    }
}

impl Add for Four {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }
}

impl Sub for Four {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.each(other, |a, b| a - b)
    }
}

impl Mul for Four {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.each(other, |a, b| a * b)
    }
}

impl Mul<f64> for Four {
    type Output = Self;
    fn mul(self, by: f64) -> Self {
        self * Self::all(by)
    }
}
