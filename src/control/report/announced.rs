//! Loads that somebody announced, for people.

use serde::{Deserialize, Serialize};

/// A load that somebody announced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnnouncedView {
    /// Its name.
    pub id: String,
    /// The row; nothing for the whole hall.
    pub row: Option<String>,
    /// How much more is going to be drawn (kW).
    pub kw: f64,
    /// How long until it begins (s); 0 once it should have begun.
    pub in_s: f64,
    /// Who announced it.
    pub who: String,
}
