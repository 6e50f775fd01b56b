//! One bad unit, one bad register, one bad moment: everybody else goes on.

use std::time::{Duration, Instant};

use super::rig::{Rig, devices, gateway, register, runtime};
use super::server::{Manner, Server, telling};
use plant::device::{Register, RegisterTable};
use plant::reading::Why;
use plant::time::Span;
use wattloop::adapters::modbus::{Gateway, Writes};

fn holding(address: u16) -> Register {
    register(RegisterTable::Holding, address)
}

fn rig(server: &Server, units: &[u8], registers: &[Register], change: impl Fn(&mut Gateway)) -> (Rig, String) {
    let (at, _task) = tokio::runtime::Handle::current().block_on(server.listen("127.0.0.1:0"));
    let mut gateway = gateway(&format!("tcp://{at}"));
    change(&mut gateway);
    (Rig::new(gateway, &devices("gw", units, registers), Writes::Live), at)
}

#[test]
fn a_dead_unit_costs_its_neighbours_one_wait_and_then_nothing() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let units: Vec<u8> = (1..=10).collect();
    let (mut rig, _) = rig(&server, &units, &[holding(0)], |g| g.timeout = Span::from_millis(1000));
    rig.poll();
    server.world().dead.insert(5);
    let (scans, period) = (60, Duration::from_millis(40));
    let start = Instant::now();
    let mut waited = 0;
    for n in 1..=scans {
        let from = Instant::now();
        rig.scan(&[]);
        waited += usize::from(from.elapsed() >= Duration::from_millis(1000));
        for (k, unit) in units.iter().enumerate().filter(|(_, u)| **u != 5) {
            assert_eq!(rig.value(k), Ok(f64::from(telling(*unit, 3, 0))));
        }
        assert_eq!(rig.value(4), Err(Why::Timeout));
        std::thread::sleep((start + period * n).saturating_duration_since(Instant::now()));
    }
    let counts = rig.counts();
    assert_eq!((counts.timeouts, counts.connects), (1, 1), "one wait, no new connection: {counts:?}");
    assert!(counts.probes >= 5, "it is asked all the while: {counts:?}");
    // A loaded machine may be slow for a scan or two beside the one that has to wait.
    assert!(waited <= 3, "{waited} of {scans} scans waited: {counts:?}");
    server.world().dead.clear();
    rig.until("it is back", |rig| rig.value(4).is_ok());
}

#[test]
fn a_bad_register_does_not_cost_its_neighbours_and_is_asked_for_seldom() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let registers: Vec<Register> = (0..16).map(holding).collect();
    for code in [1, 2, 3] {
        let server = Server::default();
        server.world().refused.insert((1, 5), code);
        let (mut rig, _) = rig(&server, &[1], &registers, |_| {});
        rig.poll();
        for (k, r) in registers.iter().enumerate() {
            let expected = if k == 5 { Err(Why::Exception(code)) } else { Ok(f64::from(telling(1, 3, r.address))) };
            assert_eq!(rig.value(k), expected, "register {k}");
        }
        let searched = server.world().log.len();
        for _ in 0..10 {
            rig.poll();
        }
        let each = (server.world().log.len() - searched) / 10;
        assert!(each <= 5, "{each} requests a scan");
        assert_eq!(rig.value(5), Err(Why::Exception(code)));
        let asked = server.world().log[searched..].iter().filter(|e| e.2 == 5).count();
        assert_eq!(asked, 0, "the refused register is left alone for a minute");
    }
}

#[test]
fn a_hole_that_cannot_be_read_across_is_learned() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    server.world().refused.extend([((1, 3), 2), ((1, 4), 2)]);
    let (mut rig, _) = rig(&server, &[1], &[0, 1, 2, 5, 6].map(holding), |_| {});
    rig.poll();
    assert!((0..5).all(|k| rig.value(k).is_ok()));
    let before = server.world().log.len();
    rig.poll();
    assert!(server.world().log.len() - before <= 3, "no more searching");
}

