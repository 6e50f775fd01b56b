use plant::time::Span;
use serde_json::json;

use super::*;

fn hall() -> Hall {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    Hall::load("air", text).expect("loads")
}

fn asks(data: &Value) -> Result<Message, String> {
    let message = json!({ "specversion": "1.0", "type": "wattloop.budget.request.v1", "data": data });
    request(message.to_string().as_bytes(), "slurm", &hall()).map_err(|refused| refused.why)
}

fn with(key: &str, value: &Value) -> Value {
    let mut data = json!({
        "client": "slurm", "request_id": "r1", "op": "acquire", "domain": "pdu-a1",
        "power": { "min_w": 1000, "want_w": 2000 }, "something": "else",
    });
    data[key] = value.clone();
    data
}

#[test]
fn a_request_is_read_and_the_order_of_its_fields_does_not_matter() {
    let of = asks(&with("priority", &json!(3))).expect("reads");
    let Op::Acquire(wishes) = &of.op else { panic!("{of:?}") };
    assert_eq!((wishes[0].priority, wishes[0].power.wanted, wishes[0].class), (3, 2000.0, Class::Firm));
    let text = r#"{"data":{"something":"else","priority":3,"power":{"want_w":2000,"min_w":1000},"domain":"pdu-a1","op":"acquire","request_id":"r1","client":"slurm"},"type":"wattloop.budget.request.v1"}"#;
    assert_eq!(request(text.as_bytes(), "slurm", &hall()).expect("reads").body, of.body);
    assert_ne!(asks(&with("priority", &json!(4))).expect("reads").body, of.body);
}

#[test]
fn what_is_no_request_is_told_why() {
    for (key, value, said) in [
        ("client", json!("kueue"), "must be `slurm`"),
        ("request_id", json!(""), "`request_id`"),
        ("op", json!("borrow"), "`op` cannot be `borrow`"),
        ("domain", json!("pdu-z9"), "no feed, rack or node `pdu-z9`"),
        ("class", json!("soft"), "`class`"),
        ("on_expiry", json!("explode"), "`on_expiry`"),
        ("power", json!({ "want_w": null }), "says nothing"),
        ("power", json!({ "want_w": "much" }), "`power.want_w`"),
        ("ttl_s", json!(-5), "`ttl_s`: -5 s is no length of time"),
        ("accept", json!({ "wait_s": -5 }), "`accept.wait_s`: -5 s is no length"),
        ("time", json!({ "deadline": "tomorrow" }), "no instant"),
        ("items", json!([]), "1 to 256"),
        (
            "domain",
            json!([{ "domain": "pdu-a1", "w": 2000 }, { "domain": "pdu-b1", "w": 1000 }]),
            "`power.want_w` is 2000, and the parts of `domain` come to 3000",
        ),
        ("time", json!({ "window": "nigth" }), "no window `nigth`; it has: none"),
        ("time", json!({ "early": true }), "need a `time.window`"),
        ("time", json!({ "plan": true, "duration_s": 60 }), "`time.plan` needs"),
        ("time", json!({ "plan": true, "deadline": "2027-01-01T00:00:00Z" }), "`time.plan` needs"),
    ] {
        let why = asks(&with(key, &value)).expect_err(key);
        assert!(why.contains(said), "{key}: {why}");
    }
    let message = json!({ "type": "wattloop.budget.request.v2", "data": with("x", &json!(1)) });
    let refused = request(message.to_string().as_bytes(), "slurm", &hall()).expect_err("another version");
    assert_eq!(refused.request, "r1");
    assert!(refused.why.contains("v1"), "{refused:?}");
}

#[test]
fn domains_are_feeds_racks_nodes_and_parts_of_them_and_zero_is_zero() {
    let of = |domain: Value| match asks(&with("domain", &domain)).expect("reads").op {
        Op::Acquire(wishes) => wishes[0].places.clone(),
        other @ (Op::DryRun(_) | Op::Renew { .. } | Op::Amend { .. } | Op::Release { .. } | Op::Query { .. }) => {
            panic!("{other:?}")
        }
    };
    assert_eq!(of(json!(["rack-a01", "rack-a02"])), [(Place::Rack(0), 0.5), (Place::Rack(1), 0.5)]);
    let parts = json!([{ "domain": "pdu-a1", "w": 1500 }, { "domain": "pdu-b1", "w": 500 }]);
    assert_eq!(of(parts).iter().map(|(_, share)| *share).collect::<Vec<_>>(), [0.75, 0.25]);
    let node = hall().power.nodes[7].clone();
    assert_eq!(of(json!(node.name)), [(Place::Rack(node.rack), 1.0)]);
    let Op::Acquire(wishes) = asks(&with("power", &json!({ "want_w": 0 }))).expect("reads").op else { panic!() };
    assert_eq!((wishes[0].power.least, wishes[0].power.wanted), (0.0, 0.0));
}

