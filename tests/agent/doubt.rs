//! What is left where something is not as it should be: a disk that hangs, a file with a fault, a board that goes no lower, a clock that was locked.

use super::*;

impl Node {
    /// The small path, with another file than the agent's.
    fn falls_by(&self, file: &str) -> Output {
        let path = self.path("other.toml");
        let places = format!(
            "library = \"{}\"\nstate_file = \"{}\"\n",
            self.bench.library().display(),
            self.path("limits.json").display()
        );
        std::fs::write(&path, format!("{file}\n{places}")).expect("written");
        self.wattloop(&["agent", "failsafe", "--config", &path.display().to_string()])
    }

    fn stop(&mut self) {
        signal("-TERM", self.agent.id());
        assert_eq!(self.agent.wait().expect("ended").code(), Some(0), "{}", self.log());
    }

    fn clock(&self, n: usize) -> Option<(u32, u32)> {
        self.bench.board().gpu(n).and_then(|gpu| gpu.lock())
    }
}

/// A disk that never comes back: whoever opens the new file waits for somebody to read it.
#[test]
fn a_disk_that_hangs_holds_up_no_fall_and_every_rise() {
    let mut node = Node::start("");
    node.grant(Duration::from_secs(2));
    node.until("the caps are enforced", |n| n.all_at(CAP));
    // What was written is on disk by now: the new file is in the old one's place.
    std::thread::sleep(Duration::from_millis(300));
    let hung = node.path("limits.new");
    let made = Command::new("mkfifo").arg(&hung).status().expect("mkfifo runs");
    assert!(made.success());
    let working = node.working();
    node.until("the lease is over, and all are at the fail-safe", |n| n.all_at(SAFE));
    node.until("it is told", |n| n.log().contains("what falls does, and nothing rises"));
    (0..4).for_each(|n| node.bench.foreign_limit(n, 650_000));
    node.until("a raise is undone", |n| n.all_at(SAFE));
    node.grant(Duration::from_secs(60));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(node.all_at(SAFE), "what rises waits for the disk");
    assert_eq!(node.working(), working, "it works all the time: {}", node.log());
    // The disk is back: what was waited for has failed, and is written anew.
    let reader = std::fs::File::open(&hung).expect("opened");
    std::fs::remove_file(&hung).expect("removed");
    std::thread::sleep(Duration::from_millis(300));
    drop(reader);
    node.until("what was granted is enforced", |n| n.all_at(CAP));
    assert_eq!(node.working(), working, "{}", node.log());
}

#[test]
fn a_nodes_file_that_is_not_taken_leaves_what_was_remembered_or_the_least() {
    let mut node = Node::start("");
    node.stop();
    (0..4).for_each(|n| node.bench.foreign_limit(n, 650_000));
    let output = node.falls_by("node = 7\nfailsafe = 250");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "the file's faults are what people must mend: {output:?}");
    assert!(said.contains("remembered with the limits, 300.0 W") && said.contains("failsafe"), "{said}");
    assert!(node.all_at(SAFE), "and all are safe nevertheless");
    std::fs::remove_file(node.path("limits.json")).expect("removed");
    let output = node.falls_by("node = 7\nfailsafe = 250");
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("the least that its board takes"), "{output:?}");
    assert!(node.all_at(200_000));
}

#[test]
fn a_fail_safe_below_what_boards_take_is_not_called_one() {
    let mut node = Node::start("");
    node.stop();
    let output = node.falls_by("node = \"node-1\"\nfailsafe_w = 150");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("above the fail-safe") && said.contains("(200.0 W)"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("0 GPUs at the fail-safe"), "{output:?}");
    assert!(node.all_at(200_000), "as low as they go");
}

#[test]
fn clocks_that_were_locked_for_a_lease_are_freed_by_the_fail_safe() {
    let mut node = Node::start("");
    let lock = |node: &mut Node| {
        let end = Instant::now() + PATIENCE;
        node.epoch += 1;
        let grants = json!({"grants": [{"uuid": node.bench.uuid(0), "cap_mw": CAP, "lease_ms": 60_000, "epoch": node.epoch, "seq": 1, "clock_mhz": 900}]});
        while node.post("/v1/grants", &grants).is_none_or(|answer| answer["taken"][0]["is"] != "granted") {
            assert!(Instant::now() < end, "never granted\n{}", node.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        node.until("its clock is locked", |n| n.clock(0).is_some() && n.bench.enforced(0) == CAP);
    };
    lock(&mut node);
    // Both halves are killed at once: what is left is the small path.
    let working = node.working();
    signal("-STOP", working);
    node.agent.kill().expect("killed");
    signal("-KILL", working);
    node.agent.wait().expect("ended");
    assert!(node.clock(0).is_some() && node.bench.enforced(0) == CAP);
    let config = node.path("agent.toml").display().to_string();
    assert!(node.wattloop(&["agent", "failsafe", "--config", &config]).status.success());
    assert_eq!((node.bench.enforced(0), node.clock(0)), (SAFE, None));
    // And a stop in order.
    node.agent = spawn(node.folder.path());
    lock(&mut node);
    node.stop();
    assert_eq!((node.bench.enforced(0), node.clock(0)), (SAFE, None));
}
