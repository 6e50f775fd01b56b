//! What is left of a node's agent, and given back.

use super::*;

#[test]
fn releasing_restores_what_was_before_and_only_what_is_still_ours() {
    let mut bench = Bench::new();
    bench.boards[1].configured = W(400);
    bench.run(Span::from_secs(1));
    bench.boards[2].configured = W(250);
    bench.run(Span::from_secs(1));
    bench.released = true;
    bench.node.release();
    bench.run(Span::from_secs(1));
    let enforced: Vec<_> = (0..4).map(|n| bench.enforced(n)).collect();
    assert_eq!(enforced, [W(650), W(400), W(250), W(650)], "the third is somebody else's now");
    let curbed = News::Curbed { prior: W(700), ceiling: W(650) };
    assert_eq!(bench.node.news().iter().filter(|(_, news)| *news == curbed).count(), 2, "never above the ceiling");
    bench.boards[0].configured = W(500);
    assert!(bench.step().is_empty(), "a node that is released is left alone");
    bench.released = false;
    let now = bench.now;
    bench.node.take(now);
    bench.run(Span::from_secs(1));
    assert_eq!((bench.enforced(0), bench.report(0).rule), (W(300), Rule::FailSafe));
}

#[test]
fn an_agent_that_died_remembers_what_was_before_it() {
    let mut bench = Bench::new();
    bench.run(Span::from_secs(1));
    bench.grant(0, W(500), Span::from_secs(10));
    bench.run(Span::from_secs(1));
    let memory = bench.node.memory(&[]);
    // Whoever stands in for a dead agent writes the fail-safe.
    bench.boards[0].configured = W(300);
    bench.node = Node::remembered(BOUNDS, &memory);
    bench.run(Span::from_secs(1));
    assert_eq!(
        bench.grant(0, W(500), Span::from_secs(10)),
        Taken::Granted { cap: W(500) },
        "that is no foreign ceiling"
    );
    bench.run(Span::from_secs(1));
    assert_eq!(bench.enforced(0), W(500));
    bench.run(Span::from_secs(1));
    bench.released = true;
    bench.node.release();
    bench.run(Span::from_secs(1));
    assert!((0..4).all(|n| bench.enforced(n) == W(650)));
}

#[test]
fn a_node_that_people_hold_stays_theirs_over_a_restart() {
    let mut bench = Bench::new();
    bench.run(Span::from_secs(1));
    bench.released = true;
    bench.node.release();
    bench.run(Span::from_secs(1));
    bench.node = Node::remembered(BOUNDS, &bench.node.memory(&[]));
    bench.run(Span::from_secs(2));
    assert!((0..4).all(|n| bench.enforced(n) == W(650)));
    assert_eq!(bench.grant(0, W(400), Span::from_secs(10)), Taken::Held);
}

#[test]
fn a_lower_limit_of_somebody_else_outlives_the_agent_that_saw_it() {
    let mut bench = Bench::new();
    bench.step();
    bench.grant(0, W(500), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    bench.boards[0] = Board { configured: W(350), foreign: Some(W(350)), ..bench.boards[0] };
    bench.run(Span::from_secs(1));
    bench.node = Node::remembered(BOUNDS, &bench.saved);
    bench.run(Span::from_secs(1));
    assert_eq!(bench.enforced(0), W(300), "the fail-safe is below it");
    bench.grant(0, W(600), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    assert_eq!((bench.enforced(0), bench.report(0).rule), (W(350), Rule::Foreign));
    // Whoever stands in for a dead agent only lowers: that ceiling stays.
    bench.boards[0].configured = W(300);
    bench.node = Node::remembered(BOUNDS, &bench.saved);
    bench.grant(0, W(600), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    assert_eq!(bench.enforced(0), W(350));
    bench.released = true;
    bench.node.release();
    bench.run(Span::from_secs(1));
    assert_eq!(bench.enforced(0), W(350), "it is not ours to restore");
}

#[test]
fn what_was_written_as_the_agent_died_is_no_foreign_limit() {
    let mut bench = Bench::new();
    bench.step();
    bench.grant(0, W(600), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    bench.grant(0, W(400), Span::from_secs(60));
    bench.live(true);
    assert_eq!(bench.enforced(0), W(400));
    bench.node = Node::remembered(BOUNDS, &bench.saved);
    bench.run(Span::from_secs(1));
    bench.grant(0, W(600), Span::from_secs(60));
    bench.run(Span::from_secs(1));
    assert_eq!(bench.enforced(0), W(600), "nothing is stranded below a ceiling that nobody meant");
}

#[test]
fn a_board_that_takes_no_limit_as_low_as_the_fail_safe_is_told() {
    let bounds = Bounds { failsafe: W(150), floor: W(100), ..BOUNDS };
    let mut bench = Bench::new();
    bench.node = Node::new(bounds);
    bench.run(Span::from_secs(1));
    assert_eq!((bench.enforced(0), bench.report(0).failsafe), (W(200), Some(W(200))));
    let stiff = News::Stiff { least: W(200), failsafe: W(150) };
    assert_eq!(bench.node.news().iter().filter(|(_, news)| *news == stiff).count(), 4, "once each");
}

#[test]
fn a_board_that_was_taken_out_is_remembered_and_not_reported() {
    let mut bench = Bench::new();
    bench.run(Span::from_secs(1));
    let mut saved = bench.saved.clone();
    saved.gpus.insert(uuid(7), saved.gpus[&uuid(0)]);
    bench.node = Node::remembered(BOUNDS, &saved);
    bench.run(Span::from_secs(1));
    assert_eq!(bench.node.report(bench.now, false).len(), 4, "it would take another's place in the hall");
    assert!(
        bench.node.memory(&[]).gpus.contains_key(&uuid(7)),
        "and its limit is still given back when it is put in again"
    );
}
