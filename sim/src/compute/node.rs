//! A node: GPUs in fours, and what stands around them.
//!
//! ```text
//! feed ─ supply ─┬─ GPUs ─ cases ─ air or liquid
//!                ├─ CPU, memory, NICs, drives ─┐
//!                └─ fans ──────────────────────┴─ chassis ─ air
//! ```
//!
//! **Equation** power `(P_gpu + P_cpu + P_rest + P_fan + c)/η`; the CPUs follow the GPUs' demand. Fans follow power, and turn faster in
//! warm air; flow with their speed, power with its cube. The chassis takes what the air gets and gives it on with
//! `ṁ·cp·(1 − e^(−NTU))`; a GPU's case gives its heat with the ¾ power of the flow. Liquid takes the GPUs' heat and a share of the rest.
//! **Source** heat balances; fan law; [`supply`](super::supply). **Parameters** fans 0.04 of the peak at full speed, air's
//! rise 10 K, chassis 12 kJ/K (one unit high) to 90 kJ/K (eight GPUs). **Box** inlets 10 to 45 °C. **Outside it** GPUs throttle;
//! nothing else does. A node without power has a breath of a fiftieth of its air. **Time constant** chassis 60 to 180 s, fans 10 s.

use plant::read::Section;

use super::gpu::rate::Rates;
use super::gpu::{Coolant, Device, PARTS, Pace, Quad, Trace};
use super::job::Moment;
use super::supply::Stage;
use crate::air::CP_AIR;
use crate::exchanger::past_surface;
use crate::exponential;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, need, number};

/// Air through a node without power, of its full flow.
const BREATH: f64 = 0.02;

/// A kind of node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Build {
    /// Its GPUs.
    pub device: Device,
    /// How many fours of them (1 or 2).
    pub quads: usize,
    /// All CPUs, idle and at full load (W, rising).
    pub cpu: (f64, f64),
    /// Memory, NICs and drives (W, ≥ 0).
    pub rest: f64,
    /// From the feed to all that.
    pub supply: Stage,
    /// The fans.
    pub fans: Fans,
    /// Heat capacity of the chassis (J/K, > 0).
    pub chassis: f64,
    /// Chassis to air at full flow (W/K, > 0).
    pub chassis_to_air: f64,
    /// Share of the CPUs', memory's and NICs' heat that liquid takes where there is liquid (1, 0 to 1).
    pub wet: f64,
}

/// A node's fans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fans {
    /// Electrical power at full speed (W, ≥ 0).
    pub power: f64,
    /// Air at full speed (kg/s, > 0).
    pub flow: f64,
    /// The least speed (1, 0.05 to 1).
    pub least: f64,
    /// Inlet above which they turn faster (°C, 0 to 60).
    pub warm_above: f64,
    /// How much faster for each kelvin above (1/K, ≥ 0).
    pub warm_gain: f64,
    /// How long they take to follow (s, > 0).
    pub lag: f64,
}

/// What does not change from step to step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cadence {
    gpus: Pace,
    rates: Rates,
    fans: f64,
}

/// What is around a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Around {
    /// Air entering (°C).
    pub inlet: f64,
    /// Liquid at the cold plates, where there is any: its temperature (°C) and the conductance from each case to it (W/K, > 0).
    pub liquid: Option<(f64, f64)>,
    /// False where the feed is dead.
    pub live: bool,
}

/// A node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    quads: [Quad; 2],
    /// The chassis (°C).
    pub chassis: f64,
    /// The fans' speed (1).
    pub speed: f64,
    /// Load of the last step, of the peak (1).
    load: f64,
}

/// One step of a node: means over the step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// From its feed (W).
    pub power: f64,
    /// Of that its GPUs (W).
    pub gpus: f64,
    /// Of that its fans (W).
    pub fans: f64,
    /// Heat into the air (W).
    pub to_air: f64,
    /// Heat into the liquid (W).
    pub to_liquid: f64,
    /// Air through it (kg/s).
    pub flow: f64,
    /// Air leaving (°C).
    pub outlet: f64,
    /// Work of its GPUs, over that of one uncapped (1).
    pub work: f64,
    /// Work of the slowest of them (1).
    pub slowest: f64,
    /// How many of them a cap or heat held back (GPU).
    pub throttled: f64,
    /// The hottest die at the end (°C).
    pub hottest: f64,
}

impl Build {
    /// A node of Frontier: one CPU, four GPUs, all in liquid.
    pub const FRONTIER: Self = Self {
        device: Device { idle: 88.0, rated: 560.0, least_cap: 100.0, ..Device::H100 },
        quads: 1,
        cpu: (90.0, 280.0),
        rest: 74.26 + 4.0 * 20.0 + 30.0,
        supply: Stage { fixed: 13.0, efficiency: 0.98 },
        fans: Fans { power: 0.0, flow: 0.05, least: 0.05, warm_above: 27.0, warm_gain: 0.0, lag: 10.0 },
        chassis: 20e3,
        chassis_to_air: 50.0,
        wet: 1.0,
    };

