//! What clients say of notices: who cannot come down is not waited for.

use plant::event::{ExcessStage, LeaseNews};

use super::*;
use crate::control::ledger::message::{Flex, Heard, Status, Wish};
use crate::control::ledger::notices::Notice;
use crate::control::ledger::tree::Place;

fn says(rig: &mut Rig, more: impl FnOnce(Heard) -> Heard) -> (Code, Why) {
    let client = "slurm".to_owned();
    let of = more(Heard { client, lease: None, notice: None, seq: 1, status: None, measured: None });
    let outcome = rig.with(|ledger, around, _, news| ledger.acknowledge(around, &of, news));
    (outcome.code, outcome.why)
}

fn cannot(rig: &mut Rig, lease: LeaseId, seq: u64) -> (Code, Why) {
    says(rig, |of| Heard { lease: Some(lease), seq, status: Some(Status::Cannot), ..of })
}

/// How often it was told that a client cannot, and what its lease may draw then (W).
fn told(rig: &Rig) -> Vec<f64> {
    let of = |of: &plant::event::Event| {
        if let What::Lease(LeaseNews::Cannot { watts, .. }) = of.what { Some(watts) } else { None }
    };
    rig.events.iter().filter_map(of).collect()
}

/// 50 kW that may come down to 20 kW, below a PDU or in its first rack, and all of them are drawn.
fn drawn(place: Option<Place>) -> (Rig, LeaseId) {
    let mut rig = Rig::new();
    rig.racks[0] = Some(0.0);
    rig.pass(5);
    let place = place.unwrap_or(Place::Feed(rig.feed("pdu-a1")));
    let flex = Flex { floor: 20e3, ..Flex::default() };
    let wish = Wish { class: Class::Curtailable, flex, ..Wish::firm(place, 50e3) };
    let lease = rig.acquire("slurm", wish).outcome.lease.expect("a lease");
    rig.racks[0] = Some(50e3);
    rig.load("pdu-a1", Some(50.4e3));
    rig.pass(1);
    (rig, lease)
}

/// It is lowered, with notice.
fn lowered(rig: &mut Rig) {
    rig.limit("pdu-a1", Some(30e3));
    rig.pass(1);
    assert_eq!(rig.notices().iter().map(|of| (of.tidings, of.watts)).collect::<Vec<_>>(), [(Tidings::Reduce, 20e3)]);
}

#[test]
fn whose_client_cannot_come_down_is_brought_down_from_when_on_it_may_draw_less() {
    let (mut rig, lease) = drawn(None);
    let feed = rig.feed("pdu-a1");
    lowered(&mut rig);
    assert!(!rig.ledger.show(0, |_| "").leases[0].cannot);
    assert_eq!(cannot(&mut rig, lease, 2), (Code::Granted, Why::Fits));
    assert_eq!(cannot(&mut rig, lease, 2), (Code::Granted, Why::Fits));
    assert_eq!(told(&rig), [20e3], "told once");
    assert!(rig.ledger.show(0, |_| "").leases[0].cannot, "and shown");
    rig.pass(58);
    assert_eq!(rig.ledger.allowed(feed), None, "it may still draw what it has");
    rig.pass(2);
    // 30 of its kilowatts must go; nine tenths of them confirm that.
    let goal = 50.4e3 - 0.9 * 30.24e3;
    let allowed = |rig: &Rig| rig.ledger.allowed(feed).map(|of| of.0);
    assert!((allowed(&rig).expect("brought down") - goal).abs() < 1.0, "{:?}", allowed(&rig));
    // As caps bring it down that stays where it is, and is over once it is there.
    rig.load("pdu-a1", Some(30e3));
    rig.pass(1);
    assert!((allowed(&rig).expect("not there yet") - goal).abs() < 1.0, "{:?}", allowed(&rig));
    rig.load("pdu-a1", Some(20.16e3));
    rig.pass(1);
    assert_eq!(allowed(&rig), None);
    rig.load("pdu-a1", Some(50.4e3));
    rig.pass(1);
    assert!(allowed(&rig).is_some(), "it draws again");
    // Others are promised what it gave up from here on: what is nobody's or theirs is none of its.
    rig.pass(130);
    assert_eq!(allowed(&rig), None);
    // Restored, nothing is left of it.
    rig.limit("pdu-a1", None);
    rig.pass(400);
    let view = rig.ledger.show(0, |_| "").leases.remove(0);
    assert_eq!((view.may_w, view.cannot), (50e3, false));
}

