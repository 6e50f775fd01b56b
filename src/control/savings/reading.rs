//! From one reading of the billed meter to the next: for how long all is known that both sides need, and what that comes to.

use plant::convert::f64_from_i64;
use serde::{Deserialize, Serialize};

use super::Scene;

/// What has come together since the meter was read last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// When that was (ms, clock of energy), and its total (Wh); nothing where nothing is known since.
    pub from: Option<(i64, f64)>,
    /// For how long (s).
    pub seconds: f64,
    /// What batteries gave and took (Wh).
    pub given: f64,
    /// See above.
    pub taken: f64,
    /// What caps held back (Wh), the GPU-hours that this comes to, and those of which nobody knows.
    pub shed: f64,
    /// See above.
    pub lost: f64,
    /// See above.
    pub unsure: f64,
    /// What jobs would have drawn more that run later or are lowered (Wh; negative where they draw now what they would have before), and what those wanted that waited, and drew less that were
    /// lowered (Wh at machines).
    pub moved: f64,
    /// See above.
    pub waited: f64,
    /// What leases were lowered by of which nobody can tell what they draw less (Wh at machines), and for how long that was so (s).
    pub apart: (f64, f64),
    /// For how long setpoints of cooling were moved for peaks (s).
    pub rode: f64,
    /// For how long there was a price and its sum over time (s; per kWh · s), and the same of carbon (g per kWh).
    price: (f64, f64),
    /// See above.
    grams: (f64, f64),
    /// What batteries held at its begin, and now (Wh).
    held: (Option<f64>, Option<f64>),
}

impl Reading {
    /// From here on.
    pub fn begin(from: (i64, f64), held: Option<f64>) -> Self {
        Self { from: Some(from), held: (held, held), ..Self::default() }
    }

    /// So many milliseconds more, as it is now.
    pub fn pass(&mut self, ms: i64, scene: &Scene) {
        let (seconds, hours) = (f64_from_i64(ms) / 1e3, super::hours(ms));
        let given = scene.given.map_or(0.0, |given| given.0);
        self.seconds += seconds;
        *(if given > 0.0 { &mut self.given } else { &mut self.taken }) += given.abs() * hours;
        self.shed += scene.shed.watts.0 * hours;
        self.lost += scene.shed.lost * hours;
        self.unsure += scene.shed.unsure * hours;
        self.moved += scene.later.watts.0 * hours;
        self.waited += scene.later.waits.0 * hours;
        let apart = scene.later.apart.0;
        self.apart = (self.apart.0 + apart * hours, self.apart.1 + if apart > 0.0 { seconds } else { 0.0 });
        self.rode += if scene.rides { seconds } else { 0.0 };
        if let Some(price) = scene.price.price {
            self.price = (self.price.0 + seconds, self.price.1 + price.number() * seconds);
        }
        if let Some(grams) = scene.price.grams {
            self.grams = (self.grams.0 + seconds, self.grams.1 + grams.number() * seconds);
        }
        self.held.1 = scene.held;
    }

    /// What a kWh cost in the mean; nothing where that was not known all the time.
    pub fn price(&self) -> Option<f64> {
        self.mean(self.price)
    }

    /// What a kWh gave off in the mean (g).
    pub fn grams(&self) -> Option<f64> {
        self.mean(self.grams)
    }

    /// What batteries hold more than at its begin (Wh).
    pub fn stored(&self) -> Option<f64> {
        Some(self.held.1? - self.held.0?)
    }

    fn mean(&self, (seconds, sum): (f64, f64)) -> Option<f64> {
        (self.seconds > 0.0 && seconds >= self.seconds).then(|| sum / seconds)
    }
}
