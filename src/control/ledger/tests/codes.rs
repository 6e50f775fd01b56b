//! Each code, and each reason why not.

use plant::time::Span;
use plant::units::Watts;

use super::*;
use crate::control::ledger::message::{Accept, Named, Power, Times, Wish};
use crate::control::ledger::notices::{Notice, Tidings};
use crate::control::ledger::reply::Answered;

#[test]
fn granted_carries_losses_up_the_tree_and_cooling_where_it_is_carried() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let item = rig.acquire("slurm", wish(feed, 100e3));
    assert_eq!((item.outcome.code, item.outcome.why), (Code::Granted, Why::Fits));
    let lease = item.lease.expect("a lease");
    assert_eq!((lease.state.as_str(), lease.epoch, lease.seq, lease.may_w), ("held", 1, 1, 100e3));
    assert!((rig.reserved("pdu-a1") - 100.8e3).abs() < 1.0);
    assert!((rig.reserved("ups-a") - 100.8e3 / 0.975).abs() < 1.0);
    assert!((rig.reserved("utility") - 100.8e3 / 0.975 * 1.0065).abs() < 1.0);
    assert!((rig.reserved("pdu-a2"), rig.reserved("mechanical")) == (0.0, 0.0));

    let mut rig = Rig::of(Rules { cooling: 0.3, ..rig.ground.rules });
    rig.acquire("slurm", wish(feed, 100e3));
    assert!((rig.reserved("pdu-a1") - 100.8e3).abs() < 1.0);
    // 90 of 420 kW of what hangs there hangs on the UPS of the fans, which loses a twentieth.
    let mechanical = 30e3 * (330.0 + 90.0 / 0.95) / 420.0;
    assert!((rig.reserved("mechanical") - mechanical).abs() < 1.0, "{}", rig.reserved("mechanical"));
    let all = (100.8e3 / 0.975 + mechanical + 30e3 * 0.0) * 1.0065;
    assert!((rig.reserved("utility") - all).abs() < 1.0, "{} {all}", rig.reserved("utility"));
}

#[test]
fn two_requests_for_the_last_kilowatt_and_one_gets_it() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let limit = rig.hall.power.feeds[feed].limit().0;
    rig.load("pdu-a1", Some(limit - 1010.0));
    rig.pass(1);
    let first = rig.acquire("slurm", wish(feed, 1000.0));
    let second = rig.acquire("kueue", wish(feed, 1000.0));
    assert_eq!((first.outcome.code, second.outcome.code), (Code::Granted, Code::Retry));
    let tight = second.outcome.tight.expect("a feed");
    assert_eq!((tight.feed, tight.limit), (feed, Watts(limit)));
    assert!(tight.headroom.0 < 10.0 && second.outcome.retry_after.is_some());
}

#[test]
fn what_is_kept_for_a_short_peak_is_lent_to_nobody_else() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(100.8e3)); // 100 kW at machines
    let spiky = |watts: f64, peak: f64| {
        let mut of = wish(feed, watts);
        of.power.peak = Some(peak);
        of
    };
    let first = rig.acquire("slurm", spiky(40e3, 60e3));
    assert_eq!((first.outcome.code, first.lease.expect("a lease").may_w), (Code::Granted, 40e3));
    assert!((rig.reserved("pdu-a1") - 60.48e3).abs() < 1.0, "{}", rig.reserved("pdu-a1"));
    assert!((rig.reserved("ups-a") - 60.48e3 / 0.975).abs() < 1.0, "{}", rig.reserved("ups-a"));
    // There is room for 40 kW beside the peak, drawn or not, and for no peak above that.
    for drawn in [40e3, 60.4e3, 0.0] {
        rig.load("pdu-a1", Some(drawn));
        rig.pass(1);
        for of in [wish(feed, 40.1e3), spiky(30e3, 40.1e3)] {
            let item = rig.acquire("kueue", of);
            let headroom = item.outcome.tight.expect("a feed").headroom.0;
            assert_eq!(item.outcome.code, Code::Retry, "while {drawn} W flow");
            assert!((headroom - 40.32e3).abs() < 1.0, "{headroom}");
        }
    }
    // Of less than is wanted a peak is kept in proportion.
    let mut of = spiky(60e3, 90e3);
    (of.power.least, of.accept.partial) = (10e3, true);
    let second = rig.acquire("kueue", of);
    let lease = second.lease.expect("a lease");
    assert_eq!((second.outcome.code, lease.may_w), (Code::GrantedPartial, 26_666.0), "and 13.3 kW for its peak");
    assert_eq!(rig.acquire("slurm", wish(feed, 10.0)).outcome.code, Code::Retry);
    assert_eq!(rig.release("slurm", first.outcome.lease.expect("a lease")).code, Code::Granted);
    rig.pass(1);
    assert_eq!(rig.acquire("slurm", wish(feed, 59.9e3)).outcome.code, Code::Granted, "it is given back with its peak");
}

