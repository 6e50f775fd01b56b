//! The hall's alarm list.

use crate::hall::{AlarmDef, Condition, Kind, Priority};
use crate::id::{AlarmId, Table};
use crate::read::Section;
use crate::time::Span;

/// Reads every `[[alarm]]`.
pub(super) fn alarms(
    file: &Section<'_>,
    (chilled_water, sequences, run): (bool, bool, &[Kind]),
) -> Option<Table<AlarmId, AlarmDef>> {
    let mut alarms: Vec<Option<AlarmDef>> = Vec::new();
    for section in file.sections("alarm") {
        let alarm = alarm(&section);
        section.done();
        if let Some(alarm) = &alarm {
            if alarms.iter().flatten().any(|a| a.name == alarm.name) {
                let message = format!("there are two alarms `{}`", alarm.name);
                section.fault("name", message, "give each alarm a name of its own");
            }
            if alarm.condition == Condition::DpBelow && !chilled_water {
                let message = "this hall has no `[chilled-water]` whose pressure could be low";
                section.clash("condition", message, "take the alarm away or add the chilled water");
            }
            if alarm.condition.of_feeds().is_some() && file.sections("feed").is_empty() {
                let message = "this hall has no `[[feed]]` that this could befall";
                section.clash("condition", message, "take the alarm away or say what carries the hall's power");
            }
            let befalls = alarm.condition.befalls();
            if let Some(first) = befalls.first().filter(|_| !befalls.iter().any(|kind| run.contains(kind))) {
                let word = first.word();
                let thing = if *first == Kind::Cdu { "CDU" } else { word };
                let message =
                    format!("this hall has no `[sequence.{word}]`: control runs no {thing} that this could befall");
                section.clash("condition", message, "take the alarm away or add the sequence");
            }
            if alarm.condition.is_of_plants() && !sequences {
                let message = "this hall has no `[sequence.…]`: control runs no plant that this could befall";
                section.clash("condition", message, "take the alarm away or add the sequence");
            }
        }
        alarms.push(alarm);
    }
    for (condition, what) in [
        (Condition::DoorLeak, "a rear door that leaked stays shut"),
        (Condition::Leak, "a CDU or a tank that leaked stays shut off"),
    ] {
        resettable(file, (&alarms, run), condition, what);
    }
    alarms.into_iter().collect()
}

/// What stays shut until a person resets its alarm needs one: latched, and without a delay in which it could be dry again untold.
fn resettable(file: &Section<'_>, (alarms, run): (&[Option<AlarmDef>], &[Kind]), condition: Condition, what: &str) {
    let latched = |alarm: &AlarmDef| alarm.condition == condition && alarm.latch && alarm.on_delay == Span::ZERO;
    let befallen = condition.befalls().iter().any(|kind| run.contains(kind));
    if befallen && !alarms.iter().any(|alarm| alarm.as_ref().is_none_or(latched)) {
        let word = condition.word();
        let message = format!("{what} until a person resets its alarm, and the hall has none");
        let help = format!("add `[[alarm]]` with `condition = \"{word}\"` and `latch = true`, without an `on-delay`");
        file.clash("alarm", message, help);
    }
}

fn alarm(section: &Section<'_>) -> Option<AlarmDef> {
    let name = section.need_name("name");
    let condition = section.need_word("condition", &Condition::ALL.map(|c| (c.word(), c)));
    let priority = section.need_word("priority", &Priority::ALL.map(|p| (p.word(), p)));
    let limit = condition.map_or_else(|| section.maybe("limit"), |c| limit(section, c));
    let deadband = section.has("deadband").then(|| section.within("deadband", (0.0, f64::INFINITY)));
    let on_delay = section.or("on-delay", Span::ZERO);
    let off_delay = section.or("off-delay", Span::ZERO);
    let latch = section.or("latch", false);
    let consequence = section.need_text("consequence");
    let response = section.need_text("response");
    Some(AlarmDef {
        name: name?,
        condition: condition?,
        limit: limit?,
        deadband: deadband.unwrap_or(Some(0.0))?,
        on_delay,
        off_delay,
        priority: priority?,
        latch,
        consequence: consequence?,
        response: response?,
    })
}

fn limit(section: &Section<'_>, condition: Condition) -> Option<f64> {
    match (condition.limit_in(), section.has("limit")) {
        (Some(_), true) => section.maybe("limit"),
        (Some(unit), false) => {
            section.missing("limit", format!("write `limit = …`, in {unit}"));
            None
        }
        (None, true) => {
            let message = format!("`{}` has no limit", condition.word());
            section.fault("limit", message, "take `limit` away");
            None
        }
        (None, false) => Some(0.0),
    }
}
