//! A transformer: losses with and without load, oil and windings that warm, and the rush when it is switched on.
//!
//! **Equation** `loss = P₀ + Pₖ·(S/Sₙ)²`, `S = |P|/cos φ`. Temperatures after the exponential model for distribution transformers:
//! the oil's rise goes to `ΔΘ_o·((1 + R·K²)/(1 + R))^0.8` with `R = Pₖ/P₀` and `K = S/Sₙ`, the hot spot's rise above the oil
//! to `ΔΘ_h·K^1.6`, each with one time constant; paper ages at `2^((Θ_h − 98)/6)` of its normal pace. Switched on, it draws a
//! rush that starts between nothing and `peak` times the rated current, by the moment of the voltage, and fades
//! exponentially. **Source** IEC 60076-7 (exponents and constants of small ONAN transformers: hot spot 98 °C at rated load
//! and 20 °C outdoors); losses of 1000 kVA after Regulation (EU) 548/2014, tier 2: 693 W and 7.6 kW in liquid, 1395 W and 9.0 kW
//! dry. **Parameters** rating, P₀, Pₖ, cos φ; rises 55 and 23 K, time constants 180 and 4 min; rush 8 to 12 times, 0.1 to
//! 0.5 s. **Box** loads 0 to 150 %, either way. **Outside it** an overload is told, nothing trips: that is a breaker's work.
//! The oil is a thermometer, no store: the ledger books the loss when it arises. **Time constant** algebraic but for oil and
//! windings.

use plant::read::Section;

use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, maybe, number};

/// The oil's exponent.
const OIL: f64 = 0.8;
/// The windings' exponent.
const WINDING: f64 = 1.6;
/// Where paper ages at its normal pace (°C).
const NORMAL: f64 = 98.0;
/// The ageing doubles for so much more (K).
const DOUBLES: f64 = 6.0;

/// A transformer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transformer {
    /// The rating (VA, > 0).
    pub rated: f64,
    /// Loss without load (W, ≥ 0).
    pub no_load: f64,
    /// Loss on top at rated load (W, ≥ 0).
    pub load: f64,
    /// Power over apparent power of what hangs on it (1, 0.5 to 1).
    pub power_factor: f64,
    /// The rush when it is switched on.
    pub inrush: Inrush,
    /// Oil and windings, where their temperatures matter.
    pub thermal: Option<Thermal>,
}

/// The magnetising rush.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inrush {
    /// Current at the worst moment over the rated current (1, 0 to 30).
    pub peak: f64,
    /// It fades with this time constant (s, > 0).
    pub fade: f64,
}

/// How oil and windings warm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thermal {
    /// Top oil above ambient at rated load (K, > 0).
    pub oil_rise: f64,
    /// Hot spot above top oil at rated load (K, > 0).
    pub hot_spot_rise: f64,
    /// Time constant of the oil (s, > 0).
    pub oil: f64,
    /// Time constant of the windings (s, > 0).
    pub winding: f64,
}

/// 1000 kVA in liquid, the regulation's second tier.
pub const LIQUID_1000: Transformer = Transformer {
    rated: 1e6,
    no_load: 693.0,
    load: 7600.0,
    power_factor: 1.0,
    inrush: Inrush { peak: 10.0, fade: 0.2 },
    thermal: Some(Thermal { oil_rise: 55.0, hot_spot_rise: 23.0, oil: 10_800.0, winding: 240.0 }),
};

/// 1000 kVA dry, the regulation's second tier. Its windings are the loading guide for oil's no matter.
pub const DRY_1000: Transformer = Transformer { no_load: 1395.0, load: 9000.0, thermal: None, ..LIQUID_1000 };

impl Transformer {
    /// Loss while energised, at an output of either sign (W).
    #[must_use]
    pub fn loss(&self, output: f64) -> f64 {
        let x = self.loading(output);
        self.no_load + self.load * x * x
    }

    /// Apparent power over the rating (1, ≥ 0); above 1 is an overload.
    #[must_use]
    pub fn loading(&self, output: f64) -> f64 {
        output.abs() / (self.power_factor * self.rated)
    }

    /// Output over input (1); 0 without load.
    #[must_use]
    pub fn efficiency(&self, output: f64) -> f64 {
        if output <= 0.0 { 0.0 } else { output / (output + self.loss(output)) }
    }

