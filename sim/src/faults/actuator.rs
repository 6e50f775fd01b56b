//! How a drive or a valve is broken, and how its report is.

/// How a drive or valve is broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ActuatorFault {
    /// Stays where it is.
    Jammed,
    /// Goes to this position and stays there (%, 0 to 100): 0 is stuck closed, 100 stuck open.
    StuckAt(f64),
    /// Moves so many times slower (1, ≥ 1).
    Slow(f64),
    /// Passes this share when it is closed (1, 0 to 1).
    Leaking(f64),
    /// Opens when it is told to close.
    Reversed,
    /// Runs to its open end whatever it is told.
    Runaway,
    /// Somebody turned its switch to hand: it stands there and ignores commands (%, 0 to 100).
    LocalHand(f64),
    /// Hears no command: it holds the last one, and goes to its own fail-safe position after its own time, if it has one.
    LostCommand,
    /// Has no power: a spring takes it to its position, and without a spring it stays. Afterwards it takes time to start.
    PowerLost,
}

/// How the report of a drive's or valve's position is broken; the position itself is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedbackFault {
    /// Nothing comes.
    Lost,
    /// Says where it was when this began.
    Frozen,
    /// Says where it was told to be.
    Lies,
}

impl ActuatorFault {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Jammed => "jammed",
            Self::StuckAt(_) => "stuck-at",
            Self::Slow(_) => "slow",
            Self::Leaking(_) => "leaking",
            Self::Reversed => "reversed",
            Self::Runaway => "runaway",
            Self::LocalHand(_) => "hand",
            Self::LostCommand => "lost-command",
            Self::PowerLost => "power-lost",
        }
    }

    /// Where it goes that is told `target` and is at `present` (%, 0 to 100), without a spring and whatever is done when commands are lost.
    pub(crate) const fn goes(self, target: f64, present: f64) -> f64 {
        match self {
            Self::Jammed | Self::PowerLost | Self::LostCommand => present,
            Self::StuckAt(at) | Self::LocalHand(at) => at.clamp(0.0, 100.0),
            Self::Runaway => 100.0,
            Self::Reversed => 100.0 - target,
            Self::Slow(_) | Self::Leaking(_) => target,
        }
    }

    pub(super) const fn number(self) -> Option<f64> {
        match self {
            Self::StuckAt(n) | Self::Slow(n) | Self::Leaking(n) | Self::LocalHand(n) => Some(n),
            Self::Jammed | Self::Reversed | Self::Runaway | Self::LostCommand | Self::PowerLost => None,
        }
    }
}

impl FeedbackFault {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Lost => "feedback-lost",
            Self::Frozen => "feedback-frozen",
            Self::Lies => "feedback-lies",
        }
    }
}
