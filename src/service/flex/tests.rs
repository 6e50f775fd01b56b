//! What is believed and what is said, without a wire.

mod again;

use plant::gpu::Uuid;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::*;
use crate::control::grid::view::{BreachView, TargetView};
use crate::control::grid::{Stage, Turn};
use crate::control::report::GpuView;

/// 2026-07-15T13:00:00Z.
const NOW: i64 = 1_784_120_400_000;
const ISV: &str = "//grid/v1/isv/acme-energy";
const KIND: &str = "grid.loadtarget.set.v1";

/// The keys of one who speaks: the file of the public one, and what signs.
fn pair(folder: &std::path::Path, kid: &str) -> (std::path::PathBuf, Signer) {
    use std::os::unix::fs::PermissionsExt;
    let random = ring::rand::SystemRandom::new();
    let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret.as_ref(), &random).expect("a key");
    let public = [&jws::P256[..], key.public_key().as_ref()].concat();
    let (open, closed) = (folder.join(format!("{kid}.pub.pem")), folder.join(format!("{kid}.pem")));
    std::fs::write(&open, pem("PUBLIC KEY", &public)).expect("writes");
    std::fs::write(&closed, pem("PRIVATE KEY", secret.as_ref())).expect("writes");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o600)).expect("changes");
    (open, Signer::read(kid, &closed).expect("a signer"))
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let mut text = jws::encode(bytes).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

fn target(kilowatts: f64) -> Value {
    let constraint = json!({ "value": kilowatts, "unit": "kilowatt" });
    json!({ "targets": [{ "interval": {}, "feed_tags": ["main-a"], "load_constraint": constraint }] })
}

