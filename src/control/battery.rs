//! Batteries: what they give so that feeds and billed windows are kept, and how they are charged without a peak of their own.
//!
//! ```text
//!  meter ─▶ what flows ─┐
//!  what it gives, as it was when the meter was read ─┴▶ free: what would flow without batteries ─┐
//!  feeds' limits, budgets, billed windows ─▶ what may flow ─────────────────────────────────────┴▶ free above it: it gives the difference
//!
//!   Rests ── more would flow than may ──▶ Shaves, Relieves ── it is enough, or nothing is left above the reserve ──▶ Rests
//!     └─ rested, below `charge-to`, and windows have room ──▶ Charges, slowly risen ── room is gone, or full ──▶ Rests
//! ```
//!
//! A battery comes before caps: what it can still give is added to what a billed window allows to machines ([`Batteries::relieves`]), and no more than it is
//! seen to give. What lies below its reserve is for an outage, and nothing here takes it. In doubt it rests.
//!
//! How much of a peak it can hold to its end is a plan's question: without one it gives what is needed now as long as it can, and less and less in its
//! last minutes, so that caps have time to take over. With one it gives and takes what is planned, where windows and feeds do not ask for more or leave
//! less room.

mod follow;
mod proof;
mod together;
mod trail;
pub mod view;

#[cfg(test)]
pub(super) mod tests;

use core::cmp::Ordering;

use plant::command::{Level, Reason};
use plant::event::{About, BatteryDoes, BatteryNews, ProofEnd, What};
use plant::hall::Hall;
use plant::hall::power::Power;
use plant::hall::storage::Storage;
use plant::id::FeedId;
use plant::point::Point;
use plant::time::{Mono, Span, Tick};
use plant::units::{Celsius, Percent, Quantity, Watts};
use serde::{Deserialize, Serialize};

use super::clock::sum;
use super::commands::{Commands, Limit};
use super::news::News;
use super::quality::Image;
use follow::Follow;
pub use proof::Asked;
use proof::{Proof, Proven};
use trail::Trail;

/// What is above the reserve is given so that it lasts for so long at the least: caps have that time to take over.
const LASTS: Span = Span::from_secs(300);
/// It begins to give, and to be charged, from this share of its rating on (1): less is noise.
const WORTH: f64 = 0.01;
/// The hall takes at least so much of what it gives from somewhere else (1): nothing flows back into the grid.
const WITHIN: f64 = 0.98;
/// It is charged again once it is so far below where it shall stand (%).
const BELOW: f64 = 3.0;
/// What of the power that may flow is never used for charging without a plan (1).
const KEPT: f64 = 0.02;

/// All batteries of a hall. A clone is a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batteries {
    units: Vec<Unit>,
}

/// What is remembered of a battery.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Unit {
    does: BatteryDoes,
    /// What it shall give (W); negative where it shall take.
    order: f64,
    /// It is below where it shall stand, and is on its way.
    hungry: bool,
    /// How long ago it gave last.
    rested: Span,
    /// What it tells now; nothing where that is in doubt.
    seen: Option<Seen>,
    trail: Trail,
    follow: Follow,
    proof: Option<Proof>,
    proven: Option<Proven>,
    /// It was told that a proof is due.
    due: bool,
    /// It has nothing left above its reserve, and more is needed.
    empty: bool,
    /// What it has given and taken (Wh).
    through: (f64, f64),
    /// What flows where it hangs is known, so that it may give.
    sees: bool,
    /// It keeps back what later windows need.
    saves: bool,
}

/// What a battery tells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    power: f64,
    charge: Percent,
    cells: Celsius,
}

/// What flows where a battery hangs, and what may.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// What would flow without batteries (W); nothing where it is not metered.
    pub free: Option<Watts>,
    /// What may flow at this moment (W), and what it is that does not allow more.
    pub most: Watts,
    /// See above.
    pub bound: Bound,
    /// Up to here more may be drawn for charging (W).
    pub spare: Watts,
    /// What other batteries give there (W, ≥ 0): loads take no more of this one than what is left.
    pub others: Watts,
    /// What it shall give by the plan that is followed (W); negative where it shall take, nothing where none is.
    pub planned: Option<Watts>,
    /// It keeps back what later windows need: machines come down before it gives more.
    pub saves: bool,
}

/// What does not allow more to flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A billed window.
    Window,
    /// The feed's own limit.
    Feed,
    /// The grid, a tariff or a person.
    Budget,
}

