//! What happens while somebody commissions a loop, an output or a device.

use serde::{Deserialize, Serialize};

/// What happened to what somebody commissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Commissioning {
    /// A trial has begun: its output is moved to see what the pv does.
    TrialBegun,
    /// A trial is over, and the loop has its output back.
    TrialOver(TrialEnd),
    /// It runs with gains of its own from now on.
    Retuned,
    /// It runs as the hall's file has it again.
    Reverted,
    /// An output is moved a little: does its device follow?
    ForceBegun,
    /// The output is given back.
    ForceOver(CheckEnd),
    /// A device hears nothing from us: what does it do by itself?
    SilenceBegun,
    /// It is talked to again.
    SilenceOver(CheckEnd),
    /// A machine is another one from now on: its run-time begins anew.
    Exchanged {
        /// What it had been (h).
        hours: u32,
    },
    /// A person has checked points out.
    CheckedOut {
        /// So many passed.
        passed: u32,
        /// So many failed.
        failed: u32,
    },
}

/// How a check of an output or of a device ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckEnd {
    /// All was seen.
    Done,
    /// The device was not seen to hold what it was told, in the time that was given.
    NotProven,
    /// It holds what it was told, and what it moves did not follow.
    NotFollowed,
    /// After the silence nothing could be read of it.
    NotRead,
    /// A person ended it.
    Asked,
    /// A rack inlet left the recommended range.
    InletWarm,
    /// Somebody stronger took the output: a person or safety.
    Taken,
    /// Control paused meanwhile.
    Paused,
    /// Control started anew meanwhile.
    Restarted,
}

impl CheckEnd {
    /// Every end.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::NotProven,
        Self::NotFollowed,
        Self::NotRead,
        Self::Asked,
        Self::InletWarm,
        Self::Taken,
        Self::Paused,
        Self::Restarted,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotProven => "not_proven",
            Self::NotFollowed => "not_followed",
            Self::NotRead => "not_read",
            Self::Asked => "asked",
            Self::InletWarm => "inlet_warm",
            Self::Taken => "taken",
            Self::Paused => "paused",
            Self::Restarted => "restarted",
        }
    }
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialEnd {
    /// All was seen.
    Done,
    /// A person ended it.
    Asked,
    /// The pv left the limits that were given.
    PvOutside,
    /// A rack inlet left the recommended range.
    InletWarm,
    /// An input of the loop was not known for a moment.
    InputLost,
    /// Somebody stronger took the output: a person or safety.
    Taken,
    /// The machine that it moves stands, or its panel runs it.
    NotLed,
    /// The load changed meanwhile: what was seen would say nothing.
    Disturbed,
    /// The pv did not come to rest before anything was moved.
    Unsteady,
    /// The pv did not answer, or not by more than its noise.
    NoAnswer,
    /// It took longer than was allowed.
    TooLong,
    /// Control paused meanwhile.
    Paused,
    /// Control started anew meanwhile.
    Restarted,
}

impl TrialEnd {
    /// Every end.
    pub const ALL: [Self; 13] = [
        Self::Done,
        Self::Asked,
        Self::PvOutside,
        Self::InletWarm,
        Self::InputLost,
        Self::Taken,
        Self::NotLed,
        Self::Disturbed,
        Self::Unsteady,
        Self::NoAnswer,
        Self::TooLong,
        Self::Paused,
        Self::Restarted,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Asked => "asked",
            Self::PvOutside => "pv_outside",
            Self::InletWarm => "inlet_warm",
            Self::InputLost => "input_lost",
            Self::Taken => "taken",
            Self::NotLed => "not_led",
            Self::Disturbed => "disturbed",
            Self::Unsteady => "unsteady",
            Self::NoAnswer => "no_answer",
            Self::TooLong => "too_long",
            Self::Paused => "paused",
            Self::Restarted => "restarted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_own_word() {
        let mut words = TrialEnd::ALL.map(TrialEnd::word).to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), TrialEnd::ALL.len());
        let mut words = CheckEnd::ALL.map(CheckEnd::word).to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), CheckEnd::ALL.len());
    }
}
