//! One GPU's cap: who has the say over it, and what shall be enforced.
//!
//! ```text
//!                 grant                        lease over
//!   FailSafe ───────────────▶ Lease ────────────────────────────▶ FailSafe
//!       ▲                       │                                    (the lower of present cap and fail-safe)
//!       │ grant, or people      │ people release the node
//!       │ take it again         ▼
//!       └──────────────────  Released: the limit from before us, where the present one is still ours
//!
//!   Foreign lies over all of them: a limit that somebody else set below ours is a ceiling until he raises it again.
//! ```

mod memory;
mod news;

use plant::gpu::{Condition, GpuSample, Milliwatts, PowerLimits};
use plant::lease::{Grant, Rule, Taken};
use plant::time::{Mono, Span};

use super::clock::{self, Clock};
pub use memory::Memory;
pub use news::News;

/// What the node's own file says: nobody who grants can leave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// What a GPU draws at the most when nobody has the say (mW).
    pub failsafe: Milliwatts,
    /// The lowest cap that is ever set for a grant (mW, ≤ `failsafe`).
    pub floor: Milliwatts,
    /// The highest (mW, ≥ `failsafe`).
    pub ceiling: Milliwatts,
    /// The longest lease (s, 1 s to 10 min).
    pub longest: Span,
    /// How soon a limit that is not kept is asserted again (s, > 0).
    pub assert_every: Span,
}

/// Limits as near as this are the same: drivers round.
pub const SAME: Milliwatts = Milliwatts::from_watts(1);

/// A grant that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lease {
    cap: Milliwatts,
    clock: Option<u32>,
    until: Mono,
}

/// One GPU's cap.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hold {
    /// The limit from before us.
    prior: Option<Milliwatts>,
    /// The limit as we left it, read back: another is somebody else's doing.
    ours: Option<Milliwatts>,
    /// A limit that somebody else set below ours.
    foreign: Option<Milliwatts>,
    lease: Option<Lease>,
    /// What shall be enforced; nothing until it was read for the first time, or when it is released.
    wanted: Option<Milliwatts>,
    /// Epoch and sequence of the last grant that was taken.
    order: (u64, u64),
    /// When a limit was written last, and which; nothing where it is to be written anew.
    written: Option<(Mono, Milliwatts)>,
    /// What was asked for last, and before, that nobody has answered: whoever finds it finds ours.
    sent: [Option<Milliwatts>; 2],
    released: bool,
    contended: bool,
    /// Its board takes no limit as low as the fail-safe.
    stiff: bool,
    /// What an earlier life may have left instead of `ours`: its fail-safe, and what it was about to write.
    left: (Option<Milliwatts>, Option<Milliwatts>),
    clock: Clock,
    sample: GpuSample,
}

impl Hold {
    /// A grant comes; its lease counts from `from`.
    pub fn grant(&mut self, grant: &Grant, (from, now): (Mono, Mono), bounds: &Bounds) -> Taken {
        if grant.lease == Span::ZERO || grant.lease > bounds.longest || grant.cap == Milliwatts(0) {
            return Taken::BadLease;
        }
        if grant.clock_mhz.is_some_and(|mhz| !clock::RANGE.contains(&mhz)) {
            return Taken::BadClock;
        }
        if self.released {
            return Taken::Held;
        }
        if (grant.epoch, grant.sequence) <= self.order {
            return Taken::Older;
        }
        let until = from.min(now).after(grant.lease);
        if until <= now {
            return Taken::Late;
        }
        let cap = self.sample.limits.fit(grant.cap.clamp(bounds.floor, bounds.ceiling));
        self.order = (grant.epoch, grant.sequence);
        self.lease = Some(Lease { cap, clock: grant.clock_mhz, until });
        self.aim(now, bounds);
        Taken::Granted { cap: self.foreign.map_or(cap, |f| f.min(cap)) }
    }

    /// People take the node back: the limit from before us, where the present one is still ours. Tells where the file's ceiling is in the way.
    pub fn release(&mut self, bounds: &Bounds) -> Option<News> {
        (self.released, self.lease, self.written) = (true, None, None);
        self.restore(bounds);
        let prior = self.prior.filter(|prior| self.wanted.is_some() && *prior > bounds.ceiling)?;
        Some(News::Curbed { prior, ceiling: bounds.ceiling })
    }

    fn restore(&mut self, bounds: &Bounds) {
        let is_ours = |now: Milliwatts| self.ours.is_some_and(|ours| ours.apart(now) <= SAME) && self.foreign.is_none();
        let ours = self.sample.limits.configured.filter(|now| is_ours(*now));
        // What the file says holds for us whoever asks; people may set what they like by themselves.
        let back = self.prior.map(|prior| self.sample.limits.fit(prior.min(bounds.ceiling)));
        self.wanted = back.filter(|back| ours.is_some_and(|ours| ours != *back));
    }

