//! The real program in a process of its own, against a stage in this one.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use wattloop::service::rehearsal::Stage;

const PATIENCE: Duration = Duration::from_secs(90);

/// A running `wattloop run`. Dropped, it is killed.
pub struct Process {
    child: Child,
    socket: PathBuf,
    log: PathBuf,
}

impl Process {
    /// Starts the program. `limit` is what a shell does before it becomes the program.
    pub fn run(stage: &Stage, folder: &Path, limit: Option<&str>) -> Self {
        let program = env!("CARGO_BIN_EXE_wattloop");
        let mut command = match limit {
            None => Command::new(program),
            Some(limit) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(format!("{limit}; exec \"$0\" \"$@\"")).arg(program);
                shell
            }
        };
        let (site, flags) = stage.site();
        command.arg("run").arg("--config").arg(site);
        for flag in flags {
            command.arg("--set").arg(flag);
        }
        let log = folder.join("log");
        let end = std::fs::File::options().create(true).append(true).open(&log).expect("a log");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(end).spawn().expect("starts");
        Self { child, socket: folder.join("wattloop.sock"), log }
    }

    /// Asks by the command line.
    pub fn wattloop(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wattloop"));
        command.args(args).arg("--socket").arg(&self.socket).output().expect("the program runs")
    }

    /// The status, once there is one.
    pub fn status(&mut self) -> Option<Value> {
        assert!(self.child.try_wait().expect("known").is_none(), "it has ended:\n{}", self.log());
        let output = self.wattloop(&["status", "--json"]);
        if output.status.success() { serde_json::from_slice(&output.stdout).ok() } else { None }
    }

    /// Waits until a status shows something.
    pub fn until(&mut self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let status = self.status();
            if let Some(status) = status.as_ref().filter(|s| holds(s)) {
                return status.clone();
            }
            assert!(Instant::now() < end, "never: {what}\n{status:?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal by name and waits for the end.
    pub fn end_by(mut self, signal: &str) -> ExitStatus {
        // It may be on its way out already.
        Command::new("kill").arg(format!("-{signal}")).arg(self.id().to_string()).stderr(Stdio::null()).status().ok();
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("known") {
                return status;
            }
            assert!(Instant::now() < end, "it does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal by name.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(id).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Lets it have so many file descriptors from now on; fewer than it has leave it those, and no other.
    pub fn descriptors(&self, most: u32) {
        let (pid, most) = (format!("--pid={}", self.id()), format!("--nofile={most}:4096"));
        let set = Command::new("prlimit").args([pid, most]).status().expect("prlimit runs");
        assert!(set.success());
    }

    /// Waits until it has logged something.
    pub fn until_logged(&self, what: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.log().contains(what) {
            assert!(Instant::now() < end, "never logged: {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// True while an alarm stands, in a status.
pub fn alarm(status: &Value, name: &str) -> bool {
    let alarms = status["alarms"].as_array().cloned().unwrap_or_default();
    alarms.iter().any(|a| a["name"] == name && a["state"] != "returned")
}

/// Decides a journal again; what was said, and whether every decision was the same.
pub fn replay(folder: &Path) -> (bool, String) {
    let journal = folder.join("journal.db");
    let output = Command::new(env!("CARGO_BIN_EXE_wattloop")).arg("replay").arg(journal).output().expect("runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