#[test]
fn granted_partial_is_what_fits_and_never_less_than_the_least() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(201.6e3));
    let asks = |least: f64| {
        let mut of = wish(feed, 300e3);
        (of.power.least, of.accept.partial) = (least, true);
        of
    };
    assert_eq!(rig.acquire("slurm", asks(250e3)).outcome.code, Code::Retry);
    let item = rig.acquire("slurm", asks(150e3));
    assert_eq!(item.outcome.code, Code::GrantedPartial);
    assert_eq!(item.lease.expect("a lease").may_w, 200e3);
}

#[test]
fn a_schedule_rises_where_something_becomes_free() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(201.6e3));
    assert_eq!(rig.acquire("kueue", now_for(600, wish(feed, 150e3))).outcome.code, Code::Granted);
    let mut of = now_for(3600, wish(feed, 180e3));
    (of.power.least, of.accept.schedule) = (40e3, true);
    let item = rig.acquire("slurm", of);
    assert_eq!(item.outcome.code, Code::GrantedPartial);
    let steps: Vec<f64> = item.lease.expect("a lease").schedule.iter().map(|(_, watts)| *watts).collect();
    assert_eq!(steps, [50e3, 180e3, 0.0], "the last is its end");
}

#[test]
fn queued_gets_it_once_it_is_free_and_is_told() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(100.8e3));
    let first = rig.acquire("slurm", now_for(60, wish(feed, 100e3)));
    assert_eq!(first.outcome.code, Code::Granted);
    let mut of = wish(feed, 80e3);
    of.accept.wait = Span::from_secs(900);
    let message = rig.message("kueue", Op::Acquire(vec![of]));
    let item = rig.hear(&message).items.remove(0);
    assert_eq!((item.outcome.code, item.outcome.position), (Code::Queued, Some(1)));
    assert!(item.outcome.earliest.is_some());
    // Who comes later and is no more important does not overtake, even with less.
    assert_eq!(rig.acquire("slurm", wish(feed, 1e3)).outcome.code, Code::Retry);
    rig.pass(62);
    let told: Vec<_> = rig.notices().iter().map(|of| (of.tidings, of.watts)).collect();
    assert_eq!(told, [(Tidings::Stop, 0.0), (Tidings::Answered, 80e3)]);
    let again = rig.hear(&message).items.remove(0);
    assert_eq!((again.outcome.code, again.outcome.lease), (Code::Granted, item.outcome.lease));
    assert_eq!(rig.reserved("pdu-a1"), 80.64e3);
}

