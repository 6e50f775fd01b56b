use super::*;

fn note(lease: &str, stage: Stage) -> Note {
    let mut note = Note { stage, ..Note::asking(&format!("job-{lease}"), 0, "r".to_owned()) };
    note.learn(&json!({ "lease_id": lease, "epoch": 1, "seq": 1, "w": 1e3, "ttl_s": 300.0 }));
    note
}

fn at(seconds: f64) -> Mono {
    Mono(0).after(Span::from_seconds(seconds))
}

fn keeper(notes: &[Note]) -> Keeper {
    begun(notes, &BTreeMap::new(), 0.0)
}

/// Somebody who begins to hold, and what is remembered of who held before.
fn begun(notes: &[Note], marks: &BTreeMap<String, Mark>, seconds: f64) -> Keeper {
    let mut keeper = Keeper::new("slurm", "n", marks);
    keeper.look(notes, at(seconds));
    keeper
}

fn granted(request: &Value, epoch: u64, seq: u64) -> Value {
    let lease = json!({ "lease_id": request["lease_id"], "epoch": epoch, "seq": seq, "w": 1e3, "ttl_s": 300.0, "state": "held" });
    json!({ "code": "granted", "request_id": request["request_id"], "epoch": epoch, "lease": lease })
}

#[test]
fn a_lease_is_renewed_after_a_third_of_its_life_a_little_sooner_or_later_by_its_name() {
    let mut pauses = Vec::new();
    for number in 0..64 {
        let id = format!("1-{number}");
        let mut keeper = keeper(&[note(&id, Stage::Held)]);
        let first = keeper.due(at(0.0));
        assert_eq!((first.len(), &first[0]["op"], &first[0]["epoch"]), (1, &json!("renew"), &json!(1)));
        assert_eq!(keeper.answered(&granted(&first[0], 1, 1), at(0.0)), None, "nothing new is not written");
        let next = (0..200).find(|s| !keeper.due(at(f64::from(*s))).is_empty()).expect("renewed");
        pauses.push(next);
    }
    let (least, most) = (pauses.iter().min().copied(), pauses.iter().max().copied());
    assert!(least >= Some(90) && most <= Some(111), "{least:?} to {most:?}");
    assert!(most > least, "they do not come all at once");
}

#[test]
fn after_a_restart_what_is_told_is_taken_and_asked_for_in_the_new_generation() {
    let mut keeper = keeper(&[note("1-7", Stage::Held)]);
    let first = keeper.due(at(0.0)).remove(0);
    let mut told = granted(&first, 2, 5);
    (told["code"], told["reason"]) = (json!("conflict"), json!({ "code": "old_epoch" }));
    let learned = keeper.answered(&told, at(0.1)).expect("learned");
    assert_eq!((learned.note.epoch, learned.note.seq, learned.lost), (2, 5, false));
    let second = keeper.due(at(0.1)).remove(0);
    assert_eq!((&second["epoch"], &second["op"]), (&json!(2), &json!("renew")));
    // A conflict that says nothing new is not asked again at once, for ever.
    let again = json!({ "code": "conflict", "request_id": second["request_id"], "reason": { "code": "old_epoch" } });
    assert_eq!(keeper.answered(&again, at(0.2)), None);
    assert!(keeper.due(at(0.3)).is_empty());
}

#[test]
fn what_is_gone_is_told_once_and_what_was_given_back_is_not_lost() {
    for (stage, stopped, code, lost) in [
        (Stage::Held, false, "unknown_lease", true),
        (Stage::Held, false, "expired", true),
        (Stage::Held, true, "unknown_lease", false),
        (Stage::Returning, false, "unknown_lease", false),
        (Stage::Returning, false, "granted", false),
    ] {
        let mut keeper = keeper(&[note("1-7", stage)]);
        let said = keeper.due(at(0.0)).remove(0);
        assert_eq!(said["op"], if stage == Stage::Held { "renew" } else { "release" });
        if stopped {
            keeper.hears(&power("stop", 1), at(0.0));
        }
        let answer = json!({ "code": code, "request_id": said["request_id"] });
        let learned = keeper.answered(&answer, at(0.1)).expect("it is over");
        assert_eq!((learned.note.stage, learned.lost, keeper.len()), (Stage::Over, lost, 0), "{code}");
    }
}

