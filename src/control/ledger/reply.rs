//! What the ledger answers.

use plant::id::FeedId;
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::message::LeaseId;
use super::view::LeaseView;

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Done, all of it.
    Granted,
    /// Less than was wanted, and enough.
    GrantedPartial,
    /// It waits, and is answered again.
    Queued,
    /// Not now: ask again.
    Retry,
    /// It will not be possible before its deadline, or at all.
    Denied,
    /// The same request said something else before, or the client does not know of a restart.
    Conflict,
    /// The lease, or the wait, is over.
    Expired,
    /// There is no such lease of this client.
    UnknownLease,
    /// It makes no sense.
    Invalid,
    /// A meter is lost: no more than the client's own floor is lent.
    Degraded,
}

impl Code {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::GrantedPartial => "granted_partial",
            Self::Queued => "queued",
            Self::Retry => "retry",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::Expired => "expired",
            Self::UnknownLease => "unknown_lease",
            Self::Invalid => "invalid",
            Self::Degraded => "degraded",
        }
    }
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing speaks against it.
    Fits,
    /// A feed carries no more.
    Feed,
    /// The client has its share of a feed, or all that it may have.
    Share,
    /// The client has as many leases as it may.
    Quota,
    /// As much is kept as may be: nothing more is promised until something is over.
    Full,
    /// A feed's meter is lost.
    Meter,
    /// The wall clock is not trusted, and a time was named.
    Clock,
    /// The window that it names is shut, or not open for long enough.
    Window,
    /// It begins when the plan of the day ahead says.
    Plan,
    /// Another client has the feed alone.
    Alone,
    /// Nobody of this name may ask.
    UnknownClient,
    /// It does not keep the rules of the contract.
    Unsound,
    /// The same name was used for something else.
    OtherBody,
    /// The client does not know of a restart: its lease is as it says here.
    OldEpoch,
    /// It speaks of an earlier state of its lease.
    OldState,
    /// There is no such lease of this client.
    NoLease,
    /// It is over.
    Over,
    /// It has been changed too often in a short time.
    TooManySteps,
    /// Our own store was lost, and leases that the broker had kept are taken up again first.
    Recovering,
}

impl Why {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::Feed => "feed",
            Self::Share => "share",
            Self::Quota => "quota",
            Self::Full => "full",
            Self::Meter => "meter",
            Self::Clock => "clock",
            Self::Window => "window",
            Self::Plan => "plan",
            Self::Alone => "alone",
            Self::UnknownClient => "unknown_client",
            Self::Unsound => "unsound",
            Self::OtherBody => "other_body",
            Self::OldEpoch => "old_epoch",
            Self::OldState => "old_state",
            Self::NoLease => "no_lease",
            Self::Over => "over",
            Self::TooManySteps => "too_many_steps",
            Self::Recovering => "recovering",
        }
    }

    /// For people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Fits => "every feed on the way carries it at every instant",
            Self::Feed => "a feed on the way does not carry it at every instant",
            Self::Share => "the client has its share of a feed, or all that it may have",
            Self::Quota => "the client has as many leases as it may",
            Self::Full => "as much is kept as may be: nothing more is promised until something is over",
            Self::Meter => "a feed's meter is lost: no more than the client's own floor is lent",
            Self::Clock => "the wall clock is not trusted: nothing that names a time is promised or begun",
            Self::Window => "the window that it names is shut, or not open for long enough",
            Self::Plan => "it begins when the plan of the day ahead finds it cheapest, and in time for its deadline",
            Self::Alone => "only machines of another client hang there",
            Self::UnknownClient => "nobody of this name may ask",
            Self::Unsound => "it does not keep the rules of the contract",
            Self::OtherBody => "this request_id was used with another body",
            Self::OldState => "the lease has changed since: it is as it says here",
            Self::OldEpoch => "the controller has started anew since: the lease is as it says here",
            Self::NoLease => "there is no such lease of this client",
            Self::Over => "it is over",
            Self::Recovering => "leases from before are taken up again first, by their renewals",
            Self::TooManySteps => "it was changed too often within a short time",
        }
    }
}

