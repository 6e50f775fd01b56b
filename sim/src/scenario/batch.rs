//! Jobs that ask for leases of power before they run: a simulated scheduler leads them, on racks of their own.

use plant::time::Span;

/// The only client of a page's ledger.
pub const CLIENT: &str = "batch";

/// What may be done to the lease of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bends {
    /// Nothing.
    Firm,
    /// It is lowered to its floor: so many of its nodes work as draw that.
    Curtailable,
    /// It is paused.
    Interruptible,
}

impl Bends {
    /// The words in files.
    pub const WORDS: [(&'static str, Self); 3] =
        [("firm", Self::Firm), ("curtailable", Self::Curtailable), ("interruptible", Self::Interruptible)];
}

/// Jobs that are alike, each of which trains on all nodes of its racks.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// What they are called.
    pub name: String,
    /// The racks of each, by their numbers in the hall.
    pub jobs: Vec<Vec<usize>>,
    /// When they ask (s after the begin).
    pub at: Span,
    /// How long each takes where nothing holds it back (s, > 0).
    pub work: Span,
    /// For how long it asks (s, at least `work`).
    pub asks: Span,
    /// By when it shall be done (s after the begin).
    pub deadline: Span,
    /// What may be done to it.
    pub bends: Bends,
    /// What it is not lowered below, of what it wants (1, 0 to 1).
    pub floor: f64,
    /// Lower is more important.
    pub priority: i32,
    /// It leaves its start to a plan of the day ahead, which may pause it where it is interruptible.
    pub plan: bool,
    /// It saves what it has done so often (s, from its start or its last restore); zero where it says nothing of that.
    pub checkpoint: Span,
}
