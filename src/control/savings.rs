//! Savings: what flowed through the billed meter, beside what would have flowed without control.
//!
//! ```text
//!  the meter's register ────────────────────────────────▶ metered ──────┐
//!    + what batteries gave, less what they took ────────▶ no batteries ─┼─▶ windows, peaks, energy, carbon, by billing period
//!        + what caps held back for money ─┬─────────────▶ no control ───┘
//!        + what jobs draw later than asked ┘
//! ```
//!
//! No simulator stands in for the site: both are made of what was metered and of what was done. What batteries gave is measured; what a lowered GPU would have drawn is an
//! estimate, from what it drew just before, and so is what a job would have drawn that waited.
//!
//! Where any of it is not known, or the meter is doubted, that time counts for no side. A window that is not known whole counts for every side as it was metered, where that
//! is known: what nobody knows is no saving. What breakers, cooling and people hold back is none either: it would be so without us.

mod month;
mod reading;
#[cfg(test)]
mod tests;
pub mod view;

use plant::convert::{f64_from_i64, i64_from_bits};
use plant::time::Wall;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::interval::{self, Ended, Interval, Kept, Plan, Trace, Turn, ended, is_same_clock};
use super::ledger::Later;
use super::power::Shed;
use super::prices::PriceNow;
use super::tariff::Tariff;
use month::{Billed, HORIZONS, Month, Sides};
use reading::Reading;

/// The billing period that runs, and those before that are kept.
const MONTHS: usize = 14;
/// The time since a meter was read is known to so much (ms).
const SHARP: i64 = 2;

/// A forecast that was judged: of which quarter of an hour, what was forecast and what was measured (W).
pub type Judged = Option<(i64, f64, f64)>;

/// What a scan sees.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// The billed meter.
    pub meter: interval::Scene,
    /// What goes through it is read and believed.
    pub believed: bool,
    /// What batteries below it give (W; negative is taken); nothing where one does not tell.
    pub given: Option<Watts>,
    /// What they hold (Wh); nothing where one does not tell.
    pub held: Option<f64>,
    /// What caps hold back.
    pub shed: Shed,
    /// What jobs that run later than asked for change.
    pub later: Later,
    /// What energy costs now.
    pub price: PriceNow,
    /// The last forecast that was judged of each horizon.
    pub judged: [Judged; HORIZONS],
    /// Setpoints of cooling are moved for peaks: what that takes off nobody reckons.
    pub rides: bool,
}

/// What is remembered. A clone is a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Savings {
    /// The newest first; the first `begun` of them.
    months: Vec<Month>,
    begun: usize,
    currency: String,
    /// The peaks of each of the tariff's demands.
    kept: Vec<Sides<Kept>>,
    /// What would have flowed.
    no_batteries: Trace,
    no_control: Trace,
    /// What batteries gave more than they took, and what was held back or moved besides, since the record began (Wh).
    given: f64,
    held: f64,
    /// What was thought to be moved and was not, and is in no month yet (Wh).
    settled: f64,
    reading: Reading,
    /// How often the meter lost count.
    breaks: u32,
    /// When the last scan was, and up to when the meter was read and windows were looked at (ms, clock of energy).
    before: Option<i64>,
    last: Option<i64>,
    looked: Option<i64>,
    /// The last quarter of an hour whose forecasts were judged.
    judged: [Option<i64>; HORIZONS],
}

impl Savings {
    /// Before anything was measured.
    #[must_use]
    pub fn new(plan: Option<&Plan>) -> Self {
        let Some(tariff) = plan.map(Plan::tariff) else { return Self::default() };
        let kept = tariff.demand.iter().map(|charge| {
            let kept = || Kept::new(&charge.name);
            Sides { metered: kept(), no_batteries: kept(), no_control: kept() }
        });
        Self {
            months: vec![Month::new(tariff.demand.len()); MONTHS],
            currency: tariff.currency.clone(),
            kept: kept.collect(),
            ..Self::default()
        }
    }

