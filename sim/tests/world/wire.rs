//! A simulated hall on real sockets: what a client reads is the world, what it writes moves it.

use std::sync::Arc;
use std::time::Duration;

use super::stand::{quiet, shipped};
use plant::bind::{Assignment, Bindings, Link};
use plant::device::{DeviceMap, codec};
use plant::hall::Hall;
use sim::World;
use sim::wire::{self, Drill, Options, Running};
use tokio_modbus::client::{Context, tcp};
use tokio_modbus::prelude::*;

fn bound() -> (Hall, Bindings, World) {
    let (mut hall, physics) = shipped("air");
    let maps: Vec<Arc<DeviceMap>> = plant::shipped::DEVICES
        .iter()
        .map(|(name, text)| Arc::new(DeviceMap::load(name, text).unwrap_or_else(|faults| panic!("{faults}"))))
        .collect();
    let assignment =
        |equip: &str, map: &str, link| Assignment { equip: equip.to_owned(), map: map.to_owned(), link, place: (1, 1) };
    let behind = |gateway: &str, unit| Link::Modbus { gateway: gateway.to_owned(), unit };
    let assignments = [
        assignment("crah-*", "crah-controller", behind("cooling", 1)),
        assignment("chw", "pump-skid", behind("cooling", 20)),
        assignment("utility", "power-meter", behind("meters", 1)),
        assignment("rack-*", "rack-sensor", Link::Mqtt),
    ];
    let bindings =
        Bindings::resolve(&mut hall, &maps, &assignments, "test").unwrap_or_else(|faults| panic!("{faults}"));
    let world = World::load(&hall, "air", &quiet(physics)).unwrap_or_else(|faults| panic!("{faults}"));
    (hall, bindings, world)
}

pub(super) async fn served(options: Options) -> (Hall, Bindings, Running) {
    let (hall, bindings, world) = bound();
    let running = wire::serve(world, &bindings, &options).await.expect("loopback listens");
    (hall, bindings, running)
}

pub(super) fn at(speed: f64) -> wire::Pace {
    wire::Pace::Free { speed, step: Duration::from_millis(20) }
}

fn brisk() -> Options {
    Options { pace: at(1.0), ..Options::default() }
}

pub(super) async fn client(running: &Running, gateway: &str, unit: u8) -> Context {
    tcp::connect_slave(running.gateways()[gateway], Slave(unit)).await.expect("the gateway listens")
}

/// Waits until it is so, for half a minute at most.
pub(super) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..600 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

