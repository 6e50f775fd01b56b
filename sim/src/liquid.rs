//! Liquid cooling: cold plates, the manifold that feeds them, the CDU, and the door on a rack's back.
//!
//! ```text
//! facility water ── valve ── plate exchanger ── pumps, filter ── manifold ── racks' cold plates
//!                                  CDU                              └ what the plates cannot take: the room's air
//! ```

pub mod cdu;
pub mod cold_plate;
pub mod door;
pub mod manifold;
pub mod plate;
pub mod rear_door;
pub mod row;

use plant::read::Section;

use crate::physics::read::{number, number_or_zero};

/// A coolant as a loop sees it, at one temperature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coolant {
    /// Density (kg/m³, 600 to 2000).
    pub density: f64,
    /// Specific heat (J/kg/K, 900 to 4300).
    pub specific_heat: f64,
}

impl Coolant {
    /// Water at 30 °C.
    pub const WATER: Self = Self { density: 996.0, specific_heat: 4180.0 };
    /// Water with a quarter of propylene glycol by volume (PG25) at 40 °C.
    pub const PG25: Self = Self { density: 1010.0, specific_heat: 3970.0 };

    /// The capacity flow of a mass flow (W/K; kg/s, below zero as zero).
    #[must_use]
    pub fn stream(&self, flow: f64) -> f64 {
        flow.max(0.0) * self.specific_heat
    }

    /// Reads a coolant: a word, or density and specific heat.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let words = [("water", Self::WATER), ("pg25", Self::PG25)];
        if of.has("coolant") {
            let known = of.word("coolant", &words);
            if of.has("density-kg-per-m3") || of.has("specific-heat-j-per-kg-k") {
                let help = "remove `coolant`, or the numbers";
                of.fault("coolant", "the coolant is given by name and by number", help);
            }
            let _ = number_or_zero(of, "density-kg-per-m3", (600.0, 2000.0));
            let _ = number_or_zero(of, "specific-heat-j-per-kg-k", (900.0, 4300.0));
            return known.unwrap_or(Self::WATER);
        }
        Self {
            density: number(of, "density-kg-per-m3", (600.0, 2000.0)),
            specific_heat: number(of, "specific-heat-j-per-kg-k", (900.0, 4300.0)),
        }
    }
}

#[cfg(test)]
mod tests;
