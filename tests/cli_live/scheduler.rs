//! A hall that lends power, at a broker that enforces the shipped access list, and a scheduler that asks by `wattloop budget`.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::budget::lending;
use super::rig::{Rig, Run, code, program, told};
use crate::mqtt::access::guarded;
use crate::mqtt::mosquitto::Mosquitto;

/// How long anything may take before it counts as never: what is given back is charged for a minute where no meter confirms that it is gone.
const PATIENCE: Duration = Duration::from_secs(150);

/// All of it.
pub struct Scheduler {
    pub rig: Rig,
    pub broker: Mosquitto,
}

/// Something that runs; killed when the test ends without it.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Running {
    pub fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().expect("kill is there").success());
    }

    pub fn ends(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Waits until it is so.
pub fn until<T>(what: &str, so: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = so() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Scheduler {
    /// Nothing where mosquitto is not installed. `slurm` may have 30 kW, below a feed for which a person may set targets.
    pub fn new() -> Option<Self> {
        Self::with("30e3")
    }

    /// The same, and `slurm` may have so much (W).
    pub fn with(most: &str) -> Option<Self> {
        Some(Self::at(guarded()?, most))
    }

    /// The same at a broker of one's own.
    pub fn at(broker: Mosquitto, most: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("writes");
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("changes");
            path.display().to_string()
        };
        let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let targets = "feeds = [\"pdu-a1\"]\nramp-down = \"1s\"\nramp-up = \"1s\"\nhold-after = \"0s\"\ngrace = \"1s\"";
        let hall = file("lending.toml", &format!("{air}\n[grid]\n{targets}\n"));
        file("slurm.password", "slurm\n");
        let (hall, may) = (format!("hall={hall:?}"), format!("budgets.client=[{{name=\"slurm\",most={most}}}]"));
        let set = [hall.as_str(), "budgets.notice=\"0s\"", "budgets.settle=\"0s\"", may.as_str()];
        let rig = lending(&broker, folder, (&set, Some(("gateway".to_owned(), "gateway".to_owned()))));
        let text = format!(
            "broker = {:?}\nuser = \"slurm\"\npassword_file = \"slurm.password\"\nsite = {:?}\nstate = \"state\"\n",
            broker.url(),
            rig.hall().site,
        );
        std::fs::write(rig.folder().join("budget.toml"), text).expect("writes");
        Self { rig, broker }
    }

    pub fn file(&self) -> PathBuf {
        self.rig.folder().join("budget.toml")
    }

    /// A command of a scheduler, with its settings in the environment, as a prolog has them.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program();
        command.env("WATTLOOP_BUDGET_CONFIG", self.file()).arg("budget").args(args);
        command
    }

    pub fn budget(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program runs")
    }

    /// A job that asks for so much at a PDU.
    pub fn acquire(&self, job: &str, watts: &str, more: &[&str]) -> Output {
        self.budget(&[&["acquire", "--job", job, "--domain", "pdu-a1", "--want", watts][..], more].concat())
    }

    /// The same beside the test.
    pub fn start(&self, args: &[&str]) -> Running {
        let mut command = self.command(args);
        Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs"))
    }

    /// Starts the service, and waits until it lends.
    pub fn running(&self) -> Run {
        let run = self.rig.running(&[]);
        until("it would lend", || (code(&self.acquire("first", "1kW", &["--dry-run"])) == 0).then_some(()));
        run
    }

    /// The lease that a job has.
    pub fn lease(&self, job: &str) -> String {
        let output = self.budget(&["query", "--job", job, "--json"]);
        assert_eq!(code(&output), 0, "{}", told(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        answer["lease"]["lease_id"].as_str().expect("a lease").to_owned()
    }

    /// What is remembered of a job.
    pub fn note(&self, job: &str) -> Value {
        let file = self.rig.folder().join(format!("state/{}.lease", job.replace('/', "%2F")));
        std::fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }
}
