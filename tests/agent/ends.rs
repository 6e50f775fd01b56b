//! Ends: in order, of the watching half, of both.

use super::*;

#[test]
fn a_watching_half_that_is_killed_takes_the_other_with_it_to_the_fail_safe() {
    let mut node = Node::start("");
    node.grant(Duration::from_secs(60));
    node.until("the caps are enforced", |n| n.all_at(CAP));
    let working = node.working();
    node.agent.kill().expect("killed");
    node.agent.wait().expect("ended");
    node.until("all are at the fail-safe", |n| n.all_at(SAFE));
    node.until("the working half has ended", |_| !Path::new(&format!("/proc/{working}")).exists());
    node.agent = spawn(node.folder.path());
    node.until("the agent is back", |n| n.report().is_some());
    node.grant(Duration::from_secs(60));
    node.until("and takes grants", |n| n.all_at(CAP));
}

#[test]
fn a_stop_in_order_and_the_small_path_both_leave_the_fail_safe() {
    let mut node = Node::start("");
    node.grant(Duration::from_secs(60));
    node.until("the caps are enforced", |n| n.all_at(CAP));
    signal("-TERM", node.agent.id());
    assert_eq!(node.agent.wait().expect("ended").code(), Some(0), "{}", node.log());
    assert!(node.all_at(SAFE));
    (0..4).for_each(|n| node.bench.foreign_limit(n, 650_000));
    let config = node.path("agent.toml").display().to_string();
    let output = node.wattloop(&["agent", "failsafe", "--config", &config]);
    assert!(output.status.success() && node.all_at(SAFE), "{output:?}");
    node.bench.foreign_limit(0, 250_000);
    // Its first reading takes a while: until then nobody knows that it is lower.
    node.bench.slow(0, Duration::from_millis(15));
    assert!(node.wattloop(&["agent", "failsafe", "--config", &config]).status.success());
    assert_eq!(node.bench.enforced(0), 250_000, "what is lower stays");
    node.bench.slow(0, Duration::ZERO);
    node.bench.permission(1, false);
    node.bench.foreign_limit(1, 700_000);
    let output = node.wattloop(&["agent", "failsafe", "--config", &config]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains(&node.bench.uuid(1)));
    node.bench.permission(1, true);
    node.bench.lose(2);
    let output = node.wattloop(&["agent", "failsafe", "--config", &config]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 without a name"), "{output:?}");
}

#[test]
fn a_cap_outlives_both_halves_where_nothing_else_holds_the_driver() {
    let mut node = Node::start("");
    node.bench.leaves_with_its_last_client(true);
    node.grant(Duration::from_secs(60));
    node.until("the caps are enforced", |n| n.all_at(CAP));
    node.until("the driver stays loaded", |n| n.log().matches("its driver stays loaded now").count() >= 4);
    let working = node.working();
    // The working half would go to the fail-safe if it saw the other go.
    signal("-STOP", working);
    node.agent.kill().expect("killed");
    signal("-KILL", working);
    node.agent.wait().expect("ended");
    std::thread::sleep(Duration::from_millis(500));
    assert!(node.all_at(CAP), "stranded, not forgotten: what systemd does next finds a cap");
    let config = node.path("agent.toml").display().to_string();
    assert!(node.wattloop(&["agent", "failsafe", "--config", &config]).status.success());
    std::thread::sleep(Duration::from_millis(500));
    assert!(node.all_at(SAFE), "and what it writes stays when it has gone");
}

#[test]
fn a_controller_that_is_gone_leaves_the_fail_safe_within_its_last_lease() {
    let mut node = Node::start("");
    for round in 0..kills() {
        let (began, held) = (Instant::now(), Duration::from_millis(600) + instant(round, 700));
        while began.elapsed() < held || !node.all_at(CAP) {
            assert!(began.elapsed() < PATIENCE, "never granted\n{}", node.log());
            node.grant(Duration::from_secs(1));
            std::thread::sleep(Duration::from_millis(200));
        }
        let last = Instant::now();
        node.until("all are at the fail-safe", |n| n.all_at(SAFE));
        assert!(last.elapsed() < Duration::from_millis(2500), "a lease of one second: {:?}", last.elapsed());
    }
}

/// Where only one program is installed it is the agent, too.
#[test]
fn the_whole_program_is_an_agent_of_two_halves_as_well() {
    let mut node = Node::start("");
    signal("-TERM", node.agent.id());
    assert!(node.agent.wait().expect("it ends").success(), "{}", node.log());
    let whole = &mut Command::new(env!("CARGO_BIN_EXE_wattloop"));
    node.agent = spawn_by(whole.args(["agent", "run"]), node.folder.path());
    node.until("it answers", |n| n.report().is_some());
    node.grant(Duration::from_secs(60));
    node.until("the caps are enforced", |n| n.all_at(CAP));
    let working = node.working();
    signal("-KILL", working);
    node.until("all are at the fail-safe", |n| n.all_at(SAFE));
    node.until("another works", |n| n.working() != working && n.report().is_some());
}
