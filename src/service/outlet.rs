//! The thread that turns bulletins into topics, time series, figures and log lines. A slow broker or database ends here.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use plant::event::{Event, Severity};
use plant::hall::{Condition, Hall};
use plant::id::{AlarmId, Table};
use plant::reading::Reading;

use crate::adapters::mqtt::{Mqtt, Publication};
use crate::control::request::{Ask, Request};
use crate::service::api::call::{Asker, Question};
use crate::service::bulletin::Bulletin;
use crate::service::history::History;
use crate::service::journal::Counters;
use crate::service::metrics::{Check, Metrics};
use crate::service::publish::{Doing, Publisher};

/// How often the service looks at itself when nothing is told.
const LOOK: Duration = Duration::from_millis(500);

/// Everything a bulletin goes to.
pub struct Outlet {
    /// The hall, for names.
    pub hall: Arc<Hall>,
    /// Figures and health.
    pub metrics: Arc<Metrics>,
    /// The broker, where one is configured.
    pub mqtt: Option<Arc<Mqtt>>,
    /// What has been said to the broker.
    pub publisher: Publisher,
    /// The time series.
    pub history: History,
    /// What the journal counts.
    pub journal: Arc<Counters>,
    /// The way to raise the service's own alarms.
    pub asker: Asker,
    /// True when no write can leave the process.
    pub shadow: bool,
    /// The service's own troubles, as last told to control.
    pub troubles: Table<AlarmId, bool>,
}

impl Outlet {
    /// Serves bulletins until the scan thread is gone.
    pub fn run(mut self, bulletins: &Receiver<Bulletin>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        loop {
            match bulletins.recv_timeout(LOOK) {
                Ok(bulletin) => self.serve(&bulletin),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if let Ok(runtime) = &runtime {
                self.tell_troubles(runtime);
            }
        }
        self.history.close();
    }

    fn serve(&mut self, bulletin: &Bulletin) {
        for event in &bulletin.events {
            log(&self.hall, event);
        }
        self.show(bulletin);
        self.publish(bulletin);
        self.keep(bulletin);
    }

    fn show(&self, bulletin: &Bulletin) {
        let ages = bulletin.inputs.samples.rows().iter().map(|s| bulletin.tick.mono.since(s.at).seconds());
        self.metrics.update(|figures| {
            figures.readings.clone_from(&bulletin.readings);
            figures.ages = ages.collect();
            figures.commands.clone_from(&bulletin.commands);
            figures.loops.clone_from(&bulletin.loops);
            figures.status.clone_from(&bulletin.status);
            figures.wall_s = plant::convert::f64_from_i64(bulletin.tick.wall.0) / 1e3;
            figures.shadow = self.shadow;
            figures.failsafe = false;
            figures.checks = self.checks();
        });
    }

    fn checks(&self) -> Vec<Check> {
        let broker = self.mqtt.as_ref().map(|m| Check {
            name: "broker",
            ok: m.counts().connected,
            required: false,
            detail: "the MQTT broker is connected".to_owned(),
        });
        let error = self.journal.last_error();
        let journal = Check {
            name: "journal",
            ok: error.is_none(),
            required: false,
            detail: error.unwrap_or_else(|| "records reach the disk".to_owned()),
        };
        broker.into_iter().chain([journal]).collect()
    }

    fn publish(&mut self, bulletin: &Bulletin) {
        let Some(mqtt) = self.mqtt.clone() else { return };
        let Bulletin { tick, inputs, readings, status, events, .. } = bulletin;
        let lost = Reading::Lost { why: plant::reading::Why::NeverRead };
        let reading = |p| readings.get(p).copied().unwrap_or(lost);
        let doing = Doing::of(status, self.shadow);
        let mut news: Vec<Publication> = self.publisher.status(doing, status, *tick).into_iter().collect();
        news.extend(self.publisher.alarms(status, *tick));
        news.extend(self.publisher.events(events, *tick));
        news.extend(self.publisher.points(*tick, inputs, reading));
        for publication in news {
            // What is refused here is counted by the adapter.
            let _accepted = mqtt.publish(publication);
        }
    }

    fn keep(&mut self, bulletin: &Bulletin) {
        let rows = bulletin.readings.iter().zip(bulletin.inputs.samples.rows());
        let rows = rows.zip(0_u32..).map(|(((_, reading), sample), series)| (series, *reading, sample.at));
        self.history.record_scan(bulletin.tick, rows);
    }

    /// Raises and clears the alarms that only the service can see.
    fn tell_troubles(&mut self, runtime: &tokio::runtime::Runtime) {
        let hall = Arc::clone(&self.hall);
        for (alarm, def) in hall.alarms.iter().filter(|(_, d)| d.condition == Condition::Service) {
            let active = self.trouble(&def.name);
            if self.troubles.get(alarm) == Some(&active) {
                continue;
            }
            let ask = Ask::ServiceAlarm { alarm, active };
            let question = Question::Request(Request { who: "service".to_owned(), ask });
            if runtime.block_on(self.asker.ask(question)).is_ok()
                && let Some(known) = self.troubles.get_mut(alarm)
            {
                *known = active;
            }
        }
    }

    fn trouble(&self, alarm: &str) -> bool {
        match alarm {
            "broker-lost" => self.mqtt.as_ref().is_some_and(|m| !m.counts().connected),
            "database-lost" => self.history.counters().last_error().is_some(),
            "journal-gap" => self.journal.last_error().is_some() && self.journal.queued.load(Ordering::Relaxed) > 0,
            _ => false,
        }
    }
}

fn log(hall: &Hall, event: &Event) {
    let subject = event.subject(hall);
    let what = &event.what;
    match event.severity {
        Severity::Info => tracing::info!(subject, ?what),
        Severity::Warning => tracing::warn!(subject, ?what),
        Severity::Error => tracing::error!(subject, ?what),
    }
}
