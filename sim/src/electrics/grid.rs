//! The grid at the hall's door: its voltage with sags and outages, what each sag drops, and the meter the bill is made from.
//!
//! **Equation** a disturbance holds the voltage at its residual for its duration; seeded ones come at a yearly rate, at most one of
//! each kind in a day, outages with exponential and sags with evenly spread durations. Equipment drops when the voltage stays below
//! a level for longer than it rides through. Demand is the mean power of a clock interval; energy goes into an import and an
//! export register. **Source** ITI (CBEMA) curve for power supplies: 20 ms of nothing, 0.5 s of 70 %, 10 s of 80 %; contactors
//! let go below 50 to 70 % within some cycles (IEEE 1668). **Parameters** rates a year, durations (s), residuals (1).
//! **Box** steps up to an hour; voltages 0 to 1.2 of nominal. **Outside it** a step takes the voltage at its end and tells the deepest sag
//! within; the energy of a part of a step without voltage is not taken off. **Time constant** none; demand 15 minutes.

mod billing;
mod ride;

use plant::read::Section;

use crate::noise;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, maybe, number};

pub use billing::{Billing, BillingMeter};
pub use ride::{Ride, Through};

/// Seeded disturbances: one of each kind a day at the most (s).
const DAY: f64 = 86_400.0;
/// Days of a year, for rates.
const YEAR_DAYS: f64 = 365.25;
/// Below this the supply is dead for anything (1).
pub const DEAD: f64 = 0.1;

/// A sag or a gap: the voltage that was left, and how long.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dip {
    /// Voltage over nominal (1, 0 to 1).
    pub residual: f64,
    /// Duration so far or within the step (s, ≥ 0).
    pub seconds: f64,
}

/// What stands at a node's input over one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Voltage {
    /// At the end of the step, over nominal (1, ≥ 0).
    pub level: f64,
    /// The deepest sag within the step, if any: how much of it falls into the step. One that goes on stands in `level` too.
    pub dip: Option<Dip>,
}

impl Voltage {
    /// Nominal and undisturbed.
    pub const NOMINAL: Self = Self { level: 1.0, dip: None };
    /// None at all.
    pub const NONE: Self = Self { level: 0.0, dip: None };

    /// True when there is voltage worth the name.
    #[must_use]
    pub fn live(&self) -> bool {
        self.level > DEAD
    }

    /// True when it is below `level` at the end of the step or was so within it.
    #[must_use]
    pub fn below(&self, level: f64) -> bool {
        self.level < level || self.dip.is_some_and(|d| d.residual < level)
    }

    /// With a dip on top; the deeper one is told.
    #[must_use]
    pub fn and(self, other: Option<Dip>) -> Self {
        let deeper = match (self.dip, other) {
            (Some(one), Some(two)) => Some(if one.residual <= two.residual { one } else { two }),
            (one, two) => one.or(two),
        };
        Self { dip: deeper, ..self }
    }
}

/// A disturbance that is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disturbance {
    /// When it begins, since the start of the run (s, ≥ 0).
    pub at: f64,
    /// How long it lasts (s, ≥ 0).
    pub seconds: f64,
    /// Voltage that is left over nominal (1, 0 to 1); 0 is an outage.
    pub residual: f64,
}

/// Disturbances that come by chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    /// Outages in a year (1, 0 to 300).
    pub outages: f64,
    /// Mean duration of an outage (s, > 0); none lasts longer than a day.
    pub outage: f64,
    /// Sags in a year (1, 0 to 300).
    pub sags: f64,
    /// Longest sag (s, > 0).
    pub sag: f64,
    /// Deepest residual of a sag over nominal (1, 0 to 1); the shallowest is 0.9.
    pub deepest: f64,
}

/// The connection to the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Nominal voltage between phases (V, > 0).
    pub voltage: f64,
    /// Nominal frequency (Hz, > 0).
    pub frequency: f64,
    /// What the contract lets it draw (W, > 0).
    pub rated: f64,
    /// What is known beforehand, in any order.
    pub schedule: Vec<Disturbance>,
    /// What comes by chance.
    pub chance: Option<Chance>,
}

