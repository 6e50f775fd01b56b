//! A plate exchanger: the heart of a CDU, a water-side economiser, a heat-recovery unit.
//!
//! **Equation** counter-flow ε-NTU of `1/UA = 1/hA₁ + 1/hA₂`, each side's `hA = hA₀·(m/m₀)^0.8`, and `hA₁₀ = (1 +
//! r)·UA₀`, `hA₂₀ = hA₁₀/r` with `r = (k₁/k₂)·(m₁μ₂/(m₂μ₁))^0.8·(Pr₁/Pr₂)^(1/3)` from the fluids at the design point.
//! **Source** Incropera & DeWitt, ch. 11; turbulent flow between plates (Dittus-Boelter); heat-exchanger models of
//! modelica-buildings as a source of the form. **Parameters** `ua` 50 to 500 W/K for each kW; approach 2 to 5 K; 4 to 8
//! transfer units. **Box** flows 10 to 150 % of nominal, turbulent; conductances follow flow and not temperature: water
//! 10 K warmer on both sides would pass 11 % more. **Outside it** below a tenth of the nominal flow `hA` falls linearly
//! to zero; a flow below zero counts as none; above ten times the nominal flow it no longer grows. **Time constant**
//! none: algebraic; the water on both sides belongs to the loops. **Cost** by processor time on a small cloud core: 220
//! ns.

use plant::read::Section;

use super::arrangement::{Arrangement, Design};
use super::{air_growth, grown_as};
use crate::fluids::Fluid;
use crate::physics::read::{POSITIVE, number};

/// Exponent of the flow on both sides.
const EXPONENT: f64 = 0.8;
/// Flow over nominal flow beyond which conductances do not grow.
const MOST_FLOW: f64 = 10.0;

/// A plate exchanger. The primary side is the facility's, the secondary side the racks'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateExchanger {
    /// Overall conductance at the nominal flows (W/K, > 0).
    pub ua: f64,
    /// Nominal flow of the primary side (kg/s, > 0).
    pub primary_kg_s: f64,
    /// Nominal flow of the secondary side (kg/s, > 0).
    pub secondary_kg_s: f64,
    /// The primary side's conductance over the secondary side's at the nominal flows (1, 0.5 to 2).
    pub primary_to_secondary: f64,
}

/// One side at its design point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// What flows.
    pub fluid: Fluid,
    /// How much (kg/s, > 0).
    pub kg_s: f64,
    /// How it enters (°C, inside the fluid's range).
    pub entering: f64,
}

/// One side as it enters now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    /// Flow (kg/s; below zero counts as none).
    pub kg_s: f64,
    /// Specific heat (J/kg/K, > 0).
    pub specific_heat: f64,
    /// Temperature entering (°C).
    pub entering: f64,
}

/// What passed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passed {
    /// Heat into the primary side (W; negative where that is the warmer one).
    pub heat: f64,
    /// Primary side leaving (°C); as it entered where it does not flow.
    pub primary_leaving: f64,
    /// Secondary side leaving (°C); as it entered where it does not flow.
    pub secondary_leaving: f64,
}

impl PlateExchanger {
    /// The exchanger that passes `heat` (W, > 0) from the warmer secondary to the primary side; none where their flows
    /// and temperatures cannot.
    #[must_use]
    pub fn sized(heat: f64, primary: &Side, secondary: &Side) -> Option<Self> {
        let flow = |s: &Side| s.fluid.capacity_flow(s.kg_s, s.entering);
        let apart = secondary.entering - primary.entering;
        let ua = Arrangement::CounterFlow.conductance(&Design {
            heat,
            apart,
            one: flow(primary),
            other: flow(secondary),
        })?;
        Some(Self {
            ua,
            primary_kg_s: primary.kg_s,
            secondary_kg_s: secondary.kg_s,
            primary_to_secondary: conductance_ratio(primary, secondary),
        })
    }

