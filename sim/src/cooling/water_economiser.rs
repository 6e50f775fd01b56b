//! A water-side economiser: a plate exchanger between chilled and condenser water, before the chillers or beside them.
//!
//! **Equation** counter-flow, `1/UA = 1/hA + 1/hA`, each side with flow to the 0.8; a valve sends a share of the
//! chilled water through the plates and the rest past them. In series (integrated) the mixed water goes on to the
//! chillers; in parallel the plates' water goes to the supply and only the rest to the chillers. **Source**
//! [`crate::exchanger`]; arrangements after Taylor, *How to design and control waterside economizers*, ASHRAE Journal
//! 2014. **Parameters** approach 1.5 to 3 K at design, plates' drop 40 to 90 kPa. **Box** flows 10 to 150 % of design.
//! **Outside it** `hA` falls linearly to zero with either flow; condenser water warmer than the return heats it, as
//! plates do, and the outcome says so. **Time constant** none: plates hold a few kilograms of water. Heat is the same
//! on both sides to the last bit.

use plant::read::Section;

use super::surface::Sides;
use crate::exchanger::arrangement::{self, Arrangement::CounterFlow};
use crate::exchanger::counter_flow;
use crate::physics::read::{POSITIVE, need, number};
use crate::water::CP_WATER;

/// Temperatures it is asked at (°C).
const HELD: (f64, f64) = (-40.0, 120.0);

/// Where the plates stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// Before the chillers, which cool what is left.
    Series,
    /// Beside the chillers.
    Parallel,
}

/// A water-side economiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaterEconomiser {
    /// Where the plates stand.
    pub arrangement: Arrangement,
    /// Conductances: chilled side first, condenser side second.
    pub plates: Sides,
}

/// What it is designed for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Chilled water entering and leaving the plates (°C).
    pub chilled: (f64, f64),
    /// Chilled water (kg/s, > 0).
    pub chilled_flow: f64,
    /// Condenser water entering (°C).
    pub entering: f64,
    /// Condenser water (kg/s, > 0).
    pub condenser_flow: f64,
}

/// A stream of water.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stream {
    /// Flow (kg/s, ≥ 0).
    pub flow: f64,
    /// Temperature (°C).
    pub celsius: f64,
}

/// What it does at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Heat from the chilled to the condenser water; negative where it warms the chilled water (W).
    pub heat: f64,
    /// Chilled water out of the plates.
    pub plates: Stream,
    /// What goes on to the chillers.
    pub to_chillers: Stream,
    /// What goes to the supply without them; no flow in series.
    pub to_supply: Stream,
    /// Condenser water leaving.
    pub condenser: Stream,
    /// True where the plates warm the chilled water: the economiser does harm.
    pub warming: bool,
}

impl WaterEconomiser {
    /// Plates for a design point. Nothing where it is impossible: water cannot leave colder than the other enters.
    #[must_use]
    pub fn sized(arrangement: Arrangement, of: &Design) -> Option<Self> {
        let (warm, cold) = of.chilled;
        let (chilled, condenser) = (of.chilled_flow * CP_WATER, of.condenser_flow * CP_WATER);
        if !(chilled > 0.0 && condenser > 0.0 && warm > cold && cold > of.entering) {
            return None;
        }
        let point = arrangement::Design {
            heat: chilled * (warm - cold),
            apart: warm - of.entering,
            one: chilled,
            other: condenser,
        };
        let ua = CounterFlow.conductance(&point)?;
        let flows = (of.chilled_flow, of.condenser_flow);
        // Both sides carry water through the same plates: the same velocity gives the same conductance.
        let ratio = libm::pow(of.chilled_flow / of.condenser_flow, 0.8);
        Some(Self { arrangement, plates: Sides { ua, ratio, flows, exponents: (0.8, 0.8) } })
    }

