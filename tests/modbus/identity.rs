//! Who a unit is: asked before anything is written or believed, on every connection and after every silence.

use std::sync::Arc;
use std::time::Duration;

use super::rig::{Rig, config, devices, gateway, runtime, stamp};
use super::server::{Manner, Server};
use super::writes::holding;
use plant::bind::ModbusDevice;
use plant::command::WriteOutcome;
use plant::device::{ByteOrder, DeviceMap, IdentityMark, RegisterTable, RegisterType};
use plant::id::{PointId, Table};
use plant::reading::Why;
use plant::time::Span;
use wattloop::adapters::modbus::{Writes, write_once};

const RIGHT: u16 = 4711;
const WRONG: u16 = 4712;

/// Two units, of which the first must say who it is.
fn marked() -> Vec<ModbusDevice> {
    let mut devices = devices("gw", &[1, 2], &[holding(3)]);
    let mark = IdentityMark {
        table: RegisterTable::Holding,
        address: 100,
        ty: RegisterType::Uint16,
        byte_order: ByteOrder::Abcd,
        expect: vec![1, u64::from(RIGHT)],
        place: (1, 1),
    };
    devices[0].map = Arc::new(DeviceMap { identity: vec![mark], ..DeviceMap::clone(&devices[0].map) });
    devices
}

/// A server before which an adapter stands, over TCP or RTU over TCP.
struct Bench {
    rig: Rig,
    server: Server,
    url: String,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new(rtu: bool, says: u16) -> Self {
        let runtime = runtime();
        let inside = runtime.enter();
        let server = Server { rtu, ..Server::default() };
        server.world().written.insert((1, 3, 100), says);
        let (at, _task) = runtime.block_on(server.listen("127.0.0.1:0"));
        let url = if rtu { format!("rtu+tcp://{at}") } else { format!("tcp://{at}") };
        let mut gateway = gateway(&url);
        (gateway.timeout, gateway.worst_reply) = (Span::from_millis(500), Span::from_millis(500));
        let rig = Rig::new(gateway, &marked(), Writes::Live);
        drop(inside);
        Self { rig, server, url, runtime }
    }

    fn says(&self, product: u16) {
        self.server.world().written.insert((1, 3, 100), product);
    }

    /// How many requests came to a unit that write something.
    fn writes(&self, unit: u8) -> usize {
        self.server.world().log.iter().filter(|(function, to, ..)| *to == unit && *function > 4).count()
    }

    fn holds(&self, unit: u8) -> Option<u16> {
        self.server.world().written.get(&(unit, 3, 3)).copied()
    }
}

#[test]
fn another_device_is_neither_written_nor_believed_until_the_right_one_is_there() {
    for rtu in [false, true] {
        let mut b = Bench::new(rtu, WRONG);
        for _ in 0..8 {
            b.rig.scan(&[(0, 460.0), (1, 470.0)]);
        }
        assert_eq!(b.rig.value(0), Err(Why::WrongDevice));
        assert_eq!(b.writes(1), 0, "no function that writes has reached it");
        assert_eq!(b.rig.outcomes(0), [WriteOutcome::Failed(Why::WrongDevice)], "told once");
        assert_eq!((b.rig.value(1), b.holds(2)), (Ok(470.0), Some(470)), "its neighbour goes on");
        assert!(b.rig.counts().strangers >= 1);
        b.says(RIGHT);
        b.rig.until("the right one is read", |rig| rig.value(0).is_ok());
        b.rig.scan(&[(0, 460.0), (1, 470.0)]);
        assert_eq!((b.holds(1), b.rig.outcomes(0).last()), (Some(460), Some(&WriteOutcome::Applied)));
    }
}

#[test]
fn a_device_that_is_swapped_behind_a_new_connection_gets_no_write() {
    for rtu in [false, true] {
        let mut b = Bench::new(rtu, RIGHT);
        b.rig.scan(&[(0, 460.0), (1, 470.0)]);
        assert_eq!((b.holds(1), b.writes(1)), (Some(460), 1));
        b.says(WRONG);
        b.server.world().script.push_back(Manner::Reset);
        b.rig.poll();
        for value in 500..505 {
            b.rig.scan(&[(0, f64::from(value)), (1, f64::from(value))]);
        }
        b.rig.until("its neighbour has the newest", |rig| rig.value(1) == Ok(504.0));
        assert_eq!((b.writes(1), b.holds(1)), (1, Some(460)), "nothing after the swap");
        assert_eq!(b.rig.value(0), Err(Why::WrongDevice));
    }
}

#[test]
fn a_connection_that_breaks_under_a_write_is_not_used_for_the_next_one_unseen() {
    let mut b = Bench::new(false, RIGHT);
    b.rig.scan(&[(0, 460.0), (1, 470.0)]);
    b.says(WRONG);
    // The write itself ends the connection: it went to the device that was there, and was not taken.
    b.server.world().script.push_back(Manner::Reset);
    b.rig.write(&[(0, 500.0), (1, 500.0)]);
    for value in 501..505 {
        b.rig.scan(&[(0, f64::from(value)), (1, f64::from(value))]);
    }
    b.rig.until("its neighbour has the newest", |rig| rig.value(1) == Ok(504.0));
    assert_eq!(b.writes(1), 2, "the first, and the one that broke");
    assert_eq!(b.holds(1), Some(460));
}

#[test]
fn a_device_that_is_swapped_while_it_is_silent_gets_no_write() {
    let mut b = Bench::new(false, RIGHT);
    b.rig.scan(&[(0, 460.0), (1, 470.0)]);
    b.server.world().dead.insert(1);
    b.rig.scan(&[(0, 460.0), (1, 470.0)]);
    assert_eq!(b.rig.value(0), Err(Why::Timeout));
    b.says(WRONG);
    b.server.world().dead.clear();
    b.rig.until("it answers, and is another", |rig| rig.value(0) == Err(Why::WrongDevice));
    b.rig.scan(&[(0, 500.0), (1, 500.0)]);
    assert_eq!(b.writes(1), 1);
}

#[test]
fn a_device_without_the_register_is_another_one_also_for_the_small_path() {
    let mut b = Bench::new(false, RIGHT);
    b.server.world().refused.insert((1, 100), 2);
    b.rig.scan(&[(0, 460.0), (1, 470.0)]);
    assert_eq!((b.rig.value(0), b.writes(1)), (Err(Why::WrongDevice), 0));
    assert!(!b.rig.hand_over(&[(0, 100.0), (1, 100.0)]), "what is not who it should be is not called safe");
    let values: Table<PointId, Option<f64>> = Table::filled(2, Some(100.0));
    let gateways = config(gateway(&b.url));
    let deadline = Duration::from_secs(10);
    let reports = b.runtime.block_on(write_once(&gateways, &marked(), &values, deadline, stamp()));
    let outcomes: Vec<WriteOutcome> = reports.iter().map(|r| r.outcome).collect();
    assert_eq!(outcomes, [WriteOutcome::Failed(Why::WrongDevice), WriteOutcome::Applied]);
    assert_eq!((b.writes(1), b.holds(2)), (0, Some(100)));
}