#[test]
fn who_does_not_answer_or_is_done_after_all_is_not_brought_down_so() {
    for status in [Some(Status::Accepted), Some(Status::Done), None] {
        let (mut rig, lease) = drawn(None);
        lowered(&mut rig);
        cannot(&mut rig, lease, 2);
        says(&mut rig, |of| Heard { lease: Some(lease), seq: 2, status, ..of });
        rig.pass(70);
        assert_eq!(rig.ledger.allowed(rig.feed("pdu-a1")).is_some(), status.is_none(), "{status:?}");
        assert_eq!(rig.ledger.show(0, |_| "").leases[0].cannot, status.is_none(), "{status:?}");
    }
    let (mut rig, _) = drawn(None);
    lowered(&mut rig);
    rig.pass(70);
    assert_eq!(rig.ledger.allowed(rig.feed("pdu-a1")), None, "its meter judges");
}

#[test]
fn a_rack_whose_client_cannot_come_down_is_capped_without_waiting_for_it() {
    let stages = |rig: &mut Rig, seconds: u64| -> Vec<ExcessStage> {
        rig.events.clear();
        rig.pass(seconds);
        let of = |of: &plant::event::Event| {
            if let What::Lease(LeaseNews::Excess(of)) = of.what { Some(of.stage) } else { None }
        };
        rig.events.iter().filter_map(of).collect()
    };
    let both = [ExcessStage::Noticed, ExcessStage::Capped];
    // Who says that he does it has his notice, what stays charged, and the two waits.
    let (mut rig, lease) = drawn(Some(Place::Rack(0)));
    lowered(&mut rig);
    says(&mut rig, |of| Heard { lease: Some(lease), seq: 2, status: Some(Status::Accepted), ..of });
    assert_eq!(stages(&mut rig, 60 + 120 + 85), [ExcessStage::Noticed]);
    assert_eq!(stages(&mut rig, 10), [ExcessStage::Capped]);
    // Who says nothing has his notice, and the time until `hard_at`.
    let (mut rig, lease) = drawn(Some(Place::Rack(0)));
    lowered(&mut rig);
    let hard = rig.notices()[0].hard.since(rig.notices()[0].effective);
    assert_eq!(stages(&mut rig, 59 + 60), []);
    assert_eq!((stages(&mut rig, 3), hard), (both.to_vec(), Span::from_secs(60)));
    assert_eq!((rig.ledger.held_to(0).map(|(watts, _)| watts.0), rig.ledger.refuses(lease)), (Some(20e3), false));
    // Who says that he cannot has his notice.
    let (mut rig, lease) = drawn(Some(Place::Rack(0)));
    lowered(&mut rig);
    cannot(&mut rig, lease, 2);
    assert_eq!(stages(&mut rig, 58), []);
    assert_eq!(stages(&mut rig, 4), both);
    assert_eq!(rig.ledger.held_to(0).map(|(watts, _)| watts.0), Some(20e3));
    // The same of one who was not lowered and draws too much.
    let (mut rig, lease) = drawn(Some(Place::Rack(0)));
    rig.racks[0] = Some(60e3);
    assert_eq!(stages(&mut rig, 31), [ExcessStage::Noticed]);
    let seq = rig.ledger.show(0, |_| "").leases[0].seq;
    cannot(&mut rig, lease, seq);
    assert_eq!(stages(&mut rig, 1), [ExcessStage::Capped]);
    assert!(rig.ledger.refuses(lease), "as long as the case lasts");
    rig.racks[0] = Some(50e3);
    assert_eq!(stages(&mut rig, 125), [ExcessStage::Over]);
    rig.pass(2);
    assert!(!rig.ledger.refuses(lease));
}

/// What its meter says after `hard_at` is judged as ever where the client has answered, even late, and nothing is done to who has come down without a word.
#[test]
fn who_has_not_answered_in_time_is_told_once_and_shown_until_he_does() {
    let told = |rig: &Rig| {
        let of = |of: &&plant::event::Event| matches!(of.what, What::Lease(LeaseNews::Unanswered { watts: 20e3, .. }));
        rig.events.iter().filter(of).count()
    };
    let shown = |rig: &Rig| rig.ledger.show(0, |_| "").leases[0].unanswered;
    let (mut rig, lease) = drawn(Some(Place::Rack(0)));
    lowered(&mut rig);
    rig.racks[0] = Some(20e3);
    rig.pass(59 + 59);
    says(&mut rig, |of| Heard { lease: Some(lease), seq: 2, measured: Some(20e3), ..of });
    assert_eq!((told(&rig), shown(&rig)), (0, false));
    rig.pass(60);
    assert_eq!((told(&rig), shown(&rig)), (1, true), "what it draws is no answer");
    rig.restart(Some(5));
    rig.pass(5);
    assert_eq!((told(&rig), shown(&rig), rig.ledger.held_to(0)), (1, true, None));
    says(&mut rig, |of| Heard { lease: Some(lease), seq: 2, status: Some(Status::Done), ..of });
    assert!(!shown(&rig));
    rig.racks[0] = Some(50e3);
    rig.pass(85);
    assert_eq!((told(&rig), rig.ledger.held_to(0)), (1, None), "and is waited for as others are");
    rig.pass(10);
    assert!(rig.ledger.held_to(0).is_some());
}

