use plant::hall::Hall;
use plant::id::FeedId;
use plant::time::{Mono, Span, Wall};
use plant::units::Watts;
use serde_json::{Value, json};

use super::desk::{Bucket, skew};
use super::event::{self, Trace};
use super::mouth::{is_new, is_past};
use super::{read, write};
use crate::control::ledger::message::{BATCH, Inside, JOB, LeaseId, NAME, Op};
use crate::control::ledger::notices::{Cause, Notice, Tidings};
use crate::control::ledger::reply::{Answered, Code, Item, OTHERS, Other, Outcome, Tight, Why};
use crate::control::ledger::view::{LeaseView, LedgerView};

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let begun = Mono(7_000_000_000);
    let mut bucket = Bucket { left: f64::INFINITY, at: begun };
    let taken = (0..200).filter(|_| bucket.take(600, begun).is_ok()).count();
    assert_eq!(taken, 100, "ten seconds' worth at once");
    let wait = bucket.take(600, begun).expect_err("empty");
    assert!((wait - 0.1).abs() < 1e-6, "{wait}");
    assert!(bucket.take(600, begun.after(Span::from_millis(150))).is_ok());
    assert!(bucket.take(600, begun.after(Span::from_millis(150))).is_err());
}

#[test]
fn who_is_put_off_knows_which_request_and_until_when() {
    let message = |data: &Value| json!({ "type": "x", "data": data }).to_string().into_bytes();
    let name = |data: &Value| event::head(&message(data)).request;
    assert_eq!(name(&json!({ "request_id": "r7" })), "r7");
    for unreadable in [json!({}), json!({ "request_id": 7 }), json!({ "request_id": "x".repeat(65) }), json!(3)] {
        assert_eq!(name(&unreadable), "", "{unreadable}");
    }
    assert_eq!(event::head(b"\xff{").request, "");
    let data = write::later(("slurm", "r7"), ("rate", "more than 60 messages a minute"), 0.5);
    assert_eq!(
        (&data["request_id"], &data["code"], &data["retry_after_s"]),
        (&json!("r7"), &json!("retry"), &json!(0.5))
    );
}

#[test]
fn what_was_answered_just_before_a_crash_is_told_after_it() {
    let of = |effective: i64, tidings| Notice {
        number: 4,
        lease: LeaseId { epoch: 3, number: 9 },
        seq: 1,
        tidings,
        watts: 10e3,
        effective: Wall(effective),
        hard: Wall(effective),
        cause: Cause::Restored,
        emergency: false,
    };
    let view = |notice: Notice| LedgerView {
        epoch: 4,
        at_ms: 1_000_000,
        leases: Vec::new(),
        waiting: Vec::new(),
        notices: vec![("slurm".to_owned(), "r1".to_owned(), notice)],
        places: Vec::new(),
        answers: Vec::new(),
        last: 4,
        recovering: None,
    };
    let told = |notice, request: &str| {
        let answered = Answered { request: request.to_owned(), ..answered(&[]) };
        is_new(&view(notice), &answered)
    };
    assert!(told(of(990_000, Tidings::Answered), "r1"));
    assert!(!told(of(900_000, Tidings::Answered), "r1"), "long ago");
    assert!(!told(of(990_000, Tidings::Answered), "r2"), "another's");
    assert!(!told(of(990_000, Tidings::Reduce), "r1"));
}

#[test]
fn a_start_tells_no_notice_again_behind_which_the_lease_has_gone_on_but_one_that_is_to_come() {
    let now = 1_000_000;
    let lease = LeaseView { seq: 4, schedule: vec![(900_000, 10e3), (1_060_000, 2e3)], ..longest() };
    let of = |seq: u64, tidings: Tidings, (effective, watts): (i64, f64)| {
        let notice = Notice {
            number: 4,
            lease: LeaseId { epoch: 3, number: 9 },
            seq,
            tidings,
            watts,
            effective: Wall(effective),
            hard: Wall(effective),
            cause: Cause::Expired,
            emergency: false,
        };
        is_past(&lease, &notice, now)
    };
    let may = lease.may_w;
    for tidings in [Tidings::Stop, Tidings::Pause, Tidings::Reduce, Tidings::Restore] {
        assert!(of(3, tidings, (990_000, 0.0)), "{tidings:?}");
        assert!(!of(4, tidings, (990_000, 0.0)), "{tidings:?} is of the lease as it is");
        assert!(of(3, tidings, (1_060_000, 0.0)), "{tidings:?} is not to come any more");
        assert!(!of(3, tidings, (1_060_000, 2e3)), "{tidings:?} is to come");
    }
    assert!(!of(3, Tidings::Restore, (990_000, may)), "what it gives is still so");
    assert!(of(3, Tidings::Reduce, (990_000, may)));
    for news in [Tidings::Late, Tidings::InTime, Tidings::Answered, Tidings::Released] {
        assert!(!of(3, news, (990_000, 0.0)), "{news:?}");
    }
}

