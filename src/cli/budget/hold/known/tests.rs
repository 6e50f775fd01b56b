use serde_json::json;

use super::*;

fn at(seconds: f64) -> Mono {
    Mono(0).after(Span::from_seconds(seconds))
}

fn time(minute: u32) -> String {
    format!("2026-11-28T20:{minute:02}:00Z")
}

/// A lease in its state of this number, for so much now (W), with its steps: from which minute on how much (W).
fn says(ear: &mut Ear, seq: u64, w: f64, steps: &[(u32, f64)]) -> Note {
    let steps: Vec<Value> = steps.iter().map(|(from, w)| json!({ "start": time(*from), "w": w })).collect();
    let lease = json!({ "lease_id": "1-7", "epoch": 1, "seq": seq, "w": w, "schedule": steps });
    let mut note = Note::asking("j", 0, "r".to_owned());
    note.learn(&lease);
    ear.state(&note, &lease);
    note
}

fn told(kind: &str, seq: u64, w: f64, from: u32) -> Value {
    json!({ "kind": kind, "seq": seq, "new_schedule": [{ "start": time(from), "w": w }], "effective_at": time(from) })
}

/// One that was lent 60 W.
fn lent() -> Ear {
    let mut note = Note::asking("j", 0, "r".to_owned());
    note.learn(&json!({ "lease_id": "1-7", "epoch": 1, "seq": 1, "w": 60.0 }));
    Ear::new(None, &note)
}

/// What is missed in the end (W before).
fn missed(ear: &mut Ear, note: &Note) -> Option<f64> {
    assert_eq!(ear.misses(note, (at(10.0), true)), None, "its notice may still come");
    ear.misses(note, (at(12.0), true))
}

#[test]
fn what_no_notice_told_is_missed_once_after_a_moment() {
    let mut ear = lent();
    let low = says(&mut ear, 2, 20.0, &[(0, 60.0), (5, 20.0)]);
    assert_eq!((ear.misses(&low, (at(0.0), true)), ear.misses(&low, (at(1.9), true))), (None, None));
    assert_eq!(ear.misses(&low, (at(2.0), true)), Some(60.0));
    assert_eq!(ear.misses(&low, (at(2.1), true)), Some(60.0), "until somebody is told");
    ear.is_told(Some(20.0));
    assert_eq!((ear.misses(&low, (at(3.0), true)), ear.misses(&low, (at(9.0), true))), (None, None));
    let whole = says(&mut ear, 3, 60.0, &[(0, 60.0)]);
    assert_eq!(missed(&mut ear, &whole), Some(20.0));
    // What comes back and is lowered again before anybody was told is as it was.
    let again = says(&mut ear, 4, 20.0, &[(0, 60.0), (9, 20.0)]);
    assert_eq!(missed(&mut ear, &again), None);
}

#[test]
fn what_a_notice_told_is_missed_neither_before_it_holds_nor_then() {
    let steps = [(0, 60.0), (5, 20.0), (7, 10.0)];
    for late in [false, true] {
        let mut ear = lent();
        let seq = 2 + u64::from(late);
        // The state comes first, and may be a later one than the notice.
        let note = says(&mut ear, seq, 60.0, &steps);
        ear.hears(&told("reduce", 2, 20.0, 5), &note);
        assert_eq!(missed(&mut ear, &note), None, "it is to come");
        if late {
            ear.hears(&told("late", 3, 60.0, 1), &note);
        }
        for (w, why) in [(60.0, "not yet"), (20.0, "as it was told"), (10.0, "a step of it")] {
            let note = says(&mut ear, seq, w, &steps);
            assert_eq!(missed(&mut ear, &note), None, "{late}, {why}");
        }
        let whole = says(&mut ear, seq + 1, 60.0, &steps[..1]);
        assert_eq!(missed(&mut ear, &whole), Some(10.0), "{late}");
        ear.hears(&told("restore", seq + 1, 60.0, 8), &whole);
        assert_eq!(missed(&mut ear, &whole), None);
    }
}

#[test]
fn a_cut_to_come_stays_known_where_the_lease_counts_up_for_something_else() {
    let mut ear = lent();
    let steps = [(0, 60.0), (5, 20.0)];
    let note = says(&mut ear, 2, 60.0, &steps);
    ear.hears(&told("reduce", 2, 20.0, 5), &note);
    for w in [60.0, 20.0] {
        let note = says(&mut ear, 4, w, &steps);
        assert_eq!(missed(&mut ear, &note), None, "{w}");
    }
}

#[test]
fn a_cut_that_was_lifted_before_it_held_and_one_that_came_in_its_place_are_told_as_they_come() {
    let mut ear = lent();
    let note = says(&mut ear, 2, 60.0, &[(0, 60.0), (5, 20.0)]);
    ear.hears(&told("reduce", 2, 20.0, 5), &note);
    // Restored, and lowered once more from later on.
    let note = says(&mut ear, 4, 60.0, &[(0, 60.0), (9, 20.0)]);
    assert_eq!(missed(&mut ear, &note), Some(20.0), "it comes back");
    ear.is_told(Some(60.0));
    assert_eq!(missed(&mut ear, &note), None);
    let note = says(&mut ear, 4, 20.0, &[(0, 60.0), (9, 20.0)]);
    assert_eq!(missed(&mut ear, &note), Some(60.0));
}

