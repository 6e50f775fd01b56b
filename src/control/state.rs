//! What the controller remembers at its begin, and after a new boot.

use plant::hall::Hall;
use plant::hall::power::Feed;
use plant::hall::power::flows::Known;
use plant::id::FeedId;
use plant::image::Inputs;
use plant::lease::seen::Cap;
use plant::plan::Arrived;
use plant::time::{Span, Tick};
use plant::units::Watts;

use super::ahead::{Follow, Seen};
use super::alarms::Alarms;
use super::battery::{Batteries, Bound, Room};
use super::budgets::Budgets;
use super::checkout::Checkouts;
use super::clock::Clock;
use super::commands::{Commands, Held};
use super::cooling::Cooling;
use super::energy::Energy;
use super::equipment::Equipment;
use super::feeds::{self, Feeds};
use super::forecast::Forecast;
use super::grid::{self, Grid};
use super::identity::Identity;
use super::interval::{self, Interval, Mean};
use super::ledger::{Draw, Later, Ledger, tree};
use super::marginal::Marginal;
use super::news::News;
use super::outlook::{self, Outlook};
use super::overrides::Overrides;
use super::performance::Performances;
use super::power::{self, Capper, Caps};
use super::prices::LivePrices;
use super::quality::Quality;
use super::ride::Ride;
use super::safety::Safety;
use super::savings::{self, Savings};
use super::scene::Scene;
use super::shadow::Shadow;
use super::supervisor::Supervisor;
use super::trial::Trials;
use super::wear::Wear;
use super::windows::Windows;
use super::{Plan, State};

/// A power at a feed (W).
type At = Option<(FeedId, Watts)>;

/// What batteries keep at the billed feed by a plan.
#[derive(Clone, Copy)]
struct Holds {
    feed: FeedId,
    /// What may flow (W).
    allowed: Watts,
    /// It counts in place of what the hall's file says: that cannot be kept to the end.
    alone: bool,
}

impl State {
    pub(super) fn new(plan: &Plan, commands: &Commands, capper: &Capper) -> Self {
        let hall = &plan.hall;
        Self {
            hall: Identity::of(hall),
            clock: Clock::default(),
            quality: Quality::new(hall.points.len()).voting(&hall.redundant),
            energy: Energy::new(hall),
            feeds: Feeds::new(&hall.power),
            caps: Caps::new(hall, capper),
            budgets: Budgets::default(),
            interval: Interval::new(plan.peaks.as_ref()),
            savings: Savings::new(plan.peaks.as_ref()),
            outlook: plan.peaks.as_ref().map(|_| Outlook::default()),
            ahead: plan.peaks.as_ref().filter(|peaks| peaks.plans()).map(|peaks| Follow::new(peaks.demands())),
            batteries: Batteries::new(hall),
            ride: Ride::new(plan.ride.as_ref()),
            grid: Grid::new(hall),
            ledger: Ledger::new(&hall.power),
            marginal: Marginal::default(),
            prices: LivePrices::new(plan.tariff.as_deref()),
            windows: Windows::new(hall),
            cooling: Cooling::new(hall, &plan.circuits),
            equipment: Equipment::new(hall),
            overrides: Overrides::default(),
            safety: Safety::new(hall.loops.len()),
            held: commands.slots().map(|(_, slot)| Held::safe(&slot.range)).collect(),
            alarms: Alarms::new(hall),
            wear: Wear::default(),
            forecast: Forecast::new(hall),
            trials: Trials::default(),
            checkouts: Checkouts::default(),
            performances: Performances::new(hall.loops.len()),
            supervisor: Supervisor::new(),
            shadow: Shadow::default(),
            pending: Vec::new(),
        }
    }

    /// What the last scan saw, for who asks between two of them: no time passes.
    pub(super) fn scene<'s>(&'s self, hall: &'s Hall) -> Scene<'s> {
        Scene {
            hall,
            image: self.quality.image(),
            held: &self.held,
            forecast: &self.forecast,
            ahead: &self.cooling.strategies().feed_forward,
            dt: Span::ZERO,
        }
    }

    /// What the clock on the wall decides: what energy costs, and which windows are open.
    pub(super) fn look_at_the_clock(&mut self, plan: &Plan, news: &mut News<'_>) {
        let meter = plan.billed().map(|meter| self.energy.account(meter));
        self.prices.step((plan.market(), meter), &self.clock, news);
        self.windows.step(&plan.hall, self.clock.last(), news);
    }

