//! Drives and valves: they follow what they are told as fast as they can, and report where they are, more or less.
//!
//! **Order** command → delay → fail-safe, power, hand and faults → least speed → deadband and stiction → slew → play → position, and beside it
//! what is reported. **Equation** slew is a constant rate; a stem at rest starts only when its error exceeds deadband and
//! stiction, and a sticking one first jumps by its stiction; play holds the plug until the stem has crossed it; a valve that
//! leaks passes `leak + (1 − leak)·position`. **Source** the usual model of a positioner with backlash and stick-slip (Choudhury,
//! Thornhill, Shah 2005, *Control Engineering Practice* 13, in its simplest form); plant practice for the figures.
//! **Parameters** [`Actuation`]; stroke 90 to 150 s for valves and dampers, 30 s for drives; deadband 0.5 to 1 %; leak 2 %.
//! **Box** commands 0 to 100 %. **Outside it** commands are held inside; what is no number is ignored, as drives do. At most eight
//! commands are on their way through a delay: a ninth takes the newest one's place. **Time constant** the stroke.

use plant::id::PointId;

use crate::faults::{ActuatorFault, FeedbackFault};
use crate::physics::Actuation;

/// How many commands are on their way at once.
const ON_THE_WAY: usize = 8;

/// A fan's or pump's drive, or a valve.
#[derive(Clone, Debug, PartialEq)]
pub struct Actuator {
    /// The point that commands it.
    pub command: PointId,
    /// The point that reports it.
    pub feedback: PointId,
    /// Where it is (%, 0 to 100).
    pub position: f64,
    /// Where it goes (%, 0 to 100).
    pub target: f64,
    /// Its full range takes this long (s, > 0).
    pub stroke: f64,
    /// What is wrong with it, if anything.
    pub fault: Option<ActuatorFault>,
    how: Actuation,
    /// What is wrong with its report, and where it was when that began.
    lying: Option<(FeedbackFault, f64)>,
    /// The stem, where play parts it from the plug (%).
    stem: f64,
    moving: bool,
    /// Since the beginning (s).
    clock: f64,
    /// Without a command for so long (s).
    silent: f64,
    /// Until it follows again after power came back (s).
    starting: f64,
    delayed: Delayed,
}

/// Commands on their way: when they arrive (s) and what they say (%), in order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Delayed {
    queue: [(f64, f64); ON_THE_WAY],
    len: usize,
}

impl Actuator {
    /// At rest at `position`, without faults or imperfections.
    #[must_use]
    pub const fn new(command: PointId, feedback: PointId, position: f64, stroke: f64) -> Self {
        Self {
            command,
            feedback,
            position,
            target: position,
            stroke,
            fault: None,
            how: Actuation::PERFECT,
            lying: None,
            stem: position,
            moving: false,
            clock: 0.0,
            silent: 0.0,
            starting: 0.0,
            delayed: Delayed { queue: [(0.0, 0.0); ON_THE_WAY], len: 0 },
        }
    }

    /// The same with these imperfections.
    #[must_use]
    pub const fn with(mut self, how: Actuation) -> Self {
        self.how = how;
        self
    }

    /// Takes a new target; what is no number is ignored, as drives do.
    pub fn aim(&mut self, target: f64) {
        if !target.is_finite() || self.fault == Some(ActuatorFault::LostCommand) {
            return;
        }
        let target = target.clamp(0.0, 100.0);
        if self.how.delay > 0.0 {
            self.delayed.send(self.clock + self.how.delay, target, self.target);
        } else {
            self.target = target;
        }
    }

    /// Moves toward the target for `dt` seconds.
    pub fn travel(&mut self, dt: f64) {
        if self.fault.is_none() && self.starting <= 0.0 && self.how == Actuation::PERFECT {
            self.silent = 0.0;
            self.position = toward(self.position, self.target, 100.0 * dt / self.stroke);
            self.stem = self.position;
            return;
        }
        self.clock += dt;
        if let Some(arrived) = self.delayed.arrived(self.clock) {
            self.target = arrived;
        }
        if let Some(goal) = self.goal(dt) {
            self.slide(goal, dt);
        }
    }