#[test]
fn steps_that_were_lent_are_told_by_nobody() {
    let mut ear = lent();
    for w in [60.0, 40.0, 0.0, 50.0] {
        let note = says(&mut ear, 1, w, &[(0, 60.0), (1, 40.0), (2, 0.0), (3, 50.0)]);
        assert_eq!(missed(&mut ear, &note), None);
    }
    let cut = says(&mut ear, 2, 20.0, &[(3, 50.0), (4, 20.0)]);
    assert_eq!(missed(&mut ear, &cut), Some(50.0));
}

#[test]
fn what_caps_let_is_told_beside_the_lease_and_changes_nothing_that_is_known_of_it() {
    let mut ear = lent();
    let note = says(&mut ear, 2, 60.0, &[(0, 60.0)]);
    ear.hears(&told("reduce", 2, 30.0, 1), &note);
    let late = says(&mut ear, 4, 60.0, &[(0, 60.0)]);
    assert_eq!(missed(&mut ear, &late), None, "caps still hold, for all that is known");
}

#[test]
fn a_service_that_counts_states_anew_is_followed_and_one_that_goes_on_counting_is_not_mistaken_for_it() {
    for (epoch, seq, w, found) in [(2, 3, 20.0, Some(60.0)), (2, 3, 60.0, None), (2, 7, 20.0, None), (1, 3, 20.0, None)]
    {
        let mut ear = lent();
        let before = says(&mut ear, 7, 60.0, &[(0, 60.0)]);
        ear.hears(&told("restore", 7, 60.0, 0), &before);
        let steps = [(0, 60.0), (1, w)];
        let lease = json!({ "lease_id": "1-7", "epoch": epoch, "seq": seq, "w": w,
            "schedule": steps.map(|(from, w)| json!({ "start": time(from), "w": w })) });
        let mut note = before;
        note.learn(&lease);
        ear.state(&note, &lease);
        assert_eq!(missed(&mut ear, &note), found, "{epoch} {seq} {w}");
        // Its notices are in the order of its own states.
        assert_eq!(ear.is_past(&told("reduce", seq + 1, 10.0, 2), &note), (epoch, seq) == (1, 3), "{epoch} {seq}");
    }
}

#[test]
fn what_the_command_was_told_is_remembered_when_it_has_ended() {
    let mut ear = lent();
    let lent = ear.known();
    let low = says(&mut ear, 2, 20.0, &[(0, 20.0)]);
    ear.hears(&told("reduce", 2, 20.0, 0), &low);
    assert_eq!((ear.known(), missed(&mut ear, &low)), (lent, None), "it is on its way");
    // Killed by then, whoever holds next tells it.
    assert_eq!(missed(&mut Ear::new(Some(ear.known()), &low), &low), Some(60.0));
    ear.ended();
    assert_eq!(missed(&mut Ear::new(Some(ear.known()), &low), &low), None);
    // What does not last leaves what was known.
    let known = ear.known();
    ear.is_told(None);
    ear.ended();
    ear.ended();
    assert_eq!(ear.known(), known);
}

#[test]
fn garbage_tells_nothing() {
    let mut ear = lent();
    let note = says(&mut ear, 1, 60.0, &[]);
    for notice in [
        json!(null),
        json!([]),
        json!({ "kind": "reduce", "seq": 2 }),
        json!({ "kind": "reduce", "seq": "2", "new_schedule": [{ "w": 7.0 }] }),
        json!({ "kind": "reduce", "seq": 2, "new_schedule": [{ "w": -7.0 }] }),
        json!({ "kind": "reduce", "seq": 2, "new_schedule": { "w": 7.0 } }),
        told("reduce", 1, 7.0, 0),
    ] {
        let before = ear.known();
        ear.hears(&notice, &note);
        ear.ended();
        assert_eq!(ear.known(), before, "{notice}");
    }
    for schedule in [json!(7), json!([7, {}, { "start": "x", "w": 1.0 }])] {
        ear.state(&note, &json!({ "schedule": schedule }));
        assert_eq!(ear.misses(&note, (at(9.0), true)), None);
    }
}

#[test]
fn what_it_keeps_where_nobody_renews_it_is_not_taken_back_by_what_the_lease_says_until_it_is_over() {
    let mut ear = lent();
    let mut notice = told("reduce", 2, 10.0, 0);
    notice["reason"] = json!("expired");
    let grace = says(&mut ear, 2, 60.0, &[(0, 60.0)]);
    ear.hears(&notice, &grace);
    ear.ended();
    // In its grace the lease still is for all of it.
    let grace = says(&mut ear, 2, 60.0, &[(0, 60.0)]);
    assert_eq!(missed(&mut ear, &grace), None);
    // Renewed, and its `restore` was heard by nobody.
    let held = says(&mut ear, 3, 60.0, &[(0, 60.0)]);
    assert_eq!(missed(&mut ear, &held), Some(10.0));
}
