//! Writes: on change and on refresh, proven by reading back; and none at all in shadow mode.

use std::time::Duration;

use super::rig::{Rig, altered, config, devices, gateway, register, runtime, stamp, writable};
use super::server::{Manner, Server};
use plant::command::WriteOutcome;
use plant::device::{Access, ByteOrder, Register, RegisterTable, RegisterType, RegisterWrite};
use plant::id::{Id, PointId, Table};
use plant::reading::Why;
use plant::time::Span;
use wattloop::adapters::modbus::{Look, ModbusConfig, Writes, probe, write_once};

/// A server with one unit that has these registers, and the adapter before it.
pub struct Bench {
    pub rig: Rig,
    pub server: Server,
    registers: Vec<Register>,
    url: String,
    runtime: tokio::runtime::Runtime,
}

pub fn bench(registers: Vec<Register>, writes: Writes) -> Bench {
    let runtime = runtime();
    let inside = runtime.enter();
    let server = Server::default();
    let (at, _task) = runtime.block_on(server.listen("127.0.0.1:0"));
    let url = format!("tcp://{at}");
    let rig = Rig::new(gateway(&url), &devices("gw", &[1], &registers), writes);
    drop(inside);
    Bench { rig, server, registers, url, runtime }
}

impl Bench {
    pub fn holding(&self, address: u16) -> Option<u16> {
        self.server.world().written.get(&(1, 3, address)).copied()
    }
}

pub fn holding(address: u16) -> Register {
    writable(RegisterTable::Holding, address)
}

#[test]
fn a_value_is_written_once_read_back_and_then_left_alone() {
    let mut b = bench(vec![holding(3)], Writes::Live);
    for _ in 0..5 {
        b.rig.scan(&[(0, 460.0)]);
    }
    assert_eq!(b.holding(3), Some(460));
    assert_eq!(b.server.count(6), 1, "written on change only");
    assert_eq!(b.rig.outcomes(0), [WriteOutcome::Applied]);
    b.rig.scan(&[(0, 461.0)]);
    assert_eq!((b.holding(3), b.server.count(6)), (Some(461), 2));
    assert_eq!(b.rig.value(0), Ok(461.0), "and it is read as any other point");
}

#[test]
fn a_change_within_the_tolerance_is_no_change() {
    let mut b = bench(vec![altered(holding(0), |w| w.tolerance = 2.0)], Writes::Live);
    for value in [100.0, 101.0, 102.0, 103.0] {
        b.rig.scan(&[(0, value)]);
    }
    assert_eq!((b.holding(0), b.server.count(6)), (Some(103), 2), "100 and 103; the others are within 2 of 100");
}

#[test]
fn neighbours_go_in_one_request_and_strangers_do_not() {
    let float = Register { ty: RegisterType::Float32, byte_order: ByteOrder::Cdab, ..holding(11) };
    let b_registers = vec![
        holding(10),
        float,
        holding(13),
        holding(20),
        writable(RegisterTable::Coil, 5),
        writable(RegisterTable::Coil, 6),
    ];
    let mut b = bench(b_registers, Writes::Live);
    b.rig.scan(&[(0, 1.0), (1, 46.5), (2, 3.0), (3, 4.0), (4, 1.0), (5, 0.0)]);
    let float = 46.5_f32.to_bits();
    assert_eq!(b.holding(11), Some(u16::try_from(float & 0xFFFF).unwrap()), "least significant word first");
    assert_eq!(b.holding(12), Some(u16::try_from(float >> 16).unwrap()));
    assert_eq!((b.holding(10), b.holding(13), b.holding(20)), (Some(1), Some(3), Some(4)));
    assert_eq!((b.server.count(16), b.server.count(6), b.server.count(15), b.server.count(5)), (1, 1, 1, 0));
    assert_eq!(b.server.world().written.get(&(1, 1, 5)), Some(&1));
    assert!((0..6).all(|p| b.rig.outcomes(p) == [WriteOutcome::Applied]), "{:?}", b.rig.reports);
}

#[test]
fn a_run_that_the_device_refuses_is_written_one_by_one() {
    let mut b = bench(vec![holding(0), holding(1), holding(2)], Writes::Live);
    b.rig.poll();
    b.server.world().script.push_back(Manner::Exception(1));
    b.rig.scan(&[(0, 5.0), (1, 6.0), (2, 7.0)]);
    assert_eq!((b.holding(0), b.holding(1), b.holding(2)), (Some(5), Some(6), Some(7)));
    assert!((0..3).all(|p| b.rig.outcomes(p) == [WriteOutcome::Applied]), "{:?}", b.rig.reports);
}