    /// Splits, cools and mixes: `chilled` comes back from the hall, `valve` (1, 0 to 1) of it goes through the plates,
    /// `condenser` comes from the towers.
    #[must_use]
    pub fn run(&self, chilled: Stream, valve: f64, condenser: Stream) -> Outcome {
        let (chilled, condenser) = (chilled.sane(20.0), condenser.sane(chilled.sane(20.0).celsius));
        let open = if valve.is_nan() { 0.0 } else { valve.clamp(0.0, 1.0) };
        let through = chilled.flow * open;
        let past = chilled.flow - through;
        let (one, other) = (through * CP_WATER, condenser.flow * CP_WATER);
        let per_kelvin = counter_flow(self.plates.overall(through, condenser.flow), one, other);
        let heat = per_kelvin * (chilled.celsius - condenser.celsius);
        let cooled = Stream { flow: through, celsius: chilled.celsius - over(heat, one) };
        let leaving = Stream { celsius: condenser.celsius + over(heat, other), ..condenser };
        let (to_chillers, to_supply) = match self.arrangement {
            Arrangement::Series => {
                let mixed = chilled.celsius - over(heat, chilled.flow * CP_WATER);
                (Stream { flow: chilled.flow, celsius: mixed }, Stream { flow: 0.0, celsius: cooled.celsius })
            }
            Arrangement::Parallel => (Stream { flow: past, celsius: chilled.celsius }, cooled),
        };
        Outcome { heat, plates: cooled, to_chillers, to_supply, condenser: leaving, warming: heat < 0.0 }
    }

    /// What the plates would make of the return (°C) were they put to work with condenser water of `tower` (°C) at both
    /// design flows: what a panel compares with the return before it opens the valve.
    #[must_use]
    pub fn predicted(&self, back: f64, tower: f64) -> f64 {
        let (chilled, condenser) = (self.plates.flows.0 * CP_WATER, self.plates.flows.1 * CP_WATER);
        back - counter_flow(self.plates.ua, chilled, condenser) / chilled * (back - tower)
    }

    /// Reads it from its design point.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let words = [("series", Arrangement::Series), ("parallel", Arrangement::Parallel)];
        let arrangement = of.need_word("arrangement", &words);
        let design = need(of, "design", Design::read)?;
        let read = Self::sized(arrangement.unwrap_or(Arrangement::Series), &design);
        if read.is_none() {
            let message =
                "no plates make this design true: chilled water would leave colder than condenser water enters";
            of.fault("design", message, "leave an approach of 1 K or more between the two, on both ends");
        }
        read
    }
}

impl Design {
    fn read(of: &Section<'_>) -> Self {
        let cel = |key| number(of, key, (-10.0, 60.0));
        Self {
            chilled: (cel("chilled-entering-cel"), cel("chilled-leaving-cel")),
            chilled_flow: number(of, "chilled-kg-per-s", POSITIVE),
            entering: cel("condenser-entering-cel"),
            condenser_flow: number(of, "condenser-kg-per-s", POSITIVE),
        }
    }
}

impl Stream {
    const fn sane(self, otherwise: f64) -> Self {
        let flow = if self.flow.is_finite() { self.flow.max(0.0) } else { 0.0 };
        let celsius = if self.celsius.is_finite() { self.celsius.clamp(HELD.0, HELD.1) } else { otherwise };
        Self { flow, celsius }
    }
}

