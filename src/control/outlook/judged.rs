//! What was forecast so far ahead, and how wrong it was.

use plant::convert::f64_from_usize;
use serde::{Deserialize, Serialize};

/// So many errors are kept: four days of them.
pub const KEPT: usize = 384;
/// Nothing is said of an error before so many forecasts were judged: an hour of them.
const FEW: usize = 4;
/// What is exceeded in one forecast of ten.
const NINE_OF_TEN: f64 = 0.9;

/// Forecasts of one horizon. A clone is a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// What was forecast and is not over yet: of which quarter, and how much (W).
    made: Vec<(i64, f64)>,
    /// What was measured above what was forecast (W), as far as it is known.
    errors: Vec<f64>,
    known: usize,
    next: usize,
    /// The mean of what errors are without their sign (W), and what is exceeded by one in ten.
    mean: f64,
    high: f64,
    /// The last forecast that was judged: of which quarter, what was forecast and what was measured (W).
    last: Option<(i64, f64, f64)>,
}

impl Judged {
    /// Of so many quarters ahead.
    pub fn new(ahead: usize) -> Self {
        let made = vec![(i64::MIN, 0.0); ahead + 2];
        Self { made, errors: vec![0.0; KEPT], known: 0, next: 0, mean: 0.0, high: 0.0, last: None }
    }

    /// Something is forecast of a quarter (W).
    pub fn make(&mut self, quarter: i64, watts: f64) {
        if let Some(made) = self.made_of(quarter) {
            *made = (quarter, watts);
        }
    }

    /// A quarter was measured (W). Where loads were held back, less than was forecast is no error.
    pub fn judge(&mut self, quarter: i64, watts: f64, held: bool) {
        let Some((_, forecast)) = self.made_of(quarter).copied().filter(|(of, _)| *of == quarter) else { return };
        if held && watts < forecast {
            return;
        }
        self.last = Some((quarter, forecast, watts));
        if let Some(oldest) = self.errors.get_mut(self.next) {
            *oldest = watts - forecast;
        }
        self.next = (self.next + 1) % KEPT;
        self.known = self.known.saturating_add(1).min(KEPT);
        self.reckon();
    }

    /// The errors of what is forecast in another way say nothing.
    pub fn forget(&mut self) {
        self.made.fill((i64::MIN, 0.0));
        (self.known, self.next) = (0, 0);
    }

    /// How many errors are known, up to [`KEPT`].
    pub const fn known(&self) -> usize {
        self.known
    }

    /// The mean of what errors are without their sign (W); nothing before enough was judged.
    pub fn mean(&self) -> Option<f64> {
        (self.known >= FEW).then_some(self.mean)
    }

    /// What was measured above the forecast in no more than one quarter of ten (W, at least 0); nothing before enough was judged.
    pub fn high(&self) -> Option<f64> {
        (self.known >= FEW).then_some(self.high.max(0.0))
    }

    /// The last forecast that was judged: of which quarter, what was forecast and what was measured (W).
    pub const fn last(&self) -> Option<(i64, f64, f64)> {
        self.last
    }

    fn made_of(&mut self, quarter: i64) -> Option<&mut (i64, f64)> {
        let length = i64::try_from(self.made.len()).unwrap_or(1).max(1);
        let place = usize::try_from(quarter.rem_euclid(length)).unwrap_or(0);
        self.made.get_mut(place)
    }

    /// Once in a quarter of an hour; in place, so that no scan allocates.
    fn reckon(&mut self) {
        let mut sorted = [0.0; KEPT];
        let Some(sorted) = sorted.get_mut(..self.known) else { return };
        sorted.iter_mut().zip(&self.errors).for_each(|(to, from)| *to = *from);
        self.mean = sorted.iter().map(|error| error.abs()).sum::<f64>() / f64_from_usize(self.known.max(1));
        sorted.sort_unstable_by(f64::total_cmp);
        // The least of them that nine of ten do not exceed.
        let rank = libm::ceil(NINE_OF_TEN * f64_from_usize(self.known));
        let place = plant::convert::usize_from_u64(plant::convert::u64_from_f64_rounded(rank)).saturating_sub(1);
        self.high = sorted.get(place).copied().unwrap_or(0.0);
    }
}
