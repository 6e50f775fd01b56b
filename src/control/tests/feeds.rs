//! The power tree from outside: readings, time, what is told.

use std::sync::Arc;

use plant::event::{Event, FeedTrouble, Severity, What};
use plant::hall::Hall;
use plant::id::FeedId;
use plant::reading::Why;
use plant::time::Span;

use super::rig::{Rig, shipped};
use crate::control::feeds::Feeds;
use crate::control::ledger::message::{Message, OnExpiry, Op, Said, Wish};
use crate::control::ledger::reply::Code;
use crate::control::ledger::tree::Place;
use crate::control::ledger::{Rules, Tenant};
use crate::control::request::{Ask, Reply};
use crate::control::{Controller, Site};

/// The hall `air` with 18 kW in each rack, and meters that say so. Nothing below them is unattributed.
fn calm() -> Rig {
    let mut rig = Rig::new(shipped("air"));
    settle(&mut rig, 18e3);
    rig
}

pub(super) fn settle(rig: &mut Rig, rack: f64) {
    for row in ["a", "b"] {
        for n in 1..=20 {
            rig.read(&format!("rack-{row}{n:02}/power"), rack);
        }
    }
    let pdu = 20.0 * rack / 2.0;
    for meter in ["pdu-a1", "pdu-a2", "pdu-b1", "pdu-b2"] {
        rig.read(&format!("{meter}/power"), pdu);
    }
    let ups = 4.0 * (pdu * 1.008 + 550.0);
    rig.read("ups/power", ups);
    rig.read("mechanical/power", 150e3);
    rig.read("utility/power", (ups / 0.975 + 150e3 + 6e3) * 1.0065 + 1600.0);
}

fn id(rig: &Rig, name: &str) -> FeedId {
    rig.hall.power.feed(name).expect("a feed")
}

/// Steps, and what was told of feeds meanwhile.
fn told(rig: &mut Rig, seconds: usize) -> Vec<(String, FeedTrouble, bool)> {
    let mut all = Vec::new();
    for _ in 0..seconds {
        rig.step();
        let of = |event: &Event| {
            let What::Feed(trouble, on) = event.what else { return None };
            assert_eq!(event.severity, if on { Severity::Warning } else { Severity::Info });
            Some((event.subject(&rig.hall).to_owned(), trouble, on))
        };
        all.extend(rig.control.outputs().events.iter().filter_map(of));
    }
    all
}

fn one(name: &str, trouble: FeedTrouble, on: bool) -> (String, FeedTrouble, bool) {
    (name.to_owned(), trouble, on)
}

fn used(rig: &Rig, name: &str) -> f64 {
    rig.control.state().feeds.used(id(rig, name))
}

fn alarms(rig: &Rig) -> Vec<String> {
    let names = rig.control.status().alarms.into_iter().map(|alarm| alarm.name);
    let mut names: Vec<String> = names.filter(|name| name.starts_with("feed")).collect();
    names.sort();
    names
}

/// The load (W) at the meter of a PDU of `air` that is `over` times its limit.
fn over(rig: &Rig, over: f64) -> f64 {
    let feed = &rig.hall.power.feeds[id(rig, "pdu-a1")];
    feed.loss.output(feed.limit() * over).0
}

#[test]
fn a_calm_hall_tells_nothing_and_its_status_says_what_flows() {
    let mut rig = calm();
    assert_eq!(told(&mut rig, 120), []);
    let status = rig.control.status();
    let names: Vec<_> = status.feeds.iter().map(|feed| feed.name.as_str()).collect();
    assert_eq!(
        names,
        ["utility", "tr-1", "ups-a", "pdu-a1", "pdu-a2", "pdu-b1", "pdu-b2", "mechanical", "ups-m"],
        "each after what it hangs on"
    );
    let pdu = &status.feeds[3];
    assert!((pdu.load_kw - 182.0).abs() < 0.1 && (pdu.headroom_kw - 198.0).abs() < 0.1, "{pdu:?}");
    assert!(pdu.unattributed_kw.is_some_and(|kw| kw.abs() < 1e-6) && pdu.known == "metered");
    assert_eq!((pdu.used_percent, pdu.time_left_s), (Some(0.0), None));
    // The UPS of fans and pumps has no meter and is taken at its most: it is the tightest of its way, the UPS of machines of the others.
    let binding: Vec<_> = status.feeds.iter().filter(|feed| feed.binds).map(|feed| feed.name.as_str()).collect();
    assert_eq!(binding, ["pdu-a1", "pdu-a2", "pdu-b1", "pdu-b2", "ups-m"]);
    assert_eq!(alarms(&rig), Vec::<String>::new());
}

