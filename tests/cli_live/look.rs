//! `probe` against the simulated hall's own devices.

use std::time::{Duration, Instant};

use serde_json::Value;
use sim::wire::Drill;

use super::rig::{Rig, ends, told, wattloop};

#[test]
fn probe_finds_a_temperature_an_address_that_is_one_off_and_a_device_that_is_dead() {
    let rig = Rig::new("air");
    let url = format!("tcp://{}", rig.stage.hall.gateways()["bms"]);
    let probe = |args: &[&str]| wattloop(&[&["probe", &url, "--unit", "1"], args].concat());

    let output = probe(&["--table", "input", "--address", "16", "--count", "4"]);
    ends(&output, 0, &["   16  0x", "   16  int16    ABCD  ", "int16    BADC", "float64  DCBA"]);
    for order in ["ABCD", "CDAB", "BADC", "DCBA"] {
        for ty in ["int32", "uint32", "float32"] {
            assert!(told(&output).contains(&format!("{ty:<8} {order}  ")), "no {ty} {order} in\n{}", told(&output));
        }
    }
    let output = probe(&["--ref", "30017", "--count", "4", "--json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&shown["table"], &shown["address"]), (&"input".into(), &16.into()));
    let point = rig.hall().point("crah-1/supply-air-temp").expect("the point");
    let truth = rig.stage.hall.stage().world.truth(point).expect("a temperature");
    let read = shown["words"][0].as_f64().expect("a word") / 10.0;
    assert!((read - truth).abs() < 2.0, "read {read} °C, the air is at {truth} °C");

    // The register before the first, as a manual that counts from 1 would have it the other way round.
    ends(&probe(&["--table", "input", "--address", "15", "--count", "1"]), 69, &["no address 15", "16 answers"]);
    ends(&probe(&["--table", "input", "--address", "900", "--count", "1"]), 69, &["neighbours are refused too"]);
    ends(&wattloop(&["probe", &url, "--unit", "99", "--ref", "30017"]), 69, &["does not reach the unit"]);

    assert!(rig.stage.hall.drill("bms", 1, Drill { dead: true, ..Drill::default() }));
    let begun = Instant::now();
    ends(&probe(&["--ref", "30017", "--timeout", "300ms"]), 69, &["no answer in time"]);
    assert!(begun.elapsed() < Duration::from_secs(20), "a dead device holds nobody up");
    let none = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    ends(&wattloop(&["probe", &format!("tcp://{none}"), "--address", "0"]), 69, &["there is no connection"]);
}
