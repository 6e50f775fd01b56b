//! What happens, from the file.

use plant::hall::{Hall, Kind};
use plant::id::{AlarmId, PointId};
use plant::point::{PointDef, Role};
use plant::read::{Section, did_you_mean};
use plant::time::Span;
use plant::units::Unit;

use super::Page;
use crate::faults::{Fault, SensorFault};
use crate::scenario::expression::{condition, matching};
use crate::scenario::{Deed, Event, Setpoint, Trigger};

/// What can be done.
#[derive(Clone, Copy)]
enum Do {
    Fault,
    Clear,
    ClearAll,
    Override,
    Release,
    Acknowledge,
    Reset,
    Load,
    Cap,
    WeatherOffset,
    Setpoint,
    Clock,
    Broker,
    Silence,
    Restart,
    Announce,
    Agents,
    GridTarget,
}

const DEEDS: &[(&str, Do)] = &[
    ("fault", Do::Fault),
    ("clear", Do::Clear),
    ("clear-all", Do::ClearAll),
    ("override", Do::Override),
    ("release", Do::Release),
    ("acknowledge", Do::Acknowledge),
    ("reset", Do::Reset),
    ("load", Do::Load),
    ("cap", Do::Cap),
    ("weather-offset", Do::WeatherOffset),
    ("setpoint", Do::Setpoint),
    ("clock", Do::Clock),
    ("broker", Do::Broker),
    ("silence", Do::Silence),
    ("restart", Do::Restart),
    ("announce", Do::Announce),
    ("agents", Do::Agents),
    ("grid-target", Do::GridTarget),
];

