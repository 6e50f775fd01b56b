//! Cold plates of one rack: direct-to-chip cooling.
//!
//! **Equation** plates in parallel share the rack's flow; from case to entering coolant each has `R(V) = a + b/V`. The liquid takes
//! `Q = min(share·P, (T_case,max − T_in)·n/R, ṁ·cp·ΔT_max)`, the rest goes into the room's air; the coolant's node
//! `C·dT/dt = Q − ṁ·cp·(T − T_in)` leaves with its mean. **Source** measured plates of the OCP accelerator guideline, in which
//! `R·V` is a straight line in V; the limits as in EnergyPlus' liquid-cooled IT equipment.
//! **Parameters** a 0.014 to 0.016 K/W, b 0.007 to 0.0084 K/W·(L/min) for a 1 kW module; share 0.80 to 0.95; 1.25 to 2 L/min
//! for each kW; 50 kPa at nominal flow, exponent 1.85; case limit 80 to 90 °C.
//! **Box** 0.4 to 5 L/min a plate, coolant 10 to 60 °C. **Outside it** the same line in V, and said. Heat the plates cannot take
//! is spilled into the air with the case at its limit; in the field the machines throttle, which is for the machines' model.
//! **Time constant** 2 s at nominal flow for the coolant; the case follows it at once (a die takes 0.3 to 1 s).

use plant::read::Section;

use super::Coolant;
use crate::exponential;
use crate::hydraulics::{Branch, Resistance};
use crate::physics::read::{POSITIVE, SHARE, need, number};

/// Flow through a plate that was measured (L/min).
const MEASURED: (f64, f64) = (0.4, 5.0);
/// Coolant temperatures that were measured (°C).
const COOLANT: (f64, f64) = (10.0, 60.0);
/// How long the coolant in the plates takes to pass at nominal flow (s).
const PASSAGE: f64 = 2.0;

/// The thermal resistance of one plate from case to entering coolant, `a + b/V`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateFit {
    /// What flow does not change (K/W, > 0).
    pub fixed: f64,
    /// What falls with flow, at 1 L/min (K/W, ≥ 0).
    pub flowing: f64,
}

/// The cold plates of one rack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColdPlates {
    /// Plates in parallel (number, ≥ 1).
    pub plates: f64,
    /// Each plate's thermal resistance.
    pub fit: PlateFit,
    /// Share of the rack's power that reaches the plates (1, 0 to 1).
    pub share: f64,
    /// Highest case temperature (°C, 40 to 120).
    pub case_limit: f64,
    /// Most the coolant may be heated (K, 1 to 60).
    pub rise_limit: f64,
    /// Most flow the rack's limiter lets through (kg/s, > 0).
    pub flow_max: f64,
    /// Heat capacity of plates and coolant (J/K, > 0).
    pub heat_capacity: f64,
    /// Pressure drop of plates and hoses.
    pub friction: Resistance,
    /// What flows.
    pub coolant: Coolant,
}

/// What a rack sees over one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// The rack's power (W, ≥ 0).
    pub power: f64,
    /// Coolant (kg/s, ≥ 0).
    pub flow: f64,
    /// Coolant entering (°C).
    pub inlet: f64,
}

/// What one step did. `to_liquid + to_air` is the rack's power.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    /// Heat into the plates, mean of the step (W).
    pub to_liquid: f64,
    /// Heat into the room's air: what was never for the plates, and what they spill (W).
    pub to_air: f64,
    /// Of it, what the plates should have taken and could not (W).
    pub spilled: f64,
    /// Heat the coolant carried away, mean of the step (W): it differs from `to_liquid` by what is stored.
    pub carried: f64,
    /// Coolant leaving, mean of the step (°C).
    pub outlet: f64,
    /// The hottest case (°C).
    pub case: f64,
    /// Flow over the rack's limiter (kg/s).
    pub flow: f64,
    /// Heat into the liquid over the rack's power (1).
    pub capture: f64,
    /// True where the limiter held the flow.
    pub limited: bool,
    /// True where flow or temperature left the box.
    pub outside: bool,
}