fn over(heat: f64, stream: f64) -> f64 {
    if stream > 0.0 { heat / stream } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use plant::read::Source;

    const DESIGN: Design = Design { chilled: (18.0, 12.0), chilled_flow: 35.0, entering: 10.0, condenser_flow: 40.0 };

    const SECTION: &str = r#"
arrangement = "series"
[design]
chilled-entering-cel = 18.0
chilled-leaving-cel = 12.0
chilled-kg-per-s = 35.0
condenser-entering-cel = 10.0
condenser-kg-per-s = 40.0
"#;

    fn read(text: &str) -> Result<WaterEconomiser, String> {
        let source = Source::new("economiser.toml", text);
        let table = source.parse();
        let root = source.root(&table);
        let economiser = WaterEconomiser::read(&root);
        root.done();
        source.finish(economiser).map_err(|faults| faults.to_string())
    }

    fn streams() -> (Stream, Stream) {
        (Stream { flow: 35.0, celsius: 18.0 }, Stream { flow: 40.0, celsius: 10.0 })
    }

    #[test]
    fn its_design_comes_back_by_the_log_mean_difference() {
        let of = read(SECTION).unwrap_or_else(|faults| panic!("{faults}"));
        let (chilled, condenser) = streams();
        let out = of.run(chilled, 1.0, condenser);
        assert!((out.plates.celsius - 12.0).abs() < 1e-6 && (of.predicted(18.0, 10.0) - 12.0).abs() < 1e-6, "{out:?}");
        // UA over the log mean: 2 K at the cold end, 18 − 15.25 K at the warm one.
        let (cold, warm) = (2.0f64, 18.0 - (10.0 + 6.0 * 35.0 / 40.0));
        let mean = (warm - cold) / (warm / cold).ln();
        assert!((of.plates.ua * mean / out.heat - 1.0).abs() < 1e-6, "{} {}", of.plates.ua * mean, out.heat);
        assert!((out.condenser.celsius - 15.25).abs() < 1e-6 && !out.warming, "{out:?}");
    }

    #[test]
    fn in_series_all_goes_to_the_chillers_and_in_parallel_only_the_rest() {
        let (chilled, condenser) = streams();
        let run =
            |arrangement| WaterEconomiser::sized(arrangement, &DESIGN).expect("possible").run(chilled, 0.6, condenser);
        let (series, parallel) = (run(Arrangement::Series), run(Arrangement::Parallel));
        assert_eq!(series.heat.to_bits(), parallel.heat.to_bits());
        assert!(series.to_chillers.flow == 35.0 && series.to_supply.flow == 0.0, "{series:?}");
        let mixed = 0.6 * series.plates.celsius + 0.4 * 18.0;
        assert!((series.to_chillers.celsius - mixed).abs() < 1e-9, "{series:?}");
        assert!(
            (parallel.to_chillers.flow - 14.0).abs() < 1e-9 && parallel.to_chillers.celsius == 18.0,
            "{parallel:?}"
        );
        assert_eq!(parallel.to_supply, parallel.plates);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn both_sides_agree_and_colder_towers_never_cool_less(
            back in -60.0..150.0f64, flow in -10.0..80.0f64, valve in -0.5..1.5f64, tower in -60.0..150.0f64,
            other in -10.0..90.0f64,
        ) {
            for arrangement in [Arrangement::Series, Arrangement::Parallel] {
                let of = WaterEconomiser::sized(arrangement, &DESIGN).expect("possible");
                let chilled = Stream { flow, celsius: back };
                let out = of.run(chilled, valve, Stream { flow: other, celsius: tower });
                let (back, tower, flow) = (back.clamp(-40.0, 120.0), tower.clamp(-40.0, 120.0), flow.max(0.0));
                let on = |s: Stream| s.flow * s.celsius;
                let given = CP_WATER * (flow * back - on(out.to_chillers) - on(out.to_supply));
                let taken = CP_WATER * other.max(0.0) * (out.condenser.celsius - tower);
                let through = CP_WATER * (flow * back.abs() + other.abs() * tower.abs()) + out.heat.abs() + 1.0;
                prop_assert!((given - out.heat).abs() <= 1e-9 * through, "{out:?}");
                prop_assert!((taken - out.heat).abs() <= 1e-9 * through, "{out:?}");
                let (low, high) = (back.min(tower) - 1e-9, back.max(tower) + 1e-9);
                let between = |s: Stream| (low..=high).contains(&s.celsius);
                prop_assert!(between(out.plates) && between(out.condenser), "{out:?}");
                let colder = of.run(chilled, valve, Stream { flow: other, celsius: tower - 1.0 });
                prop_assert!(colder.heat >= out.heat - 1e-9, "{colder:?} {out:?}");
                prop_assert_eq!(out.warming, out.heat < 0.0);
            }
        }
    }

    #[test]
    fn nothing_is_exchanged_without_flow_or_with_nonsense() {
        let of = WaterEconomiser::sized(Arrangement::Series, &DESIGN).expect("possible");
        let (chilled, condenser) = streams();
        let dry = of.run(chilled, 1.0, Stream { flow: 0.0, ..condenser });
        let closed = of.run(chilled, f64::NAN, condenser);
        let lost = of.run(Stream { flow: 35.0, celsius: f64::NAN }, 1.0, Stream { flow: 40.0, celsius: f64::NAN });
        for out in [dry, closed, lost] {
            assert!(out.heat == 0.0 && out.to_chillers.celsius.is_finite(), "{out:?}");
        }
    }

    #[test]
    fn a_broken_section_tells_all_its_faults() {
        let broken = SECTION
            .replace("\"series\"", "\"serial\"")
            .replace("chilled-leaving-cel = 12.0", "chilled-leaving-cel = 9.0");
        let faults = read(&broken).expect_err("broken");
        for said in ["does not know the word `serial`", "no plates make this design true"] {
            assert!(faults.contains(said), "{said}: {faults}");
        }
    }
}