    /// People give the node back to its controller. What is set now is what was before us.
    pub fn take(&mut self, now: Mono, bounds: &Bounds) {
        if std::mem::take(&mut self.released) {
            self.prior = self.sample.limits.configured;
            (self.wanted, self.foreign, self.ours) = (self.prior, None, self.prior);
            self.aim(now, bounds);
        }
    }

    /// What was read. Tells what changed.
    pub fn see(&mut self, sample: GpuSample, now: Mono, bounds: &Bounds) -> [Option<News>; 4] {
        let before = self.sample;
        let newer = self.written.is_none_or(|(at, _)| sample.at > at);
        self.sample = sample;
        if !newer {
            // Read before the last write: its limits are older than those that were read back.
            self.sample.limits = before.limits;
        }
        let (Some(configured), true, true) = (sample.limits.configured, self.is_readable(), newer) else {
            return [self.aim(now, bounds), None, None, None];
        };
        let anew = before.driver != 0 && before.driver != sample.driver;
        if anew || before.condition == Condition::Lost {
            self.clock = Clock::default();
        }
        // A driver that is only opened anew has forgotten nothing.
        let anew = anew && sample.limits.default.is_none_or(|default| default.apart(configured) <= SAME);
        if anew {
            // Its limits are back at their default: nobody meant that.
            (self.foreign, self.written) = (None, None);
        }
        self.prior = self.prior.or(Some(configured));
        let foreign = self.compare(configured, anew, bounds);
        let over = self.aim(now, bounds);
        [over, foreign, self.keep(), self.bend(bounds)]
    }

    /// Does its board take a limit as low as the fail-safe?
    fn bend(&mut self, bounds: &Bounds) -> Option<News> {
        let least = self.sample.limits.least.filter(|least| *least > bounds.failsafe);
        let before = std::mem::replace(&mut self.stiff, least.is_some());
        least.filter(|_| !before).map(|least| News::Stiff { least, failsafe: bounds.failsafe })
    }

    /// Who has set what is configured now?
    fn compare(&mut self, configured: Milliwatts, anew: bool, bounds: &Bounds) -> Option<News> {
        let (fallen, asked) = std::mem::take(&mut self.left);
        let ours = self.ours.replace(configured)?;
        // It only ever lowers what it finds.
        let found = asked.map_or(ours, |asked| asked.max(ours));
        let fallen = fallen.map(|f| self.sample.limits.fit(f)).filter(|f| *f < found);
        let by_us = [fallen, asked].into_iter().chain(self.sent).flatten().any(|by_us| by_us.apart(configured) <= SAME);
        if ours.apart(configured) <= SAME || by_us {
            // A rounding is kept, so that roundings do not add up.
            self.ours = Some(if ours.apart(configured) <= SAME { ours } else { configured });
            return None;
        }
        self.sent = [None; 2];
        if anew {
            return Some(News::DriverAnew);
        }
        if self.released {
            // Whose it is now does not matter; that it is not ours does.
            self.foreign = Some(configured);
            return None;
        }
        if configured < ours {
            self.foreign = Some(configured);
            return Some(News::Lowered { to: configured, from: ours });
        }
        self.written = None;
        let meant = self.lease.map_or(bounds.failsafe, |l| l.cap);
        match self.foreign.take() {
            None => Some(News::Raised { to: configured, from: ours }),
            Some(_) if configured < meant => {
                self.foreign = Some(configured);
                Some(News::Lowered { to: configured, from: meant })
            }
            Some(_) => Some(News::GivenBack),
        }
    }

    /// Is what shall be enforced enforced?
    fn keep(&mut self) -> Option<News> {
        let (enforced, wanted) = self.sample.limits.enforced.zip(self.wanted)?;
        let above = enforced > wanted + SAME && self.written.is_some_and(|(_, tried)| tried == wanted);
        let before = std::mem::replace(&mut self.contended, above);
        match (before, above) {
            (false, true) => Some(News::Contended { enforced, wanted }),
            (true, false) => Some(News::Kept),
            (true, true) | (false, false) => None,
        }
    }

    /// Decides what shall be enforced. Tells where a lease ends.
    fn aim(&mut self, now: Mono, bounds: &Bounds) -> Option<News> {
        if self.released {
            self.restore(bounds);
            return None;
        }
        let mut news = None;
        if self.lease.is_some_and(|l| now >= l.until) {
            // What was granted was the most; whatever is less than the fail-safe stays.
            self.wanted = self.lease.take().map(|l| l.cap);
            news = Some(News::Expired);
        }
        self.wanted = match self.lease {
            Some(lease) => Some(lease.cap),
            None => self
                .wanted
                .or(self.sample.limits.configured)
                .map(|present| self.sample.limits.fit(present.min(bounds.failsafe))),
        };
        if let Some(foreign) = self.foreign {
            self.wanted = self.wanted.map(|wanted| wanted.min(foreign));
        }
        news
    }

