//! A plant's tower: what its fans hold, whether they turn, and how many cells are open. ASHRAE Guideline 36, 5.20.6 and 5.20.11.
//!
//! ```text
//!   no water comes                  fans stand
//!   chillers alone                  water back from the condensers = chilled-water setpoint + lift,
//!                                   lift = least … most by the load (A·PLR + B, A = 1.1·(most − least))
//!   chillers and the economiser     water to the machines as cold as may be
//!   the economiser alone            chilled water at its setpoint; they turn on at their slowest until the basin is at its coldest;
//!                                   a basin that is colder than that comes first, until the chilled water is cold enough or it is 3 K warmer
//! ```
//!
//! When they rest: [`super::super::fans`]. Its panel runs it until plant and tower are seen, and again when what the fans hold is lost: [`super::super::rule`].

use plant::command::{Level, Reason};
use plant::event::{About, Step as Told, Trouble};
use plant::hall::TowerTuning;
use plant::hall::sequence::{Rejecting, RunMode};
use plant::time::Span;
use serde::{Deserialize, Serialize};

use crate::control::commands::{Commands, OutputId};
use crate::control::cooling::Aim;
use crate::control::fans::{Fans, Hold};
use crate::control::news::News;
use crate::control::rule::Rule;
use crate::control::scene::Water;
use crate::control::sequence::Timer;
use crate::control::sequence::drive::Driven;
use crate::control::sequence::machine::Sight;
use crate::control::sequence::roster::RunTime;

/// Fans that rest to spare a cold basin turn again when its water is so far above the coldest (K).
const THAWED: f64 = 3.0;
/// Another number of cells must be right for so long before they are switched.
const CELLS_FOR: Span = Span::from_secs(300);
/// How steeply the lift rises with the load, over the range of the lift (1).
const STEEP: f64 = 1.1;

/// What the fans are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Duty {
    /// No water comes.
    Idle,
    /// Chillers run alone.
    Condense,
    /// The economiser helps the chillers.
    Integrate,
    /// The economiser runs alone.
    Chill,
}

impl Duty {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Condense => "condense",
            Self::Integrate => "integrate",
            Self::Chill => "chill",
        }
    }
}

/// What the plant of a tower does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Serves {
    /// Control runs it.
    pub runs: bool,
    /// Chillers run.
    pub condenses: bool,
    /// The economiser runs.
    pub economises: bool,
    /// Load over what all chillers carry (1); nothing where it is not known.
    pub load: Option<f64>,
}

/// What one scan sees of a tower and its plant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// What its plant does.
    pub plant: Serves,
    /// The chilled water's setpoint (°C).
    pub setpoint: f64,
    /// Whether the fans turn.
    pub turns: Sight,
    /// Condenser water to the machines, back from them, and chilled water to the hall.
    pub waters: Waters,
    /// Condenser water flow (l/s).
    pub flow: Option<f64>,
    /// What the fans were told last (%).
    pub told: f64,
}

/// The waters that fans may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waters {
    /// To the machines.
    pub supply: Water,
    /// Back from the condensers.
    pub back: Water,
    /// Chilled, to the hall.
    pub chilled: Water,
}

/// The outputs of a tower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wired {
    /// Panel or on.
    pub run_mode: OutputId,
    /// Open cells.
    pub cells: OutputId,
    /// Fan speed.
    pub fan: OutputId,
}

/// What is remembered of a tower.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tower {
    rule: Rule,
    duty: Duty,
    fans: Fans,
    cells: f64,
    /// How long another number of cells would have been right.
    other: Timer,
    /// The basin comes first: the chilled water is warmer than held, and colder water would freeze in the basin.
    spares: bool,
    aim: Aim,
}

impl Tower {
    /// On its panel, all cells open.
    #[must_use]
    pub fn new(rules: Option<&TowerTuning>) -> Self {
        Self {
            rule: Rule::on_panel(),
            duty: Duty::Idle,
            fans: Fans::found(false, RunTime::default()),
            cells: rules.map_or(1.0, |rules| rules.cells),
            other: Timer::default(),
            spares: false,
            aim: STANDS,
        }
    }

    /// As after a new boot: nothing is known but how long its fans have run.
    pub fn forget(&mut self) {
        *self = Self { fans: Fans::found(false, self.fans().run), cells: self.cells, ..Self::new(None) };
    }

    /// True while its panel runs it.
    #[must_use]
    pub const fn is_on_panel(&self) -> bool {
        self.rule.is_panel()
    }

    /// Who runs it from now on.
    pub const fn lend(&mut self, rule: Rule) {
        self.rule = rule;
    }

    /// What its fans are for.
    #[must_use]
    pub const fn duty(&self) -> Duty {
        self.duty
    }

    /// Open cells.
    #[must_use]
    pub const fn cells(&self) -> f64 {
        self.cells
    }

    /// Its fans.
    #[must_use]
    pub const fn fans(&self) -> &Driven {
        self.fans.drive()
    }

    /// Its fans are others from now on; what those before had run.
    pub const fn renew(&mut self, run: RunTime) -> RunTime {
        self.fans.renew(run)
    }

