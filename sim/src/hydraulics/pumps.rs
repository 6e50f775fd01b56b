//! Pumps, and groups of them side by side behind check valves.
//!
//! **Equation** head `H = H₀·[s²·a₀ − (a₀ − 1)·(b·s·x + (1 − b)·x²)]` with `x = ṁ/ṁ₀` and the speed s: affine by construction.
//! Efficiency `η = η_s·ξ·(2 − ξ)` with ξ the flow over the best one at this speed, and `η_s = 1 − (1 − η₀)/s^0.1`; shaft power
//! `ṁ·H/(ρ·η)`; electricity `shaft/(η_motor·η_drive)` and what the drive draws idle.
//! **Source** affinity laws; a parabola through zero and the best point, so that the shaft power at shut-off stays finite, as
//! makers' curves show; part-speed efficiency after Gülich. **Parameters** a₀ 1.1 to 1.4 (steep: 4), b 0 to 0.5, η₀ 0.6 to
//! 0.85, motor 0.87 to 0.96, drive 0.95 to 0.98; minimum flow 10 to 30 % of the best.
//! **Box** flows from the minimum to 150 % of the best, speeds 10 to 100 %. **Outside it** held at 150 % of the best for the
//! efficiency, and said. **Time constant** none; the drive's ramp (30 s) belongs to the actuator.

use plant::read::Section;

use crate::exchanger::fifth_root;
use crate::physics::read::{AT_LEAST_ZERO, POSITIVE, SHARE, maybe, number, number_or_zero};

/// Speed below which a pump stands (1).
const STANDING: f64 = 0.02;
/// Speed above which a root of it is had without a logarithm (1).
const SLOW: f64 = 0.25;
/// Fastest speed (1).
const FASTEST: f64 = 1.5;
/// Flow over the best one beyond which the efficiency curve is not followed (1).
const RUN_OUT: f64 = 1.5;

/// A centrifugal pump with its motor and drive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pump {
    /// Nominal flow at full speed (kg/s, > 0).
    pub flow: f64,
    /// Head at the nominal flow and full speed (Pa, > 0).
    pub head: f64,
    /// Head without flow over the nominal one (1, 1.02 to 5).
    pub shut_off: f64,
    /// Share of the head's fall that is in proportion to flow; the rest goes with its square (1, 0 to 1).
    pub straight: f64,
    /// Efficiency of the pump itself at its best point (1, 0.1 to 0.95).
    pub efficiency: f64,
    /// Flow of the best point at full speed, over the nominal one (1, 0.3 to 1.5).
    pub best: f64,
    /// Efficiency of the motor (1, 0.3 to 1).
    pub motor: f64,
    /// Efficiency of the drive (1, 0.3 to 1).
    pub drive: f64,
    /// What the drive draws beside (W, ≥ 0).
    pub standby: f64,
    /// Share of the motor's and drive's heat that goes into the liquid: 0 for a dry motor, 1 for a canned one (1, 0 to 1).
    pub wet: f64,
    /// Least flow that keeps it from harm, over the best one at its speed (1, 0 to 0.9).
    pub minimum: f64,
}

/// What keeps a standing pump from running backward.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CheckValve {
    /// Its pressure drop at the pump's nominal flow (Pa, ≥ 0).
    pub drop: f64,
    /// What flows back through it and the standing pump at the pump's nominal head, over the nominal flow (1, 0 to 1).
    pub leakage: f64,
}

/// Equal pumps side by side, each behind its check valve. Any of them may run, each at its own speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PumpGroup {
    /// Each pump.
    pub pump: Pump,
    /// Each check valve.
    pub check: CheckValve,
    /// Density of the liquid (kg/m³, > 0).
    pub density: f64,
    /// Share of the flow that air in the liquid takes: the pumps then move and lift as if they ran so much slower (1, 0 to 1).
    pub air: f64,
}

/// What a pump, or a group, draws and where it goes. `electrical = to_fluid + to_room`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Electricity (W).
    pub electrical: f64,
    /// Of it, heat in the liquid once it has gone round: all of the shaft's power (W).
    pub to_fluid: f64,
    /// Of it, heat of motor and drive in the air around (W).
    pub to_room: f64,
    /// Pressure times volume flow (W).
    pub hydraulic: f64,
    /// True where a running pump gets less than its minimum flow.
    pub low_flow: bool,
    /// True where a running pump moves nothing: it heats what it holds.
    pub dead_head: bool,
    /// True where a flow or speed left the box.
    pub outside: bool,
}

/// A group's flow at a head, and how it changes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Delivery {
    /// (kg/s).
    pub flow: f64,
    /// (kg/s/Pa, ≤ 0).
    pub slope: f64,
}

/// The fastest pumps of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lead {
    /// Their speed (1).
    pub speed: f64,
    /// How many they are (1).
    pub count: f64,
    /// True where others run more slowly.
    pub slower: bool,
    /// True where others let flow back.
    pub leaking: bool,
}

