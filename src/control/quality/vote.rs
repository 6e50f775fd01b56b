//! Two or three sensors of one point: what control reads is what they agree on.
//!
//! ```text
//!   three are known             ─▶ the middle one
//!   two are known               ─▶ the one on the dangerous side, and where they are apart it is told
//!   one is known                ─▶ that, and it is told
//!   none is known               ─▶ the doubted one on the dangerous side, or lost
//!
//!             departs from what they agree on for `after`
//!   Counted ──────────────────────────────────────────────▶ Outvoted (told)
//!      ▲                                                        │
//!      └────────────────────────────────────────────────────────┘ agrees again for `again`
//! ```
//!
//! Two sensors that are apart outvote nobody: which of them is right, nobody knows. So one at the most is outvoted, and only by two that
//! agree; of two that depart at once it is the farther one.

use plant::event::{About, Disagreement, What};
use plant::hall::redundant::{Redundant, SENSORS};
use plant::id::PointId;
use plant::point::Danger;
use plant::reading::{Reading, Why};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::news::News;
use crate::control::sequence::Timer;

/// What is remembered of one point of two or three sensors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// What the first sensor reads itself: the point reads what they agree on.
    pub own: Reading<f64>,
    sensors: [Sensor; SENSORS],
    apart: Told,
    alone: Told,
}

/// One sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sensor {
    outvoted: bool,
    /// How long it has departed; where it is outvoted, how long it has agreed.
    so_far: Timer,
}

/// Something that is told once it has held, and over once it has been gone for long enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Told {
    on: bool,
    so_far: Timer,
}

/// What is known of the sensors in one scan.
type Known = [Option<f64>; SENSORS];

impl Vote {
    /// Nothing is known.
    pub const NEW: Self = Self {
        own: Reading::Lost { why: Why::NeverRead },
        sensors: [Sensor::NEW; SENSORS],
        apart: Told::NEW,
        alone: Told::NEW,
    };

    /// A new boot: who was outvoted stays so until it has agreed again, and what was told is not told anew.
    pub fn restart(&mut self) {
        self.own = Self::NEW.own;
        self.sensors.iter_mut().for_each(|sensor| sensor.so_far = Timer::NEW);
        (self.apart.so_far, self.alone.so_far) = (Timer::NEW, Timer::NEW);
    }

    /// One scan: what the sensors read, and what they agree on. `dt` is the time since the scan before.
    pub fn step(
        &mut self,
        (rules, danger): (&Redundant, Danger),
        readings: [Reading<f64>; SENSORS],
        dt: Span,
        news: &mut News<'_>,
    ) -> Reading<f64> {
        let counted = |n: usize, sensor: &Sensor| readings.get(n).filter(|_| !sensor.outvoted).copied();
        let known = |of: fn(Reading<f64>) -> Option<f64>| -> Known {
            let mut known = [None; SENSORS];
            for ((n, sensor), slot) in self.sensors.iter().enumerate().zip(&mut known) {
                *slot = counted(n, sensor).and_then(of);
            }
            known
        };
        let fresh = known(Reading::fresh);
        let count = fresh.iter().flatten().count();
        let agreed = agreed(&fresh, danger);
        let apart = count == 2 && spread(&fresh) > rules.deviation;
        let sourced = readings.iter().filter(|reading| reading.why() != Some(Why::Config)).count();
        let about = rules.of().map_or(About::Hall, About::Point);
        if let Some(on) = self.apart.step((apart, rules), dt) {
            news.switched(about, (What::Sensors(Disagreement::Apart, on), on));
        }
        let alone = count < 2 && sourced > 1;
        if let Some(on) = self.alone.step((alone, rules), dt) {
            news.switched(about, (What::Sensors(Disagreement::Alone, on), on));
        }
        if let Some(agreed) = agreed.filter(|_| count > 1 && !apart) {
            self.judge(rules, (&readings, agreed), dt, news);
        }
        if let Some(agreed) = agreed {
            return Reading::Fresh(agreed);
        }
        let stale =
            readings.iter().zip(&self.sensors).filter(|(_, sensor)| !sensor.outvoted).map(|(reading, _)| *reading);
        let doubted = stale.clone().filter(|reading| reading.usable().is_some());
        let worst = doubted.reduce(|a, b| if worse(danger, a.usable(), b.usable()) { b } else { a });
        // The first that is told why stands for all of them.
        worst.or_else(|| stale.clone().find(|reading| reading.why() != Some(Why::Config))).unwrap_or(self.own)
    }

