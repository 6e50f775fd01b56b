//! What stands between the truth and a reading: lag, errors that stay or wander, noise, a current loop, a smallest step, a
//! device that looks only now and then, and faults.
//!
//! **Order** truth → first-order lag (exact for a truth held over the step) → bias and drift → noise, white and pink → 4–20 mA loop
//! → step → sample and hold → fault. **Source** the usual chain of a measuring channel; the loop: twelve bits over 0 to 20 mA, live from
//! 3.8 to 20.5 mA (NAMUR NE 43). **Parameters** [`Imperfection`]; lag 5 to 60 s in air, 15 to 30 s in a well, 0.2 to 1 s for power;
//! drift 0.05 K a month; noise 0.05 to 0.1 K. **Box** any truth. **Outside it** nothing saturates but a loop: what is out of range is for whoever
//! reads to judge. **Time constant** the lag.

mod frame;
mod wander;

use std::sync::Arc;

use plant::convert;
use plant::device::Register;
use plant::reading::Why;
use plant::time::Mono;

use crate::faults::SensorFault;
use crate::noise;
use crate::physics::Imperfection;
use frame::Wrong;
use wander::{Drift, Pink};

/// The tick under which a channel's fixed error is drawn, far beyond any run.
const ONCE: u64 = u64::MAX;
/// How far garbage reaches, either side of zero.
const GARBAGE: f64 = 1e4;
/// Readings to one spike, on average.
const SPIKES: f64 = 1.0 / 60.0;
/// Told from the channel's number: what faults draw, and when a device looks.
const FAULTY: u64 = 0x5EED_FA17_0000_0001;
const LOOKS: u64 = 0x5EED_1007_0000_0001;
/// Codes of a loop's converter from 4 to 20 mA: twelve bits over 0 to 20.
const LOOP_CODES: f64 = 4096.0 * 16.0 / 20.0;
/// How far below 4 mA and above 20 mA a live loop goes, as shares of its span.
const LOOP_ENDS: (f64, f64) = (-0.2 / 16.0, 16.5 / 16.0);

/// One channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    number: u64,
    how: Imperfection,
    lagged: Option<f64>,
    /// How much of the past is left after a step of the length it was worked out for (s, 1).
    left: (f64, f64),
    /// The fixed error and the seed it was drawn for.
    bias: Option<(u64, f64)>,
    /// Since the first reading (s).
    elapsed: f64,
    drift: Drift,
    pink: Pink,
    /// What the device shows, and the number of its looks.
    shown: Option<(u64, f64)>,
    last: Result<f64, Why>,
    /// The time stamp that stands still under a stale one.
    stale: Option<Mono>,
    /// How the reading lies on the wire, where a device map says it.
    register: Option<Arc<Register>>,
    /// True while nothing comes through at all: the report of an actuator that is lost.
    pub cut: bool,
    /// The fault it has, if any.
    pub fault: Option<SensorFault>,
}

impl Channel {
    /// A sound channel of the point called `name`.
    #[must_use]
    pub fn new(name: &str, how: Imperfection) -> Self {
        Self {
            number: noise::channel(name),
            how,
            lagged: None,
            left: (0.0, 1.0),
            bias: None,
            elapsed: 0.0,
            drift: Drift::default(),
            pink: Pink::default(),
            shown: None,
            last: Err(Why::NeverRead),
            stale: None,
            register: None,
            cut: false,
            fault: None,
        }
    }

    /// The same channel with the register that shows it on the wire. Faults of the wire then read in process what that
    /// register would; its unit must be the point's canonical one.
    #[must_use]
    pub fn on(mut self, register: Register) -> Self {
        self.register = Some(Arc::new(register));
        self
    }

    /// What it reads `dt` seconds after the last time, at step `tick` of a run with `seed`.
    ///
    /// # Errors
    /// Why there is no reading.
    pub fn read(&mut self, truth: f64, dt: f64, seed: u64, tick: u64) -> Result<f64, Why> {
        self.read_beside((truth, None), dt, seed, tick)
    }

    /// [`Channel::read`] with the truth of the other point that its fault is about.
    ///
    /// # Errors
    /// Why there is no reading.
    pub fn read_beside(
        &mut self,
        (truth, other): (f64, Option<f64>),
        dt: f64,
        seed: u64,
        tick: u64,
    ) -> Result<f64, Why> {
        let felt = if matches!(self.fault, Some(SensorFault::Swapped(_))) { other.unwrap_or(truth) } else { truth };
        let value = self.measure(felt, dt, seed, tick);
        if self.cut {
            return Err(Why::Comm);
        }
        let read = match self.fault {
            None => Ok(value),
            Some(SensorFault::Stuck) => self.last,
            Some(fault) => self.broken(fault, (value, other), seed, tick),
        };
        match self.fault {
            // What has no value leaves the last one for a channel that sticks later.
            Some(SensorFault::Garbage | SensorFault::NotANumber | SensorFault::Lost | SensorFault::Dropout(_)) => {}
            Some(_) | None => self.last = read,
        }
        read
    }

    /// When a reading at `now` says it was taken.
    pub fn stamp(&mut self, now: Mono) -> Mono {
        self.stale = match self.fault {
            Some(SensorFault::StaleStamp) => Some(self.stale.unwrap_or(now)),
            Some(_) | None => None,
        };
        self.stale.unwrap_or(now)
    }