fn answered(outcomes: &[Outcome]) -> Answered {
    let items = outcomes.iter().map(|outcome| Item { outcome: *outcome, lease: None, inputs: None }).collect();
    Answered { client: "slurm".to_owned(), request: "r1".to_owned(), epoch: 3, items, again: false }
}

#[test]
fn an_answer_says_why_at_which_feed_and_when_to_come_again() {
    let hall = hall();
    let feed: FeedId = hall.power.feed("pdu-a1").expect("a feed");
    let tight = Some(Tight { feed, limit: Watts(380e3), headroom: Watts(-1e3) });
    let of = Outcome {
        tight,
        earliest: Some(Wall(1_800_000_000_000)),
        position: Some(2),
        ..Outcome::plain(Code::Retry, Why::Feed).after(Span::from_secs(9))
    };
    let data = write::answered(&hall, &answered(&[of]));
    let reason = json!({
        "code": "feed", "domain": "pdu-a1", "limit_w": 380e3, "headroom_w": -1e3, "text": Why::Feed.sentence(),
    });
    assert_eq!(data["reason"], reason);
    assert_eq!((&data["retry_after_s"], &data["position"], &data["epoch"]), (&json!(9.0), &json!(2), &json!(3)));
    assert_eq!(data["earliest_start"], "2027-01-15T08:00:00Z");
    // Several items have a word together, and one each.
    let (yes, no) = (Outcome::plain(Code::Granted, Why::Fits), Outcome::plain(Code::Denied, Why::Feed));
    let lost = Outcome::plain(Code::Degraded, Why::Meter);
    for (items, word) in [
        (vec![yes, yes], "granted"),
        (vec![no, no], "denied"),
        (vec![no, yes], "granted_partial"),
        (vec![no, of], "retry"),
        (vec![Outcome::plain(Code::GrantedPartial, Why::Fits), no], "granted_partial"),
        (vec![of, lost.about(LeaseId { epoch: 3, number: 1 })], "granted_partial"),
        (vec![of, lost], "retry"),
    ] {
        let data = write::answered(&hall, &answered(&items));
        assert_eq!((data["code"].as_str(), data["items"].as_array().map(Vec::len)), (Some(word), Some(2)));
    }
}

/// A lease with the longest names that there may be, of four bytes a character, and eight steps.
fn longest() -> LeaseView {
    let long = |characters: usize| "𝄞".repeat(characters);
    let schedule: Vec<(i64, f64)> = (0..8).map(|n| (1_800_000_000_123 + n, 123_456.789 + 0.1)).collect();
    let view = json!({
        "lease_id": "1234567-12345678", "client": long(NAME), "request": long(NAME), "job": long(JOB), "state": "held", "epoch": 1_234_567, "seq": 123_456,
        "schedule": schedule, "end_ms": 1_800_000_000_123_i64, "floor_w": 12_345.678, "ttl_s": 3600.0, "expires_ms": 1_800_000_000_123_i64,
        "renew_after_s": 1200.0, "grace_s": 60.0, "notice_s": 3600.0, "on_expiry": "floor", "priority": -2_147_483_648, "may_w": 123_456.789,
        "wants_w": null, "waits_for": null, "window": null, "waited_s": null, "start_ms": null, "deadline_ms": 1_800_000_000_123_i64,
        "done_ms": 1_800_000_000_123_i64, "late": false,
    });
    serde_json::from_value(view).expect("a view")
}

