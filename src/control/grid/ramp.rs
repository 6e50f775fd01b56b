//! How loads of a feed come down to a target, and up again.
//!
//! ```text
//!        a target            there               over, or a higher one     in its turn        there          so long
//!  Free ──────────▶ Down ──────────▶ Held ──────────▶ Rest ──────────▶ Up ──────────▶ After ──────────▶ Free
//!                    ▲                │ a lower one    │                │               │
//!                    └────────────────┴────────────────┴────────────────┴───────────────┘ a target
//! ```
//!
//! Down it goes from what flows, so that nothing is lost of the time that there is. Up it goes to what machines drew before, with all else as it is now, but in all to no more than flowed
//! before; and there the mean stays for a while: work that was put off must not make a peak of its own. Feeds begin to rise one after the other, by chance.

use plant::hall::grid::Grid as Rules;
use plant::time::Span;
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use super::Flows;

/// What machines draw without a target is remembered as a mean over so long (s).
const USUAL: f64 = 900.0;
/// The longest rest before a ramp up, of the ramp (1).
const STAGGER: f64 = 0.1;

/// Once the load is there, so much of what machines may draw and do not is given to others (1): not all idle ones begin to work in the two
/// seconds that caps take, and the margin below the target is there for those that do.
const TRUSTED: f64 = 0.5;

/// Where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Phase {
    /// Nothing holds.
    #[default]
    Free,
    /// What is allowed falls so fast (W/s).
    Down(f64),
    /// At the target.
    Held,
    /// It is over; what is allowed rises after so long.
    Rest(Span),
    /// What is allowed rises so fast (W/s).
    Up(f64),
    /// The mean stays at what flowed before, for so long yet.
    After(Span),
}

/// What a ramp has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It begins to come down.
    StartDown,
    /// The load is at the target.
    EndDown,
    /// It may rise.
    StartUp,
    /// It has risen.
    EndUp,
    /// Nothing holds any more.
    Free,
}

/// What a ramp leads to (W).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// The target.
    most: Watts,
    /// What is aimed at: a little below.
    aim: Watts,
}

impl Goal {
    /// Of a target (W) and the share that is kept free below it (1).
    #[must_use]
    pub fn of(most: Watts, margin: f64) -> Self {
        Self { most, aim: most * (1.0 - margin) }
    }
}

/// The ramp of a feed. A clone is a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ramp {
    phase: Phase,
    goal: Option<Goal>,
    /// What may flow (W), unless it is free.
    allowed: Watts,
    /// What machines draw without a target (W), and what flows besides them now.
    usual: Option<Watts>,
    other: Watts,
    /// All that flows without a target (W).
    whole: Watts,
    /// The load has not been seen at its target yet.
    comes: bool,
}

impl Ramp {
    /// What may flow (W), and how far a moment may differ from it (1); nothing where all may.
    #[must_use]
    pub const fn allowed(&self) -> Option<(Watts, f64)> {
        match self.phase {
            Phase::Free => None,
            Phase::Down(_) => Some((self.allowed, 0.0)),
            Phase::Held if self.comes => Some((self.allowed, 0.0)),
            Phase::Held | Phase::Rest(_) | Phase::Up(_) => Some((self.allowed, TRUSTED)),
            Phase::After(_) => Some((self.allowed, 1.0)),
        }
    }

