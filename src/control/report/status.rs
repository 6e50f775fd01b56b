//! The hall on one page, made when somebody asks.

use plant::command::Level;
use plant::hall::{AlarmDef, Hall, Priority};
use plant::id::PointId;
use plant::reading::{Reading, Why};
use plant::units::{Quantity, Watts};

use super::{
    AlarmView, AnnouncedView, NamedValue, OverrideView, PointView, Pue, Readings, Status, WorstInlet, Written,
};
use crate::control::alarms::{Alarm, Scene};
use crate::control::commands::{Commands, OutputId};
use crate::control::energy::pue::Figure;
use crate::control::forecast::Announcement;
use crate::control::overrides::Hold;
use crate::control::{Plan, State};

/// The page.
#[must_use]
pub fn status(plan: &Plan, commands: &Commands, state: &State) -> Status {
    let hall = &*plan.hall;
    let tick = state.clock.last();
    let power = state.energy.power();
    let kilowatts = |watts: Option<Watts>| watts.map(|w| w.get() / 1e3);
    let (facility, it) = state.energy.totals(hall);
    let value = |point: PointId| {
        let output = commands.output(point);
        // Beside somebody else's control what devices hold is what there is to see.
        let theirs = state.shadow.beside().zip(output).and_then(|(beside, output)| beside.theirs(output)?.value);
        theirs.or_else(|| Some(state.held.get(output?)?.value)).unwrap_or(f64::NAN)
    };
    let named = |name: &str, point: PointId| NamedValue { name: name.to_owned(), value: value(point) };
    let equip = |id| hall.equips.get(id).map_or("?", |def| def.name.as_str());
    let fans = hall.rows.rows().iter().flat_map(|row| &row.fans).map(|fan| named(equip(fan.equip), fan.speed.id()));
    let valves = hall.coils.iter().map(|coil| named(equip(coil.equip), coil.valve.id()));
    Status {
        hall: hall.name.clone(),
        site: hall.site.clone(),
        scans: state.clock.scans(),
        wall_ms: tick.wall.0,
        uptime_s: state.clock.running().seconds(),
        worst_inlet: worst_inlet(hall, &scene(hall, state)),
        fans: fans.collect(),
        valves: valves.collect(),
        pump: hall.chilled_water.map(|water| value(water.pump.id())),
        plants: super::plants::plants(hall, state),
        doors: super::doors::doors(hall, commands, state),
        dry: super::dry::dry(hall, state),
        pumps: super::pumps::pumps(hall, state),
        heat: super::heat::heat(hall, state),
        air: super::air::air(hall, state),
        cdus: super::cdus::cdus(hall, state),
        tanks: super::tanks::tanks(hall, state),
        caps: super::cdus::caps(hall, state),
        limits: super::limits::limits(hall, state),
        feeds: super::feeds::feeds(plan, state),
        facility_kw: kilowatts(power.facility),
        it_kw: kilowatts(power.it),
        unattributed_kw: kilowatts(power.unattributed),
        facility_kwh: facility / 1e3,
        it_kwh: it / 1e3,
        pue: state.energy.figures(hall).map(|(window, figure)| pue(window, &figure)).collect(),
        ppue_cooling: state.energy.cooling(hall),
        readings: readings(hall, state),
        overrides: overrides(hall, state),
        announced: announced(hall, state),
        budgets: super::budgets::views(hall, state),
        leases: super::budgets::leases(plan, state),
        price: super::prices::price(plan, state),
        windows: state.windows.brief(),
        peaks: None,
        savings: None,
        batteries: state.batteries.view(hall, tick.wall),
        grid: None,
        supervisor: super::supervisor::supervisor(state),
        trial: super::trial::running(plan, state),
        check: super::check(plan, state).filter(|check| check.end.is_none()),
        scheduled: super::schedule::scheduled(plan, state),
        retuned: super::trial::retuned(plan, state),
        shadow: super::shadow::line(plan, state),
        alarms: alarms(hall, state),
        clock_trusted: tick.clock_trusted,
    }
}

/// A point as judged last.
#[must_use]
pub fn point(hall: &Hall, commands: &Commands, state: &State, id: PointId) -> Option<PointView> {
    let def = hall.points.get(id)?;
    let reading = state.quality.reading(id);
    Some(PointView {
        point: def.name.clone(),
        value: reading.usable(),
        unit: def.unit.code().to_owned(),
        quality: reading.quality(),
        why: reading.why().map(|why| why.to_string()),
        age_s: state.clock.last().mono.since(state.quality.heard(id)).seconds(),
        written: commands.output(id).and_then(|output| written(hall, commands, state, output)),
    })
}

