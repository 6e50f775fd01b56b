//! What is asked of a row's machines when all that cools it does not do.

use serde::{Deserialize, Serialize};

use crate::event::Rung;
use crate::time::Span;
use crate::units::{Celsius, Kelvins};

/// The trip ladder of the rows: by the worst inlet, each rung above the one before. Part of the hall.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trips {
    /// From here on the machines of the row should draw less (°C, 10 to 80; not below `inlet-max`),
    pub cap: Celsius,
    /// from here on jobs should leave it (°C, 10 to 80; above `cap`),
    pub drain: Celsius,
    /// and from here on its machines should be off (°C, 10 to 80; above `drain`).
    pub off: Celsius,
    /// An inlet must be there for so long (s, 1s to 5min).
    pub after: Span,
    /// A row of which no inlet has been known for so long should draw less, too (s to min, 10s to 30min).
    pub blind_after: Span,
}

impl Trips {
    /// Where the file says nothing: a cap at the allowable maximum, a drain 3 K and a power-off 8 K above it.
    #[must_use]
    pub fn above(inlet_max: Celsius) -> Self {
        Self {
            cap: inlet_max,
            drain: inlet_max + Kelvins(3.0),
            off: inlet_max + Kelvins(8.0),
            after: Span::from_secs(10),
            blind_after: Span::from_secs(60),
        }
    }

    /// The temperature of a rung.
    #[must_use]
    pub const fn at(&self, rung: Rung) -> Celsius {
        match rung {
            Rung::Cap => self.cap,
            Rung::Drain => self.drain,
            Rung::Off => self.off,
        }
    }
}
