//! A UPS: double conversion in modules, eco mode, a bypass, and a string of batteries behind it.
//!
//! **Equation** `n` awake modules share the load, `loss = n·Pₙ·(a + b·x + c·x²)` with `x` the load over `n·Pₙ`; a sleeping module draws its
//! stand-by. In eco mode the static switch carries the load and loses `Pₙ·(a + b·x)` of the whole. On battery the inverter's part
//! of the loss stays and the string gives the rest; when the mains are back the rectifier takes the load over on a line
//! (walk-in), then charges. An overload uses up its time at `1/t(x)` a second and gives it back over `recovery`. Every watt:
//! `input = output + loss + stored`. **Source** a quadratic in load fits published efficiencies (CEC TB-45 shows the fall at low
//! load): .012/.015/.018 gives 93.7, 95.4, 95.7, 95.7 % at quarter loads, .006/.008/.012 a silicon-carbide set; eco mode 98.5 to
//! 99 %; overload times and transfer times from manuals. **Parameters** modules, coefficients, times, [`Battery`]. **Box** loads 0
//! to 150 %. **Outside it** above the last point of the overload curve its time holds; a load beyond the string's power or charge is
//! served for a part of the step, and that part is told. **Time constant** transfer 0 to 10 ms, walk-in 10 s, overload
//! seconds to minutes.

mod carry;
mod modes;

use plant::read::Section;

use super::battery::{Battery, Store};
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, need, number};

pub use carry::{Around, Carried};
pub use modes::{Bypassed, Down, Mode, Orders, Output, Supply, UpsEvent};

/// What a converter loses: `rated·(a + b·x + c·x²)` with `x` its output over its rating.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossCurve {
    /// The rating (W, > 0).
    pub rated: f64,
    /// Without load (1, ≥ 0).
    pub a: f64,
    /// In proportion (1, ≥ 0).
    pub b: f64,
    /// With the square (1, ≥ 0).
    pub c: f64,
}

impl LossCurve {
    /// The loss at an output (W).
    #[must_use]
    pub fn loss(&self, output: f64) -> f64 {
        let x = output / self.rated;
        self.rated * (self.a + self.b * x + self.c * x * x)
    }
}

/// A UPS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ups {
    /// One module's losses in double conversion; its rating is theirs.
    pub module: LossCurve,
    /// Modules installed (1, ≥ 1).
    pub modules: u32,
    /// Modules kept awake beyond what the load needs (1, ≥ 0).
    pub spare: u32,
    /// How modules sleep, where they do.
    pub sleep: Option<Sleep>,
    /// Share of the loss that is the inverter's, and stays on battery (1, 0 to 1).
    pub inverter: f64,
    /// Eco mode, where it has one.
    pub eco: Option<Eco>,
    /// Loss on bypass over the load (1, 0 to 0.1).
    pub bypass_loss: f64,
    /// How long a change-over of the static switch leaves the load alone (s, ≥ 0).
    pub transfer: f64,
    /// Overloads: load over rating (1, rising) and how long it is borne (s).
    pub overload: [(f64, f64); 3],
    /// Time in which a used-up overload is given back (s, > 0).
    pub recovery: f64,
    /// Lowest input it takes (1 over nominal, 0 to 1).
    pub tolerance: f64,
    /// The input must have been good for so long before it is used again (s, ≥ 0).
    pub qualify: f64,
    /// The rectifier takes the load over in this time (s, ≥ 0).
    pub walk_in: f64,
    /// Time from a good input to an output after it was down (s, ≥ 0).
    pub restart: f64,
    /// The string.
    pub battery: Battery,
    /// Most charging power (W, ≥ 0).
    pub charge: f64,
    /// Most charging power while a generator feeds (W, ≥ 0).
    pub charge_on_generator: f64,
    /// Into the string over drawn for it (1, 0.5 to 1).
    pub charger: f64,
}

/// How modules sleep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sleep {
    /// Highest load over the rating of the awake modules that the load needs (1, 0.1 to 1).
    pub fill: f64,
    /// One goes to sleep when it has not been needed for so long (s, ≥ 0).
    pub after: f64,
    /// Draw of a sleeping module (W, ≥ 0).
    pub standby: f64,
}