#[test]
fn who_waits_too_long_expires_and_who_cannot_be_done_in_time_is_denied() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    assert_eq!(rig.acquire("slurm", wish(feed, 1e6)).outcome.code, Code::Denied, "more than the feed carries");
    rig.limit("pdu-a1", Some(100.8e3));
    rig.acquire("slurm", now_for(600, wish(feed, 100e3)));
    let by = |seconds: i64| {
        let of = now_for(60, wish(feed, 80e3));
        let deadline = Some(Wall(rig::BEGIN.0 + 1000 * seconds));
        Wish { times: Times { deadline, ..of.times }, ..of }
    };
    assert_eq!(rig.acquire("kueue", by(300)).outcome.code, Code::Denied);
    assert_eq!(rig.acquire("kueue", by(30)).outcome.code, Code::Denied, "not even at once");
    assert_eq!(rig.acquire("kueue", by(1200)).outcome.code, Code::Retry);
    // Without an end in sight it waits, and waits no longer than it said.
    let other = rig.feed("pdu-b1");
    let firm = wish(other, 0.95 * rig.hall.power.feeds[other].limit().0);
    assert_eq!(rig.acquire("slurm", firm.clone()).outcome.code, Code::Granted);
    let accept = Accept { wait: Span::from_secs(20), ..Accept::default() };
    let message = rig.message("kueue", Op::Acquire(vec![Wish { accept, ..firm }]));
    assert_eq!(rig.hear(&message).items[0].outcome.code, Code::Queued);
    rig.pass(21);
    assert_eq!(rig.hear(&message).items[0].outcome.code, Code::Expired);
    // Taken back, by whom of its client ever, whoever waits for its answer has one.
    let message = rig.message(
        "kueue",
        Op::Acquire(vec![Wish { accept, ..wish(other, 0.95 * rig.hall.power.feeds[other].limit().0) }]),
    );
    let taken = rig.hear(&message).items[0].outcome.lease.expect("it waits");
    assert_eq!(rig.release("kueue", taken).code, Code::Granted);
    assert_eq!(rig.hear(&message).items[0].outcome.code, Code::Expired);
    let answered = |of: &Notice| of.lease == taken && of.tidings == Tidings::Answered;
    assert!(rig.notices().iter().any(answered), "{:?}", rig.notices());
}

#[test]
fn the_same_request_is_answered_alike_and_another_body_is_a_conflict() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let message = rig.message("slurm", Op::Acquire(vec![wish(feed, 10e3)]));
    let first = rig.hear(&message);
    assert_eq!(Answered { again: true, ..first.clone() }, rig.hear(&message));
    rig.pass(3000);
    rig.restart(Some(5));
    let again = rig.hear(&message);
    assert_eq!((again.items[0].outcome, again.epoch), (first.items[0].outcome, 2));
    let other = Message { body: 7, ..message.clone() };
    let answered = rig.hear(&other).items.remove(0);
    assert_eq!((answered.outcome.code, answered.outcome.why), (Code::Conflict, Why::OtherBody));
    assert_eq!(rig.reserved("pdu-a1"), 10.08e3);
    // The same name of another client is another request.
    let theirs = Message { client: "kueue".to_owned(), ..message };
    assert_eq!(rig.hear(&theirs).items[0].outcome.code, Code::Granted);
    assert_eq!(rig.reserved("pdu-a1"), 20.16e3);
}

#[test]
fn what_makes_no_sense_is_invalid_and_zero_is_zero() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    for watts in [f64::NAN, -1.0, f64::INFINITY] {
        assert_eq!(rig.acquire("slurm", wish(feed, watts)).outcome.code, Code::Invalid, "{watts}");
    }
    let mut of = wish(feed, 10e3);
    of.power.least = 11e3;
    assert_eq!(rig.acquire("slurm", of).outcome.code, Code::Invalid);
    assert_eq!(rig.ask("slurm", Op::Acquire(Vec::new())).outcome.code, Code::Invalid);
    let none = rig.acquire("slurm", wish(feed, 0.0));
    assert_eq!((none.outcome.code, none.lease.expect("a lease").may_w), (Code::Granted, 0.0));
    assert_eq!(rig.reserved("pdu-a1"), 0.0);
}

/// Found by chance: a floor above the share was lent whole.
#[test]
fn with_a_lost_meter_nobody_has_more_than_his_share() {
    let rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let mut slurm = Tenant::plain("slurm");
    (slurm.floors, slurm.share) = (vec![(feed, Watts(50e3))], 0.1);
    let mut rig = Rig::of(Rules { tenants: vec![slurm, Tenant::plain("kueue")], ..rig.ground.rules.clone() });
    rig.load("pdu-a1", None);
    rig.pass(1);
    let item = rig.acquire("slurm", wish(feed, 40e3));
    assert_eq!((item.outcome.code, item.outcome.why, item.outcome.lease), (Code::Denied, Why::Share, None));
    let share = rig.limit_of(feed).watts().0 * 0.1;
    let item = rig.acquire("slurm", wish(feed, (share / 1.1).floor()));
    assert_eq!((item.outcome.code, item.lease.is_some()), (Code::Degraded, true));
}