#[tokio::test]
async fn every_register_reads_as_the_world_it_stands_for() {
    let (hall, bindings, running) = served(brisk()).await;
    until("the first step", || running.stage().world.elapsed().millis() > 100).await;
    let mut compared = 0;
    for device in &bindings.modbus {
        let mut client = client(&running, &device.gateway, device.unit).await;
        for (register, bound) in device.map.registers.iter().zip(&device.points) {
            use plant::device::RegisterTable as Table;
            let (at, n) = (register.address, codec::word_count(register));
            let value = match register.table {
                Table::Input => codec::decode(register, &client.read_input_registers(at, n).await.unwrap().unwrap()),
                Table::Holding => {
                    codec::decode(register, &client.read_holding_registers(at, n).await.unwrap().unwrap())
                }
                Table::Discrete => {
                    codec::decode_bit(register, client.read_discrete_inputs(at, 1).await.unwrap().unwrap()[0])
                }
                Table::Coil => codec::decode_bit(register, client.read_coils(at, 1).await.unwrap().unwrap()[0]),
            };
            let value = value.unwrap_or_else(|why| panic!("{}: {why}", register.point));
            let canonical = value * bound.to_canonical.scale + bound.to_canonical.offset;
            if let Some(truth) = running.stage().world.truth(bound.point) {
                // The world goes on between the read and the look; sensors are quiet, so little else can differ.
                let slack = (2.0 * register.scale * bound.to_canonical.scale).abs() + 0.02 * truth.abs() + 0.5;
                assert!(
                    (canonical - truth).abs() <= slack,
                    "{}: {canonical} against {truth}",
                    hall.points[bound.point].name
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 6 * 6 + 6 + 2, "{compared} registers stand for points of the world");
    assert!(running.requests().keys().all(|code| (1..=4).contains(code)), "reads only: {:?}", running.requests());
    running.stop().await;
}

#[tokio::test]
async fn a_write_moves_the_fan_and_reads_back() {
    let (hall, _, running) = served(Options { pace: at(20.0), ..brisk() }).await;
    let mut client = client(&running, "cooling", 2).await;
    client.write_single_register(2, 875).await.unwrap().unwrap();
    assert_eq!(client.read_holding_registers(2, 1).await.unwrap().unwrap(), [875], "at once");
    let feedback = hall.point("crah-2/fan-speed-feedback").unwrap();
    let other = hall.point("crah-1/fan-speed-feedback").unwrap();
    until("the fan follows", || running.stage().world.truth(feedback).is_some_and(|x| (x - 87.5).abs() < 0.01)).await;
    assert!((running.stage().world.truth(other).unwrap() - 60.0).abs() < 0.01, "its neighbour does not");
    client.write_multiple_registers(2, &[300, 450]).await.unwrap().unwrap();
    assert_eq!(client.read_holding_registers(2, 2).await.unwrap().unwrap(), [300, 450]);
    assert_eq!(running.requests().get(&6), Some(&1));
    assert_eq!(running.requests().get(&16), Some(&1));
    running.stop().await;
}

#[tokio::test]
async fn what_is_not_there_answers_with_the_right_exception() {
    let (_, _, running) = served(brisk()).await;
    until("the first step", || running.stage().world.elapsed().millis() > 0).await;
    let mut client = client(&running, "cooling", 1).await;
    let code = |answer: Result<Result<Vec<u16>, ExceptionCode>, tokio_modbus::Error>| answer.unwrap().unwrap_err();
    assert_eq!(code(client.read_input_registers(999, 1).await), ExceptionCode::IllegalDataAddress);
    assert_eq!(code(client.read_holding_registers(2, 3).await), ExceptionCode::IllegalDataAddress);
    let refused = client.write_single_register(2, 1500).await.unwrap().unwrap_err();
    assert_eq!(refused, ExceptionCode::IllegalDataValue, "150 % is not written");
    assert_eq!(client.write_single_register(16, 5).await.unwrap().unwrap_err(), ExceptionCode::IllegalDataAddress);
    assert_eq!(client.write_single_coil(0, true).await.unwrap().unwrap_err(), ExceptionCode::IllegalDataAddress);
    client.set_slave(Slave(77));
    assert_eq!(code(client.read_input_registers(16, 1).await), ExceptionCode::GatewayTargetDevice);
    running.stop().await;
}

/// A CRAH with everything a register can be.
const ODD: &str = r#"
id = "odd"
kind = "crah"
vendor = "Reference"
model = "Odd"
[comm-loss]
after = "60s"
action = "Fan to 100 %"
[[register]]
point = "fan-speed"
ref = 40011
type = "float32"
byte-order = "CDAB"
unit = "%"
access = "rw"
write-min = 0.0
write-max = 100.0
failsafe = 100.0
refresh = "10s"
read-back = true
tolerance = 0.1
[[register]]
point = "valve"
ref = "00006"
scale = 100.0
unit = "%"
access = "rw"
write-min = 0.0
write-max = 100.0
failsafe = 100.0
refresh = "10s"
read-back = true
tolerance = 0.1
[[register]]
point = "purging"
ref = "00007"
unit = "1"
"#;

#[tokio::test]
async fn coils_and_long_registers_are_written_whole() {
    let (mut hall, physics) = shipped("air");
    let maps = [Arc::new(DeviceMap::load("odd", ODD).unwrap_or_else(|faults| panic!("{faults}")))];
    let link = Link::Modbus { gateway: "g".to_owned(), unit: 1 };
    let assignments = [Assignment { equip: "crah-1".to_owned(), map: "odd".to_owned(), link, place: (1, 1) }];
    let bindings = Bindings::resolve(&mut hall, &maps, &assignments, "t").unwrap_or_else(|faults| panic!("{faults}"));
    let world = World::load(&hall, "air", physics).unwrap_or_else(|faults| panic!("{faults}"));
    let running = wire::serve(world, &bindings, &brisk()).await.unwrap();
    let mut client = client(&running, "g", 1).await;
    let bits = 72.5f32.to_bits().to_be_bytes();
    let words = [u16::from_be_bytes([bits[2], bits[3]]), u16::from_be_bytes([bits[0], bits[1]])];
    assert_eq!(
        client.write_single_register(10, words[0]).await.unwrap().unwrap_err(),
        ExceptionCode::IllegalDataAddress
    );
    client.write_multiple_registers(10, &words).await.unwrap().unwrap();
    assert_eq!(client.read_holding_registers(10, 2).await.unwrap().unwrap(), words);
    let speed = hall.point("crah-1/fan-speed").unwrap();
    until("the world holds it", || running.stage().world.truth(speed) == Some(72.5)).await;
    client.write_single_coil(5, false).await.unwrap().unwrap();
    assert_eq!(client.read_coils(5, 2).await.unwrap().unwrap(), [false, false]);
    client.write_multiple_coils(5, &[true]).await.unwrap().unwrap();
    assert_eq!(client.read_coils(5, 2).await.unwrap().unwrap(), [true, false]);
    let refused = client.write_multiple_coils(5, &[false, true]).await.unwrap().unwrap_err();
    assert_eq!(refused, ExceptionCode::IllegalDataAddress, "the second is read-only");
    assert_eq!(client.read_coils(5, 2).await.unwrap().unwrap(), [true, false], "a refused write writes nothing");
    running.stop().await;
}

#[tokio::test]
async fn a_device_that_hears_nothing_runs_by_itself() {
    // 30 s of silence by the map; reads keep one CRAH's ear open, the other hears nothing at all.
    let (hall, _, running) = served(Options { pace: at(1.0), ..brisk() }).await;
    let point = |name: &str| hall.point(name).unwrap();
    let (talked, silent) = (point("crah-1/fan-speed-feedback"), point("crah-2/fan-speed-feedback"));
    {
        let mut stage = running.stage();
        for name in ["crah-1", "crah-2"] {
            let equip = hall.equip(name).unwrap();
            stage.world.set_patience(equip, plant::time::Span::from_secs(2));
        }
    }
    let mut client = client(&running, "cooling", 1).await;
    for _ in 0..300 {
        client.read_input_registers(16, 1).await.unwrap().unwrap();
        if running.stage().world.truth(silent).unwrap() > 70.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(running.stage().world.truth(silent).unwrap() > 70.0, "alone it speeds up");
    assert!(running.stage().world.truth(talked).unwrap() < 70.0, "the other still listens");
    running.stop().await;
}

#[tokio::test]
async fn drills_do_what_they_say() {
    let (hall, _, running) = served(Options { pace: at(20.0), ..brisk() }).await;
    until("the first step", || running.stage().world.elapsed().millis() > 0).await;
    let mut client = client(&running, "cooling", 3).await;
    let speed = hall.point("crah-3/fan-speed").unwrap();

    assert!(running.drill("cooling", 3, Drill { deaf: true, ..Drill::default() }));
    client.write_single_register(2, 333).await.unwrap().unwrap();
    assert_eq!(client.read_holding_registers(2, 1).await.unwrap().unwrap(), [600], "acknowledged, not applied");

    assert!(running.drill("cooling", 3, Drill { garbled: true, ..Drill::default() }));
    assert_eq!(client.read_input_registers(16, 2).await.unwrap().unwrap(), [0x8000, 0x8000]);

    assert!(running.drill("cooling", 3, Drill { exception: Some(4), ..Drill::default() }));
    let refused = client.read_input_registers(16, 1).await.unwrap().unwrap_err();
    assert_eq!(refused, ExceptionCode::ServerDeviceFailure);

    assert!(running.drill("cooling", 3, Drill { late: Some(Duration::from_millis(300)), ..Drill::default() }));
    let begin = std::time::Instant::now();
    client.read_input_registers(16, 1).await.unwrap().unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(300));

    assert!(running.drill("cooling", 3, Drill::default()));
    assert!(running.foreign_write(speed, 45.0));
    until("the stranger's value shows", || running.stage().inputs.samples[speed].value == Ok(45.0)).await;
    assert_eq!(client.read_holding_registers(2, 1).await.unwrap().unwrap(), [450]);

    assert!(running.drill("cooling", 3, Drill { dead: true, ..Drill::default() }));
    let answer = tokio::time::timeout(Duration::from_millis(500), client.read_input_registers(16, 1)).await;
    assert!(answer.is_err(), "a dead unit is silent");
    assert!(!running.drill("cooling", 99, Drill::default()));
    running.stop().await;
}

#[tokio::test]
async fn a_world_that_is_stopped_answers_no_more() {
    let (_, _, running) = served(brisk()).await;
    let address = running.gateways()["cooling"];
    until("the first step", || running.stage().world.elapsed().millis() > 0).await;
    let world = running.stop().await;
    assert!(world.ledger_residual() < 1e-9);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

/// Accepts one MQTT 3.1.1 client and gives back every QoS 0 message it publishes.
async fn broker(listener: tokio::net::TcpListener, messages: tokio::sync::mpsc::UnboundedSender<(String, String)>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut socket, _) = listener.accept().await.expect("somebody comes");
    loop {
        let Ok(kind) = socket.read_u8().await else { return };
        let (mut length, mut shift) = (0usize, 0);
        loop {
            let byte = socket.read_u8().await.expect("a length");
            length |= usize::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                break;
            }
        }
        let mut body = vec![0; length];
        socket.read_exact(&mut body).await.expect("a body");
        match kind >> 4 {
            1 => socket.write_all(&[0x20, 2, 0, 0]).await.expect("CONNACK"),
            3 => {
                let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
                let text = |part: &[u8]| String::from_utf8(part.to_vec()).expect("text");
                drop(messages.send((text(&body[2..2 + topic]), text(&body[2 + topic..]))));
            }
            12 => socket.write_all(&[0xD0, 0]).await.expect("PINGRESP"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn rack_sensors_publish_what_their_map_says() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, mut messages) = tokio::sync::mpsc::unbounded_channel();
    let broker = tokio::spawn(broker(listener, sender));
    let at = wire::Broker { host: "127.0.0.1".to_owned(), port, client: "hall".to_owned(), login: None };
    let options = Options { broker: Some(at), publish: Duration::from_millis(100), ..brisk() };
    let (hall, _, running) = served(options).await;
    let lost = hall.point("rack-a07/outlet-air-temp").unwrap();
    running.stage().world.inject(sim::Fault::Sensor { point: lost, how: sim::SensorFault::Lost });
    let nan = hall.point("rack-a08/inlet-air-temp").unwrap();
    running.stage().world.inject(sim::Fault::Sensor { point: nan, how: sim::SensorFault::NotANumber });
    tokio::time::sleep(Duration::from_millis(500)).await;
    while messages.try_recv().is_ok() {}
    let mut seen = std::collections::BTreeMap::new();
    while seen.len() < 40 {
        let next = tokio::time::timeout(Duration::from_secs(30), messages.recv()).await.expect("messages come");
        let (topic, payload) = next.expect("the broker lives");
        seen.insert(topic, serde_json::from_str::<serde_json::Value>(&payload).expect("JSON"));
    }
    let one = &seen["sensors/rack-b20"];
    let truth = |name: &str| running.stage().world.truth(hall.point(name).unwrap()).unwrap();
    assert!((one["inlet"].as_f64().unwrap() - truth("rack-b20/inlet-air-temp")).abs() < 1.0, "{one}");
    assert!((one["outlet"].as_f64().unwrap() - truth("rack-b20/outlet-air-temp")).abs() < 2.0, "{one}");
    assert!((one["power_kw"].as_f64().unwrap() * 1e3 - truth("rack-b20/power")).abs() < 500.0, "{one}");
    assert!((one["ts"].as_i64().unwrap() - running.stage().wall.0).abs() < 60_000, "{one}");
    assert!(seen["sensors/rack-a07"].get("outlet").is_none(), "a lost sensor says nothing");
    assert!(seen["sensors/rack-a07"].get("inlet").is_some());
    assert!(seen["sensors/rack-a08"]["inlet"].is_null(), "no number is null");
    running.stop().await;
    broker.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_s_tool_reads_the_hall() {
    let required = std::env::var("WLTEST_PEERS").is_ok_and(|v| v == "required");
    if std::process::Command::new("mbpoll").arg("-V").output().is_err() {
        assert!(!required, "mbpoll is missing and WLTEST_PEERS=required");
        println!("skipped: mbpoll is not installed");
        return;
    }
    let (hall, _, running) = served(brisk()).await;
    let port = running.gateways()["cooling"].port().to_string();
    let call = |rest: &[&str]| {
        let mut command = std::process::Command::new("mbpoll");
        command.args(["-m", "tcp", "-p", &port]).args(rest);
        command.stdin(std::process::Stdio::null());
        command.output().expect("mbpoll runs")
    };
    let out = tokio::task::block_in_place(|| call(&["-t", "3", "-a", "1", "-r", "17", "-c", "4", "-1", "127.0.0.1"]));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let word = |reference: &str| {
        let line = text.lines().find(|l| l.trim_start().starts_with(reference));
        let number = line.and_then(|l| l.split_whitespace().nth(1)).and_then(|n| n.parse::<f64>().ok());
        number.unwrap_or_else(|| panic!("{reference} in {text}"))
    };
    let supply = running.stage().world.truth(hall.point("crah-1/supply-air-temp").unwrap()).unwrap();
    assert!((word("[17]") / 10.0 - supply).abs() < 1.0, "{text} against {supply}");
    assert!((word("[19]") / 10.0 - 60.0).abs() < 0.2, "{text}");
    let out = tokio::task::block_in_place(|| call(&["-t", "4", "-a", "1", "-r", "3", "127.0.0.1", "420"]));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    let command = hall.point("crah-1/fan-speed").unwrap();
    until("the write arrives", || running.stage().inputs.samples[command].value == Ok(42.0)).await;
    running.stop().await;
}
