//! Overloads: an over-subscribed hall whose work rises all at once while controller, agents, broker and drivers fail at random instants,
//! from a seed. What must hold in every one: no breaker trips, nobody is above his fail-safe once his lease is over, and all are as they
//! should be in the end.

use std::sync::Arc;

use plant::hall::Hall;
use plant::hall::power::FeedKind;
use plant::time::{Span, Wall};

use super::agents::NodeFault;
use super::capped::Capped;
use super::dice::Dice;
use super::{Deed, Event, Nodes, Scenario, Trigger};
use crate::compute::fixed::{self, Surge};
use crate::compute::fleet::{Jobs, Spec};
use crate::faults::{Fault, SensorFault};

/// A summer noon.
const NOON: Wall = Wall(1_784_116_800_000);
/// What the feeder hosts at nameplate, of what hangs on it (1).
const HOSTS: f64 = 0.75;
/// How long the hall runs before.
const WARM_UP: Span = Span::from_secs(60);
/// What is whole again by then has so long to come back (s).
const BACK: f64 = 75.0;
/// The kind of node.
const KIND: &str = "h100-quad";

/// An over-subscribed hall: a third more GPUs than its feeder hosts at nameplate.
#[derive(Clone, Debug, PartialEq)]
pub struct Ground {
    /// The hall, with caps.
    pub hall: Arc<Hall>,
    /// What was made of it.
    pub capped: Capped,
    /// Nodes in a rack (1, ≥ 1).
    pub per_rack: usize,
}

/// A random schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Overload {
    /// What happens, as a scenario without asserts.
    pub scenario: Scenario,
    /// What rises.
    pub surge: Surge,
}

impl Ground {
    /// Of a hall, with so many nodes in each rack; its first row comes first.
    ///
    /// # Errors
    /// The hall has no nodes on a UPS: what is missing, and what to do.
    pub fn of(hall: &Hall, per_rack: Option<usize>) -> Result<Self, (String, String)> {
        let mut hall = hall.clone();
        let racks = hall.power.racks.len();
        let stand = hall.power.nodes.len().checked_div(racks).unwrap_or_default();
        let feeds = hall.power.feeds.iter().filter(|(_, feed)| feed.kind == FeedKind::Ups);
        let fed = feeds.max_by(|(_, a), (_, b)| a.most.0.total_cmp(&b.most.0)).map(|(id, _)| id);
        let (Some(feed), true, true) = (fed, stand > 0, hall.machinery.cdus.is_empty()) else {
            let message = format!("`{}` has no nodes in air on a UPS, as its file says", hall.name);
            return Err((message, "take `air`, or write `[[feed]]` and `[[node]]` into the hall's file".to_owned()));
        };
        let per_rack = per_rack.unwrap_or(stand).clamp(1, stand);
        hall.power.thin(per_rack);
        let carries = hall.power.feeds.get(feed).map(|of| of.most * (HOSTS / of.margin)).unwrap_or_default();
        let row = hall.rows.rows().first();
        let first = |rack: &plant::hall::power::FedRack| {
            row.is_some_and(|row| row.racks.iter().any(|of| of.equip == rack.equip))
        };
        let places = hall.power.racks.iter().enumerate().filter(|(_, rack)| first(rack)).map(|(place, _)| place);
        let capped = Capped { feed, carries, first: places.collect(), lease: Span::from_secs(10) };
        capped.apply(&mut hall)?;
        Ok(Self { hall: Arc::new(hall), capped, per_rack })
    }

    /// Lets the feeder carry only a share of its limit (1, above 0), as a budget would. Its breaker stays.
    ///
    /// # Errors
    /// All GPUs at their fail-safes would draw more than that: what is wrong, and what to do.
    pub fn narrow(&mut self, share: f64) -> Result<(), (String, String)> {
        let Some(feed) = Arc::make_mut(&mut self.hall).power.feeds.get_mut(self.capped.feed) else { return Ok(()) };
        feed.margin *= share;
        if feed.fail_safe <= feed.limit() {
            return Ok(());
        }
        let (safe, limit) = (feed.fail_safe.0 / 1e3, feed.limit().0 / 1e3);
        let say = format!(
            "`{}` may carry {limit:.0} kW at {share} of its limit, and GPUs at their fail-safe need {safe:.0} kW",
            feed.name
        );
        Err((say, "take a larger share, or fewer nodes a rack".to_owned()))
    }

