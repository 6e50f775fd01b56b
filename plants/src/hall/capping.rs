//! How the caps of GPUs are given out: what is kept free, how fast caps rise again, who comes first.

use super::useful::Useful;
use crate::gpu::Milliwatts;
use crate::time::Span;

/// How caps are given out. A hall without it caps nobody.
#[derive(Clone, Debug, PartialEq)]
pub struct Capping {
    /// The share of each limit that caps leave free (1, 0 to 0.2).
    pub reserve: f64,
    /// From a load to caps that are kept (s, 100 ms to 30 s): how far ahead a rising load is looked at.
    pub react: Span,
    /// How long a feed must be below 0.9 of its limit before it gives more again (s, 0 to 10 min); twice as long, and then up to six times, where that was too soon.
    pub hold: Span,
    /// How long a cap is lent (s, 1 s to 10 min).
    pub lease: Span,
    /// A node that says nothing for longer is in doubt (s, 1 s to 1 min).
    pub silent: Span,
    /// How much of its highest draw a GPU's cap rises in a second (1/s, above 0 to 1).
    pub rise: f64,
    /// The highest clock of the cores below a feed whose breaker's time is short (MHz, 100 to 10000); nothing leaves them free. Work that waits for memory draws
    /// less than any cap, and still less at lower clocks.
    pub slow_clock: Option<u32>,
    /// How watts are shared among those who come alike.
    pub share: Sharing,
    /// Who the GPUs work for; the last is everybody who is not named.
    pub tenants: Vec<Tenant>,
}

impl Capping {
    /// What is taken where a file says nothing, and no tenants yet.
    pub const USUAL: Self = Self {
        reserve: 0.04,
        react: Span::from_secs(4),
        hold: Span::from_secs(30),
        lease: Span::from_secs(10),
        silent: Span::from_secs(3),
        rise: 0.05,
        slow_clock: None,
        share: Sharing::Fair,
        tenants: Vec::new(),
    };
}

/// How watts are shared among those who come alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// As even as demands let it be.
    Fair,
    /// In proportion to what each could take above its least cap.
    Proportional,
    /// Where the next watt does most work, by the tenants' curves.
    Useful,
}

impl Sharing {
    /// Every way with its word in files.
    pub const WORDS: [(&'static str, Self); 3] =
        [("fair", Self::Fair), ("proportional", Self::Proportional), ("useful", Self::Useful)];
}

/// Somebody whom GPUs work for.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// His name: `prod`.
    pub name: String,
    /// His nodes: their places in [`super::power::Power::nodes`].
    pub nodes: Vec<usize>,
    /// Who comes first: 0 before 9.
    pub priority: u8,
    /// His weight beside others of his priority (1, 0.01 to 100).
    pub weight: f64,
    /// What all his GPUs together may always have (mW, ≥ 0), where limits allow it at all.
    pub floor: Milliwatts,
    /// What his work does under a cap, where it is known.
    pub curve: Option<Useful>,
}

impl Tenant {
    /// What everybody is who is not named.
    pub const NOBODY: &'static str = "everybody-else";
    /// Whose work comes when nobody says.
    pub const USUAL_PRIORITY: u8 = 5;

    /// Somebody without a floor, and with a weight like all others'.
    #[must_use]
    pub fn plain(name: &str, nodes: Vec<usize>, priority: u8) -> Self {
        Self { name: name.to_owned(), nodes, priority, weight: 1.0, floor: Milliwatts(0), curve: None }
    }
}