    /// The same exchanger with its conductance cut to a share (1, 0 to 1; held there) by dirt on its plates.
    #[must_use]
    pub const fn fouled(self, share: f64) -> Self {
        Self { ua: self.ua * share.clamp(0.0, 1.0), ..self }
    }

    /// The overall conductance (W/K) at two flows (kg/s).
    #[must_use]
    pub fn conductance(&self, primary: f64, secondary: f64) -> f64 {
        let share = |flow: f64, nominal: f64| grown_as((flow / nominal).clamp(0.0, MOST_FLOW), air_growth);
        let (one, other) = (share(primary, self.primary_kg_s), share(secondary, self.secondary_kg_s));
        // 1/UA = 1/hA₁ + 1/hA₂ with hA₁ = (1 + r)·UA₀·one and hA₂ = (1 + r)/r·UA₀·other.
        let r = self.primary_to_secondary;
        let sum = r * one + other;
        if sum <= 0.0 { 0.0 } else { self.ua * (1.0 + r) * one * other / sum }
    }

    /// The heat that passes and how both sides leave. Heat and leaving temperatures balance to rounding.
    #[must_use]
    pub fn pass(&self, primary: &Stream, secondary: &Stream) -> Passed {
        let ua = self.conductance(primary.kg_s, secondary.kg_s);
        let flow = |s: &Stream| s.kg_s.max(0.0) * s.specific_heat;
        let (one, other) = (flow(primary), flow(secondary));
        let heat = Arrangement::CounterFlow.heat_per_kelvin(ua, one, other) * (secondary.entering - primary.entering);
        let (gained, lost) = if heat == 0.0 { (0.0, 0.0) } else { (heat / one, heat / other) };
        Passed { heat, primary_leaving: primary.entering + gained, secondary_leaving: secondary.entering - lost }
    }

    /// From its design point in a section: both fluids, flows and entering temperatures, and the heat.
    #[cfg_attr(not(test), expect(dead_code, reason = "the halls that have a CDU read it"))]
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let (one, other) =
            (of.need_word("primary-fluid", &Fluid::WORDS), of.need_word("secondary-fluid", &Fluid::WORDS));
        let heat = number(of, "heat-w", POSITIVE);
        let (one_kg_s, other_kg_s) =
            (number(of, "primary-kg-per-s", POSITIVE), number(of, "secondary-kg-per-s", POSITIVE));
        let (cold, warm) =
            (number(of, "primary-in-cel", (-20.0, 100.0)), number(of, "secondary-in-cel", (-20.0, 100.0)));
        let primary = Side { fluid: one?, kg_s: one_kg_s, entering: cold };
        let secondary = Side { fluid: other?, kg_s: other_kg_s, entering: warm };
        for (key, side) in [("primary-in-cel", &primary), ("secondary-in-cel", &secondary)] {
            if of.has(key) && side.fluid.outside(side.entering) {
                let ((coldest, warmest), word) = (side.fluid.range(), side.fluid.word());
                let message =
                    format!("{word} is known from {coldest} to {warmest} °C and enters at {} °C", side.entering);
                of.fault(key, message, "write a temperature in that range, or another fluid");
            }
        }
        let known = ["heat-w", "primary-kg-per-s", "secondary-kg-per-s", "primary-in-cel", "secondary-in-cel"];
        let complete = known.iter().all(|key| of.has(key));
        let sized = Self::sized(heat, &primary, &secondary);
        if complete && warm <= cold {
            let message =
                format!("the secondary side enters at {warm} °C, no warmer than the primary side at {cold} °C");
            of.fault("secondary-in-cel", message, "write the temperature of the water that comes from the racks");
        } else if complete && sized.is_none() {
            let flow = |s: &Side| s.fluid.capacity_flow(s.kg_s, s.entering);
            let most = flow(&primary).min(flow(&secondary)) * (warm - cold);
            let message =
                format!("`heat-w` is {heat}, and these flows cannot pass {most:.0} W between {warm} and {cold} °C");
            of.fault("heat-w", message, "give the smaller flow more water, or the two sides more difference");
        }
        sized
    }
}