#[test]
fn with_a_lost_meter_only_floors_are_lent() {
    let rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let mut slurm = Tenant::plain("slurm");
    slurm.floors = vec![(feed, Watts(50e3))];
    let mut rig = Rig::of(Rules { tenants: vec![slurm, Tenant::plain("kueue")], ..rig.ground.rules.clone() });
    rig.load("ups-a", None);
    rig.pass(1);
    let item = rig.acquire("slurm", wish(feed, 40e3));
    assert_eq!((item.outcome.code, item.lease.map(|of| of.may_w)), (Code::Degraded, Some(40e3)));
    let more = rig.acquire("slurm", wish(feed, 40e3));
    assert_eq!((more.outcome.code, more.outcome.why, more.outcome.lease), (Code::Degraded, Why::Meter, None));
    assert_eq!(rig.acquire("kueue", wish(feed, 1e3)).outcome.code, Code::Degraded);
    rig.load("ups-a", Some(0.0));
    rig.pass(1);
    assert_eq!(rig.acquire("kueue", wish(feed, 1e3)).outcome.code, Code::Granted);
}

#[test]
fn a_floor_is_kept_for_its_tenant_and_shares_and_quotas_limit_one() {
    let rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let (mut slurm, mut kueue) = (Tenant::plain("slurm"), Tenant::plain("kueue"));
    (slurm.floors, slurm.share) = (vec![(feed, Watts(300e3))], 0.5);
    (kueue.leases, kueue.most) = (2, Some(Watts(30e3)));
    let mut rig = Rig::of(Rules { tenants: vec![slurm, kueue], ..rig.ground.rules.clone() });
    let limit = rig.hall.power.feeds[feed].limit().0;
    let room = limit - 302.4e3;
    let theirs = rig.acquire("kueue", wish(feed, 31e3));
    assert_eq!((theirs.outcome.code, theirs.outcome.why), (Code::Denied, Why::Share), "all that it may have");
    assert!(room > 30.24e3);
    assert_eq!(rig.acquire("kueue", wish(feed, 20e3)).outcome.code, Code::Granted);
    assert_eq!(rig.acquire("kueue", wish(feed, 20e3)).outcome.why, Why::Share);
    assert_eq!(rig.acquire("kueue", wish(feed, 5e3)).outcome.code, Code::Granted);
    assert_eq!(rig.acquire("kueue", wish(feed, 1e3)).outcome.why, Why::Quota);
    assert_eq!(rig.acquire("slurm", wish(feed, 250e3)).outcome.code, Code::Denied, "more than half of the feed");
    assert_eq!(rig.acquire("slurm", wish(feed, 150e3)).outcome.code, Code::Granted);
    assert_eq!(rig.acquire("nobody", wish(feed, 1.0)).outcome.why, Why::UnknownClient);
}

#[test]
fn what_flows_and_is_nobodys_is_no_room() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(100.8e3));
    rig.load("pdu-a1", Some(60.48e3));
    rig.pass(1);
    assert_eq!(rig.acquire("slurm", wish(feed, 50e3)).outcome.code, Code::Retry);
    assert_eq!(rig.acquire("slurm", wish(feed, 40e3)).outcome.code, Code::Granted);
    // It begins to draw what it was lent: that is not counted twice.
    rig.load("pdu-a1", Some(100.8e3));
    rig.pass(1);
    assert_eq!(rig.ledger.unleased(feed).watts().0, 60.48e3);
    // More cannot be its own.
    rig.load("pdu-a1", Some(105e3));
    rig.pass(1);
    assert!((rig.ledger.unleased(feed).watts().0 - 64.68e3).abs() < 0.01);
}