impl Grid {
    /// A grid that never fails, 400 V and 50 Hz.
    #[must_use]
    pub const fn steady(rated: f64) -> Self {
        Self { voltage: 400.0, frequency: 50.0, rated, schedule: Vec::new(), chance: None }
    }

    /// The voltage over the step from `from` to `from + dt` (s since the start). A function of its arguments alone.
    #[must_use]
    pub fn over(&self, from: f64, dt: f64, seed: u64) -> Voltage {
        let mut seen = Voltage::NOMINAL;
        for disturbance in &self.schedule {
            meet(&mut seen, *disturbance, from, dt);
        }
        if let Some(chance) = &self.chance {
            let today = (from + dt).max(0.0) / DAY;
            for day in [today.floor() - 1.0, today.floor()] {
                for kind in [Kind::Outage, Kind::Sag] {
                    if let Some(disturbance) = chance.of_day(kind, day, seed) {
                        meet(&mut seen, disturbance, from, dt);
                    }
                }
            }
        }
        seen
    }

    /// Reads a section with `voltage-v`, `frequency-hz`, `rated-w`, `[[disturbance]]` with `at-s`, `seconds` and `residual`, and
    /// `[chance]` with `outages-per-year`, `outage-s`, `sags-per-year`, `sag-s` and `deepest`.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let disturbance = |of: &Section<'_>| {
            let read = Disturbance {
                at: number(of, "at-s", AT_LEAST_ZERO),
                seconds: number(of, "seconds", AT_LEAST_ZERO),
                residual: of.within("residual", SHARE).unwrap_or(0.0),
            };
            of.done();
            read
        };
        Self {
            voltage: number(of, "voltage-v", POSITIVE),
            frequency: number(of, "frequency-hz", (16.0, 400.0)),
            rated: number(of, "rated-w", POSITIVE),
            schedule: of.sections("disturbance").iter().map(disturbance).collect(),
            chance: maybe(of, "chance", |of| Chance {
                outages: number(of, "outages-per-year", (0.0, 300.0)),
                outage: number(of, "outage-s", POSITIVE),
                sags: number(of, "sags-per-year", (0.0, 300.0)),
                sag: number(of, "sag-s", POSITIVE),
                deepest: number(of, "deepest", SHARE),
            }),
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Outage,
    Sag,
}

impl Chance {
    /// The disturbance of a kind that begins on a day, if one does.
    fn of_day(&self, kind: Kind, day: f64, seed: u64) -> Option<Disturbance> {
        let (a_year, channel) = match kind {
            Kind::Outage => (self.outages, "grid/outage"),
            Kind::Sag => (self.sags, "grid/sag"),
        };
        if day < 0.0 || a_year <= 0.0 {
            return None;
        }
        let (channel, tick) = (noise::channel(channel), plant::convert::u64_from_f64_rounded(day).wrapping_mul(4));
        let draw = |n: u64| noise::uniform(seed, channel, tick.wrapping_add(n));
        if draw(0) >= a_year / YEAR_DAYS {
            return None;
        }
        let at = DAY * (day + draw(1));
        let (seconds, residual) = match kind {
            Kind::Outage => ((-self.outage * libm::log(1.0 - draw(2))).min(DAY), 0.0),
            Kind::Sag => (self.sag * draw(2), self.deepest + (0.9 - self.deepest) * draw(3)),
        };
        Some(Disturbance { at, seconds, residual })
    }
}

/// Puts a disturbance upon what a step sees.
fn meet(seen: &mut Voltage, of: Disturbance, from: f64, dt: f64) {
    let (end, over) = (from + dt, of.at + of.seconds);
    let within = over.min(end) - of.at.max(from);
    if within <= 0.0 {
        return;
    }
    if over > end {
        seen.level = seen.level.min(of.residual);
    }
    *seen = seen.and(Some(Dip { residual: of.residual, seconds: within }));
}

#[cfg(test)]
mod tests;
