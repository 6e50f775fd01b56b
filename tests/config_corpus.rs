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
    ("hall = \"air\"\n[history]\nevery = \"10ms\"\n", &["site.toml:3:1: `history.every` is 10ms", "100ms", "60min"]),
    ("hall = \"air\"\n[history]\nheartbeat = \"2d\"\n", &["site.toml:3:1: `history.heartbeat` is 48h"]),
    (
        "hall = \"air\"\n[history]\nevery = \"1min\"\nheartbeat = \"5s\"\n",
        &["site.toml:4:1", "shorter than `history.every`"],
    ),
    ("hall = \"air\"\n[history]\n\n  max_mb = 0\n", &["site.toml:4:3: `history.max_mb` is 0", "1 and 1000000"]),
    ("hall = \"air\"\n[history]\nmax_age = \"1min\"\n", &["site.toml:3:1: `history.max_age`"]),
    ("hall = \"air\"\n[history]\nmax_age = \"soon\"\n", &["site.toml:3:1: `history.max_age`", "no length of time"]),
    (
        "hall = \"air\"\n[history.influx]\nurl = \"db:8086\"\nbucket = \"\"\ntimeout = \"1h\"\nlongest_pause = \"1ms\"\nspool_mb = 0\nspool_age = \"1s\"\n",
        &[
            "site.toml:3:1: `history.influx.url`",
            "site.toml:4:1",
            "site.toml:5:1",
            "site.toml:6:1",
            "site.toml:7:1",
            "site.toml:8:1",
        ],
    ),
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

/// What a configuration names is loaded and checked together.
mod together {
    use std::path::PathBuf;

    use wattloop::service::config::{Keeper, Loaded, Sources, diff, load, rebuild};

    fn sources(dir: &std::path::Path, text: &str) -> Sources {
        let file = dir.join("site.toml");
        std::fs::write(&file, text).expect("a file");
        Sources { file, env: Vec::new(), flags: Vec::new() }
    }

    fn told(text: &str) -> String {
        let dir = tempfile::tempdir().expect("a directory");
        load(&sources(dir.path(), text)).expect_err(text).to_string()
    }

    fn shipped(name: &str) -> Sources {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config").join(format!("{name}.toml"));
        Sources { file, env: Vec::new(), flags: Vec::new() }
    }

    #[test]
    fn the_shipped_sites_have_no_fault_and_bind_every_point_that_is_commanded() {
        for name in ["air", "bench"] {
            let Loaded { hall, bindings, .. } = load(&shipped(name)).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(hall.name, name);
            assert_eq!(bindings.warnings(&hall, name), [], "an output without a device");
        }
    }

    #[test]
    fn a_recorded_configuration_builds_the_same_hall_again() {
        for name in ["air", "bench"] {
            let loaded = load(&shipped(name)).expect("it loads");
            assert_eq!(rebuild(&loaded.texts).expect("it builds"), loaded.site());
            assert_eq!(loaded.texts.hash(), load(&shipped(name)).expect("it loads").texts.hash());
        }
    }

    #[test]
    fn names_that_nobody_has_are_told_with_a_suggestion() {
        let unknown_hall = told("hall = \"aire\"\n");
        assert!(unknown_hall.contains("site.toml:1:1: no hall `aire` is shipped"), "{unknown_hall}");
        assert!(unknown_hall.contains("did you mean `air`?"), "{unknown_hall}");
        let gone = told("hall = \"gone.toml\"\nmaps = [\"also-gone.toml\"]\n");
        assert!(gone.contains("`gone.toml` cannot be read") && gone.contains("`also-gone.toml`"), "{gone}");
        let bench = "hall = \"bench\"\n[modbus.gateway.g]\nurl = \"tcp://a:1\"\n[watchdog]\nafter = \"5s\"\n";
        let map =
            told(&format!("{bench}[[device]]\nequip = \"fan-1\"\nmap = \"bench-fn\"\ngateway = \"g\"\nunit = 1\n"));
        assert!(map.contains("site.toml:8:1: there is no device map `bench-fn`"), "{map}");
        assert!(map.contains("did you mean `bench-fan`?"), "{map}");
        let equip =
            told(&format!("{bench}[[device]]\nequip = \"fan-9\"\nmap = \"bench-fan\"\ngateway = \"g\"\nunit = 1\n"));
        assert!(equip.contains("fan-9"), "{equip}");
    }

    #[test]
    fn patience_must_grow_from_the_scan_outward() {
        let site = |period: &str, after: &str| {
            format!(
                "hall = \"bench\"\nperiod = \"{period}\"\n[watchdog]\nafter = \"{after}\"\n[modbus.gateway.g]\n\
                 url = \"tcp://a:1\"\n[[device]]\nequip = \"fan-1\"\nmap = \"bench-fan\"\ngateway = \"g\"\nunit = 1\n"
            )
        };
        let late = told(&site("1s", "60s"));
        assert!(
            late.contains("the watchdog's time is 60s and must be shorter than the loss time of `bench-fan`"),
            "{late}"
        );
        let slow = told(&site("3s", "9s"));
        assert!(slow.contains("the scan's period is 3s and must be shorter than the adapters' time-out"), "{slow}");
    }

    #[test]
    fn a_reload_applies_strategies_and_names_what_waits_for_a_restart() {
        let dir = tempfile::tempdir().expect("a directory");
        let (_, hall) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("it ships");
        std::fs::write(dir.path().join("hall.toml"), hall).expect("a file");
        let site = |filter: &str| format!("hall = \"hall.toml\"\n[log]\nfilter = \"{filter}\"\n");
        let sources = sources(dir.path(), &site("info"));
        let before = load(&sources).expect("it loads");
        let keeper = Keeper::new(sources.clone(), before.clone());
        assert!(keeper.prepare().expect("it loads").0.is_empty());

        let tuned = hall.replace("gain = 5.0", "gain = 6.0");
        assert_ne!(*hall, tuned, "the hall has this gain");
        std::fs::write(dir.path().join("hall.toml"), &tuned).expect("a file");
        std::fs::write(&sources.file, site("debug")).expect("a file");
        let (reload, after) = keeper.prepare().expect("it loads");
        assert_eq!(reload.needs_restart, ["log.filter"]);
        assert_eq!(reload.strategies.as_deref(), Some(&after.hall.strategies));
        assert_eq!(diff(&before, &after), reload);
        keeper.commit(&after);
        let (again, _) = keeper.prepare().expect("it loads");
        assert_eq!((again.strategies, again.needs_restart), (None, vec!["log.filter".to_owned()]));

        std::fs::write(dir.path().join("hall.toml"), tuned.replace("rated = 2300.0", "rated = 2400.0"))
            .expect("a file");
        let (reload, _) = keeper.prepare().expect("it loads");
        assert!(reload.needs_restart.iter().any(|key| key.starts_with("hall")), "{reload:?}");

        std::fs::write(dir.path().join("hall.toml"), tuned.replace("gain = 6.0", "gain = \"much\"")).expect("a file");
        assert!(keeper.prepare().expect_err("a fault").to_string().contains("hall.toml"));
    }
}
