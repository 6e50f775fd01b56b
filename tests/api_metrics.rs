//! Health and figures as a probe and a scraper see them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plant::command::{Command, Level, Reason};
use plant::hall::Hall;
use plant::reading::{Reading, Why};
use plant::time::{Mono, Span};
use wattloop::control::report::{AlarmView, LoopView, OverrideView, Proof, Pue, Written};
use wattloop::service::metrics::{Check, Family, Metrics, Row, serve};

const SECOND: u64 = 1_000_000_000;

fn hall(name: &str) -> Arc<Hall> {
    let (_, text) = plant::shipped::HALLS.iter().find(|(n, _)| *n == name).expect("it ships");
    Arc::new(Hall::load(name, text).expect("it loads"))
}

/// Metrics whose clock is turned by hand.
fn metrics(hall: &Arc<Hall>) -> (Arc<AtomicU64>, Arc<Metrics>) {
    let now = Arc::new(AtomicU64::new(0));
    let hand = Arc::clone(&now);
    let stamp = Arc::new(move || Mono(hand.load(Ordering::SeqCst)));
    (now, Metrics::new(Arc::clone(hall), Span::from_secs(1), stamp))
}

/// Every series of a text, after a check that each line is well formed and each family announced before its rows.
fn parse(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with("# EOF\n"), "it ends early");
    let mut series = BTreeMap::new();
    let mut families = Vec::new();
    for line in text.lines().filter(|l| *l != "# EOF") {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (kind, name) = (words.next().expect("a word"), words.next().expect("a name"));
            assert!(["HELP", "TYPE", "UNIT"].contains(&kind), "{line}");
            if kind == "TYPE" {
                assert!(!families.contains(&name.to_owned()), "{name} twice");
                families.push(name.to_owned());
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value in {line}"));
        let bare = name.split('{').next().expect("a name");
        assert!(bare.starts_with("wattloop_"), "{line}");
        assert!(bare.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{line}");
        assert!(families.iter().any(|f| bare.starts_with(f.as_str())), "{bare} is not announced");
        assert!(!bare.contains("_total_total"), "{line}");
        let value: f64 = value.parse().unwrap_or_else(|e| panic!("{e} in {line}"));
        assert!(value.is_finite(), "{line}");
        assert!(series.insert(name.to_owned(), value).is_none(), "{name} twice");
    }
    series
}

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let path = path.to_owned();
    let done = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").expect("it goes out");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        let status = text.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
        (status, text.split_once("\r\n\r\n").expect("a body").1.to_owned())
    });
    done.await.expect("no panic")
}

#[test]
fn a_point_that_is_not_good_has_no_series_and_is_told_to_be_down() {
    let hall = hall("air");
    let (_, metrics) = metrics(&hall);
    let racks: Vec<_> = hall.rows.rows()[0].racks.iter().map(|r| r.inlet.id()).collect();
    let fan = hall.rows.rows()[0].fans[0].speed.id();
    assert!(metrics.update(|f| {
        f.readings[racks[0]] = Reading::Fresh(24.5);
        f.readings[racks[1]] = Reading::Stale { last: 25.0, age: Span::from_secs(9), why: Why::Timeout };
        f.readings[racks[2]] = Reading::Fresh(f64::NAN);
        f.readings[fan] = Reading::Fresh(46.0);
        f.ages[racks[0]] = 0.25;
    }));
    let series = parse(&metrics.text());
    let name = |id: plant::id::PointId| hall.points[id].name.clone();
    let labels = |id| {
        let whole = name(id);
        let (equip, point) = whole.split_once('/').expect("a slash");
        format!("{{site=\"{}\",equip=\"{equip}\",point=\"{point}\"}}", hall.site)
    };
    assert_eq!(series[&format!("wattloop_point_temperature_celsius{}", labels(racks[0]))], 24.5);
    assert_eq!(series[&format!("wattloop_point_ratio{}", labels(fan))], 0.46);
    assert_eq!(series[&format!("wattloop_point_age_seconds{}", labels(racks[0]))], 0.25);
    for (rack, up) in [(racks[0], 1.0), (racks[1], 0.0), (racks[2], 0.0), (racks[3], 0.0)] {
        assert_eq!(series[&format!("wattloop_point_up{}", labels(rack))], up);
        assert_eq!(series.contains_key(&format!("wattloop_point_temperature_celsius{}", labels(rack))), up > 0.5);
    }
    let ups = series.keys().filter(|k| k.starts_with("wattloop_point_up{")).count();
    assert_eq!(ups, hall.points.len());
}

