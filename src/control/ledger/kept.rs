//! What was answered, so that who asks twice is answered alike and nothing is done twice.
//!
//! ```text
//!  acquire, amend, release ─▶ kept for a day, and for as long as a lease of it lives; refused or not
//!  renew                   ─▶ the last few of each lease, with the lease: delivered again they lengthen nothing
//!  query, dry run, renew   ─▶ the last of each client, so that what a broker delivers twice is answered alike
//! ```
//!
//! Every client has a share of the room, and only its own answers fill it. When that is full nothing new is promised to it until some are old enough: an answer that may still be
//! asked for again is never forgotten for a new one. What a lease needs to be given back is kept free for it, so that a release is always taken.
//!
//! A question or a dry run that is forgotten is answered anew: it has promised nothing. A renewal that is forgotten is older than the last few of its lease. It lengthens a lease that lives by one
//! time to live at the most, as any renewal does, and brings none back that is over.

use std::collections::{BTreeMap, VecDeque};

use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::message::LeaseId;
use super::reply::{Code, Outcome};

/// How many answers are kept for all clients together, each item of a batch as one. Each client has the same share.
pub const ROOM: usize = 50_000;
/// How many renewals, questions and dry runs of each client are remembered.
pub const RECENT: usize = 64;
/// How many renewals of each lease are known again: more than a client makes in one time to live.
pub const RENEWALS: usize = 4;
/// How long at least what is kept is kept.
pub const DAY: Span = Span::from_secs(24 * 3600);
/// How often what is old is looked for, and how often at the most where there is no room.
const SWEEPS: (Span, Span) = (Span::from_secs(3600), Span::from_secs(60));
/// So much of a share must be free again before it counts as not full (1, as its part).
const SPARE: usize = 20;

/// A request by a hash of its name: what is kept is small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(u64);

impl Key {
    /// Of a request of a client.
    #[must_use]
    pub fn of(request: &str) -> Self {
        let hash = blake3::hash(request.as_bytes());
        Self(u64::from_le_bytes(hash.as_bytes().first_chunk().copied().unwrap_or_default()))
    }
}

/// What a request said, by half of its hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body(u64);

impl Body {
    /// Of the hash of a message.
    #[must_use]
    pub fn of(hash: u128) -> Self {
        let [low @ .., _, _, _, _, _, _, _, _] = hash.to_le_bytes();
        Self(u64::from_le_bytes(low))
    }
}

/// The last renewals of a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewals {
    last: [Option<(Key, Body)>; RENEWALS],
    next: usize,
}

impl Renewals {
    /// What a renewal said that has been made already; nothing of one that is new.
    #[must_use]
    pub fn find(&self, request: &str) -> Option<Body> {
        let key = Key::of(request);
        self.last.iter().flatten().find(|(of, _)| *of == key).map(|(_, body)| *body)
    }

    /// One more.
    pub fn put(&mut self, request: &str, body: u128) {
        let slot = self.last.get_mut(self.next);
        slot.into_iter().for_each(|slot| *slot = Some((Key::of(request), Body::of(body))));
        self.next = (self.next + 1) % RENEWALS;
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What the request said; nothing of one that was answered by a controller whose store is lost.
    body: Option<Body>,
    /// What was answered, item by item.
    outcomes: Box<[Outcome]>,
    /// The request's name, where it has made a lease or waits for one: who is told of that hears it.
    maker: Option<Box<str>>,
    /// When, in time that control has lived (s).
    at: u32,
}

impl Answer {
    /// One given now; of a request that made leases or waits for some where its name is given.
    #[must_use]
    pub fn new((maker, body): (Option<&str>, u128), outcomes: Vec<Outcome>, now: Span) -> Self {
        let (body, maker, outcomes) = (Some(Body::of(body)), maker.map(Box::from), outcomes.into_boxed_slice());
        Self { body, outcomes, maker, at: whole(now) }
    }

    /// What was answered, item by item.
    #[must_use]
    pub const fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// It is the answer to what says this.
    #[must_use]
    pub fn is_to(&self, body: u128) -> bool {
        self.body.is_none_or(|of| of == Body::of(body))
    }

    fn is_young(&self, now: Span) -> bool {
        u64::from(whole(now).saturating_sub(self.at)) <= DAY.nanos() / 1_000_000_000
    }
}

/// Whole seconds.
fn whole(time: Span) -> u32 {
    u32::try_from(time.nanos() / 1_000_000_000).unwrap_or(u32::MAX)
}

/// All answers to one client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Book {
    answers: BTreeMap<Key, Answer>,
    /// The request that made each lease.
    made: BTreeMap<LeaseId, Key>,
    recent: VecDeque<(Key, Answer)>,
    /// How many items all answers have.
    items: usize,
    /// It was told that there is no room.
    full: bool,
}

impl Book {
    fn find(&self, key: Key) -> Option<&Answer> {
        let recent = || self.recent.iter().find(|(of, _)| *of == key).map(|(_, answer)| answer);
        self.answers.get(&key).or_else(recent)
    }