/// Eco mode: the load on the static switch, the inverter ready.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eco {
    /// Loss without load over the rating (1, ≥ 0).
    pub a: f64,
    /// Loss in proportion to the load (1, ≥ 0).
    pub b: f64,
    /// How long a disturbance reaches the load until the inverter has it (s, ≥ 0).
    pub transfer: f64,
}

impl Eco {
    /// 98.5 % at a quarter of the load, 99 % at all of it; 4 ms.
    pub const USUAL: Self = Self { a: 0.001_709, b: 0.008_392, transfer: 0.004 };
}

impl Ups {
    /// A usual one of `modules` modules of `rated` W, one of them spare, with a lithium-ion string for `minutes` at the rating of
    /// the others.
    #[must_use]
    pub fn usual(rated: f64, modules: u32, minutes: f64) -> Self {
        let carried = rated * f64::from(modules.saturating_sub(1).max(1));
        // The window, the inverter's loss and the way out of the cells take their part.
        let energy = carried * minutes * 60.0 * 1.025 / (0.96 * 0.95);
        let rate = 1.3 * carried * 3600.0 / energy;
        Self {
            module: LossCurve { rated, a: 0.012, b: 0.015, c: 0.018 },
            modules,
            spare: 1,
            sleep: None,
            inverter: 0.5,
            eco: None,
            bypass_loss: 0.004,
            transfer: 0.004,
            overload: [(1.05, 600.0), (1.25, 60.0), (1.5, 0.5)],
            recovery: 300.0,
            tolerance: 0.85,
            qualify: 10.0,
            walk_in: 10.0,
            restart: 30.0,
            // The cells' own supervision; the fans are the modules'.
            battery: Battery {
                charge_rate: rate.min(1.0),
                auxiliary: 5e-4 * carried,
                ..Battery::lithium(energy, rate)
            },
            charge: 0.08 * carried,
            charge_on_generator: 0.02 * carried,
            charger: 0.97,
        }
    }

    /// What `modules` modules are rated for (W).
    #[must_use]
    pub fn rating(&self, modules: u32) -> f64 {
        f64::from(modules) * self.module.rated
    }

    /// Loss of double conversion with `awake` modules on a load, `healthy` of them in all (W).
    #[must_use]
    pub fn loss(&self, load: f64, (awake, healthy): (u32, u32)) -> f64 {
        if awake == 0 {
            return 0.0;
        }
        let n = f64::from(awake);
        let asleep = f64::from(healthy.saturating_sub(awake));
        n * self.module.loss(load / n) + asleep * self.sleep.map_or(0.0, |s| s.standby)
    }

    /// Loss in eco mode (W).
    #[must_use]
    pub fn eco_loss(&self, load: f64) -> f64 {
        let eco = self.eco.unwrap_or(Eco::USUAL);
        self.rating(self.modules) * eco.a + eco.b * load
    }

    /// Modules that `load` needs, the spare ones included (1).
    #[must_use]
    pub fn needed(&self, load: f64) -> u32 {
        let fill = self.sleep.map_or(1.0, |s| s.fill);
        let modules = (load / (self.module.rated * fill)).ceil().clamp(0.0, 1e6);
        let modules = plant::convert::u64_from_f64_rounded(modules);
        u32::try_from(modules).unwrap_or(u32::MAX).max(1).saturating_add(self.spare)
    }

    /// How long an overload is borne (s); endless below the curve.
    #[must_use]
    pub fn bears(&self, ratio: f64) -> f64 {
        self.overload.iter().filter(|(at, _)| ratio > *at).fold(f64::INFINITY, |_, (_, seconds)| *seconds)
    }

    /// How long the string carries a load (s) from a store, at good temperatures.
    #[must_use]
    pub fn autonomy(&self, store: &Store, load: f64) -> f64 {
        let inverter = self.inverter * self.loss(load, (self.modules, self.modules));
        store.lasts(&self.battery, load + inverter + self.battery.auxiliary)
    }