#[test]
fn without_an_answer_it_is_asked_again_and_a_refusal_is_waited_for() {
    let mut keeper = keeper(&[note("1-7", Stage::Held)]);
    let first = keeper.due(at(0.0)).remove(0);
    assert!(keeper.due(at(4.9)).is_empty(), "its answer may still come");
    let second = keeper.due(at(5.0)).remove(0);
    assert_ne!(first["request_id"], second["request_id"]);
    assert_eq!(keeper.answered(&granted(&first, 9, 9), at(5.1)), None, "too late: nobody waits for it");
    let retry = json!({ "code": "retry", "request_id": second["request_id"], "retry_after_s": 1e300 });
    assert_eq!(keeper.answered(&retry, at(5.1)), None);
    assert!(keeper.due(at(15.0)).is_empty() && keeper.due(at(15.2)).len() == 1, "soon enough for the shortest life");
}

#[test]
fn a_start_with_many_leases_asks_a_few_at_a_time_and_those_that_are_gone_from_the_folder_are_let_go() {
    let notes: Vec<Note> = (0..100).map(|n| note(&format!("1-{n}"), Stage::Held)).collect();
    let mut keeper = keeper(&notes);
    // However often somebody looks, as after each message that is heard.
    let mut asked = Vec::new();
    for look in 0..500 {
        asked.extend(keeper.due(at(f64::from(look) * 0.01)).iter().map(|_| look));
    }
    assert_eq!((asked.len(), asked[2], asked[3], asked[59]), (60, 0, 25, 475), "three in each quarter of a second");
    keeper.look(&notes[..10], at(5.0));
    assert_eq!((keeper.len(), keeper.job("1-7")), (10, Some("job-1-7")));
    // Of so many that this is not enough, a quarter more than they need.
    let notes: Vec<Note> = (0..4096).map(|n| note(&format!("1-{n}"), Stage::Held)).collect();
    assert_eq!(self::keeper(&notes).due(at(0.0)).len(), 13, "4096 in 100 s are 10.24 in a quarter of a second");
}

#[test]
fn what_the_broker_keeps_is_taken_in_order_and_an_end_is_asked_about() {
    let mut keeper = keeper(&[note("1-7", Stage::Held)]);
    let first = keeper.due(at(0.0)).remove(0);
    keeper.answered(&granted(&first, 1, 1), at(0.0));
    let state = |epoch: u64, seq: u64, w: f64| json!({ "lease_id": "1-7", "epoch": epoch, "seq": seq, "w": w, "ttl_s": 300.0, "state": "held" });
    assert_eq!(keeper.told("1-7", &state(2, 3, 500.0), at(1.0)).expect("newer").note.w, 500.0);
    assert_eq!(keeper.told("1-7", &state(2, 2, 900.0), at(1.0)), None, "older");
    assert_eq!(keeper.told("1-8", &state(9, 9, 900.0), at(1.0)), None, "somebody else's");
    assert!(keeper.due(at(1.0)).is_empty());
    keeper.told("1-7", &Value::Null, at(1.0));
    assert_eq!(keeper.due(at(1.0)).len(), 1);
}

