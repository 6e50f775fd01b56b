//! What the ledger must know of all else: what feeds carry, what they may carry now and later, and how much cooling each watt brings.

use plant::hall::Hall;
use plant::hall::power::flows::Known;
use plant::hall::power::{Feed, FeedKind};
use plant::hall::window::Opening;
use plant::id::FeedId;
use plant::time::{Span, Tick, Wall};
use plant::units::Watts;

use super::ahead::Follow;
use super::ahead::slots::price;
use super::budgets::Budget;
use super::feeds;
use super::ledger::decision::DecisionView;
use super::ledger::message::Said;
use super::ledger::notices::Cause;
use super::ledger::recover::Recovery;
use super::ledger::reply::Answered;
use super::ledger::tree::Place;
use super::ledger::view::LedgerView;
use super::ledger::{Around, Ground, Ledger, Milli, Scratch, tree};
use super::news::News;
use super::outlook::begin;
use super::request::{Refusal, Reply};
use super::term::later;
use super::{Controller, Plan, State};

/// What is lowered at this moment, by ramps and windows, is so for a lease that begins within such a time.
const SOON: Span = Span::from_secs(60);
/// What batteries give counts for what is lent at this moment, and for no longer.
const MOMENT: Span = Span::from_secs(1);
/// While a window holds its feed so much of what it allows is lent anew or again (1): below that loads are let go, too.
const CALM: f64 = 0.9;

impl State {
    /// Leases grow older.
    pub(super) fn age_leases(&mut self, plan: &Plan, scratch: &mut Scratch, news: &mut News<'_>) {
        let tick = self.clock.last();
        self.lend(plan, (tick, None), |ledger, around| ledger.step(around, (scratch, news)));
    }

    /// Hears what a scheduler says.
    ///
    /// # Errors
    /// Nobody may ask for leases here.
    pub(super) fn hear_of_leases(
        &mut self,
        plan: &Plan,
        said: &Said,
        (scratch, tick): (&mut Scratch, Tick),
    ) -> Result<Reply, Refusal> {
        let cooling = self.cooling_by_meters(plan);
        let mut pending = std::mem::take(&mut self.pending);
        let news = &mut News::new(tick, &mut pending);
        let answered: Option<Answered> = self.lend(plan, (tick, cooling), |ledger, around| match said {
            Said::Request(message) => ledger.hear(around, message, (scratch, news)),
            Said::Found(found) => {
                let outcome = ledger.recover(around, found, (scratch, news));
                ledger.answer_to(("", ""), &[outcome])
            }
            Said::Heard(heard) => {
                let outcome = ledger.acknowledge(around, heard, news);
                ledger.answer_to((&heard.client, ""), &[outcome])
            }
            Said::Skewed { client, ahead, far } => {
                let outcome = ledger.skew(around.ground, (client, *ahead, *far), news);
                ledger.answer_to((client, ""), &[outcome])
            }
        });
        self.pending = pending;
        answered.map(|of| Reply::Lease(Box::new(of))).ok_or(Refusal::Unknown)
    }

    /// What cooling draws for each watt of machines (1), where meters tell it.
    pub(super) fn cooling_by_meters(&self, plan: &Plan) -> Option<f64> {
        let power = &plan.hall.power;
        let racks = (0..power.racks.len()).map(|place| self.feeds.rack(place)).sum();
        tree::measured(power, |feed| self.feeds.flow(feed), racks)
    }

