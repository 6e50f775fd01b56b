//! A reply that is late, odd or somebody else's is never taken for the one that is asked for: over TCP, over RTU in
//! TCP, and on a serial line up to the worst reply time.

use std::time::Duration;

use super::rig::{Rig, devices, gateway, register, runtime};
use super::server::{Manner, Server, telling};
use plant::device::{Register, RegisterTable};
use plant::time::Span;
use proptest::prelude::*;
use wattloop::adapters::modbus::{Gateway, Writes};

/// Requests of equal shape: every one of these registers is too far from the others to be read with them.
fn scattered() -> Vec<Register> {
    let holding = [0, 100, 200, 300].map(|a| register(RegisterTable::Holding, a));
    let input = [0].map(|a| register(RegisterTable::Input, a));
    holding.into_iter().chain(input).collect()
}

/// A bus with neighbours, and one with a single unit: there the next request is to the same one.
const UNITS: [u8; 2] = [1, 2];
const ALONE: [u8; 1] = [1];

/// Every good sample is the one register's own value. How many are good.
fn truth(rig: &Rig, units: &[u8]) -> usize {
    let registers = scattered();
    let mut good = 0;
    for (n, unit) in units.iter().enumerate() {
        for (k, r) in registers.iter().enumerate() {
            let function = if r.table == RegisterTable::Holding { 3 } else { 4 };
            if let Ok(value) = rig.value(n * registers.len() + k) {
                assert_eq!(value, f64::from(telling(*unit, function, r.address)), "unit {unit} {r:?}");
                good += 1;
            }
        }
    }
    good
}

/// Replies after 60 ms are late.
fn hurried(url: &str) -> Gateway {
    Gateway { timeout: Span::from_millis(60), ..gateway(url) }
}

fn run(gateway: Gateway, server: &Server, units: &[u8], script: &[Manner]) {
    let mut rig = Rig::new(gateway, &devices("gw", units, &scattered()), Writes::Live);
    rig.poll();
    let all = units.len() * scattered().len();
    server.world().script.extend(script);
    rig.until("the script is played", |rig| {
        truth(rig, units);
        server.world().script.is_empty()
    });
    rig.until("every point is read again", |rig| truth(rig, units) == all);
    for _ in 0..3 {
        rig.poll();
        truth(&rig, units);
    }
}

fn over_tcp(units: &[u8], script: &[Manner]) {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let (at, _task) = runtime.block_on(server.listen("127.0.0.1:0"));
    run(hurried(&format!("tcp://{at}")), &server, units, script);
}

const WORST: Span = Span::from_millis(250);

fn over_rtu_tcp(units: &[u8], script: &[Manner]) {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server { rtu: true, worst: Some(Duration::from_millis(200)), ..Server::default() };
    let (at, _task) = runtime.block_on(server.listen("127.0.0.1:0"));
    run(Gateway { worst_reply: WORST, ..hurried(&format!("rtu+tcp://{at}")) }, &server, units, script);
}

/// The line stays while its reader comes and goes: what is sent meanwhile waits in the kernel, as on a real one.
fn over_serial(units: &[u8], script: &[Manner]) {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server { rtu: true, worst: Some(Duration::from_millis(200)), ..Server::default() };
    let (near, _far, path) = super::server::line();
    let serving = server.clone();
    runtime.spawn(async move { serving.serve(near).await });
    let url = format!("rtu://{path}?baud=115200&fmt=8N1");
    run(Gateway { worst_reply: WORST, ..hurried(&url) }, &server, units, script);
}

fn any_manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        3 => Just(Manner::Answer),
        6 => (1..150_u64).prop_map(Manner::Late),
        1 => Just(Manner::Never),
        2 => Just(Manner::WrongId),
        1 => Just(Manner::WrongUnit),
        1 => Just(Manner::WrongFunction),
        1 => Just(Manner::Truncated),
        1 => Just(Manner::ByteByByte),
        1 => Just(Manner::LyingCount),
        1 => Just(Manner::Garbage),
        1 => Just(Manner::Twice),
        1 => Just(Manner::Reset),
        1 => Just(Manner::HalfThenReset),
        1 => Just(Manner::Exception(6)),
    ]
}