#[test]
fn the_same_state_goes_through_its_steps_and_the_shorter_of_two_lives_counts() {
    let kept =
        |ttl: f64, w: f64| json!({ "lease_id": "1-7", "epoch": 1, "seq": 1, "w": w, "ttl_s": ttl, "state": "held" });
    for by_folder in [false, true] {
        let mut keeper = keeper(&[note("1-7", Stage::Held)]);
        renewed(&mut keeper, 0.0);
        let told = keeper.told("1-7", &kept(300.0, 500.0), at(2.0)).expect("a step").note;
        assert_eq!((told.w, told.ttl_s), (500.0, 300.0));
        // Somebody else renews it for less: `hold` asks at once, and acts once that could be answered.
        if by_folder {
            let mut shorter = note("1-7", Stage::Held);
            shorter.ttl_s = 30.0;
            keeper.look(&[shorter], at(60.0));
        } else {
            keeper.told("1-7", &kept(30.0, 500.0), at(60.0)).expect("a shorter life");
            assert_eq!(keeper.told("1-7", &kept(600.0, 500.0), at(60.1)), None, "in doubt the shorter one");
        }
        assert_eq!((keeper.alone(at(64.9)).len(), keeper.alone(at(65.0)).len()), (0, 1), "{by_folder}");
        let said = keeper.due(at(60.1)).pop().expect("at once");
        let mut answer = granted(&said, 1, 1);
        answer["lease"]["ttl_s"] = json!(30.0);
        keeper.answered(&answer, at(60.2));
        assert_eq!((keeper.alone(at(90.0)).len(), keeper.alone(at(90.1)).len()), (0, 1));
        assert!(keeper.due(at(68.9)).is_empty() && keeper.due(at(71.2)).len() == 1, "a third of its life");
    }
    // It acts no later than before.
    let mut late = keeper(&[note("1-7", Stage::Held)]);
    renewed(&mut late, 0.0);
    late.told("1-7", &kept(30.0, 1e3), at(298.0));
    assert_eq!((late.alone(at(299.9)).len(), late.alone(at(300.0)).len()), (0, 1));
}

#[test]
fn what_was_told_while_nobody_heard_is_missed_unless_its_job_has_come_down_or_is_over() {
    let low = json!({ "lease_id": "1-7", "epoch": 1, "seq": 2, "w": 500.0, "ttl_s": 300.0, "state": "held" });
    let missed = |keeper: &mut Keeper| {
        keeper.told("1-7", &low, at(1.0));
        keeper.missed(at(1.0), true);
        keeper.missed(at(3.0), true).into_iter().map(|(note, had)| (note.w, had)).collect::<Vec<_>>()
    };
    let mut held = keeper(&[note("1-7", Stage::Held)]);
    assert_eq!(missed(&mut held), [(500.0, 1e3)]);
    // While more is heard its notice may still come, and not for ever.
    assert_eq!((held.missed(at(9.0), false).len(), held.missed(at(31.0), false).len()), (0, 1));
    held.hears(&json!({ "lease_id": "1-8", "kind": "reduce" }), at(8.0));
    assert_eq!((held.missed(at(9.9), true).len(), held.missed(at(10.0), true).len()), (0, 1));
    held.tells("1-7", Some(500.0));
    assert!(missed(&mut held).is_empty());
    // Whoever holds next knows it once the command has ended.
    let lower = Note { seq: 2, w: 500.0, ..note("1-7", Stage::Held) };
    assert_eq!(missed(&mut begun(std::slice::from_ref(&lower), &held.marks(), 0.0)), [(500.0, 1e3)]);
    held.ended("1-7");
    assert!(missed(&mut begun(&[lower], &held.marks(), 0.0)).is_empty());
    assert!(missed(&mut keeper(&[note("1-7", Stage::Returning)])).is_empty());
    let mut stopped = keeper(&[note("1-7", Stage::Held)]);
    stopped.hears(&power("stop", 1), at(0.0));
    assert!(missed(&mut stopped).is_empty());
    // Who has come down by himself hears of it when it is renewed.
    let mut alone = keeper(&[note("1-7", Stage::Held)]);
    alone.acts("1-7", false);
    assert!(missed(&mut alone).is_empty());
}

/// Renewed, asked for then, and answered a second later.
fn renewed(keeper: &mut Keeper, asked: f64) -> Option<Learned> {
    let said = keeper.due(at(asked)).pop().expect("due");
    keeper.answered(&granted(&said, 1, 1), at(asked + 1.0))
}

