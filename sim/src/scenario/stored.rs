//! A battery that a page adds to its hall.

use plant::units::{Percent, WattHours, Watts};

/// The name of the battery, and of the feed on which it hangs.
const NAMES: (&str, &str) = ("bess", "utility");

/// A battery behind the utility's meter, with the meters that tell what it gives and takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored {
    /// Its nameplate (Wh, > 0).
    pub capacity: WattHours,
    /// What it gives and takes at the most (W, > 0).
    pub rated: Watts,
    /// What is kept for an outage (%).
    pub reserve: Percent,
    /// Its charge at the start (1, 0 to 1).
    pub start: f64,
    /// What it really holds, over its nameplate (1, 0.3 to 1).
    pub holds: f64,
}

impl Stored {
    /// What a hall's file says of it.
    #[must_use]
    pub fn hall_sections(&self) -> String {
        let ((name, feed), rated) = (NAMES, self.rated.0);
        let meter = |role: &str| format!("\n[[meter]]\nname = \"{role}\"\nrole = \"{role}\"\nrated = {rated:.1}\n");
        format!(
            "\n{}{}\n[[battery]]\nname = \"{name}\"\nfeed = \"{feed}\"\ncapacity = {:.1}\nrated-discharge = {rated:.1}\nrated-charge = {rated:.1}\nreserve = {:.1}\n",
            meter("battery-discharge"),
            meter("battery-charge"),
            self.capacity.0,
            self.reserve.0,
        )
    }

    /// What a file of physics says of it.
    #[must_use]
    pub fn physics_sections(&self) -> String {
        let (holds, rate) = (self.capacity.0 * self.holds, self.rated.0 / (self.capacity.0 * self.holds));
        format!(
            "\n[electrics.storage]\nenergy-wh = {holds:.3}\ncharge-rate-per-h = {rate:.6}\ndischarge-rate-per-h = {rate:.6}\nstart = {:.4}\n",
            self.start
        )
    }
}
