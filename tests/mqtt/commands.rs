//! Operators' overrides in.

use std::os::unix::fs::PermissionsExt;

use plant::time::Span;
use serde_json::{Value, json};
use wattloop::adapters::mqtt::{Incoming, Load, MqttConfig};
use wattloop::service::broker::Broker;

use super::rig::{Peer, Rig, eventually, options};

const SET: &str = "wattloop/v1/hall/point/crah-1/fan-speed/set";
const REPLY: &str = "wattloop/v1/hall/point/crah-1/fan-speed/set/reply";

/// A configuration that takes overrides; the directory holds its password.
pub fn with_overrides(url: &str, password: &str) -> (MqttConfig, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("password");
    std::fs::write(&file, password).expect("writes");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("chmod");
    let mut config = MqttConfig::to(url);
    config.user = Some("wattloop".to_owned());
    config.password_file = Some(file);
    config.broker_acl = true;
    config.overrides = true;
    (config, dir)
}

async fn answer(peer: &Peer, n: usize) -> Value {
    eventually("an answer", || peer.heard(REPLY).len() >= n).await;
    serde_json::from_str(&peer.heard(REPLY)[n - 1]).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reaches_the_service_once_and_is_answered() {
    let broker = Broker::start(0).await.expect("starts");
    let (config, _dir) = with_overrides(&broker.url(), "x");
    let peer = Peer::connect(options("ops", broker.address().port()), &[REPLY]).await;
    let ghost = r#"{"v":0,"reason":"ghost","id":"old"}"#;
    peer.say(SET, ghost, true).await;
    let mut rig = Rig::start(&config, &[]);
    assert_eq!(answer(&peer, 1).await, json!({ "id": "old", "code": "retained" }));

    let wish = r#"{"v":60,"reason":"filter change","hold_s":1800,"id":"a1"}"#;
    peer.say(SET, wish, false).await;
    let Incoming::Command(command) = rig.next().await else { panic!("not a command") };
    assert_eq!((command.point.as_str(), command.value, command.id.as_str()), ("crah-1/fan-speed", 60.0, "a1"));
    assert_eq!(command.hold, Some(Span::from_secs(1800)));
    assert!(rig.mqtt.reply(&command.topic, br#"{"code":"accepted","id":"a1"}"#.to_vec()));
    assert_eq!(answer(&peer, 2).await["code"], "accepted");

    peer.say(SET, wish, false).await;
    assert_eq!(answer(&peer, 3).await, json!({ "id": "a1", "code": "replayed" }));
    peer.say(SET, "", true).await;
    peer.say(SET, "{", false).await;
    assert_eq!(answer(&peer, 4).await, json!({ "id": null, "code": "malformed" }));
    peer.say(SET, r#"{"v":1,"reason":"r","id":"b","hold_s":1e9}"#, false).await;
    assert_eq!(answer(&peer, 5).await, json!({ "id": "b", "code": "out_of_range" }));
    assert!(rig.incoming.try_recv().is_err(), "nothing refused reaches the service");
    let refused = rig.mqtt.counts().refused;
    for (code, n) in refused {
        let expected = u64::from(["retained", "replayed", "malformed", "out_of_range"].contains(&code));
        assert_eq!(n, expected, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_overrides_nobody_listens() {
    let broker = Broker::start(0).await.expect("starts");
    let mut rig = Rig::start(&MqttConfig::to(&broker.url()), &["s/a"]);
    let peer = Peer::connect(options("ops", broker.address().port()), &[REPLY]).await;
    eventually("subscribed", || {
        rig.sample(0).value == Ok(20.0) || {
            peer.mention("s/a", "20");
            false
        }
    })
    .await;
    peer.say(SET, r#"{"v":60,"reason":"r","id":"a1"}"#, false).await;
    peer.say("s/a", "21", false).await;
    eventually("a later message", || rig.sample(0).value == Ok(21.0)).await;
    assert!(rig.incoming.try_recv().is_err());
    assert!(peer.heard(REPLY).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_is_announced_and_taken_back_and_each_is_answered() {
    const ANNOUNCE: &str = "wattloop/v1/hall/announce";
    const WITHDRAW: &str = "wattloop/v1/hall/withdraw";
    let broker = Broker::start(0).await.expect("starts");
    let (mut config, _dir) = with_overrides(&broker.url(), "x");
    (config.overrides, config.announcements) = (false, true);
    let replies = ["wattloop/v1/hall/announce/reply", "wattloop/v1/hall/withdraw/reply"];
    let peer = Peer::connect(options("slurm", broker.address().port()), &replies).await;
    peer.say(ANNOUNCE, r#"{"id":"ghost","watts":1,"in_s":1}"#, true).await;
    let mut rig = Rig::start(&config, &[]);
    let said = async |topic: &str, n: usize| -> Value {
        eventually("an answer", || peer.heard(topic).len() >= n).await;
        serde_json::from_str(&peer.heard(topic)[n - 1]).expect("JSON")
    };
    assert_eq!(said(replies[0], 1).await, json!({ "id": "ghost", "code": "retained" }));
    // The same name may come again: it takes the place of what it announced before.
    for watts in [80e3, 90e3] {
        peer.say(ANNOUNCE, json!({ "id": "job-17", "row": "row-a", "watts": watts, "in_s": 300 }).to_string(), false)
            .await;
        let Incoming::Notice(notice) = rig.next().await else { panic!("not a notice") };
        let load = Load { row: Some("row-a".to_owned()), watts, ahead: Span::from_secs(300) };
        assert_eq!((notice.id.as_str(), &notice.load), ("job-17", &Some(load)));
        assert!(rig.mqtt.reply(&notice.topic, br#"{"code":"accepted"}"#.to_vec()));
    }
    assert_eq!(said(replies[0], 3).await["code"], "accepted");
    peer.say(WITHDRAW, r#"{"id":"job-17"}"#, false).await;
    let Incoming::Notice(notice) = rig.next().await else { panic!("not a notice") };
    assert_eq!((notice.id.as_str(), &notice.load, notice.topic.as_str()), ("job-17", &None, WITHDRAW));
    peer.say(ANNOUNCE, r#"{"id":"b","watts":-1,"in_s":1}"#, false).await;
    assert_eq!(said(replies[0], 4).await, json!({ "id": "b", "code": "out_of_range" }));
    peer.say(SET, r#"{"v":60,"reason":"r","id":"a1"}"#, false).await; // nobody listens to overrides
    peer.say(WITHDRAW, "{", false).await;
    assert_eq!(said(replies[1], 1).await, json!({ "id": null, "code": "malformed" }));
    assert!(rig.incoming.try_recv().is_err());
}
