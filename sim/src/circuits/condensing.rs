//! Condenser water: pumps on a header or one a machine, condensers and economiser side by side, and a tower or dry cooler that takes their heat.
//!
//! **Equation** the rejecter cools what has come back, `T_back`; its leaving water goes to every open machine; what these give mixes
//! and fills the way back, `C·dT_back/dt = Σṁᵢ·cp·Tᵢ + W − ṁ·cp·T_back`, whose outflow is taken at the step's beginning, because
//! the ring has to be cut somewhere: there it cuts no component. **Source** mass and heat balance. **Box** steps shorter than
//! the way back's turnover; the loader says so. **Outside it** no machine open: no flow, the tower's basin stands.
//! **Time constant** the way back's turnover, 20 to 120 s; basin and vessels have their own.

use super::PUMPS;
use super::pumps::Pumps;
use super::spec::{self, Rejecter};
use crate::cooling::{dry_cooler, tower};
use crate::hydraulics::{Branch, Shared};
use crate::local::pi::{Loop, Pi};
use crate::water::CP_WATER;
use crate::weather::Outdoor;

/// Tower fans by the water that leaves (°C → %).
const FANS: Pi = Pi { gain: 8.0, ti: 180.0, limits: (0.0, 100.0) };
/// Fans below this stand (%).
const LEAST_FAN: f64 = 15.0;

/// Condenser water at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Condensing {
    /// On its way to the tower (°C).
    pub back: f64,
    /// To the machines, mean of the last step (°C).
    pub supply: f64,
    /// What its pumps share out.
    pub shared: Shared,
    /// The pumps on its header; nothing where one runs for each machine.
    pub pumps: Option<Header>,
    /// Fan speed (%).
    pub fan: f64,
    /// What fans and cells are told.
    pub told: Told,
    /// True where the fans are dead.
    pub fans_failed: bool,
    /// True where the fans do not stop: a drive in local hand.
    pub fans_stay: bool,
    /// True while it has power.
    pub fed: bool,
    /// What the rejecter drew and used in the last step.
    pub used: Used,
    state: State,
    fans: Loop,
    speeds: Vec<f64>,
    branches: Vec<Branch>,
    flows: Vec<f64>,
}

/// Pumps on the header of condenser water, whose skid holds the pressure.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Each.
    pub pumps: Pumps,
    /// Their speed (%).
    pub speed: f64,
    skid: Loop,
}

impl Header {
    /// Comes to the speed that holds the pressure `dp` (Pa), or runs down.
    fn run(&mut self, of: &spec::Group, (dp, fed): (f64, bool), dt: f64) {
        let wanted = self.skid.step(&PUMPS, (dp / of.dp, 1.0), dt);
        self.speed = of.ramped(self.speed, (wanted, fed), dt);
        self.pumps.run(of, (self.speed, !fed), dp, dt);
    }
}

/// What somebody who is not its panel tells a tower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Fan speed (%); nothing where it listens to its panel.
    pub speed: Option<f64>,
    /// Cells that are open (1); nothing for all.
    pub cells: Option<f64>,
}

impl Told {
    /// Nothing: its panel runs it.
    pub const NOTHING: Self = Self { speed: None, cells: None };
}

/// Electricity and water of the rejecter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    /// Fans and basin heater (W).
    pub power: f64,
    /// Heat to outdoors (W).
    pub heat: f64,
    /// Evaporated, drifted, blown down and bled (kg/s).
    pub water: f64,
    /// True where something left its box.
    pub outside: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Tower(tower::Water),
    /// What leaves the tubes (°C).
    Dry(f64),
}

/// What one step books.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Given {
    /// More heat in basin, tubes and way back than before (J).
    pub stored: f64,
    /// To outdoors (J).
    pub to_outdoors: f64,
}

/// How the fans are run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fans {
    /// They hold the water to the condensers.
    Hold,
    /// They hold the chilled water at its setpoint: water-only operation.
    Chilled {
        /// The chilled water above its setpoint (K).
        above: f64,
    },
    /// As fast as they can: the economiser helps the chillers.
    Full,
}

impl Condensing {
    /// At rest at one temperature, for so many condensers and an economiser.
    #[must_use]
    pub fn new(of: &spec::Condensing, at: f64, condensers: usize) -> Self {
        let state = match of.rejecter {
            Rejecter::Tower(_) => State::Tower(tower::Water::at_rest(at)),
            Rejecter::Dry(_) => State::Dry(at),
        };
        let places = condensers.saturating_add(1);
        Self {
            back: at,
            supply: at,
            shared: Shared::default(),
            pumps: of.group.as_ref().map(|of| Header {
                pumps: Pumps::new(of, 60.0),
                speed: 60.0,
                skid: Loop::at(60.0),
            }),
            fan: 50.0,
            told: Told::NOTHING,
            fans_failed: false,
            fans_stay: false,
            fed: true,
            used: Used::default(),
            state,
            fans: Loop::at(50.0),
            speeds: vec![0.0; places],
            branches: vec![Branch::open(of.condenser); places],
            flows: vec![0.0; places],
        }
    }