/// The primary side's conductance over the secondary side's, from the fluids at their design points.
fn conductance_ratio(primary: &Side, secondary: &Side) -> f64 {
    let (one, other) = (primary.fluid, secondary.fluid);
    let (t1, t2) = (primary.entering, secondary.entering);
    let conductivity = one.conductivity(t1) / other.conductivity(t2);
    let reynolds = primary.kg_s * other.viscosity(t2) / (secondary.kg_s * one.viscosity(t1));
    conductivity * libm::pow(reynolds, EXPONENT) * libm::cbrt(one.prandtl(t1) / other.prandtl(t2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::read::Source;
    use proptest::prelude::*;

    /// A CDU of 1,368 kW: 20.6 kg/s on both sides, 4 K between facility and rack supply.
    fn cdu() -> (PlateExchanger, Side, Side) {
        let primary = Side { fluid: Fluid::Water, kg_s: 20.6, entering: 28.0 };
        let secondary = Side { fluid: Fluid::Pg20, kg_s: 20.6, entering: 32.0 + 1368e3 / (20.6 * 4010.0) };
        (PlateExchanger::sized(1368e3, &primary, &secondary).expect("it is sold"), primary, secondary)
    }

    fn stream(side: &Side, share: f64) -> Stream {
        let specific_heat = side.fluid.specific_heat(side.entering);
        Stream { kg_s: side.kg_s * share, specific_heat, entering: side.entering }
    }

    #[test]
    fn a_cdu_keeps_its_makers_approach() {
        let (plate, primary, secondary) = cdu();
        let passed = plate.pass(&stream(&primary, 1.0), &stream(&secondary, 1.0));
        assert!((passed.heat - 1368e3).abs() < 1.0, "{passed:?}");
        // The maker's approach: racks are supplied 4 K above the facility's water.
        assert!((passed.secondary_leaving - 32.0).abs() < 0.15, "{passed:?}");
        // Balanced counter-flow: UA = Q over the one difference at both ends.
        let ends = [passed.secondary_leaving - primary.entering, secondary.entering - passed.primary_leaving];
        let mean = (ends[0] - ends[1]) / (ends[0] / ends[1]).ln();
        assert!((plate.ua * mean / 1368e3 - 1.0).abs() < 1e-6, "{} {ends:?}", plate.ua);
        assert!((0.5..2.0).contains(&plate.primary_to_secondary), "{plate:?}");
    }

    #[test]
    fn dirt_widens_the_approach_and_a_stopped_side_passes_nothing() {
        let (plate, primary, secondary) = cdu();
        let (a, b) = (stream(&primary, 1.0), stream(&secondary, 1.0));
        let (clean, dirty) = (plate.pass(&a, &b), plate.fouled(0.7).pass(&a, &b));
        assert!(dirty.secondary_leaving > clean.secondary_leaving + 0.5, "{clean:?} {dirty:?}");
        for still in [0.0, -1.0] {
            let passed = plate.pass(&a, &stream(&secondary, still));
            assert_eq!((passed.heat, passed.primary_leaving), (0.0, a.entering), "{passed:?}");
        }
    }

    #[test]
    fn conductance_is_smooth_through_a_tenth_of_the_flow() {
        let (plate, ..) = cdu();
        let at = |share: f64| plate.conductance(20.6 * share, 20.6);
        assert!((at(0.1 - 1e-9) / at(0.1 + 1e-9) - 1.0).abs() < 1e-6);
        assert!((at(1.0) / plate.ua - 1.0).abs() < 1e-12 && at(0.0) == 0.0);
        // At half flow on both sides both films have 0.5^0.8 of their conductance.
        let half = plate.conductance(10.3, 10.3) / plate.ua;
        assert!((half - 0.5f64.powf(0.8)).abs() < 1e-12, "{half}");
    }

    #[test]
    fn a_broken_section_tells_all_its_faults_at_once() {
        let text = "primary-fluid = \"watr\"\nprimary-kg-per-s = 0.0\nsecondary-in-cel = 400.0\n";
        let source = Source::new("cdu.toml", text);
        let table = source.parse();
        let read = PlateExchanger::read(&source.root(&table));
        let faults = source.finish(read).expect_err("it is broken").0;
        let told: Vec<_> = faults.iter().map(|f| f.message.as_str()).collect();
        for word in [
            "watr",
            "primary-kg-per-s",
            "secondary-in-cel",
            "secondary-fluid",
            "heat-w",
            "secondary-kg-per-s",
            "primary-in-cel",
        ] {
            assert!(told.iter().any(|m| m.contains(word)), "{word}: {told:#?}");
        }
    }

    #[test]
    fn a_section_is_its_design_point_and_an_impossible_one_is_refused() {
        let text = |heat: f64, warm: f64| {
            format!(
                "primary-fluid = \"water\"\nsecondary-fluid = \"pg-25\"\nheat-w = {heat:?}\nprimary-kg-per-s = 32.3\n\
                 secondary-kg-per-s = 31.48\nprimary-in-cel = 26.8\nsecondary-in-cel = {warm:?}\n"
            )
        };
        let read = |text: &str| {
            let source = Source::new("cdu.toml", text);
            let table = source.parse();
            let read = PlateExchanger::read(&source.root(&table));
            source.finish(read)
        };
        let plate = read(&text(2e6, 45.0)).expect("sound");
        let side = |fluid, kg_s, entering| Side { fluid, kg_s, entering };
        let sized = PlateExchanger::sized(2e6, &side(Fluid::Water, 32.3, 26.8), &side(Fluid::Pg25, 31.48, 45.0));
        assert_eq!(Some(plate), sized);
        assert!(read(&text(2.6e6, 45.0)).expect_err("too much").0[0].message.contains("cannot pass"));
        assert!(read(&text(2e6, 20.0)).expect_err("upside down").0[0].message.contains("no warmer"));
        assert!(read(&text(2e6, 95.0)).expect_err("too hot for the fluid").0[0].message.contains("from -8 to 90"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn heat_balances_and_nobody_crosses(
            flows in [0.0..1.5f64, 0.0..1.5], cold in -10.0..60.0f64, apart in -30.0..40.0f64,
        ) {
            let (plate, primary, secondary) = cdu();
            let a = Stream { entering: cold, ..stream(&primary, flows[0]) };
            let b = Stream { entering: cold + apart, ..stream(&secondary, flows[1]) };
            let passed = plate.pass(&a, &b);
            let gained = a.kg_s * a.specific_heat * (passed.primary_leaving - a.entering);
            let lost = b.kg_s * b.specific_heat * (b.entering - passed.secondary_leaving);
            prop_assert!((gained - passed.heat).abs() < 1e-6 && (lost - passed.heat).abs() < 1e-6, "{passed:?}");
            let (low, high) = (cold.min(cold + apart) - 1e-9, cold.max(cold + apart) + 1e-9);
            for leaving in [passed.primary_leaving, passed.secondary_leaving] {
                prop_assert!(leaving >= low && leaving <= high, "{passed:?}");
            }
        }

        #[test]
        fn more_flow_is_more_heat(share in 0.0..1.5f64, other in 0.05..1.5f64) {
            let (plate, primary, secondary) = cdu();
            let heat = |share| plate.pass(&stream(&primary, share), &stream(&secondary, other)).heat;
            prop_assert!(heat(share + 0.01) >= heat(share));
        }

        #[test]
        fn absurd_streams_give_numbers(a in [-1e9..1e9f64, -1e9..1e9], b in [-1e9..1e9f64, -1e9..1e9]) {
            let (plate, ..) = cdu();
            let at = |[kg_s, entering]: [f64; 2]| Stream { kg_s, specific_heat: 4000.0, entering };
            let passed = plate.pass(&at(a), &at(b));
            let told = [passed.heat, passed.primary_leaving, passed.secondary_leaving];
            prop_assert!(told.iter().all(|x| x.is_finite()), "{passed:?}");
        }
    }
}