    /// Reads a section with `module-w`, `modules`, `a`, `b`, `c`, `[battery]` and, where they differ from a usual one's, the rest by
    /// name. `eco-transfer-s` or `eco-a` and `eco-b` give it an eco mode, `sleep-fill` lets modules sleep.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let count = |key, range| of.whole(key, range).and_then(|n| u32::try_from(n).ok());
        let modules = count("modules", (1, 1000));
        if !of.has("modules") {
            of.missing("modules", "write `modules = …`, a whole number");
        }
        let rated = number(of, "module-w", POSITIVE);
        let coefficient = |key| number(of, key, SHARE);
        let module = LossCurve { rated, a: coefficient("a"), b: coefficient("b"), c: coefficient("c") };
        let usual = Self::usual(rated, modules.unwrap_or(1), 5.0);
        let or = |key, range, usual: f64| of.within(key, range).unwrap_or(usual);
        let eco = of.has("eco-a") || of.has("eco-b") || of.has("eco-transfer-s");
        let read = Self {
            module,
            spare: count("spare", (0, 1000)).unwrap_or(usual.spare),
            sleep: of.within("sleep-fill", (0.1, 1.0)).map(|fill| Sleep {
                fill,
                after: or("sleep-after-s", AT_LEAST_ZERO, 300.0),
                standby: or("sleep-standby-w", AT_LEAST_ZERO, 0.002 * rated),
            }),
            inverter: or("inverter-share", SHARE, usual.inverter),
            eco: eco.then(|| Eco {
                a: or("eco-a", SHARE, Eco::USUAL.a),
                b: or("eco-b", SHARE, Eco::USUAL.b),
                transfer: or("eco-transfer-s", AT_LEAST_ZERO, Eco::USUAL.transfer),
            }),
            bypass_loss: or("bypass-loss", (0.0, 0.1), usual.bypass_loss),
            transfer: or("transfer-s", AT_LEAST_ZERO, usual.transfer),
            tolerance: or("tolerance", SHARE, usual.tolerance),
            qualify: or("qualify-s", AT_LEAST_ZERO, usual.qualify),
            walk_in: or("walk-in-s", AT_LEAST_ZERO, usual.walk_in),
            restart: or("restart-s", AT_LEAST_ZERO, usual.restart),
            battery: need(of, "battery", Battery::read)?,
            charge: or("charge-w", AT_LEAST_ZERO, usual.charge),
            charge_on_generator: or("charge-on-generator-w", AT_LEAST_ZERO, usual.charge_on_generator),
            charger: or("charger-efficiency", (0.5, 1.0), usual.charger),
            ..usual
        };
        if read.spare >= read.modules && of.has("spare") {
            let message = format!("{} spare modules leave none of {} for the load", read.spare, read.modules);
            of.fault("spare", message, "write fewer, or 0");
        }
        Some(read)
    }
}

/// What a UPS remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpsState {
    /// What it is doing.
    pub mode: Mode,
    /// What is in the string.
    pub store: Store,
    /// What its panel or somebody at it wants.
    pub orders: Orders,
    /// Modules that are broken (1, ≥ 0).
    pub broken: u32,
    /// True while the string's breaker is open: it neither gives nor takes.
    pub string_open: bool,
    /// The load it carried last (W).
    load: f64,
    /// Modules awake, and how long one less would have done (s).
    awake: (u32, f64),
    /// Share of the overload's time that is used up (1, ≥ 0).
    strained: f64,
}

impl UpsState {
    /// In double conversion with every module awake and the string at `soc` (1, 0 to 1).
    #[must_use]
    pub fn new(of: &Ups, soc: f64) -> Self {
        Self {
            mode: Mode::DoubleConversion { walked: 1.0, steady: 0.0 },
            store: Store::charged(&of.battery, soc),
            orders: Orders::default(),
            broken: 0,
            string_open: false,
            load: 0.0,
            awake: (of.modules, 0.0),
            strained: 0.0,
        }
    }

    /// Modules that work (1).
    #[must_use]
    pub const fn healthy(&self, of: &Ups) -> u32 {
        of.modules.saturating_sub(self.broken)
    }

    /// True when the string has nothing to give.
    #[must_use]
    pub fn spent(&self, of: &Ups) -> bool {
        self.string_open || self.store.energy <= of.battery.window.0 * of.battery.energy * (1.0 + 1e-9)
    }

    /// Modules awake (1).
    #[must_use]
    pub fn awake(&self, of: &Ups) -> u32 {
        self.awake.0.min(self.healthy(of))
    }

    /// True where the loss of one more module would leave the rest overloaded.
    #[must_use]
    pub fn redundancy_lost(&self, of: &Ups) -> bool {
        self.load > of.rating(self.healthy(of).saturating_sub(1))
    }
}

#[cfg(test)]
mod tests;