#[test]
fn several_places_get_all_or_nothing_and_items_each_for_itself() {
    let mut rig = Rig::new();
    let (one, other) = (rig.feed("pdu-a1"), rig.feed("pdu-b1"));
    rig.limit("pdu-b1", Some(50.4e3));
    let both = |watts: f64| Wish {
        places: vec![(tree::Place::Feed(one), 0.5), (tree::Place::Feed(other), 0.5)],
        ..wish(one, watts)
    };
    assert_eq!(rig.acquire("slurm", both(120e3)).outcome.code, Code::Retry);
    assert_eq!(rig.reserved("pdu-a1"), 0.0);
    assert_eq!(rig.acquire("slurm", both(60e3)).outcome.code, Code::Granted);
    assert_eq!((rig.reserved("pdu-a1"), rig.reserved("pdu-b1")), (30.24e3, 30.24e3));
    let items = vec![wish(other, 15e3), wish(other, 15e3), wish(one, 15e3)];
    let message = rig.message("slurm", Op::Acquire(items));
    let codes: Vec<_> = rig.hear(&message).items.iter().map(|of| of.outcome.code).collect();
    assert_eq!(codes, [Code::Granted, Code::Retry, Code::Granted]);
    let many = vec![wish(one, 1.0); message::BATCH + 1];
    assert_eq!(rig.ask("slurm", Op::Acquire(many)).outcome.code, Code::Invalid);
}

#[test]
fn a_dry_run_says_what_would_be_and_does_nothing() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    let before = rig.ledger.clone();
    let items = vec![wish(feed, 200e3), wish(feed, 200e3)];
    let message = rig.message("slurm", Op::DryRun(items));
    let codes: Vec<_> = rig.hear(&message).items.iter().map(|of| of.outcome.code).collect();
    assert_eq!(codes, [Code::Granted, Code::Retry]);
    assert!(before.leases().eq(rig.ledger.leases()));
    assert_eq!(rig.acquire("slurm", wish(feed, 200e3)).outcome.code, Code::Granted);
}

#[test]
fn nothing_that_names_a_time_is_promised_by_a_clock_that_may_be_wrong() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.tick.clock_trusted = false;
    rig.pass(1);
    let mut of = wish(feed, 1e3);
    of.times.not_before = Some(rig::BEGIN);
    let item = rig.acquire("slurm", of);
    assert_eq!((item.outcome.code, item.outcome.why), (Code::Retry, Why::Clock));
    assert_eq!(rig.acquire("slurm", wish(feed, 1e3)).outcome.code, Code::Granted);
}

#[test]
fn a_lease_is_changed_and_keeps_what_it_has_where_more_does_not_fit() {
    let mut rig = Rig::new();
    let feed = rig.feed("pdu-a1");
    rig.limit("pdu-a1", Some(100.8e3));
    let lease = rig.acquire("slurm", wish(feed, 60e3)).outcome.lease.expect("a lease");
    let amend = |watts: f64, partial| Op::Amend {
        of: Named { lease, epoch: Some(1) },
        power: Power { least: 10e3, wanted: watts, peak: None },
        partial,
        priority: None,
    };
    assert_eq!(rig.ask("slurm", amend(120e3, false)).outcome.code, Code::Retry);
    let more = rig.ask("slurm", amend(120e3, true));
    let view = more.lease.expect("a lease");
    assert_eq!((more.outcome.code, view.may_w, view.seq), (Code::GrantedPartial, 100e3, 2));
    rig.pass(1);
    assert_eq!(rig.ask("slurm", amend(30e3, false)).outcome.code, Code::Granted);
    // What it gives up stays charged for a while.
    assert_eq!(rig.acquire("kueue", wish(feed, 50e3)).outcome.code, Code::Retry);
    rig.pass(121);
    assert_eq!(rig.acquire("kueue", wish(feed, 50e3)).outcome.code, Code::Granted);
    assert_eq!(rig.ask("kueue", amend(1e3, false)).outcome.code, Code::UnknownLease, "another's");
}
