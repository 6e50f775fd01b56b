//! What befalls feeds, in the hall's words.

use plant::event::FeedTrouble;

/// What befalls a feed (true), or is over (false), as a sentence without its subject.
#[must_use]
pub const fn feed(trouble: FeedTrouble, on: bool) -> &'static str {
    match (trouble, on) {
        (FeedTrouble::Above, true) => "carries more than its limit",
        (FeedTrouble::Above, false) => "carries less than its limit again",
        (FeedTrouble::TimeShort, true) => "has used up more than half of the time for which it may carry so much",
        (FeedTrouble::TimeShort, false) => "has most of the time back for which it may carry too much",
        (FeedTrouble::Reckoned, true) => "has no meter that is read: its load is reckoned from what is below it",
        (FeedTrouble::Reckoned, false) => "is metered again",
        (FeedTrouble::Uneven, true) => "has a phase that carries much more than the others",
        (FeedTrouble::Uneven, false) => "has even phases again",
    }
}