    /// Reads a section with `rated-va`, `no-load-w`, `load-w`, `power-factor`, `inrush-peak`, `inrush-fade-s` and, where wanted,
    /// `[thermal]` with `oil-rise-k`, `hot-spot-rise-k`, `oil-s`, `winding-s`.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        let read = Self {
            rated: number(of, "rated-va", POSITIVE),
            no_load: number(of, "no-load-w", AT_LEAST_ZERO),
            load: number(of, "load-w", AT_LEAST_ZERO),
            power_factor: of.within("power-factor", (0.5, 1.0)).unwrap_or(1.0),
            inrush: Inrush {
                peak: of.within("inrush-peak", (0.0, 30.0)).unwrap_or(LIQUID_1000.inrush.peak),
                fade: of.within("inrush-fade-s", POSITIVE).unwrap_or(LIQUID_1000.inrush.fade),
            },
            thermal: maybe(of, "thermal", |of| Thermal {
                oil_rise: number(of, "oil-rise-k", POSITIVE),
                hot_spot_rise: number(of, "hot-spot-rise-k", POSITIVE),
                oil: number(of, "oil-s", POSITIVE),
                winding: number(of, "winding-s", POSITIVE),
            }),
        };
        if read.no_load > read.load {
            let message =
                format!("a transformer loses {} W without load and only {} W with it", read.no_load, read.load);
            of.fault("no-load-w", message, "the losses may be exchanged: `load-w` is the larger one");
        }
        read
    }
}

/// What a transformer remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerState {
    core: Core,
    oil_rise: f64,
    hot_spot_rise: f64,
    switched_on: u64,
}

/// `Dead ── voltage ──▶ Live ── none ──▶ Dead`
#[derive(Clone, Copy, Debug, PartialEq)]
enum Core {
    Dead,
    /// The rush that is left (1, over the rated current).
    Live {
        rush: f64,
    },
}

/// What a transformer meets in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Served {
    /// True when its primary has voltage.
    pub live: bool,
    /// What leaves it (W); not looked at while it is dead.
    pub output: f64,
    /// The air around it (°C).
    pub ambient: f64,
}

/// A transformer after one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Told {
    /// Loss (W).
    pub loss: f64,
    /// Apparent power over the rating (1).
    pub loading: f64,
    /// True above the rating.
    pub overloaded: bool,
    /// The rush at the start of the step over the rated current (1).
    pub inrush: f64,
    /// Top oil (°C), where it is modelled.
    pub oil: Option<f64>,
    /// Hot spot (°C), where it is modelled.
    pub hot_spot: Option<f64>,
    /// Pace of the paper's ageing over its normal pace (1); 0 where it is not modelled.
    pub ageing: f64,
}

impl TransformerState {
    /// Energised long ago and cold, or dead and cold.
    #[must_use]
    pub const fn new(live: bool) -> Self {
        let core = if live { Core::Live { rush: 0.0 } } else { Core::Dead };
        Self { core, oil_rise: 0.0, hot_spot_rise: 0.0, switched_on: 0 }
    }

    /// How often it was switched on.
    #[must_use]
    pub const fn switched_on(&self) -> u64 {
        self.switched_on
    }

    /// Moves it by `dt` seconds; `luck` (1, 0 to 1) is the moment of the voltage at which it was switched on, should it be now.
    pub fn step(&mut self, of: &Transformer, served: Served, luck: f64, dt: f64) -> Told {
        let output = if served.output.is_finite() && served.live { served.output } else { 0.0 };
        let inrush = match (self.core, served.live) {
            (Core::Dead | Core::Live { .. }, false) => {
                self.core = Core::Dead;
                0.0
            }
            (Core::Dead, true) => {
                self.switched_on = self.switched_on.saturating_add(1);
                of.inrush.peak * luck.clamp(0.0, 1.0)
            }
            (Core::Live { rush }, true) => rush,
        };
        if served.live {
            let left = if inrush > 0.0 { inrush * libm::exp(-dt.max(0.0) / of.inrush.fade) } else { 0.0 };
            // Below a thousandth there is nothing left to fade.
            self.core = Core::Live { rush: if left > 1e-3 { left } else { 0.0 } };
        }
        let (loss, loading) = if served.live { (of.loss(output), of.loading(output)) } else { (0.0, 0.0) };
        let mut told = Told { loss, loading, overloaded: loading > 1.0, inrush, ..Told::default() };
        if let Some(thermal) = &of.thermal {
            self.warm(of, thermal, (loss, loading), dt);
            let oil = served.ambient + self.oil_rise;
            let hot_spot = oil + self.hot_spot_rise;
            told.ageing = libm::exp2(((hot_spot - NORMAL) / DOUBLES).clamp(-60.0, 60.0));
            (told.oil, told.hot_spot) = (Some(oil), Some(hot_spot));
        }
        told
    }