impl Pump {
    /// The speed a pump runs at when told this (1; what is no number is no speed).
    #[must_use]
    pub fn speed(told: f64) -> f64 {
        if told.is_finite() && told >= STANDING { told.min(FASTEST) } else { 0.0 }
    }

    /// Head at a flow and speed (Pa; kg/s, 1). Negative where the flow is driven through it.
    #[must_use]
    pub fn head(&self, flow: f64, speed: f64) -> f64 {
        let speed = Self::speed(speed);
        let (line, square) = self.fall();
        speed * speed * self.shut_off * self.head - (speed * line + square * flow.max(0.0)) * flow.max(0.0)
    }

    /// Efficiency of the pump itself at a flow and speed (1; kg/s, 1).
    #[must_use]
    pub fn efficiency(&self, flow: f64, speed: f64) -> f64 {
        let speed = Self::speed(speed);
        if speed <= 0.0 {
            return 0.0;
        }
        let load = (flow / (speed * self.best * self.flow)).clamp(0.0, RUN_OUT);
        self.top(speed) * load * (2.0 - load)
    }

    /// What it draws at a flow against a head (kg/s, Pa) at a speed (1), for a liquid of this density (kg/m³).
    #[must_use]
    pub fn work(&self, (flow, head): (f64, f64), speed: f64, density: f64) -> Work {
        let told = speed;
        let speed = Self::speed(speed);
        if speed <= 0.0 {
            return Work::default();
        }
        let (flow, best) = (flow.max(0.0), speed * self.best * self.flow);
        let load = flow / best;
        let head = head.max(0.0);
        // ṁ·H/η with the flow cancelled, so that it stays finite without flow.
        let shaft = head * best * (load / load.clamp(1e-12, RUN_OUT)).max(1.0)
            / (density * self.top(speed) * (2.0 - load.clamp(0.0, RUN_OUT)));
        let electrical = shaft / (self.motor * self.drive) + self.standby;
        let to_fluid = shaft + self.wet * (electrical - shaft);
        Work {
            electrical,
            to_fluid,
            to_room: electrical - to_fluid,
            hydraulic: flow * head / density,
            low_flow: load < self.minimum,
            dead_head: load < 1e-6,
            outside: load > RUN_OUT || told > 1.0 + 1e-9,
        }
    }

    /// Best efficiency at a speed.
    fn top(&self, speed: f64) -> f64 {
        let scaled = if speed >= 1.0 {
            1.0 - self.efficiency
        } else if speed > SLOW {
            (1.0 - self.efficiency) / fifth_root(speed.sqrt())
        } else {
            (1.0 - self.efficiency) * libm::exp(-0.1 * libm::log(speed))
        };
        (1.0 - scaled).max(0.05)
    }

    /// The head's fall: for each kg/s at full speed, and for each of its square.
    fn fall(&self) -> (f64, f64) {
        let fall = (self.shut_off - 1.0) * self.head;
        (fall * self.straight / self.flow, fall * (1.0 - self.straight) / (self.flow * self.flow))
    }

    /// Reads a pump.
    pub(crate) fn read(of: &Section<'_>) -> Self {
        Self {
            flow: number(of, "flow-kg-per-s", POSITIVE),
            head: number(of, "head-pa", POSITIVE),
            shut_off: of.within("shut-off", (1.02, 5.0)).unwrap_or(1.25),
            straight: number_or_zero(of, "straight", SHARE),
            efficiency: number(of, "efficiency", (0.1, 0.95)),
            best: of.within("best-flow", (0.3, 1.5)).unwrap_or(1.0),
            motor: of.within("motor", (0.3, 1.0)).unwrap_or(0.93),
            drive: of.within("drive", (0.3, 1.0)).unwrap_or(0.97),
            standby: number_or_zero(of, "standby-w", AT_LEAST_ZERO),
            wet: number_or_zero(of, "wet", SHARE),
            minimum: number_or_zero(of, "minimum-flow", (0.0, 0.9)),
        }
    }
}

impl Work {
    fn times(self, count: f64) -> Self {
        Self {
            electrical: count * self.electrical,
            to_fluid: count * self.to_fluid,
            to_room: count * self.to_room,
            hydraulic: count * self.hydraulic,
            ..self
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            electrical: self.electrical + other.electrical,
            to_fluid: self.to_fluid + other.to_fluid,
            to_room: self.to_room + other.to_room,
            hydraulic: self.hydraulic + other.hydraulic,
            low_flow: self.low_flow || other.low_flow,
            dead_head: self.dead_head || other.dead_head,
            outside: self.outside || other.outside,
        }
    }
}