impl Page<'_> {
    /// Every event that could be read. Their names are those of the sections, read or not.
    pub(super) fn events(
        &self,
        (hall, nodes): (&Hall, bool),
        sections: &[Section<'_>],
        length: Option<Span>,
    ) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        for (n, section) in sections.iter().enumerate() {
            let event = self.event(hall, section, length);
            match event.as_ref().map(|e| &e.deed) {
                Some(Deed::Load(_)) if nodes => {
                    let help = "let jobs come by a trace, or cap their GPUs with `do = \"cap\"`";
                    section.fault("do", "nodes work at jobs and not at a share of a nameplate", help);
                }
                Some(Deed::Cap { .. }) if !nodes => {
                    section.fault("do", "there are no GPUs to cap", "follow machines one by one with `[nodes]`");
                }
                Some(_) | None => {}
            }
            section.done();
            let name: Option<String> = section.maybe("name");
            let before = sections.iter().take(n).filter_map(|s| s.maybe::<String>("name"));
            if let Some(name) = name.filter(|name| before.into_iter().any(|other| other == *name)) {
                section.fault("name", format!("two events are called `{name}`"), "give one of them another name");
            }
            events.extend(event);
        }
        events
    }

    fn event(&self, hall: &Hall, section: &Section<'_>, length: Option<Span>) -> Option<Event> {
        let name = section.need_name("name");
        let trigger = self.trigger(hall, section);
        if let (Some(Trigger::At(at)), Some(length)) = (&trigger, length)
            && *at >= length
        {
            let message = format!("this happens at {at}, and the scenario ends at {length}");
            section.fault("at", message, "let it happen earlier, or the scenario last longer");
        }
        let hold: Option<Span> = section.maybe("for");
        let what = section.need_word("do", DEEDS);
        let deed = what.and_then(|what| self.deed(hall, section, what));
        if let (
            Some(_),
            Some(Do::Clear | Do::ClearAll | Do::Release | Do::Acknowledge | Do::Reset | Do::Restart | Do::Announce),
        ) = (hold, what)
        {
            section.fault("for", "this is done at once and has no end", "take `for` away");
        }
        Some(Event { name: name?, trigger: trigger?, deed: deed?, hold })
    }

    fn trigger(&self, hall: &Hall, section: &Section<'_>) -> Option<Trigger> {
        match (section.has("at"), section.has("when")) {
            (true, false) => {
                if section.has("once") {
                    section.fault("once", "`at` is once anyway", "take `once` away");
                }
                section.maybe("at").map(Trigger::At)
            }
            (false, true) => {
                let once = section.or("once", true);
                self.expression(section, "when", |text| condition(hall, text))
                    .map(|holding| Trigger::When { holding, once })
            }
            (true, true) => {
                section.fault("when", "an event has one of `at` and `when`", "take one of them away");
                None
            }
            (false, false) => {
                section.missing("at", "write `at = \"10min\"`, or `when = \"…\"` with a condition");
                None
            }
        }
    }

    fn deed(&self, hall: &Hall, section: &Section<'_>, what: Do) -> Option<Deed> {
        match what {
            Do::Fault => self.faults(hall, section).map(Deed::Break),
            Do::Clear => self.faults(hall, section).map(Deed::Mend),
            Do::ClearAll => Some(Deed::MendAll),
            Do::Override => self.hold_outputs(hall, section),
            Do::Release => self.outputs(hall, section).map(Deed::Release),
            Do::Acknowledge => alarm(hall, section, "target").map(Deed::Acknowledge),
            Do::Reset => alarm(hall, section, "target").map(Deed::Reset),
            Do::Load => needed(section, "share", section.within("share", (0.0, 1.0))).map(Deed::Load),
            Do::Cap => cap(hall, section),
            Do::WeatherOffset => {
                needed(section, "by", self.quantity(section, "by", Some(Unit::Kelvin))).map(Deed::WeatherOffset)
            }
            Do::Setpoint => self.setpoint(hall, section),
            Do::Clock => jump(section).map(Deed::Clock),
            Do::Broker => broker(hall, section).map(Deed::Break),
            Do::Silence => Some(Deed::Silence),
            Do::Restart => Some(Deed::Restart),
            Do::Announce => announce(hall, section),
            Do::Agents => super::nodes::agents(hall, section),
            Do::GridTarget => super::targeted::target(hall, section),
        }
    }

    /// `target`, `how` and perhaps `value`, for everything that the target's pattern matches.
    fn faults(&self, hall: &Hall, section: &Section<'_>) -> Option<Vec<Fault>> {
        let (target, how): (Option<String>, Option<String>) = (section.need("target"), section.need("how"));
        let value = section.maybe::<f64>("value").map_or_else(String::new, |v| format!(" {v}"));
        let (target, how) = (target?, how?);
        let names = targets(hall, &target);
        if names.is_empty() {
            let all = hall
                .equips
                .iter()
                .map(|(_, e)| e.name.as_str())
                .chain(hall.points.iter().map(|(_, p)| p.name.as_str()));
            section.fault("target", format!("there is no point or equipment `{target}`"), did_you_mean(&target, all));
            return None;
        }
        let mut faults = Vec::new();
        for name in names {
            match Fault::parse(hall, &format!("{name} {how}{value}")) {
                Ok(fault) => faults.push(fault),
                Err(message) => {
                    section.fault("how", message, "`wattloop sim faults HALL` lists what can break");
                    return None;
                }
            }
        }
        Some(faults)
    }

    fn outputs(&self, hall: &Hall, section: &Section<'_>) -> Option<Vec<PointId>> {
        let target: String = section.need("target")?;
        let found: Vec<PointId> = matching(hall, &target).filter(|id| writable(hall, *id)).collect();
        if found.is_empty() {
            let outputs = hall.points.iter().filter(|(_, p)| p.write.is_some()).map(|(_, p)| p.name.as_str());
            section.fault("target", format!("there is no output `{target}`"), did_you_mean(&target, outputs));
            return None;
        }
        Some(found)
    }

    fn hold_outputs(&self, hall: &Hall, section: &Section<'_>) -> Option<Deed> {
        let points = self.outputs(hall, section);
        let reason = section.or("reason", "by the scenario".to_owned());
        let unit = points.as_ref().and_then(|p| p.first()).and_then(|p| hall.points.get(*p)).map(|p| p.unit);
        let value = needed(section, "value", self.quantity(section, "value", unit));
        let (points, value) = (points?, value?);
        let ranges = points.iter().filter_map(|p| hall.points.get(*p).and_then(|p| p.write));
        if let Some(range) = ranges.into_iter().find(|r| value < r.min || value > r.max) {
            let help = format!("write a number from {} to {}", range.min, range.max);
            section.fault("value", format!("`value` is {value}, which the output does not take"), help);
            return None;
        }
        Some(Deed::Override { points, value, reason })
    }
}

impl Page<'_> {
    fn setpoint(&self, hall: &Hall, section: &Section<'_>) -> Option<Deed> {
        let of = section.need_word("target", Setpoint::ALL)?;
        if !of.is_in(hall) {
            let has = Setpoint::ALL.iter().filter(|(_, of)| of.is_in(hall)).map(|(word, _)| *word);
            let help = format!("it has: {}", has.collect::<Vec<_>>().join(", "));
            section.fault("target", format!("the hall has no setpoint of `{}`", of.word()), help);
        }
        let value = needed(section, "value", self.quantity(section, "value", Some(of.unit())))?;
        let (low, high) = of.range();
        if value < low || value > high {
            let message = format!("a setpoint of `{}` cannot be {value}", of.word());
            section.fault("value", message, format!("write {low} to {high} {}", of.unit().pretty()));
            return None;
        }
        Some(Deed::Setpoint { of, value })
    }
}