    /// Who departs from what they agree on, and who agrees again.
    fn judge(
        &mut self,
        rules: &Redundant,
        (readings, agreed): (&[Reading<f64>; SENSORS], f64),
        dt: Span,
        news: &mut News<'_>,
    ) {
        let off = |reading: &Reading<f64>| reading.fresh().map(|value| libm::fabs(value - agreed));
        let mut farthest: Option<(usize, f64)> = None;
        let mut somebody = false;
        for (n, (sensor, reading)) in self.sensors.iter_mut().zip(readings).enumerate() {
            let off = off(reading);
            let astray = off.is_some_and(|off| off > rules.deviation);
            sensor.so_far.count(if sensor.outvoted { off.is_some() && !astray } else { astray }, dt);
            somebody |= sensor.outvoted;
            let gone = !sensor.outvoted && sensor.so_far.reached(rules.after);
            if let Some(off) = off.filter(|off| gone && farthest.is_none_or(|(_, most)| *off > most)) {
                farthest = Some((n, off));
            }
        }
        let mut tell = |n: usize, on: bool| {
            let point = rules.sensors.get(n).copied().flatten();
            news.switched(point.map_or(About::Hall, About::Point), (What::Sensors(Disagreement::Deviates, on), on));
        };
        for (n, sensor) in self.sensors.iter_mut().enumerate() {
            let back = sensor.outvoted && sensor.so_far.reached(rules.again);
            let out = !somebody && farthest.is_some_and(|(farthest, _)| farthest == n);
            if back || out {
                *sensor = Sensor { outvoted: out, so_far: Timer::default() };
                tell(n, out);
            }
        }
    }

    /// The sensor that is outvoted, if one is.
    pub fn outvoted(&self, rules: &Redundant) -> Option<PointId> {
        let mut all = self.sensors.iter().zip(rules.sensors);
        all.find_map(|(sensor, point)| point.filter(|_| sensor.outvoted))
    }

    /// Its sensors are apart and nobody knows which is right, or one is left.
    #[must_use]
    pub const fn is_weak(&self) -> bool {
        self.apart.on || self.alone.on
    }
}

impl Sensor {
    const NEW: Self = Self { outvoted: false, so_far: Timer::NEW };
}

impl Told {
    const NEW: Self = Self { on: false, so_far: Timer::NEW };

    /// One scan. What it has come to, where that has changed.
    fn step(&mut self, (holds, rules): (bool, &Redundant), dt: Span) -> Option<bool> {
        self.so_far.count(holds != self.on, dt);
        let changes = self.so_far.reached(if self.on { rules.again } else { rules.after });
        changes.then(|| {
            *self = Self { on: !self.on, so_far: Timer::default() };
            self.on
        })
    }
}

/// The middle of three.
#[must_use]
pub fn middle(a: f64, b: f64, c: f64) -> f64 {
    a.max(b).min(a.min(b).max(c))
}

/// The middle of three; of two the one on the dangerous side; of one that. Nothing of none.
fn agreed(known: &Known, danger: Danger) -> Option<f64> {
    match *known {
        [Some(a), Some(b), Some(c)] => Some(middle(a, b, c)),
        [a, b, c] => {
            let two = [a, b, c].into_iter().flatten();
            two.reduce(|a, b| if worse(danger, Some(a), Some(b)) { b } else { a })
        }
    }
}

/// How far apart the outermost are.
fn spread(known: &Known) -> f64 {
    let all = || known.iter().flatten().copied();
    all().reduce(f64::max).zip(all().reduce(f64::min)).map_or(0.0, |(most, least)| most - least)
}

/// True where `b` is nearer to the danger than `a`; where neither side is dangerous the first counts.
fn worse(danger: Danger, a: Option<f64>, b: Option<f64>) -> bool {
    match danger {
        Danger::Up => b > a,
        Danger::Down => b < a,
        Danger::Neither => false,
    }
}

#[cfg(test)]
mod tests;
