//! A smooth curve drawn once in short cubic pieces, for those that a step asks for a hundred times.
//!
//! **Equation** each piece is the cubic through the curve at its ends and thirds, so that neighbours meet. **Source** Lagrange's
//! interpolation; its error is `h⁴·|f⁗|/1944` with `h` the length of a piece. **Box** the span it was drawn over.
//! **Outside it** the ends' values.

use plant::convert;

/// A curve in pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Pieces {
    low: f64,
    /// Pieces in a unit.
    per_unit: f64,
    /// The whole curve's length in pieces.
    length: f64,
    /// Each piece by the powers of the way into it (0 to 1).
    cubics: Vec<[f64; 4]>,
}

impl Pieces {
    /// The curve of `f` from `low` to a higher `high` in `count` pieces, at least one.
    #[must_use]
    pub fn of(f: impl Fn(f64) -> f64, (low, high): (f64, f64), count: u32) -> Self {
        let count = count.max(1);
        let length = f64::from(count);
        let step = (high - low) / length;
        let cubics = (0..count).map(|n| {
            let at = |third: f64| f(low + step * (f64::from(n) + third / 3.0));
            let [a, b, c, d] = [at(0.0), at(1.0), at(2.0), at(3.0)];
            [
                a,
                (-11.0 * a + 18.0 * b - 9.0 * c + 2.0 * d) / 2.0,
                (18.0 * a - 45.0 * b + 36.0 * c - 9.0 * d) / 2.0,
                (-9.0 * a + 27.0 * b - 27.0 * c + 9.0 * d) / 2.0,
            ]
        });
        Self { low, per_unit: length / (high - low), length, cubics: cubics.collect() }
    }

    /// Its value at `x`; beyond an end, and for what is no number, an end's.
    #[inline]
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        let place = ((x - self.low) * self.per_unit).max(0.0).min(self.length);
        let piece =
            convert::u32_from_f64_below(place).min(convert::u32_from_usize(self.cubics.len()).saturating_sub(1));
        let into = place - f64::from(piece);
        let [a, b, c, d] = self.cubics.get(convert::usize_from_u32(piece)).copied().unwrap_or_default();
        a + into * (b + into * (c + into * d))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_curve_to_its_error_and_meets_itself() {
        let drawn = Pieces::of(|x| x.powf(0.8), (0.3, 1.4), 128);
        let mut worst = 0.0f64;
        for n in 0..=11_000 {
            let x = 0.3 + f64::from(n) * 1e-4;
            worst = worst.max((drawn.at(x) - x.powf(0.8)).abs());
        }
        // f⁗ is 20 at 0.3: (1.1/128)⁴·20/1944 is 5.6e-11.
        assert!(worst < 5.7e-11, "{worst}");
        let joint = 0.3 + 1.1 / 128.0 * 37.0;
        assert!((drawn.at(joint - 1e-12) - drawn.at(joint + 1e-12)).abs() < 1e-11);
    }

    #[test]
    fn beyond_its_ends_it_stays_what_it_is_there() {
        let drawn = Pieces::of(|x| 2.0 * x, (1.0, 3.0), 7);
        for (x, expected) in [(-1e300, 2.0), (1.0, 2.0), (2.0, 4.0), (3.0, 6.0), (f64::INFINITY, 6.0), (f64::NAN, 2.0)]
        {
            assert!((drawn.at(x) - expected).abs() < 1e-12, "{x}: {}", drawn.at(x));
        }
    }
}