#[test]
fn items_say_what_is_other_than_in_the_rest() {
    let items = json!([{ "domain": "pdu-b1" }, { "priority": 7 }]);
    let Op::Acquire(wishes) = asks(&with("items", &items)).expect("reads").op else { panic!() };
    assert_eq!(wishes.iter().map(|of| of.priority).collect::<Vec<_>>(), [100, 7]);
    assert_ne!(wishes[0].places, wishes[1].places);
}

/// A renewal of a lease, with fields that are other.
fn about(op: &str, more: &Value) -> Result<Op, String> {
    let mut data = json!({ "client": "slurm", "request_id": "r1", "op": op, "lease_id": "1-7" });
    for (key, value) in more.as_object().expect("fields") {
        data[key] = value.clone();
    }
    asks(&data).map(|of| of.op)
}

#[test]
fn a_generation_or_a_time_to_live_that_cannot_be_read_is_refused_by_its_name() {
    for op in ["renew", "amend", "release", "query"] {
        for epoch in [json!("2"), json!(-1), json!(1.5), json!([2]), json!(true)] {
            let why = about(
                op,
                &json!({ "epoch": epoch, "power": if op == "amend" { json!({ "want_w": 1 }) } else { Value::Null } }),
            )
            .expect_err("an epoch that is none");
            assert!(why.contains("`epoch` must be a whole number"), "{op} {epoch}: {why}");
        }
    }
    for ttl in [json!("300"), json!([300]), json!(true)] {
        let why = about("renew", &json!({ "ttl_s": ttl })).expect_err("no time");
        assert!(why.contains("`ttl_s` must be a number"), "{why}");
    }
    assert!(about("renew", &json!({ "ttl_s": -5 })).expect_err("no time").contains("`ttl_s`: -5 s is no length"));
    let Ok(Op::Renew { of, ttl }) = about("renew", &json!({ "epoch": 2, "ttl_s": 60 })) else { panic!() };
    assert_eq!((of.epoch, ttl), (Some(2), Some(Span::from_secs(60))));
    let Ok(Op::Renew { of, ttl }) = about("renew", &json!({ "epoch": null, "ttl_s": null })) else { panic!() };
    assert_eq!((of.epoch, ttl), (None, None));
    assert!(about("renew", &json!({ "lease_id": 7 })).expect_err("no lease").contains("`lease_id` must be a text"));
}

#[test]
fn what_cannot_be_changed_is_refused_by_its_name_and_not_passed_over() {
    let amend = |more: &Value| {
        let mut all = json!({ "power": { "want_w": 3000 } });
        for (key, value) in more.as_object().expect("fields") {
            all[key] = value.clone();
        }
        about("amend", &all)
    };
    for (more, key) in [
        (json!({ "time": { "deadline": "2027-01-01T00:00:00Z" } }), "`time.deadline`"),
        (json!({ "time": { "duration_s": 60 } }), "`time.duration_s`"),
        (json!({ "class": "firm" }), "`class`"),
        (json!({ "flex": { "floor_w": 1 } }), "`flex.floor_w`"),
        (json!({ "domain": "pdu-b1" }), "`domain`"),
        (json!({ "ttl_s": 60 }), "`ttl_s`"),
        (json!({ "on_expiry": "stop" }), "`on_expiry`"),
        (json!({ "items": [{}] }), "`items`"),
        (json!({ "power": { "want_w": 1, "peak_w": 2 } }), "`power.peak_w`"),
        (json!({ "accept": { "schedule": true } }), "`accept.schedule`"),
        (json!({ "accept": { "wait_s": 5 } }), "`accept.wait_s`"),
    ] {
        let why = amend(&more).expect_err("it cannot be changed");
        assert!(why.contains(key) && why.contains("cannot be changed by `amend`"), "{more}: {why}");
    }
    for (key, value) in [("power", json!({ "want_w": 1 })), ("priority", json!(3)), ("time", json!({ "plan": true }))] {
        let why = about("renew", &json!({ key: value })).expect_err("a renewal changes nothing");
        assert!(why.contains(&format!("`{key}")) && why.contains("by `renew`"), "{why}");
    }
    let nothing =
        json!({ "time": {}, "flex": { "floor_w": null }, "class": null, "accept": { "partial": true, "wait_s": 0 } });
    let Ok(Op::Amend { power, partial, priority, .. }) = amend(&nothing) else { panic!() };
    assert_eq!((power.wanted, partial, priority), (3000.0, true, None));
    let Ok(Op::Amend { priority, .. }) = amend(&json!({ "priority": 7 })) else { panic!() };
    assert_eq!(priority, Some(7));
    assert!(amend(&json!({ "priority": "high" })).expect_err("no number").contains("`priority`"));
}

