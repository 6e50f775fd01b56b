//! What may be lost, and is said or heard again.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::adapters::mqtt::MqttConfig;
use crate::control::request::Request;
use crate::service::api::call;

fn around(hall: &Hall) -> Around<'_> {
    Around { hall, gpus: &[], actions: &[], agent: "hall-a" }
}

/// A breach as it stands: its number, and since when (s).
fn stands(held: &HeldView, stage: Stage, (number, since): (u64, i64)) -> HeldView {
    let resolved_ms = (stage == Stage::Kept).then_some(NOW + 1000 * since + 5000);
    let breach = BreachView { stage, number, critical: false, detected_ms: NOW + 1000 * since, resolved_ms };
    HeldView { breach: Some(breach), ..held.clone() }
}

#[test]
fn what_was_said_of_a_breach_may_be_lost_with_a_connection_and_is_said_again_on_the_next_its_end_too() {
    let (hall, (view, held)) = (hall(), held());
    let mut alerts = Alerts::default();
    let say =
        |alerts: &mut Alerts, held: &HeldView| alerts.say(&around(&hall), (&view, held), "main-a").map(|of| of.data);
    let mut breach = None;
    for stage in [Stage::Active, Stage::Escalated, Stage::Kept] {
        let held = stands(&held, stage, (3, 0));
        let first = say(&mut alerts, &held).expect("told");
        assert_eq!(say(&mut alerts, &held), None, "once");
        alerts.again();
        assert!(alerts.is_due(&held), "{stage:?}");
        let second = say(&mut alerts, &held).expect("told again");
        assert_eq!(first, second);
        assert_eq!(say(&mut alerts, &held), None, "once");
        let name = breach.get_or_insert_with(|| first["breach"]["breach_id"].clone()).clone();
        assert_eq!(second["breach"]["breach_id"], name);
    }
    // Its target is gone, and its name is known.
    let gone = HeldView { target: None, target_w: None, ..stands(&held, Stage::Kept, (3, 0)) };
    alerts.again();
    let over = say(&mut alerts, &gone).expect("told again");
    assert_eq!((&over["status"], &over["target"]["correlation_id"]), (&json!("resolved"), &json!(view.targets[0].id)));
}

#[test]
fn a_breach_whose_end_nobody_has_heard_is_said_to_be_over_before_the_next_one_begins() {
    let (hall, (view, held)) = (hall(), held());
    for lost in [false, true] {
        let mut alerts = Alerts::default();
        let say = |alerts: &mut Alerts, held: &HeldView| {
            let data = alerts.say(&around(&hall), (&view, held), "main-a")?.data;
            Some((data["status"].clone(), data["breach"]["breach_id"].clone()))
        };
        let (_, third) = say(&mut alerts, &stands(&held, Stage::Active, (3, 0))).expect("told");
        if lost {
            say(&mut alerts, &stands(&held, Stage::Kept, (3, 0))).expect("told, and lost");
            alerts.again();
        }
        let next = stands(&held, Stage::Active, (4, 60));
        assert_eq!(say(&mut alerts, &next), Some((json!("resolved"), third.clone())));
        let (status, fourth) = say(&mut alerts, &next).expect("told");
        assert_eq!(status, "active");
        assert_ne!(fourth, third);
        assert_eq!(say(&mut alerts, &next), None);
    }
}

/// What both share who hear and speak for control.
fn shared(asker: Asker) -> Arc<Shared> {
    let hall = hall();
    let config = json!({ "mqtt": { "url": "mqtt://127.0.0.1:9" }, "agent": "hall-a", "feeds": {}, "isv": [] });
    let config: FlexConfig = serde_json::from_value(config).expect("a configuration");
    let (tags, clock) = (tags(&hall), Arc::new(Clock::machine()));
    Arc::new(Shared { hall: Arc::new(hall), config, tags, asker, clock, news: Mutex::default() })
}

#[tokio::test]
async fn what_control_did_not_answer_may_be_said_again_as_it_was() {
    let ((asker, calls), (guard, signer, _)) = (call::channel(), guard(false));
    drop(calls);
    let mut ear = Ear { shared: shared(asker), guard };
    let says = Says { source: ISV, kind: KIND, subject: "loadtarget", follows: None };
    let now = ear.shared.clock.wall();
    let payload = envelope::write(says, target(465.0), Some(&signer), now).expect("written");
    let heard = Heard { topic: "grid/v1/isv/acme-energy/loadtarget/set".to_owned(), payload, kept: false };
    for _ in 0..2 {
        assert_eq!(ear.hear(&heard).await, Err(GridFault::NoAnswer));
    }
}

/// A broker that says something three times at once to whoever comes first.
async fn three_times(listener: TcpListener) {
    let (mut stream, _) = listener.accept().await.expect("somebody comes");
    let mut connect = [0; 256];
    assert!(stream.read(&mut connect).await.expect("reads") > 0);
    let mut said = vec![0x20, 2, 0, 0];
    for id in 1..=3 {
        said.extend([0x32, 6, 0, 1, b't', 0, id, b'x']);
    }
    stream.write_all(&said).await.expect("writes");
    // Whatever is answered, it stays.
    while stream.read(&mut connect).await.is_ok_and(|read| read > 0) {}
}

#[tokio::test]
async fn messages_that_come_faster_than_they_are_heard_are_told_as_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let broker = MqttConfig::to(&format!("mqtt://{}", listener.local_addr().expect("bound")));
    tokio::spawn(three_times(listener));
    let (words, mut heard) = channel(1);
    let line = Flex::start(&broker, vec![("t".to_owned(), Sure::AtLeastOnce)], words).expect("starts");
    let (asker, calls) = call::channel();
    let (told, alerts, traces) = (Told::default(), Alerts::default(), Vec::new());
    let mouth = Mouth { shared: shared(asker), line, signer: None, told, alerts, traces, since: 0, looks: 0 };
    let control = std::thread::spawn(move || {
        let mut all = 0;
        drop(calls.wait(Duration::from_secs(60)).expect("it is told"));
        // What nobody answered is told again.
        while all < 2 {
            let call = calls.wait(Duration::from_secs(60)).expect("it is told");
            let Question::Request(Request { ask: Ask::Grid(Said::Refused { why, count }), .. }) = call.question()
            else {
                panic!("{:?}", call.question());
            };
            assert_eq!(*why, GridFault::NoAnswer);
            all += count;
            call.answer(Answer::Reply(Reply::Accepted { expires: None, note: String::new() }));
        }
        all
    });
    while !control.is_finished() {
        mouth.confess().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(control.join().expect("told"), 2);
    assert!(matches!(heard.recv().await, Some(Word::Heard(_))), "one was heard");
    assert!(mouth.line.is_new() && !mouth.line.is_new(), "once for a connection");
}