    /// Forgets what is a day old and names no lease that lives; these live, in order.
    fn sweep(&mut self, now: Span, live: &[LeaseId]) {
        let lives = |of: &Outcome| of.lease.is_some_and(|lease| live.binary_search(&lease).is_ok());
        self.answers.retain(|_, of| of.is_young(now) || of.outcomes.iter().any(lives));
        let answers = &self.answers;
        self.made.retain(|_, key| answers.contains_key(key));
        self.items = self.answers.values().map(|of| of.outcomes.len()).sum();
        self.recent.retain(|(_, of)| of.is_young(now));
    }
}

/// All answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    books: BTreeMap<String, Book>,
    /// When what is old was last looked for, in time that control has lived.
    swept: Span,
}

impl Kept {
    /// What was answered to a request.
    #[must_use]
    pub fn find(&self, client: &str, request: &str) -> Option<&Answer> {
        self.books.get(client)?.find(Key::of(request))
    }

    /// How many answers of a client are kept, each item as one.
    #[must_use]
    pub fn items(&self, client: &str) -> usize {
        self.books.get(client).map_or(0, |book| book.items)
    }

    /// What is old is to be looked for; a client has no room.
    #[must_use]
    pub fn is_due(&self, full: bool, now: Span) -> bool {
        let gone = now.nanos().saturating_sub(self.swept.nanos());
        gone >= SWEEPS.0.nanos() || (full && gone >= SWEEPS.1.nanos())
    }

    /// Forgets what is old; these leases live, in order.
    pub fn sweep(&mut self, now: Span, live: &[LeaseId]) {
        self.books.values_mut().for_each(|book| book.sweep(now, live));
        self.books.retain(|_, book| book.full || !(book.answers.is_empty() && book.recent.is_empty()));
        self.swept = now;
    }

    /// What there is to tell of a client's share, of which so much is used and wanted: that it is full, or is not any more.
    pub fn tells(&mut self, client: &str, (used, share): (usize, usize)) -> Option<bool> {
        let book = self.books.get_mut(client)?;
        let full = used > if book.full { share.saturating_sub(share / SPARE) } else { share };
        (std::mem::replace(&mut book.full, full) != full).then_some(full)
    }

    /// Keeps an answer.
    pub fn keep(&mut self, client: &str, request: &str, answer: Answer) {
        let (book, key) = (self.book(client), Key::of(request));
        if answer.maker.is_some() {
            book.made.extend(answer.outcomes.iter().filter_map(|of| Some((of.lease?, key))));
        }
        book.items = book.items.saturating_add(answer.outcomes.len());
        if let Some(before) = book.answers.insert(key, answer) {
            book.items = book.items.saturating_sub(before.outcomes.len());
        }
    }

    /// Keeps what a controller has answered whose store, or the end of it, is lost: a lease that the broker had kept. Where it waited, it does not any more.
    pub fn adopt(&mut self, (client, request): (&str, &str), outcome: Outcome, now: Span) {
        let (book, key) = (self.book(client), Key::of(request));
        let new = || Answer { body: None, outcomes: Box::default(), maker: Some(Box::from(request)), at: whole(now) };
        let answer = book.answers.entry(key).or_insert_with(new);
        match answer.outcomes.iter_mut().find(|of| of.lease == outcome.lease) {
            Some(of) if of.code == Code::Queued => *of = outcome,
            Some(_) => {}
            None => {
                answer.outcomes = answer.outcomes.iter().copied().chain([outcome]).collect();
                book.items = book.items.saturating_add(1);
            }
        }
        book.made.extend(outcome.lease.map(|lease| (lease, key)));
    }

    /// Remembers one for a while.
    pub fn remember(&mut self, client: &str, request: &str, answer: Answer) {
        let book = self.book(client);
        if book.recent.len() >= RECENT {
            book.recent.pop_front();
        }
        book.recent.push_back((Key::of(request), answer));
    }

    fn book(&mut self, client: &str) -> &mut Book {
        self.books.entry(client.to_owned()).or_default()
    }

    /// A request that waited has its answer: whoever asks again hears that, for a day from now on. Allocates nothing.
    pub fn settle(&mut self, (client, request): (&str, &str), (lease, outcome): (LeaseId, Outcome), now: Span) {
        let answer = self.books.get_mut(client).and_then(|book| book.answers.get_mut(&Key::of(request)));
        let Some(answer) = answer else { return };
        // This is another answer, and kept for a day as well.
        answer.at = whole(now);
        answer.outcomes.iter_mut().filter(|of| of.lease == Some(lease)).for_each(|of| *of = outcome);
    }

    /// Whose a lease is or was, and the request that made it.
    #[must_use]
    pub fn maker(&self, lease: LeaseId) -> Option<(&str, &str)> {
        self.books.iter().find_map(|(client, book)| {
            let answer = book.answers.get(book.made.get(&lease)?)?;
            Some((client.as_str(), answer.maker.as_deref()?))
        })
    }
}