#[test]
fn a_batch_fits_what_a_message_may_have() {
    let hall = hall();
    let feed = hall.power.feeds.ids().max_by_key(|feed| hall.power.feeds[*feed].name.len()).expect("a feed");
    let tight = Some(Tight { feed, limit: Watts(123_456.789), headroom: Watts(-123_456.789) });
    let earliest = Some(Wall(1_800_000_000_123));
    let about = LeaseId { epoch: 1_234_567, number: 12_345_678 };
    let outcome = Outcome { tight, earliest, position: Some(1000), ..Outcome::plain(Code::GrantedPartial, Why::Feed) };
    let other = Other { start: Wall(1_800_000_000_123), watts: 123_456.0, cost: Some(12_345.678_9) };
    let outcome = Outcome { others: [Some(other); OTHERS], ..outcome.about(about).after(Span::from_secs(3600)) };
    let long = "𝄞".repeat(NAME);
    let answer = |items: usize| {
        let items = (0..items).map(|_| Item { outcome, lease: Some(longest()), inputs: None }).collect();
        let of = Answered { client: long.clone(), request: long.clone(), epoch: 1_234_567, items, again: false };
        let data = write::answered(&hall, &of);
        let trace = Trace { correlation: Some("𝄞".repeat(256)), parent: Some("𝄞".repeat(256)) };
        let message =
            write::event((&"𝄞".repeat(NAME), "response", &long), (7, Wall(1_800_000_000_123)), (&data, &trace));
        assert!(message.len() <= crate::adapters::mqtt::MAX_PAYLOAD, "{}", message.len());
        data
    };
    // Each item still says which lease it is, what that may draw and how long it lives.
    let full = answer(BATCH);
    assert_eq!((&full["brief"], full["items"].as_array().map(Vec::len)), (&json!(true), Some(BATCH)));
    let lease = &full["items"][BATCH - 1]["lease"];
    assert_eq!(
        (&lease["lease_id"], &lease["w"], &lease["state"]),
        (&json!("1234567-12345678"), &json!(123_456.789), &json!("held"))
    );
    assert_eq!((&lease["ttl_s"], lease["schedule"].is_null()), (&json!(3600.0), true));
    assert!(full["items"][0]["alternatives"].is_null());
    // Where there is room it says all.
    let few = answer(8);
    let other = json!({ "start": "2027-01-15T08:00:00.123Z", "w": 123_456.0, "cost": 12_345.678_9 });
    assert_eq!(few["items"][7]["alternatives"], json!([other, other, other]));
    assert!(few["brief"].is_null() && few["items"][7]["lease"]["schedule"].as_array().is_some_and(|of| of.len() == 8));
}

/// 256 jobs of a Kubernetes cluster, each with the longest name that it may have and all that the contract knows.
#[test]
fn a_batch_with_all_that_its_items_may_say_is_taken() {
    let item = |n: usize| {
        json!({
            "job": { "scheduler": "kueue", "cluster": "training-west-2", "id": "6f1c2b9e-4a5d-4c7e-9f0a-112233445566", "array_index": n, "user": "team-language", "name": "x".repeat(253) },
            "domain": [ { "domain": "pdu-a1", "w": 210_000.0 }, { "domain": "pdu-a2", "w": 210_000.0 } ],
            "power": { "min_w": 312_400.0, "want_w": 420_000.0, "peak_w": 450_000.0 },
            "class": "interruptible",
            "flex": { "checkpoint_s": 1800, "min_run_s": 900, "max_pauses": 12, "shed_time_s": 120, "floor_w": 0.0 },
            "time": { "not_before": "2026-12-01T22:00:00Z", "deadline": "2026-12-02T06:00:00Z", "duration_s": 21_600 },
            "priority": 500, "accept": { "partial": true, "schedule": true, "wait_s": 3600 },
            "ttl_s": 300, "on_expiry": "pause",
        })
    };
    let items: Vec<Value> = (0..BATCH).map(item).collect();
    let data = json!({ "client": "kueue", "request_id": "6f1c2b9e-4a5d-4c7e-9f0a-112233445566", "op": "acquire", "items": items });
    let message = json!({ "specversion": "1.0", "type": "wattloop.budget.request.v1", "data": data }).to_string();
    assert!(message.len() <= crate::adapters::mqtt::MAX_PAYLOAD, "{}", message.len());
    let read = read::request(message.as_bytes(), "kueue", &hall()).map_err(|refused| refused.why);
    let many = match read.map(|message| message.op) {
        Ok(Op::Acquire(wishes)) => Ok(wishes.len()),
        Ok(other) => Err(format!("{other:?}")),
        Err(why) => Err(why),
    };
    assert_eq!(many, Ok(BATCH));
}

