//! Fans that hold a water by their loop and may rest: a tower's, a dry cooler's.
//!
//! ```text
//!   turning ── at their slowest in water colder than held, for a while ─▶ standing ── warmer than held ─▶ turning
//! ```
//!
//! Nobody starts a rest by a water that is not known now. One that is stale counts as warmer and warmer, so that fans turn.

use plant::command::Reason;
use plant::event::{Trouble, What};
use plant::hall::sequence::FanTuning;
use plant::id::PointId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::cooling::Aim;
use super::scene::Water;
use super::sequence::Timer;
use super::sequence::drive::{Drive, DriveRules, Driven};
use super::sequence::machine::Sight;
use super::sequence::roster::RunTime;

/// Their slowest, with what a drive's report is off (%).
const NEAR: f64 = 0.5;

/// What the fans hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hold {
    /// The water.
    pub water: Water,
    /// At this (°C).
    pub setpoint: f64,
    /// They turn on at their slowest in whatever water.
    pub restless: bool,
    /// They turn again whatever this water says.
    pub wake: bool,
}

impl Hold {
    /// This water at this temperature (°C).
    #[must_use]
    pub const fn of(water: Water, setpoint: f64) -> Self {
        Self { water, setpoint, restless: false, wake: false }
    }

    /// How much warmer the water is (K), aged if stale.
    fn above(&self) -> Option<f64> {
        self.water.celsius.map(|celsius| celsius - self.setpoint)
    }
}

/// Fans at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fans {
    drive: Driven,
    /// How long they have turned at their slowest in water that is colder than held.
    low: Timer,
}

impl Fans {
    /// As they are found.
    #[must_use]
    pub fn found(turns: bool, run: RunTime) -> Self {
        Self { drive: Driven::found(turns, run), low: Timer::default() }
    }

    /// Their drive.
    #[must_use]
    pub const fn drive(&self) -> &Driven {
        &self.drive
    }

    /// They are others from now on; what those before had run.
    pub const fn renew(&mut self, run: RunTime) -> RunTime {
        std::mem::replace(&mut self.drive.run, run)
    }

    /// What is wrong with them, if anything is: also while they may rest, until they have turned again.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        self.drive.trouble()
    }

    /// One scan: what they hold (nothing where they have nothing to do), whether they turn and what they were told last (%).
    pub fn step(
        &mut self,
        rules: &FanTuning,
        hold: Option<&Hold>,
        (turns, told): (Sight, f64),
        dt: Span,
    ) -> Option<What> {
        let above = hold.and_then(Hold::above);
        let known = hold.is_some_and(|hold| hold.water.fresh);
        let rests = hold.is_some_and(|hold| !hold.restless) && above.is_some_and(|above| above < -rules.deadband);
        if known || hold.is_none() {
            self.low.count(rests && told <= rules.least_speed + NEAR, dt);
        }
        let warm = above.is_some_and(|above| above > rules.deadband) || hold.is_some_and(|hold| hold.wake);
        let wanted = match self.drive.step() {
            Drive::Resting => warm && self.drive.since() >= rules.least_off,
            Drive::Stopping => warm,
            Drive::Starting | Drive::Turning | Drive::Failed(_) => hold.is_some() && !self.low.reached(rules.off_after),
        };
        let times = DriveRules { start_within: rules.start_within, stop_within: rules.stop_within };
        self.drive.advance(&times, (turns, wanted), dt)
    }

    /// What their loop is to do in the next scan.
    #[must_use]
    pub const fn aim(&self, rules: &FanTuning, hold: Option<(PointId, f64)>) -> Aim {
        match hold {
            Some((point, setpoint)) if self.drive.is_told() => {
                Aim::Hold { point: Some(point), setpoint, least: rules.least_speed }
            }
            Some(_) => Aim::Stand { at: 0.0, reason: Reason::ColdEnough },
            None => Aim::Stand { at: 0.0, reason: Reason::NoWater },
        }
    }
}