    /// What flowed, beside what would have flowed without control.
    pub(super) fn save(&mut self, plan: &Plan, capper: &Capper) {
        let Some((peaks, meter)) = plan.peaks.as_ref().zip(self.metered(plan, capper)) else { return };
        let (hall, feed) = (&*plan.hall, peaks.feed());
        let (given, held) = Batteries::tell(&hall.power, feed, self.quality.image());
        let limit = hall.power.feeds.get(feed).map_or(Watts(0.0), Feed::limit);
        let shed = self.caps.shed(capper, feed).within(limit - meter.free);
        let mut scene = savings::Scene {
            believed: self.feeds.flow(feed).is_some_and(|flow| flow.known == Known::Metered),
            given,
            held,
            shed,
            later: Later::default(),
            price: self.prices.now(),
            judged: self.outlook.as_ref().map(Outlook::judged).unwrap_or_default(),
            rides: hall.power.peaks.as_ref().is_some_and(|peaks| peaks.ride.acts) && self.ride.is_away(),
            meter,
        };
        let known = if self.savings.knows(&scene) { meter.now.dt } else { Span::ZERO };
        let image = self.quality.image();
        let draw =
            Draw { meter: &|rack| feeds::metered(&hall.power, image, rack), held: &|rack| Caps::held_in(capper, rack) };
        scene.later = self.ledger.later((&hall.power, feed), limit - meter.free - shed.watts, (known, draw));
        self.savings.step(peaks, &self.interval, &scene);
    }

    /// What flows through the billed meter; nothing where no peak is kept down.
    pub(super) fn metered(&self, plan: &Plan, capper: &Capper) -> Option<interval::Scene> {
        let peaks = plan.peaks.as_ref()?;
        let image = self.quality.image();
        let pulses = peaks.pulse().and_then(|point| {
            let age = self.clock.last().mono.since(image.heard(point));
            self.quality.reading(point).fresh().map(|count| (count, age))
        });
        // A meter without a register counts in every scan.
        let register = plan.hall.meters.get(peaks.meter()).map(|meter| meter.energy);
        let read = register.filter(|point| image.read(*point).fresh().is_some());
        let ago = read.map(|point| self.clock.last().mono.since(image.heard(point.id())));
        Some(interval::Scene {
            pulses,
            meter: self.energy.account(peaks.meter()),
            ago: ago.unwrap_or_default(),
            at: self.energy.at(),
            now: self.clock.lived(),
            load: self.feeds.flow(peaks.feed())?.load,
            free: self.free(&plan.hall, peaks.feed())?,
            // What nobody lowers is no floor to count on later.
            floor: self.caps.least(capper, peaks.feed()).unwrap_or(Watts(f64::INFINITY)),
        })
    }