    /// True where the load should be at its target by now.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        match self.phase {
            Phase::Held => true,
            // A target that is higher than what is allowed holds, too.
            Phase::Rest(_) | Phase::Up(_) => self.goal.is_some(),
            Phase::Free | Phase::Down(_) | Phase::After(_) => false,
        }
    }

    /// True between one power and another.
    #[must_use]
    pub const fn is_moving(&self) -> bool {
        match self.phase {
            Phase::Free | Phase::After(_) => false,
            Phase::Held => self.comes,
            Phase::Down(_) | Phase::Rest(_) | Phase::Up(_) => true,
        }
    }

    /// The word for people: `free`, `down`, `held`, `rest`, `up`, `after`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.phase {
            Phase::Free => "free",
            Phase::Down(_) => "down",
            Phase::Held => "held",
            Phase::Rest(_) => "rest",
            Phase::Up(_) => "up",
            Phase::After(_) => "after",
        }
    }

    /// What machines draw without a target with all else as it is now (W), and no more than flowed in all; nothing before anything was seen.
    #[must_use]
    pub fn usual(&self) -> Option<Watts> {
        self.usual.map(|usual| (usual + self.other).min(self.whole))
    }

    /// One scan: what it shall come to, what flows, for how long, and a number that nobody chose (1, 0 to 1).
    pub fn step(
        &mut self,
        goal: Option<Goal>,
        Flows { load, other, metered }: Flows,
        rules: &Rules,
        (dt, chance): (Span, f64),
    ) -> Option<Turn> {
        self.other = other;
        let turned = if goal == self.goal { None } else { self.lead(goal, load, rules, chance) };
        let passed = dt.seconds();
        let (next, told) = match self.phase {
            // What is not read counts at its most, and is not what machines draw.
            Phase::Free if !metered => (Phase::Free, None),
            Phase::Free => {
                let blend = (passed / USUAL).clamp(0.0, 1.0);
                let drawn = load - other;
                self.whole = self.usual.map_or(load, |_| self.whole + (load - self.whole) * blend);
                self.usual = Some(self.usual.map_or(drawn, |usual| usual + (drawn - usual) * blend));
                (Phase::Free, None)
            }
            Phase::Down(rate) => {
                let aim = self.aim();
                self.allowed = (self.allowed - Watts(rate * passed)).max(aim);
                (if self.allowed <= aim { Phase::Held } else { self.phase }, None)
            }
            Phase::Held => {
                let there = self.comes && self.goal.is_none_or(|goal| load <= goal.most);
                self.comes &= !there;
                (Phase::Held, there.then_some(Turn::EndDown))
            }
            Phase::Rest(left) if left > dt => (Phase::Rest(less(left, dt)), None),
            Phase::Rest(_) => {
                let rate = (self.aim() - self.allowed).0 / rules.ramp_up.seconds().max(1.0);
                (Phase::Up(rate), None)
            }
            Phase::Up(rate) => self.rise(rate * passed, rules.hold_after),
            Phase::After(left) if left > dt => {
                self.allowed = self.usual().unwrap_or(self.allowed);
                (Phase::After(less(left, dt)), None)
            }
            Phase::After(_) => (Phase::Free, Some(Turn::Free)),
        };
        self.phase = next;
        turned.or(told)
    }

    /// What it goes to (W): a target's aim, or what flowed before.
    fn aim(&self) -> Watts {
        let before = self.usual().unwrap_or_default().max(self.allowed);
        self.goal.map_or(before, |goal| goal.aim)
    }

    fn rise(&mut self, by: f64, hold_after: Span) -> (Phase, Option<Turn>) {
        let aim = self.aim();
        self.allowed = (self.allowed + Watts(by)).min(aim);
        if self.allowed < aim && by > 0.0 {
            return (self.phase, None);
        }
        let next = if self.goal.is_some() { Phase::Held } else { Phase::After(hold_after) };
        (next, Some(Turn::EndUp))
    }

    /// Another target holds, or none any more.
    fn lead(&mut self, goal: Option<Goal>, load: Watts, rules: &Rules, chance: f64) -> Option<Turn> {
        self.goal = goal;
        let free = self.phase == Phase::Free;
        let lower = goal.is_some_and(|goal| free || goal.aim < self.allowed);
        if let Some(goal) = goal.filter(|_| lower) {
            let from = if free { load } else { self.allowed.min(load) };
            self.allowed = from.max(goal.aim);
            self.phase = Phase::Down((self.allowed - goal.aim).0 / rules.ramp_down.seconds().max(1.0));
            self.comes = true;
            return Some(Turn::StartDown);
        }
        self.comes = false;
        self.phase = Phase::Rest(Span::from_seconds(rules.ramp_up.seconds() * STAGGER * chance));
        Some(Turn::StartUp)
    }
}

/// What is left of a time.
const fn less(left: Span, dt: Span) -> Span {
    Span::from_nanos(left.nanos().saturating_sub(dt.nanos()))
}