/// The coolant in the plates (°C).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateCoolant(pub f64);

impl PlateFit {
    /// A 1 kW module on PG25, measured from 0.4 to 2.4 L/min.
    pub const PG25: Self = Self { fixed: 0.01617, flowing: 0.00839 };
    /// The same on water, measured from 2 to 5 L/min.
    pub const WATER: Self = Self { fixed: 0.01369, flowing: 0.00696 };

    /// Heat for each kelvin between case and entering coolant (W/K) at a flow through the plate (L/min).
    #[must_use]
    pub fn conductance(&self, flow: f64) -> f64 {
        if flow <= 0.0 { 0.0 } else { flow / (self.fixed * flow + self.flowing) }
    }
}

impl ColdPlates {
    /// Plates for a rack of this power (W) and share (1), with the flow that heats the coolant by `rise` (K) and a limiter
    /// a quarter above it; other figures as usual in the trade.
    #[must_use]
    pub fn sized((power, share): (f64, f64), plates: f64, rise: f64, fit: PlateFit, coolant: Coolant) -> Self {
        let flow = power * share / (coolant.specific_heat * rise);
        Self {
            plates,
            fit,
            share,
            case_limit: 85.0,
            rise_limit: 30.0,
            flow_max: 1.25 * flow,
            heat_capacity: PASSAGE * flow * coolant.specific_heat,
            friction: Resistance { flow, drop: 5e4, exponent: 1.85, laminar: 0.1 },
            coolant,
        }
    }

    /// Flow through each plate (L/min) at the rack's flow (kg/s).
    #[must_use]
    pub fn each(&self, flow: f64) -> f64 {
        flow.max(0.0) / self.plates / self.coolant.density * 60_000.0
    }

    /// The flow a rack's own controller asks for to heat its coolant by `rise` (K) at a power (W): never more than its limiter
    /// lets through (kg/s).
    #[must_use]
    pub fn asked(&self, power: f64, rise: f64) -> f64 {
        (self.share * power.max(0.0) / (self.coolant.specific_heat * rise.max(0.1))).min(self.flow_max)
    }

    /// The rack as a branch of its loop, with the drop of what stands in series for each square of the flow (Pa/(kg/s)²).
    #[must_use]
    pub const fn branch(&self, in_series: f64) -> Branch {
        Branch { friction: self.friction, valve: in_series, most: self.flow_max }
    }

    /// Reads a rack's plates.
    pub(crate) fn read(of: &Section<'_>) -> Option<Self> {
        let coolant = need(of, "coolant", Coolant::read);
        let friction = need(of, "friction", Resistance::read);
        let plates = Self {
            plates: number(of, "plates", (1.0, 1e5)),
            fit: PlateFit {
                fixed: number(of, "fixed-k-per-w", (1e-5, 10.0)),
                flowing: number(of, "flowing-k-l-per-min-per-w", (0.0, 10.0)),
            },
            share: number(of, "liquid-share", SHARE),
            case_limit: number(of, "case-limit-cel", (40.0, 120.0)),
            rise_limit: number(of, "rise-limit-k", (1.0, 60.0)),
            flow_max: number(of, "flow-max-kg-per-s", POSITIVE),
            heat_capacity: number(of, "heat-capacity-j-per-k", POSITIVE),
            friction: friction?,
            coolant: coolant?,
        };
        if plates.flow_max < plates.friction.flow {
            of.fault(
                "flow-max-kg-per-s",
                "the limiter lets less through than the plates' nominal flow",
                "raise `flow-max-kg-per-s`, or lower `friction.flow-kg-per-s`",
            );
        }
        Some(plates)
    }
}

