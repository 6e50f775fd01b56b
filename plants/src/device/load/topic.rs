//! One `[[topic]]`.

use super::{Shared, commanded, point, range, scaling, unit};
use crate::device::Topic;
use crate::read::Section;

/// Reads a topic; every fault is noted, and there is no topic when there was one.
pub(super) fn topic(section: &Section<'_>, shared: &Shared<'_>) -> Option<Topic> {
    let point = point(section, shared.kind);
    let spec = point.as_ref().and_then(|(_, spec)| spec.as_ref());
    if let Some(spec) = spec
        && commanded(spec)
    {
        let message = format!("`{}` is commanded, and topics are only read", spec.name);
        section.fault("point", message, "command it by a register");
    }
    let topic = topic_name(section);
    let pointer = pointer(section, "pointer");
    let time_pointer = pointer_or_none(section, "time-pointer", pointer.as_deref());
    let scaling = scaling(section);
    let unit = unit(section, spec);
    let range = range(section);
    section.done();
    let (min, max) = range?;
    let (scale, offset) = scaling?;
    Some(Topic {
        topic: topic?,
        pointer: pointer?,
        time_pointer: time_pointer?,
        scale,
        offset,
        unit: unit?,
        min,
        max,
        place: section.place("point"),
        point: point?.0,
    })
}

fn topic_name(section: &Section<'_>) -> Option<String> {
    let topic = section.need_text("topic")?;
    let plain = topic.replace("{equip}", "");
    let fault = if let Some(odd) = plain.chars().find(|c| "+#{}".contains(*c) || c.is_control()) {
        let help = "one topic a value: `{equip}` stands for the equipment's name, wildcards are not taken";
        Some((format!("a topic cannot hold `{}`", odd.escape_default()), help))
    } else if topic.starts_with('/') || topic.ends_with('/') || topic.contains("//") {
        Some(("a level of the topic is empty".to_owned(), "take away the surplus `/`"))
    } else {
        None
    };
    match fault {
        Some((message, help)) => {
            section.fault("topic", message, help);
            None
        }
        None => Some(topic),
    }
}

fn pointer(section: &Section<'_>, key: &'static str) -> Option<String> {
    if !section.has(key) {
        return Some(String::new());
    }
    let pointer: String = section.maybe(key)?;
    if pointer.is_empty() || pointer.starts_with('/') {
        return Some(pointer);
    }
    let help = format!("write \"/{}\": a pointer starts with a slash", pointer.replace('.', "/"));
    section.fault(key, format!("`{pointer}` is no JSON pointer"), help);
    None
}

fn pointer_or_none(section: &Section<'_>, key: &'static str, beside: Option<&str>) -> Option<String> {
    let pointer = pointer(section, key)?;
    if !pointer.is_empty() && beside == Some("") {
        let message = "a payload that is a plain number holds no time stamp";
        section.fault(key, message, "write `pointer` for the number, too, or take this away");
        return None;
    }
    Some(pointer)
}
