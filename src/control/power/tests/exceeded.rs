//! A rack that draws more than leases let it, against GPUs that do as they are told.

use super::*;
use crate::control::ledger::message::{Message, Op, Wish};
use crate::control::ledger::notices::Cause;
use crate::control::ledger::tree::Place as At;
use crate::control::ledger::watch::{Limits as Excess, Stage};
use crate::control::ledger::{Around, Ground, Rules, Scratch, Tenant};

/// The field with its ledger.
struct Lent {
    field: Field,
    ground: Ground,
    scratch: Scratch,
}

impl Lent {
    /// A hall whose GPUs rest, seen by its racks' meters for a minute.
    fn new(rules: Rules) -> Self {
        let mut field = Field::new("[capping]");
        field.natural.fill(100_000);
        field.gains = Some(vec![1.0; field.natural.len()]);
        field.leases = Ledger::new(&field.hall.power);
        let ground = Ground::of(&field.hall.power, &rules);
        let mut lent = Self { field, ground, scratch: Scratch::default() };
        lent.seconds(60);
        lent
    }

    fn with(&mut self, act: impl FnOnce(&mut Ledger, &Around<'_>, &mut Scratch, &mut News<'_>)) {
        let (hall, field, tick) = (Arc::clone(&self.field.hall), &self.field, self.field.tick);
        let meters: Vec<Option<Watts>> = (0..hall.power.racks.len()).map(|rack| field.meter(rack)).collect();
        let loads = field.loads(|gpu| field.draws(gpu));
        let carries = |feed: FeedId| {
            let limit = field.capper.limits.all.iter().position(|of| of.place == Place::Feed(feed))?;
            field.gains.as_ref().map(|_| Watts(loads[limit]))
        };
        let feeds: Vec<Option<Watts>> = hall.power.feeds.ids().map(carries).collect();
        let grants: Vec<bool> =
            (0..hall.power.racks.len()).map(|rack| field.caps.grants_in(&hall.power, rack)).collect();
        let lets: Vec<Option<Watts>> = (0..hall.power.racks.len()).map(|rack| field.caps.lets(rack)).collect();
        let around = Around {
            ground: &self.ground,
            power: &hall.power,
            limit: &|feed, _, _| hall.power.feeds[feed].limit(),
            cause: &|_| Cause::Breaker,
            own_cause: &|_| Cause::Breaker,
            load: &|feed: FeedId| feeds[feed.index()].or(Some(Watts(0.0))),
            rack: &|rack| meters[rack],
            meter: &|feed: FeedId| feeds[feed.index()],
            hot: &|_| false,
            cappable: &|rack| grants[rack],
            lets: &|rack| lets[rack],
            openings: &|_, _| None,
            plans: false,
            plan: None,
            price: &|_| None,
            billed: None,
            cooling: None,
            dt: SECOND,
            tick,
        };
        let mut events = Vec::new();
        let mut ledger = std::mem::take(&mut self.field.leases);
        act(&mut ledger, &around, &mut self.scratch, &mut News::new(tick, &mut events));
        self.field.leases = ledger;
        self.field.events.append(&mut events);
    }

    /// So many seconds; the most that the first rack drew after a while for caps (W).
    fn seconds(&mut self, count: usize) -> f64 {
        let mut most = 0.0_f64;
        for second in 0..count {
            self.with(|ledger, around, scratch, news| ledger.step(around, (scratch, news)));
            self.field.second();
            most = if second > 5 { most.max(self.drawn(0)) } else { most };
        }
        most
    }

    fn drawn(&self, rack: usize) -> f64 {
        self.field.meter(rack).expect("metered").0
    }

    fn lend(&mut self, watts: f64) {
        let wish = Wish::firm(At::Rack(0), watts);
        let message =
            Message { client: "slurm".to_owned(), request: "r".to_owned(), body: 1, op: Op::Acquire(vec![wish]) };
        self.with(|ledger, around, scratch, news| {
            ledger.hear(around, &message, (scratch, news));
        });
    }

    /// Every GPU of the first rack, or of all others, would draw so much (mW).
    fn wants(&mut self, first: bool, each: u64) {
        let hall = Arc::clone(&self.field.hall);
        for node in hall.power.nodes.iter().filter(|node| (node.rack == 0) == first) {
            self.field.natural[node.places()].fill(each);
        }
    }

    fn stage(&self) -> Stage {
        self.field.leases.watch().cases[0].stage
    }
}

fn rules() -> Rules {
    Rules { tenants: vec![Tenant::plain("slurm")], ..Rules::default() }
}