impl PumpGroup {
    /// The head at which nothing flows any more at these speeds (Pa).
    #[must_use]
    pub fn shut_off(&self, speeds: &[f64]) -> f64 {
        let fastest = speeds.iter().fold(0.0f64, |s, told| s.max(self.speed(*told)));
        fastest * fastest * self.pump.shut_off * self.pump.head
    }

    /// Flow of all pumps together against a head, less what leaks back through those that cannot hold it (kg/s; Pa).
    #[must_use]
    pub fn flow(&self, head: f64, speeds: &[f64]) -> f64 {
        speeds.iter().map(|told| self.one(head, self.speed(*told)).flow).sum()
    }

    /// What the group draws when it works against a head (Pa).
    #[must_use]
    pub fn work(&self, head: f64, speeds: &[f64]) -> Work {
        let lead = self.lead(speeds);
        let flow = self.one(head, lead.speed).flow;
        self.work_of(head, speeds, (lead, flow))
    }

    /// As [`PumpGroup::work`], with the flow of each of the fastest pumps known (kg/s): near the shut-off it does not follow
    /// from the head to more than a few digits.
    pub(super) fn work_of(&self, head: f64, speeds: &[f64], (lead, fastest): (Lead, f64)) -> Work {
        let mut sum = self.one_work(lead.speed, fastest).times(lead.count);
        for told in speeds {
            let speed = self.speed(*told);
            if speed > 0.0 && speed.to_bits() != lead.speed.to_bits() {
                sum = sum.and(self.one_work(speed, self.one(head, speed).flow));
            }
        }
        sum
    }

    /// Its own head is that of its curve: with the check valve's drop, and at shut-off where the others hold it shut.
    fn one_work(&self, speed: f64, flow: f64) -> Work {
        let flow = flow.max(0.0);
        self.pump.work((flow, self.pump.head(flow, speed)), speed, self.density)
    }

    /// The fastest pumps: those that set the head.
    pub(super) fn lead(&self, speeds: &[f64]) -> Lead {
        let speed = speeds.iter().fold(0.0f64, |s, told| s.max(self.speed(*told)));
        let mut lead = Lead { speed, count: 0.0, slower: false, leaking: false };
        for told in speeds {
            let own = self.speed(*told);
            if own.to_bits() == speed.to_bits() {
                lead.count += 1.0;
            } else {
                lead.slower |= own > 0.0;
                lead.leaking |= self.check.leakage > 0.0;
            }
        }
        lead
    }

    /// What all but the fastest deliver against a head, less what leaks back through them.
    pub(super) fn others(&self, head: f64, speeds: &[f64], lead: Lead) -> Delivery {
        let mut sum = Delivery::default();
        if lead.slower || lead.leaking {
            for told in speeds {
                let speed = self.speed(*told);
                if speed.to_bits() != lead.speed.to_bits() {
                    let one = self.one(head, speed);
                    sum = Delivery { flow: sum.flow + one.flow, slope: sum.slope + one.slope };
                }
            }
        }
        sum
    }

    /// The fall of one pump's head behind its check valve: for each kg/s at full speed, and for each of its square.
    pub(super) fn fall(&self) -> (f64, f64) {
        let (line, square) = self.pump.fall();
        (line, square + self.check.drop / (self.pump.flow * self.pump.flow))
    }

    fn one(&self, head: f64, speed: f64) -> Delivery {
        let rest = speed * speed * self.pump.shut_off * self.pump.head - head;
        if rest > 0.0 && speed > 0.0 {
            // square·m² + s·line·m = rest
            let (line, square) = self.fall();
            let line = speed * line;
            let flow = 2.0 * rest / (line + (line * line + 4.0 * square * rest).sqrt());
            return Delivery { flow, slope: -1.0 / (line + 2.0 * square * flow) };
        }
        if self.check.leakage <= 0.0 || rest >= 0.0 {
            return Delivery::default();
        }
        let flow = -self.check.leakage * self.pump.flow * (-rest / self.pump.head).sqrt();
        Delivery { flow, slope: flow / (-2.0 * rest) }
    }

    /// Reads a group: `[pump]`, `[check-valve]` where there is one, and the liquid's density.
    pub(crate) fn read(of: &Section<'_>, density: f64) -> Option<Self> {
        let pump = crate::physics::read::need(of, "pump", Pump::read);
        let check = maybe(of, "check-valve", |of| CheckValve {
            drop: number_or_zero(of, "drop-pa", AT_LEAST_ZERO),
            leakage: number_or_zero(of, "leakage", SHARE),
        });
        Some(Self { pump: pump?, check: check.unwrap_or_default(), density, air: 0.0 })
    }

    /// The speed a pump seems to run at (1).
    fn speed(&self, told: f64) -> f64 {
        let air = if self.air.is_finite() { self.air.clamp(0.0, 1.0) } else { 0.0 };
        Pump::speed(Pump::speed(told) * (1.0 - air))
    }
}

#[cfg(test)]
mod tests;