#[test]
fn a_busy_device_is_asked_again_at_once() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let (mut rig, _) = rig(&server, &[1], &[holding(0)], |_| {});
    rig.poll();
    server.world().script.push_back(Manner::Exception(6));
    rig.poll();
    assert!(rig.value(0).is_ok());
    assert_eq!(rig.counts().busy, 1);
    server.world().script.extend([Manner::Exception(6); 2]);
    rig.poll();
    assert_eq!(rig.value(0), Err(Why::Exception(6)), "but not for ever");
}

#[test]
fn a_device_fault_is_told_and_over_when_it_is_over() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let (mut rig, _) = rig(&server, &[1, 2], &[holding(0)], |_| {});
    for code in [4, 11] {
        server.world().habits.insert(1, Manner::Exception(code));
        rig.poll();
        assert_eq!((rig.value(0), rig.value(1).is_ok()), (Err(Why::Exception(code)), true));
        server.world().habits.clear();
        rig.until("it is well", |rig| rig.value(0).is_ok());
    }
}

#[test]
fn a_server_that_starts_again_is_found_again() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let (at, task) = runtime.block_on(server.listen("127.0.0.1:0"));
    let mut rig = Rig::new(gateway(&format!("tcp://{at}")), &devices("gw", &[1], &[holding(0)]), Writes::Live);
    rig.poll();
    assert!(rig.value(0).is_ok());
    task.abort();
    rig.until("it is missed", |rig| rig.value(0) == Err(Why::Comm));
    for _ in 0..200 {
        rig.poll();
    }
    assert!(rig.counts().connect_failures < 20, "no hot loop: {:?}", rig.counts());
    let (_, _task) = runtime.block_on(server.listen(&at));
    rig.until("it is back", |rig| rig.value(0).is_ok());
}

#[test]
fn a_server_that_accepts_and_hangs_up_is_not_called_in_a_hot_loop() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    server.world().habits.insert(1, Manner::Reset);
    let (mut rig, _) = rig(&server, &[1], &[holding(0)], |_| {});
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        rig.poll();
    }
    assert!(server.world().connections <= 8, "{} connections in a second", server.world().connections);
    assert_eq!(rig.value(0), Err(Why::Comm));
}

#[test]
fn a_peer_that_is_gone_without_a_word_is_found_out_within_two_timeouts() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let (mut rig, _) = rig(&server, &[1, 2, 3], &[holding(0)], |g| g.timeout = Span::from_millis(300));
    rig.poll();
    server.world().frozen = true;
    rig.poll();
    assert!((0..3).all(|k| rig.value(k).is_err()), "old values are not kept as new");
    assert_eq!(rig.counts().connects, 2, "two lost replies in a row end a connection: {:?}", rig.counts());
    server.world().frozen = false;
    rig.until("all are back", |rig| (0..3).all(|k| rig.value(k).is_ok()));
}

#[test]
fn one_byte_at_a_time_does_not_hold_a_request_beyond_its_deadline() {
    let runtime = runtime();
    let _inside = runtime.enter();
    // 40 registers take 89 bytes, more than a millisecond each.
    let registers: Vec<Register> = (0..40).map(holding).collect();
    let server = Server::default();
    let (mut rig, _) = rig(&server, &[1], &registers, |g| g.timeout = Span::from_millis(30));
    server.world().habits.insert(1, Manner::ByteByByte);
    let start = Instant::now();
    rig.poll();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(rig.value(0), Err(Why::Timeout));
    assert!(rig.counts().connects >= 1);
    server.world().habits.clear();
    rig.until("it is well", |rig| rig.value(39).is_ok());
}

#[test]
fn points_with_their_own_period_are_read_that_often() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let slow = Register { poll: Span::from_secs(3600), ..holding(50) };
    let (mut rig, _) = rig(&server, &[1], &[holding(0), slow], |_| {});
    for _ in 0..20 {
        rig.poll();
    }
    let read = |a| server.world().log.iter().filter(|e| e.2 == a).count();
    assert_eq!((read(0), read(50)), (20, 1));
    assert!(rig.value(1).is_ok());
}

#[test]
fn a_gateway_that_never_was_holds_up_nobody() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut rig = Rig::new(gateway("tcp://127.0.0.1:9"), &devices("gw", &[1], &[holding(0)]), Writes::Live);
    let start = Instant::now();
    for _ in 0..100 {
        rig.poll();
    }
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(rig.value(0), Err(Why::Comm));
}