    /// A box of eight GPUs in air, sized for a rise of the air (K) at its peak: fans of 0.04 of the peak.
    #[must_use]
    pub fn boxed(device: Device, rise: f64) -> Self {
        let (cpu, rest) = ((200.0, 800.0), 900.0);
        let peak = 8.0 * device.rated + cpu.1 + rest;
        let stream = peak * 1.1 / rise;
        Self {
            device,
            quads: 2,
            cpu,
            rest,
            supply: Stage { fixed: 60.0, efficiency: 0.96 },
            fans: Fans {
                power: 0.04 * peak,
                flow: stream / CP_AIR,
                least: 0.2,
                warm_above: 27.0,
                warm_gain: 0.04,
                lag: 10.0,
            },
            chassis: 90e3,
            chassis_to_air: 2.0 * stream,
            wet: 0.0,
        }
    }

    /// Without work and without fans (W, behind the supply).
    #[must_use]
    pub fn idle(&self) -> f64 {
        self.gpus() * self.device.idle + self.cpu.0 + self.rest
    }

    /// At full load and without fans (W, behind the supply).
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.gpus() * self.device.rated + self.cpu.1 + self.rest
    }

    /// How many GPUs it has, as a number.
    #[must_use]
    pub fn gpus(&self) -> f64 {
        4.0 * plant::convert::f64_from_usize(self.quads)
    }

    /// Reads a node and how its GPUs' work pays; faults are noted and reading goes on.
    pub(crate) fn read(of: &Section<'_>) -> (Self, Rates) {
        let device = need(of, "gpu", Device::read).unwrap_or(Device::H100);
        let rates = need(of, "rate", |s| Rates::read(s, &device)).unwrap_or_else(|| Rates::clocked(&Device::H100));
        let gpus = of.need::<i64>("gpus").unwrap_or(8);
        if gpus != 4 && gpus != 8 {
            of.fault("gpus", format!("a node of {gpus} GPUs is not known"), "write 4 or 8");
        }
        let cpu = (number(of, "cpu-idle-w", AT_LEAST_ZERO), number(of, "cpu-peak-w", AT_LEAST_ZERO));
        if cpu.1 < cpu.0 {
            let message = format!("CPUs that draw {} W idle cannot peak at {} W", cpu.0, cpu.1);
            of.fault("cpu-peak-w", message, "write the power of all CPUs at full load");
        }
        let fans = |of: &Section<'_>| Fans {
            power: number(of, "power-w", AT_LEAST_ZERO),
            flow: number(of, "flow-kg-per-s", POSITIVE),
            least: number(of, "least", (0.05, 1.0)),
            warm_above: number(of, "warm-above-cel", (0.0, 60.0)),
            warm_gain: number(of, "warm-gain-per-k", AT_LEAST_ZERO),
            lag: number(of, "lag-s", POSITIVE),
        };
        let build = Self {
            device,
            quads: if gpus == 4 { 1 } else { 2 },
            cpu,
            rest: number(of, "rest-w", AT_LEAST_ZERO),
            supply: need(of, "supply", Stage::read).unwrap_or(Stage { fixed: 0.0, efficiency: 1.0 }),
            fans: need(of, "fans", fans).unwrap_or(Self::FRONTIER.fans),
            chassis: number(of, "chassis-j-per-k", POSITIVE),
            chassis_to_air: number(of, "chassis-w-per-k", POSITIVE),
            wet: number(of, "wet", SHARE),
        };
        (build, rates)
    }
}

impl Cadence {
    /// For whole steps of `dt` (s, > 0).
    #[must_use]
    pub fn new(of: &Build, rates: Rates, dt: f64) -> Self {
        Self { gpus: Pace::new(&of.device, dt), rates, fans: -libm::expm1(-dt / of.fans.lag) }
    }

    /// The whole step (s).
    #[must_use]
    pub const fn dt(&self) -> f64 {
        self.gpus.dt
    }
}

impl Node {
    /// At rest at `cel`; `unlike` are Gaussian deviations of its GPUs.
    #[must_use]
    pub fn new(of: &Build, unlike: [f64; 8], cel: f64) -> Self {
        let [a, b, c, d, e, f, g, h] = unlike;
        let quads = [Quad::new(&of.device, [a, b, c, d], cel), Quad::new(&of.device, [e, f, g, h], cel)];
        Self { quads, chassis: cel, speed: of.fans.least, load: 0.0 }
    }

    /// Its GPUs in fours.
    pub fn quads(&self, of: &Build) -> impl Iterator<Item = &Quad> {
        self.quads.iter().take(of.quads)
    }

