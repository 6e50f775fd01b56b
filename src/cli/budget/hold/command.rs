//! What is run for each notice: one at a time, on a thread of its own, so that nothing that hangs keeps a lease from being renewed.

use std::io::{self, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use serde_json::Value;

/// How many notices may wait for the command.
const QUEUE: usize = 1024;
/// How long it may take, in looks.
const LOOKS: u32 = 1200;
const LOOK: Duration = Duration::from_millis(50);

/// Who wants to know what becomes of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Nobody.
    Nobody,
    /// The service, by an acknowledgement.
    Service,
    /// Whoever holds: it is his own.
    Holder,
}

/// A notice for the command.
type Job = (Value, Asker);

/// Who runs the command.
pub struct Runner {
    jobs: Option<SyncSender<Job>>,
    done: Receiver<(Value, Asker, bool)>,
}

impl Runner {
    /// Starts the thread; nothing is run where there is no command.
    pub fn start(command: Vec<String>) -> io::Result<Self> {
        let (tell, done) = channel();
        if command.is_empty() {
            return Ok(Self { jobs: None, done });
        }
        let (jobs, take) = sync_channel(QUEUE);
        std::thread::Builder::new().name("on-notice".into()).spawn(move || work(&command, &take, &tell))?;
        Ok(Self { jobs: Some(jobs), done })
    }

    /// True where there is a command.
    pub const fn is_there(&self) -> bool {
        self.jobs.is_some()
    }

    /// Runs the command with a notice, when those before it are done. False where too many wait for it: it is not given to it.
    pub fn run(&self, notice: Value, asker: Asker) -> bool {
        self.jobs.as_ref().is_none_or(|jobs| jobs.try_send((notice, asker)).is_ok())
    }

    /// What has been done since: the notice, who wants to know, and whether the command ended well.
    pub fn finished(&self) -> Vec<(Value, Asker, bool)> {
        self.done.try_iter().collect()
    }
}

fn work(command: &[String], take: &Receiver<Job>, tell: &Sender<(Value, Asker, bool)>) {
    for (notice, asker) in take {
        let done = match one(command, &notice) {
            Ok(status) if status.success() => true,
            Ok(status) => {
                tracing::error!(%status, %notice, "the command for notices failed");
                false
            }
            Err(error) => {
                tracing::error!(%error, %notice, "the command for notices does not run");
                false
            }
        };
        if asker != Asker::Nobody && tell.send((notice, asker, done)).is_err() {
            return;
        }
    }
}

fn one(command: &[String], notice: &Value) -> io::Result<ExitStatus> {
    let (program, arguments) = command.split_first().ok_or_else(|| io::Error::other("no command"))?;
    // Our standard output is nobody's: what the command says goes where our log goes.
    let mut child = Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // Who does not read what he is told may end well all the same. A notice is less than a pipe holds.
        drop(writeln!(input, "{notice}"));
    }
    wait(&mut child)
}

fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    for _ in 0..LOOKS {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        std::thread::sleep(LOOK);
    }
    child.kill()?;
    child.wait()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use serde_json::json;

    use super::*;

    fn ends(command: &[&str]) -> bool {
        let runner = Runner::start(command.iter().map(|word| (*word).to_owned()).collect()).expect("starts");
        assert!(runner.run(json!({ "kind": "stop" }), Asker::Service));
        let begun = Instant::now();
        loop {
            if let Some((notice, asker, done)) = runner.finished().pop() {
                assert_eq!((notice, asker), (json!({ "kind": "stop" }), Asker::Service));
                return done;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "never");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn the_command_hears_the_notice_and_its_end_is_told() {
        assert!(ends(&["grep", "-q", "\"kind\":\"stop\""]), "it stands on its standard input");
        assert!(!ends(&["grep", "-q", "something else"]));
        assert!(ends(&["true"]), "who does not read may end well");
        assert!(!ends(&["/no/such/program"]));
        assert!(ends(&["test", "$HOME", "=", "$HOME"]), "no shell reads it");
    }
}