    fn warm(&mut self, of: &Transformer, thermal: &Thermal, (loss, loading): (f64, f64), dt: f64) {
        let rated = (of.no_load + of.load).max(f64::MIN_POSITIVE);
        let oil = thermal.oil_rise * libm::pow(loss / rated, OIL);
        let winding = thermal.hot_spot_rise * libm::pow(loading, WINDING);
        let dt = dt.max(0.0);
        self.oil_rise = oil + (self.oil_rise - oil) * libm::exp(-dt / thermal.oil);
        self.hot_spot_rise = winding + (self.hot_spot_rise - winding) * libm::exp(-dt / thermal.winding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::read::Source;
    use proptest::prelude::*;

    fn served(output: f64) -> Served {
        Served { live: true, output, ambient: 20.0 }
    }

    #[test]
    fn it_is_best_where_both_losses_are_equal() {
        for of in [LIQUID_1000, DRY_1000] {
            // Closed form: the peak efficiency index 1 − 2·P₀/(Sₙ·√(P₀/Pₖ)).
            let root = (of.no_load / of.load).sqrt();
            let best = 1.0 - 2.0 * of.no_load / (of.rated * root);
            let at_best = 1.0 - of.loss(of.rated * root) / (of.rated * root);
            assert!((at_best - best).abs() < 1e-12, "{at_best} {best}");
            assert!(of.efficiency(0.9 * root * of.rated) < of.efficiency(root * of.rated));
            assert!(of.efficiency(1.1 * root * of.rated) < of.efficiency(root * of.rated));
        }
    }

    #[test]
    fn rated_load_at_twenty_degrees_ends_at_98_and_ages_normally() {
        let mut state = TransformerState::new(true);
        let told = (0..200).map(|_| state.step(&LIQUID_1000, served(1e6), 0.0, 600.0)).last().expect("steps");
        assert!((told.hot_spot.expect("oil") - 98.0).abs() < 1e-3, "{told:?}");
        assert!((told.oil.expect("oil") - 75.0).abs() < 1e-3 && (told.ageing - 1.0).abs() < 1e-3, "{told:?}");
    }

    #[test]
    fn oil_takes_three_hours_and_windings_four_minutes() {
        let mut state = TransformerState::new(true);
        let first = state.step(&LIQUID_1000, served(1e6), 0.0, 240.0);
        let gradient = first.hot_spot.expect("oil") - first.oil.expect("oil");
        assert!((gradient / 23.0 - (1.0 - f64::exp(-1.0))).abs() < 1e-9, "{first:?}");
        let later = state.step(&LIQUID_1000, served(1e6), 0.0, 10_560.0);
        assert!(((later.oil.expect("oil") - 20.0) / 55.0 - (1.0 - f64::exp(-1.0))).abs() < 1e-9, "{later:?}");
    }

    #[test]
    fn the_rush_comes_with_each_switching_on_and_fades() {
        let mut state = TransformerState::new(true);
        assert_eq!(state.step(&LIQUID_1000, served(5e5), 0.7, 1.0).inrush, 0.0, "it was on before");
        let dead = state.step(&LIQUID_1000, Served { live: false, ..served(5e5) }, 0.7, 1.0);
        assert_eq!((dead.loss, dead.inrush), (0.0, 0.0));
        let on = state.step(&LIQUID_1000, served(5e5), 0.7, 0.2);
        assert!((on.inrush - 7.0).abs() < 1e-12);
        let after = state.step(&LIQUID_1000, served(5e5), 0.7, 5.0);
        assert!((after.inrush - 7.0 * f64::exp(-1.0)).abs() < 1e-9, "{after:?}");
        assert_eq!(state.step(&LIQUID_1000, served(5e5), 0.7, 1.0).inrush, 0.0);
        assert_eq!(state.switched_on(), 1);
    }

    #[test]
    fn an_overload_is_told_and_no_absurd_load_breaks_it() {
        let mut state = TransformerState::new(true);
        assert!(state.step(&LIQUID_1000, served(1.01e6), 0.0, 1.0).overloaded);
        assert!(!state.step(&LIQUID_1000, served(-0.99e6), 0.0, 1.0).overloaded, "export loads it as import does");
        for output in [f64::NAN, 1e12, -1e12, 0.0] {
            let told = state.step(&LIQUID_1000, served(output), 2.0, 10.0);
            assert!(told.loss.is_finite() && told.ageing.is_finite() && told.hot_spot.expect("oil").is_finite());
        }
    }

    proptest! {
        #[test]
        fn more_load_never_loses_less(one in 0.0..2e6f64, more in 0.0..1e6f64) {
            prop_assert!(LIQUID_1000.loss(one) >= LIQUID_1000.no_load);
            prop_assert!(LIQUID_1000.loss(one + more) >= LIQUID_1000.loss(one));
            let efficiency = LIQUID_1000.efficiency(one + 1.0);
            prop_assert!(efficiency > 0.0 && efficiency < 1.0);
        }
    }

    #[test]
    fn a_broken_section_tells_all_its_faults() {
        let source = Source::new("t.toml", "rated-va = -1\nno-load-w = 9\nload-w = 5\n[thermal]\noil-s = 1\n");
        let table = source.parse();
        let read = Transformer::read(&source.root(&table));
        let faults = source.finish(Some(read)).expect_err("faults").0;
        assert_eq!(faults.len(), 5, "{faults:?}");
    }
}
