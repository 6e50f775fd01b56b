//! A day of a hall without any fault, held against what is promised of every such day.
//!
//! **Promises** rack inlets, coolant and cases stay within their limits; each inlet is in the recommended range at least [`RECOMMENDED`] of the time; no
//! output turns back [`TURNS`] times an hour or more; nothing is told of the same thing more than [`OFTEN`] times within an hour, for what is told
//! again and again chatters at some threshold. **Limits** of air the hall's own, below them those of class A1; of coolant and facility water
//! their classes, where the hall's file names them; of what stands in the room the dew point and the trip's distance from it; of a tank the first rung of its
//! ladder. **Truth** counts, not what sensors say of it. **Outputs** are looked at as they are commanded, every one of the hall.

use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};

use plant::event::{Event, What};
use plant::hall::Hall;
use plant::id::{Id, PointId, Table};
use plant::image::Outputs;
use plant::reversal::{BACK, Course};
use plant::time::Span;

use crate::kpi::Bands;
use crate::world::World;

/// How much of the time an inlet is in the recommended range at least (%).
pub const RECOMMENDED: f64 = 99.0;
/// So often in an hour no output turns back, over the whole day (1/h).
pub const TURNS: f64 = 6.0;
/// The same is told of the same thing so often within an hour at most.
pub const OFTEN: u32 = 6;
/// An hour (s).
const HOUR: f64 = 3600.0;

/// The nearest that something came to its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// Limit minus value (in `unit`; negative is bad).
    pub margin: f64,
    /// `K`, or `Pa` of a vapour's pressure.
    pub unit: &'static str,
    /// The point, or the rack whose case it is.
    pub of: String,
    /// When (s after the begin).
    pub at: f64,
}

/// An output that turns back.
#[derive(Clone, Debug, PartialEq)]
pub struct Turning {
    /// Its point.
    pub of: String,
    /// Over the whole day (1/h).
    pub per_hour: f64,
    /// In its busiest hour.
    pub busiest: u32,
}

/// What was told again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// The first of them.
    pub first: Event,
    /// How often within one hour, at most.
    pub times: u32,
}

/// What a day came to. What a hall does not have is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// The inlet that was nearest to its limit.
    pub inlets: Option<Near>,
    /// What cools machines, the same.
    pub coolant: Option<Near>,
    /// The case under a cold plate, the same.
    pub cases: Option<Near>,
    /// The inlet that was in the recommended range the least, and how much of the time (%).
    pub recommended: Option<(String, f64)>,
    /// The output that turned back most often.
    pub turning: Option<Turning>,
    /// What was told most often within an hour.
    pub told: Option<Told>,
}

/// What cools machines, and how warm it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Coolant {
    point: PointId,
    /// The warmest it may be (°C), or the highest (Pa).
    most: Option<f64>,
    /// It stays so far above the room's dew point (K).
    above_dew_point: Option<f64>,
    unit: &'static str,
}

/// One output.
#[derive(Clone, Debug, Default, PartialEq)]
struct Output {
    course: Course,
    turns: u32,
    hour: Hourly,
}

/// When something was in the last hour (s), and how often in the busiest one so far.
#[derive(Clone, Debug, Default, PartialEq)]
struct Hourly {
    last: VecDeque<f64>,
    most: u32,
}

/// The book of one day.
#[derive(Clone, Debug)]
pub struct Book {
    bands: Bands,
    /// Each rack's inlet, and for how long it was outside the recommended range (s).
    inlets: Vec<(PointId, f64)>,
    coolants: Vec<Coolant>,
    dew_points: Vec<PointId>,
    outputs: Table<PointId, Option<Output>>,
    told: Vec<(Discriminant<What>, Event, Hourly)>,
    cases: Vec<Option<f64>>,
    racks: Vec<String>,
    names: Table<PointId, String>,
    spans: Table<PointId, f64>,
    air: Option<Near>,
    liquid: Option<Near>,
    case: Option<Near>,
    seconds: f64,
}

impl Hourly {
    fn count(&mut self, time: f64) -> u32 {
        while self.last.front().is_some_and(|first| time - first >= HOUR) {
            self.last.pop_front();
        }
        self.last.push_back(time);
        let now = u32::try_from(self.last.len()).unwrap_or(u32::MAX);
        self.most = self.most.max(now);
        now
    }
}