#[test]
fn a_feed_above_its_limit_is_told_once_uses_its_time_up_and_is_told_when_it_is_over() {
    let mut rig = calm();
    // The other row works little, so that the UPS, which sees what this unit takes more, is below its own limit.
    for n in 1..=20 {
        rig.read(&format!("rack-b{n:02}/power"), 8e3);
    }
    let ups = over(&rig, 1.25) + 180e3 + 160e3 + 10e3;
    let utility = (ups / 0.975 + 150e3 + 6e3) * 1.0065 + 1600.0;
    for (meter, watts) in [("pdu-b1", 80e3), ("pdu-b2", 80e3), ("ups", ups), ("utility", utility)] {
        rig.read(&format!("{meter}/power"), watts);
    }
    rig.steps(70);
    let load = over(&rig, 1.25);
    rig.read("pdu-a1/power", load);
    assert_eq!(told(&mut rig, 1), [one("pdu-a1", FeedTrouble::Above, true)]);
    // Half of its time: half of what the fast edge bears, which is less than the usual curve here.
    let pdu = id(&rig, "pdu-a1");
    let feed = &rig.hall.power.feeds[pdu];
    let (of, rated) = (feed.protective(None).expect("a breaker"), feed.breaker.as_ref().expect("a breaker").rated());
    let all = of.time(feed.limit() * 1.25 / rated).expect("not for good");
    let mut seconds = 1.0;
    while used(&rig, "pdu-a1") < 0.5 {
        let before = told(&mut rig, 1);
        seconds += 1.0;
        assert!(before.is_empty() || used(&rig, "pdu-a1") >= 0.5, "{before:?}");
    }
    assert!((seconds - all / 2.0).abs() <= 1.0, "{seconds} s of {all} s");
    rig.steps(3);
    assert_eq!(alarms(&rig), ["feed-above", "feed-time-short"]);
    let view = rig.control.status().feeds.remove(3);
    assert_eq!(view.troubles, ["above", "time_short"]);
    let left = view.time_left_s.expect("not for good");
    assert!((left - all * (1.0 - view.used_percent.expect("a breaker") / 100.0)).abs() < 1e-6, "{left}");
    let detail = |rig: &Rig, trouble| rig.control.state().feeds.detail(&rig.hall.power, trouble).expect("told");
    assert!(
        detail(&rig, FeedTrouble::Above).starts_with("pdu-a1: 95.0 kW above"),
        "{}",
        detail(&rig, FeedTrouble::Above)
    );
    // It comes down, and everything is told once, with no chatter about the limit.
    for n in 0..600 {
        let load = over(&rig, if n % 2 == 0 { 0.99 } else { 1.002 });
        rig.read("pdu-a1/power", load);
        assert_eq!(told(&mut rig, 1), [], "second {n}");
    }
    let load = over(&rig, 0.5);
    rig.read("pdu-a1/power", load);
    let after = told(&mut rig, 3600);
    assert_eq!(after.len(), 2, "{after:?}");
    for trouble in [FeedTrouble::Above, FeedTrouble::TimeShort] {
        assert!(after.contains(&one("pdu-a1", trouble, false)), "{after:?}");
    }
    assert_eq!(alarms(&rig), ["feed-above", "feed-time-short"], "returned, and not acknowledged");
}

#[test]
fn a_meter_that_is_lost_is_told_once_and_makes_no_headroom() {
    let mut rig = calm();
    rig.steps(70);
    let headroom = |rig: &Rig| rig.control.state().feeds.flow(id(rig, "pdu-a1")).expect("a flow").headroom.0;
    let before = headroom(&rig);
    rig.fail("pdu-a1/power", Why::InvalidCode);
    let mut seen = told(&mut rig, 9);
    assert!(seen.is_empty(), "not for a moment: {seen:?}");
    seen = told(&mut rig, 300);
    assert_eq!(seen, [one("pdu-a1", FeedTrouble::Reckoned, true)]);
    assert!(headroom(&rig) < before && alarms(&rig).contains(&"feed-reckoned".to_owned()));
    // It comes and goes: nothing new is told.
    for _ in 0..20 {
        rig.read("pdu-a1/power", 180e3);
        assert_eq!(told(&mut rig, 5), []);
        rig.fail("pdu-a1/power", Why::InvalidCode);
        assert_eq!(told(&mut rig, 25), []);
    }
    rig.read("pdu-a1/power", 180e3);
    assert_eq!(told(&mut rig, 120), [one("pdu-a1", FeedTrouble::Reckoned, false)]);
    assert!((headroom(&rig) - before).abs() < 1.0);
}