impl PlateCoolant {
    /// One step of `dt` seconds.
    pub fn step(&mut self, of: &ColdPlates, drawn: Drawn, dt: f64) -> Taken {
        let (power, flow) = (drawn.power.max(0.0), drawn.flow.clamp(0.0, of.flow_max));
        let (stream, each) = (of.coolant.stream(flow), of.each(flow));
        let conductance = of.plates * of.fit.conductance(each);
        let wanted = of.share * power;
        let by_case = (of.case_limit - drawn.inlet).max(0.0) * conductance;
        let to_liquid = wanted.min(by_case).min(stream * of.rise_limit);
        let case = if conductance > 0.0 {
            drawn.inlet + to_liquid / conductance
        } else if wanted > 0.0 {
            of.case_limit.max(drawn.inlet)
        } else {
            self.0
        };
        let single = exponential::node(stream, to_liquid + stream * drawn.inlet, (of.heat_capacity, self.0), dt);
        self.0 = single.end;
        let (low, high) = MEASURED;
        let (cold, warm) = COOLANT;
        let still = to_liquid <= 0.0 && flow <= 0.0;
        Taken {
            to_liquid,
            to_air: power - to_liquid,
            spilled: wanted - to_liquid,
            carried: stream * (single.mean - drawn.inlet),
            outlet: single.mean,
            case,
            flow,
            capture: if power > 0.0 { to_liquid / power } else { 0.0 },
            limited: drawn.flow > of.flow_max,
            outside: !still && (each < low || each > high || drawn.inlet < cold || drawn.inlet > warm),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::read::Source;
    use proptest::prelude::*;

    /// Half a rack of 72 accelerators.
    fn rack() -> ColdPlates {
        ColdPlates::sized((66e3, 0.85), 113.0, 10.0, PlateFit::PG25, Coolant::PG25)
    }

    fn settled(of: &ColdPlates, drawn: Drawn) -> Taken {
        let mut coolant = PlateCoolant(20.0);
        coolant.step(of, drawn, 1e6);
        coolant.step(of, drawn, 1e6)
    }

    #[test]
    fn the_published_resistances_and_flows_come_back() {
        // EnergyPlus' default is 0.025 K/W; a litre a minute of PG25 gives that.
        assert!((1.0 / PlateFit::PG25.conductance(1.0) / 0.025 - 1.0).abs() < 0.02);
        // The OCP guideline: 1.5 L/min for each kW heat the coolant by about 10 K.
        let of = ColdPlates::sized((1000.0, 1.0), 1.0, 10.0, PlateFit::PG25, Coolant::PG25);
        assert!((of.each(of.friction.flow) - 1.5).abs() < 0.02, "{}", of.each(of.friction.flow));
    }

    #[test]
    fn at_rest_everything_is_its_closed_form() {
        let of = rack();
        let flow = of.friction.flow;
        let taken = settled(&of, Drawn { power: 66e3, flow, inlet: 30.0 });
        assert!((taken.outlet - 40.0).abs() < 1e-9 && (taken.to_liquid - 56.1e3).abs() < 1e-6, "{taken:?}");
        let each = of.each(flow);
        let case = 30.0 + 56.1e3 / 113.0 * (0.01617 + 0.00839 / each);
        assert!((taken.case - case).abs() < 1e-9 && taken.spilled == 0.0 && !taken.outside, "{taken:?} {case}");
        assert!((taken.capture - 0.85).abs() < 1e-12);
    }

    #[test]
    fn the_coolant_follows_in_two_seconds_at_nominal_flow() {
        let of = rack();
        let drawn = Drawn { power: 66e3, flow: of.friction.flow, inlet: 30.0 };
        let mut coolant = PlateCoolant(30.0);
        coolant.step(&of, drawn, 2.0);
        assert!((coolant.0 - (30.0 + 10.0 * (1.0 - (-1.0f64).exp()))).abs() < 1e-9, "{coolant:?}");
        // Exact for any step.
        let mut fine = PlateCoolant(30.0);
        for _ in 0..20 {
            fine.step(&of, drawn, 0.1);
        }
        assert!((fine.0 - coolant.0).abs() < 1e-9);
    }

    #[test]
    fn without_flow_all_heat_spills_and_a_warm_loop_spills_the_rest() {
        let of = rack();
        let still = settled(&of, Drawn { power: 66e3, flow: 0.0, inlet: 30.0 });
        assert!(still.to_air == 66e3 && still.case == 85.0 && still.spilled > 56e3, "{still:?}");
        let warm = settled(&of, Drawn { power: 66e3, flow: 0.3 * of.friction.flow, inlet: 80.0 });
        let most = 5.0 * 113.0 * of.fit.conductance(of.each(0.3 * of.friction.flow));
        assert!((warm.to_liquid - most).abs() < 1e-6 && (warm.case - 85.0).abs() < 1e-9, "{warm:?}");
        assert!(warm.outside, "80 °C was never measured");
        let hot = settled(&of, Drawn { power: 66e3, flow: of.friction.flow, inlet: 95.0 });
        assert!(hot.to_liquid == 0.0 && hot.capture == 0.0);
        // More flow than the limiter lets through changes nothing.
        let most = settled(&of, Drawn { power: 66e3, flow: 50.0, inlet: 30.0 });
        assert!(most.limited && (most.flow - of.flow_max).abs() < 1e-12);
        assert!((of.asked(1e9, 10.0) - of.flow_max).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn no_joule_is_lost_and_more_flow_never_captures_less(
            power in 0.0..90e3f64, flow in 0.0..2.0f64, inlet in -10.0..110.0f64, start in 10.0..90.0f64,
            dt in 0.01..100.0f64, more in 0.0..0.5f64,
        ) {
            let of = rack();
            let mut coolant = PlateCoolant(start);
            let taken = coolant.step(&of, Drawn { power, flow, inlet }, dt);
            let stored = of.heat_capacity * (coolant.0 - start);
            let through = dt * (taken.to_liquid + of.coolant.stream(flow) * (inlet.abs() + start.abs())) + 1.0;
            prop_assert!((stored - dt * (taken.to_liquid - taken.carried)).abs() <= 1e-9 * through);
            prop_assert!((taken.to_liquid + taken.to_air - power).abs() <= 1e-9 * power);
            prop_assert!(taken.case <= of.case_limit.max(inlet) + 1e-9 && taken.spilled >= 0.0);
            let wider = coolant.step(&of, Drawn { power, flow: flow + more, inlet }, dt);
            prop_assert!(wider.to_liquid >= taken.to_liquid - 1e-9 * power);
            let warmer = coolant.step(&of, Drawn { power, flow, inlet: inlet + 10.0 * more }, dt);
            prop_assert!(warmer.to_liquid <= taken.to_liquid + 1e-9 * power);
        }
    }

    #[test]
    fn broken_plates_tell_all_their_faults_at_once() {
        let text = "plates = 0\nliquid-share = 2\nflow-max-kg-per-s = 1\nfixed-k-per-w = 0.016\nflowing-k-l-per-min-per-w = 0.008\n\
                    case-limit-cel = 85\nrise-limit-k = 30\n[coolant]\ncoolant = \"waterr\"\n\
                    [friction]\nflow-kg-per-s = 2\ndrop-pa = 5e4\nexponent = 3\n";
        let source = Source::new("rack.toml", text);
        let table = source.parse();
        let root = source.root(&table);
        let read = ColdPlates::read(&root);
        root.done();
        drop(root);
        let faults = source.finish(read).expect_err("broken").to_string();
        for part in ["`plates`", "liquid-share", "heat-capacity-j-per-k", "waterr", "exponent", "limiter"] {
            assert!(faults.contains(part), "{part} in\n{faults}");
        }
    }
}