    /// A new boot: all of it carries over; by the names of demands, where the tariff is another one now. Money in another currency compares with nothing.
    pub fn restart(&mut self, plan: Option<&Plan>) {
        let new = Self::new(plan);
        let known = std::mem::replace(self, new);
        if known.currency != self.currency {
            return;
        }
        let new = std::mem::replace(self, known);
        let place = |kept: &Sides<Kept>| self.kept.iter().position(|of| of.metered.name == kept.metered.name);
        let places: Vec<Option<usize>> = new.kept.iter().map(place).collect();
        let blank = Month::new(1).demands;
        for month in &mut self.months {
            let of =
                |place: &Option<usize>| place.and_then(|place| month.demands.get(place)).or(blank.first()).copied();
            month.demands = places.iter().filter_map(of).collect();
        }
        let tariff = plan.map(Plan::tariff);
        let charges = tariff.iter().flat_map(|tariff| tariff.demand.iter().map(move |charge| (*tariff, charge)));
        let kept = places.iter().zip(new.kept).zip(charges).map(|((place, new), (tariff, charge))| {
            let mut kept = place.and_then(|place| self.kept.get(place)).cloned().unwrap_or(new);
            for side in [&mut kept.metered, &mut kept.no_batteries, &mut kept.no_control] {
                side.reserve();
                side.recheck(tariff, charge);
            }
            kept
        });
        self.kept = kept.collect();
        self.no_batteries.reserve();
        self.no_control.reserve();
    }

    /// One scan. Allocates nothing.
    pub fn step(&mut self, plan: &Plan, interval: &Interval, scene: &Scene) {
        let at = i64_from_bits(scene.meter.at.millis());
        let passed = self.before.map_or(0, |before| at.saturating_sub(before));
        let read = self.last.map_or(scene.meter.read(), |last| scene.meter.read().max(last));
        let offset = interval.offset(at);
        if let Some(offset) = offset.filter(|_| self.begun == 0) {
            self.turn(plan.tariff(), Wall(read + offset));
        }
        if !self.knows(scene) {
            self.reading.from = None;
        }
        let total = scene.meter.meter.total;
        let news = self.last.is_none_or(|last| read > last.saturating_add(SHARP));
        if scene.meter.meter.current && news {
            let after = at.saturating_sub(read).clamp(0, passed);
            self.reading.pass(passed - after, scene);
            self.close((read, total), scene);
            self.reading.pass(after, scene);
        } else {
            self.reading.pass(passed, scene);
        }
        self.settled += scene.later.settled;
        if let Some(month) = self.months.first_mut().filter(|_| self.begun > 0) {
            month.undone += scene.later.undone;
        }
        self.judge(scene);
        if let Some(offset) = offset {
            self.back(Wall(read + offset), offset);
            self.look(plan, interval, (read, offset));
            self.turn(plan.tariff(), Wall(read + offset));
            self.months.first_mut().into_iter().for_each(|month| month.offset = offset);
            self.looked = Some(read);
        }
        (self.before, self.last, self.breaks) = (Some(at), Some(read), scene.meter.meter.breaks);
    }

    /// True where all is known that both sides need, and has been since the scan before.
    #[must_use]
    pub fn knows(&self, scene: &Scene) -> bool {
        let at = i64_from_bits(scene.meter.at.millis());
        let passed = self.before.map_or(0, |before| at.saturating_sub(before));
        let same = self.breaks == scene.meter.meter.breaks;
        let lived = i64_from_bits(scene.meter.now.dt.millis()).saturating_add(SHARP);
        let read = scene.meter.meter.current && scene.believed;
        same && read && scene.given.is_some() && scene.meter.now.clock_trusted && passed <= lived
    }

    /// The meter was read: when (ms, clock of energy), and its total (Wh).
    fn close(&mut self, (read, total): (i64, f64), scene: &Scene) {
        let of = std::mem::replace(&mut self.reading, Reading::begin((read, total), scene.held));
        let Some((_, was)) = of.from else {
            // What would have flowed meanwhile is not known: no window reaches over it.
            self.no_batteries.forget();
            self.no_control.forget();
            self.mark(read, total);
            return;
        };
        self.given += of.given - of.taken;
        self.held += of.shed + of.moved;
        self.mark(read, total);
        if let Some(month) = self.months.first_mut().filter(|month| month.covers(scene.meter.now.wall, of.seconds)) {
            month.book(total - was, &of, std::mem::take(&mut self.settled));
        }
    }