/// What a serial device can do; on a line without transaction ids a second copy of a reply cannot be told from the
/// reply to the same question.
fn serial_manner() -> impl Strategy<Value = Manner> {
    prop_oneof![
        3 => Just(Manner::Answer),
        4 => (1..180_u64).prop_map(Manner::Late),
        1 => Just(Manner::Never),
        1 => Just(Manner::WrongUnit),
        1 => Just(Manner::WrongFunction),
        1 => Just(Manner::Truncated),
        1 => Just(Manner::ByteByByte),
        1 => Just(Manner::LyingCount),
        1 => Just(Manner::Garbage),
    ]
}

/// The same with an answer now and then: connections that never carry one are made further and further apart, up to half a minute.
fn answered(script: Vec<Manner>) -> Vec<Manner> {
    script.chunks(5).flat_map(|some| some.iter().copied().chain([Manner::Answer])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_schedule_of_bad_manners_moves_a_value_over_tcp(alone: bool, script in prop::collection::vec(any_manner(), 1..30)) {
        over_tcp(if alone { &ALONE } else { &UNITS }, &answered(script));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, max_shrink_iters: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_schedule_of_bad_manners_moves_a_value_over_rtu_in_tcp(alone: bool, script in prop::collection::vec(serial_manner(), 1..8)) {
        over_rtu_tcp(if alone { &ALONE } else { &UNITS }, &script);
    }

    #[test]
    fn no_schedule_of_bad_manners_moves_a_value_on_a_serial_line(alone: bool, script in prop::collection::vec(serial_manner(), 1..8)) {
        over_serial(if alone { &ALONE } else { &UNITS }, &script);
    }
}

#[test]
fn each_bad_manner_alone_is_survived() {
    use Manner::*;
    for manner in [
        Late(80),
        Late(300),
        Never,
        WrongId,
        WrongUnit,
        WrongFunction,
        Truncated,
        ByteByByte,
        LyingCount,
        Garbage,
        Twice,
        Reset,
        HalfThenReset,
    ] {
        over_tcp(&UNITS, &[manner, manner]);
        over_tcp(&ALONE, &[Answer, manner, Answer, manner]);
    }
}

#[test]
fn a_late_reply_on_a_shared_connection_is_dropped_and_the_connection_stays() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = Server::default();
    let (at, _task) = runtime.block_on(server.listen("127.0.0.1:0"));
    let gateway = Gateway { timeout: Span::from_millis(200), ..gateway(&format!("tcp://{at}")) };
    let mut rig = Rig::new(gateway, &devices("gw", &UNITS, &scattered()), Writes::Live);
    rig.poll();
    for _ in 0..10 {
        server.world().script.push_back(Manner::Late(250));
        rig.poll();
        assert!(truth(&rig, &UNITS) >= 5, "the other unit is read all the same");
        rig.until("both answer", |rig| truth(rig, &UNITS) == 10);
    }
    let counts = rig.counts();
    assert_eq!(counts.connects, 1, "{counts:?}");
    assert!(counts.timeouts >= 10 && counts.late >= 9, "{counts:?}");
}

#[test]
fn a_late_reply_on_a_serial_line_is_waited_out() {
    over_serial(&UNITS, &[Manner::Late(80), Manner::Late(120), Manner::Answer, Manner::Late(180)]);
    // Late for one register, in time for the first one of the next scan if that is asked for too soon.
    for late in [90, 110, 130, 150, 170] {
        let slow = Manner::Late(45);
        let script = [Manner::Answer, Manner::Answer, Manner::Late(late), slow, slow, slow, slow];
        over_serial(&ALONE, &script);
        over_rtu_tcp(&ALONE, &script);
    }
}