#[test]
fn who_can_ask_nobody_acts_once_when_the_time_is_over_that_was_asked_for() {
    let mut keeper = keeper(&[note("1-7", Stage::Held)]);
    assert_eq!(renewed(&mut keeper, 0.0), None);
    // What was asked for is not what was answered: no answer lengthens what nobody grants.
    for asked in [120.0, 130.0] {
        keeper.due(at(asked)).pop().expect("asked on and on");
        assert!(keeper.alone(at(299.9)).is_empty());
    }
    assert_eq!(keeper.alone(at(300.0)).len(), 1, "from when it was asked for, not from when it was answered");
    keeper.acts("1-7", false);
    assert!(keeper.alone(at(1e6)).is_empty(), "once");
    renewed(&mut keeper, 1e6);
    assert_eq!((back(&mut keeper, 1e6 + 1.0), keeper.alone(at(1e6 + 299.0)).len()), (Some(1e3), 0));
    assert_eq!(keeper.alone(at(1e6 + 300.0)).len(), 1, "and may come to its end again");
}

/// What a job had that is renewed after it came down by itself (W); it is told so.
fn back(keeper: &mut Keeper, now: f64) -> Option<f64> {
    let (_, had) = keeper.back(at(now)).pop()?;
    keeper.told_back("1-7");
    assert!(keeper.back(at(now)).is_empty(), "once");
    Some(had)
}

#[test]
fn what_a_job_is_to_hear_of_a_renewal_waits_until_the_command_takes_it() {
    let mut keeper = keeper(&[note("1-7", Stage::Held)]);
    renewed(&mut keeper, 0.0);
    keeper.acts("1-7", true);
    keeper.told_alone("1-7", Some(1e3));
    assert!(keeper.back(at(400.0)).is_empty(), "nobody has renewed it");
    let mut low = note("1-7", Stage::Held);
    (low.seq, low.w) = (2, 500.0);
    for asked in [400.0, 520.0] {
        renewed(&mut keeper, asked);
        let told: Vec<_> = keeper.back(at(asked + 2.0)).into_iter().map(|(note, had)| (note.w, had)).collect();
        assert_eq!(told, [(1e3, 1e3)], "{asked}");
        keeper.look(std::slice::from_ref(&note("1-7", Stage::Held)), at(asked + 2.0));
        assert!(keeper.missed(at(asked + 90.0), true).is_empty(), "it is told so by that");
    }
    // Its time is over again before anybody was told: it has come down already.
    assert_eq!((keeper.back(at(820.0)).len(), keeper.alone(at(820.0)).len()), (0, 0));
    keeper.look(&[low], at(821.0));
    let said = keeper.due(at(830.0)).pop().expect("due");
    let mut answer = granted(&said, 1, 2);
    answer["lease"]["w"] = json!(500.0);
    keeper.answered(&answer, at(831.0));
    assert_eq!(keeper.back(at(831.0)).into_iter().map(|(note, had)| (note.w, had)).collect::<Vec<_>>(), [(500.0, 1e3)]);
    assert_eq!(back(&mut keeper, 832.0), Some(1e3));
    // It lives as any other from then on.
    assert_eq!((keeper.alone(at(1129.0)).len(), keeper.alone(at(1130.0)).len()), (0, 1));
}

fn power(kind: &str, seq: u64) -> Value {
    json!({ "lease_id": "1-7", "seq": seq, "kind": kind, "new_schedule": [{ "start": "2026-11-28T20:00:00Z", "w": 500.0 }] })
}

#[test]
fn what_says_that_it_may_draw_something_takes_back_that_it_was_to_stop() {
    for kind in ["reduce", "pause", "restore"] {
        let mut keeper = keeper(&[note("1-7", Stage::Held)]);
        renewed(&mut keeper, 0.0);
        assert_eq!(keeper.alone(at(300.0)).len(), 1, "what the command has not been given stops nobody");
        keeper.hears(&power("stop", 2), at(0.0));
        assert!(keeper.alone(at(300.0)).is_empty());
        keeper.hears(&json!({ "lease_id": "1-7", "seq": 3, "kind": "late" }), at(0.0));
        assert!(keeper.alone(at(300.0)).is_empty(), "news takes back nothing");
        keeper.hears(&power(kind, 3), at(0.0));
        assert_eq!(keeper.alone(at(300.0)).len(), 1, "{kind}: somebody acts for it again");
    }
}

