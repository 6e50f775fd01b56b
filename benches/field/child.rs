//! The server and the contestants as processes of their own, so that the kernel counts each one's time and memory.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::Work;
use super::figures::{cpu_seconds, resident_mb};

/// The server in its process.
pub struct Server {
    child: Child,
    orders: ChildStdin,
    replies: BufReader<ChildStdout>,
    /// Where it listens.
    pub ports: Vec<u16>,
}

/// This program again, in another role.
pub fn again(role: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.arg(role).args(arguments);
    command
}

/// The same command on one core only.
pub fn pinned(command: &Command, core: usize) -> Command {
    let mut pinned = Command::new("taskset");
    pinned.arg("-c").arg(core.to_string()).arg(command.get_program()).args(command.get_args());
    pinned
}

impl Server {
    /// Starts a server with so many ports, units and a period; on a core of its own if asked.
    pub fn start(ports: usize, work: &Work, core: Option<usize>) -> Self {
        let arguments = [ports.to_string(), work.units.to_string(), work.grid().as_nanos().to_string()];
        let command = again("--serve", &arguments);
        let mut command = core.map_or(command, |core| pinned(&again("--serve", &arguments), core));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let orders = child.stdin.take().expect("piped");
        let replies = BufReader::new(child.stdout.take().expect("piped"));
        let mut server = Self { child, orders, replies, ports: Vec::new() };
        server.ports = server.line().split_whitespace().filter_map(|p| p.parse().ok()).collect();
        assert_eq!(server.ports.len(), ports, "the server listens");
        server
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.replies.read_line(&mut line).expect("the server answers");
        line
    }

    fn ask(&mut self, what: &str) -> String {
        writeln!(self.orders, "{what}").expect("the server listens");
        self.line()
    }

    /// Forgets everything seen so far.
    pub fn reset(&mut self) {
        self.ask("reset");
    }

    /// What was seen since.
    pub fn report(&mut self) -> BTreeMap<String, f64> {
        let line = self.ask("report");
        let pairs = line.split_whitespace().filter_map(|pair| pair.split_once('='));
        pairs.filter_map(|(key, value)| Some((key.to_owned(), value.parse().ok()?))).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A contestant in its process.
pub struct Contestant(Child);

impl Contestant {
    /// Starts it; nothing when its program is not there.
    pub fn start(mut command: Command) -> Option<Self> {
        let quiet = std::env::var_os("FIELD_BENCH_SHOW").is_none();
        let stream = || if quiet { Stdio::null() } else { Stdio::inherit() };
        command.stdin(Stdio::null()).stdout(stream()).stderr(stream()).spawn().ok().map(Self)
    }

    /// Its number.
    pub fn process(&self) -> u32 {
        self.0.id()
    }

    /// True while it runs.
    pub fn lives(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Lets a contestant work against a server: warm up, forget, measure. What the server saw, with `cpu` (s) and `rss`
/// (MB) of the contestant beside it; nothing when it did not run to the end.
pub fn measure(
    server: &mut Server,
    mut contestant: Contestant,
    warm_up: Duration,
    length: Duration,
) -> Option<BTreeMap<String, f64>> {
    std::thread::sleep(warm_up);
    server.reset();
    let before = cpu_seconds(contestant.process());
    std::thread::sleep(length);
    let mut seen = server.report();
    seen.insert("cpu".to_owned(), cpu_seconds(contestant.process()) - before);
    seen.insert("rss".to_owned(), resident_mb(contestant.process()));
    contestant.lives().then_some(seen)
}
