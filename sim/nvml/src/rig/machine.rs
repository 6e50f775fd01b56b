//! One GPU behind a board: what it wants, what it gets, what its sensors say of that.

use plant::convert;
use sim::compute::gpu::rate::Rates;
use sim::compute::gpu::{Coolant, PARTS, Pace, Quad, Trace};
use sim::compute::job::{Moment, Phase};
use sim::noise;

use super::window::Window;
use super::{STEP, STEP_NS};
use crate::board::{Fault, Gpu, Readings, held};
use crate::card::Card;

/// Four lanes of physics run the same GPU.
const LANES: f64 = 4.0;
/// What is missing before a driver says that something holds clocks back (W).
const FELT: f64 = 0.5;
/// Air around a bench (°C).
const AIR: f64 = 25.0;

/// One GPU behind a board.
#[derive(Clone, Debug)]
pub struct Machine {
    card: Card,
    pace: Pace,
    rates: Rates,
    quad: Quad,
    window: Window,
    /// What one board's reading is of the truth (1).
    gain: f64,
    /// What its work wants (W).
    demand: f64,
    /// Air at its heat sink (°C).
    air: f64,
    /// Mean of the last step (W).
    power: f64,
    /// Since the bench was made (J).
    energy: f64,
    /// The energy when its counter began (J).
    counted_from: f64,
    /// The life in which its counters began.
    life: u32,
    held: u64,
    power_ns: u64,
    heat_ns: u64,
    brake_ns: u64,
}

impl Machine {
    /// At rest.
    pub fn new(card: &Card, seed: u64, slot: usize) -> Self {
        let off = noise::gaussian(seed, noise::channel("gpu-power-gain"), convert::u64_from_usize(slot));
        let device = card.device;
        let mut machine = Self {
            card: *card,
            pace: Pace::new(&device, STEP),
            rates: Rates::clocked(&device),
            quad: Quad::new(&device, [0.0; 4], AIR),
            window: Window::at(device.idle),
            gain: 1.0 + card.gain * off,
            demand: device.idle,
            air: AIR,
            power: device.idle,
            energy: 0.0,
            counted_from: 0.0,
            life: 0,
            held: held::IDLE,
            power_ns: 0,
            heat_ns: 0,
            brake_ns: 0,
        };
        // A sink takes minutes to get warm; a GPU at rest has been there for hours.
        let rest = [Moment { natural: device.idle, phase: Phase::Idle }; PARTS];
        let minutes = Pace::new(&device, 60.0);
        let coolant = Coolant::new((&device, &minutes), AIR, 1.0 / device.case_to_coolant, true);
        for _ in 0..30 {
            machine.quad.step((&device, &machine.rates, &minutes), &rest, coolant, &mut Trace::default());
        }
        machine
    }

    /// What its work wants from now on (W); nothing below its idle power, and nothing that is no number.
    pub fn demand(&mut self, watts: f64) {
        self.demand = if watts.is_finite() { watts.max(self.card.device.idle) } else { self.demand };
    }

    /// Air at its heat sink from now on (°C).
    pub fn air(&mut self, cel: f64) {
        self.air = if cel.is_finite() { cel } else { self.air };
    }

    /// What it draws, over the last step (W).
    pub const fn power(&self) -> f64 {
        self.power
    }

    /// What it has drawn (J).
    pub const fn energy(&self) -> f64 {
        self.energy
    }

    /// What it draws, of the driver's own reading (1).
    pub const fn gain(&self) -> f64 {
        self.gain
    }

