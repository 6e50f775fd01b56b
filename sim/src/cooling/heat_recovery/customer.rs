//! Somebody who wants heat: an office, a district network.

use plant::read::Section;

use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, number};

/// Hours of a profile.
const HOURS: usize = 24;

/// A heat customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Heat wanted whatever the weather: hot water (W, ≥ 0).
    pub base: f64,
    /// More for each kelvin that it is colder outdoors than the heating limit (W/K, ≥ 0).
    pub slope: f64,
    /// Outdoor temperature above which nobody heats (°C, 0 to 25).
    pub heating_limit: f64,
    /// Outdoor temperature the heating is designed for (°C, -40 to 15, below the limit).
    pub design_outdoors: f64,
    /// Most heat the connection carries (W, > 0).
    pub most: f64,
    /// Share of the demand at each hour of the day, straight lines between (1, 0 to 3; 24 numbers).
    pub profile: [f64; HOURS],
    /// Supply temperature wanted on a mild and on a design day (°C, 20 to 120).
    pub supply: (f64, f64),
    /// What comes back from the customer (°C, 10 to 90, below the supply).
    pub back: f64,
}

/// What a customer wants at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Heat (W, ≥ 0).
    pub heat: f64,
    /// At this temperature (°C).
    pub supply: f64,
    /// Out of this (°C).
    pub back: f64,
}

impl Customer {
    /// What it wants at an outdoor temperature (°C) and an hour of its day (h, any).
    #[must_use]
    pub fn wanted(&self, outdoors: f64, hour: f64) -> Wanted {
        let cold = (self.heating_limit - outdoors).max(0.0);
        let span = (self.heating_limit - self.design_outdoors).max(1e-3);
        let (mild, design) = self.supply;
        let heat = (self.base + self.slope * cold) * self.at_hour(hour);
        Wanted {
            heat: heat.clamp(0.0, self.most),
            supply: mild + (design - mild) * (cold / span).min(1.0),
            back: self.back,
        }
    }

    fn at_hour(&self, hour: f64) -> f64 {
        let hour = if hour.is_finite() { hour.rem_euclid(24.0) } else { 0.0 };
        let (mut before, mut share) = (self.profile.last().copied().unwrap_or(1.0), 0.0);
        // Walk to the hour: 24 steps at most, without an index.
        let mut start = -1.0;
        for next in self.profile.iter().chain(self.profile.first()) {
            if hour >= start && hour <= start + 1.0 {
                share = before + (next - before) * (hour - start);
            }
            (before, start) = (*next, start + 1.0);
        }
        share
    }

    /// Reads a customer.
    pub(super) fn read(of: &Section<'_>) -> Option<Self> {
        let profile: Option<Vec<f64>> = of.maybe("profile");
        let shares = match profile {
            None if of.has("profile") => None,
            None => Some([1.0; HOURS]),
            Some(read) => {
                let shares = <[f64; HOURS]>::try_from(read.as_slice())
                    .ok()
                    .filter(|p| p.iter().all(|s| (0.0..=3.0).contains(s)));
                if shares.is_none() {
                    let message = format!("`profile` has {} numbers, and must have 24 from 0 to 3", read.len());
                    of.fault("profile", message, "write one share for each hour of the day");
                }
                shares
            }
        };
        let limit = number(of, "heating-limit-cel", (0.0, 25.0));
        let design = number(of, "design-outdoors-cel", (-40.0, 15.0));
        let supply = (number(of, "supply-mild-cel", (20.0, 120.0)), number(of, "supply-cold-cel", (20.0, 120.0)));
        let back = number(of, "back-cel", (10.0, 90.0));
        let all = ["heating-limit-cel", "design-outdoors-cel"].into_iter().all(|key| of.has(key));
        if all && design >= limit {
            let help = "write a `design-outdoors-cel` below the heating limit";
            of.fault("design-outdoors-cel", "the design day is not colder than the heating limit", help);
        }
        if of.has("back-cel") && of.has("supply-mild-cel") && back >= supply.0.min(supply.1) {
            of.fault("back-cel", "the customer gives back warmer water than it wants", "lower `back-cel`");
        }
        Some(Self {
            base: number(of, "base-w", AT_LEAST_ZERO),
            slope: number(of, "slope-w-per-k", AT_LEAST_ZERO),
            heating_limit: limit,
            design_outdoors: design,
            most: number(of, "most-w", POSITIVE),
            profile: shares?,
            supply,
            back,
        })
    }
}