    /// What feeds carry, what they may carry, and what every GPU may draw because of it.
    pub(super) fn draw(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        capper: &mut Capper,
        (caps, news): (&mut [Cap], &mut News<'_>),
    ) {
        let (hall, tick) = (&*plan.hall, self.clock.last());
        self.feeds.step((&hall.power, &plan.allowed), self.quality.image(), &self.clock, news); // what flows through the power tree
        self.budgets.step(tick, news); // what feeds may carry for a while
        self.batteries.look(hall, self.quality.image(), self.shadow.is_on(), (self.clock.lived().dt, news));
        let billed = plan.peaks.as_ref().zip(self.metered(plan, capper));
        if let Some((peaks, scene)) = &billed {
            self.interval.step(peaks, scene, news); // what billed windows still allow
        }
        let flows = |feed| self.feeds.flow(feed).map(|flow| grid::Flows::of(flow, self.caps.other(capper, feed)));
        self.grid.step(hall, flows, self.clock.lived(), news); // what a grid asks for
        self.look_ahead(plan, capper); // what the site will draw
        self.learn_cooling(plan); // and cooling for each watt
        self.plan_ahead(plan, inputs.plan.as_deref(), news); // the plan that is followed
        self.share(plan, billed.as_ref(), news); // what batteries give
        let image = self.quality.image();
        let scene = power::Scene {
            hall,
            inputs,
            load: |place| self.feeds.carried(&hall.power, place),
            asked: |rack| self.equipment.asked_of(hall, rack).map(|ask| ask.rung),
            meter: |rack| feeds::metered(&hall.power, image, rack),
            budgets: &self.budgets,
            leases: &self.ledger,
            windows: self.interval.allowed(plan.peaks.as_ref()),
            grid: &self.grid,
            batteries: &self.batteries,
            lent: &|feed| lent((&self.ledger, &self.feeds), (&self.batteries, &self.quality), (hall, feed)),
            now: self.clock.lived(),
        };
        self.caps.step(&scene, capper, (caps, news)); // what every GPU may draw
    }

    /// Takes down what flows of the load that nobody here decides.
    fn look_ahead(&mut self, plan: &Plan, capper: &Capper) {
        let Some((peaks, tariff)) = plan.peaks.as_ref().zip(plan.tariff.as_deref()) else { return };
        let feed = peaks.feed();
        let lowered = self.interval.allowed(Some(peaks)).is_some()
            || self.grid.allowed(feed).is_some()
            || self.budgets.of(feed).is_some();
        let load = outlook::Load {
            free: self.metered_free(&plan.hall, feed),
            held: lowered && self.caps.holds_back(capper, feed),
        };
        if let Some(outlook) = &mut self.outlook {
            outlook.step(&tariff.zone, load, self.clock.last());
        }
    }

    /// Takes down what cooling draws beside machines, where that decides what a plan costs.
    fn learn_cooling(&mut self, plan: &Plan) {
        let (Some(ground), Some(_)) = (&plan.leases, &self.ahead) else { return };
        let power = &plan.hall.power;
        let cooling = tree::cooled(power, &ground.cooling, |feed| self.feeds.flow(feed));
        let racks = (0..power.racks.len()).map(|place| self.feeds.rack(place)).sum();
        self.marginal.step(cooling.map(|cooling| (racks, cooling)), self.clock.last());
    }

    /// Hears a plan, and says when another one is due.
    fn plan_ahead(&mut self, plan: &Plan, arrived: Option<&Arrived>, news: &mut News<'_>) {
        let (Some(follow), Some(outlook)) = (&mut self.ahead, &mut self.outlook) else { return };
        let Some((peaks, tariff)) = plan.peaks.as_ref().zip(plan.tariff.as_deref()) else { return };
        let (power, feed, now) = (&plan.hall.power, peaks.feed(), self.clock.last());
        if let Some(arrived) = arrived.filter(|arrived| follow.hear(arrived, now, news)) {
            self.ledger.follow(arrived);
        }
        let battery = self.batteries.together(power, feed).filter(|_| outlook.has_seen());
        let seen = Seen {
            batteries: self.batteries.seen_below(power, feed),
            prices: self.prices.counts().0,
            asked: self.grid.allowed(feed).is_some() || self.budgets.of(feed).is_some(),
            targets: self.grid.taken(),
            jobs: if outlook.has_seen() { self.ledger.to_plan() } else { (0, 0) },
        };
        follow.step(battery.as_ref(), (seen, outlook.runs_off(&tariff.zone)), now, news);
    }

    /// Lets batteries give what feeds, budgets, targets and windows do not allow.
    fn share(&mut self, plan: &Plan, billed: Option<&(&interval::Plan, interval::Scene)>, news: &mut News<'_>) {
        let (hall, now) = (&*plan.hall, self.clock.lived());
        let mean = self.interval.allowed(plan.peaks.as_ref());
        let spare = billed.map(|(peaks, scene)| (peaks.feed(), self.interval.spare(peaks, scene)));
        let planned = self.ahead.as_ref().and_then(|ahead| ahead.now(now.wall)).filter(|_| now.clock_trusted);
        let days = self.outlook.as_ref().is_some_and(Outlook::knows_days);
        let held = billed.zip(planned).and_then(|((peaks, scene), planned)| {
            let allowed = self.interval.allows(peaks, scene, planned.targets)?;
            let alone = days && self.interval.is_beyond(peaks, scene, planned.targets);
            Some(Holds { feed: peaks.feed(), allowed, alone })
        });
        let gives = billed.zip(planned).map(|((peaks, _), planned)| (peaks.feed(), planned.gives));
        // While the meter is in doubt nothing new is known of it.
        if let Some(ahead) = self.ahead.as_mut().filter(|_| held.is_some() || gives.is_none()) {
            ahead.raise(held.is_some_and(|held| held.alone), news);
        }
        for (place, of) in hall.power.storage.iter().enumerate() {
            let at = |feed: FeedId| {
                let (before, others) = self.batteries.beside(&hall.power, feed, place);
                self.room(hall, feed, (mean, spare, held)).given(before, others)
            };
            // It gives for no feed that nobody meters, and caps count on nothing there.
            let metered = |feed: &FeedId| hall.power.feeds.get(*feed).is_some_and(|of| of.meter.is_some());
            if let Some(room) = hall.power.upward(of.feed).filter(metered).map(at).reduce(Room::join) {
                let own = gives.and_then(|(feed, gives)| self.batteries.part(&hall.power, (feed, place), gives));
                let room = Room { planned: own.map(Watts), ..room };
                self.batteries.step((of, place), &room, (now, news));
            }
        }
    }

    /// What flows through a feed and may flow: by its limit, by budgets and targets, and by the windows that are billed there.
    fn room(&self, hall: &Hall, feed: FeedId, (mean, spare, held): (Option<Mean>, At, Option<Holds>)) -> Room {
        let limit = hall.power.feeds.get(feed).map_or(Watts(0.0), Feed::limit);
        let budget = self.budgets.of(feed).map_or(limit, |budget| budget.most);
        let asked = self.grid.allowed(feed).map_or(budget, |mean| budget.min(mean.allowed));
        // What a plan holds binds batteries alone, and no machine.
        let held = held.filter(|held| held.feed == feed);
        let most = held.map_or(limit, |held| held.allowed);
        let saves = held.is_some_and(|held| held.alone);
        let window = mean.filter(|mean| mean.feed == feed && !saves).map_or(most, |mean| mean.allowed.min(most));
        let most = limit.min(asked).min(window);
        let bound = if window < limit.min(asked) {
            Bound::Window
        } else if asked < limit {
            Bound::Budget
        } else {
            Bound::Feed
        };
        // A target that is not kept says nothing about the room for charging either.
        let spare = spare.filter(|(billed, _)| *billed == feed && !saves).map_or(most, |(_, spare)| most.min(spare));
        let saves = saves && bound == Bound::Window;
        Room { free: self.metered_free(hall, feed), most, bound, spare, others: Watts(0.0), planned: None, saves }
    }

    /// What would flow through a feed without batteries (W).
    pub(super) fn free(&self, hall: &Hall, feed: FeedId) -> Option<Watts> {
        let flow = self.feeds.flow(feed)?;
        let given = if flow.known == Known::Metered { self.given(hall, feed) } else { Watts(0.0) };
        Some(flow.load + given)
    }

    /// What batteries below a feed gave when its meter was read (W); nothing is known of a feed that has none.
    pub(super) fn given(&self, hall: &Hall, feed: FeedId) -> Watts {
        given((&self.batteries, &self.quality), hall, feed)
    }

    /// What a feed may carry where leases are not kept, as caps count what it carries (W).
    pub(super) fn lent(&self, hall: &Hall, feed: FeedId) -> Option<Watts> {
        lent((&self.ledger, &self.feeds), (&self.batteries, &self.quality), (hall, feed))
    }

    /// The same where the feed's meter is read and believed: nothing is made of what is reckoned.
    pub(super) fn metered_free(&self, hall: &Hall, feed: FeedId) -> Option<Watts> {
        self.feeds.flow(feed).filter(|flow| flow.known == Known::Metered).and_then(|_| self.free(hall, feed))
    }

    /// A new boot.
    pub(super) fn restart(&mut self, plan: &Plan, commands: &Commands, tick: Tick, news: &mut News<'_>) {
        self.quality.forget();
        self.feeds.restart(tick);
        self.caps.restart();
        self.ledger.restart(tick);
        self.interval.restart(plan.peaks.as_ref(), news);
        self.savings.restart(plan.peaks.as_ref());
        self.batteries.restart(&plan.hall, news);
        self.ride.restart();
        self.outlook.iter_mut().for_each(Outlook::restart);
        self.marginal.restart();
        self.ahead.iter_mut().for_each(|ahead| ahead.restart(news));
        self.cooling.restart(&plan.hall, &plan.circuits);
        self.equipment.restart();
        self.alarms.restart(tick);
        self.supervisor.restart();
        self.forecast.restart(news);
        self.trials.restart(news);
        self.checkouts.restart(news);
        self.performances.restart();
        for ((_, slot), held) in commands.slots().zip(self.held.rows_mut()) {
            *held = Held::safe(&slot.range);
        }
    }
}

/// What batteries below a feed gave when its meter was read (W).
fn given((batteries, quality): (&Batteries, &Quality), hall: &Hall, feed: FeedId) -> Watts {
    let meter = hall.power.feeds.get(feed).and_then(|of| of.meter.as_ref()).and_then(|meter| meter.powers.first());
    let given = meter.map(|point| batteries.below(&hall.power, feed, quality.heard(point.id())));
    given.unwrap_or_default()
}

/// What a feed may carry where leases are not kept, as caps count what it carries (W): with what batteries give taken off where that was added, and by its worst phase.
fn lent(
    (ledger, feeds): (&Ledger, &Feeds),
    sources: (&Batteries, &Quality),
    (hall, feed): (&Hall, FeedId),
) -> Option<Watts> {
    let (allowed, flow) = (ledger.allowed(feed)?, feeds.flow(feed)?);
    let given = if flow.known == Known::Metered { given(sources, hall, feed) } else { Watts(0.0) };
    Some((allowed - given) * flow.uneven)
}
