//! A hall, a ledger and a clock.

use std::cell::RefCell;
use std::collections::BTreeMap;

use plant::event::Event;
use plant::hall::Hall;
use plant::id::{FeedId, Id};
use plant::time::{Mono, Span, Tick, Wall};
use plant::units::Watts;

use crate::control::ledger::lease::{Lease, Step};
use crate::control::ledger::message::{Flex, LeaseId, Message, Named, Op, Power, Times, Wish};
use crate::control::ledger::notices::{Cause, Notice};
use crate::control::ledger::recover::{Found, Retained};
use crate::control::ledger::reply::{Answered, Code, Item, Outcome};
use crate::control::ledger::tree::Place;
use crate::control::ledger::{Around, Ground, Ledger, Milli, Rules, Scratch, Tenant, tail};
use crate::control::news::News;

/// When the tests begin.
pub const BEGIN: Wall = Wall(1_800_000_000_000);

/// Every night of Berlin.
const NIGHT: &str = "\n[[window]]\nname = \"night\"\nzone = \"Europe/Berlin\"\nhours = [\"22:00-06:00\"]\n";

pub struct Rig {
    pub hall: Hall,
    pub ground: Ground,
    pub ledger: Ledger,
    pub tick: Tick,
    pub events: Vec<Event>,
    /// What feeds carry (W); nothing where a meter is lost.
    pub loads: Vec<Option<f64>>,
    /// What feeds may carry; their own limit where nothing is said (W).
    pub limits: Vec<Option<f64>>,
    /// What racks' meters read (W), by their places; nothing where that is not fresh.
    pub racks: Vec<Option<f64>>,
    /// Something in racks can be capped.
    pub cappable: bool,
    /// What caps let machines of racks draw (W).
    pub lets: BTreeMap<usize, f64>,
    /// Racks whose cooling asks for less, by their places.
    pub hot: Vec<usize>,
    /// Plans of the day ahead are made.
    pub plans: bool,
    /// What a kWh costs from an instant on.
    pub prices: Vec<(Wall, f64)>,
    scratch: RefCell<Scratch>,
    requests: u32,
}

/// A firm lease of so much below a feed, from now on, without an end.
pub fn wish(feed: FeedId, watts: f64) -> Wish {
    Wish::firm(Place::Feed(feed), watts)
}

/// The same for so long.
pub fn now_for(seconds: u64, of: Wish) -> Wish {
    Wish { times: Times { duration: Some(Span::from_secs(seconds)), ..of.times }, ..of }
}

impl Rig {
    pub fn new() -> Self {
        Self::of(Rules {
            tenants: vec![Tenant::plain("slurm"), Tenant::plain("kueue")],
            margin: 0.0,
            cooling: 0.0,
            ..Rules::default()
        })
    }