fn message(signer: Option<&Signer>, data: Value) -> Value {
    let says = Says { source: ISV, kind: KIND, subject: "loadtarget", follows: None };
    let bytes = envelope::write(says, data, signer, Wall(NOW)).expect("written");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn guard(unsigned: bool) -> (Guard, Signer, Signer) {
    let folder = tempfile::tempdir().expect("a folder");
    let ((acme, signer), (other, foreign)) = (pair(folder.path(), "acme"), pair(folder.path(), "other"));
    let mut keys = Keys::default();
    keys.add("acme", ISV, &acme).expect("a key");
    keys.add("other", "//grid/v1/isv/other", &other).expect("a key");
    assert!(keys.add("acme", ISV, &other).expect_err("twice").contains("twice"));
    (Guard::new(keys, unsigned, Span::from_secs(120)), signer, foreign)
}

fn read(guard: &mut Guard, message: &Value, now: Option<i64>) -> Result<Message, GridFault> {
    let bytes = message.to_string();
    guard.read((bytes.as_bytes(), false), Wanted { source: ISV, kind: KIND }, now.map(Wall))
}

#[test]
fn what_is_signed_by_whom_it_should_be_is_believed_once() {
    let (mut guard, signer, _) = guard(false);
    let said = message(Some(&signer), target(465.0));
    let read_once = read(&mut guard, &said, Some(NOW + 1000)).expect("believed");
    assert_eq!((read_once.data, read_once.dated), (target(465.0), true));
    assert_eq!(read_once.correlation, said["id"].as_str().expect("an id"));
    assert_eq!(read(&mut guard, &said, Some(NOW + 2000)), Err(GridFault::Replayed));
    assert_eq!(read(&mut guard, &said, Some(NOW + 200_000)), Err(GridFault::OutOfTime), "and later it is too old");
    let undated = read(&mut guard, &message(Some(&signer), target(1.0)), None).expect("believed");
    assert!(!undated.dated, "nobody knows how old it is");
}

#[test]
fn what_is_not_believed_has_its_reason() {
    let (mut guard, signer, foreign) = guard(false);
    let good = message(Some(&signer), target(465.0));
    let with = |key: &str, value: Value| {
        let mut message = good.clone();
        message[key] = value;
        message
    };
    let signed = good["data"].as_str().expect("a text").to_owned();
    let (head, tail) = signed.rsplit_once('.').expect("three parts");
    let tampered = head.replacen('.', "A.", 1) + "." + tail;
    let tampered = if tampered.len() % 4 == 1 { signed.replacen("ey", "eA", 2) } else { tampered };
    let alone = serde_json::to_string(&good).expect("JSON");
    for (message, why) in [
        (message(Some(&foreign), target(1.0)), GridFault::UnknownKey),
        (message(None, target(1.0)), GridFault::Unsigned),
        (with("source", json!("//grid/v1/isv/other")), GridFault::WrongSource),
        (with("type", json!("grid.loadtarget.set.v2")), GridFault::Malformed),
        (with("id", json!("7")), GridFault::Malformed),
        (with("traceparent", json!("")), GridFault::Malformed),
        (with("specversion", json!("0.3")), GridFault::Malformed),
        (with("time", json!("yesterday")), GridFault::Malformed),
        (with("time", json!("2026-07-15T12:00:00Z")), GridFault::OutOfTime),
        (with("time", json!("2026-07-15T14:00:00Z")), GridFault::OutOfTime),
        (with("data", json!(format!("{head}.{}", jws::encode(&[7; 64])))), GridFault::BadSignature),
        (with("data", json!("a.b")), GridFault::Malformed),
        (with("data", json!(7)), GridFault::Malformed),
    ] {
        assert_eq!(read(&mut guard, &message, Some(NOW)), Err(why), "{message}");
    }
    assert!(read(&mut guard, &with("data", json!(tampered)), Some(NOW)).is_err());
    let wanted = Wanted { source: ISV, kind: KIND };
    assert_eq!(guard.read((alone.as_bytes(), true), wanted, Some(Wall(NOW))), Err(GridFault::Retained));
    assert_eq!(guard.read((&[b' '; 70_000], false), wanted, Some(Wall(NOW))), Err(GridFault::TooBig));
    assert!(read(&mut guard, &good, Some(NOW)).is_ok(), "what was refused is not taken for heard");
}

/// A public key of RSA, and what was signed with the private one, by openssl; nobody has that any more.
const RSA: (&str, &str) = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAq3GhiGIwD/dPTAF1RTByvYqiYKcifAtDKin4DpQNnr61Pbgh5hu4KyFG9FNA9XAqqEEW69sMLA7KiISBfvHOtN\
     yG5G5R9RpZXN67uo1hPLyktpNSLd+5fZ1MRbquZrJmLyVC2ecp9EoVLhWWWZxI9MQnee+4KGd/gUxtm/bqCPkz7ghbbYJ4WSF3x3ejorcf8eQ0D0MAlj9fuH/RcASs9GnE\
     G+/ehmEEVM8ErwjH8vH+iqsbdRSQQHdzhhnpEUVWf6FUwuDtgHn56dlqy+d5EM2xKQBLHqyVZab6OzGJbXf87u3lI113faJLb18Yv1smXV2IXo72wrrB9Vk42snGtwIDAQ\
     AB",
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.YSBsb2FkIHRhcmdldA.kFSN-gS2UTJwEo9Hg8UGMGwq_z_6dcPgzDQXgYfUuS62r4STx1HjiZJS05O6A1i1DeSyLn2QVF\
     SicThbhDJapy1Vr9yxd_qxGBP9F7G3Ljw66llrI_i65DMsxatT1ORsD93ubOShndp7hRIHGU0Q3-9_S1i2iraek55E_GIAMvbTRiG-Fm-\
     vw73PkkRYZwM7ZhUJS0646VTGa2Er-DnFuzC20CtMjvfkztQPWGzP8xRfNStOhFgaTA0iA5xcra8D2Bp9pKl14bqs5fzVNqa_YxeSQj791GwRyun8NZT75lQk7vODdgwcB\
     8KQRia2N7AwJmPPGiXCP8w3UANib7iwkw",
);
/// A public key of RSA with 1024 bits.
const SHORT: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDq1/e9kX2Ey4zEaxM/MTAswEqiH3daBrlv+OPSVIDq9sd4lm7TQ10fNn5SCIO+t2fQvyHSS8OdXMJrGZ8hgZQvIbwb\
                     KfWOS0+pzr5LKOiBIbdauU4NAy1IbfIaPPvoZsX5/xgOjf4TxuwlIZrwu68sajxsGgp4jV5FVKZq3NMmCwIDAQAB";