#[test]
fn work_that_is_said_as_energy_lasts_as_long_as_it_takes_with_all_that_is_wanted() {
    let lasts = |time: Value| match asks(&with("time", &time)).map(|of| of.op) {
        Ok(Op::Acquire(wishes)) => Ok(wishes[0].times.duration.map(Span::seconds)),
        Ok(_) => panic!("something else"),
        Err(why) => Err(why),
    };
    assert_eq!(lasts(json!({ "energy_wh": 4000 })), Ok(Some(7200.0)), "2 kW for two hours");
    assert_eq!(lasts(json!({ "energy_wh": 0.1 })), Ok(Some(1.0)), "whole seconds upward");
    assert_eq!(lasts(json!({ "energy_wh": null })), Ok(None));
    for time in [
        json!({ "energy_wh": 0 }),
        json!({ "energy_wh": -1 }),
        json!({ "energy_wh": 1e300 }),
        json!({ "energy_wh": "much" }),
        json!({ "energy_wh": 4000, "duration_s": 7200 }),
    ] {
        let why = lasts(time.clone()).expect_err("no length of time");
        assert!(why.contains("time.energy_wh"), "{time}: {why}");
    }
    let mut nothing = with("time", &json!({ "energy_wh": 1 }));
    nothing["power"] = json!({ "want_w": 0 });
    assert!(asks(&nothing).expect_err("never done").contains("`time.energy_wh`"));
}

#[test]
fn a_job_is_kept_whole_or_refused() {
    let job = |said: &Value| match asks(&with("job", said)).map(|of| of.op) {
        Ok(Op::Acquire(wishes)) => Ok(wishes[0].job.clone()),
        Ok(_) => panic!("something else"),
        Err(why) => Err(why),
    };
    let whole = json!({ "scheduler": "slurm", "cluster": "prod", "id": 1_234_567, "array_index": 3, "user": "alice", "name": "train the large one" });
    let kept = job(&whole).expect("kept");
    assert_eq!(serde_json::from_str::<Value>(&kept).expect("JSON"), whole);
    assert_eq!(job(&json!("ü".repeat(JOB))).expect("kept").chars().count(), JOB);
    assert_eq!(job(&Value::Null), Ok(String::new()));
    for (said, why) in [
        (json!("x".repeat(JOB + 1)), "`job` may have 512 characters"),
        (json!({ "id": "x".repeat(JOB) }), "`job` may have 512 characters"),
        (json!({ "scheduler": "cron" }), "`job.scheduler` cannot be `cron`"),
        (json!({ "scheduler": 7 }), "`job`: `scheduler` must be a text"),
        (json!(7), "`job` must be a text or an object"),
    ] {
        let told = job(&said).expect_err("refused");
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn another_version_of_the_envelope_is_refused() {
    let of = |version: Value| {
        let message =
            json!({ "specversion": version, "type": "wattloop.budget.request.v1", "data": with("x", &json!(1)) });
        request(message.to_string().as_bytes(), "slurm", &hall())
    };
    for version in [json!("1.0"), json!("1.1"), Value::Null] {
        assert!(of(version.clone()).is_ok(), "{version}");
    }
    for version in [json!("2.0"), json!("10.0"), json!(1.0), json!("")] {
        let refused = of(version.clone()).expect_err("another version");
        assert_eq!(refused.request, "r1", "who asks knows which");
        assert!(refused.why.contains("`specversion`"), "{version}: {}", refused.why);
    }
}

#[test]
fn what_an_item_does_not_say_of_an_object_is_as_in_the_rest() {
    let mut data = with(
        "items",
        &json!([{ "power": { "want_w": 3000 }, "time": { "duration_s": 60 } }, { "power": { "min_w": null } }]),
    );
    data["time"] = json!({ "deadline": "2027-01-15T09:00:00Z", "duration_s": 600 });
    let Op::Acquire(wishes) = asks(&data).expect("reads").op else { panic!() };
    let of = |wish: &Wish| (wish.power.least, wish.power.wanted, wish.times.duration, wish.times.deadline.is_some());
    assert_eq!(of(&wishes[0]), (1000.0, 3000.0, Some(Span::from_secs(60)), true));
    assert_eq!(of(&wishes[1]), (2000.0, 2000.0, Some(Span::from_secs(600)), true), "it says that it has no least");
}