    /// A drive without power: it runs down from full speed in so long (s, > 0).
    pub fn run_down(&mut self, within: f64, dt: f64) {
        self.position = toward(self.position, 0.0, 100.0 * dt / within);
        (self.stem, self.moving) = (self.position, false);
    }

    /// Position as a share (1, 0 to 1): what the flow sees.
    #[must_use]
    pub fn share(&self) -> f64 {
        let leak = match self.fault {
            Some(ActuatorFault::Leaking(share)) => self.how.leak.max(share.clamp(0.0, 1.0)),
            Some(_) | None => self.how.leak,
        };
        if leak > 0.0 { leak + (1.0 - leak) * (self.position / 100.0) } else { self.position / 100.0 }
    }

    /// Breaks or mends what it reports.
    pub fn break_feedback(&mut self, how: Option<FeedbackFault>) {
        self.lying = how.map(|how| (how, self.position));
    }

    /// Where it says that it is (%, 0 to 100), if its report comes at all.
    #[must_use]
    pub const fn reported(&self) -> f64 {
        match self.lying {
            None | Some((FeedbackFault::Lost, _)) => self.position,
            Some((FeedbackFault::Frozen, was)) => was,
            Some((FeedbackFault::Lies, _)) => self.target,
        }
    }

    /// Where it goes now; nothing while it stays.
    fn goal(&mut self, dt: f64) -> Option<f64> {
        self.silent = if self.fault == Some(ActuatorFault::LostCommand) { self.silent + dt } else { 0.0 };
        if self.fault == Some(ActuatorFault::PowerLost) {
            self.starting = self.how.restart;
            return self.how.spring;
        }
        if self.starting > 0.0 {
            self.starting -= dt;
            return None;
        }
        let goal = match self.fault {
            Some(ActuatorFault::Jammed) => return None,
            Some(ActuatorFault::LostCommand) if self.silent > self.how.lost_after => {
                self.how.lost_to.unwrap_or(self.target)
            }
            // The last command that came is still the target.
            None | Some(ActuatorFault::LostCommand) => self.target,
            Some(fault) => fault.goes(self.target, self.position),
        };
        // A drive cannot turn slower than its least speed; told to stand it stands.
        Some(if goal > 0.0 { goal.max(self.how.minimum) } else { 0.0 })
    }

    fn slide(&mut self, goal: f64, dt: f64) {
        let play = self.how.play;
        let mut stem = if play > 0.0 { self.stem } else { self.position };
        let error = goal - stem;
        if !self.moving && error.abs() > self.how.deadband.max(self.how.stiction) {
            self.moving = true;
            stem = toward(stem, goal, self.how.stiction);
        }
        if self.moving {
            let slower = match self.fault {
                Some(ActuatorFault::Slow(times)) => times.max(1.0),
                Some(_) | None => 1.0,
            };
            stem = toward(stem, goal, 100.0 * dt / (self.stroke * slower));
            self.moving = (goal - stem).abs() > 1e-9;
        }
        self.stem = stem;
        self.position = if play > 0.0 { self.position.clamp(stem - play / 2.0, stem + play / 2.0) } else { stem };
    }
}

impl Delayed {
    /// Sends a command that arrives at `due`; `known` is what the device goes by now. One that says what was said last is not news.
    fn send(&mut self, due: f64, says: f64, known: f64) {
        let last = self.queue.iter().take(self.len).next_back().map_or(known, |(_, said)| *said);
        if last.to_bits() == says.to_bits() {
            return;
        }
        if let Some(place) = self.queue.get_mut(self.len) {
            *place = (due, says);
            self.len = self.len.saturating_add(1);
        } else if let Some((_, newest)) = self.queue.last_mut() {
            *newest = says;
        }
    }

    /// The newest command that has arrived by now.
    fn arrived(&mut self, now: f64) -> Option<f64> {
        let mut newest = None;
        while self.len > 0 {
            let (due, says) = self.queue.first().copied().unwrap_or_default();
            if due > now + 1e-9 {
                break;
            }
            newest = Some(says);
            self.queue.rotate_left(1);
            self.len = self.len.saturating_sub(1);
        }
        newest
    }
}

fn toward(from: f64, goal: f64, reach: f64) -> f64 {
    from + (goal - from).clamp(-reach, reach)
}

#[cfg(test)]
mod tests;