/// `air` with the meters of a row's PDUs, one more of which is there, as the phases of `pdu-a1`.
fn in_phases() -> Rig {
    let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
    let text = ["pdu-a2", "pdu-b1"]
        .into_iter()
        .fold((*text).to_owned(), |text, name| text.replacen(&format!("meter = \"{name}\"\nrows"), "rows", 1));
    let text = text.replacen("meter = \"pdu-a1\"\nrows", "meters = [\"pdu-a1\", \"pdu-a2\", \"pdu-b1\"]\nrows", 1);
    Rig::new(Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}")))
}

#[test]
fn a_phase_that_carries_more_is_told_once_it_has_for_a_minute() {
    let mut rig = in_phases();
    settle(&mut rig, 18e3);
    let phases = |rig: &mut Rig, each: [f64; 3]| {
        for (meter, watts) in ["pdu-a1", "pdu-a2", "pdu-b1"].into_iter().zip(each) {
            rig.read(&format!("{meter}/power"), watts);
        }
    };
    phases(&mut rig, [60e3, 61e3, 59e3]);
    assert_eq!(told(&mut rig, 120), []);
    phases(&mut rig, [75e3, 55e3, 50e3]);
    assert_eq!(told(&mut rig, 59), []);
    assert_eq!(told(&mut rig, 30), [one("pdu-a1", FeedTrouble::Uneven, true)]);
    let view = rig.control.status().feeds.remove(3);
    assert_eq!(view.phases_kw, [Some(75.0), Some(55.0), Some(50.0)]);
    assert!((view.uneven - 1.25).abs() < 1e-9, "{view:?}");
    assert!((view.headroom_kw - (380.0 - view.load_kw * 1.25)).abs() < 1e-6, "{view:?}");
    // Between the two borders nothing is told; below the lower one it is over.
    phases(&mut rig, [67.5e3, 57e3, 55.5e3]);
    assert_eq!(told(&mut rig, 300), []);
    phases(&mut rig, [60e3, 60e3, 60e3]);
    assert_eq!(told(&mut rig, 120), [one("pdu-a1", FeedTrouble::Uneven, false)]);
    // A hall at night: a few watts are as uneven as they like.
    phases(&mut rig, [3e3, 0.0, 0.0]);
    assert_eq!(told(&mut rig, 300), []);
}

#[test]
fn what_is_drawn_after_a_lease_counts_by_the_phase_that_carries_most() {
    let mut rig = in_phases();
    let leases = Some(Rules { tenants: vec![Tenant::plain("slurm")], cooling: 0.0, ..Rules::default() });
    rig.control = Controller::new(Site { leases, ..Site::from(Arc::clone(&rig.hall)) });
    settle(&mut rig, 18e3);
    let phases = |rig: &mut Rig, each: [f64; 3]| {
        for (meter, watts) in ["pdu-a1", "pdu-a2", "pdu-b1"].into_iter().zip(each) {
            rig.read(&format!("{meter}/power"), watts);
        }
    };
    phases(&mut rig, [60e3, 41e3, 39e3]);
    rig.steps(5);
    let feed = rig.hall.power.feed("pdu-a1").expect("a feed");
    let of = Wish { ttl: Some(Span::from_secs(30)), on_expiry: OnExpiry::Stop, ..Wish::firm(Place::Feed(feed), 40e3) };
    let message = Message { client: "slurm".to_owned(), request: "r".to_owned(), body: 1, op: Op::Acquire(vec![of]) };
    assert!(
        matches!(rig.ask(Ask::Ledger(Said::Request(message))), Reply::Lease(of) if of.items[0].outcome.code == Code::Granted)
    );
    // It draws what it was lent, and goes on with that.
    phases(&mut rig, [75e3, 55e3, 50e3]);
    rig.steps(95);
    let (state, hall) = (&rig.control.state, &*rig.hall);
    let (allowed, lent) = (state.ledger.allowed(feed).expect("it is drawn"), state.lent(hall, feed).expect("the same"));
    assert!((lent.0 - 1.25 * allowed.0).abs() < 1.0, "{allowed} and {lent}");
}