#[test]
fn a_write_acknowledged_but_not_applied_is_seen_told_counted_and_not_repeated_for_ever() {
    let mut b = bench(vec![holding(3)], Writes::Live);
    b.server.world().written.insert((1, 3, 3), 300);
    b.server.world().habits.insert(1, Manner::Pretend);
    for _ in 0..10 {
        b.rig.scan(&[(0, 460.0)]);
    }
    let outcomes = b.rig.outcomes(0);
    assert_eq!(outcomes.len(), 4, "the write and three repeats: {outcomes:?}");
    assert!(outcomes.iter().all(|o| *o == WriteOutcome::Unproven { seen: 300.0 }), "{outcomes:?}");
    assert_eq!(b.rig.counts().unproven, 4);
    b.server.world().habits.clear();
    b.rig.scan(&[(0, 470.0)]);
    assert_eq!(b.rig.outcomes(0).last(), Some(&WriteOutcome::Applied), "a new value is tried again");
}

#[test]
fn what_wears_out_and_is_not_proven_is_tried_for_ever_at_its_interval() {
    let worn = |w: &mut RegisterWrite| (w.nonvolatile, w.min_interval) = (true, Span::from_millis(20));
    let mut b = bench(vec![altered(holding(3), worn)], Writes::Live);
    b.server.world().habits.insert(1, Manner::Pretend);
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(25));
        b.rig.scan(&[(0, 460.0)]);
    }
    assert_eq!(b.server.count(6), 8, "nothing else would ever write it");
    b.server.world().habits.clear();
    std::thread::sleep(Duration::from_millis(25));
    b.rig.scan(&[(0, 460.0)]);
    assert_eq!((b.holding(3), b.rig.outcomes(0).last()), (Some(460), Some(&WriteOutcome::Applied)));
}

#[test]
fn what_somebody_else_writes_is_told_once_and_put_right() {
    let mut b = bench(vec![holding(3)], Writes::Live);
    b.rig.scan(&[(0, 460.0)]);
    b.server.world().written.insert((1, 3, 3), 999);
    b.rig.poll();
    b.rig.poll();
    b.rig.poll();
    assert_eq!(b.rig.outcomes(0), [WriteOutcome::Applied, WriteOutcome::Foreign { seen: 999.0 }]);
    b.rig.scan(&[(0, 460.0)]);
    assert_eq!(b.holding(3), Some(460));
    assert_eq!(b.rig.outcomes(0).last(), Some(&WriteOutcome::Applied));
    assert_eq!(b.rig.counts().foreign, 1);
}

#[test]
fn a_refresh_keeps_the_device_content_and_looks_before_it_wipes_a_trace_out() {
    // Read so rarely that only the look before the refresh can see somebody else's hand.
    let rarely = Register { poll: Span::from_secs(3600), ..holding(3) };
    let mut b = bench(vec![altered(rarely, |w| w.refresh = Span::from_millis(40))], Writes::Live);
    b.rig.scan(&[(0, 460.0)]);
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(45));
        b.rig.scan(&[(0, 460.0)]);
    }
    assert!(b.server.count(6) >= 4, "{} writes of one value", b.server.count(6));
    b.server.world().written.insert((1, 3, 3), 7);
    std::thread::sleep(Duration::from_millis(45));
    b.rig.scan(&[(0, 460.0)]);
    assert!(b.rig.outcomes(0).contains(&WriteOutcome::Foreign { seen: 7.0 }), "{:?}", b.rig.outcomes(0));
    assert_eq!(b.holding(3), Some(460));
}

