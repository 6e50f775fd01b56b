//! Power as a board's sensors see it: means over the milliseconds behind them.

use std::collections::VecDeque;

use plant::convert;

/// Milliseconds of the long window, over which drivers average.
const LONG: usize = 1000;
/// Milliseconds of the short window, in which a sensor looks.
const SHORT: usize = 25;

/// The last second of power, by the millisecond.
#[derive(Clone, Debug)]
pub struct Window(VecDeque<f64>);

impl Window {
    /// As if it had been `watts` for a second.
    pub fn at(watts: f64) -> Self {
        Self(std::iter::repeat_n(watts, LONG).collect())
    }

    /// A millisecond goes by (W).
    pub fn push(&mut self, watts: f64) {
        self.0.pop_front();
        self.0.push_back(watts);
    }

    /// What a sensor with a short memory says (W).
    pub fn instant(&self) -> f64 {
        self.0.iter().rev().take(SHORT).sum::<f64>() / convert::f64_from_usize(SHORT)
    }

    /// What a driver that averages says (W).
    pub fn average(&self) -> f64 {
        self.0.iter().sum::<f64>() / convert::f64_from_usize(LONG)
    }
}
