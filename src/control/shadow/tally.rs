//! What is counted of two controls of one hall, hour by hour.

use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::hours::Figures;

/// What an output came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutputFigures {
    /// How long both were known (s).
    pub compared: f64,
    /// For how long of it they were farther apart than a deadband (s).
    pub differed: f64,
    /// The integral of how far apart they were (the output's unit times s).
    pub apart: f64,
    /// How far at the worst (the output's unit).
    pub worst: f64,
}

/// What was dangerous, and to whose account (s).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Risks {
    /// Ours would have cooled less while a margin was thin or a reading doubted.
    pub ours: f64,
    /// Theirs stood below our fail-safe floors.
    pub below_floors: f64,
    /// Our thermal protection, or a rescue, would have acted, and theirs cooled less.
    pub unprotected: f64,
    /// A stale or lost reading was taken at face value: ours would have cooled more.
    pub face_value: f64,
    /// An inlet was above the recommended range while ours would have cooled more.
    pub warm: f64,
}

/// What a loop came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoopFigures {
    /// How long it was looked at (s).
    pub seconds: f64,
    /// How long its reading was known (s).
    pub known: f64,
    /// The integral of how far what was measured was from our setpoint (unit of pv times s).
    pub gap: f64,
    /// How long it could be told where ours would stand (s).
    pub sized: f64,
    /// Otherwise: for how long ours would have given more, and less (s).
    pub more: f64,
    /// Less.
    pub less: f64,
    /// What the devices would have drawn less than they did (J).
    pub devices: f64,
    /// What machines would have drawn more, where their air would be warmer (J).
    pub machines: f64,
    /// What pumps would have drawn more for water that ours would let become warmer (J).
    pub water: f64,
    /// What was dangerous.
    pub risks: Risks,
}

/// What a sequence came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SequenceFigures {
    /// How long it was looked at (s).
    pub seconds: f64,
    /// For how long of it ours would have run more machines (s),
    pub more: f64,
    /// and fewer (s).
    pub fewer: f64,
}

/// What all of the hall came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HallFigures {
    /// How long it was looked at (s).
    pub seconds: f64,
    /// What was dangerous anywhere: one minute of two loops is one minute.
    pub risks: Risks,
}

impl Figures for OutputFigures {
    fn and(self, other: Self) -> Self {
        Self {
            compared: self.compared + other.compared,
            differed: self.differed + other.differed,
            apart: self.apart + other.apart,
            worst: self.worst.max(other.worst),
        }
    }
}

impl Figures for Risks {
    fn and(self, other: Self) -> Self {
        Self {
            ours: self.ours + other.ours,
            below_floors: self.below_floors + other.below_floors,
            unprotected: self.unprotected + other.unprotected,
            face_value: self.face_value + other.face_value,
            warm: self.warm + other.warm,
        }
    }
}

impl Figures for LoopFigures {
    fn and(self, other: Self) -> Self {
        Self {
            seconds: self.seconds + other.seconds,
            known: self.known + other.known,
            gap: self.gap + other.gap,
            sized: self.sized + other.sized,
            more: self.more + other.more,
            less: self.less + other.less,
            devices: self.devices + other.devices,
            machines: self.machines + other.machines,
            water: self.water + other.water,
            risks: self.risks.and(other.risks),
        }
    }
}

impl Figures for SequenceFigures {
    fn and(self, other: Self) -> Self {
        Self { seconds: self.seconds + other.seconds, more: self.more + other.more, fewer: self.fewer + other.fewer }
    }
}

impl SequenceFigures {
    /// One scan in which so many ran, and ours would have run so many.
    #[must_use]
    pub fn of((running, ours): (u8, u8), dt: Span) -> Self {
        let when = |is: bool| if is { dt.seconds() } else { 0.0 };
        Self { seconds: dt.seconds(), more: when(ours > running), fewer: when(ours < running) }
    }
}

impl Figures for HallFigures {
    fn and(self, other: Self) -> Self {
        Self { seconds: self.seconds + other.seconds, risks: self.risks.and(other.risks) }
    }
}

impl OutputFigures {
    /// One scan in which both were known, so far apart.
    #[must_use]
    pub fn of(apart: f64, deadband: f64, dt: Span) -> Self {
        let seconds = dt.seconds();
        Self {
            compared: seconds,
            differed: if apart > deadband { seconds } else { 0.0 },
            apart: apart * seconds,
            worst: apart,
        }
    }
}

/// What one scan sees of a loop's danger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Danger {
    /// Ours would cool less than theirs, by more than a deadband.
    pub less: bool,
    /// More.
    pub more: bool,
    /// A margin is thin.
    pub thin: bool,
    /// A reading that it goes by is doubted.
    pub doubted: bool,
    /// Theirs stands below our fail-safe floors.
    pub below: bool,
    /// Our protection acts.
    pub protected: bool,
    /// An inlet is above the recommended range.
    pub warm: bool,
}

impl Risks {
    /// One scan of a loop.
    #[must_use]
    pub fn of(danger: Danger, dt: Span) -> Self {
        let when = |is: bool| if is { dt.seconds() } else { 0.0 };
        Self {
            ours: when(danger.less && (danger.thin || danger.doubted)),
            below_floors: when(danger.below),
            unprotected: when(danger.protected && danger.more),
            face_value: when(danger.doubted && danger.more),
            warm: when(danger.warm && danger.more),
        }
    }

    /// The same scan of all loops: what happened in any happened.
    #[must_use]
    pub fn any(self, other: Self) -> Self {
        Self {
            ours: self.ours.max(other.ours),
            below_floors: self.below_floors.max(other.below_floors),
            unprotected: self.unprotected.max(other.unprotected),
            face_value: self.face_value.max(other.face_value),
            warm: self.warm.max(other.warm),
        }
    }
}
