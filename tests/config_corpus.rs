//! Configurations that people get wrong, and what they are told.

use wattloop::service::config::{Config, Parsed};

fn read(text: &str) -> Result<Config, String> {
    Parsed::read("site.toml", text, &[], &[]).map(|p| p.config).map_err(|faults| faults.to_string())
}

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// Each row: the text, then what the message must hold.
const WRONG: &[(&str, &[&str])] = &[
    ("hall = \"air\"\nperod = \"1s\"\n", &["site.toml:2:1: `perod` is no key of this file", "did you mean `period`?"]),
    (
        "hall = \"air\"\n[log]\nfromat = \"json\"\n",
        &["site.toml:3:1: `fromat` is no key of `log`", "did you mean `format`?"],
    ),
    (
        "hall = \"air\"\n[log]\nformat = \"jsn\"\n",
        &["site.toml:3:1: `log.format` cannot be `jsn`", "did you mean `json`?"],
    ),
    ("hall = \"air\"\n[journal]\nmax_mb = 1.7\n", &["site.toml:3:1: `journal.max_mb`", "1.7", "a whole number"]),
    ("hall = \"air\"\n[journal]\nmax_mb = \"64\"\n", &["site.toml:3:1: `journal.max_mb`", "a whole number"]),
    ("hall = 3\n", &["site.toml:1:1: `hall`", "a text in quotes"]),
    ("hall = \"air\"\nperiod = 1\n", &["site.toml:2:1: `period`", "a text in quotes"]),
    ("hall = \"air\"\nperiod = \"1 parsec\"\n", &["site.toml:2:1: `period`", "is no length of time", "250ms"]),
    ("hall = \"air\"\nperiod = \"1ms\"\n", &["site.toml:2:1: `period` is 1ms", "10ms", "60s"]),
    ("hall = \"air\"\ndeadline = nan\n", &["site.toml:2:1: `deadline`"]),
    ("hall = \"air\"\ndeadline = inf\n", &["site.toml:2:1: `deadline`"]),
    ("period = \"1s\"\n", &["no hall is named", "hall = \"air\""]),
    ("hall = \"air\"\n[health]\nlisten = \"0.0.0.0:80\"\n", &["site.toml:3:1", "others can reach"]),
    ("hall = \"air\"\n[health]\nlisten = \"localhost\"\n", &["site.toml:3:1", "no address with a port"]),
    ("hall = \"air\"\n[api]\nsocket = \"run/x.sock\"\n", &["site.toml:3:1", "no absolute path"]),
    ("hall = \"air\"\n[log]\nfilter = \"wattloop=loud\"\n", &["site.toml:3:1: `log.filter`"]),
    ("hall = \"air\"\n[watchdog]\nafter = \"1s\"\n", &["site.toml:3:1", "scan < adapter < watchdog < device loss"]),
    (
        "hall = \"air\"\n[mqtt]\npassword = \"hunter2\"\n",
        &["site.toml:3:1: `mqtt.password`", "secrets", "password_file"],
    ),
    ("hall = \"air\"\n[mqtt]\nurl = \"mqtt://a:hunter2@b\"\n", &["site.toml:3:1: `mqtt.url`", "password_file"]),
    ("hall = \"air\"\n[[device]]\nequip = \"x\"\nmap = \"y\"\n", &["site.toml:2:", "gateway or a broker"]),
    (
        "hall = \"air\"\n[modbus.gateway.bms]\nurl = \"tcp://a:502\"\n[[device]]\nequip = \"x\"\nmap = \"y\"\ngateway = \"bns\"\nunit = 1\n",
        &["site.toml:7:1: there is no gateway `bns`", "did you mean `bms`?"],
    ),
    (
        "hall = \"air\"\n[modbus.gateway.bms]\nurl = \"tcp://a:502\"\n[[device]]\nequip = \"x\"\nmap = \"y\"\ngateway = \"bms\"\n",
        &["no unit", "unit = 1"],
    ),
    ("hall = \"air\"\n[[device]]\nequip = \"x\"\nmap = \"y\"\nbroker = true\nunit = 300\n", &["site.toml:6:1", "255"]),
    ("hall = \n", &["site.toml:1:", "no TOML"]),
    ("hall = \"air\"\nhall = \"bench\"\n", &["site.toml:2:1", "no TOML"]),
];

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_do() {
    for (text, wanted) in WRONG {
        let told = read(text).expect_err(text);
        for want in *wanted {
            assert!(told.contains(want), "for\n{text}\nthere is no `{want}` in\n{told}");
        }
        assert!(!told.contains("hunter2"), "a secret leaks into\n{told}");
    }
}