#[test]
fn a_notice_is_found_by_its_name_alone() {
    let (mut rig, lease) = drawn(None);
    lowered(&mut rig);
    let number = rig.notices()[0].number;
    let of = |notice: u64, lease: Option<LeaseId>, client: &str| {
        let client = client.to_owned();
        move |of: Heard| Heard { client, notice: Some(notice), lease, seq: 2, status: Some(Status::Cannot), ..of }
    };
    assert_eq!(says(&mut rig, of(number + 1, None, "slurm")), (Code::UnknownLease, Why::NoLease));
    assert_eq!(says(&mut rig, of(number, None, "kueue")), (Code::UnknownLease, Why::NoLease), "another's");
    let other = LeaseId { number: lease.number + 1, ..lease };
    assert_eq!(says(&mut rig, of(number, Some(other), "slurm")), (Code::Invalid, Why::Unsound));
    assert!(told(&rig).is_empty());
    assert_eq!(says(&mut rig, of(number, None, "slurm")), (Code::Granted, Why::Fits));
    assert_eq!(told(&rig), [20e3]);
}

#[test]
fn without_a_meter_nobody_is_brought_down_by_what_is_not_known() {
    let (mut rig, lease) = drawn(None);
    lowered(&mut rig);
    rig.load("pdu-a1", None);
    rig.pass(1);
    cannot(&mut rig, lease, 2);
    rig.load("pdu-a1", Some(50.4e3));
    rig.pass(70);
    assert_eq!(rig.ledger.allowed(rig.feed("pdu-a1")), None);
}

#[test]
fn a_clock_that_differs_is_told_once_and_when_it_does_not_any_more() {
    let mut rig = Rig::new();
    let mut skew = |client: &str, far: bool| {
        rig.events.clear();
        rig.with(|ledger, around, _, news| ledger.skew(around.ground, (client, -40_000, far), news));
        (rig.events.len(), rig.ledger.skewed())
    };
    assert_eq!(skew("kueue", false), (0, 0));
    assert_eq!((skew("kueue", true), skew("kueue", true), skew("slurm", true)), ((1, 1), (0, 1), (1, 2)));
    assert_eq!((skew("kueue", false), skew("nobody", true)), ((1, 1), (0, 1)));
    rig.restart(Some(5));
    assert_eq!(rig.ledger.skewed(), 0, "who listens begins anew");
}

#[test]
fn what_is_said_of_a_notice_counts_though_another_has_come_and_of_news_it_answers_nothing() {
    let (mut rig, lease) = drawn(None);
    lowered(&mut rig);
    let cut = rig.notices()[0];
    // Another state of it, as where its job will be late.
    rig.ledger.leases[0].seq += 1;
    let late = Notice { seq: 3, tidings: Tidings::Late, ..cut };
    rig.ledger.notices.tell(late);
    let number = rig.notices()[1].number;
    let of = |notice: u64, seq: u64, status| {
        move |of: Heard| Heard { notice: Some(notice), seq, status: Some(status), ..of }
    };
    assert_eq!(says(&mut rig, of(number, 3, Status::Done)), (Code::Granted, Why::Fits));
    rig.pass(125);
    assert!(
        rig.ledger.show(0, |_| "").leases[0].unanswered,
        "who has heard that it will be late has not come down by it"
    );
    assert_eq!(cannot(&mut rig, lease, 2), (Code::Conflict, Why::OldState), "of no notice");
    assert_eq!(says(&mut rig, of(cut.number, 2, Status::Cannot)), (Code::Granted, Why::Fits));
    assert_eq!(told(&rig), [20e3]);
    assert!(rig.ledger.refuses(lease) && !rig.ledger.show(0, |_| "").leases[0].unanswered);
    // Once it is restored that notice is of an earlier state.
    rig.limit("pdu-a1", None);
    rig.pass(400);
    assert_eq!(says(&mut rig, of(cut.number, 2, Status::Done)), (Code::Conflict, Why::OldState));
}