    /// A step of 10 ms goes by under the board's limits.
    pub fn step(&mut self, gpu: Gpu<'_>) {
        self.live(gpu);
        let device = &self.card.device;
        let braked = gpu.has(Fault::PowerBrake);
        let limit = f64::from(gpu.enforced()) / 1000.0;
        let cap = if braked { limit.min(Card::BRAKED * device.rated) } else { limit };
        self.quad.cap(device, [cap; 4]);
        let natural = self.natural(gpu.lock());
        let phase = if self.demand > device.idle { Phase::Training } else { Phase::Idle };
        let coolant = Coolant::new((device, &self.pace), self.air, 1.0 / device.case_to_coolant, true);
        let mut trace = Trace::default();
        let done =
            self.quad.step((device, &self.rates, &self.pace), &[Moment { natural, phase }; PARTS], coolant, &mut trace);
        trace.parts().iter().for_each(|sum| self.window.push(sum / LANES));
        self.power = done.power / LANES;
        self.energy += self.power * STEP;
        self.note((natural - self.power > FELT, braked, natural < self.demand), cap);
    }

    /// Counters begin with the life of the GPU.
    fn live(&mut self, gpu: Gpu<'_>) {
        if gpu.life() != self.life {
            (self.life, self.counted_from) = (gpu.life(), self.energy);
            (self.power_ns, self.heat_ns, self.brake_ns) = (0, 0, 0);
        }
    }

    /// What it would draw at the clocks that it is locked to (W).
    fn natural(&self, lock: Option<(u32, u32)>) -> f64 {
        let device = &self.card.device;
        let activity = (self.demand - device.running()) / (device.rated - device.running());
        match lock {
            Some((_, most)) if most < self.card.clock_mhz && activity > 0.0 => {
                let share = f64::from(most) / f64::from(self.card.clock_mhz);
                self.demand.min(device.at_clock(share, activity))
            }
            Some(_) | None => self.demand,
        }
    }

    /// Says what holds it back, and counts for how long.
    fn note(&mut self, (held, braked, locked): (bool, bool, bool), cap: f64) {
        let device = &self.card.device;
        let over = self.quad.hottest() - device.throttles;
        let hot = over > 0.0 && device.rated * (1.0 - over / device.throttle_band) < cap;
        self.held = if self.demand <= device.idle * 1.05 { held::IDLE } else { 0 };
        if locked {
            self.held |= held::CLOCK_SETTING;
        }
        if braked {
            self.held |= held::POWER_BRAKE | held::HARDWARE;
            self.brake_ns += STEP_NS;
        }
        if held && hot {
            self.held |= held::HEAT;
            self.heat_ns += STEP_NS;
        } else if held && !braked {
            self.held |= held::POWER_CAP;
            self.power_ns += STEP_NS;
        }
    }

    /// What its sensors say.
    pub fn readings(&mut self, gpu: Gpu<'_>, at_us: u64) -> Readings {
        self.live(gpu);
        let milli = |value: f64| convert::u64_from_f64_rounded(value * 1000.0);
        let whole = convert::u64_from_f64_rounded;
        let device = &self.card.device;
        let share = (self.demand - device.idle) / (device.rated - device.idle);
        let busy = (100.0 * share).clamp(0.0, 100.0);
        let die = self.quad.hottest();
        Readings {
            at_us,
            instant_mw: milli(self.window.instant() * self.gain),
            average_mw: milli(self.window.average() * self.gain),
            energy_mj: milli((self.energy - self.counted_from) * self.gain),
            die_cel: whole(die),
            memory_cel: whole(die + Card::MEMORY_ABOVE),
            busy: whole(busy),
            held: self.held,
            clock_mhz: whole(self.clock(gpu.lock())),
            power_ns: self.power_ns,
            heat_ns: self.heat_ns,
            brake_ns: self.brake_ns,
        }
    }

    /// At which clock it runs (MHz), from what it draws.
    fn clock(&self, lock: Option<(u32, u32)>) -> f64 {
        let (device, most) = (&self.card.device, f64::from(self.card.clock_mhz));
        let activity = (self.demand - device.running()) / (device.rated - device.running());
        let rest = most / 6.0;
        let clock = if activity > 0.0 { (most * device.clock(self.power, activity)).max(rest) } else { rest };
        lock.map_or(clock, |(least, most)| clock.max(f64::from(least)).min(f64::from(most)))
    }
}