/// A controller that has an overload behind it, `share` of whose time is used.
fn warmed(share: f64) -> Rig {
    let mut rig = calm();
    rig.steps(70);
    let load = over(&rig, 1.1);
    rig.read("pdu-a1/power", load);
    while used(&rig, "pdu-a1") < share {
        rig.step();
    }
    rig
}

/// The readings of before are sampled in the first scan of the new boot, too.
fn boot(rig: &mut Rig, down: Span, trusted: bool) {
    rig.reboot(down);
    rig.tick.clock_trusted = trusted;
    rig.step();
}

#[test]
fn a_restart_forgets_no_heat() {
    // The load is fine again: what was kept stays, however long control was away.
    for (down, trusted) in [(2, true), (86_400, true), (2, false)] {
        let mut rig = warmed(0.4);
        let kept = used(&rig, "pdu-a1");
        let load = over(&rig, 0.5);
        rig.read("pdu-a1/power", load);
        boot(&mut rig, Span::from_secs(down), trusted);
        let now = used(&rig, "pdu-a1");
        assert!(now <= kept && now > kept - 0.01, "{down} s: {kept} became {now}");
    }
    // It is too high still: all the time in between counts, where it is known.
    let mut rig = warmed(0.2);
    let (before, kept) = (rig.control.state().clone(), used(&rig, "pdu-a1"));
    rig.step();
    let second = used(&rig, "pdu-a1") - kept;
    rig.control = Controller::restore(Arc::clone(&rig.hall), before.clone());
    boot(&mut rig, Span::from_secs(20), true);
    let now = used(&rig, "pdu-a1");
    // The scan that was thrown away, twenty seconds, and the first scan of the new boot.
    assert!((now - kept - 22.0 * second).abs() < 0.1 * second, "{kept} became {now}, {second} a second");
    // And where it is not known, nothing is left.
    let mut rig = warmed(0.2);
    boot(&mut rig, Span::from_secs(2), false);
    assert_eq!(used(&rig, "pdu-a1"), 1.0);
}

#[test]
fn after_a_start_nothing_counts_before_it_is_read_or_has_had_its_time() {
    let mut rig = Rig::new(shipped("air"));
    for name in rig.hall.points.rows().iter().map(|def| def.name.clone()).collect::<Vec<_>>() {
        if name.ends_with("/power") {
            rig.silence(&name);
        }
    }
    assert_eq!(told(&mut rig, 58), []);
    assert!(rig.hall.power.feeds.ids().all(|feed| rig.control.state().feeds.used(feed) == 0.0));
    // A minute later what is missing counts at its most: that is more than two PDUs of a row carry together.
    let after = told(&mut rig, 30);
    for name in ["pdu-a1", "pdu-b2", "ups-a"] {
        assert!(after.contains(&one(name, FeedTrouble::Reckoned, true)), "{after:?}");
    }
    // A first start on a feeder that is too full: nobody knows for how long it has been.
    let mut rig = Rig::new(shipped("air"));
    settle(&mut rig, 18e3);
    let load = over(&rig, 1.05);
    rig.read("pdu-a1/power", load);
    rig.step();
    assert_eq!((used(&rig, "pdu-a1"), used(&rig, "pdu-a2")), (1.0, 0.0));
}

#[test]
fn a_pause_of_the_machine_cools_nothing_and_warms_what_was_too_full() {
    for (of, warmer) in [(1.1, true), (0.5, false)] {
        let mut rig = warmed(0.3);
        let load = over(&rig, of);
        rig.read("pdu-a1/power", load);
        rig.step();
        let before = used(&rig, "pdu-a1");
        rig.tick.dt = Span::from_secs(3600);
        rig.step();
        rig.tick.dt = Span::from_secs(1);
        let after = used(&rig, "pdu-a1");
        assert!(if warmer { after == 1.0 } else { after > before - 0.02 }, "{of}: {before} became {after}");
    }
}

#[test]
fn all_states_survive_the_journal() {
    let mut rig = warmed(0.3);
    rig.fail("pdu-b1/power", Why::Timeout);
    rig.steps(5);
    let feeds = &rig.control.state().feeds;
    let bytes = postcard::to_allocvec(feeds).expect("serialises");
    assert_eq!(&postcard::from_bytes::<Feeds>(&bytes).expect("reads back"), feeds);
}
