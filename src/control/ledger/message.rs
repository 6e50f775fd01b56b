//! What a scheduler asks of the ledger. Names of the hall have been resolved by the service.

use std::fmt;

use plant::time::{Span, Wall};
use serde::{Deserialize, Serialize};

use super::recover::Found;
use super::tree::Place;
use crate::control::term::earlier;

/// The longest name of a client or a request (characters).
pub const NAME: usize = 64;
/// The longest that is kept of a job (characters).
pub const JOB: usize = 512;
/// How many items an `acquire` may carry.
pub const BATCH: usize = 256;
/// How many places one lease may have.
pub const PLACES: usize = 256;
/// How long somebody waits who names a window, at the least.
pub const WEEK: Span = Span::from_secs(7 * 86_400);

/// What a scheduler says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Said {
    /// It asks for something.
    Request(Message),
    /// A service has looked what the broker keeps of leases, and has lost its own store, or never had one.
    Found(Found),
    /// It has heard of a state of its lease, or says what it draws.
    Heard(Heard),
    /// Its clock differs from ours, or does not any more. Nothing is decided by it.
    Skewed {
        /// Whose.
        client: String,
        /// How much it is ahead (ms); negative behind, or what it says is long on its way.
        ahead: i64,
        /// By more than a tenth of a time to live.
        far: bool,
    },
}

/// What a client has heard of, and what it draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// Who.
    pub client: String,
    /// Which lease; that of the notice where nothing is said.
    pub lease: Option<LeaseId>,
    /// Which notice, by its number.
    pub notice: Option<u64>,
    /// The state that it speaks of.
    pub seq: u64,
    /// What becomes of it.
    pub status: Option<Status>,
    /// What it draws (W).
    pub measured: Option<f64>,
}

/// What becomes of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is heard.
    Accepted,
    /// It is done.
    Done,
    /// It will not be: whoever waits for it waits in vain.
    Cannot,
}

/// A request of a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who asks.
    pub client: String,
    /// By which the client knows it again: asked twice, it is answered alike and done once.
    pub request: String,
    /// A hash of what it says: another body of the same name is a conflict.
    pub body: u128,
    /// What it asks for.
    pub op: Op,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// Leases, each for itself (1 to [`BATCH`]).
    Acquire(Vec<Wish>),
    /// What would be answered to the same, and nothing is done.
    DryRun(Vec<Wish>),
    /// A lease goes on.
    Renew {
        /// Which.
        of: Named,
        /// For how long; as before where nothing is said.
        ttl: Option<Span>,
    },
    /// A lease shall be for another power, from now on.
    Amend {
        /// Which.
        of: Named,
        /// What it shall be for.
        power: Power,
        /// Less than is wanted will do.
        partial: bool,
        /// How important it is from now on; as before where nothing is said.
        priority: Option<i32>,
    },
    /// A lease is given back, or a request that waits.
    Release {
        /// Which.
        of: Named,
    },
    /// How a lease is.
    Query {
        /// Which.
        of: Named,
    },
}

/// A lease as a client names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Which.
    pub lease: LeaseId,
    /// The generation of the controller that the client knows of.
    pub epoch: Option<u64>,
}

/// The name of a lease, never given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeaseId {
    /// The generation of the controller that has given it.
    pub epoch: u64,
    /// Counts within all generations.
    pub number: u64,
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)
    }
}

impl LeaseId {
    /// The name of such a text; nothing where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (epoch, number) = text.split_once('-')?;
        let of = Self { epoch: epoch.parse().ok()?, number: number.parse().ok()? };
        (of.to_string() == text).then_some(of)
    }
}

/// One lease that is wished for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Where, and what share of the power is drawn there (1, together 1; 1 to [`PLACES`]).
    pub places: Vec<(Place, f64)>,
    /// How much.
    pub power: Power,
    /// What may be done to it later.
    pub class: Class,
    /// How it bends.
    pub flex: Flex,
    /// When.
    pub times: Times,
    /// The window that it waits for.
    pub inside: Option<Inside>,
    /// Lower is more important.
    pub priority: i32,
    /// What will do as well.
    pub accept: Accept,
    /// How long it lives without a renewal; 300 s unless said.
    pub ttl: Option<Span>,
    /// What the client does by itself when the lease is over.
    pub on_expiry: OnExpiry,
    /// Its job, for people (up to [`JOB`] characters).
    pub job: String,
}

/// How much power, at the inputs of machines. Zero is zero.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// With less it does not start (W, ≥ 0).
    pub least: f64,
    /// What it wants (W, at least `least`).
    pub wanted: f64,
    /// What it draws for moments (W, at least `wanted`); as much as it wants where nothing is said. So much is kept for it.
    pub peak: Option<f64>,
}

/// What may be done to a lease later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Nothing but in an emergency.
    Firm,
    /// It may be brought down to its floor, with notice.
    Curtailable,
    /// It may be paused, with notice.
    Interruptible,
}

