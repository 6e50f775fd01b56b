//! A tank that leaks: its machines should be off, and its water is shut off unless it is its fluid that leaks.
//!
//! ```text
//!   tray wet for `after` ─▶ told; its machines should be off
//!     level sinks by `sinks` ─▶ its fluid leaks: told; its water cools on, and its pump turns until it would run dry
//!     else ───────────────────▶ its water may leak: the valve is shut, level 2; the pump of a single-phase tank turns on
//! ```
//!
//! Oil stores the heat of minutes: its valve is shut at once. A liquid that boils stores seconds of it, and would go out at the vent:
//! there the condenser keeps its water until the machines are seen to be off. A level that nobody knows, or that jumps, shows nothing.

use plant::event::{About, LeakNews, What};
use plant::hall::sequence::tank::LeakTuning;
use plant::id::EquipId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::leak::Leak;
use crate::control::news::News;
use crate::control::sequence::machine::Sight;

/// A level is smoothed over this (s): its noise is no sinking.
const CALM: f64 = 10.0;
/// No leak takes more than this from one scan to the next (%).
const JUMP: f64 = 5.0;

/// What is remembered of a tank's leak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TankLeak {
    leak: Leak,
    /// The level, smoothed (%).
    level: Option<f64>,
    /// What it was when the leak was found (%).
    from: Option<f64>,
    /// It has sunk since.
    of_fluid: bool,
}

impl TankLeak {
    /// One scan: what the tray says, and the level (%), where it is known now.
    pub fn step(
        &mut self,
        rules: &LeakTuning,
        (wet, level): (Sight, Option<f64>),
        (tank, dt): (EquipId, Span),
        news: &mut News<'_>,
    ) {
        if let Some(level) = level {
            let jumps = self.level.is_some_and(|before| libm::fabs(before - level) > JUMP);
            let weight = dt.seconds() / (dt.seconds() + CALM);
            self.level = Some(self.level.filter(|_| !jumps).map_or(level, |calm| calm + weight * (level - calm)));
            self.from = self.from.filter(|_| !jumps);
        }
        if self.leak.step(wet, rules.after, dt) {
            (self.from, self.of_fluid) = (None, false);
            news.warn(About::Equip(tank), What::Leak(LeakNews::Found));
        }
        if !self.is_latched() {
            return;
        }
        self.from = self.from.or(self.level);
        let sunk = self.from.zip(self.level).is_some_and(|(from, level)| from - level >= rules.sinks);
        if sunk && !self.of_fluid {
            self.of_fluid = true;
            news.warn(About::Equip(tank), What::Leak(LeakNews::OfFluid));
        }
    }

    /// True from the leak until a person has reset the alarm.
    #[must_use]
    pub const fn is_latched(&self) -> bool {
        self.leak.is_latched()
    }

    /// True while its tray is wet, or was and is not known to be dry.
    #[must_use]
    pub const fn is_wet(&self) -> bool {
        self.leak.is_wet()
    }

    /// True while its water may be what leaks.
    #[must_use]
    pub const fn may_be_water(&self) -> bool {
        self.is_latched() && !self.of_fluid
    }

    /// A new boot: what leaked does.
    #[must_use]
    pub fn restarted(self) -> Self {
        Self { leak: self.leak.restarted(), level: None, ..self }
    }

    /// A person has reset the alarm of leaks.
    pub fn reset(&mut self, tank: EquipId, news: &mut News<'_>) {
        if self.leak.reset() {
            (self.from, self.of_fluid) = (None, false);
            news.info(About::Equip(tank), What::Leak(LeakNews::Over));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plant::id::Id;
    use plant::time::Tick;

    /// Runs a wet tray over these levels, a second each: whether its water may be what leaks.
    fn run(leak: &mut TankLeak, levels: impl IntoIterator<Item = Option<f64>>) -> bool {
        let about = (EquipId::from_index(0), Span::from_secs(1));
        let mut events = Vec::new();
        for level in levels {
            let news = &mut News::new(Tick::default(), &mut events);
            leak.step(&LeakTuning::USUAL, (Sight::Known(true), level), about, news);
        }
        leak.may_be_water()
    }

    #[test]
    fn a_level_that_sinks_tells_fluid_from_water_and_one_that_lies_does_not() {
        let mut leak = TankLeak::default();
        assert!(run(&mut leak, [Some(99.0); 600]), "it stays: water");
        assert!(!run(&mut leak, (0..60).map(|s| Some(99.0 - 0.02 * f64::from(s)))), "it sinks");
        assert!(!leak.restarted().may_be_water(), "over a new boot, too");
        let mut leak = TankLeak::default();
        assert!(run(&mut leak, [None; 600]), "unknown: water");
        assert!(run(&mut leak, [Some(99.0); 60].into_iter().chain([Some(0.0); 60])), "it jumps");
        let mut leak = TankLeak::default();
        assert!(run(&mut leak, (0..600).map(|s| Some(if s % 2 == 0 { 99.2 } else { 98.8 }))), "noise");
    }
}
