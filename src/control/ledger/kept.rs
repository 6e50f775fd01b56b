//! What was answered, so that who asks twice is answered alike and nothing is done twice.
//!
//! What promised something (a lease, its change, its end) is kept for a day and for as long as its lease lives. When as many are kept as may be nothing more is promised until
//! some are old enough: an answer that may still be asked for again is never forgotten for a new one. What promises nothing, or may be done twice without
//! harm (refusals, renewals, questions, dry runs), is remembered for a while: the last [`RECENT`].

use std::collections::VecDeque;

use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::message::LeaseId;
use super::reply::Outcome;

/// How many answers that promise something are kept.
pub const KEPT: usize = 8192;
/// How many others are remembered.
pub const RECENT: usize = 1024;
/// How long at least.
pub const DAY: Span = Span::from_secs(24 * 3600);

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Whom.
    pub client: String,
    /// To which request.
    pub request: String,
    /// What that said, as a hash.
    pub body: u128,
    /// What was answered, item by item.
    pub outcomes: Vec<Outcome>,
    /// When, in time that control has lived.
    at: Span,
}

/// All answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    promises: Vec<Answer>,
    recent: VecDeque<Answer>,
}

impl Answer {
    /// One given now.
    #[must_use]
    pub fn new((client, request, body): (&str, &str, u128), outcomes: Vec<Outcome>, at: Span) -> Self {
        Self { client: client.to_owned(), request: request.to_owned(), body, outcomes, at }
    }
}

impl Kept {
    /// What was answered to a request.
    #[must_use]
    pub fn find(&self, client: &str, request: &str) -> Option<&Answer> {
        self.promises.iter().chain(&self.recent).find(|of| of.request == request && of.client == client)
    }

    /// True where one more promise may be made; what is old and over is forgotten first. `lives` says whether a lease does.
    pub fn has_room(&mut self, now: Span, lives: impl Fn(LeaseId) -> bool) -> bool {
        if self.promises.len() >= KEPT {
            let young = |of: &Answer| now.nanos().saturating_sub(of.at.nanos()) < DAY.nanos();
            self.promises.retain(|of| young(of) || of.outcomes.iter().any(|of| of.lease.is_some_and(&lives)));
        }
        self.promises.len() < KEPT
    }

    /// Keeps a promise.
    pub fn promise(&mut self, answer: Answer) {
        self.promises.push(answer);
    }

    /// Remembers another answer.
    pub fn remember(&mut self, answer: Answer) {
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(answer);
    }

    /// A request that waited has its answer: whoever asks again hears that.
    pub fn settle(&mut self, lease: LeaseId, outcome: Outcome) {
        let all = self.promises.iter_mut().flat_map(|of| &mut of.outcomes);
        all.filter(|of| of.lease == Some(lease)).for_each(|of| *of = outcome);
    }

    /// Whose a lease is or was, and the request that made it.
    #[must_use]
    pub fn maker(&self, lease: LeaseId) -> Option<(&str, &str)> {
        let made = |of: &&Answer| of.outcomes.iter().any(|of| of.lease == Some(lease));
        self.promises.iter().find(made).map(|of| (of.client.as_str(), of.request.as_str()))
    }
}