#[test]
fn every_fault_of_a_file_is_told_at_once_and_in_order() {
    let text = "hall = 3\nperod = \"1s\"\n[log]\nformat = \"jsn\"\nfilter = 1\n[[device]]\nunit = 1.5\nequp = \"x\"\n";
    let faults = Parsed::read("site.toml", text, &[], &[]).expect_err("six faults");
    let lines: Vec<usize> = faults.0.iter().map(|f| f.line).collect();
    assert_eq!(lines, [1, 2, 4, 5, 7, 8], "{faults}");
}

#[test]
fn a_fault_from_the_environment_or_a_flag_names_it() {
    let vars = env(&[("WATTLOOP_PERIOD", "soon"), ("WATTLOOP_JOURNAL__MAX_MB", "1.7")]);
    let told =
        Parsed::read("site.toml", "hall = \"air\"\n", &vars, &["log.format=loud".into()]).unwrap_err().to_string();
    assert!(told.contains("env WATTLOOP_PERIOD:1:1: `period`"), "{told}");
    assert!(told.contains("env WATTLOOP_JOURNAL__MAX_MB:1:1: `journal.max_mb`"), "{told}");
    assert!(told.contains("flag --set log.format:1:1: `log.format` cannot be `loud`"), "{told}");
    let secret = env(&[("WATTLOOP_MQTT__PASSWORD", "hunter2")]);
    let told = Parsed::read("site.toml", "hall = \"air\"\n", &secret, &[]).unwrap_err().to_string();
    assert!(told.contains("password_file") && !told.contains("hunter2"), "{told}");
}

#[test]
fn flags_beat_the_environment_beats_the_file_beats_the_default() {
    let text =
        "hall = \"air\"\nperiod = \"2s\"\n[log]\nfilter = \"warn\"\n[modbus.gateway.BMS]\nurl = \"tcp://a:502\"\n";
    let vars = env(&[
        ("WATTLOOP_PERIOD", "3s"),
        ("WATTLOOP_LOG__FORMAT", "json"),
        ("WATTLOOP_CONFIG", "not a key"),
        ("WATTLOOP_MODBUS__GATEWAY__BMS__URL", "tcp://b:502"),
    ]);
    let parsed = Parsed::read("site.toml", text, &vars, &["period=4s".into()]).expect("a good configuration");
    let shown = parsed.show();
    let of = |key: &str| {
        let row = shown.iter().find(|s| s.key == key).unwrap_or_else(|| panic!("no {key} in {shown:#?}"));
        (row.value.as_str(), row.origin.as_str())
    };
    assert_eq!(of("period"), ("\"4s\"", "flag --set period"));
    assert_eq!(of("log.format"), ("\"json\"", "env WATTLOOP_LOG__FORMAT"));
    assert_eq!(of("log.filter"), ("\"warn\"", "site.toml:4"));
    assert_eq!(of("hall"), ("\"air\"", "site.toml:1"));
    assert_eq!(of("deadline"), ("0.4", "default"));
    assert_eq!(of("modbus.gateway.BMS.url"), ("\"tcp://b:502\"", "env WATTLOOP_MODBUS__GATEWAY__BMS__URL"));
}