/// How a lease bends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flex {
    /// It saves what it has done so often, from its start or its last restore on (s); nothing is known of that where it is zero.
    pub checkpoint: Span,
    /// How long it must run before it may be lowered (s).
    pub min_run: Span,
    /// How often it may be lowered; as often as must be where nothing is said.
    pub max_pauses: Option<u32>,
    /// How long it takes to come down (s).
    pub shed: Span,
    /// What it draws when it has come down (W, ≥ 0).
    pub floor: f64,
}

/// When power is wanted. Nothing said: now, and until it is given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// Not before.
    pub not_before: Option<Wall>,
    /// Done by.
    pub deadline: Option<Wall>,
    /// For how long.
    pub duration: Option<Span>,
    /// It may begin whenever that is cheapest, as long as it is done in time: the plan of the day ahead says when.
    pub plan: bool,
}

/// A window of the hall that something waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// Its name: a hall may have others, or another order, one day.
    pub window: String,
    /// It may begin before the window opens, with what nobody else waits for.
    pub early: bool,
    /// It must be over before the window shuts. Says nothing where nobody knows how long it lasts.
    pub fit: bool,
}

impl Times {
    /// When it must have begun to be done in time.
    #[must_use]
    pub fn latest(&self) -> Option<Wall> {
        self.deadline.map(|by| earlier(by, self.duration.unwrap_or_default()))
    }
}

/// What will do as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    /// Less than is wanted, as long as it is enough.
    pub partial: bool,
    /// Steps of different power, each enough.
    pub schedule: bool,
    /// A later answer, so long (s).
    pub wait: Span,
}

/// What a client does by itself when its lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExpiry {
    /// It comes down to its floor.
    Floor,
    /// It pauses.
    Pause,
    /// It stops.
    Stop,
}

impl Power {
    /// Numbers that are powers, in order.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let one = |watts: f64| watts.is_finite() && (0.0..=1e9).contains(&watts);
        let peak = self.peak.is_none_or(|peak| one(peak) && peak >= self.wanted);
        one(self.least) && one(self.wanted) && self.least <= self.wanted && peak
    }

    /// What is kept for each watt that is wanted (1, from 1).
    #[must_use]
    pub fn kept(&self) -> f64 {
        match self.peak {
            Some(peak) if self.wanted > 0.0 => (peak / self.wanted).max(1.0),
            Some(_) | None => 1.0,
        }
    }
}

impl Wish {
    /// A firm one for so much at one place (W), from now on and without an end, of a lease that is renewed every hour.
    #[must_use]
    pub fn firm(place: Place, watts: f64) -> Self {
        Self {
            places: vec![(place, 1.0)],
            power: Power { least: watts, wanted: watts, peak: None },
            class: Class::Firm,
            flex: Flex::default(),
            times: Times::default(),
            inside: None,
            priority: 100,
            accept: Accept::default(),
            ttl: Some(Span::from_secs(3600)),
            on_expiry: OnExpiry::Stop,
            job: String::new(),
        }
    }

    /// All of it makes sense.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let shares: f64 = self.places.iter().map(|(_, share)| *share).sum();
        let each = self.places.iter().all(|(_, share)| share.is_finite() && *share >= 0.0);
        let floor = self.flex.floor.is_finite() && self.flex.floor >= 0.0 && self.flex.floor <= self.power.wanted;
        let late = |(start, end): (Wall, Wall)| start >= end;
        (1..=PLACES).contains(&self.places.len())
            && each
            && (shares - 1.0).abs() < 1e-6
            && self.power.is_sound()
            && floor
            && self.times.duration != Some(Span::ZERO)
            && !self.leaves_no_choice()
            && !self.times.not_before.zip(self.times.deadline).is_some_and(late)
            && self.job.chars().count() <= JOB
    }

    /// A plan shall choose when it begins and cannot: nobody knows how long it lasts, or by when it must be done.
    #[must_use]
    pub const fn leaves_no_choice(&self) -> bool {
        let bounded = self.times.deadline.is_some() || self.inside.is_some();
        self.times.plan && !(bounded && self.times.duration.is_some())
    }

    /// It names a time: it is not begun by a clock that may be wrong.
    #[must_use]
    pub const fn is_dated(&self) -> bool {
        self.times.not_before.is_some() || self.times.deadline.is_some() || self.inside.is_some()
    }

    /// The same, that waits as long as somebody does who names a window or lets a plan choose: to its deadline, and a week at the least.
    #[must_use]
    pub fn patient(mut self, now: Wall) -> Self {
        if self.inside.is_some() || self.times.plan {
            let rest = self.times.deadline.map_or(Span::ZERO, |by| by.since(now));
            self.accept.wait = self.accept.wait.max(rest).max(WEEK);
        }
        self
    }
}