    /// Shares the flow among the open machines: `open` says how far of each condenser, then of the economiser (1, 0 to 1). Where there is
    /// no header one pump runs for each.
    pub fn share_flow(&mut self, of: &spec::Condensing, open: impl Iterator<Item = f64>, dt: f64) {
        let last = self.branches.len().saturating_sub(1);
        for (n, ((open, branch), speed)) in open.zip(&mut self.branches).zip(&mut self.speeds).enumerate() {
            let friction = if n == last { of.economiser } else { of.condenser };
            // A valve at a share of its stroke lets that share of the flow through at the same pressure.
            let square = friction.drop / (friction.flow * friction.flow);
            let valve = if open > 0.0 { square * (1.0 / (open * open) - 1.0) } else { f64::INFINITY };
            *branch = Branch { valve, ..Branch::open(friction) };
            *speed = if open > 0.0 { 1.0 } else { 0.0 };
        }
        let speeds = match (&mut self.pumps, &of.group) {
            (Some(header), Some(of)) => {
                header.run(of, (self.shared.dp, self.fed), dt);
                header.pumps.speeds()
            }
            (Some(_), None) | (None, _) => &self.speeds,
        };
        self.shared = of.hydraulics.share(speeds, &self.branches, &mut self.flows);
    }

    /// Flow through one of the machines (kg/s).
    #[must_use]
    pub fn flow(&self, machine: usize) -> f64 {
        self.flows.get(machine).copied().unwrap_or(0.0)
    }

    /// Flow through the economiser (kg/s).
    #[must_use]
    pub fn economiser_flow(&self) -> f64 {
        self.flows.last().copied().unwrap_or(0.0)
    }

    /// The rejecter's part of a step: cools what has come back, and says what the machines get.
    pub fn reject(&mut self, of: &spec::Condensing, (air, fans): (&Outdoor, Fans), dt: f64) -> Given {
        let tuning = FANS;
        let seen = match fans {
            Fans::Hold | Fans::Full => (self.supply, of.setpoint),
            Fans::Chilled { above } => (above, 0.0),
        };
        let wanted = match (self.told.speed, fans) {
            (Some(speed), _) => {
                self.fans.follow(&tuning, seen, speed); // its panel goes on from there
                speed
            }
            (None, Fans::Hold | Fans::Chilled { .. }) => self.fans.step(&tuning, seen, dt),
            (None, Fans::Full) => 100.0,
        };
        let stays = self.fans_stay && self.fan > 0.0;
        let wanted = if stays { wanted.max(LEAST_FAN) } else { wanted };
        self.fan =
            if self.fans_failed || !self.fed || self.shared.flow <= 0.0 || wanted < LEAST_FAN { 0.0 } else { wanted };
        match (&of.rejecter, &mut self.state) {
            (Rejecter::Tower(of), State::Tower(water)) => {
                let inputs = tower::Inputs {
                    wet_bulb: air.wet_bulb,
                    humidity: super::humidity(air),
                    entering: self.back,
                    flow: self.shared.flow,
                    open: self.told.cells.unwrap_or(of.cells),
                    fans: self.told.cells.unwrap_or(of.cells),
                    speed: self.fan / 100.0,
                    powered: self.fed,
                };
                let before = water.basin;
                let out = water.step(of, &inputs, dt);
                self.supply = out.leaving;
                self.used = Used {
                    power: out.fan_power + out.heater_power,
                    heat: out.heat,
                    water: out.evaporated + out.drift + out.blow_down,
                    outside: out.outside,
                };
                // The fans' power goes with the air.
                Given {
                    stored: of.basin.heat_capacity * (water.basin - before),
                    to_outdoors: dt * (out.heat + out.fan_power),
                }
            }
            (Rejecter::Dry(of), State::Dry(liquid)) => {
                let inputs = dry_cooler::Inputs {
                    dry_bulb: air.dry_bulb,
                    wet_bulb: air.wet_bulb,
                    wind: air.wind,
                    entering: self.back,
                    flow: self.shared.flow,
                    speed: self.fan / 100.0,
                    fans: 1.0,
                    wet: self.fed && wanted > 95.0,
                };
                let before = *liquid;
                let out = of.step(liquid, &inputs, dt);
                self.supply = out.leaving;
                self.used =
                    Used { power: out.fan_power, heat: out.heat, water: out.evaporated + out.bled, outside: false };
                Given { stored: of.heat_capacity * (*liquid - before), to_outdoors: dt * (out.heat + out.fan_power) }
            }
            (Rejecter::Tower(_), State::Dry(_)) | (Rejecter::Dry(_), State::Tower(_)) => Given::default(),
        }
    }

    /// The way back's part of a step: `heat` is what the machines gave (W). More heat in it than before (J).
    pub fn come_back(&mut self, of: &spec::Condensing, heat: f64, dt: f64) -> f64 {
        let stream = self.shared.flow * CP_WATER;
        let gain = dt * (stream * (self.supply - self.back) + heat + self.shared.work.to_fluid);
        self.back += gain / of.back;
        gain
    }
}