#[test]
fn a_message_of_no_type_is_refused_by_the_name_of_its_request() {
    for more in
        [json!({}), json!({ "type": 7 }), json!({ "type": null }), json!({ "type": "wattloop.budget.request.v2" })]
    {
        let mut message = json!({ "specversion": "1.0", "data": { "request_id": "r1", "client": "slurm" } });
        message.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        let refused = read::request(message.to_string().as_bytes(), "slurm", &hall()).expect_err("of no type");
        assert!(refused.request == "r1" && refused.why.starts_with("`type` must be"), "{refused:?}");
    }
    let refused = read::request(br#"{"type":[],"specversion":"1.0","data":7}"#, "slurm", &hall()).expect_err("no data");
    assert_eq!(refused.request, "");
}

#[test]
fn an_answer_says_again_by_what_its_client_finds_it() {
    let of = |more: Value| {
        let mut message = json!({ "type": "x", "data": { "request_id": "r1" } });
        message.as_object_mut().expect("fields").extend(more.as_object().expect("fields").clone());
        event::head(message.to_string().as_bytes()).trace
    };
    let trace =
        of(json!({ "correlationid": "c-1", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }));
    let message = write::event(("hall", "response", ""), (1, Wall(0)), (&json!({}), &trace));
    let said: Value = serde_json::from_slice(&message).expect("JSON");
    assert_eq!(said["correlationid"], "c-1");
    assert_eq!(said["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    for none in
        [json!({}), json!({ "correlationid": 7, "traceparent": null }), json!({ "correlationid": "x".repeat(257) })]
    {
        let message = write::event(("hall", "response", ""), (1, Wall(0)), (&json!({}), &of(none)));
        let said: Value = serde_json::from_slice(&message).expect("JSON");
        assert!(said.get("correlationid").is_none() && said.get("traceparent").is_none(), "{said}");
    }
    assert_eq!(write::answered(&hall(), &answered(&[Outcome::plain(Code::Granted, Why::Fits)]))["envelope_epoch"], 3);
}

#[test]
fn a_clock_that_differs_by_more_than_a_tenth_of_a_time_to_live_is_told_until_it_does_not() {
    let now = Wall(1_800_000_000_000);
    let of = |time: &str, ttl: Value| {
        let message = json!({ "type": "x", "time": time, "data": { "ttl_s": ttl } });
        move |told| skew(&event::head(message.to_string().as_bytes()), now, told)
    };
    assert_eq!(of("2027-01-15T08:00:30Z", Value::Null)(false), Some((30_000, false)), "a tenth of 300 s is none yet");
    assert_eq!(of("2027-01-15T08:00:31Z", Value::Null)(false), Some((31_000, true)));
    assert_eq!(of("2027-01-15T07:59:29Z", Value::Null)(false), Some((-31_000, true)));
    assert_eq!(of("2027-01-15T08:00:31Z", json!(600))(false), Some((31_000, false)), "of the time that it asks for");
    assert_eq!(of("2027-01-15T08:00:04Z", json!(1))(false), Some((4_000, true)), "and that is 30 s at the least");
    assert_eq!(of("2027-01-15T08:00:16Z", Value::Null)(true), Some((16_000, true)), "told, it goes on");
    assert_eq!(of("2027-01-15T08:00:15Z", Value::Null)(true), Some((15_000, false)));
    assert_eq!(of("yesterday", Value::Null)(false), None);
    assert_eq!(skew(&event::head(b"{"), now, true), None);
}

fn hall() -> Hall {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    Hall::load("air", text).expect("loads")
}

#[test]
fn a_notice_says_what_from_when_on_and_when_it_is_enforced() {
    let of = Notice {
        number: 5,
        lease: LeaseId { epoch: 3, number: 4 },
        seq: 2,
        tidings: Tidings::Reduce,
        watts: 20e3,
        effective: Wall(1_800_000_060_000),
        hard: Wall(1_800_000_120_000),
        cause: Cause::GridTarget,
        emergency: false,
    };
    let data = write::notice(&of, 3);
    let wanted = json!({
        "notice_id": "3-5", "lease_id": "3-4", "epoch": 3, "seq": 2, "kind": "reduce",
        "new_schedule": [{ "start": "2027-01-15T08:01:00Z", "w": 20e3 }],
        "effective_at": "2027-01-15T08:01:00Z", "hard_at": "2027-01-15T08:02:00Z",
        "reason": "grid_target", "emergency": false,
    });
    assert_eq!(data, wanted);
}

#[test]
fn a_window_is_named_as_the_hall_does_and_a_job_ends_in_it_unless_it_says_that_it_need_not() {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let windows = "[[window]]\nname = \"night\"\nhours = [\"22:00-06:00\"]\n[[window]]\nname = \"weekend\"\ndays = [\"sat\", \"sun\"]\n";
    let hall = Hall::load("air", &format!("{text}\n{windows}")).expect("loads");
    let asks = |time: Value| {
        let data = json!({
            "client": "slurm", "request_id": "r1", "op": "acquire", "domain": "pdu-a1", "power": { "want_w": 2000 },
            "time": time,
        });
        let message = json!({ "type": "wattloop.budget.request.v1", "data": data });
        match read::request(message.to_string().as_bytes(), "slurm", &hall).map(|of| of.op) {
            Ok(Op::Acquire(wishes)) => wishes[0].inside.clone().ok_or_else(|| "no window".to_owned()),
            Ok(_) => Err("something else".to_owned()),
            Err(refused) => Err(refused.why),
        }
    };
    let of = |early, fit| Ok(Inside { window: "night".to_owned(), early, fit });
    assert_eq!(asks(json!({ "window": "night" })), of(false, false));
    assert_eq!(asks(json!({ "window": "night", "duration_s": 60 })), of(false, true));
    assert_eq!(asks(json!({ "window": "night", "duration_s": 60, "fit": false, "early": true })), of(true, false));
    assert_eq!(
        asks(json!({ "window": "noon" })),
        Err("the hall has no window `noon`; it has: night, weekend".to_owned())
    );
    assert_eq!(asks(json!({ "window": "night", "fit": true })), Err("`time.fit` needs a `time.duration_s`".to_owned()));
}