impl Book {
    /// Nothing written yet.
    #[must_use]
    pub fn new(hall: &Hall, world: &World) -> Self {
        let points = hall.points.len();
        let (mut outputs, mut names) = (Table::filled(points, None), Table::filled(points, String::new()));
        let mut spans = Table::filled(points, 1.0);
        for (id, def) in hall.points.iter() {
            if let Some(name) = names.get_mut(id) {
                name.clone_from(&def.name);
            }
            if let (Some(range), Some(output), Some(span)) = (def.write, outputs.get_mut(id), spans.get_mut(id)) {
                (*output, *span) = (Some(Output::default()), (range.max - range.min).max(f64::MIN_POSITIVE));
            }
        }
        let racks = |row: usize| hall.rows.iter().filter(move |(id, _)| id.index() == row).flat_map(|(_, r)| &r.racks);
        let on_plates = world.plates().iter().flat_map(|of| racks(of.row));
        let name = |equip| hall.equips.get(equip).map_or_else(String::new, |def| def.name.clone());
        Self {
            bands: Bands::of(hall),
            inlets: hall.rows.iter().flat_map(|(_, r)| &r.racks).map(|rack| (rack.inlet.id(), 0.0)).collect(),
            coolants: coolants(hall),
            dew_points: hall.machinery.room.iter().map(|of| of.dew_point.id()).collect(),
            racks: on_plates.map(|rack| name(rack.equip)).collect(),
            outputs,
            told: Vec::new(),
            cases: Vec::new(),
            names,
            spans,
            air: None,
            liquid: None,
            case: None,
            seconds: 0.0,
        }
    }

    /// Writes down a step that ended `time` seconds after the begin, with what was commanded and told in it.
    pub fn write(&mut self, (time, dt): (f64, Span), world: &World, outputs: &Outputs, told: &[Event]) {
        self.seconds += dt.seconds();
        self.breathe(time, dt.seconds(), world);
        self.flow(time, world);
        world.case_margins(&mut self.cases);
        let cases = self.cases.iter().enumerate().filter_map(|(place, margin)| Some((place, (*margin)?)));
        if let Some((place, margin)) = cases.min_by(|a, b| a.1.total_cmp(&b.1)) {
            let of = self.racks.get(place).map_or("", String::as_str);
            nearer(&mut self.case, (margin, "K"), of, time);
        }
        for command in &outputs.commands {
            let span = self.spans.get(command.point).copied().unwrap_or(1.0);
            let Some(Some(output)) = self.outputs.get_mut(command.point) else { continue };
            if output.course.turns(command.value, BACK * span) {
                output.turns = output.turns.saturating_add(1);
                output.hour.count(time);
            }
        }
        for event in told {
            let kind = discriminant(&event.what);
            let known = self.told.iter_mut().find(|(what, first, _)| *what == kind && first.about == event.about);
            match known {
                Some((_, _, hour)) => hour.count(time),
                None => {
                    let mut hour = Hourly::default();
                    let count = hour.count(time);
                    self.told.push((kind, *event, hour));
                    count
                }
            };
        }
    }

    fn breathe(&mut self, time: f64, dt: f64, world: &World) {
        let Bands { recommended, allowable } = self.bands;
        for (point, outside) in &mut self.inlets {
            let Some(inlet) = world.truth(*point) else { continue };
            if inlet < recommended.0 || inlet > recommended.1 {
                *outside += dt;
            }
            let margin = (allowable.1 - inlet).min(inlet - allowable.0);
            let of = self.names.get(*point).map_or("", String::as_str);
            nearer(&mut self.air, (margin, "K"), of, time);
        }
    }

    fn flow(&mut self, time: f64, world: &World) {
        let dew_point = self.dew_points.iter().filter_map(|point| world.truth(*point)).reduce(f64::max);
        for of in &self.coolants {
            let Some(value) = world.truth(of.point) else { continue };
            let warm = of.most.map(|most| most - value);
            let moist = of.above_dew_point.zip(dew_point).map(|(least, dew_point)| value - dew_point - least);
            let Some(margin) = [warm, moist].into_iter().flatten().reduce(f64::min) else { continue };
            let name = self.names.get(of.point).map_or("", String::as_str);
            nearer(&mut self.liquid, (margin, of.unit), name, time);
        }
    }

