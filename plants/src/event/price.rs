//! What there is to tell of live prices.

use serde::{Deserialize, Serialize};

use crate::time::Wall;

/// What befalls live prices, and is over again some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PriceTrouble {
    /// The wall clock is not trusted: nobody knows which price holds.
    ClockDoubted,
    /// No published price holds now.
    Missing,
    /// The published prices end soon.
    Ending,
    /// Nothing has been published for long.
    Stale,
    /// There is a hole in what is published.
    Gap,
}

impl PriceTrouble {
    /// Every trouble.
    pub const ALL: [Self; 5] = [Self::ClockDoubted, Self::Missing, Self::Ending, Self::Stale, Self::Gap];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ClockDoubted => "clock_doubted",
            Self::Missing => "missing",
            Self::Ending => "ending",
            Self::Stale => "stale",
            Self::Gap => "gap",
        }
    }
}

/// What there is to tell of live prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PriceNews {
    /// A publication is taken.
    Taken {
        /// Up to here prices are known.
        until: Wall,
    },
    /// A publication has faults: what was known before holds.
    Refused,
    /// A trouble has begun.
    Begun {
        /// Which.
        trouble: PriceTrouble,
        /// Missing: where the next price begins. Ending and stale: where the prices end. Gap: where it begins. Nothing where nobody knows.
        at: Option<Wall>,
        /// True where the tariff has a price of its own meanwhile.
        priced: bool,
    },
    /// A trouble is over.
    Over(PriceTrouble),
}