    /// A limit that is to be written now, and whether that is less than what may be drawn now.
    #[must_use]
    pub fn due(&self, now: Mono, bounds: &Bounds) -> Option<(Milliwatts, bool)> {
        let wanted = self.wanted.filter(|_| self.is_readable())?;
        let limits = self.sample.limits;
        let lowers = limits.enforced.or(limits.configured).is_none_or(|e| e > wanted + SAME);
        if !lowers && limits.configured.is_some_and(|c| c.apart(wanted) <= SAME) {
            return None;
        }
        let waits = |(at, tried): (Mono, Milliwatts)| tried == wanted && now.since(at) < bounds.assert_every;
        (!self.written.is_some_and(waits)).then_some((wanted, lowers))
    }

    /// A clock that is to be locked now (MHz), or freed. Freeing waits for the fall that comes with the end of a lease.
    #[must_use]
    pub fn clock_due(&self, now: Mono, bounds: &Bounds) -> Option<Option<u32>> {
        let wanted = self.lease.filter(|_| !self.released).and_then(|l| l.clock);
        if !self.is_readable() || wanted.is_none() && self.is_falling() {
            return None;
        }
        self.clock.due(wanted, now, bounds.assert_every)
    }

    /// A clock was asked for; true where it was done.
    pub fn clocked(&mut self, wanted: Option<u32>, done: bool, at: Mono) {
        self.clock.tried(wanted, done, at);
    }

    /// What it is locked to (MHz).
    #[must_use]
    pub const fn clock(&self) -> Option<u32> {
        self.clock.locked()
    }

    /// The most that it can draw for all we know (mW): what was read, or what was written since.
    #[must_use]
    pub fn at_most(&self) -> Option<Milliwatts> {
        let since = self.written.filter(|(at, _)| self.sample.at <= *at).map(|(_, limit)| limit);
        self.sample.at_most().map(|most| since.map_or(most, |limit| limit.max(most)))
    }

    /// True where less shall be enforced than is, on a board that can be read or does not answer at the moment: what is freed
    /// there must not be given out yet.
    #[must_use]
    pub fn is_falling(&self) -> bool {
        let live = self.is_readable() || self.sample.condition == Condition::Silent;
        let enforced = self.sample.limits.enforced.or(self.sample.limits.configured);
        live && self.wanted.is_some_and(|wanted| enforced.is_none_or(|e| e > wanted + SAME))
    }

    /// A limit was written, and read back as this.
    pub fn wrote(&mut self, limit: Milliwatts, read: &PowerLimits, at: Mono) {
        self.written = Some((at, limit));
        self.sent = [None; 2];
        self.ours = read.configured;
        self.sample.limits = *read;
        if self.released {
            self.wanted = None;
        }
    }

    /// A limit is asked for: it may be there before its answer is.
    pub fn asked(&mut self, limit: Milliwatts, at: Mono) {
        let [last, before] = self.sent;
        self.sent = [Some(limit), if last == Some(limit) { before } else { last }];
        self.failed(limit, at);
    }

    /// A limit was not written, or nobody knows.
    pub fn failed(&mut self, limit: Milliwatts, at: Mono) {
        self.written = Some((at, limit));
    }

    /// True where its limits are read.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.sample.condition.is_read()
    }

    /// Who has the say.
    #[must_use]
    pub fn rule(&self) -> Rule {
        match (self.released, self.foreign, self.lease) {
            (true, _, _) => Rule::Released,
            (false, Some(foreign), _) if self.wanted.is_some_and(|w| w.apart(foreign) <= SAME) => Rule::Foreign,
            (false, _, Some(_)) => Rule::Lease,
            (false, _, None) => Rule::FailSafe,
        }
    }

    /// What shall be enforced (mW).
    #[must_use]
    pub const fn wanted(&self) -> Option<Milliwatts> {
        self.wanted
    }

    /// What is left of the lease, and the grant it came by: epoch and sequence.
    #[must_use]
    pub fn lease(&self, now: Mono) -> (Span, (u64, u64)) {
        (self.lease.map_or(Span::ZERO, |l| l.until.since(now)), self.order)
    }

    /// What it goes to when nobody has the say (mW): the fail-safe, or the least that its board takes where that is more.
    #[must_use]
    pub fn failsafe(&self, bounds: &Bounds) -> Milliwatts {
        self.sample.limits.least.map_or(bounds.failsafe, |least| least.max(bounds.failsafe))
    }

    /// What was read last.
    #[must_use]
    pub const fn sample(&self) -> &GpuSample {
        &self.sample
    }

    /// True where it is written and not enforced.
    #[must_use]
    pub const fn is_contended(&self) -> bool {
        self.contended
    }
}