#[test]
fn the_hall_s_figures_have_the_names_of_the_conventions() {
    let hall = hall("air");
    let (now, metrics) = metrics(&hall);
    let fan = hall.rows.rows()[0].fans[0].speed.id();
    let fan_name = hall.points[fan].name.clone();
    now.store(5 * SECOND, Ordering::SeqCst);
    metrics.completed_scan(Mono(5 * SECOND), Span::from_millis(3), true);
    metrics.add_source(Box::new(|| {
        vec![Family::counter(
            "modbus_requests",
            "Requests",
            vec![Row::new(&[("device", "bms"), ("result", "ok")], 7.0)],
        )]
    }));
    metrics.update(|f| {
        f.commands = vec![Command { point: fan, value: 46.0, level: Level::Operator, reason: Reason::Override }];
        f.written = vec![Written { proof: Proof::Acknowledged, lifetime_writes: Some(12) }];
        f.wall_s = 1000.0;
        f.shadow = true;
        f.config_hash = "abc".into();
        f.status.facility_kw = Some(1.5);
        f.status.facility_kwh = 1.0;
        f.status.clock_trusted = true;
        f.status.pue = vec![pue("1m", Some(1.25)), pue("24h", None)];
        f.status.alarms = vec![alarm("inlet-high")];
        f.status.overrides = vec![held(&fan_name)];
        f.loops = vec![fans_loop()];
    });
    let text = metrics.text();
    let series = parse(&text);
    let level = format!("wattloop_command_level{{point=\"{fan_name}\"}}");
    let proven = format!("wattloop_command_proven{{point=\"{fan_name}\"}}");
    let worn = format!("wattloop_nonvolatile_writes_total{{point=\"{fan_name}\"}}");
    let expires = format!("wattloop_override_expires_timestamp_seconds{{point=\"{fan_name}\",level=\"8\"}}");
    for (name, value) in [
        ("wattloop_cycle_overruns_total", 1.0),
        ("wattloop_cycle_duration_seconds_count", 1.0),
        ("wattloop_cycle_last_timestamp_seconds", 1000.0),
        ("wattloop_facility_power_watts", 1500.0),
        ("wattloop_facility_energy_joules_total", 3.6e6),
        ("wattloop_pue_ratio{window=\"1m\",category=\"2\"}", 1.25),
        ("wattloop_pue_meter_ratio{window=\"1m\"}", 0.95),
        ("wattloop_pue_valid{window=\"1m\"}", 1.0),
        ("wattloop_pue_valid{window=\"24h\"}", 0.0),
        ("wattloop_pue_validity{window=\"24h\",validity=\"undefined_low_load\"}", 1.0),
        ("wattloop_loop_setpoint{loop=\"row-a/fans\"}", 25.0),
        ("wattloop_loop_output_ratio{loop=\"row-a/fans\"}", 0.5),
        ("wattloop_loop_mode{loop=\"row-a/fans\",mode=\"auto\"}", 1.0),
        ("wattloop_loop_mode{loop=\"row-a/fans\",mode=\"holding\"}", 0.0),
        (level.as_str(), 8.0),
        (proven.as_str(), 0.0),
        (worn.as_str(), 12.0),
        (expires.as_str(), 1060.0),
        ("wattloop_modbus_requests_total{device=\"bms\",result=\"ok\"}", 7.0),
        ("wattloop_alarm_state{alarm=\"inlet-high\",priority=\"high\",state=\"unacknowledged\"}", 1.0),
        ("wattloop_config_last_reload_successful", 1.0),
        ("wattloop_config_hash_info{hash=\"abc\"}", 1.0),
        ("wattloop_shadow_mode", 1.0),
        ("wattloop_clock_trusted", 1.0),
    ] {
        assert_eq!(series.get(name), Some(&value), "{name} in\n{text}");
    }
    for absent in ["uid:1000", "filter change", "wattloop_loop_process_value{", "wattloop_it_power_watts "] {
        assert!(!text.contains(absent), "{absent} has no place in figures");
    }
    assert!(!series.contains_key("wattloop_pue_ratio{window=\"24h\",category=\"2\"}"), "an invalid PUE is no number");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn livez_fails_when_no_scan_completes_for_three_periods() {
    let (now, metrics) = metrics(&hall("bench"));
    let (address, task) = serve("127.0.0.1:0".parse().unwrap(), Arc::clone(&metrics)).await.expect("a port");
    assert_eq!(get(address, "/livez").await.0, 503, "before the first scan");
    metrics.completed_scan(Mono(0), Span::from_millis(1), false);
    now.store(3 * SECOND, Ordering::SeqCst);
    assert_eq!(get(address, "/livez").await, (200, "livez check passed\n".to_owned()));
    assert_eq!(get(address, "/-/healthy").await.0, 200);
    now.store(3 * SECOND + 1, Ordering::SeqCst);
    let (status, text) = get(address, "/livez").await;
    assert_eq!(status, 503);
    assert!(text.contains("[-]scan: no scan has completed for"), "{text}");
    metrics.completed_scan(Mono(3 * SECOND), Span::from_millis(1), false);
    assert_eq!(get(address, "/livez").await.0, 200, "it recovers by itself");
    let (status, text) = get(address, "/metrics").await;
    assert_eq!(status, 200);
    assert_eq!(parse(&text)["wattloop_cycle_duration_seconds_count"], 2.0);
    assert_eq!(get(address, "/v1/status").await.0, 404, "nothing else is served here");
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readyz_needs_control_and_half_of_every_row_s_inlets() {
    let hall = hall("air");
    let (_, metrics) = metrics(&hall);
    let (address, task) = serve("127.0.0.1:0".parse().unwrap(), Arc::clone(&metrics)).await.expect("a port");
    metrics.completed_scan(Mono(0), Span::from_millis(1), false);
    let row: Vec<_> = hall.rows.rows()[0].racks.iter().map(|r| r.inlet.id()).collect();
    metrics.update(|f| {
        f.failsafe = false;
        for id in hall.points.ids() {
            f.readings[id] = Reading::Fresh(20.0);
        }
        for id in &row[row.len() / 2..] {
            f.readings[*id] = Reading::Lost { why: Why::Comm };
        }
        let detail = "down".to_owned();
        f.checks = vec![Check { name: "broker", ok: false, required: false, detail }];
    });
    assert_eq!(get(address, "/readyz").await.0, 200, "half is enough, and a broker is not needed");
    let (_, text) = get(address, "/readyz?verbose").await;
    assert!(text.contains("[-]broker (not required): down") && text.contains("[+]scan"), "{text}");
    metrics.update(|f| f.readings[row[0]] = Reading::Lost { why: Why::Comm });
    let (status, text) = get(address, "/-/ready").await;
    assert_eq!(status, 503);
    assert!(text.contains("[-]inlets"), "{text}");
    metrics.update(|f| f.readings[row[0]] = Reading::Fresh(20.0));
    for spoil in ["failsafe", "reload"] {
        metrics.update(|f| {
            f.failsafe = spoil == "failsafe";
            f.reload_successful = spoil != "reload";
        });
        assert_eq!(get(address, "/readyz").await.0, 503, "{spoil}");
    }
    task.abort();
}

#[tokio::test]
async fn others_cannot_reach_the_figures() {
    let (_, metrics) = metrics(&hall("bench"));
    let refused = serve("0.0.0.0:0".parse().unwrap(), metrics).await.expect_err("not loopback");
    assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
}

fn pue(window: &str, value: Option<f64>) -> Pue {
    Pue {
        window: window.into(),
        value,
        meter: value.map(|value| value - 0.3),
        lower: None,
        upper: None,
        coverage: 1.0,
        category: 2,
        validity: "good".into(),
        code: if value.is_some() { "good" } else { "undefined_low_load" }.into(),
        facility_kwh: 1.0,
        it_kwh: 1.0,
    }
}

fn alarm(name: &str) -> AlarmView {
    AlarmView {
        name: name.into(),
        priority: "high".into(),
        state: "unacknowledged".into(),
        since_s: 1.0,
        detail: "rack-a07 27.9 °C".into(),
        consequence: "c".into(),
        response: "r".into(),
    }
}

fn held(point: &str) -> OverrideView {
    OverrideView {
        point: point.into(),
        value: 46.0,
        unit: "%".into(),
        level: 8,
        who: "uid:1000".into(),
        reason: "filter change".into(),
        remaining_s: 60.0,
    }
}

fn fans_loop() -> LoopView {
    LoopView {
        name: "row-a/fans".into(),
        mode: "auto".into(),
        setpoint: 25.0,
        because: None,
        unit: "Cel".into(),
        pv: None,
        p: 1.0,
        i: 2.0,
        d: 3.0,
        ff: 0.0,
        output: 50.0,
        gain: 4.0,
        ti_s: 120.0,
        scheduled: None,
        retuned: None,
    }
}
