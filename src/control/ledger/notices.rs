//! What clients are told without having asked: their leases are lowered, restored, or over, and requests that waited have an answer. The last are kept,
//! each with a number: who tells them goes on from the last that he has told.

use std::collections::VecDeque;

use plant::time::Wall;
use serde::{Deserialize, Serialize};

use super::message::LeaseId;

/// How many are kept: more than all leases and all that wait can be told in one scan, and who tells them looks twice a second.
pub const KEPT: usize = 8192;
const _: () = assert!(KEPT > super::MOST.0 + super::MOST.1);

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tidings {
    /// The lease may draw less, down to its floor at the least.
    Reduce,
    /// It may draw nothing until it is restored.
    Pause,
    /// It is over.
    Stop,
    /// It may draw what was promised.
    Restore,
    /// The request that waited has its answer.
    Answered,
    /// Its job will not be done by its deadline.
    Late,
    /// It can be, again.
    InTime,
    /// Its client has given it back, and knows: what the broker has kept of it is taken away, also by who is started anew.
    Released,
}

/// Why a lease is lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A billed interval would cost too much.
    PeakInterval,
    /// A grid asks for less.
    GridTarget,
    /// A feed carries more than its limit.
    Breaker,
    /// An uninterruptible supply carries more than its limit.
    Ups,
    /// A meter is not read, or says less than flows: what is taken to flow counts, or what the hall's file says for that.
    MeterFault,
    /// A person or a rule lets a feed carry less.
    Operator,
    /// Somebody more important needs it.
    Priority,
    /// Its time to live is over.
    Expired,
    /// More is drawn where it is than was lent there.
    Exceeded,
    /// There is no room for its job before its deadline.
    Deadline,
    /// Cooling does not keep up, and asks for less.
    Thermal,
    /// A plan of the day ahead runs it when that is cheaper.
    Tariff,
    /// Nothing of it: what was taken is given back.
    Restored,
}

impl Cause {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PeakInterval => "peak_interval",
            Self::GridTarget => "grid_target",
            Self::Breaker => "breaker",
            Self::Ups => "ups",
            Self::MeterFault => "meter_fault",
            Self::Operator => "operator",
            Self::Priority => "priority",
            Self::Expired => "expired",
            Self::Exceeded => "exceeded",
            Self::Deadline => "deadline",
            Self::Thermal => "thermal",
            Self::Tariff => "tariff",
            Self::Restored => "restored",
        }
    }
}

impl Tidings {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reduce => "reduce",
            Self::Pause => "pause",
            Self::Stop => "stop",
            Self::Restore => "restore",
            Self::Answered => "answered",
            Self::Late => "late",
            Self::InTime => "in_time",
            Self::Released => "released",
        }
    }

    /// A word for itself on the topic of notices: the others are an answer, or known to the client.
    #[must_use]
    pub const fn is_told(self) -> bool {
        match self {
            Self::Answered | Self::Released => false,
            Self::Reduce | Self::Pause | Self::Stop | Self::Restore | Self::Late | Self::InTime => true,
        }
    }

    /// The lease may draw less by it.
    #[must_use]
    pub const fn lowers(self) -> bool {
        match self {
            Self::Reduce | Self::Pause | Self::Stop => true,
            Self::Answered | Self::Released | Self::Restore | Self::Late | Self::InTime => false,
        }
    }
}

/// A notice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Its number: each has another, and they count up.
    pub number: u64,
    /// Whose.
    pub lease: LeaseId,
    /// The state of the lease that it speaks of.
    pub seq: u64,
    /// What.
    pub tidings: Tidings,
    /// What the lease may draw then (W).
    pub watts: f64,
    /// From when on.
    pub effective: Wall,
    /// When it is enforced.
    pub hard: Wall,
    /// Why.
    pub cause: Cause,
    /// At once, whatever was promised.
    pub emergency: bool,
}

/// The last notices. Nothing is allocated once as many as may be are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notices {
    all: VecDeque<Notice>,
    last: u64,
}

impl Notices {
    /// One more.
    pub fn tell(&mut self, notice: Notice) {
        if self.all.len() >= KEPT {
            self.all.pop_front();
        }
        self.last = self.last.saturating_add(1);
        self.all.push_back(Notice { number: self.last, ..notice });
    }

    /// Room for all that may be kept: after a snapshot was read there is none to spare.
    pub fn make_room(&mut self) {
        self.all.reserve(KEPT.saturating_sub(self.all.len()));
    }

    /// Puts times of some right (ms). A deadline stays where it is.
    pub fn shift(&mut self, by: i64, some: impl Fn(&Notice) -> bool) {
        let put = |at: Wall| Wall(at.0.saturating_add(by));
        for of in self.all.iter_mut().filter(|of| some(of)) {
            of.effective = put(of.effective);
            of.hard = match of.tidings {
                Tidings::Late | Tidings::InTime => of.hard,
                Tidings::Reduce
                | Tidings::Pause
                | Tidings::Stop
                | Tidings::Restore
                | Tidings::Answered
                | Tidings::Released => put(of.hard),
            };
        }
    }

    /// Those with a higher number than this, the oldest first.
    pub fn since(&self, number: u64) -> impl Iterator<Item = &Notice> {
        let from = self.all.partition_point(|of| of.number <= number);
        self.all.iter().skip(from)
    }

    /// The one of this number, where it is still kept.
    #[must_use]
    pub fn find(&self, number: u64) -> Option<&Notice> {
        self.since(number.checked_sub(1)?).next().filter(|of| of.number == number)
    }

    /// The number of the last one; 0 before the first.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }
}
