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
use plant::id::PointId;
use plant::reading::Why;
use plant::time::Mono;

use crate::faults::SensorFault;
use crate::noise::{self, Stream};
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

/// One channel. What every reading touches lies together, because a hall reads hundreds of channels a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// The seed that `stream` and `bias` were drawn for.
    seed: u64,
    stream: Stream,
    /// The fixed error.
    bias: f64,
    lagged: f64,
    /// How much of the past is left after a step of the length it was worked out for (s, 1).
    left: (f64, f64),
    /// White noise: fixed, and in proportion to the reading (1).
    noise: (f64, f64),
    grid: Grid,
    last: Result<f64, Why>,
    /// True once it has read, and so has a past and a seed.
    begun: bool,
    /// True without drift, pink noise, hold and current loop.
    plain: bool,
    /// True while its time stamp stands still.
    stands: bool,
    /// True while nothing comes through at all: the report of an actuator that is lost.
    pub cut: bool,
    /// The fault it has, if any.
    pub fault: Option<SensorFault>,
    rest: Box<Rest>,
}

/// What few channels have and few readings ask for.
#[derive(Clone, Debug, PartialEq)]
struct Rest {
    number: u64,
    how: Imperfection,
    /// Since the first reading (s).
    elapsed: f64,
    drift: Drift,
    pink: Pink,
    /// What the device shows, and the number of its looks.
    shown: Option<(u64, f64)>,
    /// Where its time stamp stands, while it does.
    since: Mono,
    /// How the reading lies on the wire, where a device map says it.
    register: Option<Arc<Register>>,
}

impl Channel {
    /// A sound channel of the point called `name`.
    #[must_use]
    pub fn new(name: &str, how: Imperfection) -> Self {
        Self {
            seed: 0,
            stream: Stream::of(0, 0),
            bias: 0.0,
            lagged: 0.0,
            left: (0.0, if how.lag > 0.0 { 1.0 } else { 0.0 }),
            noise: (how.noise, how.relative_noise),
            grid: Grid::of(how.step),
            last: Err(Why::NeverRead),
            begun: false,
            plain: how.drift <= 0.0 && how.pink <= 0.0 && how.hold <= 0.0 && how.span.is_none(),
            stands: false,
            cut: false,
            fault: None,
            rest: Box::new(Rest {
                number: noise::channel(name),
                how,
                elapsed: 0.0,
                drift: Drift::default(),
                pink: Pink::default(),
                shown: None,
                since: Mono(0),
                register: None,
            }),
        }
    }

    /// The same channel with the register that shows it on the wire. Faults of the wire then read in process what that
    /// register would; its unit must be the point's canonical one.
    #[must_use]
    pub fn on(mut self, register: Register) -> Self {
        self.rest.register = Some(Arc::new(register));
        self
    }

    /// Takes its noise away, white and pink; lag, fixed error and smallest step stay.
    pub fn quieten(&mut self) {
        (self.noise, self.rest.how.noise, self.rest.how.relative_noise, self.rest.how.pink) =
            ((0.0, 0.0), 0.0, 0.0, 0.0);
    }

    /// What it reads `dt` seconds after the last time, at step `tick` of a run with `seed`.
    ///
    /// # Errors
    /// Why there is no reading.
    pub fn read(&mut self, truth: f64, dt: f64, seed: u64, tick: u64) -> Result<f64, Why> {
        self.read_beside((truth, None), dt, seed, tick)
    }

    /// [`Channel::read`] of a sound channel without drift, pink noise, hold and current loop, which most are; nothing for
    /// another one, which this leaves as it is.
    #[inline]
    #[must_use]
    pub fn read_plainly(&mut self, truth: f64, dt: f64, seed: u64, tick: u64) -> Option<f64> {
        if !self.plain || self.cut || self.fault.is_some() {
            return None;
        }
        let lagged = self.lag(truth, (dt, seed));
        let value = self.grid.nearest(lagged + self.bias + self.white(lagged, tick));
        self.last = Ok(value);
        Some(value)
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
        match self.read_plainly(truth, dt, seed, tick) {
            Some(value) => Ok(value),
            None => self.read_in_full((truth, other), dt, seed, tick),
        }
    }