impl Room {
    /// The same where other batteries shall give so much before this one (W), and give so much in all (W, ≥ 0).
    #[must_use]
    pub fn given(self, before: Watts, others: Watts) -> Self {
        Self { most: self.most + before, spare: self.spare + before, others, ..self }
    }

    /// What loads there can take of it, so that nothing flows back (W, ≥ 0).
    fn takes(&self) -> f64 {
        self.free.map_or(0.0, |free| (free.0 - self.others.0) * WITHIN).max(0.0)
    }

    /// Of two places that a battery's power goes through: what would flow above the tighter one.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let over = |room: &Self| room.free.map_or(f64::NEG_INFINITY, |free| free.0 - room.most.0);
        let left = |room: &Self| room.free.map_or(0.0, |free| room.spare.0 - free.0);
        let tighter = if over(&other) > over(&self) { other } else { self };
        let least = left(&self).min(left(&other));
        let spare = tighter.free.map_or(tighter.spare, |free| Watts(free.0 + least));
        let others =
            tighter.free.map_or(tighter.others, |free| Watts(free.0 - self.takes().min(other.takes()) / WITHIN));
        let free = tighter.free.filter(|_| self.free.is_some() && other.free.is_some());
        Self { spare, free, others, ..tighter }
    }
}

impl Batteries {
    /// Of a hall, before anything was heard.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self { units: vec![Unit::default(); hall.power.storage.len()] }
    }

    /// A new boot: nothing is known of what they do; a proof is over.
    pub fn restart(&mut self, hall: &Hall, news: &mut News<'_>) {
        for (of, unit) in hall.power.storage.iter().zip(&mut self.units) {
            if unit.proof.take().is_some() {
                news.warn(About::Equip(of.of.equip), What::Battery(BatteryNews::ProofEnded(ProofEnd::Restarted)));
            }
            let (proven, due, through) = (unit.proven, unit.due, unit.through);
            *unit = Unit { proven, due, through, ..Unit::default() };
        }
    }

    /// Reads what they tell. Beside somebody else's control none is expected to do as we would tell it.
    pub fn look(&mut self, hall: &Hall, image: Image<'_>, beside: bool, (dt, news): (Span, &mut News<'_>)) {
        for (of, unit) in hall.power.storage.iter().zip(&mut self.units) {
            let about = About::Equip(of.of.equip);
            let was = unit.does == BatteryDoes::Doubted;
            unit.seen = seen(of, image);
            if was != unit.seen.is_none() {
                news.switched(about, (What::Battery(BatteryNews::Doubted(!was)), !was));
            }
            let power = image.read(of.of.power);
            unit.trail.hear(power, image.heard(of.of.power.id()));
            if let Some(power) = power.fresh() {
                let energy = Watts(power.0.abs()).over(dt).0;
                *(if power.0 > 0.0 { &mut unit.through.0 } else { &mut unit.through.1 }) += energy;
            }
            let Some(seen) = unit.seen else {
                unit.follow = Follow::default();
                continue;
            };
            let ordered = if beside { 0.0 } else { unit.order };
            if let Some(lags) = unit.follow.step((ordered, seen.power), of.rated.1.0, dt) {
                news.switched(about, (What::Battery(BatteryNews::Lags(lags)), lags));
            }
        }
    }

    /// What batteries below a feed gave when its meter was read (W).
    #[must_use]
    pub fn below(&self, power: &Power, feed: FeedId, read: Mono) -> Watts {
        let here = power.storage.iter().zip(&self.units).filter(|(of, _)| power.hangs_below(of.feed, feed));
        Watts(here.map(|(_, unit)| unit.trail.at(read)).sum())
    }

    /// What batteries below a feed can still give beyond what they give (W, ≥ 0): so much more may be left to loads there. One that does not know
    /// what flows gives nothing, and where a feed has no meter nobody gives for its sake.
    #[must_use]
    pub fn relieves(&self, power: &Power, feed: FeedId) -> Watts {
        if power.feeds.get(feed).is_none_or(|of| of.meter.is_none()) {
            return Watts(0.0);
        }
        let here = power.storage.iter().zip(&self.units).filter(|(of, _)| power.hangs_below(of.feed, feed));
        let more = here
            .filter(|(_, unit)| unit.sees && !unit.saves)
            .map(|(of, unit)| unit.seen.map_or(0.0, |seen| (unit.gives(of, &seen) - seen.power).max(0.0)));
        Watts(more.sum())
    }

    /// What those before a place in the file give below a feed once they do as they are told, or as they are able to (W): the next one gives what is
    /// left to give. And what all others give (W, ≥ 0). One that is in doubt does nothing for us: what it gives, or takes, counts as it was read last.
    #[must_use]
    pub fn beside(&self, power: &Power, feed: FeedId, place: usize) -> (Watts, Watts) {
        let here = power.storage.iter().zip(&self.units).enumerate();
        let here = here.filter(|(_, (of, _))| power.hangs_below(of.feed, feed));
        let all = here.fold((0.0, 0.0), |(before, others), (at, (_, unit))| match (at.cmp(&place), unit.seen) {
            (Ordering::Equal, _) => (before, others),
            (Ordering::Less | Ordering::Greater, None) => {
                let gives = unit.trail.last();
                (before + gives, others + gives.max(0.0))
            }
            (Ordering::Less, Some(_)) => (before + unit.counts(), others + unit.counts().max(0.0)),
            (Ordering::Greater, Some(seen)) => (before, others + seen.power.max(0.0)),
        });
        (Watts(all.0), Watts(all.1))
    }

    /// Decides what one shall do, by what flows and may flow where it hangs.
    pub fn step(&mut self, (of, place): (&Storage, usize), room: &Room, (now, news): (Tick, &mut News<'_>)) {
        let Some(unit) = self.units.get_mut(place) else { return };
        let before = unit.does;
        unit.decide(of, room, (now, news));
        unit.rested = if gives(unit.does) { Span::ZERO } else { sum(unit.rested, now.dt) };
        let about = About::Equip(of.of.equip);
        if gives(before) != gives(unit.does) {
            news.info(about, What::Battery(BatteryNews::Gives(gives(unit.does))));
        }
        if charges(before) != charges(unit.does) {
            news.info(about, What::Battery(BatteryNews::Charges(charges(unit.does))));
        }
    }

    /// Proposes what was decided, and keeps each within what it can do, whoever asks.
    pub fn propose(&self, hall: &Hall, commands: &mut Commands) {
        for (of, unit) in hall.power.storage.iter().zip(&self.units) {
            let Some(output) = commands.output(of.of.order.id()) else { continue };
            commands.propose(output, level(unit.does), unit.order, Reason::Battery(unit.does));
            let (min, max) = unit.seen.map_or((0.0, 0.0), |seen| {
                let hard = if seen.charge.0 > of.window.0.0 { of.rated.1.0 * of.cells.share(seen.cells) } else { 0.0 };
                (-of.takes(seen.charge, seen.cells).0, hard)
            });
            let reason = Reason::Battery(if unit.seen.is_some() { unit.does } else { BatteryDoes::Doubted });
            commands.limit(output, Level::CriticalEquipment, Limit { min, max, reason });
        }
    }
}