#[test]
fn what_is_past_is_passed_over() {
    let mut keeper = keeper(&[note("1-7", Stage::Held)]);
    let restore = power("restore", 4);
    assert!(keeper.comes(&restore));
    keeper.hears(&restore, at(0.0));
    for kind in ["stop", "pause", "reduce"] {
        assert!(!keeper.comes(&power(kind, 3)), "{kind}: another has been said since");
        assert!(keeper.comes(&power(kind, 4)), "{kind}");
    }
    // Nobody has heard what came behind, and the lease says that it goes on.
    let mut anew = self::keeper(&[note("1-7", Stage::Held)]);
    let lease = |w: f64| json!({ "lease_id": "1-7", "epoch": 2, "seq": 5, "w": w, "ttl_s": 300.0, "state": "held" });
    anew.told("1-7", &lease(1e3), at(0.0));
    assert!(!anew.comes(&power("stop", 4)) && anew.comes(&power("reduce", 4)), "a cut may be to come");
    let mut over = self::keeper(&[note("1-7", Stage::Held)]);
    over.told("1-7", &lease(0.0), at(0.0));
    assert!(over.comes(&power("stop", 4)), "it has ended");
    let returning = self::keeper(&[note("1-7", Stage::Returning)]);
    assert!(!returning.comes(&power("stop", 9)), "its job may run by another lease");
    for odd in [json!({ "lease_id": "1-7", "kind": "stop" }), json!({ "lease_id": "1-8", "seq": 0, "kind": "stop" })] {
        assert!(anew.comes(&odd), "{odd}");
    }
}

#[test]
fn an_answer_that_was_overtaken_by_a_newer_state_brings_the_older_one_back_no_more() {
    let state = |seq: u64, w: f64| json!({ "lease_id": "1-7", "epoch": 1, "seq": seq, "w": w, "ttl_s": 300.0, "state": "held" });
    for code in ["granted", "conflict"] {
        let mut keeper = keeper(&[note("1-7", Stage::Held)]);
        let said = keeper.due(at(0.0)).pop().expect("due");
        keeper.told("1-7", &state(3, 500.0), at(0.1)).expect("newer");
        let mut answer = granted(&said, 1, 2);
        (answer["code"], answer["reason"]) = (json!(code), json!({ "code": "old_epoch" }));
        assert_eq!(keeper.answered(&answer, at(0.2)), None, "{code}");
        let lowered = keeper.missed(at(0.2), true).len() + keeper.missed(at(9.0), true).len();
        assert_eq!(lowered, 1, "{code}: the newer state holds");
        // It is renewed by it all the same.
        assert_eq!(keeper.alone(at(299.9)).len(), usize::from(code != "granted"), "{code}");
    }
}

#[test]
fn what_is_no_renewal_lengthens_nothing() {
    for (code, reason) in [("conflict", "old_epoch"), ("retry", "recovering"), ("invalid", ""), ("", "")] {
        let mut keeper = keeper(&[note("1-7", Stage::Held)]);
        renewed(&mut keeper, 0.0);
        let said = keeper.due(at(120.0)).pop().expect("due");
        let mut answer = granted(&said, 2, 2);
        (answer["code"], answer["reason"]) = (json!(code), json!({ "code": reason }));
        keeper.answered(&answer, at(120.1));
        keeper.told("1-7", &granted(&said, 3, 3)["lease"], at(120.2));
        assert_eq!((keeper.alone(at(299.9)).len(), keeper.alone(at(300.0)).len()), (0, 1), "{code}");
    }
}