#[test]
fn rs256_is_believed_by_a_key_of_rsa_and_no_key_does_for_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"))
            .expect("writes");
        path
    };
    let (point, signer) = pair(folder.path(), "point");
    let mut keys = Keys::default();
    keys.add("rsa", ISV, &file("rsa.pem", RSA.0)).expect("a key of RSA");
    keys.add("point", ISV, &point).expect("a key of P-256");
    assert_eq!(keys.verify(ISV, RSA.1), Ok(b"a load target".to_vec()));
    assert_eq!(keys.verify("//grid/v1/isv/other", RSA.1), Err(GridFault::UnknownKey));
    let (head, signature) = RSA.1.rsplit_once('.').expect("three parts");
    let (_, payload) = head.split_once('.').expect("three parts");
    let with = |header: &str, payload: &str| format!("{}.{payload}.{signature}", jws::encode(header.as_bytes()));
    for wrong in [
        with(r#"{"alg":"RS256","kid":"rsa"}"#, &jws::encode(b"another")),
        with(r#"{"alg":"RS256","kid":"point"}"#, payload),
        with(r#"{"alg":"ES256","kid":"rsa"}"#, payload),
        with(r#"{"alg":"none","kid":"rsa"}"#, payload),
        with(r#"{"alg":"RS256","kid":"rsa","crit":["b64"]}"#, payload),
    ] {
        assert_eq!(keys.verify(ISV, &wrong), Err(GridFault::BadSignature), "{wrong}");
    }
    let ours = signer.sign(b"ours").expect("signed");
    assert_eq!(keys.verify(ISV, &ours), Ok(b"ours".to_vec()));
    let cut = RSA.0.replacen("MIIBIj", "MIIBIT", 1);
    for text in [SHORT, &cut] {
        let why = keys.add("short", ISV, &file("short.pem", text)).expect_err("no key for us");
        assert!(why.contains("2048 bits"), "{why}");
    }
}

#[test]
fn without_a_signature_only_a_test_bed_believes() {
    let (mut guard, _, _) = guard(true);
    assert_eq!(read(&mut guard, &message(None, target(465.0)), Some(NOW)).expect("believed").data, target(465.0));
}

#[test]
fn base64_of_urls_has_one_form_for_each_text() {
    for (bytes, text) in [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (&[0xfb, 0xff], "-_8")] {
        assert_eq!((jws::encode(bytes).as_str(), jws::decode(text).as_deref()), (text, Some(bytes)));
    }
    for wrong in ["Z", "Zh", "Zm9", "Zg==", "Z+8", "Zm9vZ"] {
        assert_eq!(jws::decode(wrong), None, "{wrong}");
    }
}

fn hall() -> Hall {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    Hall::load("air", &format!("{text}\n[grid]\nfeeds = [\"utility\", \"ups-a\"]\n")).expect("loads")
}

fn tags(hall: &Hall) -> Tags {
    let feed = |name: &str| hall.power.feed(name).expect("a feed");
    [("main-a".to_owned(), feed("utility")), ("main-b".to_owned(), feed("ups-a"))].into()
}

#[test]
fn targets_are_read_as_the_contract_has_them() {
    let (hall, all) = (hall(), tags(&hall()));
    let one = |of: Value| said::targets(&json!({ "targets": [of] }), &all).map(|mut all| all.remove(0));
    let megawatt = json!({ "value": 0.465, "unit": "megawatt" });
    let interval = json!({ "start_time": "2026-07-15T13:00:00Z", "end_time": "2026-07-15T18:00:00+02:00" });
    let read = one(json!({ "interval": interval, "load_constraint": megawatt, "strategy": { "best_effort": true } }));
    let read = read.expect("read");
    assert_eq!((read.feeds.len(), read.most, read.best_effort), (2, Some(465e3), true));
    assert_eq!((read.start, read.end), (Some(Wall(NOW)), Some(Wall(NOW + 3 * 3_600_000))));
    let lifted = one(json!({ "interval": {}, "feed_tags": ["main-b"], "load_constraint": null })).expect("read");
    assert_eq!((lifted.most, lifted.feeds), (None, vec![hall.power.feed("ups-a").expect("a feed")]));
    let power =
        |value: Value, unit: &str| json!({ "interval": {}, "load_constraint": { "value": value, "unit": unit } });
    assert_eq!(one(power(json!(0), "watt")).expect("zero is zero").most, Some(0.0));
    for (of, why) in [
        (power(json!(-1), "watt"), GridFault::BadPower),
        (power(json!(1e305), "megawatt"), GridFault::BadPower),
        (power(json!("NaN"), "watt"), GridFault::BadPower),
        (power(json!(1), "horsepower"), GridFault::Malformed),
        (json!({ "interval": {} }), GridFault::Malformed),
        (json!({ "load_constraint": null }), GridFault::Malformed),
        (json!({ "interval": { "start_time": "soon" }, "load_constraint": null }), GridFault::BadInterval),
        (json!({ "interval": {}, "feed_tags": ["main-z"], "load_constraint": null }), GridFault::UnknownFeed),
    ] {
        assert_eq!(one(of.clone()), Err(why), "{of}");
    }
    assert_eq!(said::targets(&json!({ "targets": [] }), &all), Err(GridFault::Malformed));
}

fn held() -> (GridView, HeldView) {
    let breach = BreachView { stage: Stage::Active, number: 3, critical: false, detected_ms: NOW, resolved_ms: None };
    let held = HeldView {
        feed: "utility".to_owned(),
        phase: "held".to_owned(),
        allowed_w: Some(460e3),
        target_w: Some(465e3),
        target: Some(2),
        load_w: 500e3,
        metered: true,
        usual_w: Some(620e3),
        minimum_w: Some(300e3),
        maximum_w: 1.2e6,
        compliant: false,
        in_flight: true,
        since_ms: Some(NOW),
        turns: vec![Turn::EndDown, Turn::StartDown],
        turned: 2,
        breach: Some(breach),
    };
    let target = TargetView {
        number: 2,
        kind: Kind::Dsx,
        source: "acme-energy".to_owned(),
        id: "0b6f4a1e-7f5c-4c1f-9a64-0d2c1d9b7a11".to_owned(),
        reason: String::new(),
        priority: 100,
        feed: "utility".to_owned(),
        watts: 465e3,
        start_ms: NOW,
        end_ms: None,
        begun: true,
        best_effort: false,
    };
    let view = GridView { at_ms: Some(NOW), feeds: vec![held.clone()], targets: vec![target], ..GridView::default() };
    (view, held)
}

#[test]
fn a_state_says_what_holds_and_each_turn_is_told_once() {
    let (hall, (view, mut held)) = (hall(), held());
    let data = status::data(&hall, &tags(&hall), &view, |_| Because::Turned(Turn::StartDown));
    let of = &data["feeds"]["main-a"];
    assert_eq!(
        (&of["event"], &of["compliant"], &of["in_flight"]),
        (&json!("start_ramp_down"), &json!(false), &json!(true))
    );
    assert_eq!(of["targets"][0]["active"], json!(true));
    assert_eq!(of["power_event_start_time"], json!("2026-07-15T13:00:00Z"));
    assert_eq!(data["feeds"].as_object().expect("a map").len(), 1, "what the hall takes no targets for is not told");
    let mut told = Told::default();
    assert!(told.news(&held).is_empty(), "they were before us");
    (held.turns, held.turned) = (vec![Turn::EndUp, Turn::StartUp, Turn::EndDown], 4);
    assert_eq!(told.news(&held), [Turn::StartUp, Turn::EndUp]);
    assert!(told.news(&held).is_empty());
}

#[test]
fn a_breach_keeps_its_name_and_target_over_its_life() {
    let (hall, (mut view, mut held), mut alerts) = (hall(), held(), Alerts::default());
    let actions = ["SHUTDOWN_NODES".to_owned()];
    let around = Around { hall: &hall, gpus: &[], actions: &actions, agent: "hall-a" };
    let mut say = |view: &GridView, held: &HeldView| alerts.say(&around, (view, held), "main-a").map(|of| of.data);
    let first = say(&view, &held).expect("told");
    assert_eq!((&first["status"], &first["severity"]), (&json!("active"), &json!("warning")));
    assert_eq!((&first["infrastructure_actions"], &first["shed_hints"]), (&json!([]), &json!([])));
    assert_eq!(say(&view, &held), None, "once");
    let breach = held.breach.as_mut().expect("a breach");
    (breach.stage, breach.critical) = (Stage::Escalated, true);
    let second = say(&view, &held).expect("told");
    assert_eq!(
        (&second["status"], &second["severity"], &second["infrastructure_actions"]),
        (&json!("escalated"), &json!("critical"), &json!(["SHUTDOWN_NODES"]))
    );
    let breach = held.breach.as_mut().expect("a breach");
    (breach.stage, breach.resolved_ms) = (Stage::Kept, Some(NOW + 5000));
    (held.target, held.target_w) = (None, None);
    view.targets.clear();
    let third = say(&view, &held).expect("told, although its target is over");
    assert_eq!(
        (&third["status"], &third["breach"]["resolved_at"]),
        (&json!("resolved"), &json!("2026-07-15T13:00:05Z"))
    );
    assert_eq!(third.get("shed_hints"), None);
    for of in [&second, &third] {
        assert_eq!((&of["breach"]["breach_id"], &of["target"]), (&first["breach"]["breach_id"], &first["target"]));
    }
}

#[test]
fn a_breach_that_ended_while_nobody_was_here_is_told_to_be_over_once_and_of_its_own_target_only() {
    let (hall, (view, mut held)) = (hall(), held());
    let around = Around { hall: &hall, gpus: &[], actions: &[], agent: "hall-a" };
    let breach = held.breach.as_mut().expect("a breach");
    let told = alert::name("hall-a", "utility", breach);
    (breach.stage, breach.resolved_ms) = (Stage::Kept, Some(NOW + 5000));
    let mut alerts = Alerts::default();
    let said = alerts.say(&around, (&view, &held), "main-a").expect("told").data;
    assert_eq!((&said["status"], &said["breach"]["breach_id"]), (&json!("resolved"), &json!(told)));
    assert_eq!(said["target"]["correlation_id"], json!(view.targets[0].id));
    assert_eq!(alerts.say(&around, (&view, &held), "main-a"), None, "once");
    // A target that was set later was never broken, and one that is gone has no name any more.
    let mut later = view.clone();
    later.targets[0].start_ms = NOW + 60_000;
    for view in [later, GridView { targets: Vec::new(), ..view }] {
        let mut alerts = Alerts::default();
        assert_eq!(alerts.say(&around, (&view, &held), "main-a"), None);
        assert!(!alerts.is_due(&held), "and nobody goes on to ask");
    }
    held.breach = Some(BreachView { number: 0, resolved_ms: None, ..held.breach.expect("a breach") });
    assert!(!Alerts::default().is_due(&held), "there was none");
}

#[test]
fn what_may_be_old_raises_nothing_that_is_kept_for_its_source() {
    let (hall, (mut view, _)) = (hall(), held());
    let feed = |name: &str| hall.power.feed(name).expect("a feed");
    let wanted = |name: &str, most: Option<f64>| crate::control::grid::Wanted {
        feeds: vec![feed(name)],
        most,
        start: None,
        end: None,
        hold: None,
        best_effort: false,
    };
    let raises = |view: &GridView, of| said::raises((&hall, view), "acme-energy", &[of]);
    assert!(raises(&view, wanted("utility", Some(900e3))), "465 kW are in force");
    assert!(raises(&view, wanted("utility", None)), "taking back is raising");
    assert!(raises(&view, wanted("ups-a", None)), "and may be of what nobody sees any more");
    assert!(!raises(&view, wanted("utility", Some(465e3))) && !raises(&view, wanted("utility", Some(0.0))));
    assert!(!raises(&view, wanted("ups-a", Some(900e3))), "nothing is kept there");
    view.targets[0].source = "other".to_owned();
    assert!(!raises(&view, wanted("utility", Some(900e3))), "another's target stays beside it");
    (view.targets[0].source, view.targets[0].begun) = ("acme-energy".to_owned(), false);
    assert!(raises(&view, wanted("utility", Some(900e3))), "what is to come counts, too");
}

#[test]
fn hints_name_who_comes_last_first_and_no_more_than_it_takes() {
    let (hall, (view, held)) = (hall(), held());
    let node = |n: usize| hall.power.nodes[n].name.clone();
    let gpu = |node: String, priority, draws| GpuView {
        uuid: Uuid::from_bits(7),
        node,
        rack: String::new(),
        tenant: String::new(),
        priority,
        draws_w: Some(draws),
        reads: 1.0,
        wishes_w: draws,
        granted_w: Some(draws),
        counts_w: draws,
        held: "limit".to_owned(),
        by: None,
        sentence: String::new(),
    };
    let least = hall.power.nodes[0].least_cap.0 * f64::from(hall.power.nodes[0].gpus);
    // 35 kW too much: the first gives 20, the second 18 of what is left, the third is spared.
    let gpus = [
        gpu(node(0), 0, least + 30e3),
        gpu(node(1), 9, least + 18e3),
        gpu(node(2), 9, least + 20e3),
        gpu(node(3), 5, least + 30e3),
    ];
    let around = Around { hall: &hall, gpus: &gpus, actions: &[], agent: "hall-a" };
    let said = Alerts::default().say(&around, (&view, &held), "main-a").expect("told").data;
    let hint = |n: usize, priority: u32| {
        json!({ "resource_id": node(n), "resource_type": "node", "action": "power_cap", "priority": priority,
                "target_power": { "value": least, "unit": "watt" } })
    };
    assert_eq!(said["shed_hints"], json!([hint(2, 1), hint(1, 2)]));
    let few = [gpu(node(1), 9, least + 18e3)];
    let around = Around { gpus: &few, ..around };
    let said = Alerts::default().say(&around, (&view, &held), "main-a").expect("told").data;
    assert_eq!(said["shed_hints"][1]["action"], "suspend", "where caps do not do");
}