/// True for what takes it out of its rest.
const fn gives(does: BatteryDoes) -> bool {
    match does {
        BatteryDoes::Shaves | BatteryDoes::Relieves | BatteryDoes::Spends | BatteryDoes::Proves => true,
        BatteryDoes::Rests | BatteryDoes::Charges | BatteryDoes::Stores | BatteryDoes::Doubted => false,
    }
}

/// True while it is charged.
const fn charges(does: BatteryDoes) -> bool {
    match does {
        BatteryDoes::Charges | BatteryDoes::Stores => true,
        BatteryDoes::Rests
        | BatteryDoes::Shaves
        | BatteryDoes::Relieves
        | BatteryDoes::Spends
        | BatteryDoes::Proves
        | BatteryDoes::Doubted => false,
    }
}

/// Who holds its order.
const fn level(does: BatteryDoes) -> Level {
    match does {
        BatteryDoes::Shaves => Level::PeakShaving,
        BatteryDoes::Relieves => Level::DemandResponse,
        BatteryDoes::Spends | BatteryDoes::Stores => Level::Optimiser,
        BatteryDoes::Proves => Level::Commissioning,
        BatteryDoes::Rests | BatteryDoes::Charges | BatteryDoes::Doubted => Level::Control,
    }
}

/// What it tells, if all of it is fresh and it is ready.
fn seen(of: &Storage, image: Image<'_>) -> Option<Seen> {
    fn fresh<Q: Quantity>(image: Image<'_>, point: Point<Q>) -> Option<Q> {
        image.read(point).fresh()
    }
    fresh(image, of.of.ready).filter(|ready| ready.0 > 0.5)?;
    let (power, charge, cells) = (fresh(image, of.of.power)?, fresh(image, of.of.charge)?, fresh(image, of.of.cells)?);
    Some(Seen { power: power.0, charge, cells })
}

