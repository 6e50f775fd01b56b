//! A battery: energy, the power it takes and gives, and what it loses on the way.
//!
//! **Equation** `dE/dt = η_c·P` charging, `P/η_d` discharging, less self-discharge `k·E`. Charging power is the C-rate's up to
//! `taper_from` and falls from there on a line to `taper_rate` at full charge; that line makes the charge an exponential, which a
//! step follows exactly however long it is. Both powers shrink on a line to nothing between a full and a stop
//! temperature at either end. **Source** efficiencies 0.9/0.9 are the default of LBNL's storage model (Buildings library), 0.96/0.96
//! usual for lithium-ion strings; taper, self-discharge 2 % a month and auxiliary power 0.5 % of rating from data sheets.
//! **Parameters** energy, C-rates, window of the state of charge, efficiencies, temperatures. **Box** the window, −20 to
//! 60 °C. **Outside it** below the window it only charges, above it only discharges; beyond the stop temperatures neither.
//! Voltage, ageing and the cells' own warmth are not modelled; throughput is counted. **Time constant** hours; the taper's
//! is `(1 − taper_from)/(η_c·(charge_rate − taper_rate))` hours.

use plant::hall::storage::Derating;
use plant::read::Section;
use plant::units::Celsius;

use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, number};

/// Seconds of an hour: a C-rate is 1/h.
const HOUR: f64 = 3600.0;
/// Seconds of the month of self-discharge.
const MONTH: f64 = 30.0 * 24.0 * HOUR;

/// A battery behind its converter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Battery {
    /// Energy from empty to full (J, > 0).
    pub energy: f64,
    /// Stored over taken in (1, 0.5 to 1).
    pub charge_efficiency: f64,
    /// Given over taken from store (1, 0.5 to 1).
    pub discharge_efficiency: f64,
    /// Most charging power over the energy (1/h, > 0).
    pub charge_rate: f64,
    /// Most discharging power over the energy (1/h, > 0).
    pub discharge_rate: f64,
    /// Lowest and highest state of charge in use (1, 0 to 1).
    pub window: (f64, f64),
    /// State of charge from which charging power falls (1, 0 to 1).
    pub taper_from: f64,
    /// Charging power over the energy at full charge (1/h, ≥ 0).
    pub taper_rate: f64,
    /// What temperature does to both powers.
    pub derating: Derating,
    /// Share of the stored energy lost in 30 days (1, 0 to 0.5).
    pub self_discharge: f64,
    /// Fans, controls and heaters, drawn at the terminals (W, ≥ 0).
    pub auxiliary: f64,
}

impl Battery {
    /// A lithium-ion battery of this energy (J) that takes and gives `rate` times its energy in an hour (1/h).
    #[must_use]
    pub const fn lithium(energy: f64, rate: f64) -> Self {
        Self {
            energy,
            charge_efficiency: 0.96,
            discharge_efficiency: 0.96,
            charge_rate: rate,
            discharge_rate: rate,
            window: (0.05, 1.0),
            taper_from: 0.9,
            taper_rate: 0.2,
            derating: Derating { hot_stop: Celsius(60.0), ..Derating::USUAL },
            self_discharge: 0.02,
            auxiliary: 0.005 * energy * rate / HOUR,
        }
    }

    /// The same with the efficiencies of LBNL's storage model.
    #[must_use]
    pub const fn lbnl(energy: f64, rate: f64) -> Self {
        Self { charge_efficiency: 0.9, discharge_efficiency: 0.9, ..Self::lithium(energy, rate) }
    }

    /// Most power into it at a state of charge, at good temperatures (W).
    #[must_use]
    pub fn charge_limit(&self, soc: f64) -> f64 {
        let (full, least) = (self.charge_rate, self.taper_rate.min(self.charge_rate));
        let beyond = ((soc - self.taper_from) / (1.0 - self.taper_from).max(1e-9)).clamp(0.0, 1.0);
        (full - (full - least) * beyond) * self.energy / HOUR
    }

    /// Reads a section with `energy-wh`, `charge-rate-per-h`, `discharge-rate-per-h` and, where they differ from a lithium-ion
    /// battery's, the rest by name.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let energy = number(of, "energy-wh", POSITIVE) * HOUR;
        let discharge_rate = number(of, "discharge-rate-per-h", (0.01, 100.0));
        let usual = Self::lithium(energy, discharge_rate);
        let or = |key, range, usual: f64| of.within(key, range).unwrap_or(usual);
        let (efficient, soc) = ((0.5, 1.0), (0.0, 1.0));
        let at = |key, usual: Celsius| Celsius(or(key, (-60.0, 120.0), usual.0));
        let (cold_stop, cold_full) =
            (at("cold-stop-cel", usual.derating.cold_stop), at("cold-full-cel", usual.derating.cold_full));
        let read = Self {
            charge_efficiency: or("charge-efficiency", efficient, usual.charge_efficiency),
            discharge_efficiency: or("discharge-efficiency", efficient, usual.discharge_efficiency),
            charge_rate: number(of, "charge-rate-per-h", (0.01, 100.0)),
            window: (or("soc-low", soc, usual.window.0), or("soc-high", soc, usual.window.1)),
            taper_from: or("taper-from", soc, usual.taper_from),
            taper_rate: or("taper-rate-per-h", (0.0, 100.0), usual.taper_rate),
            derating: Derating {
                cold_stop,
                cold_full,
                hot_full: at("hot-full-cel", usual.derating.hot_full),
                hot_stop: at("hot-stop-cel", usual.derating.hot_stop),
                charge_above: at("charge-above-cel", Derating::usual_charge(cold_stop, cold_full)),
            },
            self_discharge: or("self-discharge-per-month", (0.0, 0.5), usual.self_discharge),
            auxiliary: or("auxiliary-w", AT_LEAST_ZERO, usual.auxiliary),
            ..usual
        };
        if read.window.0 >= read.window.1 {
            of.fault("soc-high", "`soc-high` must lie above `soc-low`", "exchange the two, or leave both out");
        }
        let d = read.derating;
        if !d.rises() {
            let message = "the temperatures must rise from `cold-stop-cel` over `cold-full-cel` and `hot-full-cel` to `hot-stop-cel`";
            of.fault("hot-stop-cel", message, "put the four in order");
        }
        read
    }
}