#[test]
fn who_holds_next_knows_how_long_it_is_ago_and_who_was_told() {
    let held = [note("1-7", Stage::Held)];
    let mut first = keeper(&held);
    renewed(&mut first, 10.0);
    let next = begun(&held, &first.marks(), 200.0);
    assert_eq!((next.alone(at(309.9)).len(), next.alone(at(310.0)).len()), (0, 1));
    // Nobody answers while nobody holds: whoever begins asks first, and acts in a moment.
    let late = begun(&held, &first.marks(), 1000.0);
    assert_eq!((late.alone(at(1004.9)).len(), late.alone(at(1005.0)).len()), (0, 1));
    // Killed before the command has heard of it, it is told again; afterwards it is not, and is restored.
    first.acts("1-7", false);
    assert_eq!(begun(&held, &first.marks(), 1000.0).alone(at(1005.0)).len(), 1);
    first.told_alone("1-7", Some(1e3));
    let mut last = begun(&held, &first.marks(), 1000.0);
    assert!(last.alone(at(1e6)).is_empty());
    renewed(&mut last, 1e6);
    assert_eq!(back(&mut last, 1e6 + 1.0), Some(1e3));
    assert_eq!(begun(&held, &last.marks(), 1e6).alone(at(1e6 + 5.0)).len(), 0, "until the command has heard of it");
    last.told_alone("1-7", None);
    assert_eq!(begun(&held, &last.marks(), 2e6).alone(at(2e6 + 5.0)).len(), 1);
}

#[test]
fn of_what_nobody_knows_the_age_it_is_over_once_it_could_be_asked_for() {
    let few = keeper(&[note("1-7", Stage::Held)]);
    assert_eq!((few.alone(at(4.9)).len(), few.alone(at(5.0)).len()), (0, 1));
    let notes: Vec<Note> = (0..90).map(|n| note(&format!("1-{n}"), Stage::Held)).collect();
    let many = keeper(&notes);
    assert_eq!((many.alone(at(12.4)).len(), many.alone(at(12.5)).len()), (0, 90), "three in each quarter of a second");
    let notes: Vec<Note> = (0..4096).map(|n| note(&format!("1-{n}"), Stage::Held)).collect();
    assert_eq!(keeper(&notes).alone(at(60.0)).len(), 4096, "no longer than a grace");
}

#[test]
fn nobody_acts_for_what_is_given_back_or_was_told_to_stop() {
    let returning = keeper(&[note("1-7", Stage::Returning)]);
    assert!(returning.alone(at(1e6)).is_empty());
    let mut stopped = keeper(&[note("1-7", Stage::Held)]);
    assert!(stopped.is_waited_for() && !returning.is_waited_for());
    stopped.hears(&power("stop", 1), at(0.0));
    assert!(stopped.alone(at(1e6)).is_empty() && !stopped.is_waited_for());
    // Told to stop by us: that it is gone then is not told besides.
    let mut ours = keeper(&[note("1-7", Stage::Held)]);
    ours.acts("1-7", true);
    assert!(ours.is_waited_for(), "until the command has heard of it");
    ours.told_alone("1-7", Some(1e3));
    assert!(!ours.is_waited_for());
    let said = ours.due(at(1e6)).pop().expect("due");
    let gone = ours.answered(&json!({ "code": "expired", "request_id": said["request_id"] }), at(1e6)).expect("over");
    assert!(!gone.lost);
}

#[test]
fn garbage_changes_nothing() {
    let mut keeper = keeper(&[note("1-7", Stage::Held)]);
    let said = keeper.due(at(0.0)).remove(0);
    for garbage in [json!(null), json!([]), json!({ "request_id": 7 }), json!({ "request_id": "n-1", "code": [] })] {
        assert_eq!(keeper.answered(&garbage, at(0.1)), None);
        assert_eq!(keeper.told("1-7", &json!({ "epoch": "x", "state": [garbage] }), at(0.1)), None);
    }
    let odd =
        json!({ "request_id": said["request_id"], "code": "granted", "lease": { "lease_id": "1-8", "epoch": 9 } });
    assert_eq!(keeper.answered(&odd, at(0.1)), None);
    assert_eq!(keeper.len(), 1);
}