    /// A time in which nothing happens but the fixed mix, `racks` of it at work; every GPU capped at `cap` from the begin (W).
    #[must_use]
    pub fn day(&self, racks: usize, (cap, surge): (Option<f64>, Option<Surge>), length: Span) -> Scenario {
        let all = self.hall.power.racks.len();
        let text = crate::shipped::NODES.iter().find(|(name, _)| *name == KIND).map_or("", |(_, text)| *text);
        let jobs = Jobs::Trace(fixed::mixed((racks.min(all), self.per_rack), surge).into());
        // What a kind of node says of jobs of its own is for a hall of many nodes; they do not come.
        let spec = Spec::load(KIND, text, (self.per_rack.max(64), all)).ok();
        let spec = spec.map(|spec| Arc::new(Spec { cap, jobs, per_rack: self.per_rack, ..spec }));
        let nodes = Nodes { per_rack: self.per_rack, cap, kind_file: None, jobs_file: None, spec };
        Scenario { warm_up: WARM_UP, nodes: Some(nodes), ..Scenario::calm(&self.hall, NOON, length) }
    }
}

impl Overload {
    /// The overload of a seed.
    #[must_use]
    pub fn new(ground: &Ground, seed: u64, length: Span) -> Self {
        let mut dice = Dice::new(seed, "overload");
        let whole = length.seconds() - BACK;
        let at = dice.between(0.1, 0.4) * whole;
        let surge = Surge {
            at: WARM_UP.seconds() + at,
            within: dice.between(0.0, 20.0),
            lasts: dice.between(0.1, 0.4) * whole,
        };
        let faults = 1 + dice.below(4);
        let mut events = Vec::with_capacity(faults);
        for n in 0..faults {
            // Most of them where everything trains.
            let at =
                if dice.between(0.0, 1.0) < 0.7 { at + dice.between(-5.0, 40.0) } else { dice.between(0.0, whole) };
            let at = at.clamp(1.0, whole - 1.0);
            let hold = dice.between(1.0, 60.0).min(whole - at).max(1.0);
            let (deed, ends) = deed(&ground.hall, &mut dice);
            let hold = ends.then(|| Span::from_seconds(hold));
            events.push(Event {
                name: format!("overload-{n}"),
                trigger: Trigger::At(Span::from_seconds(at)),
                deed,
                hold,
            });
        }
        let day = ground.day(usize::MAX, (None, Some(surge)), length);
        let summary = format!("The overload of seed {seed}");
        Self { scenario: Scenario { name: format!("overload-{seed}"), summary, seed, events, ..day }, surge }
    }

    /// What happens, a line each, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let at = self.surge.at - WARM_UP.seconds();
        let begins = super::verdict::instant(at);
        let first =
            format!("{begins}: everything trains within {:.0} s, {:.0} s of work", self.surge.within, self.surge.lasts);
        let line = |event: &Event| {
            let Trigger::At(at) = &event.trigger else { return String::new() };
            let (at, hold) = (super::verdict::instant(at.seconds()), event.hold.map(|hold| hold.seconds()));
            let hold = hold.map_or_else(String::new, |hold| format!(" for {hold:.0} s"));
            let what = match &event.deed {
                Deed::Silence => "the controller is dead".to_owned(),
                Deed::Restart => "the controller starts again".to_owned(),
                Deed::Agents { nodes, how } => format!("{} at {} nodes", how.word(), nodes.len()),
                Deed::Cap { racks, watts } => {
                    format!("somebody sets the GPUs of {} racks to {watts:.0} W", racks.len())
                }
                Deed::Break(faults) => match faults.first() {
                    Some(Fault::Sensor { how, .. }) => format!("{} meters fail: {how:?}", faults.len()),
                    _ => format!("{faults:?}"),
                },
                Deed::Mend(_)
                | Deed::MendAll
                | Deed::Override { .. }
                | Deed::Release(_)
                | Deed::Announce { .. }
                | Deed::GridTarget { .. }
                | Deed::Acknowledge(_)
                | Deed::Reset(_)
                | Deed::Load(_)
                | Deed::Setpoint { .. }
                | Deed::Clock(_)
                | Deed::WeatherOffset(_) => format!("{:?}", event.deed),
            };
            format!("{at}{hold}: {what}")
        };
        std::iter::once(first).chain(self.scenario.events.iter().map(line)).collect()
    }
}