/// How one item is answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How.
    pub code: Code,
    /// Why.
    pub why: Why,
    /// The lease that it made or was about, or the one it will be.
    pub lease: Option<LeaseId>,
    /// The feed that has least room for it, what it may carry and what of that is free (W).
    pub tight: Option<Tight>,
    /// When it could start at the earliest, as far as anybody knows.
    pub earliest: Option<Wall>,
    /// When to ask again.
    pub retry_after: Option<Span>,
    /// Its place among those that wait, from 1.
    pub position: Option<u32>,
    /// What there is instead, the soonest first.
    pub others: [Option<Other>; OTHERS],
}

/// So many of the feeds on its way are told with a decision: those with least room.
pub const TOLD: usize = 4;
/// So much may be offered instead.
pub const OTHERS: usize = 3;

/// The feeds on the way of something, the one with least room for it first; none where it was decided before anybody looked.
pub type Looked = [Option<Tight>; TOLD];

/// What a decision goes by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// When it was decided.
    pub at: Wall,
    /// The plan of the day ahead that was followed then, by its number.
    pub plan: Option<u64>,
    /// The feeds.
    pub feeds: Looked,
}

/// A feed on the way of something, and its room.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tight {
    /// Which.
    pub feed: FeedId,
    /// What it may carry (W).
    pub limit: Watts,
    /// What of that is free for the client (W); below zero: too much is carried.
    pub headroom: Watts,
}

/// Something that could be had instead, as far as anybody knows. It promises nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Other {
    /// From when on.
    pub start: Wall,
    /// How much (W at machines).
    pub watts: f64,
    /// What its energy costs (the tariff's currency, with taxes, losses and cooling); nothing where a price of its time, or how long it lasts, is not known.
    pub cost: Option<f64>,
}

impl Outcome {
    /// One that says nothing more.
    #[must_use]
    pub const fn plain(code: Code, why: Why) -> Self {
        let (tight, earliest, retry_after, position) = (None, None, None, None);
        Self { code, why, lease: None, tight, earliest, retry_after, position, others: [None; OTHERS] }
    }

    /// Something is lent, all that was wanted or less.
    #[must_use]
    pub const fn lends(&self) -> bool {
        matches!(self.code, Code::Granted | Code::GrantedPartial)
    }

    /// About a lease.
    #[must_use]
    pub const fn about(self, lease: LeaseId) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// Ask again after so long.
    #[must_use]
    pub const fn after(self, retry_after: Span) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }
}

/// Why somebody is sent away before anybody has looked for room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Away {
    pub(super) code: Code,
    pub(super) why: Why,
    /// About which lease.
    pub(super) about: Option<LeaseId>,
    /// When to ask again.
    pub(super) after: Option<Span>,
}

impl Away {
    /// One that says nothing more.
    pub(super) const fn plain(code: Code, why: Why) -> Self {
        Self { code, why, about: None, after: None }
    }

    /// Who may ask again after so long.
    pub(super) const fn after(self, after: Span) -> Self {
        Self { after: Some(after), ..self }
    }
}

impl From<Away> for Outcome {
    fn from(of: Away) -> Self {
        Self { lease: of.about, retry_after: of.after, ..Self::plain(of.code, of.why) }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Whom.
    pub client: String,
    /// To which request.
    pub request: String,
    /// The generation of the controller.
    pub epoch: u64,
    /// One for each item; one where the request had no items.
    pub items: Vec<Item>,
    /// It was decided before, and is told again.
    pub again: bool,
}

/// The answer to one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// How it is answered.
    pub outcome: Outcome,
    /// The lease as it is now, where there is one.
    pub lease: Option<LeaseView>,
    /// What it was decided by; nothing where that is not known any more.
    pub inputs: Option<Inputs>,
}
