//! What stands between the truth and a reading: lag, a fixed error, noise, a smallest step, and faults.
//!
//! **Order** truth → first-order lag (exact for a truth held over the step) → bias → noise → step → fault.
//! **Source** the usual chain of a measuring channel. **Box** any truth. **Outside it** nothing saturates: what is out of
//! range is for whoever reads to judge.

use plant::reading::Why;

use crate::faults::SensorFault;
use crate::noise;
use crate::physics::Imperfection;

/// The tick under which a channel's fixed error is drawn, far beyond any run.
const ONCE: u64 = u64::MAX;
/// How far garbage reaches, either side of zero.
const GARBAGE: f64 = 1e4;

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
    last: Result<f64, Why>,
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
            last: Err(Why::NeverRead),
            fault: None,
        }
    }

    /// What it reads `dt` seconds after the last time, at step `tick` of a run with `seed`.
    pub fn read(&mut self, truth: f64, dt: f64, seed: u64, tick: u64) -> Result<f64, Why> {
        let value = self.measure(truth, dt, seed, tick);
        self.last = match self.fault {
            None => Ok(value),
            Some(SensorFault::Stuck) => self.last,
            Some(SensorFault::Offset(by)) => Ok(stepped(value + by, self.how.step)),
            Some(SensorFault::NotANumber) => return Err(Why::NotANumber),
            Some(SensorFault::Lost) => return Err(Why::Comm),
            Some(SensorFault::Garbage) => {
                return Ok(GARBAGE * (2.0 * noise::uniform(seed ^ ONCE, self.number, tick) - 1.0));
            }
        };
        self.last
    }

    fn measure(&mut self, truth: f64, dt: f64, seed: u64, tick: u64) -> f64 {
        let how = self.how;
        let lagged = match self.lagged {
            Some(before) if how.lag > 0.0 => truth + (before - truth) * self.left_after(dt),
            Some(_) | None => truth,
        };
        self.lagged = Some(lagged);
        let mut value = lagged;
        if how.bias > 0.0 {
            value += self.bias(seed);
        }
        let deviation = how.noise + how.relative_noise * lagged.abs();
        if deviation > 0.0 {
            value += deviation * noise::gaussian(seed, self.number, tick);
        }
        stepped(value, how.step)
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
mod tests {
    use super::*;

    const PLAIN: Imperfection = Imperfection { lag: 10.0, noise: 0.0, relative_noise: 0.0, bias: 0.0, step: 0.1 };

    #[test]
    fn a_lag_is_first_order_and_does_not_depend_on_the_step() {
        for dt in [0.1, 1.0, 5.0] {
            let mut channel = Channel::new("x", Imperfection { step: 0.0, ..PLAIN });
            assert_eq!(channel.read(0.0, dt, 1, 0), Ok(0.0));
            let mut value = 0.0;
            for tick in 0..plant::convert::u64_from_f64_rounded(10.0 / dt) {
                value = channel.read(1.0, dt, 1, tick + 1).expect("sound");
            }
            assert!((value - (1.0 - (-1.0f64).exp())).abs() < 1e-9, "{dt}: {value}");
        }
    }

    #[test]
    fn readings_come_in_steps_and_faults_do_what_they_say() {
        let mut channel = Channel::new("x", PLAIN);
        assert_eq!(channel.read(24.08, 1.0, 1, 0), Ok(24.1));
        channel.fault = Some(SensorFault::Stuck);
        assert_eq!(channel.read(50.0, 100.0, 1, 1), Ok(24.1));
        channel.fault = Some(SensorFault::Offset(-3.0));
        assert_eq!(channel.read(50.0, 1000.0, 1, 2), Ok(47.0));
        channel.fault = Some(SensorFault::NotANumber);
        assert_eq!(channel.read(50.0, 1.0, 1, 3), Err(Why::NotANumber));
        channel.fault = Some(SensorFault::Lost);
        assert_eq!(channel.read(50.0, 1.0, 1, 4), Err(Why::Comm));
        channel.fault = None;
        assert_eq!(channel.read(50.0, 1.0, 1, 5), Ok(50.0));
    }

    #[test]
    fn another_channel_does_not_shift_this_one() {
        let noisy = Imperfection { noise: 0.1, bias: 0.2, ..PLAIN };
        let (mut alone, mut among) = (Channel::new("a", noisy), Channel::new("a", noisy));
        let mut newcomer = Channel::new("b", noisy);
        for tick in 0..100 {
            let expected = alone.read(20.0, 1.0, 5, tick);
            let _ = newcomer.read(20.0, 1.0, 5, tick);
            assert_eq!(among.read(20.0, 1.0, 5, tick), expected);
        }
    }
}