/// The GPUs of the racks that `target` names.
fn cap(hall: &Hall, section: &Section<'_>) -> Option<Deed> {
    let (target, watts) =
        (section.or("target", "*".to_owned()), needed(section, "watts", section.within("watts", (1.0, 1e5))));
    let racks = || hall.rows.iter().flat_map(|(_, row)| &row.racks).filter_map(|rack| hall.equips.get(rack.equip));
    let fits = |name: &str| crate::scenario::expression::fits(&target, name);
    let found: Vec<usize> = racks().enumerate().filter(|(_, rack)| fits(&rack.name)).map(|(n, _)| n).collect();
    if found.is_empty() {
        let help = did_you_mean(&target, racks().map(|rack| rack.name.as_str()));
        section.fault("target", format!("there is no rack `{target}`"), help);
    }
    Some(Deed::Cap { racks: found, watts: watts? })
}

/// A load that somebody announces: `watts`, `in`, and perhaps the row as `target`.
fn announce(hall: &Hall, section: &Section<'_>) -> Option<Deed> {
    let target: Option<String> = section.maybe("target");
    let watts = needed(section, "watts", section.within("watts", (1.0, 1e8)));
    let ahead = section.need("in");
    let row = target.as_ref().map(|name| hall.row(name));
    if let (Some(name), Some(None)) = (&target, row) {
        let names = hall.rows.rows().iter().map(|row| row.name.as_str());
        section.fault("target", format!("there is no row `{name}`"), did_you_mean(name, names));
        return None;
    }
    Some(Deed::Announce { row: row.flatten(), watts: watts?, ahead: ahead? })
}

/// How far a clock jumps (ms): a span, with a minus for back.
fn jump(section: &Section<'_>) -> Option<i64> {
    let text: String = section.need("by")?;
    let (back, span) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    let millis = Span::parse(span).map(Span::millis).and_then(|ms| i64::try_from(ms).ok());
    if millis.is_none() {
        section.fault("by", format!("`{text}` is no time"), "write `\"1h\"`, or `\"-1h\"` for back");
    }
    millis.map(|ms| if back { ms.saturating_neg() } else { ms })
}

/// What comes by the broker is lost: the sensors that `target` names, and where it names none those of racks and meters.
fn broker(hall: &Hall, section: &Section<'_>) -> Option<Vec<Fault>> {
    let target: Option<String> = section.maybe("target");
    let by_default = |def: &PointDef| {
        let kind = hall.equips.get(def.equip).map(|e| e.kind);
        kind.is_some_and(|kind| matches!(kind, Kind::Rack | Kind::Meter))
    };
    let named = |def: &PointDef| match &target {
        Some(pattern) => crate::scenario::expression::fits(pattern, &def.name),
        None => by_default(def),
    };
    let sensors = hall.points.iter().filter(|(_, def)| def.role == Role::Sensor && named(def));
    let lost: Vec<Fault> = sensors.map(|(point, _)| Fault::Sensor { point, how: SensorFault::Lost }).collect();
    if lost.is_empty() {
        let names = hall.points.iter().map(|(_, p)| p.name.as_str());
        let wanted = target.unwrap_or_default();
        section.fault("target", format!("there is no sensor `{wanted}`"), did_you_mean(&wanted, names));
        return None;
    }
    Some(lost)
}

/// An alarm by its name.
pub(super) fn alarm(hall: &Hall, section: &Section<'_>, key: &'static str) -> Option<AlarmId> {
    let name: String = section.need(key)?;
    let found = hall.alarms.iter().find(|(_, alarm)| alarm.name == name).map(|(id, _)| id);
    if found.is_none() {
        let help = did_you_mean(&name, hall.alarms.iter().map(|(_, alarm)| alarm.name.as_str()));
        section.fault(key, format!("there is no alarm `{name}`"), help);
    }
    found
}

/// A value that must be there.
pub(super) fn needed<T>(section: &Section<'_>, key: &'static str, value: Option<T>) -> Option<T> {
    if value.is_none() && !section.has(key) {
        section.missing(key, format!("write `{key} = …`"));
    }
    value
}

/// Equipment and points that a target names, by pattern.
fn targets(hall: &Hall, target: &str) -> Vec<String> {
    let fits = |name: &str| crate::scenario::expression::fits(target, name);
    let equips = hall.equips.iter().map(|(_, e)| &e.name).filter(|name| fits(name));
    let points = hall.points.iter().map(|(_, p)| &p.name).filter(|name| fits(name));
    equips.chain(points).cloned().collect()
}

fn writable(hall: &Hall, point: PointId) -> bool {
    hall.points.get(point).is_some_and(|def| def.write.is_some())
}