#[test]
fn memory_that_wears_out_is_written_on_change_only_and_seldom() {
    let mut b = bench(
        vec![altered(holding(3), |w| {
            w.nonvolatile = true;
            w.refresh = Span::from_millis(1);
            w.min_interval = Span::from_millis(700);
        })],
        Writes::Live,
    );
    b.server.world().written.insert((1, 3, 3), 460);
    let start = std::time::Instant::now();
    for _ in 0..5 {
        b.rig.scan(&[(0, 460.0)]);
    }
    assert_eq!(b.server.count(6), 0, "it already holds the value");
    assert_eq!(b.rig.outcomes(0), [WriteOutcome::Applied]);
    b.rig.scan(&[(0, 500.0)]);
    for value in 501..510 {
        b.rig.scan(&[(0, f64::from(value))]);
    }
    if start.elapsed() < Duration::from_millis(600) {
        assert_eq!((b.holding(3), b.server.count(6)), (Some(500), 1));
    }
    std::thread::sleep(Duration::from_millis(750));
    b.rig.scan(&[(0, 509.0)]);
    assert_eq!(b.holding(3), Some(509));
    assert!(b.server.count(6) <= 3);
    let wear: u32 = b.rig.reports.iter().map(|r| r.wear).sum();
    assert_eq!(usize::try_from(wear), Ok(b.server.count(6)), "every write is reported as wear, once");
}

#[test]
fn a_value_the_product_must_not_get_never_leaves() {
    let mut b = bench(vec![altered(holding(3), |w| w.max = 100.0)], Writes::Live);
    for bad in [101.0, -1.0, f64::NAN, f64::INFINITY] {
        b.rig.scan(&[(0, bad)]);
    }
    assert_eq!(b.server.count(6) + b.server.count(16), 0);
    let why = b.rig.outcomes(0);
    assert_eq!(why, [WriteOutcome::Failed(Why::Range), WriteOutcome::Failed(Why::NotANumber)], "once for each reason");
}

#[test]
fn a_write_whose_reply_is_lost_fails_and_is_healed_by_a_later_scan() {
    let mut b = bench(vec![holding(3)], Writes::Live);
    b.rig.poll();
    b.server.world().script.push_back(Manner::Late(1500));
    b.rig.scan(&[(0, 460.0)]);
    assert_eq!(b.rig.outcomes(0), [WriteOutcome::Failed(Why::Timeout)]);
    for _ in 0..100 {
        b.rig.scan(&[(0, 460.0)]);
        if b.rig.outcomes(0).last() == Some(&WriteOutcome::Applied) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("never proven: {:?}", b.rig.outcomes(0));
}

#[test]
fn a_newer_image_takes_over_from_an_unfinished_one() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let (at, _task) = runtime.block_on(server.listen("127.0.0.1:0"));
    let gateway = gateway(&format!("tcp://{at}"));
    let mut rig = Rig::new(gateway, &devices("gw", &[1, 2, 3], &[holding(0)]), Writes::Live);
    rig.poll();
    server.world().script.push_back(Manner::Late(700));
    for value in [100.0, 200.0, 300.0] {
        rig.write(&[(0, value), (1, value), (2, value)]);
    }
    rig.until("all hold the newest", |_| (1..=3).all(|u| server.world().written.get(&(u, 3, 0)) == Some(&300)));
    let written = |unit| server.world().log.iter().filter(|e| (e.0, e.1) == (6, unit)).count();
    assert_eq!((written(1), written(2), written(3)), (2, 1, 1), "200 never left, 100 only to the first unit");
}

#[test]
fn a_device_that_started_anew_is_told_again() {
    let mut b = bench(vec![holding(3)], Writes::Live);
    b.rig.scan(&[(0, 460.0)]);
    b.server.world().written.clear();
    b.server.world().script.push_back(Manner::Reset);
    b.rig.scan(&[(0, 460.0)]);
    b.rig.scan(&[(0, 460.0)]);
    b.rig.scan(&[(0, 460.0)]);
    assert_eq!(b.holding(3), Some(460));
    assert_eq!(b.rig.counts().connects, 2);
}

#[test]
fn what_cannot_be_read_is_written_and_its_acknowledgement_is_all_there_is() {
    let blind = Register { access: Access::Wo, ..altered(holding(9), |w| w.read_back = false) };
    let mut b = bench(vec![blind, register(RegisterTable::Holding, 0)], Writes::Live);
    b.rig.scan(&[(0, 1.0)]);
    assert_eq!(b.holding(9), Some(1));
    assert_eq!(b.rig.outcomes(0), [WriteOutcome::Acknowledged], "an acknowledgement is never called proof");
    assert_eq!((b.rig.counts().acknowledged, b.rig.counts().applied), (1, 0));
    assert!(b.server.world().log.iter().all(|e| (e.0, e.2) != (3, 9)), "never read");
}