    fn mark(&mut self, read: i64, total: f64) {
        self.no_batteries.mark(read, total + self.given);
        self.no_control.mark(read, total + self.given + self.held);
    }

    /// Takes down how wrong forecasts were.
    fn judge(&mut self, scene: &Scene) {
        let Some(month) = self.months.first_mut().filter(|_| self.begun > 0) else { return };
        for (horizon, (known, judged)) in self.judged.iter_mut().zip(scene.judged).enumerate() {
            let Some((quarter, forecast, measured)) = judged.filter(|(quarter, ..)| *known != Some(*quarter)) else {
                continue;
            };
            *known = Some(quarter);
            month.judge(horizon, measured - forecast);
        }
    }

    /// Looks at the windows that have ended since they were looked at, up to now (ms, clock of energy, and what the wall clock is ahead of it).
    fn look(&mut self, plan: &Plan, interval: &Interval, (at, offset): (i64, i64)) {
        let last = self.looked.or(self.last);
        let Self { months, kept, no_batteries, no_control, .. } = self;
        let (Some(month), Some(last), trace) = (months.first_mut(), last, interval.trace()) else { return };
        let tariff = plan.tariff();
        for ((charge, kept), billed) in tariff.demand.iter().zip(kept).zip(&mut month.demands) {
            let pass = |kept: &mut Sides<Kept>, billed: &mut Billed, now: Wall| {
                let turn = kept.metered.turn(tariff, charge, (now, offset));
                if turn == Some(Turn::Next) {
                    billed.settle(charge, kept);
                }
                for kept in [&mut kept.metered, &mut kept.no_batteries, &mut kept.no_control] {
                    kept.pass(tariff, charge, (now, offset));
                }
                if turn == Some(Turn::Back) {
                    billed.unsettle(charge, kept);
                }
            };
            ended(tariff, charge, &Ended { trace, last, at, offset }, |(from, to), window| {
                pass(kept, billed, window.0);
                let metered = trace.mean(from, to);
                let both = no_batteries.mean(from, to).zip(no_control.mean(from, to)).filter(|_| metered.is_some());
                let count = if both.is_some() { &mut billed.windows.0 } else { &mut billed.windows.1 };
                *count = count.saturating_add(1);
                kept.metered.look(metered, window);
                kept.no_batteries.look(both.map(|both| both.0).or(metered), window);
                kept.no_control.look(both.map(|both| both.1).or(metered), window);
            });
            pass(kept, billed, Wall(at + offset));
        }
    }

    /// It is now, by a clock that was set ahead into the next billing period and is back where it was: the one before goes on, and what was booked since is none.
    fn back(&mut self, now: Wall, offset: i64) {
        let before = self.months.get(1).filter(|month| self.begun > 1 && (month.from..month.to).contains(&now));
        let is_back = before.is_some_and(|month| is_same_clock(month.offset, offset));
        if is_back && self.months.first().is_some_and(|month| now < month.from) {
            self.months.rotate_left(1);
            self.begun -= 1;
        }
    }

    /// It is now: a billing period begins, where the one before is over.
    fn turn(&mut self, tariff: &Tariff, now: Wall) {
        let end = self.months.first().filter(|_| self.begun > 0).map(|month| month.to);
        if end.is_some_and(|end| now < end) {
            return;
        }
        let Some((first, next)) = tariff.billed_with(now) else { return };
        let Some((from, to)) = tariff.zone.begin(first).zip(tariff.zone.begin(next)) else { return };
        self.months.rotate_right(1);
        if let Some(month) = self.months.first_mut() {
            month.begin((end.map_or(from, |end| from.max(end)), to));
            self.begun = self.begun.saturating_add(1).min(MONTHS);
        }
    }
}

/// Milliseconds in hours.
fn hours(ms: i64) -> f64 {
    f64_from_i64(ms) / 3_600_000.0
}
