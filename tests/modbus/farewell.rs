//! A bus that was busy, and the way out: the newest is written, every output is tried, and nothing is called safe that is not proven.

use std::time::{Duration, Instant};

use super::rig::{Rig, altered, devices, gateway, runtime};
use super::server::{Manner, Server};
use super::writes::{bench, holding};
use plant::command::WriteOutcome;
use plant::time::Span;
use wattloop::adapters::modbus::Writes;

#[test]
fn a_unit_in_its_back_off_is_tried_all_the_same() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let (at, _task) = runtime.block_on(server.listen("127.0.0.1:0"));
    let mut gateway = gateway(&format!("tcp://{at}"));
    gateway.timeout = Span::from_millis(300);
    gateway.back_off = Span::from_secs(60);
    gateway.back_off_max = Span::from_secs(300);
    let mut rig = Rig::new(gateway, &devices("gw", &[1, 2], &[holding(3)]), Writes::Live);
    server.world().dead.insert(1);
    rig.scan(&[(0, 460.0), (1, 470.0)]);
    rig.scan(&[(0, 460.0), (1, 470.0)]);
    assert!(!rig.hand_over(&[(0, 50.0), (1, 60.0)]), "a unit that is silent cannot be called safe");
    assert_eq!(server.world().written.get(&(2, 3, 3)), Some(&60), "its neighbour does not wait for it");
    server.world().dead.clear();
    assert!(rig.hand_over(&[(0, 100.0), (1, 100.0)]), "{:?}", rig.reports);
    assert_eq!(server.world().written.get(&(1, 3, 3)), Some(&100), "long before its back-off is over");
}

#[test]
fn what_wears_out_is_written_on_the_way_out_however_lately_it_was() {
    let mut b = bench(vec![altered(holding(3), |w| w.nonvolatile = true)], Writes::Live);
    b.rig.scan(&[(0, 460.0)]);
    assert!(b.rig.hand_over(&[(0, 100.0)]));
    assert_eq!((b.holding(3), b.server.count(6)), (Some(100), 2));
    assert!(b.rig.hand_over(&[(0, 100.0)]));
    assert_eq!(b.server.count(6), 2, "it is read, and not written for nothing");
}

#[test]
fn an_acknowledgement_is_no_proof_where_it_can_be_read_back() {
    let mut b = bench(vec![holding(3)], Writes::Live);
    b.server.world().written.insert((1, 3, 3), 300);
    b.server.world().habits.insert(1, Manner::Pretend);
    assert!(!b.rig.hand_over(&[(0, 100.0)]));
    assert_eq!(b.server.count(6), 2, "two attempts");

    let mut b = bench(vec![altered(holding(3), |w| w.read_back = false)], Writes::Live);
    assert!(b.rig.hand_over(&[(0, 100.0)]));
    assert_eq!(b.holding(3), Some(100));
}

#[test]
fn what_failed_once_is_tried_again_and_what_was_proven_is_not() {
    let mut b = bench(vec![holding(0), holding(9)], Writes::Live);
    b.rig.scan(&[(0, 1.0), (1, 2.0)]);
    let before = b.server.count(6);
    b.server.world().script.push_back(Manner::Exception(6));
    assert!(b.rig.hand_over(&[(0, 100.0), (1, 100.0)]));
    assert_eq!((b.holding(0), b.holding(9)), (Some(100), Some(100)));
    assert_eq!(b.server.count(6) - before, 3);
    b.rig.poll();
    assert!(b.rig.outcomes(1).iter().all(|o| *o == WriteOutcome::Applied));
}

#[test]
fn a_register_that_never_answers_keeps_no_other_from_its_safe_value() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let (at, _task) = runtime.block_on(server.listen("127.0.0.1:0"));
    let mut gateway = gateway(&format!("tcp://{at}"));
    gateway.timeout = Span::from_millis(300);
    let registers = [holding(3), holding(4), holding(9), holding(20)];
    let mut rig = Rig::new(gateway, &devices("gw", &[1, 2], &registers), Writes::Live);
    let all = |value: f64| (0..8).map(|point| (point, value)).collect::<Vec<_>>();
    rig.scan(&all(50.0));
    server.world().mute.extend([(1, 3), (1, 9)]);
    assert!(!rig.hand_over(&all(100.0)), "two outputs are not proven");
    let written = |unit, address| server.world().written.get(&(unit, 3, address)).copied();
    assert_eq!((written(1, 4), written(1, 20)), (Some(100), Some(100)), "both behind a register that is mute");
    assert!([3, 4, 9, 20].iter().all(|address| written(2, *address) == Some(100)), "and the neighbour");
    assert_eq!((written(1, 3), written(1, 9)), (Some(50), Some(50)));
}

#[test]
fn a_lost_reply_on_the_way_out_is_made_up_for() {
    let mut b = bench(vec![holding(3), holding(9), holding(20)], Writes::Live);
    b.rig.scan(&[(0, 1.0), (1, 2.0), (2, 3.0)]);
    b.server.world().script.push_back(Manner::Never);
    assert!(b.rig.hand_over(&[(0, 100.0), (1, 100.0), (2, 100.0)]), "{:?}", b.rig.reports);
    assert_eq!((b.holding(3), b.holding(9), b.holding(20)), (Some(100), Some(100), Some(100)));
}

#[test]
fn a_value_no_register_may_take_is_not_safe() {
    let mut b = bench(vec![holding(3)], Writes::Live);
    assert!(!b.rig.hand_over(&[(0, 1.0e9)]));
    assert_eq!(b.server.count(6), 0);
}

#[test]
fn a_shadow_has_nothing_to_hand_over() {
    let mut b = bench(vec![holding(3)], Writes::Shadow);
    assert!(b.rig.hand_over(&[(0, 100.0)]));
    assert_eq!(b.server.count(6), 0);
}

#[test]
fn a_bus_that_was_busy_writes_the_newest_without_being_told_again() {
    let mut b = bench(vec![holding(3)], Writes::Live);
    b.server.world().habits.insert(1, Manner::Late(200));
    for value in 10..=30 {
        b.rig.write(&[(0, f64::from(value))]);
    }
    let end = Instant::now() + Duration::from_secs(20);
    while b.holding(3) != Some(30) {
        assert!(Instant::now() < end, "it holds {:?}", b.holding(3));
        std::thread::sleep(Duration::from_millis(5));
    }
}