#[test]
fn what_is_not_read_back_is_proven_or_doubted_by_the_next_poll() {
    let mut b = bench(vec![altered(holding(3), |w| w.read_back = false)], Writes::Live);
    b.rig.scan(&[(0, 460.0)]);
    assert_eq!(b.rig.outcomes(0), [WriteOutcome::Acknowledged, WriteOutcome::Applied]);
    b.server.world().habits.insert(1, Manner::Pretend);
    for _ in 0..10 {
        b.rig.scan(&[(0, 500.0)]);
    }
    let later = &b.rig.outcomes(0)[2..];
    let (taken, unproven) = (WriteOutcome::Acknowledged, WriteOutcome::Unproven { seen: 460.0 });
    assert_eq!(later, [taken, unproven].repeat(4), "the write and three repeats");
}

#[test]
fn in_shadow_mode_no_write_reaches_the_wire() {
    let mut b = bench(
        vec![holding(3), writable(RegisterTable::Coil, 1), altered(holding(4), |w| w.multiple = true)],
        Writes::Shadow,
    );
    for n in 0..20 {
        b.rig.scan(&[(0, f64::from(n)), (1, f64::from(n % 2)), (2, f64::from(n))]);
    }
    let world = b.server.world();
    assert!(world.log.len() >= 20, "it does read");
    assert!(world.log.iter().all(|entry| matches!(entry.0, 1..=4)), "functions 5, 6, 15, 16, 22 and 23: none");
    drop(world);
    assert_eq!((b.rig.counts().writes, b.rig.counts().blocked), (0, 0), "nothing even tried");
}

#[test]
fn the_safe_outputs_are_written_once_without_a_field() {
    let b = bench(vec![holding(3), holding(4)], Writes::Live);
    let mut gateways: ModbusConfig = config(gateway(&b.url));
    gateways.gateway.insert("gone".into(), gateway("tcp://127.0.0.1:9"));
    let mut all = devices("gw", &[1], &b.registers);
    let mut gone = devices("gone", &[1], &b.registers);
    for (n, bound) in gone[0].points.iter_mut().enumerate() {
        bound.point = PointId::from_index(2 + n);
    }
    all.append(&mut gone);
    let values: Table<PointId, Option<f64>> = Table::filled(4, Some(100.0));
    let deadline = Duration::from_secs(10);
    let reports = b.runtime.block_on(write_once(&gateways, &all, &values, deadline, stamp()));
    let outcomes: Vec<WriteOutcome> = reports.iter().map(|r| r.outcome).collect();
    let failed = WriteOutcome::Failed(Why::Comm);
    assert_eq!(outcomes, [WriteOutcome::Applied, WriteOutcome::Applied, failed, failed]);
    assert_eq!((b.holding(3), b.holding(4)), (Some(100), Some(100)));

    // A register that swallows its write, and every reply lost once: what can be reached is reached.
    b.server.world().mute.insert((1, 3));
    let values: Table<PointId, Option<f64>> = Table::filled(4, Some(55.0));
    let deadline = Duration::from_secs(20);
    let reports = b.runtime.block_on(write_once(&gateways, &all[..1], &values, deadline, stamp()));
    let outcomes: Vec<WriteOutcome> = reports.iter().map(|r| r.outcome).collect();
    assert_eq!(outcomes, [WriteOutcome::Failed(Why::Timeout), WriteOutcome::Applied]);
    assert_eq!(b.holding(4), Some(55));
}

#[test]
fn a_probe_reads_and_passes_on_the_exception() {
    let b = bench(vec![holding(3)], Writes::Live);
    b.server.world().refused.insert((1, 50), 2);
    let url = wattloop::adapters::modbus::Endpoint::try_from(b.url.clone()).unwrap();
    let look = |address| Look { unit: 1, table: RegisterTable::Holding, address, count: 2 };
    let second = Span::from_secs(2);
    let words = b.runtime.block_on(probe(&url, look(7), second, stamp()));
    assert_eq!(words, Ok(vec![super::server::telling(1, 3, 7), super::server::telling(1, 3, 8)]));
    let refused = b.runtime.block_on(probe(&url, look(49), second, stamp()));
    assert_eq!(refused, Err(wattloop::adapters::modbus::Fault::Exception(2)));
}