/// What is in a battery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Store {
    /// Stored (J).
    pub energy: f64,
    /// Taken from store since the start, on the way out (J).
    pub throughput: f64,
}

/// A battery's powers over one step, means (W).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exchanged {
    /// Through the converter, positive in.
    pub power: f64,
    /// At the terminals, positive in: the converter and the auxiliary. `terminal = stored + loss`.
    pub terminal: f64,
    /// Into the store; negative out of it.
    pub stored: f64,
    /// Lost: both ways' efficiency, self-discharge, auxiliary.
    pub loss: f64,
    /// True where it took or gave less than was asked.
    pub limited: bool,
}

impl Store {
    /// A battery at a state of charge (1, 0 to 1).
    #[must_use]
    pub fn charged(of: &Battery, soc: f64) -> Self {
        Self { energy: of.energy * soc.clamp(0.0, 1.0), throughput: 0.0 }
    }

    /// State of charge (1, 0 to 1).
    #[must_use]
    pub fn soc(&self, of: &Battery) -> f64 {
        self.energy / of.energy
    }

    /// Full cycles since the start, counted by what was taken out (1).
    #[must_use]
    pub fn cycles(&self, of: &Battery) -> f64 {
        self.throughput / of.energy
    }

    /// How long it gives this power (W) at good temperatures (s); endless for none.
    #[must_use]
    pub fn lasts(&self, of: &Battery, power: f64) -> f64 {
        let usable = (self.energy - of.window.0 * of.energy).max(0.0) * of.discharge_efficiency;
        if power > 0.0 { usable / power } else { f64::INFINITY }
    }

    /// Takes (positive) or gives (negative) `asked` W through the converter for `dt` seconds, as far as it can. The auxiliary comes
    /// on top at the terminals; ask for it with the rest where nothing else feeds it. No number asks for nothing.
    pub fn step(&mut self, of: &Battery, asked: f64, cell: f64, dt: f64) -> Exchanged {
        if dt.is_nan() || dt <= 0.0 {
            return Exchanged::default();
        }
        let asked = if asked.is_finite() { asked } else { 0.0 };
        let faded = -self.energy * libm::expm1(-of.self_discharge / MONTH * dt);
        let resting = self.energy - faded;
        let share = of.derating.share(Celsius(cell));
        let (power, gained, loss) = if asked > 0.0 {
            let gained = charge(of, resting, asked, of.derating.charging_share(Celsius(cell)), dt);
            let power = gained / (of.charge_efficiency * dt);
            (power, gained, power * (1.0 - of.charge_efficiency))
        } else {
            let most = of.discharge_rate * of.energy / HOUR * share;
            let usable = (resting - of.window.0 * of.energy).max(0.0) * of.discharge_efficiency / dt;
            let power = (-asked).min(most).min(usable);
            let taken = power / of.discharge_efficiency;
            self.throughput += taken * dt;
            (-power, -taken * dt, power * (1.0 / of.discharge_efficiency - 1.0))
        };
        self.energy = resting + gained;
        Exchanged {
            power,
            terminal: power + of.auxiliary,
            stored: (gained - faded) / dt,
            loss: loss + faded / dt + of.auxiliary,
            limited: (power - asked).abs() > 1e-9 * asked.abs(),
        }
    }
}

/// What reaches the store in `dt` seconds of charging with `asked` W (J): constant power up to where the falling limit meets it,
/// then an exponential along the limit.
fn charge(of: &Battery, start: f64, asked: f64, share: f64, dt: f64) -> f64 {
    let (full, least) = (of.charge_limit(0.0) * share, of.charge_limit(1.0) * share);
    let knee = of.taper_from * of.energy;
    let steepness = (full - least) / (of.energy - knee).max(1e-9 * of.energy);
    let room = (of.window.1 * of.energy - start).max(0.0);
    let power = asked.min(full);
    if power <= 0.0 || room <= 0.0 {
        return 0.0;
    }
    let into = of.charge_efficiency * power;
    if steepness <= 0.0 {
        return (into * dt).min(room);
    }
    let meets = knee + (full - power) / steepness;
    let steady = ((meets - start) / into).clamp(0.0, dt);
    let mut gained = into * steady;
    if steady < dt {
        let limit = (full - steepness * (start + gained - knee)).clamp(0.0, power);
        gained -= limit / steepness * libm::expm1(-of.charge_efficiency * steepness * (dt - steady));
    }
    gained.min(room)
}

#[cfg(test)]
mod tests;