    /// Lets the ledger do something, with all around it; nothing where nobody may ask for leases. Allocates nothing itself.
    fn lend<T>(
        &mut self,
        plan: &Plan,
        (tick, cooling): (Tick, Option<f64>),
        act: impl FnOnce(&mut Ledger, &Around<'_>) -> T,
    ) -> Option<T> {
        let ground = plan.leases.as_ref()?;
        let mut ledger = std::mem::take(&mut self.ledger);
        let (power, now, image) = (&plan.hall.power, ledger.now(), self.quality.image());
        let around = Around {
            ground,
            power,
            limit: &|feed, from, to| self.lends(plan, (feed, now), (from, to)).0,
            cause: &|feed| self.lends(plan, (feed, now), (now, later(now, SOON))).1,
            own_cause: &|feed| self.own_cause(plan, feed),
            load: &|feed| self.metered_load(plan, feed),
            rack: &|rack| feeds::metered(power, image, rack),
            meter: &|feed| self.metered_free(&plan.hall, feed),
            cappable: &|rack| self.caps.grants_in(power, rack),
            lets: &|rack| self.caps.lets(rack),
            hot: &|rack| self.equipment.asked_of(&plan.hall, rack).is_some(),
            openings: &|name, at| opening(&plan.hall, name, at),
            plans: self.ahead.is_some(),
            plan: self.ahead.as_ref().and_then(Follow::plan).map(|(number, ..)| number),
            price: &|at| plan.tariff.as_deref().and_then(|of| price(of, self.prices.known(), at)),
            billed: plan.peaks.as_ref().map(super::interval::Plan::feed),
            cooling,
            dt: self.clock.lived().dt,
            tick,
        };
        let done = act(&mut ledger, &around);
        self.ledger = ledger;
        Some(done)
    }

    /// The least that a feed may carry between two instants, and what makes it so little.
    pub(super) fn lends(&self, plan: &Plan, (feed, now): (FeedId, Wall), (from, to): (Wall, Wall)) -> (Watts, Cause) {
        let limit = plan.hall.power.feeds.get(feed).map_or(Watts(0.0), Feed::limit);
        let soon = from <= later(now, SOON);
        let window = self.interval.allowed(plan.peaks.as_ref()).filter(|mean| soon && mean.feed == feed);
        // Batteries come before anybody who is lowered. For how long they can give nobody is lent more.
        let moment = to <= later(from, MOMENT);
        let gives = if moment { self.gives(plan, feed) } else { Watts(0.0) };
        let calm = if moment { 1.0 } else { CALM };
        let asked = self.asked((feed, now), (from, to), (Span::ZERO, SOON));
        // What a billed meter allows that is not read is what the hall's file says for that.
        let read = plan.peaks.as_ref().is_none_or(|peaks| self.interval.is_read(peaks));
        let billed = if read { Cause::PeakInterval } else { Cause::MeterFault };
        let all = asked.into_iter().chain([(window.map(|mean| mean.allowed * calm), billed)]);
        let found = all.filter_map(|(watts, cause)| Some((watts? + gives, cause)));
        found.fold((limit, self.own_cause(plan, feed)), |least, next| if next.0 < least.0 { next } else { least })
    }

    /// Why loads come down that are above what a feed itself carries.
    fn own_cause(&self, plan: &Plan, feed: FeedId) -> Cause {
        // Its meter says less than what is below it draws: that is what counts.
        if self.feeds.flow(feed).is_some_and(|flow| flow.known == Known::Doubted) {
            return Cause::MeterFault;
        }
        match plan.hall.power.feeds.get(feed).map(|of| of.kind) {
            Some(FeedKind::Ups) => Cause::Ups,
            Some(FeedKind::Utility | FeedKind::Transformer | FeedKind::Panel | FeedKind::Pdu) | None => Cause::Breaker,
        }
    }

    /// What a feed may carry between two instants for budgets, targets of a grid and their ramp (W). What holds it now is taken to do so for so long: budgets at the least, a ramp at the most.
    pub(super) fn asked(
        &self,
        (feed, now): (FeedId, Wall),
        (from, to): (Wall, Wall),
        (budgets, ramp): (Span, Span),
    ) -> [(Option<Watts>, Cause); 3] {
        let last = self.clock.last();
        let holds = |of: &&Budget| of.feed == feed && from <= later(now, of.remaining(last).max(budgets));
        let budget = self.budgets.iter().filter(holds).map(|of| of.most).reduce(Watts::min);
        let ramp = self.grid.allowed(feed).filter(|_| from <= later(now, ramp)).map(|mean| mean.allowed);
        let target = self.grid.least(feed, (from, to));
        [(budget, Cause::Operator), (target, Cause::GridTarget), (ramp, Cause::GridTarget)]
    }

    /// What batteries below a feed give, and can give beside it (W, ≥ 0).
    fn gives(&self, plan: &Plan, feed: FeedId) -> Watts {
        self.given(&plan.hall, feed).max(Watts(0.0)) + self.batteries.relieves(&plan.hall.power, feed)
    }

    /// What of a feed's limit may be lent at any time in a quarter of an hour, from now on (mW).
    pub(super) fn usable(&self, (plan, ground): (&Plan, &Ground), feed: FeedId, quarter: i64) -> Milli {
        let now = self.ledger.now();
        let span = (begin(quarter).max(now), begin(quarter.saturating_add(1)));
        ground.usable(Milli::limit(self.lends(plan, (feed, now), span).0))
    }

    /// What a feed carries for one more watt at machines somewhere below it (1): with losses, and with what cooling draws for that; where loads have moved too little for that to be known, what it draws for
    /// each in the mean.
    pub(super) fn carries(&self, (plan, ground): (&Plan, &Ground), feed: FeedId) -> f64 {
        let seen = self.marginal.value().or_else(|| self.cooling_by_meters(plan));
        let cooling = seen.unwrap_or(ground.rules.cooling);
        let weights = tree::weights(&plan.hall.power, &[(Place::Feed(feed), 1.0)], (cooling, &ground.spread));
        weights.iter().find(|(of, _)| *of == feed).map_or(1.0, |(_, weight)| *weight)
    }

    /// What flows through a feed without batteries (W); nothing where its meter is lost, or something below one without a meter.
    pub(super) fn metered_load(&self, plan: &Plan, feed: FeedId) -> Option<Watts> {
        let flow = self.feeds.flow(feed)?;
        let seen = match flow.known {
            Known::Metered | Known::Doubted => true,
            Known::Stale => false,
            Known::Reckoned => flow.whole && plan.hall.power.feeds.get(feed).is_some_and(|of| of.meter.is_none()),
        };
        if seen { self.free(&plan.hall, feed) } else { None }
    }
}

/// When a window of a hall is open first, from an instant on. Nothing where it has none of this name, or it does not open any more.
pub(super) fn opening(hall: &Hall, name: &str, at: Wall) -> Option<Opening> {
    let window = hall.windows.rows().iter().find(|of| of.name == name)?;
    let from = window.open_from(at)?;
    Some(Opening { from, to: window.open_until(from).unwrap_or(Wall(i64::MAX)) })
}

impl Controller {
    /// Nobody has looked yet what a broker keeps of leases.
    #[must_use]
    pub const fn leases_unread(&self) -> bool {
        matches!(self.state.ledger.recovery(), Recovery::Unread { .. })
    }

    /// What was known of leases is lost, or the end of it. False where nobody may ask for some.
    pub fn lose_leases(&mut self) -> bool {
        let lends = self.plan.leases.is_some();
        if lends {
            self.state.ledger.lose();
        }
        lends
    }

    /// How a request of a client for leases was decided; nothing where nobody knows any more.
    #[must_use]
    pub fn decision(&self, client: &str, request: &str) -> Option<DecisionView> {
        let name = |feed| self.plan.hall.power.feeds.get(feed).map_or("", |of| of.name.as_str());
        self.state.ledger.decision((client, request), name)
    }

    /// Every lease, and the notices since a number; nothing where nobody may ask for leases.
    #[must_use]
    pub fn leases(&self, since: u64) -> Option<LedgerView> {
        let hall = &self.plan.hall;
        let name = |place| match place {
            Place::Feed(feed) => hall.power.feeds.get(feed).map_or("", |of| of.name.as_str()),
            Place::Rack(rack) => hall.fed_rack(rack),
        };
        self.plan.leases.as_ref().map(|_| self.state.ledger.show(since, name))
    }
}
