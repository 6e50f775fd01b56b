//! Alarms: the hall's list, each with its state. They are part of what is remembered, so that a restart raises no storm.

mod condition;
mod life;

#[cfg(test)]
mod tests;

use plant::event::{About, Severity, What};
use plant::hall::{AlarmDef, Condition, Hall, Priority};
use plant::id::{AlarmId, Table};
use plant::time::{Mono, Tick};
use serde::{Deserialize, Serialize};

use super::news::News;

pub use condition::Scene;
pub use life::{Change, Life};

/// Every alarm's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarms {
    rows: Table<AlarmId, Alarm>,
}

/// One alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Where it stands.
    pub life: Life,
    /// When it got there, by this boot's clock.
    pub since: Mono,
    /// What the service says of its own condition.
    raised_by_service: bool,
}

impl Alarms {
    /// Every alarm normal.
    #[must_use]
    pub fn new(hall: &Hall) -> Self {
        Self { rows: Table::filled(hall.alarms.len(), Alarm::default()) }
    }

    /// Every alarm with its id.
    pub fn iter(&self) -> impl Iterator<Item = (AlarmId, &Alarm)> {
        self.rows.iter()
    }

    /// One alarm.
    #[must_use]
    pub fn of(&self, id: AlarmId) -> Option<&Alarm> {
        self.rows.get(id)
    }

    /// A new boot: what stands stands since its start.
    pub fn restart(&mut self, tick: Tick) {
        for alarm in self.rows.rows_mut() {
            alarm.since = tick.mono;
        }
    }

    /// What the service says of a condition of its own. False when there is no such alarm.
    pub fn service(&mut self, hall: &Hall, id: AlarmId, active: bool) -> bool {
        let own = hall.alarms.get(id).is_some_and(|def| def.condition == Condition::Service);
        self.rows.get_mut(id).filter(|_| own).map(|alarm| alarm.raised_by_service = active).is_some()
    }

    /// Every condition as of this scan.
    pub fn step(&mut self, scene: &Scene<'_>, news: &mut News<'_>) {
        for ((id, def), alarm) in scene.hall.alarms.iter().zip(self.rows.rows_mut()) {
            let holds = match def.condition {
                Condition::Service => Some(alarm.raised_by_service),
                Condition::InletAbove
                | Condition::InletsLost
                | Condition::ReadingsLost
                | Condition::WritesDoubted
                | Condition::SupplyAirAbove
                | Condition::DpBelow
                | Condition::UnattributedAbove
                | Condition::PueInvalid
                | Condition::ClockUntrusted
                | Condition::WrongDevice
                | Condition::MachineFailed
                | Condition::ChangeAbandoned
                | Condition::PlantShort
                | Condition::PlantOnPanels
                | Condition::CduFouled
                | Condition::LevelBelow
                | Condition::CapRequested
                | Condition::DewPointTripped
                | Condition::DewPointsLost
                | Condition::DoorLeak
                | Condition::Leak
                | Condition::TankHot
                | Condition::TankCold
                | Condition::TankAir
                | Condition::DrainRequested
                | Condition::PowerOffRequested
                | Condition::SensorDeviates
                | Condition::NoResponse
                | Condition::FeedAbove
                | Condition::FeedTimeShort
                | Condition::FeedReckoned
                | Condition::FeedUneven => scene.holds(def),
            };
            let change = alarm.life.step(def, holds, scene.tick.dt);
            alarm.tell(id, def, change, news);
        }
    }

    /// A person has seen it. False when there is nothing to acknowledge.
    pub fn acknowledge(&mut self, hall: &Hall, id: AlarmId, news: &mut News<'_>) -> bool {
        self.ask(hall, id, news, Life::acknowledge)
    }

    /// A person resets it. False when there is nothing to reset.
    pub fn reset(&mut self, hall: &Hall, id: AlarmId, news: &mut News<'_>) -> bool {
        self.ask(hall, id, news, Life::reset)
    }

    fn ask(
        &mut self,
        hall: &Hall,
        id: AlarmId,
        news: &mut News<'_>,
        verb: impl Fn(&mut Life) -> Option<Change>,
    ) -> bool {
        let (Some(alarm), Some(def)) = (self.rows.get_mut(id), hall.alarms.get(id)) else { return false };
        let change = verb(&mut alarm.life);
        alarm.tell(id, def, change, news);
        change.is_some()
    }
}

impl Alarm {
    fn tell(&mut self, id: AlarmId, def: &AlarmDef, change: Option<Change>, news: &mut News<'_>) {
        let Some(change) = change else { return };
        self.since = news.at();
        let about = About::Alarm(id);
        match change {
            Change::Raised => news.tell(severity(def.priority), about, What::AlarmRaised),
            Change::Cleared => news.info(about, What::AlarmCleared),
            Change::Acknowledged => news.info(about, What::AlarmAcknowledged),
            Change::Reset => news.info(about, What::AlarmReset),
        }
    }
}

const fn severity(priority: Priority) -> Severity {
    match priority {
        Priority::Critical => Severity::Error,
        Priority::High | Priority::Medium => Severity::Warning,
        Priority::Low => Severity::Info,
    }
}