#[test]
fn a_rack_is_held_to_what_was_lent_there_and_no_other_is() {
    let mut lent = Lent::new(rules());
    let idle = lent.drawn(0);
    lent.lend(4000.0);
    lent.wants(false, 300_000);
    lent.wants(true, 650_000);
    let before = lent.seconds(80);
    assert!(before > idle + 5200.0, "{idle} W, and then {before} W");
    assert_eq!(lent.stage(), Stage::Noticed);
    let other = lent.drawn(3);
    lent.seconds(25);
    assert_eq!(lent.stage(), Stage::Capped);
    let held = lent.seconds(60);
    assert!(held <= idle + 4000.0 + 1.0 && held > idle + 3800.0, "{held} W where {idle} W rest and 4 kW are lent");
    assert!((lent.drawn(3) - other).abs() < 1.0, "another rack draws what it drew");
    let views = lent.field.views();
    let said = "nobody's: lease 0-1 was exceeded";
    assert!(
        views.iter().any(|view| view.rack == lent.field.hall.fed_rack(0) && view.sentence.contains(said)),
        "{:?}",
        views[0]
    );
    // It rests, and later has all that it wishes within its lease.
    lent.wants(true, 100_000);
    lent.seconds(150);
    assert_eq!(lent.stage(), Stage::Within);
    lent.wants(true, 240_000);
    let free = lent.seconds(60);
    assert!(free > held - 4000.0 + 900.0 && lent.stage() == Stage::Within, "{free} W");
}

/// What all racks of row A draw is held to what was lent there, and row B's is not.
#[test]
fn feeds_of_one_client_are_held_to_what_he_was_lent_there() {
    let hall = Arc::clone(&Field::new("[capping]").hall);
    let alone = ["pdu-a1", "pdu-a2"].map(|name| hall.power.feed(name).expect("a feed")).to_vec();
    let lends = |lent: &mut Lent, watts: f64| {
        let wish = Wish::firm(At::Feed(alone[0]), watts);
        let message =
            Message { client: "slurm".to_owned(), request: "r".to_owned(), body: 1, op: Op::Acquire(vec![wish]) };
        lent.with(|ledger, around, scratch, news| {
            ledger.hear(around, &message, (scratch, news));
        });
    };
    let row = |lent: &Lent, first: usize| (first..first + 20).map(|rack| lent.drawn(rack)).sum::<f64>();
    let tenant = Tenant { alone: alone.clone(), ..Tenant::plain("slurm") };
    let mut lent = Lent::new(Rules { tenants: vec![tenant], ..Rules::default() });
    let idle = row(&lent, 0);
    lends(&mut lent, 60e3);
    lent.field.natural.fill(300_000);
    lent.seconds(80);
    let (drawn, others) = (row(&lent, 0), row(&lent, 20));
    assert!(drawn > idle + 80e3, "{idle} W, and then {drawn} W");
    lent.seconds(100);
    let held = row(&lent, 0);
    assert!(held <= idle + 60.5e3 && held > idle + 50e3, "{held} W where {idle} W rest and 60 kW are lent");
    assert!((row(&lent, 20) - others).abs() < 100.0, "the other row draws what it drew");
    let views = lent.field.views();
    let said = "nobody's: lease 0-1 was exceeded";
    assert!(views.iter().any(|view| view.rack == hall.fed_rack(0) && view.sentence.contains(said)), "{:?}", views[0]);
    lent.field.natural.fill(100_000);
    lent.seconds(200);
    lent.field.natural.fill(240_000);
    lent.seconds(60);
    assert!(row(&lent, 0) > held - 20e3, "free again");
}

/// Agents that are gone take no caps: that is a breach at once, and says so.
#[test]
fn where_no_agent_hears_it_is_a_breach_that_cannot_be_enforced() {
    let mut lent = Lent::new(Rules {
        excess: Excess { noticed: Span::from_secs(5), capped: Span::from_secs(5), ..Excess::default() },
        ..rules()
    });
    lent.lend(1000.0);
    let hall = Arc::clone(&lent.field.hall);
    for (n, _) in hall.power.nodes.iter().enumerate().filter(|(_, node)| node.rack == 0) {
        lent.field.cut[n] = true;
    }
    lent.field.other += 5000.0;
    lent.field.events.clear();
    lent.seconds(20);
    let told: Vec<&str> = lent
        .field
        .events
        .iter()
        .filter_map(|of| if let What::Lease(news) = of.what { Some(news.word()) } else { None })
        .collect();
    assert_eq!(told, ["lease_excess", "lease_breach_unenforceable"]);
}
