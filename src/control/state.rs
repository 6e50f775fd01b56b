//! What the controller remembers at its begin, and after a new boot.

use plant::hall::Hall;
use plant::time::{Span, Tick};

use super::alarms::Alarms;
use super::budgets::Budgets;
use super::checkout::Checkouts;
use super::clock::Clock;
use super::commands::{Commands, Held};
use super::cooling::Cooling;
use super::energy::Energy;
use super::equipment::Equipment;
use super::feeds::Feeds;
use super::forecast::Forecast;
use super::identity::Identity;
use super::news::News;
use super::overrides::Overrides;
use super::performance::Performances;
use super::power::{Capper, Caps};
use super::quality::Quality;
use super::safety::Safety;
use super::scene::Scene;
use super::shadow::Shadow;
use super::supervisor::Supervisor;
use super::trial::Trials;
use super::wear::Wear;
use super::{Plan, State};

impl State {
    pub(super) fn new(plan: &Plan, commands: &Commands, capper: &Capper) -> Self {
        let hall = &plan.hall;
        Self {
            hall: Identity::of(hall),
            clock: Clock::default(),
            quality: Quality::new(hall.points.len()).voting(&hall.redundant),
            energy: Energy::new(hall),
            feeds: Feeds::new(&hall.power),
            caps: Caps::new(hall, capper),
            budgets: Budgets::default(),
            cooling: Cooling::new(hall, &plan.circuits),
            equipment: Equipment::new(hall),
            overrides: Overrides::default(),
            safety: Safety::new(hall.loops.len()),
            held: commands.slots().map(|(_, slot)| Held::safe(&slot.range)).collect(),
            alarms: Alarms::new(hall),
            wear: Wear::default(),
            forecast: Forecast::new(hall),
            trials: Trials::default(),
            checkouts: Checkouts::default(),
            performances: Performances::new(hall.loops.len()),
            supervisor: Supervisor::new(),
            shadow: Shadow::default(),
            pending: Vec::new(),
        }
    }

    /// What the last scan saw, for who asks between two of them: no time passes.
    pub(super) fn scene<'s>(&'s self, hall: &'s Hall) -> Scene<'s> {
        Scene {
            hall,
            image: self.quality.image(),
            held: &self.held,
            forecast: &self.forecast,
            ahead: &self.cooling.strategies().feed_forward,
            dt: Span::ZERO,
        }
    }

    /// A new boot.
    pub(super) fn restart(&mut self, plan: &Plan, commands: &Commands, tick: Tick, news: &mut News<'_>) {
        self.quality.forget();
        self.feeds.restart(tick);
        self.caps.restart();
        self.cooling.restart(&plan.hall, &plan.circuits);
        self.equipment.restart();
        self.alarms.restart(tick);
        self.supervisor.restart();
        self.forecast.restart(news);
        self.trials.restart(news);
        self.checkouts.restart(news);
        self.performances.restart();
        for ((_, slot), held) in commands.slots().zip(self.held.rows_mut()) {
            *held = Held::safe(&slot.range);
        }
    }
}
