//! One GPU's sensors in a hall: what steps of the world come to on its board.

use std::collections::VecDeque;

use plant::convert;
use sim::compute::gpu::Device;
use sim::noise;

use super::locked;
use crate::board::{Fault, Gpu, Readings, held};
use crate::card::Card;

/// What a driver averages over (s).
const AVERAGED: f64 = 1.0;
/// How close to its cap a GPU is that the cap holds (W).
const HELD: f64 = 1.0;
/// Nanoseconds of a second.
const NANOS: f64 = 1e9;

/// What a step of the world was for one GPU.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Power at its end (W).
    pub end: f64,
    /// Mean power (W).
    pub mean: f64,
    /// The die at its end (°C).
    pub die: f64,
    /// Its cap (W).
    pub cap: f64,
    /// Whether its node has work.
    pub works: bool,
}

/// One GPU's sensors.
#[derive(Clone, Debug)]
pub struct Meter {
    gain: f64,
    memory: bool,
    life: u32,
    last: Seen,
    /// Length and mean power of the steps of the last second (s, W).
    recent: VecDeque<(f64, f64)>,
    /// Since its counter began (J).
    energy: f64,
    held: u64,
    /// For how long power limits, heat and the brake have held it back (s).
    power: f64,
    heat: f64,
    brake: f64,
}

impl Meter {
    /// A sensor of a product, wrong in a proportion of its own.
    pub fn new(card: &Card, seed: u64, slot: usize) -> Self {
        let off = noise::gaussian(seed, noise::channel("gpu-power-gain"), convert::u64_from_usize(slot));
        Self {
            gain: 1.0 + card.gain * off,
            memory: card.memory_sensor,
            life: 0,
            last: Seen { end: 0.0, mean: 0.0, die: 0.0, cap: 0.0, works: false },
            recent: VecDeque::new(),
            energy: 0.0,
            held: 0,
            power: 0.0,
            heat: 0.0,
            brake: 0.0,
        }
    }

    /// A step of `dt` (s) has gone by.
    pub fn take(&mut self, gpu: Gpu<'_>, device: &Device, seen: Seen, dt: f64) {
        if gpu.life() != self.life {
            (self.life, self.energy) = (gpu.life(), 0.0);
            (self.power, self.heat, self.brake) = (0.0, 0.0, 0.0);
        }
        self.last = seen;
        self.energy += seen.mean * dt;
        if dt > 0.0 {
            self.recent.push_back((dt, seen.mean));
            let mut behind: f64 = self.recent.iter().map(|(dt, _)| dt).sum();
            while let Some((first, _)) = self.recent.front().copied().filter(|(first, _)| behind - first >= AVERAGED) {
                behind -= first;
                self.recent.pop_front();
            }
        }
        self.held = 0;
        if !seen.works {
            self.held |= held::IDLE;
        }
        if locked(gpu).is_some() {
            self.held |= held::CLOCK_SETTING;
        }
        if gpu.has(Fault::PowerBrake) {
            self.held |= held::POWER_BRAKE | held::HARDWARE;
            self.brake += dt;
        } else if seen.die > device.throttles {
            self.held |= held::HEAT;
            self.heat += dt;
        } else if seen.mean > seen.cap - HELD && seen.cap < device.rated {
            self.held |= held::POWER_CAP;
            self.power += dt;
        }
    }

    /// The mean of the last second, or of what there is of it (W).
    fn average(&self) -> f64 {
        let (mut time, mut energy) = (0.0, 0.0);
        for (dt, mean) in self.recent.iter().rev() {
            let dt = dt.min(AVERAGED - time);
            time += dt;
            energy += dt * mean;
        }
        if time > 0.0 { energy / time } else { self.last.mean }
    }

    /// What they say.
    pub fn readings(&self, gpu: Gpu<'_>, device: &Device, at_us: u64) -> Readings {
        let milli = |value: f64| convert::u64_from_f64_rounded(value * 1000.0 * self.gain);
        let (whole, nanos) = (convert::u64_from_f64_rounded, |s: f64| convert::u64_from_f64_rounded(s * NANOS));
        let busy = 100.0 * (self.last.mean - device.idle) / (device.rated - device.idle);
        let clock = device.clock(self.last.end, 1.0).max(1.0 / 6.0).min(locked(gpu).unwrap_or(1.0));
        Readings {
            at_us,
            instant_mw: milli(self.last.end),
            average_mw: milli(self.average()),
            energy_mj: milli(self.energy),
            die_cel: whole(self.last.die),
            memory_cel: if self.memory { whole(self.last.die + Card::MEMORY_ABOVE) } else { 0 },
            busy: whole(busy.clamp(0.0, 100.0)),
            held: self.held,
            clock_mhz: whole(clock * f64::from(gpu.highest_clock())),
            power_ns: nanos(self.power),
            heat_ns: nanos(self.heat),
            brake_ns: nanos(self.brake),
        }
    }
}
