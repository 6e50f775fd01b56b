//! The meter the bill is made from: registers for both directions, the mean of each interval, the peak of the means.

use plant::convert;
use plant::read::Section;

use crate::physics::read::POSITIVE;

/// How a bill's meter measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Billing {
    /// The interval of demand (s, > 0); it begins at whole multiples of the clock.
    pub interval: f64,
    /// The step of the registers (Wh, > 0).
    pub register_step: f64,
}

impl Billing {
    /// A quarter of an hour, registers of 100 Wh.
    pub const USUAL: Self = Self { interval: 900.0, register_step: 100.0 };

    /// Reads a section with, where they differ from the usual, `interval-s` and `register-step-wh`.
    #[cfg_attr(not(test), expect(dead_code, reason = "halls with a grid's meter read it"))]
    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self {
            interval: of.within("interval-s", (1.0, 86_400.0)).unwrap_or(Self::USUAL.interval),
            register_step: of.within("register-step-wh", POSITIVE).unwrap_or(Self::USUAL.register_step),
        }
    }
}

/// The meter at the hall's door.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BillingMeter {
    /// A fault: its current transformers are the wrong way round, so that it takes import for export.
    pub flipped: bool,
    /// Power it read last (W, positive in).
    pub power: f64,
    imported: Register,
    exported: Register,
    /// Energy of the interval so far (J), and how much of it this meter has seen (s).
    interval: (f64, f64),
    last: Option<f64>,
    peak: Option<f64>,
}

/// Counts whole steps and keeps the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Register {
    counted: u64,
    rest: f64,
}

impl Register {
    fn count(&mut self, joules: f64, step: f64) {
        self.rest += joules / 3600.0;
        let whole = (self.rest / step).floor().max(0.0);
        self.counted = self.counted.saturating_add(convert::u64_from_f64_rounded(whole));
        self.rest -= whole * step;
    }
}

impl BillingMeter {
    /// Counts a power (W, positive in) held for `dt` seconds up to the clock's `until` (s, any origin that intervals count from).
    /// What is no number is not counted.
    pub fn count(&mut self, of: &Billing, power: f64, until: f64, dt: f64) {
        let sound = power.is_finite() && dt.is_finite() && dt > 0.0 && until.is_finite();
        if !sound {
            return;
        }
        self.power = if self.flipped { -power } else { power };
        let energy = self.power * dt;
        self.imported.count(energy.max(0.0), of.register_step);
        self.exported.count((-energy).max(0.0), of.register_step);
        let begin = until - dt;
        let ends = (begin / of.interval).floor() * of.interval + of.interval;
        if until < ends {
            self.hold(dt);
            return;
        }
        self.hold(ends - begin);
        self.close(of);
        // What is left may hold whole intervals, all with this mean.
        let left = until - ends;
        if left >= of.interval {
            self.hold(of.interval);
            self.close(of);
        }
        self.hold(left % of.interval);
    }

    /// Energy in (Wh), in whole steps.
    #[must_use]
    pub fn imported(&self, of: &Billing) -> f64 {
        convert::f64_from_u64(self.imported.counted) * of.register_step
    }

    /// Energy out (Wh), in whole steps.
    #[must_use]
    pub fn exported(&self, of: &Billing) -> f64 {
        convert::f64_from_u64(self.exported.counted) * of.register_step
    }

    /// Mean power of the interval that runs, so far (W).
    #[must_use]
    pub fn running_mean(&self) -> f64 {
        let (energy, seconds) = self.interval;
        if seconds > 0.0 { energy / seconds } else { self.power }
    }

    /// Mean power of the last whole interval (W).
    #[must_use]
    pub const fn last_mean(&self) -> Option<f64> {
        self.last
    }

    /// Highest mean of a whole interval (W): what is billed.
    #[must_use]
    pub const fn peak(&self) -> Option<f64> {
        self.peak
    }

    fn hold(&mut self, seconds: f64) {
        self.interval.0 += self.power * seconds;
        self.interval.1 += seconds;
    }

    /// Ends an interval; one that was not seen from its begin is no mean.
    fn close(&mut self, of: &Billing) {
        let (energy, seconds) = self.interval;
        if seconds > of.interval * (1.0 - 1e-6) {
            let mean = energy / of.interval;
            self.last = Some(mean);
            self.peak = Some(self.peak.map_or(mean, |p| p.max(mean)));
        }
        self.interval = (0.0, 0.0);
    }
}