    /// What the day came to so far.
    #[must_use]
    pub fn day(&self) -> Day {
        let (inlets, coolant, cases) = (self.air.clone(), self.liquid.clone(), self.case.clone());
        let name = |point: PointId| self.names.get(point).cloned().unwrap_or_default();
        let most_outside = self.inlets.iter().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|_| self.seconds > 0.0);
        let recommended = most_outside.map(|(point, outside)| (name(*point), 100.0 * (1.0 - outside / self.seconds)));
        let outputs = self.outputs.iter().filter_map(|(id, output)| Some((id, output.as_ref()?)));
        let turning = outputs.max_by_key(|(id, output)| (output.turns, std::cmp::Reverse(id.index())));
        let turning = turning.filter(|_| self.seconds > 0.0).map(|(id, output)| Turning {
            of: name(id),
            per_hour: f64::from(output.turns) * HOUR / self.seconds,
            busiest: output.hour.most,
        });
        let told = self.told.iter().max_by_key(|(_, _, hour)| hour.most);
        let told = told.map(|(_, first, hour)| Told { first: *first, times: hour.most });
        Day { inlets, coolant, cases, recommended, turning, told }
    }
}

impl Day {
    /// What of the promises is not kept, a few words each; `said` says an event. Empty on a good day.
    #[must_use]
    pub fn missed(&self, said: impl Fn(&Event) -> String) -> Vec<String> {
        let beyond = [("inlets", &self.inlets), ("coolant", &self.coolant), ("cases", &self.cases)];
        let beyond = beyond.into_iter().filter_map(|(what, near)| near.as_ref().map(|near| (what, near)));
        let mut missed: Vec<String> = beyond
            .filter(|(_, near)| near.margin < 0.0)
            .map(|(what, n)| format!("{what}: {} was {:.2} {} beyond its limit", n.of, -n.margin, n.unit))
            .collect();
        if let Some((of, percent)) = self.recommended.as_ref().filter(|(_, percent)| *percent < RECOMMENDED) {
            missed.push(format!("{of} was in the recommended range for {percent:.2} %"));
        }
        if let Some(of) = self.turning.as_ref().filter(|of| of.per_hour >= TURNS) {
            missed.push(format!("{} turned back {:.1} times an hour", of.of, of.per_hour));
        }
        if let Some(told) = self.told.filter(|told| told.times > OFTEN) {
            missed.push(format!("{} times within an hour: {}", told.times, said(&told.first)));
        }
        missed
    }
}

/// All that cools machines in liquid, with its limits.
fn coolants(hall: &Hall) -> Vec<Coolant> {
    let (limits, rules) = (hall.limits.envelope, &hall.strategies);
    let mut all = Vec::new();
    let warm = |point, most, above_dew_point| Coolant { point, most, above_dew_point, unit: "K" };
    let class = limits.coolant.map(|class| class.warmest().0);
    all.extend(hall.machinery.cdus.iter().map(|of| warm(of.of.supply.id(), class, Some(rules.cdu.dew_point.trip))));
    let water = limits.facility_water.map(|class| class.warmest().0);
    all.extend(hall.machinery.facility_water.iter().map(|of| warm(of.supply.id(), water, None)));
    let trip = rules.doors.dew_point.trip;
    all.extend(hall.machinery.doors.iter().map(|of| warm(of.of.entering.id(), None, Some(trip))));
    let hot = rules.tank.hot.cooling.0;
    all.extend(hall.machinery.tanks.iter().map(|of| warm(of.of.fluid.id(), Some(hot), None)));
    let cap = Some(rules.two_phase.pressure.cap.0);
    all.extend(hall.machinery.two_phase_tanks.iter().map(|of| Coolant {
        point: of.of.pressure.id(),
        most: cap,
        above_dew_point: None,
        unit: "Pa",
    }));
    all
}

/// Keeps what came nearest to its limit.
fn nearer(worst: &mut Option<Near>, (margin, unit): (f64, &'static str), of: &str, at: f64) {
    if worst.as_ref().is_none_or(|worst| margin < worst.margin) {
        *worst = Some(Near { margin, unit, of: of.to_owned(), at });
    }
}

#[cfg(test)]
mod tests;
