//! Batteries on a hall's alternating current that control charges and discharges: what they may be asked for, and what is kept back.
//!
//! The batteries inside of UPSs are none of these: nobody asks anything of them.

use crate::hall::machinery::Battery;
use crate::id::FeedId;
use crate::time::Span;
use crate::units::{Celsius, Percent, WattHours, Watts};

/// A battery that control charges and discharges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Storage {
    /// What it tells and is told.
    pub of: Battery,
    /// The feed on which it hangs: what it gives flows no more through that feed's meter.
    pub feed: FeedId,
    /// Energy from empty to full (Wh, > 0).
    pub capacity: WattHours,
    /// The most that it takes and the most that it gives, at its terminals (W, > 0).
    pub rated: (Watts, Watts),
    /// What it shall never be emptied below and filled above (%, 0 to 100).
    pub window: (Percent, Percent),
    /// What is kept for an outage: neither peaks nor prices nor the grid empty it below (%, from the window's low end).
    pub reserve: Percent,
    /// Where it stands when nobody needs it (%, above the reserve, in the window).
    pub charge_to: Percent,
    /// The charge above which it takes less (%), and the share of the rating that it takes when it is full (1, 0 to 1).
    pub taper: (Percent, f64),
    /// What the temperature of its cells does to both powers.
    pub cells: Derating,
    /// Given over taken out of store, and stored over taken in (1, 0.5 to 1).
    pub efficiency: f64,
    /// What a kWh in or out wears off, as plans of the day ahead count it (the tariff's currency, 0 to 10).
    pub wear: f64,
    /// How it is charged.
    pub charging: Charging,
    /// How often it shall prove what it holds; nothing where nobody asks for it.
    pub prove_every: Option<Span>,
}

/// Temperatures of cells, rising: none of the power, all of it, all of it, none (°C).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Derating {
    /// No power at or below (°C).
    pub cold_stop: Celsius,
    /// Full power from here (°C).
    pub cold_full: Celsius,
    /// Full power up to here (°C).
    pub hot_full: Celsius,
    /// No power at or above (°C).
    pub hot_stop: Celsius,
    /// Nothing is taken at or below (°C): cells of lithium plate when they are charged in frost.
    pub charge_above: Celsius,
}

/// How a battery is charged, so that no peak follows the one that it kept down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Charging {
    /// With so much at the most (W, > 0).
    pub most: Watts,
    /// Not before it has rested so long (s).
    pub rest: Span,
    /// From nothing to the most takes so long (s).
    pub rise: Span,
}

impl Derating {
    /// Usual for lithium-ion cells (°C).
    pub const USUAL: Self = Self {
        cold_stop: Celsius(-10.0),
        cold_full: Celsius(10.0),
        hot_full: Celsius(45.0),
        hot_stop: Celsius(55.0),
        charge_above: Celsius(0.0),
    };

    /// From where cells with these first two temperatures are charged unless somebody says otherwise: not in frost.
    #[must_use]
    pub fn usual_charge(cold_stop: Celsius, cold_full: Celsius) -> Celsius {
        let frost = Self::USUAL.charge_above;
        if cold_stop < frost && frost < cold_full { frost } else { cold_stop }
    }

    /// True where the four are in their order, and charging begins between the first two.
    #[must_use]
    pub fn rises(&self) -> bool {
        let power = self.cold_stop < self.cold_full && self.cold_full <= self.hot_full && self.hot_full < self.hot_stop;
        power && self.cold_stop <= self.charge_above && self.charge_above < self.cold_full
    }

    /// Share of the power that may be taken (1, 0 to 1): as [`Self::share`], and from nothing at `charge_above` to all of it at `cold_full`.
    #[must_use]
    pub fn charging_share(&self, cells: Celsius) -> f64 {
        let warm = (cells.0 - self.charge_above.0) / (self.cold_full.0 - self.charge_above.0);
        self.share(cells).min(warm.max(0.0))
    }

    /// Share of the power at a temperature of the cells (1, 0 to 1); none where that is no number.
    #[must_use]
    pub fn share(&self, cells: Celsius) -> f64 {
        if cells.0.is_nan() {
            return 0.0;
        }
        let warm = (cells.0 - self.cold_stop.0) / (self.cold_full.0 - self.cold_stop.0);
        let cool = (self.hot_stop.0 - cells.0) / (self.hot_stop.0 - self.hot_full.0);
        warm.min(cool).clamp(0.0, 1.0)
    }
}

impl Storage {
    /// The most that it takes at a charge and a temperature of its cells (W, ≥ 0); none where it is full.
    #[must_use]
    pub fn takes(&self, charge: Percent, cells: Celsius) -> Watts {
        let (from, share) = (self.taper.0.0, self.taper.1);
        let beyond = ((charge.0 - from) / (100.0 - from).max(1e-9)).clamp(0.0, 1.0);
        let taken = self.rated.0.0 * (1.0 - (1.0 - share) * beyond) * self.cells.charging_share(cells);
        Watts(if charge.0 < self.window.1.0 { taken } else { 0.0 })
    }

    /// The most that it gives at a charge above `floor` (%) and a temperature of its cells, and can give for `holds` (W, ≥ 0).
    #[must_use]
    pub fn gives(&self, (charge, floor): (Percent, Percent), cells: Celsius, holds: Span) -> Watts {
        let rated = self.rated.1.0 * self.cells.share(cells);
        let power = self.usable((charge, floor)).0 * 3600.0 / holds.seconds().max(1.0);
        Watts(rated.min(power))
    }

    /// What it can give above a charge (Wh, ≥ 0).
    #[must_use]
    pub fn usable(&self, (charge, floor): (Percent, Percent)) -> WattHours {
        WattHours((charge.0 - floor.0).max(0.0) / 100.0 * self.capacity.0 * self.efficiency)
    }

    /// The charge that economics keep (%): the reserve, and never less than the window's low end.
    #[must_use]
    pub fn floor(&self) -> Percent {
        Percent(self.reserve.0.max(self.window.0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_are_too_cold_or_too_hot_give_nothing_and_between_it_is_a_line() {
        let cells = Derating::USUAL;
        for (at, share) in [(-40.0, 0.0), (-10.0, 0.0), (0.0, 0.5), (10.0, 1.0), (45.0, 1.0), (50.0, 0.5), (55.0, 0.0)]
        {
            assert!((cells.share(Celsius(at)) - share).abs() < 1e-12, "{at}");
        }
        assert!(cells.share(Celsius(f64::NAN)).abs() < 1e-12);
        for (at, share) in [(-5.0, 0.0), (0.0, 0.0), (5.0, 0.5), (10.0, 1.0), (50.0, 0.5), (f64::NAN, 0.0)] {
            assert!((cells.charging_share(Celsius(at)) - share).abs() < 1e-12, "charged at {at}");
        }
        assert!(cells.rises() && !Derating { charge_above: Celsius(-11.0), ..cells }.rises());
    }
}
