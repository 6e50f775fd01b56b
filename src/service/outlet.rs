//! The thread that turns bulletins into topics, time series, figures and log lines. A slow broker or database ends here.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use plant::command::Reason;
use plant::event::{Event, Severity};
use plant::hall::Hall;
use plant::reading::Reading;

use crate::adapters::mqtt::{Mqtt, Publication};
use crate::control::sentence;
use crate::service::api::call::Asker;
use crate::service::bulletin::Bulletin;
use crate::service::config::Keeper;
use crate::service::history::History;
use crate::service::journal::Counters;
use crate::service::metrics::{Check, Metrics};
use crate::service::publish::{Doing, Publisher};
use crate::service::trouble;

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
    /// The configuration that runs; nothing where there is none to reload.
    pub keeper: Option<Arc<Keeper>>,
    /// How many reloads have been shown.
    pub reloads: u64,
    /// True when no write can leave the process.
    pub shadow: bool,
    /// What is known of the journal's promises.
    pub promises: Kept,
    /// The service's own troubles, as last told to control: broker, database, journal. Nothing is told before the first
    /// bulletin; then all of them are, because control remembers what the run before told.
    pub told: [Option<bool>; 3],
}

/// Whether the journal keeps what is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It has not had the time to keep anything yet.
    NotYet,
    /// It does.
    Yes,
    /// It did, or it tried, and it cannot.
    No,
}

impl Outlet {
    /// Serves bulletins until the scan thread is gone.
    pub fn run(mut self, bulletins: &Receiver<Bulletin>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        if let Ok(runtime) = &runtime {
            // What an earlier run left standing: this one has loaded its configuration and subscribed anew.
            for trouble in [trouble::RELOAD_FAILED, trouble::SUBSCRIPTION_LOST] {
                runtime.block_on(trouble::tell(&self.asker, &self.hall, trouble, false));
            }
        }
        let mut heard = false;
        loop {
            match bulletins.recv_timeout(LOOK) {
                Ok(bulletin) => {
                    self.serve(&bulletin);
                    heard = true;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if let (Ok(runtime), true) = (&runtime, heard) {
                self.tell_troubles(runtime);
            }
        }
        self.history.close();
    }

    fn serve(&mut self, bulletin: &Bulletin) {
        self.promises = self.kept(bulletin.promising);
        for event in &bulletin.events {
            log(&self.hall, event, self.shadow);
        }
        self.show(bulletin);
        self.publish(bulletin);
        self.keep(bulletin);
    }

    fn kept(&self, promising: bool) -> Kept {
        let failed = self.journal.failures.load(Ordering::Relaxed) > 0 || self.journal.gaps.load(Ordering::Relaxed) > 0;
        match (promising, self.promises) {
            (true, _) => Kept::Yes,
            (false, Kept::NotYet) if !failed => Kept::NotYet,
            (false, Kept::NotYet | Kept::Yes | Kept::No) => Kept::No,
        }
    }

    fn show(&mut self, bulletin: &Bulletin) {
        let wall_s = plant::convert::f64_from_i64(bulletin.tick.wall.0) / 1e3;
        let applied = self.keeper.as_ref().map_or(0, |k| k.applied());
        let reloaded = applied != self.reloads;
        let ages = bulletin.inputs.samples.rows().iter().map(|s| bulletin.tick.mono.since(s.at).seconds());
        let shown = self.metrics.update(|figures| {
            figures.readings.clone_from(&bulletin.readings);
            figures.ages = ages.collect();
            figures.commands.clone_from(&bulletin.commands);
            figures.written.clone_from(&bulletin.written);
            figures.loops.clone_from(&bulletin.loops);
            figures.status.clone_from(&bulletin.status);
            figures.wall_s = wall_s;
            figures.shadow = self.shadow;
            figures.failsafe = bulletin.commands.iter().any(|c| c.reason == Reason::SafeOutputs);
            figures.reload_successful = !self.keeper.as_ref().is_some_and(|k| k.refused());
            if figures.reload_success_s == 0.0 || reloaded {
                figures.reload_success_s = wall_s;
            }
            figures.checks = self.checks();
        });
        if shown {
            self.reloads = applied;
        }
    }

    fn checks(&self) -> Vec<Check> {
        let broker = self.mqtt.as_ref().map(|m| Check {
            name: "broker",
            ok: m.counts().connected,
            required: false,
            detail: "the MQTT broker is connected".to_owned(),
        });
        let error = self.journal.last_error().filter(|_| self.promises == Kept::No);
        let journal = Check {
            name: "journal",
            ok: self.promises != Kept::No,
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

    /// Raises and clears the alarms that only the service can see, when they change.
    fn tell_troubles(&mut self, runtime: &tokio::runtime::Runtime) {
        let counters = self.history.counters();
        let waiting = counters.spool_bytes.load(Ordering::Relaxed) > 0;
        let now = [
            (trouble::BROKER_LOST, self.mqtt.as_ref().is_some_and(|m| !m.counts().connected)),
            (trouble::DATABASE_LOST, waiting && !counters.connected.load(Ordering::Relaxed)),
            (trouble::JOURNAL_GAP, self.promises == Kept::No),
        ];
        for ((name, active), told) in now.into_iter().zip(&mut self.told) {
            if *told != Some(active) && runtime.block_on(trouble::tell(&self.asker, &self.hall, name, active)) {
                *told = Some(active);
            }
        }
    }
}

/// In shadow a line says so: what leads an output there moves nothing.
fn log(hall: &Hall, event: &Event, shadow: bool) {
    let (subject, mut what) = (event.subject(hall), sentence::event(hall, event));
    if shadow {
        what.push_str(" (in shadow)");
    }
    match event.severity {
        Severity::Info => tracing::info!(subject, "{what}"),
        Severity::Warning => tracing::warn!(subject, "{what}"),
        Severity::Error => tracing::error!(subject, "{what}"),
    }
}
