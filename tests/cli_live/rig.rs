//! A simulated hall in this process, the service and the other commands in processes of their own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use plant::hall::Hall;
use serde_json::Value;
use wattloop::service::rehearsal::{Scene, Stage};

/// How long anything may take before it counts as never; generous, for loaded machines.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A hall on its stage, in a folder of its own.
pub struct Rig {
    pub stage: Stage,
    folder: tempfile::TempDir,
}

/// A running service. It is killed when the test ends without having stopped it.
pub struct Run {
    child: Child,
    log: PathBuf,
}

/// The program with nothing of this machine's environment that could decide a test.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
    let ours = |name: &str| name.starts_with("WATTLOOP_");
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    for name in ["SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS", "NOTIFY_SOCKET", "WATCHDOG_USEC"] {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end.
pub fn wattloop(args: &[&str]) -> Output {
    program().args(args).output().expect("the program runs")
}

impl Rig {
    pub fn new(hall: &str) -> Self {
        Self::with(hall, tempfile::tempdir().expect("a folder"), Scene::default())
    }

    /// A hall in a folder that may hold files of its own, and with settings of its own.
    pub fn with(hall: &str, folder: tempfile::TempDir, scene: Scene) -> Self {
        let set = ["period=\"200ms\"", "history.every=\"100ms\"", "journal.snapshot_every=\"10s\""];
        let set = set.into_iter().map(str::to_owned).chain(scene.set).collect();
        let stage = Stage::set(hall, folder.path(), &Scene { seed: scene.seed.max(1), set, ..scene }).expect("a stage");
        Self { stage, folder }
    }

    /// Asks until the answer is as wanted.
    pub fn until(&self, command: &[&str], what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        let args: Vec<&str> = command.iter().copied().chain(["--json"]).collect();
        loop {
            let output = self.ask(&args);
            let shown = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default();
            if code(&output) == 0 && wanted(&shown) {
                return shown;
            }
            assert!(begun.elapsed() < PATIENCE, "{what} never came: {}", told(&output));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> String {
        self.folder().join(name).display().to_string()
    }

    pub fn hall(&self) -> std::sync::Arc<Hall> {
        self.stage.load().expect("the stage's configuration").hall
    }

    /// `--config … --set … --set …`.
    pub fn config(&self) -> Vec<String> {
        let (site, flags) = self.stage.site();
        let set = flags.iter().flat_map(|flag| ["--set".to_owned(), flag.clone()]);
        ["--config".to_owned(), site.display().to_string()].into_iter().chain(set).collect()
    }

    /// A command with the stage's configuration.
    pub fn configured(&self, vars: &[(&str, &str)], args: &[&str]) -> Output {
        let (command, rest) = args.split_first().expect("a command");
        let mut program = program();
        program.envs(vars.iter().copied()).arg(command);
        // What a test sets comes last and wins; `config show` and `power plan` are commands in two words.
        let (words, rest) = if ["config", "power"].contains(command) { rest.split_at(1) } else { rest.split_at(0) };
        program.args(words).args(self.config()).args(rest).output().expect("the program runs")
    }

    /// A command to the running service.
    pub fn ask(&self, args: &[&str]) -> Output {
        program().args(args).args(["--socket", &self.file("wattloop.sock")]).output().expect("the program runs")
    }

    /// The same; it must succeed.
    pub fn text(&self, args: &[&str]) -> String {
        let output = self.ask(args);
        assert_eq!(code(&output), 0, "{args:?}: {}", told(&output));
        String::from_utf8(output.stdout).expect("text")
    }

    /// The same as JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.text(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?} gave no JSON, {e}: {text}"))
    }

    /// Starts the service.
    pub fn run(&self, extra: &[&str]) -> Run {
        let log = self.folder().join(format!("run-{}.log", nanos()));
        let stderr = File::create(&log).expect("a log");
        let stdout = stderr.try_clone().expect("a log");
        let mut command = program();
        command.arg("run").args(extra).args(self.config()).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        Run { child: command.spawn().expect("the service starts"), log }
    }

    /// Starts the service and waits until it has scanned and its journal lets it promise something.
    pub fn running(&self, extra: &[&str]) -> Run {
        let mut run = self.run(extra);
        let begun = Instant::now();
        loop {
            let output = self.ask(&["status", "--json"]);
            let status = serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default();
            if status["scans"].as_u64().is_some_and(|n| n > 5) && code(&self.ask(&["release", "--all", "--yes"])) != 75
            {
                return run;
            }
            let ended = run.child.try_wait().expect("a child");
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "{ended:?} {}", run.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the device holds for each output of the hall.
    pub fn held(&self) -> Vec<(String, f64, f64)> {
        let hall = self.hall();
        let stage = self.stage.hall.stage();
        let outputs = hall.points.iter().filter_map(|(id, point)| {
            let range = point.write?;
            Some((point.name.clone(), range.failsafe, stage.world.truth(id)?))
        });
        outputs.collect()
    }

    /// Waits until a condition on the hall holds.
    pub fn wait(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "{what} never came; the outputs are {:?}", self.held());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// True when every output stands at its fail-safe value, but for those of some equipment.
    pub fn safe_but(&self, spared: &str) -> bool {
        let held = self.held();
        assert!(!held.is_empty());
        held.iter()
            .filter(|(name, ..)| spared.is_empty() || !name.starts_with(spared))
            .all(|(_, safe, at)| same(*safe, *at))
    }

    /// Moves every output away from its fail-safe value, as a stranger would.
    pub fn disturb(&self) {
        let hall = self.hall();
        for (id, point) in hall.points.iter() {
            if let Some(range) = point.write {
                let away = if range.failsafe > range.min { range.min } else { range.max };
                assert!(self.stage.hall.foreign_write(id, away), "{} takes no value", point.name);
            }
        }
        self.wait("the disturbance", |rig| rig.held().iter().all(|(_, safe, at)| !same(*safe, *at)));
    }
}

impl Run {
    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// Waits for the end; the exit code, nothing after a signal.
    pub fn wait(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "the service does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it has printed and logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until the log holds something.
    pub fn says(&self, word: &str) {
        let begun = Instant::now();
        while !self.log().contains(word) {
            assert!(begun.elapsed() < PATIENCE, "`{word}` never came in\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The exit code.
pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// Everything it printed.
pub fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Asserts an exit code and words in what was printed.
pub fn ends(output: &Output, exit: i32, words: &[&str]) {
    assert_eq!(code(output), exit, "{}", told(output));
    for word in words {
        assert!(told(output).contains(word), "no `{word}` in\n{}", told(output));
    }
}

/// Equal within a device's resolution.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.06
}

fn nanos() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos())
}
