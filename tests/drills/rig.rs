//! A hall, a service, and the eyes of a person who watches both.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use plant::id::PointId;
use sim::faults::Fault;
use sim::wire::Drill;
use tempfile::TempDir;
use wattloop::adapters::modbus::Writes;
use wattloop::control::report::{PointView, Status, WhyReport};
use wattloop::service::Service;
use wattloop::service::api::call::{Answer, Question};
use wattloop::service::config::Keeper;
use wattloop::service::rehearsal::{Scene, Stage};

use super::quick;

/// Long enough for a machine that is busy with other things; nothing waits for it when all is well.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A hall with a service that controls it.
pub struct Rig {
    service: Option<Service>,
    pub stage: Stage,
    folder: TempDir,
}

impl Rig {
    /// A hall in which nothing runs yet. `set` are settings above the site's.
    pub fn dark(hall: &str, set: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("hall.toml");
        std::fs::write(&file, quick::hall(hall)).expect("a hall");
        let mut all = vec![format!("hall=\"{}\"", file.display()), "period=\"200ms\"".to_owned()];
        all.extend_from_slice(set);
        let stage = Stage::set(hall, folder.path(), &Scene { seed: 7, set: all, ..Scene::default() })
            .unwrap_or_else(|e| panic!("{e}"));
        Self { service: None, stage, folder }
    }

    /// A hall under control, settled.
    pub fn settled(hall: &str, set: &[String]) -> Self {
        let mut rig = Self::dark(hall, set);
        rig.start(Writes::Live);
        rig.until("the hall settles", Self::is_settled);
        rig
    }

    pub fn start(&mut self, writes: Writes) {
        self.service = Some(self.stage.service(writes).unwrap_or_else(|e| panic!("{e}")));
    }

    /// Starts a service that can reload.
    pub fn start_with(&mut self, writes: Writes, keeper: Keeper) {
        let loaded = self.stage.load().unwrap_or_else(|e| panic!("{e}"));
        self.service = Some(Service::start(loaded, writes, Some(Arc::new(keeper))).expect("it starts"));
    }

    /// Stops the service as SIGTERM does.
    pub fn stop(&mut self) {
        self.service.take().expect("a service runs").stop();
    }

    pub fn service(&self) -> &Service {
        self.service.as_ref().expect("a service runs")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The hall's file, as the service has it.
    pub fn hall_file(&self) -> PathBuf {
        self.folder.path().join("hall.toml")
    }

    pub fn ask(&self, question: Question) -> Answer {
        let service = self.service();
        service.runtime().block_on(service.asker().ask(question)).expect("the scan answers")
    }

    pub fn status(&self) -> Status {
        let Answer::Status(status) = self.ask(Question::Status) else { panic!("no status") };
        *status
    }

    pub fn points(&self) -> Vec<PointView> {
        let Answer::Points(points) = self.ask(Question::Points) else { panic!("no points") };
        points
    }

    pub fn id(&self, point: &str) -> PointId {
        self.service().hall().point(point).unwrap_or_else(|| panic!("no point {point}"))
    }

    pub fn point(&self, name: &str) -> PointView {
        let Answer::Point(Some(view)) = self.ask(Question::Point(self.id(name))) else { panic!("no {name}") };
        *view
    }

    pub fn why(&self, output: &str) -> WhyReport {
        let Answer::Why(Some(report)) = self.ask(Question::Why(self.id(output))) else { panic!("no output {output}") };
        *report
    }

    /// What the hall's register of an output holds, or the truth behind a sensor.
    pub fn truth(&self, point: &str) -> f64 {
        let id = self.id(point);
        self.stage.hall.stage().world.truth(id).unwrap_or_else(|| panic!("{point} is not modelled"))
    }

    /// True when a reading is lost for this reason.
    pub fn is_lost(&self, point: &str, why: &str) -> bool {
        let view = self.point(point);
        view.quality == 0 && view.value.is_none() && view.why.as_deref() == Some(why)
    }

    /// True while an alarm stands and its condition holds.
    pub fn alarm(&self, name: &str) -> bool {
        let standing = ["unacknowledged", "acknowledged", "latched", "latched-acknowledged"];
        self.status().alarms.iter().any(|a| a.name == name && standing.contains(&a.state.as_str()))
    }

    /// True when every reading is fresh, no alarm stands and every output is led by its loop.
    pub fn is_settled(&self) -> bool {
        let status = self.status();
        let quiet = status.alarms.iter().all(|a| a.state == "returned");
        status.readings.lost == 0 && status.readings.stale == 0 && quiet && self.outputs().iter().all(|w| w.level == 16)
    }

    /// Every output with its reason.
    pub fn outputs(&self) -> Vec<WhyReport> {
        let hall = self.service().hall();
        let names = hall.points.rows().iter().filter(|d| d.write.is_some());
        names.map(|def| self.why(&def.name)).collect()
    }

    /// Points outside `broken` (beginnings of names) that are not fresh.
    pub fn disturbed(&self, broken: &[&str]) -> BTreeSet<String> {
        let concerned = |p: &PointView| broken.iter().any(|b| p.point.starts_with(b));
        let sourced = |p: &PointView| p.why.as_deref() != Some("config");
        let bad = self.points().into_iter().filter(|p| p.quality != 192 && sourced(p) && !concerned(p));
        bad.map(|p| format!("{} {} {:?}", p.point, p.quality, p.why)).collect()
    }

    /// Asserts that nothing outside `broken` suffers; a busy machine may take a moment to show it.
    pub fn neighbours_are_well(&self, broken: &[&str]) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let disturbed = self.disturbed(broken);
            if disturbed.is_empty() {
                return;
            }
            assert!(Instant::now() < end, "neighbours suffer: {disturbed:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until something holds.
    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            if Instant::now() >= end {
                let status = self.status();
                let alarms: Vec<_> = status.alarms.iter().map(|a| (&a.name, &a.state, &a.detail)).collect();
                let outputs: Vec<_> = self.outputs().iter().map(|w| (w.point.clone(), w.sentence.clone())).collect();
                panic!("never: {what}\n{alarms:?}\n{:?}\n{outputs:?}\n{:?}", status.readings, self.disturbed(&[]));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Scans go on: at least `more` from now.
    pub fn scans_go_on(&self, more: u64) {
        let before = self.status().scans;
        self.until("scans go on", |r| r.status().scans >= before + more);
    }

    /// Breaks something in the world, as people write it.
    pub fn inject(&self, fault: &str) {
        let fault = Fault::parse(self.service().hall(), fault).expect("a fault");
        self.stage.hall.stage().world.inject(fault);
    }

    /// Mends everything in the world.
    pub fn mend(&self) {
        self.stage.hall.stage().world.clear_all();
    }

    /// Sets what is wrong with a unit on the wire; `Drill::default()` mends it.
    pub fn drill(&self, gateway: &str, unit: u8, drill: Drill) {
        assert!(self.stage.hall.drill(gateway, unit, drill), "there is unit {unit} behind {gateway}");
    }

    /// The command line against this service.
    pub fn wattloop(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
        command.args(args).arg("--socket").arg(self.service().socket());
        command.output().expect("the program runs")
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(service) = self.service.take() {
            service.stop();
        }
    }
}

/// What a command printed, both streams.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