    pub fn of(rules: Rules) -> Self {
        let (_, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let hall = Hall::load("air", &format!("{text}{NIGHT}")).expect("loads");
        let feeds = hall.power.feeds.len();
        let mut rig = Self {
            ground: Ground::of(&hall.power, &rules),
            ledger: Ledger::new(&hall.power),
            tick: Tick { wall: BEGIN, clock_trusted: true, dt: Span::from_secs(1), boot: 1, ..Tick::default() },
            events: Vec::new(),
            loads: vec![Some(0.0); feeds],
            limits: vec![None; feeds],
            racks: vec![None; hall.power.racks.len()],
            cappable: true,
            lets: BTreeMap::new(),
            hot: Vec::new(),
            plans: false,
            prices: Vec::new(),
            scratch: RefCell::new(Scratch::default()),
            requests: 0,
            hall,
        };
        rig.ledger.restart(rig.tick);
        rig.pass(1);
        rig
    }

    pub fn feed(&self, name: &str) -> FeedId {
        self.hall.power.feed(name).expect("a feed")
    }

    /// A feed carries so much (W), and so does all above it.
    pub fn load(&mut self, name: &str, watts: Option<f64>) {
        let at = self.feed(name).index();
        self.loads[at] = watts;
    }

    pub fn limit(&mut self, name: &str, watts: Option<f64>) {
        let at = self.feed(name).index();
        self.limits[at] = watts;
    }

    /// What a feed may carry now.
    pub fn limit_of(&self, feed: FeedId) -> Milli {
        Milli::limit(self.limits[feed.index()].map_or_else(|| self.hall.power.feeds[feed].limit(), Watts))
    }

    pub fn with<T>(&mut self, act: impl FnOnce(&mut Ledger, &Around<'_>, &mut Scratch, &mut News<'_>) -> T) -> T {
        let (hall, power, limits, loads) = (&self.hall, &self.hall.power, &self.limits, &self.loads);
        let (racks, cappable, lets, hot) = (&self.racks, self.cappable, &self.lets, &self.hot);
        let prices = &self.prices;
        let around = Around {
            ground: &self.ground,
            power,
            limit: &|feed, _, _| limits[feed.index()].map_or_else(|| power.feeds[feed].limit(), Watts),
            cause: &|_| Cause::GridTarget,
            own_cause: &|_| Cause::Breaker,
            load: &|feed| loads[feed.index()].map(Watts),
            rack: &|rack| racks[rack].map(Watts),
            meter: &|feed| loads[feed.index()].map(Watts),
            cappable: &|_| cappable,
            lets: &|rack| lets.get(&rack).copied().map(Watts),
            hot: &|rack| hot.contains(&rack),
            openings: &|name, at| crate::control::lend::opening(hall, name, at),
            plans: self.plans,
            plan: self.plans.then_some(7),
            price: &|at| prices.iter().rev().find(|(from, _)| *from <= at).map(|(_, price)| *price),
            billed: None,
            cooling: None,
            dt: self.tick.dt,
            tick: self.tick,
        };
        let mut news = News::new(self.tick, &mut self.events);
        act(&mut self.ledger, &around, &mut self.scratch.borrow_mut(), &mut news)
    }

    /// So many seconds go by.
    pub fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.tick.mono = Mono(self.tick.mono.0 + 1_000_000_000);
            self.tick.wall = Wall(self.tick.wall.0 + 1000);
            self.tick.seq += 1;
            self.with(|ledger, around, scratch, news| ledger.step(around, (scratch, news)));
        }
    }

    /// A clock that is believed was wrong, and is put back by so many seconds.
    pub fn put_back(&mut self, seconds: i64) {
        self.tick.clock_trusted = false;
        self.pass(1);
        self.tick.wall.0 -= 1000 * seconds;
        self.tick.clock_trusted = true;
        self.pass(1);
    }

    /// So many seconds go by in one scan.
    pub fn leap(&mut self, seconds: u64) {
        self.tick.dt = Span::from_secs(seconds);
        self.tick.mono = self.tick.mono.after(self.tick.dt);
        self.tick.wall = Wall(self.tick.wall.0 + 1000 * i64::try_from(seconds).expect("small"));
        self.tick.seq += 1;
        self.with(|ledger, around, scratch, news| ledger.step(around, (scratch, news)));
        self.tick.dt = Span::from_secs(1);
    }

    /// The service was away for so long, or nobody knows.
    pub fn restart(&mut self, gone: Option<u64>) {
        let bytes = postcard::to_stdvec(&self.ledger).expect("writes");
        self.ledger = postcard::from_bytes(&bytes).expect("reads");
        self.tick.boot += 1;
        self.tick.mono = Mono(5_000_000_000);
        self.tick.clock_trusted = gone.is_some();
        self.tick.wall = Wall(self.tick.wall.0 + 1000 * i64::try_from(gone.unwrap_or(7)).expect("small"));
        self.ledger.restart(self.tick);
        self.with(|ledger, around, scratch, news| ledger.step(around, (scratch, news)));
    }

    /// What the broker would keep of all leases.
    pub fn kept(&self) -> Found {
        let of = |lease: &Lease| {
            let (view, steps) =
                (self.ledger.view(lease, None), |(at, watts): &(i64, f64)| Step { start: Wall(*at), watts: *watts });
            let steps: Vec<Step> = view.schedule.iter().map(steps).collect();
            let wanted = steps.iter().map(|step| step.watts).fold(view.may_w, f64::max);
            let rest = view.rest.expect("all of it");
            let wish = Wish {
                places: rest.places,
                power: Power { least: 0.0, wanted, peak: None },
                class: rest.class,
                flex: Flex { floor: view.floor_w.min(wanted), ..rest.flex },
                ttl: Some(lease.ttl),
                priority: view.priority,
                on_expiry: view.on_expiry,
                ..Wish::firm(Place::Rack(0), 0.0)
            };
            let end = view.end_ms.map(Wall);
            let (state, notice) = ((view.epoch, view.seq), lease.notice);
            Retained {
                client: view.client,
                request: view.request,
                lease: lease.id,
                state,
                wish,
                steps,
                end,
                watts: view.may_w,
                notice,
            }
        };
        let over = |lease: &Lease| lease.is_over() && lease.may(self.ledger.now()) <= 0.0;
        let told = |lease: &&Lease| lease.is_live() && !over(lease);
        Found { kept: self.ledger.leases().filter(told).map(of).collect(), passed: 0, read: true }
    }

    /// The store is lost, and the service starts with what the broker had kept.
    pub fn lose(&mut self, found: &Found) {
        self.ledger = Ledger::new(&self.hall.power);
        self.tick.boot = 1;
        self.ledger.restart(self.tick);
        self.pass(1);
        self.ledger.lose();
        assert_eq!(self.recover(found).code, Code::Granted);
    }

    pub fn recover(&mut self, found: &Found) -> Outcome {
        self.with(|ledger, around, scratch, news| ledger.recover(around, found, (scratch, news)))
    }

    /// What all leases may draw at a feed now (W).
    pub fn drawn(&self, name: &str) -> f64 {
        let (feed, now) = (self.feed(name), self.ledger.now());
        self.ledger.leases().filter_map(|of| Some(of.may(now) * of.weight(feed)?)).sum()
    }

    pub fn hear(&mut self, message: &Message) -> Answered {
        self.with(|ledger, around, scratch, news| ledger.hear(around, message, (scratch, news)))
    }

    pub fn message(&mut self, client: &str, op: Op) -> Message {
        self.requests += 1;
        let request = format!("r{}", self.requests);
        Message { client: client.to_owned(), request, body: u128::from(self.requests), op }
    }

    pub fn ask(&mut self, client: &str, op: Op) -> Item {
        let message = self.message(client, op);
        let mut answered = self.hear(&message);
        assert_eq!((answered.client.as_str(), answered.items.len()), (client, 1));
        answered.items.remove(0)
    }

    pub fn acquire(&mut self, client: &str, wish: Wish) -> Item {
        self.ask(client, Op::Acquire(vec![wish]))
    }

    pub fn renew(&mut self, client: &str, lease: LeaseId) -> Outcome {
        self.ask(client, Op::Renew { of: Named { lease, epoch: None }, ttl: None }).outcome
    }

    pub fn release(&mut self, client: &str, lease: LeaseId) -> Outcome {
        self.ask(client, Op::Release { of: Named { lease, epoch: None } }).outcome
    }

    pub fn notices(&self) -> Vec<Notice> {
        self.ledger.notices().since(0).copied().collect()
    }

    /// What is reserved at a feed now (W).
    pub fn reserved(&self, name: &str) -> f64 {
        self.ledger.reserved(self.feed(name), self.ledger.now(), tail(&self.ground.rules)).watts().0
    }
}