/// What is known of one output's device.
pub fn written(hall: &Hall, commands: &Commands, state: &State, output: OutputId) -> Option<Written> {
    let (held, slot) = (state.held.get(output)?, commands.slot(output)?);
    Some(Written { proof: held.proof, lifetime_writes: state.wear.of(hall, slot.point) })
}

fn scene<'a>(hall: &'a Hall, state: &'a State) -> Scene<'a> {
    Scene {
        hall,
        image: state.quality.image(),
        held: &state.held,
        energy: &state.energy,
        equipment: &state.equipment,
        cooling: &state.cooling,
        feeds: &state.feeds,
        tick: state.clock.last(),
        running: state.clock.running(),
        beside: state.shadow.is_on(),
    }
}

fn worst_inlet(hall: &Hall, scene: &Scene<'_>) -> Option<WorstInlet> {
    let (id, celsius) = scene.worst_inlet()?;
    let rack = hall.points.get(id).and_then(|def| hall.equips.get(def.equip)).map_or("?", |def| def.name.as_str());
    Some(WorstInlet { rack: rack.to_owned(), celsius, margin_k: hall.limits.inlet_max.get() - celsius })
}

fn pue(window: &str, figure: &Figure) -> Pue {
    Pue {
        window: window.to_owned(),
        value: figure.value,
        meter: figure.meter,
        lower: figure.lower,
        upper: figure.upper,
        coverage: figure.coverage,
        category: figure.category,
        validity: figure.validity.sentence().to_owned(),
        code: figure.validity.code().to_owned(),
        facility_kwh: figure.facility / 1e3,
        it_kwh: figure.it / 1e3,
    }
}

fn readings(hall: &Hall, state: &State) -> Readings {
    let mut counts = Readings::default();
    for (id, _) in hall.points.iter() {
        match state.quality.reading(id) {
            Reading::Fresh(_) => counts.fresh += 1,
            Reading::Stale { .. } => counts.stale += 1,
            Reading::Lost { why: Why::Config } => {}
            Reading::Lost { .. } => counts.lost += 1,
        }
    }
    counts
}

fn overrides(hall: &Hall, state: &State) -> Vec<OverrideView> {
    let tick = state.clock.last();
    let view = |hold: &Hold| OverrideView {
        point: hall.points.get(hold.point).map_or_else(String::new, |def| def.name.clone()),
        value: hold.value,
        unit: hall.points.get(hold.point).map_or("1", |def| def.unit.code()).to_owned(),
        level: Level::Operator.number(),
        who: hold.who.clone(),
        reason: hold.reason.clone(),
        remaining_s: hold.remaining(tick).seconds(),
    };
    state.overrides.iter().map(view).collect()
}

fn announced(hall: &Hall, state: &State) -> Vec<AnnouncedView> {
    let view = |of: &Announcement| AnnouncedView {
        id: of.id.clone(),
        row: of.row.and_then(|row| hall.rows.get(row)).map(|row| row.name.clone()),
        kw: of.watts / 1e3,
        in_s: of.wait(state.forecast.now()).seconds(),
        who: of.who.clone(),
    };
    state.forecast.announced().map(view).collect()
}

/// What is not normal, the most urgent first and of these the latest.
fn alarms(hall: &Hall, state: &State) -> Vec<AlarmView> {
    let scene = scene(hall, state);
    let (now, uptime) = (state.clock.last().mono, state.clock.running().seconds());
    let mut rows: Vec<_> = hall.alarms.iter().zip(state.alarms.iter()).collect();
    rows.sort_by_key(|((_, def), (_, alarm))| (def.priority, std::cmp::Reverse(alarm.since)));
    let view = |def: &AlarmDef, alarm: &Alarm| {
        let state = alarm.life.word()?;
        Some(AlarmView {
            name: def.name.clone(),
            priority: priority(def.priority).to_owned(),
            state: state.to_owned(),
            since_s: uptime - now.since(alarm.since).seconds(),
            detail: scene.detail(def),
            consequence: def.consequence.clone(),
            response: def.response.clone(),
        })
    };
    rows.into_iter().filter_map(|((_, def), (_, alarm))| view(def, alarm)).collect()
}

const fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "critical",
        Priority::High => "high",
        Priority::Medium => "medium",
        Priority::Low => "low",
    }
}
