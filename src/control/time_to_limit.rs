//! Time to limit: how long until a row's worst inlet, a CDU's coolant, or a tank's fluid or vapour is at its limit, at the rate at which it
//! rises now.
//!
//! **Equation** `t = (limit − x) / ẋ`, where `x` and `ẋ` are value and slope, now, of the straight line that fits the means of the last
//! minute best (least squares). It rises where its slope is three times its own standard error and more; what does not rise is on its
//! way to no limit, and what takes longer than [`HORIZON`] nobody can foretell by a minute.
//! **Source** N. R. Draper, H. Smith, *Applied Regression Analysis*, Wiley 1998, chapter 1 (the slope and its standard error).
//!
//! A stale value rises by its ageing, so that what falls silent has its time, too; the trend begins anew after a value that was lost.

use plant::convert::f64_from_usize;
use plant::hall::{Hall, Strategies};
use plant::id::{PointId, RowId, Table};
use plant::time::Span;
use plant::units::Quantity;
use serde::{Deserialize, Serialize};

use super::scene::Scene;

/// What takes longer is not told.
pub const HORIZON: Span = Span::from_secs(30 * 60);

/// Means of a trend.
const MEANS: usize = 12;
/// What one of them covers.
const MEAN: Span = Span::from_secs(5);
/// A trend is known from so many on.
const LEAST: usize = 6;
/// A slope counts from so many standard errors on.
const CERTAIN: f64 = 3.0;

/// A straight line through what something was lately.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Where it is now, in the unit of what is measured.
    pub value: f64,
    /// How fast it rises (unit per second); 0 where it does not, for certain.
    pub rise: f64,
}

/// What something was lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Means, and the time that each covers (s), the newest first.
    means: [(f64, f64); MEANS],
    known: usize,
    /// Value times time and time (s) of the mean that is being made.
    making: (f64, f64),
    /// What it was last.
    last: f64,
}

impl Trend {
    /// Takes a value that held for `dt`; one that is not known begins anew.
    pub fn take(&mut self, value: Option<f64>, dt: Span) {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            *self = Self::default();
            return;
        };
        self.last = value;
        self.making = (self.making.0 + value * dt.seconds(), self.making.1 + dt.seconds());
        if self.making.1 < MEAN.seconds() {
            return;
        }
        self.means.rotate_right(1);
        if let Some(newest) = self.means.first_mut() {
            *newest = (self.making.0 / self.making.1, self.making.1);
        }
        self.known = (self.known + 1).min(MEANS);
        self.making = (0.0, 0.0);
    }

    /// The line through it; nothing while too little is known.
    #[must_use]
    pub fn line(&self) -> Option<Line> {
        if self.known < LEAST {
            return None;
        }
        let count = f64_from_usize(self.known);
        let (t_mean, x_mean) = self.points().fold((0.0, 0.0), |all, (t, x)| (all.0 + t / count, all.1 + x / count));
        let (mut tt, mut tx) = (0.0, 0.0);
        for (t, x) in self.points() {
            tt += (t - t_mean) * (t - t_mean);
            tx += (t - t_mean) * (x - x_mean);
        }
        let slope = tx / tt;
        let residual = |(t, x): (f64, f64)| x - x_mean - slope * (t - t_mean);
        let squares: f64 = self.points().map(|point| residual(point) * residual(point)).sum();
        let error = libm::sqrt(squares / (count - 2.0) / tt);
        let rises = slope > CERTAIN * error && slope > 0.0;
        Some(Line { value: x_mean - slope * t_mean, rise: if rises { slope } else { 0.0 } })
    }

    /// How long until it is at its limit, if it goes on so: none where it does not rise, or takes longer than [`HORIZON`]. 0 where it is there.
    #[must_use]
    pub fn until(&self, limit: f64) -> Option<f64> {
        let Line { value, rise } = self.line()?;
        if self.last >= limit || value >= limit {
            return Some(0.0);
        }
        let seconds = (limit - value) / rise;
        (seconds <= HORIZON.seconds()).then_some(seconds)
    }

    /// The middle of each mean as time before now (s, negative), with the mean.
    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let mut end = -self.making.1;
        self.means.iter().take(self.known).map(move |(mean, covers)| {
            let middle = end - covers / 2.0;
            end -= covers;
            (middle, *mean)
        })
    }
}