    /// Its GPUs in fours, to cap them.
    pub fn quads_mut(&mut self, of: &Build) -> impl Iterator<Item = &mut Quad> {
        self.quads.iter_mut().take(of.quads)
    }

    /// Caps one of its GPUs, by its number from 0 (W); one it does not have is ignored.
    pub fn cap(&mut self, of: &Build, gpu: usize, watts: f64) {
        let mut caps = [f64::NAN; 4];
        if let (Some(quad), Some(cap)) = (self.quads.iter_mut().take(of.quads).nth(gpu / 4), caps.get_mut(gpu % 4)) {
            *cap = watts;
            quad.cap(&of.device, caps);
        }
    }

    /// Locks one of its GPUs, by its number from 0, to a share of its highest clock (1), or lets it go; one it does not have is ignored.
    pub fn lock(&mut self, of: &Build, gpu: usize, clock: Option<f64>) {
        self.quads.iter_mut().take(of.quads).skip(gpu / 4).take(1).for_each(|quad| quad.lock(gpu % 4, clock));
    }

    /// The heat in it, counted from 0 °C (J).
    #[must_use]
    pub fn stored(&self, of: &Build) -> f64 {
        of.chassis * self.chassis + self.quads(of).map(|q| q.stored(&of.device)).sum::<f64>()
    }

    /// Moves a whole step on. What is stored changes by `dt·(power − to_air − to_liquid)`.
    pub fn step(
        &mut self,
        (of, cadence): (&Build, &Cadence),
        moments: &[Moment; PARTS],
        around: &Around,
        trace: &mut Trace,
    ) -> Outcome {
        let warm = 1.0 + of.fans.warm_gain * (around.inlet - of.fans.warm_above).max(0.0);
        let wanted = if around.live { (self.load * warm).clamp(of.fans.least, 1.0) } else { BREATH };
        self.speed += (wanted - self.speed) * cadence.fans;
        let eased = self.speed.sqrt() * self.speed.sqrt().sqrt();
        let (cel, conductance) = around.liquid.unwrap_or((around.inlet, eased / of.device.case_to_coolant));
        let coolant = Coolant::new((&of.device, &cadence.gpus), cel, conductance, around.live);
        let (mut gpus, mut heat, mut outcome) = (0.0, 0.0, Outcome { slowest: 1.0, ..Outcome::default() });
        for quad in self.quads.iter_mut().take(of.quads) {
            let done = quad.step((&of.device, &cadence.rates, &cadence.gpus), moments, coolant, trace);
            gpus += done.power;
            heat += done.heat;
            outcome.work += done.work;
            outcome.throttled += done.throttled;
            outcome.slowest = outcome.slowest.min(done.slowest);
            outcome.hottest = outcome.hottest.max(quad.hottest());
        }
        // What is not the GPUs' own heat: boards, fans and the supply's loss; liquid takes its share of the boards'.
        let mut dry = 0.0;
        if around.live {
            let boards = of.cpu.0 + (of.cpu.1 - of.cpu.0) * busy(&of.device, moments) + of.rest;
            self.load = (gpus + boards) / of.peak();
            outcome.fans = of.fans.power * self.speed * self.speed * self.speed;
            outcome.power = of.supply.input(gpus + boards + outcome.fans);
            outcome.to_liquid = if around.liquid.is_some() { of.wet * boards } else { 0.0 };
            dry = outcome.power - gpus - outcome.to_liquid;
        }
        outcome.gpus = gpus;
        match around.liquid {
            Some(_) => outcome.to_liquid += heat,
            None => dry += heat,
        }
        self.breathe(of, (dry, eased), (around.inlet, cadence.dt()), outcome)
    }

    /// The chassis takes `dry` (W) and gives it to the air.
    fn breathe(&mut self, of: &Build, (dry, eased): (f64, f64), (inlet, dt): (f64, f64), outcome: Outcome) -> Outcome {
        let flow = of.fans.flow * self.speed;
        let stream = flow * CP_AIR;
        let conductance = past_surface(of.chassis_to_air * eased, stream);
        let node = exponential::node(conductance, dry + conductance * inlet, (of.chassis, self.chassis), dt);
        self.chassis = node.end;
        let to_air = conductance * (node.mean - inlet);
        Outcome { to_air, flow, outlet: inlet + to_air / stream, ..outcome }
    }
}

/// How busy the CPUs are (1, 0 to 1): as the GPUs' demand.
fn busy(of: &Device, moments: &[Moment; PARTS]) -> f64 {
    let demand = moments.iter().map(|m| m.natural).sum::<f64>() / plant::convert::f64_from_usize(PARTS);
    ((demand - of.idle) / (of.rated - of.idle)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
