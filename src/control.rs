//! The controller: two verbs, [`Controller::step`] (time has passed) and [`Controller::answer`] (somebody asks). It knows no
//! I/O and no clock; a step with the same state and arguments decides the same, to the bit.
//!
//! # A scan
//!
//! Samples become readings: fresh, stale or lost, a stale one aged toward its danger. Meters' registers become energy, and
//! energy over energy becomes PUE. Then everybody proposes into a priority array that is empty at the start of each scan:
//! the loops at level 16, people at level 8, safety at levels 4 and 5, where it also sets limits that bind whoever leads. The
//! array resolves to one value a writable point, inside its range, no faster than the equipment may move; only levels 1 to 5
//! may jump, and only toward the fail-safe. The winner of each output is known by level and reason. Last, alarms look at
//! what came of it all.
//!
//! Loops look at the outputs of the scan before: one that led goes on, one that did not follows what was decided, so that
//! it takes over without a bump.
//!
//! Beside somebody else's control, in shadow, outputs begin each scan where their devices are, loops track them and sequences look on;
//! what the array comes to is what ours would hold, and is compared with theirs.
//!
//! # A start
//!
//! A boot begins with every output at its fail-safe. A loop's outputs stay there until each of its inputs has been heard
//! once, or is given up as lost. Alarms, overrides until the end that was told, and energy carry over from the state
//! of the boot before; readings, outputs and loops do not, because their times compare with nothing.

pub mod ahead;
mod alarms;
mod answer;
mod asks;
pub mod battery;
mod budgets;
mod cdus;
mod checkout;
mod clock;
mod commands;
mod cooling;
mod dew_point;
mod doors;
mod dry;
mod dx;
mod energy;
pub mod envelope;
mod equipment;
pub mod exchange;
mod fans;
pub mod feeds;
mod forecast;
pub mod grid;
mod heat;
mod hours;
mod identity;
pub mod interval;
mod leak;
pub mod ledger;
mod lend;
mod marginal;
mod news;
mod outlier;
pub mod outlook;
mod overrides;
mod performance;
pub mod pid;
mod plants;
pub mod power;
pub mod prices;
mod pumps;
mod quality;
pub mod report;
pub mod request;
mod retune;
pub mod ride;
mod rule;
mod safety;
pub mod savings;
mod scene;
mod seen;
pub mod sentence;
mod sequence;
mod shadow;
mod site;
mod state;
mod supervisor;
mod supply_air;
mod tanks;
mod term;
mod time_to_limit;
pub mod trial;
mod trips;
pub mod tuning;
mod wear;
pub mod windows;

#[cfg(test)]
mod tests;

pub use energy::tariff;
pub use site::Site;

use std::sync::Arc;

use jiff::tz::TimeZone;
use plant::command::{Command, Level, Reason};
use plant::event::Event;
use plant::hall::{Hall, Meter, MeterRole};
use plant::id::{PointId, Table};
use plant::image::{Inputs, Outputs};
use plant::lease::seen::Cap;
use plant::time::Tick;
use serde::{Deserialize, Serialize};

use alarms::Alarms;
use checkout::Checkouts;
use clock::Clock;
use commands::{Commands, Held, OutputId};
use cooling::{Circuit, Cooling};
use energy::Energy;
use equipment::{Equipment, Wirings};
use feeds::{Allowed, Feeds};
use forecast::Forecast;
use grid::Grid;
use identity::Identity;
use news::News;
use outlook::Outlook;
use overrides::Overrides;
use performance::Performances;
use prices::{LivePrices, Market, PriceRules};
use quality::Quality;
use request::{Reply, Request};
use rule::Rule;
use safety::Safety;
use shadow::{Shadow, Watched};
use supervisor::Supervisor;
use tariff::Tariff;
use trial::Trials;
use wear::Wear;
use windows::Windows;

/// The whole controller.
pub struct Controller {
    plan: Plan,
    commands: Commands,
    capper: power::Capper,
    scratch: ledger::Scratch,
    outputs: Outputs,
    state: State,
}

/// What follows from the site and never changes.
struct Plan {
    hall: Arc<Hall>,
    tariff: Option<Arc<Tariff>>,
    prices: Option<PriceRules>,
    circuits: Vec<Circuit>,
    wirings: Wirings,
    allowed: Allowed,
    watched: Table<OutputId, Watched>,
    peaks: Option<interval::Plan>,
    ride: Option<ride::Plan>,
    zone: TimeZone,
    leases: Option<ledger::Ground>,
}

impl Plan {
    /// What energy costs; nothing where the site names no tariff.
    fn market(&self) -> Option<Market<'_>> {
        self.tariff.as_deref().map(|tariff| Market { tariff, rules: self.prices })
    }

    /// The meter that the utility bills, by its place; nothing where the hall has several and its file names none.
    fn billed(&self) -> Option<usize> {
        let utility = |(place, meter): (usize, &Meter)| (meter.role == MeterRole::Utility).then_some(place);
        let mut all = self.hall.meters.iter().enumerate().filter_map(utility);
        let only = all.next().filter(|_| all.next().is_none());
        self.peaks.as_ref().map_or(only, |peaks| Some(peaks.meter()))
    }
}