/// What fails, and whether that ends.
fn deed(hall: &Hall, dice: &mut Dice) -> (Deed, bool) {
    let every = 1 + dice.below(4);
    let skip = dice.below(every);
    let nodes = (0..hall.power.nodes.len()).skip(skip).step_by(every).collect();
    let how = |how| Deed::Agents { nodes, how };
    match dice.below(10) {
        0 | 1 => (Deed::Silence, true),
        2 => (Deed::Restart, false),
        3 => (how(NodeFault::AgentKilled), true),
        4 => (how(NodeFault::BrokerLost), true),
        5 => (how(NodeFault::ReportsLost), true),
        6 => (how(NodeFault::PowerUnread), true),
        7 => (how(NodeFault::DriverReload), false),
        8 => (Deed::Break(meters(hall, dice)), true),
        _ => {
            let racks = (0..hall.power.racks.len()).skip(skip).step_by(every).collect();
            (Deed::Cap { racks, watts: dice.between(200.0, 700.0) }, true)
        }
    }
}

/// Meters that read nothing, or what they read last, or a frame of zeros: those of feeds, those of racks, or all.
fn meters(hall: &Hall, dice: &mut Dice) -> Vec<Fault> {
    let (which, how) = (dice.below(3), dice.below(4));
    let feeds = hall.power.feeds.rows().iter().filter_map(|feed| feed.meter.as_ref());
    let feeds = feeds.flat_map(|meter| &meter.powers).map(|point| point.id()).filter(|_| which != 1);
    let racks = hall.power.racks.iter().map(|rack| rack.power.id()).filter(|_| which != 0);
    let how = match how {
        0 => SensorFault::Stuck,
        1 => SensorFault::ZeroFrame,
        2 => SensorFault::Dropout(0.7),
        _ => SensorFault::Lost,
    };
    feeds.chain(racks).map(|point| Fault::Sensor { point, how }).collect()
}

#[cfg(test)]
mod tests {
    use plant::convert;

    use super::*;

    fn air() -> Hall {
        let (name, text) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        Hall::load(name, text).expect("loads")
    }

    #[test]
    fn a_seed_is_one_overload_and_all_is_whole_before_its_end() {
        let ground = Ground::of(&air(), Some(1)).expect("air has nodes");
        assert_eq!((ground.hall.power.nodes.len(), ground.hall.power.gpus()), (40, 160));
        let length = Span::from_secs(240);
        assert_eq!(Overload::new(&ground, 5, length), Overload::new(&ground, 5, length));
        assert_ne!(
            Overload::new(&ground, 5, length).scenario.events,
            Overload::new(&ground, 6, length).scenario.events
        );
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..300 {
            let overload = Overload::new(&ground, seed, length);
            for event in &overload.scenario.events {
                let Trigger::At(at) = event.trigger else { panic!("at a time") };
                assert!(
                    at.seconds() + event.hold.map_or(0.0, Span::seconds) <= 166.0,
                    "{seed}: {:?}",
                    overload.lines()
                );
                let agents = if let Deed::Agents { how, .. } = &event.deed { Some(how.word()) } else { None };
                let ours = (event.deed == Deed::Silence).then_some("silence");
                let again = (event.deed == Deed::Restart).then_some("restart");
                let meters = matches!(&event.deed, Deed::Break(faults) if faults.len() > 5).then_some("meters");
                seen.insert(agents.or(ours).or(again).or(meters).unwrap_or("cap"));
            }
        }
        assert_eq!(seen.len(), 9, "{seen:?}");
    }

    #[test]
    fn the_ground_is_a_third_over_its_feeder_however_many_nodes_there_are() {
        for per_rack in [1, 2, 5] {
            let ground = Ground::of(&air(), Some(per_rack)).expect("air has nodes");
            let (all, hosted) = (ground.hall.power.gpus(), ground.capped.at_nameplate(&ground.hall));
            let ratio = convert::f64_from_usize(all) / convert::f64_from_usize(hosted);
            assert!((1.33..1.35).contains(&ratio), "{per_rack}: {all} over {hosted}");
        }
        let bench = plant::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let (said, _) = Ground::of(&Hall::load("bench", bench.1).expect("loads"), None).expect_err("no nodes");
        assert!(said.contains("has no nodes"), "{said}");
    }
}
