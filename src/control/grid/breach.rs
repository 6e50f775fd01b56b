//! Whether the load of a feed stays at its target.
//!
//! ```text
//!        above for `grace`          above for `escalate`
//!  Kept ──────────────────▶ Active ──────────────────────▶ Escalated
//!    ▲                         │   not of a best effort        │
//!    └──── at the target for so long, or it is over ───────────┘
//! ```

use plant::event::GridNews;
use plant::hall::grid::Grid as Rules;
use plant::time::{Span, Wall};
use plant::units::Watts;
use serde::{Deserialize, Serialize};

use crate::control::clock::sum;

/// From here on a breach is critical (1, of the target).
const CRITICAL: f64 = 1.2;
/// At the target for so long a breach is over.
const OVER: Span = Span::from_secs(10);

/// Where a breach has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// There is none.
    #[default]
    Kept,
    /// It is told.
    Active,
    /// Infrastructure is asked to act.
    Escalated,
}

/// The breach of a feed, or none. A clone is a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// Where it has come to.
    pub stage: Stage,
    /// Its number: each of a feed has another, and keeps it until it is over.
    pub number: u64,
    /// When it was detected; of the last one, where there is none.
    pub since: Wall,
    /// When the last one was over.
    pub over: Option<Wall>,
    /// More than a fifth above.
    pub critical: bool,
    /// How long the load has been above, or at its target.
    above: Span,
    below: Span,
    /// How old it is.
    age: Span,
}

impl Breach {
    /// One scan: what is measured (W), nothing where no meter says; what it shall not exceed, nothing where nothing is due. What there is to tell.
    pub fn step(
        &mut self,
        seen: Option<Watts>,
        limit: Option<(Watts, bool)>,
        (rules, wall, dt): (&Rules, Wall, Span),
    ) -> Option<GridNews> {
        let Some((most, best_effort)) = limit else {
            self.above = Span::ZERO;
            return self.end(wall);
        };
        // Nobody sees the load: what was known of it holds.
        let load = seen?;
        if load > most {
            (self.above, self.below) = (sum(self.above, dt), Span::ZERO);
            self.critical = load > most * CRITICAL;
        } else {
            (self.above, self.below) = (Span::ZERO, sum(self.below, dt));
        }
        match self.stage {
            Stage::Kept if self.above > rules.grace => {
                let number = self.number.saturating_add(1);
                *self = Self { stage: Stage::Active, number, since: wall, critical: self.critical, ..Self::default() };
                Some(GridNews::Breach { critical: self.critical, target: most.0, load: load.0 })
            }
            Stage::Kept => None,
            Stage::Active | Stage::Escalated if self.below >= OVER => self.end(wall),
            Stage::Active => {
                self.age = sum(self.age, dt);
                if best_effort || self.age < rules.escalate || load <= most {
                    return None;
                }
                self.stage = Stage::Escalated;
                Some(GridNews::Escalated { critical: self.critical })
            }
            Stage::Escalated => None,
        }
    }

    fn end(&mut self, wall: Wall) -> Option<GridNews> {
        match self.stage {
            Stage::Kept => None,
            Stage::Active | Stage::Escalated => {
                (self.stage, self.over, self.above, self.below) = (Stage::Kept, Some(wall), Span::ZERO, Span::ZERO);
                Some(GridNews::Resolved)
            }
        }
    }
}