    fn read_in_full(&mut self, (truth, other): (f64, Option<f64>), dt: f64, seed: u64, tick: u64) -> Result<f64, Why> {
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

    /// The point that its fault is about, beside its own.
    #[must_use]
    pub fn other(&self) -> Option<PointId> {
        self.fault.and_then(SensorFault::other)
    }

    /// When a reading at `now` says it was taken.
    pub fn stamp(&mut self, now: Mono) -> Mono {
        match self.fault {
            Some(SensorFault::StaleStamp) => {
                if !self.stands {
                    (self.stands, self.rest.since) = (true, now);
                }
                self.rest.since
            }
            Some(_) | None => {
                self.stands = false;
                now
            }
        }
    }

    fn broken(&self, fault: SensorFault, (value, other): (f64, Option<f64>), seed: u64, tick: u64) -> Result<f64, Why> {
        let (grid, number) = (self.grid, self.rest.number);
        let drawn = || noise::uniform(seed, number ^ FAULTY, tick);
        let framed = |wrong| frame::read(self.rest.register.as_deref(), value, self.rest.how.step, wrong);
        match fault {
            SensorFault::Stuck => self.last,
            SensorFault::StaleStamp => {
                if self.stands {
                    self.last
                } else {
                    Ok(value)
                }
            }
            SensorFault::Offset(by) => Ok(grid.nearest(value + by)),
            SensorFault::NotANumber => Err(Why::NotANumber),
            SensorFault::Lost => Err(Why::Comm),
            SensorFault::Garbage => Ok(GARBAGE * (2.0 * noise::uniform(seed ^ ONCE, number, tick) - 1.0)),
            SensorFault::Spike(by) => Ok(if drawn() < SPIKES { grid.nearest(value + by) } else { value }),
            SensorFault::NoiseBurst(deviation) => {
                Ok(grid.nearest(value + deviation * noise::gaussian(seed, number ^ FAULTY, tick)))
            }
            SensorFault::Dropout(share) => {
                if drawn() < share {
                    Err(Why::Comm)
                } else {
                    Ok(value)
                }
            }
            SensorFault::SignFlip => Ok(-value),
            SensorFault::Fahrenheit => Ok(grid.nearest(value * 1.8 + 32.0)),
            SensorFault::Swapped(_) => Ok(value),
            SensorFault::DuplicateId(_) => match (drawn() * 3.0, other) {
                (u, _) if u < 1.0 => Ok(value),
                (u, Some(other)) if u < 2.0 => Ok(grid.nearest(other)),
                // Both answered at once: no frame came through.
                (_, _) => Err(Why::Comm),
            },
            SensorFault::OutOfRange => match self.rest.how.span {
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
        self.rest.elapsed += if self.begun { dt } else { 0.0 };
        let lagged = self.lag(truth, (dt, seed));
        let look = self.rest.look(seed);
        if let (Some(look), Some((before, shown))) = (look, self.rest.shown)
            && look == before
        {
            return shown;
        }
        let mut value = lagged + self.bias;
        let rest = &mut *self.rest;
        let key = (seed, rest.number);
        if rest.how.drift > 0.0 {
            value += rest.drift.at(key, rest.elapsed, rest.how.drift);
        }
        if rest.how.pink > 0.0 {
            value += rest.how.pink * rest.pink.at(key, rest.elapsed);
        }
        value += self.white(lagged, tick);
        if let Some(span) = self.rest.how.span {
            value = through_loop(value, span);
        }
        let value = self.grid.nearest(value);
        self.rest.shown = look.map(|look| (look, value));
        value
    }

    /// The truth behind the lag, a step on.
    #[inline]
    fn lag(&mut self, truth: f64, (dt, seed): (f64, u64)) -> f64 {
        if self.left.0.to_bits() != dt.to_bits() {
            self.work_out(dt);
        }
        if !self.begun || self.seed != seed {
            self.draw(seed);
        }
        let before = if self.begun { self.lagged } else { truth };
        self.begun = true;
        self.lagged = truth + (before - truth) * self.left.1;
        self.lagged
    }

    /// White noise of one step.
    #[inline]
    fn white(&self, lagged: f64, tick: u64) -> f64 {
        let deviation = self.noise.0 + self.noise.1 * lagged.abs();
        if deviation > 0.0 { deviation * self.stream.gaussian(tick) } else { 0.0 }
    }

    /// Steps are mostly of one length, and exponentials are dear.
    #[cold]
    fn work_out(&mut self, dt: f64) {
        let lag = self.rest.how.lag;
        self.left = (dt, if lag > 0.0 { libm::exp(-dt / lag) } else { 0.0 });
    }

    #[cold]
    fn draw(&mut self, seed: u64) {
        (self.seed, self.stream) = (seed, Stream::of(seed, self.rest.number));
        self.bias = self.rest.how.bias * self.stream.gaussian(ONCE);
    }
}

impl Rest {
    /// The number of the device's looks so far; nothing for one that looks at every step. Devices do not look together.
    fn look(&self, seed: u64) -> Option<u64> {
        if self.how.hold <= 0.0 {
            return None;
        }
        let phase = noise::uniform(seed, self.number ^ LOOKS, ONCE);
        Some(convert::u64_from_f64_rounded((self.elapsed / self.how.hold + phase).floor()))
    }
}

/// What a twelve-bit converter makes of a value that comes as a current.
fn through_loop(value: f64, (low, high): (f64, f64)) -> f64 {
    let share = ((value - low) / (high - low)).clamp(LOOP_ENDS.0, LOOP_ENDS.1);
    low + (high - low) * (share * LOOP_CODES).round() / LOOP_CODES
}

/// The steps that readings come in.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Grid {
    /// One step (the channel's unit; 0 for none).
    step: f64,
    /// Steps in a unit. A step below one divides one evenly (0.1, 0.05), so that 24.1 is the float nearest to 24.1.
    per_unit: f64,
}

impl Grid {
    fn of(step: f64) -> Self {
        if step <= 0.0 {
            Self { step: 0.0, per_unit: 0.0 }
        } else {
            Self { step, per_unit: if step < 1.0 { (1.0 / step).round() } else { 1.0 / step } }
        }
    }

    /// Rounded to whole steps.
    #[inline]
    fn nearest(self, value: f64) -> f64 {
        if self.step <= 0.0 {
            return value;
        }
        let steps = whole(value * self.per_unit);
        if self.step < 1.0 { steps / self.per_unit } else { steps * self.step }
    }
}

/// The nearest whole number, the even one of two, without a call: a float this large has no digits behind the point.
#[inline]
fn whole(x: f64) -> f64 {
    const LARGE: f64 = 6_755_399_441_055_744.0;
    if x.abs() < LARGE / 3.0 { (x + LARGE) - LARGE } else { x }
}

#[cfg(test)]
mod tests;