/// Everything the controller remembers. Round-trips through postcard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Which hall all this is about.
    hall: Identity,
    clock: Clock,
    quality: Quality,
    energy: Energy,
    feeds: Feeds,
    caps: power::Caps,
    budgets: budgets::Budgets,
    interval: interval::Interval,
    /// What flowed, beside what would have flowed without control.
    savings: savings::Savings,
    /// The load to come, where peaks are kept down.
    outlook: Option<Outlook>,
    /// The plan that batteries follow, where the hall's file lets them.
    ahead: Option<ahead::Follow>,
    batteries: battery::Batteries,
    ride: ride::Ride,
    grid: Grid,
    ledger: ledger::Ledger,
    /// What cooling draws for one more watt, where leases are lent.
    marginal: marginal::Marginal,
    prices: LivePrices,
    windows: Windows,
    cooling: Cooling,
    equipment: Equipment,
    overrides: Overrides,
    safety: Safety,
    held: Table<OutputId, Held>,
    alarms: Alarms,
    wear: Wear,
    forecast: Forecast,
    trials: Trials,
    checkouts: Checkouts,
    performances: Performances,
    supervisor: Supervisor,
    shadow: Shadow,
    /// What answers have to tell in the next scan.
    pending: Vec<Event>,
}

impl Controller {
    /// A controller that has seen nothing: its outputs are the safe ones.
    #[must_use]
    pub fn new(site: impl Into<Site>) -> Self {
        let Site { hall, tariff, prices, leases } = site.into();
        let commands = Commands::of(&hall);
        let circuits = cooling::circuits(&hall, &commands);
        let peaks = interval::Plan::of(&hall, tariff.as_ref());
        let plan = Plan {
            watched: shadow::watched(&hall, &commands, &circuits),
            ride: ride::Plan::of(&hall, &circuits, peaks.as_ref()),
            circuits,
            wirings: Wirings::of(&hall, &commands),
            allowed: Allowed::of(&hall.power),
            peaks,
            zone: energy::calendar::zone(&hall.tz),
            leases: leases.map(|rules| ledger::Ground::of(&hall.power, &rules)),
            hall: Arc::clone(&hall),
            tariff,
            prices,
        };
        let capper = power::Capper::of(&hall);
        let state = State::new(&plan, &commands, &capper);
        let mut outputs = Self::safe_outputs(&hall);
        // Room for a scan in which every point has something to tell, so that no scan allocates.
        let told = hall.alarms.len()
            + hall.windows.len()
            + 5 * hall.power.feeds.len()
            + hall.power.nodes.len()
            + hall.power.racks.len();
        let most = 2 * hall.points.len() + told + 80;
        outputs.events.reserve(most);
        let scratch = ledger::Scratch::default();
        Self { plan, commands, capper, scratch, outputs, state }
    }

    /// A controller that goes on from a snapshot of the same hall. A snapshot of another hall is as good as none, and so is
    /// one of a hall that has other names or another order since: it starts anew, and only the wear of devices is remembered, and billed peaks, by their names.
    #[must_use]
    pub fn restore(site: impl Into<Site>, state: State) -> Self {
        let mut controller = Self::new(site);
        if state.hall == controller.state.hall {
            controller.state = state;
            controller.state.prices.move_to(controller.plan.tariff.as_deref());
            controller.state.grid.move_to(&controller.plan.hall);
            controller.state.windows.move_to(&controller.plan.hall);
            controller.publish();
        } else {
            controller.state.wear = state.wear;
            controller.state.interval.inherit(controller.plan.peaks.as_ref(), state.interval);
        }
        controller
    }

