//! What a controller is made for.

use std::sync::Arc;

use plant::hall::Hall;

use super::ledger::Rules;
use super::prices::PriceRules;
use super::tariff::Tariff;

/// A hall, and what its energy costs. All of it is read once, at the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The hall.
    pub hall: Arc<Hall>,
    /// What energy and its peaks cost; nothing where the site names no tariff.
    pub tariff: Option<Arc<Tariff>>,
    /// When live prices are believed; nothing where none come.
    pub prices: Option<PriceRules>,
    /// Who may ask for leases of power; nothing where nobody may.
    pub leases: Option<Rules>,
}

impl From<Arc<Hall>> for Site {
    fn from(hall: Arc<Hall>) -> Self {
        Self { hall, tariff: None, prices: None, leases: None }
    }
}
