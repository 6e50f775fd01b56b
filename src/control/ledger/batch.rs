//! The items of one message: what is known of one that was refused is not looked for again, and all of them take no longer than a scan may wait.

use plant::time::Span;

use super::message::Wish;
use super::reply::{Looked, Outcome};
use super::room::Scratch;
use super::{Around, Ledger};
use crate::control::news::News;

/// For so many items of a message that have no room it is looked when there is some, and who may be lowered for them: all of it takes no longer than a scan may wait.
pub(super) const LOOKS: usize = 32;
/// So many kinds of refused items are known again.
const KINDS: usize = 64;

/// Items of a message that were refused, with the feeds that spoke against each: another that is alike is refused alike, as long as nothing has changed since.
#[derive(Debug, Default)]
pub(super) struct Refused(Vec<(Wish, Outcome, Looked)>);

impl Refused {
    fn find(&self, wish: &Wish) -> Option<(Outcome, Looked)> {
        self.0.iter().find(|(of, ..)| of == wish).map(|(_, outcome, looked)| (*outcome, *looked))
    }

    fn take(&mut self, wish: &Wish, (outcome, looked): (Outcome, Looked)) {
        // Who waits may have others lowered, whatever he is answered.
        if outcome.lease.is_some() || wish.accept.wait > Span::ZERO {
            self.0.clear();
        } else if self.0.len() < KINDS {
            self.0.push((wish.clone(), outcome, looked));
        }
    }
}

impl Ledger {
    /// An item of a message, and the feeds by which it was decided.
    pub(super) fn acquire_one(
        &mut self,
        around: &Around<'_>,
        (wish, names): (&Wish, (&str, &str)),
        refused: &mut Refused,
        (scratch, news): (&mut Scratch, &mut News<'_>),
    ) -> (Outcome, Looked) {
        if let Some(alike) = refused.find(wish) {
            return alike;
        }
        let outcome = self.acquire(around, wish, names, (&mut *scratch, news));
        let answered = (outcome, std::mem::take(&mut scratch.looked));
        refused.take(wish, answered);
        answered
    }
}