    /// One scan.
    pub fn step(&mut self, inputs: &Inputs, tick: Tick) -> &Outputs {
        let Self { plan, commands, capper, scratch, outputs, state } = self;
        let (hall, circuits) = (&*plan.hall, plan.circuits.as_slice());
        outputs.events.clear();
        outputs.events.append(&mut state.pending);
        let news = &mut News::new(tick, &mut outputs.events);

        if state.clock.advance(tick, news) {
            state.restart(plan, commands, tick, news); // a new boot: its times compare with nothing
        }
        state.cooling.reload(inputs.reload.as_deref(), news);
        let rules = (&hall.points, hall.redundant.as_slice());
        state.quality.judge(rules, &inputs.samples, tick.mono, news); // fresh, stale, lost; worst case of what is missing
        state.quality.vote((&hall.redundant, &hall.points), state.clock.lived().dt, news); // two or three sensors of one point
        supervisor::supervise(hall, state, news); // where setpoints are, so that the facility draws least
        state.energy.pass(&plan.zone, tick);
        state.energy.step(hall, state.quality.image(), tick.mono, news); // registers to energy, PUE
        state.age_leases(plan, scratch, news); // what schedulers may draw
        state.draw(plan, inputs, capper, (&mut outputs.caps, news)); // what feeds carry and may carry, what every GPU may draw
        state.ride(plan, (inputs, capper), news); // what cooling gives for it
        state.look_at_the_clock(plan, news); // what energy costs now, which windows are open
        state.save(plan, capper); // what would have flowed without control
        let image = state.quality.image();
        commands.hear(&inputs.reports, &mut state.held, news); // what became of earlier writes
        inputs.reports.iter().for_each(|report| state.wear.add(hall, report.point, report.wear));

        let beside = state.shadow.is_on();
        if let Some(other) = state.shadow.beside_mut() {
            other.look((&plan.watched, image), &mut state.held, state.clock.lived().dt); // ours begin where their devices are
            state.equipment.lend(Rule::Elsewhere);
        }
        state.forecast.step((hall, image), &state.cooling.strategies().feed_forward, tick, news); // the loads to come

        commands.relinquish();
        state.batteries.propose(hall, commands); // what batteries give and take
        state.equipment.aim(hall, &mut state.cooling); // the setpoints that sequences give loops
        let scene = cooling::Scene {
            image,
            held: &state.held,
            forecast: &state.forecast,
            flow: hall.chilled_water.map(|water| water.flow),
            dt: tick.dt,
            longest: state.clock.longest(),
            beside,
        };
        state.cooling.step(circuits, &scene, commands, news); // loops
        state.shadow.project(circuits, &state.cooling, commands, state.clock.lived().dt); // beside another: where ours would stand
        let (ahead, dt) = (state.cooling.strategies().feed_forward, state.clock.lived().dt);
        let scene = scene::Scene { hall, image, held: &state.held, forecast: &state.forecast, ahead: &ahead, dt };
        state.performances.step(circuits, &state.cooling, dt); // how well each loop does
        state.equipment.step(&plan.wirings, (&scene, &state.cooling), commands, news); // sequences
        let paused = tick.dt > dt;
        state.trials.step(circuits, (&scene, &state.cooling, paused), commands, news); // what commissioning moves
        state.checkouts.step(checkout::Around { scene: &scene, inputs, now: tick.mono, paused }, commands, news);
        state.overrides.step(tick, commands, news); // what people hold, until it expires
        state.equipment.keep(hall, (&plan.wirings, state.cooling.strategies()), commands); // what holds against people, too
        let running = state.clock.running();
        let scene = safety::Scene { image, points: &hall.points, limits: hall.limits, running };
        state.safety.step(&scene, circuits, commands); // fail-safe floors, thermal protection
        let rules = state.cooling.strategies();
        state.equipment.rescue(hall, (&plan.wirings, rules), state.safety.tripped(), commands);
        let lived = state.clock.lived(); // a pause moves no ramp and runs no delay
        let ramp = if beside { shadow::AT_ONCE } else { lived.dt };
        commands.resolve(&mut state.held, ramp, news); // priority array and limits to one value a point
        let (held, cooling, equipment, dt) = (&state.held, &state.cooling, &state.equipment, lived.dt);
        state.shadow.compare(circuits, &shadow::Scene { hall, image, held, commands, cooling, equipment, dt });

        let (energy, feeds, tick) = (&state.energy, &state.feeds, lived);
        let scene = alarms::Scene { hall, image, held, energy, equipment, cooling, feeds, tick, running, beside };
        state.alarms.step(&scene, news);
        self.publish();
        &self.outputs
    }

    /// Somebody asks.
    pub fn answer(&mut self, request: &Request, tick: Tick) -> Reply {
        answer::answer((&self.plan, &self.commands, &mut self.scratch), &mut self.state, request, tick)
    }

    /// What it remembers.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The safe outputs: every writable point at its fail-safe.
    #[must_use]
    pub fn safe_outputs(hall: &Hall) -> Outputs {
        let safe = |point: PointId, value: f64| Command {
            point,
            value,
            level: Level::CriticalEquipment,
            reason: Reason::SafeOutputs,
        };
        let commands = hall.points.iter().filter_map(|(point, def)| def.write.map(|range| safe(point, range.failsafe)));
        let caps = vec![Cap::default(); hall.power.gpus()];
        Outputs { commands: commands.collect(), caps, ..Outputs::default() }
    }

    /// The hall it controls.
    #[must_use]
    pub const fn hall(&self) -> &Arc<Hall> {
        &self.plan.hall
    }

    /// What the last scan decided.
    #[must_use]
    pub const fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Brings the image of outputs to what is held.
    fn publish(&mut self) {
        for (command, held) in self.outputs.commands.iter_mut().zip(self.state.held.rows()) {
            *command = held.command(command.point);
        }
    }
}