impl Unit {
    /// What it can give for economics' sake (W, ≥ 0): above its reserve, for some minutes, and no more than it is seen to give where it lags.
    fn gives(&self, of: &Storage, seen: &Seen) -> f64 {
        let most = of.gives((seen.charge, of.floor()), seen.cells, LASTS).0;
        self.follow.able().map_or(most, |able| most.min(able))
    }

    /// What it gives once it does as it is told, or what it is able to where it lags (W); negative where it takes.
    fn counts(&self) -> f64 {
        self.follow.able().map_or(self.order, |able| self.order.min(able))
    }

    fn decide(&mut self, of: &Storage, room: &Room, (now, news): (Tick, &mut News<'_>)) {
        (self.sees, self.saves) = (room.free.is_some(), room.saves);
        let about = About::Equip(of.of.equip);
        self.ask_for_proof(of, about, (now, news));
        let Some(seen) = self.seen else {
            self.end_proof(about, ProofEnd::Doubted, news);
            (self.does, self.order) = (BatteryDoes::Doubted, 0.0);
            return;
        };
        let Some(free) = room.free.map(|free| free.0) else {
            self.end_proof(about, ProofEnd::Doubted, news);
            (self.does, self.order) = (BatteryDoes::Rests, 0.0);
            return;
        };
        let (worth, most) = (WORTH * of.rated.1.0, of.gives((seen.charge, of.floor()), seen.cells, LASTS).0);
        let within = room.takes();
        let want = free - room.most.0;
        let wanted = want > if gives(self.does) { 0.0 } else { worth };
        let empty = wanted && most < worth;
        if self.empty != empty && (empty || seen.charge.0 > of.floor().0 + BELOW) {
            self.empty = empty;
            news.switched(about, (What::Battery(BatteryNews::Empty(empty)), empty));
        }
        if self.proof.is_some() {
            self.prove(of, (&seen, within, want), (now, news));
            return;
        }
        let kept = if room.planned.is_some() { 0.0 } else { KEPT };
        let left = room.spare.0 * (1.0 - kept) - free;
        (self.does, self.order) = match room.planned.map(|planned| planned.0) {
            // Windows, feeds and grids come before any plan.
            planned if wanted && planned.is_none_or(|planned| want >= planned) => {
                let does = if room.bound == Bound::Window { BatteryDoes::Shaves } else { BatteryDoes::Relieves };
                (does, want.min(most).min(within).max(0.0))
            }
            Some(planned) if planned > 0.0 => {
                let gives = planned.min(self.gives(of, &seen)).min(within);
                if gives < worth { (BatteryDoes::Rests, 0.0) } else { (BatteryDoes::Spends, gives) }
            }
            Some(planned) => self.store(of, (&seen, left.min(-planned)), now.dt),
            None => self.charge(of, (&seen, left), now.dt),
        };
    }

    /// Charges it, where it is hungry and loads leave so much room (W).
    fn charge(&mut self, of: &Storage, (seen, room): (&Seen, f64), dt: Span) -> (BatteryDoes, f64) {
        let below = of.charge_to.0 - seen.charge.0;
        self.hungry = below > if self.hungry { 0.0 } else { BELOW };
        if !self.hungry || self.rested < of.charging.rest {
            return (BatteryDoes::Rests, 0.0);
        }
        self.take(of, (seen, room), (BatteryDoes::Charges, dt))
    }

    /// Charges it as it is planned, with so much at the most (W).
    fn store(&mut self, of: &Storage, (seen, most): (&Seen, f64), dt: Span) -> (BatteryDoes, f64) {
        self.take(of, (seen, most), (BatteryDoes::Stores, dt))
    }

    /// Takes what is left for it, slowly risen (W).
    fn take(&self, of: &Storage, (seen, most): (&Seen, f64), (does, dt): (BatteryDoes, Span)) -> (BatteryDoes, f64) {
        let takes = of.takes(seen.charge, seen.cells).0.min(of.charging.most.0).min(most);
        if takes < WORTH * of.rated.0.0 {
            return (BatteryDoes::Rests, 0.0);
        }
        let step = of.charging.most.0 * dt.seconds() / of.charging.rise.seconds().max(1.0);
        let before = if charges(self.does) { -self.order } else { 0.0 };
        (does, -takes.min(before + step))
    }
}