    fn broken(&self, fault: SensorFault, (value, other): (f64, Option<f64>), seed: u64, tick: u64) -> Result<f64, Why> {
        let step = self.how.step;
        let drawn = || noise::uniform(seed, self.number ^ FAULTY, tick);
        let framed = |wrong| frame::read(self.register.as_deref(), value, step, wrong);
        match fault {
            SensorFault::Stuck => self.last,
            SensorFault::StaleStamp => {
                if self.stale.is_some() {
                    self.last
                } else {
                    Ok(value)
                }
            }
            SensorFault::Offset(by) => Ok(stepped(value + by, step)),
            SensorFault::NotANumber => Err(Why::NotANumber),
            SensorFault::Lost => Err(Why::Comm),
            SensorFault::Garbage => Ok(GARBAGE * (2.0 * noise::uniform(seed ^ ONCE, self.number, tick) - 1.0)),
            SensorFault::Spike(by) => Ok(if drawn() < SPIKES { stepped(value + by, step) } else { value }),
            SensorFault::NoiseBurst(deviation) => {
                Ok(stepped(value + deviation * noise::gaussian(seed, self.number ^ FAULTY, tick), step))
            }
            SensorFault::Dropout(share) => {
                if drawn() < share {
                    Err(Why::Comm)
                } else {
                    Ok(value)
                }
            }
            SensorFault::SignFlip => Ok(-value),
            SensorFault::Fahrenheit => Ok(stepped(value * 1.8 + 32.0, step)),
            SensorFault::Swapped(_) => Ok(value),
            SensorFault::DuplicateId(_) => match (drawn() * 3.0, other) {
                (u, _) if u < 1.0 => Ok(value),
                (u, Some(other)) if u < 2.0 => Ok(stepped(other, step)),
                // Both answered at once: no frame came through.
                (_, _) => Err(Why::Comm),
            },
            SensorFault::OutOfRange => match self.how.span {
                // A loop with a short stands at its converter's end, 20 of 16 mA above 4.
                Some((low, high)) => Ok(low + 1.25 * (high - low)),
                None => framed(Wrong::Largest),
            },
            SensorFault::AllOnes => framed(Wrong::Ones),
            SensorFault::SignBit => framed(Wrong::Sign),
            SensorFault::ZeroFrame => framed(Wrong::Zero),
            SensorFault::ByteSwap => framed(Wrong::Swapped),
        }
    }

    fn measure(&mut self, truth: f64, dt: f64, seed: u64, tick: u64) -> f64 {
        let how = self.how;
        let lagged = match self.lagged {
            Some(before) if how.lag > 0.0 => truth + (before - truth) * self.left_after(dt),
            Some(_) | None => truth,
        };
        self.elapsed += if self.lagged.is_some() { dt } else { 0.0 };
        self.lagged = Some(lagged);
        let look = self.look(seed);
        if let (Some(look), Some((before, shown))) = (look, self.shown)
            && look == before
        {
            return shown;
        }
        let mut value = lagged;
        if how.bias > 0.0 {
            value += self.bias(seed);
        }
        let key = (seed, self.number);
        if how.drift > 0.0 {
            value += self.drift.at(key, self.elapsed, how.drift);
        }
        let deviation = how.noise + how.relative_noise * lagged.abs();
        if deviation > 0.0 {
            value += deviation * noise::gaussian(seed, self.number, tick);
        }
        if how.pink > 0.0 {
            value += how.pink * self.pink.at(key, self.elapsed);
        }
        if let Some(span) = how.span {
            value = through_loop(value, span);
        }
        let value = stepped(value, how.step);
        self.shown = look.map(|look| (look, value));
        value
    }

    /// The number of the device's looks so far; nothing for one that looks at every step. Devices do not look together.
    fn look(&self, seed: u64) -> Option<u64> {
        if self.how.hold <= 0.0 {
            return None;
        }
        let phase = noise::uniform(seed, self.number ^ LOOKS, ONCE);
        Some(convert::u64_from_f64_rounded((self.elapsed / self.how.hold + phase).floor()))
    }

    /// Steps are mostly of one length, and exponentials are dear.
    fn left_after(&mut self, dt: f64) -> f64 {
        if self.left.0.to_bits() != dt.to_bits() {
            self.left = (dt, libm::exp(-dt / self.how.lag));
        }
        self.left.1
    }

    fn bias(&mut self, seed: u64) -> f64 {
        match self.bias {
            Some((drawn_for, bias)) if drawn_for == seed => bias,
            Some(_) | None => {
                let bias = self.how.bias * noise::gaussian(seed, self.number, ONCE);
                self.bias = Some((seed, bias));
                bias
            }
        }
    }
}

/// What a twelve-bit converter makes of a value that comes as a current.
fn through_loop(value: f64, (low, high): (f64, f64)) -> f64 {
    let share = ((value - low) / (high - low)).clamp(LOOP_ENDS.0, LOOP_ENDS.1);
    low + (high - low) * (share * LOOP_CODES).round() / LOOP_CODES
}

/// Rounded to whole steps. A step below one divides one evenly (0.1, 0.05), so that 24.1 is the float nearest to 24.1.
fn stepped(value: f64, step: f64) -> f64 {
    if step <= 0.0 {
        value
    } else if step < 1.0 {
        let per_unit = (1.0 / step).round();
        (value * per_unit).round() / per_unit
    } else {
        (value / step).round() * step
    }
}

#[cfg(test)]
mod tests;