/// One of those that have a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limited<'h> {
    /// Whose: a row, a CDU, a tank.
    pub name: &'h str,
    /// What is limited: `inlet`, `coolant`, `fluid`, `vapour`.
    pub what: &'static str,
    /// The limit, in °C, or Pa above the air's for vapour.
    pub limit: f64,
    /// What it was lately.
    pub trend: Trend,
}

/// The trend of everything that has a limit, in the hall's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trends {
    rows: Table<RowId, Trend>,
    cdus: Vec<Trend>,
    tanks: Vec<Trend>,
    boiling: Vec<Trend>,
}

impl Trends {
    /// Nothing is known.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self {
            rows: Table::filled(hall.rows.len(), Trend::default()),
            cdus: hall.cdus.iter().map(|_| Trend::default()).collect(),
            tanks: hall.tanks.iter().map(|_| Trend::default()).collect(),
            boiling: hall.two_phase_tanks.iter().map(|_| Trend::default()).collect(),
        }
    }

    /// A new boot: nothing is known of its time.
    pub fn restart(&mut self) {
        let tanks = self.tanks.iter_mut().chain(&mut self.boiling);
        self.rows.rows_mut().iter_mut().chain(&mut self.cdus).chain(tanks).for_each(|trend| *trend = Trend::default());
    }

    /// One scan.
    pub fn step(&mut self, scene: &Scene<'_>) {
        let (hall, dt) = (scene.hall, scene.dt);
        let number = |point: PointId| scene.image.number(point).usable();
        for (row, trend) in hall.rows.rows().iter().zip(self.rows.rows_mut()) {
            trend.take(row.racks.iter().filter_map(|rack| number(rack.inlet.id())).reduce(f64::max), dt);
        }
        let cdus = hall.cdus.iter().map(|of| of.of.supply.id()).zip(&mut self.cdus);
        let tanks = hall.tanks.iter().map(|of| of.of.fluid.id()).zip(&mut self.tanks);
        let boiling = hall.two_phase_tanks.iter().map(|of| of.of.pressure.id()).zip(&mut self.boiling);
        cdus.chain(tanks).chain(boiling).for_each(|(point, trend)| trend.take(number(point), dt));
    }

    /// Everything that has a limit, with what it is: an inlet the allowable maximum, coolant the warmest that it is ever held at, fluid
    /// where its machines should be off, vapour where the vent opens.
    pub fn iter<'t>(&'t self, hall: &'t Hall, rules: &'t Strategies) -> impl Iterator<Item = Limited<'t>> {
        let equip = |id| hall.equips.get(id).map_or("?", |def| def.name.as_str());
        let inlet = hall.limits.inlet_max.get();
        let rows = hall.rows.rows().iter().map(move |row| (row.name.as_str(), "inlet", inlet)).zip(self.rows.rows());
        let coolant = rules.cdu.dew_point.warmest.get();
        let cdus = hall.cdus.iter().map(move |of| (equip(of.of.equip), "coolant", coolant)).zip(&self.cdus);
        let hot = rules.tank.hot.off.get();
        let tanks = hall.tanks.iter().map(move |of| (equip(of.of.equip), "fluid", hot)).zip(&self.tanks);
        let relief = rules.two_phase.pressure.relief.get();
        let boiling = hall.two_phase_tanks.iter().map(move |of| (equip(of.of.equip), "vapour", relief));
        let all = rows.chain(cdus).chain(tanks).chain(boiling.zip(&self.boiling));
        all.map(|((name, what, limit), trend)| Limited { name, what, limit, trend: *trend })
    }
}

#[cfg(test)]
mod tests;
