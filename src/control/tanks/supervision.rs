//! What is watched of every tank, of one phase or two: how much fluid it has, and whether its valve stands where it was told to.

use plant::event::{About, CapReason, What};
use plant::hall::sequence::tank::LevelTuning;
use plant::id::EquipId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::asks::Latch;
use crate::control::news::News;
use crate::control::sequence::Timer;

/// A valve that stands so far from where it was told to (%)
const ASTRAY: f64 = 10.0;
/// for longer than any valve takes from end to end is stuck.
const PATIENCE: Span = Span::from_secs(120);

/// What nobody has read since the boot may still come for so long.
const AWAITED: Span = Span::from_secs(60);

/// How much fluid a tank has. A level that is not known now decides nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Level {
    low: Latch,
    low_low: Latch,
}

impl Level {
    /// One scan: the level (%), where it is known now.
    pub fn step(&mut self, rules: &LevelTuning, level: Option<f64>, (tank, dt): (EquipId, Span), news: &mut News<'_>) {
        let Some(level) = level else { return };
        let (low, low_low) = (rules.low.0, rules.low_low.0);
        self.low_low.step((level < low_low, rules.after), level >= low_low + rules.clear, dt);
        if self.low.step((level < low, rules.after), level >= low + rules.clear, dt) {
            let low = self.low.is_on();
            news.switched(About::Equip(tank), (What::LevelLow(low), low));
        }
    }

    /// Somebody should fill it up.
    #[must_use]
    pub const fn is_low(&self) -> bool {
        self.low.is_on()
    }

    /// Its machines should be off.
    #[must_use]
    pub fn off(&self) -> Option<CapReason> {
        self.low_low.is_on().then_some(CapReason::LevelLow)
    }
}

/// A valve that may be stuck, or a pump that does not turn as fast as it shall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stuck {
    astray: Timer,
    told: bool,
}

impl Stuck {
    /// One scan: where it was told to be, where it listens (%), and where it says it is. True where it begins to be told.
    pub fn step(&mut self, (told, seen): (Option<f64>, Option<f64>), dt: Span) -> bool {
        let Some(told) = told else {
            *self = Self::default();
            return false;
        };
        let Some(seen) = seen else { return false };
        let astray = libm::fabs(seen - told) > ASTRAY;
        self.astray.count(astray, dt);
        self.told &= astray;
        let begins = !self.told && self.astray.reached(PATIENCE);
        self.told |= begins;
        begins
    }

    /// True while it is not where it was told to be.
    #[must_use]
    pub const fn is_told(&self) -> bool {
        self.told
    }
}

/// True once neither of two readings of a tank has been known for a minute: nobody sees whether it is cooled. One without a source is
/// not missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dark(Timer);

impl Dark {
    /// One scan.
    pub fn step(&mut self, lost: bool, dt: Span) {
        self.0.count(lost, dt);
    }

    /// Nobody sees it.
    #[must_use]
    pub fn is_dark(self) -> bool {
        self.0.reached(AWAITED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::hall::sequence::tank::TankTuning;
    use plant::id::Id;
    use plant::time::Tick;

    const SECOND: Span = Span::from_secs(1);

    #[test]
    fn a_level_is_told_low_and_its_machines_off_below_that_until_it_is_filled_up() {
        let (mut level, mut events) = (Level::default(), Vec::new());
        let tank = EquipId::from_index(0);
        let mut run = |told: Option<f64>, seconds: usize| {
            for _ in 0..seconds {
                let news = &mut News::new(Tick::default(), &mut events);
                level.step(&TankTuning::USUAL.level, told, (tank, SECOND), news);
            }
            (events.len(), level.off().is_some())
        };
        assert_eq!(run(Some(91.0), 9), (0, false), "not for a splash");
        assert_eq!(run(Some(91.0), 2), (1, false));
        assert_eq!(run(None, 600), (1, false), "what is not known decides nothing");
        assert_eq!(run(Some(84.0), 10), (1, true));
        assert_eq!(run(Some(87.0), 600), (1, true), "no time ends it");
        assert_eq!(run(Some(88.0), 1), (1, false));
        assert_eq!(run(Some(95.0), 1), (2, false));
    }

    #[test]
    fn a_valve_is_stuck_once_it_had_time_to_come_and_is_told_once() {
        let mut stuck = Stuck::default();
        let mut run = |told, seen, seconds: usize| {
            let told = (0..seconds).filter(|_| stuck.step((told, seen), SECOND)).count();
            (told, stuck.is_told())
        };
        assert_eq!(run(Some(80.0), Some(20.0), 119), (0, false));
        assert_eq!(run(Some(80.0), None, 600), (0, false));
        assert_eq!(run(Some(80.0), Some(20.0), 600), (1, true));
        assert_eq!(run(Some(80.0), Some(75.0), 1), (0, false));
        assert_eq!(run(None, Some(0.0), 600), (0, false), "its panel has it");
    }
}