    /// What is wrong with its fans, if anything is.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        if self.is_on_panel() { None } else { self.fans.trouble() }
    }

    /// What the loop of its fans is to do in the next scan; nothing while the panel runs them.
    #[must_use]
    pub fn aim(&self) -> Option<Aim> {
        (!self.is_on_panel()).then_some(self.aim)
    }

    /// One scan.
    pub fn step(&mut self, of: &Rejecting, (rules, view): (&TowerTuning, &View), dt: Span, news: &mut News<'_>) {
        let about = About::Equip(of.of.equip);
        self.duty = duty(view);
        // What it does not hold now it may hold in a minute, and its loop's fail-safe goes by one of them whatever it holds.
        let Waters { supply, back, chilled } = view.waters;
        let known = [supply, back, chilled].iter().all(|water| water.celsius.is_some());
        let sees = view.plant.runs && matches!(view.turns, Sight::Known(_)) && known;
        let lost = !view.plant.runs || view.turns == Sight::Lost || !known;
        if let Some(told) = self.rule.step((sees, lost), dt) {
            if told == Told::TakenOver {
                self.fans = Fans::found(view.turns == Sight::Known(true), self.fans().run);
                (self.other, self.cells, self.spares) = (Timer::default(), rules.cells, false);
            }
            news.rule(about, told);
        }
        if self.is_on_panel() {
            return;
        }
        self.spares = spares(self.spares, (self.duty, rules), view);
        let hold = if self.spares { Some(basin(rules, view)) } else { hold(self.duty, rules, view) };
        news.machine(about, self.fans.step(&rules.fans, hold.as_ref(), (view.turns, view.told), dt));
        self.aim = self.fans.aim(&rules.fans, hold.map(|hold| (hold.water.point, hold.setpoint)));
        // Chillers that run have water behind their condensers, whatever a meter says that reads next to nothing.
        let dry = |flow: &f64| view.plant.condenses && *flow < rules.cell_flow.0 * rules.least_flow;
        self.open(rules, view.flow.filter(|flow| !dry(flow)), dt);
    }

    /// As many cells are open as get their least water; all where the flow is not known.
    fn open(&mut self, rules: &TowerTuning, flow: Option<f64>, dt: Span) {
        let wetted = flow.map(|flow| (flow / (rules.cell_flow.0 * rules.least_flow)).floor());
        let right = wetted.map_or(rules.cells, |cells| cells.clamp(1.0, rules.cells));
        self.cells = self.cells.min(rules.cells);
        self.other.count(right != self.cells, dt);
        if self.other.reached(CELLS_FOR) {
            (self.cells, self.other) = (right, Timer::default());
        }
    }

    /// Proposes run mode and cells. The loop proposes the fans' speed.
    pub fn propose(&self, wired: &Wired, commands: &mut Commands) {
        let (mode, why) =
            if self.is_on_panel() { (RunMode::Panel, Reason::OnPanel) } else { (RunMode::On, Reason::Running) };
        commands.propose(wired.run_mode, Level::Control, mode.number(), why);
        if !self.is_on_panel() {
            commands.propose(wired.cells, Level::Control, self.cells, Reason::LeastWater);
        }
    }
}

/// No water comes.
const STANDS: Aim = Aim::Stand { at: 0.0, reason: Reason::NoWater };

const fn duty(view: &View) -> Duty {
    match (view.plant.condenses, view.plant.economises) {
        (true, false) => Duty::Condense,
        (true, true) => Duty::Integrate,
        (false, true) => Duty::Chill,
        (false, false) => Duty::Idle,
    }
}

/// Whether the basin comes first: beside the economiser alone, where fans would make it ever colder for chilled water that stays warm. A word
/// that is doubted changes nothing.
fn spares(before: bool, (duty, rules): (Duty, &TowerTuning), view: &View) -> bool {
    let above = |water: Water, held: f64| water.celsius.filter(|_| water.fresh).map(|celsius| celsius - held);
    let basin = above(view.waters.supply, rules.coldest.0);
    let chilled = above(view.waters.chilled, view.setpoint);
    match duty {
        Duty::Idle | Duty::Condense | Duty::Integrate => false,
        Duty::Chill if before => basin.is_none_or(|above| above < THAWED) && chilled.is_none_or(|above| above > 0.0),
        Duty::Chill => basin.is_some_and(|above| above < 0.0) && chilled.is_some_and(|above| above > 0.0),
    }
}

/// The basin at its coldest.
const fn basin(rules: &TowerTuning, view: &View) -> Hold {
    Hold::of(view.waters.supply, rules.coldest.0)
}

/// What the fans of a duty hold; nothing where they stand.
fn hold(duty: Duty, rules: &TowerTuning, view: &View) -> Option<Hold> {
    let Waters { supply, back, chilled } = view.waters;
    match duty {
        Duty::Idle => None,
        Duty::Condense => Some(Hold::of(back, view.setpoint + lift(rules, view.plant.load))),
        Duty::Integrate => Some(basin(rules, view)),
        Duty::Chill => {
            // The economiser's own valve takes what the slowest fans make too cold: they need not rest before the basin needs it.
            let basin = supply.celsius.filter(|_| supply.fresh).map(|celsius| celsius - rules.coldest.0);
            Some(Hold {
                restless: basin.is_none_or(|above| above > 0.0),
                wake: basin.is_some_and(|above| above > THAWED),
                ..Hold::of(chilled, view.setpoint)
            })
        }
    }
}

/// Water back from the condensers above the chilled water's setpoint (K). A load that is not known counts as none: the water
/// is the colder for it.
#[must_use]
pub fn lift(rules: &TowerTuning, load: Option<f64>) -> f64 {
    let a = STEEP * (rules.most_lift - rules.least_lift);
    let b = rules.most_lift - a;
    (a * load.unwrap_or(0.0) + b).clamp(rules.least_lift, rules.most_lift)
}

#[cfg(test)]
mod tests;
