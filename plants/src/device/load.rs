//! Device maps from TOML.

mod identity;
mod place;
mod register;
mod topic;
mod write;

use super::{ByteOrder, CommLoss, DeviceMap};
use crate::check;
use crate::fault::Faults;
use crate::hall::Kind;
use crate::hall::kind::PointSpec;
use crate::point::Role;
use crate::read::{Section, Source, closest};
use crate::time::Span;
use crate::units::Unit;

impl DeviceMap {
    /// Reads and checks a device map's file. `file` is its name for messages.
    ///
    /// # Errors
    /// Every fault of the file at once, each with its place and what to do.
    pub fn load(file: &str, text: &str) -> Result<Self, Faults> {
        let source = Source::new(file, text);
        let table = source.parse();
        let map = read(&source.root(&table));
        if let Some(map) = &map {
            check::map(map, &source);
        }
        source.finish(map)
    }
}

/// What every register and topic of a file shares.
struct Shared<'f> {
    kind: Option<Kind>,
    byte_order: ByteOrder,
    comm_loss: Option<&'f CommLoss>,
}

fn read(file: &Section<'_>) -> Option<DeviceMap> {
    let id = file.need_name("id");
    let kind = file.need_word("kind", &Kind::ALL.map(|k| (k.word(), k)));
    let vendor = file.need_text("vendor");
    let model = file.need_text("model");
    let byte_order = file.word("byte-order", &ByteOrder::WORDS).unwrap_or_default();
    let comm_loss = file.section("comm-loss").map(|section| comm_loss(&section));
    let shared = Shared { kind, byte_order, comm_loss: comm_loss.as_ref().and_then(Option::as_ref) };
    let marks: Vec<_> = file.sections("identity").iter().map(|section| identity::mark(section, byte_order)).collect();
    let (rows, topic_rows) = (file.sections("register"), file.sections("topic"));
    if rows.is_empty() && topic_rows.is_empty() {
        file.missing("register", "add at least one `[[register]]` or `[[topic]]`");
    }
    let registers: Vec<_> = rows.iter().map(|section| register::register(section, &shared)).collect();
    let topics: Vec<_> = topic_rows.iter().map(|section| topic::topic(section, &shared)).collect();
    file.done();
    Some(DeviceMap {
        id: id?,
        kind: kind?,
        vendor: vendor?,
        model: model?,
        comm_loss: match comm_loss {
            Some(read) => Some(read?),
            None => None,
        },
        identity: marks.into_iter().collect::<Option<_>>()?,
        registers: registers.into_iter().collect::<Option<_>>()?,
        topics: topics.into_iter().collect::<Option<_>>()?,
    })
}

fn comm_loss(section: &Section<'_>) -> Option<CommLoss> {
    let after: Option<Span> = section.need("after");
    if after == Some(Span::ZERO) {
        let help =
            "set the product's own time-out and write it here; a product that never notices is not safe to command";
        section.fault("after", "`after` is zero: the product would never notice that we fell silent", help);
    }
    let action = section.need_text("action");
    section.done();
    Some(CommLoss { after: after.filter(|a| *a > Span::ZERO)?, action: action? })
}

/// Scale and offset of a value.
fn scaling(section: &Section<'_>) -> Option<(f64, f64)> {
    let scale = if section.has("scale") { section.maybe("scale")? } else { 1.0 };
    if scale == 0.0 {
        section.fault("scale", "`scale` is zero: every value would be the same", "write value = raw · scale + offset");
        return None;
    }
    let offset = if section.has("offset") { section.maybe("offset")? } else { 0.0 };
    Some((scale, offset))
}

/// Range of a value, infinite where it is not given.
fn range(section: &Section<'_>) -> Option<(f64, f64)> {
    let end = |key, open| if section.has(key) { section.maybe(key) } else { Some(open) };
    let (min, max) = (end("min", f64::NEG_INFINITY), end("max", f64::INFINITY));
    let (min, max) = (min?, max?);
    if min < max {
        return Some((min, max));
    }
    section.fault(
        "min",
        format!("`min` is {min} and must be below `max`, which is {max}"),
        "swap them or widen the range",
    );
    None
}

/// The point's name, checked against what the kind has: a name the kind does not know is monitored only, but a slip of the
/// finger is told.
fn point(section: &Section<'_>, kind: Option<Kind>) -> Option<(String, Option<PointSpec>)> {
    let name = section.need_name("point")?;
    let Some(kind) = kind else { return Some((name, None)) };
    let known = || kind.points().iter().chain(kind.commands());
    // The second and the third sensor of a point are of its dimension.
    let first = name.strip_suffix("-2").or_else(|| name.strip_suffix("-3"));
    let sensor = |s: &&PointSpec| s.role == Role::Sensor && first == Some(s.name);
    let spec = known().find(|s| s.name == name).or_else(|| known().find(sensor)).copied();
    if spec.is_none()
        && let Some(near) = closest(&name, known().map(|s| s.name))
        && name.len().abs_diff(near.len()) <= 1
    {
        let message = format!("a {} has no point `{name}`", kind.word());
        section.fault(
            "point",
            message,
            format!("did you mean `{near}`? A value beyond the kind needs a name less like it"),
        );
        return None;
    }
    Some((name, spec))
}

/// The unit, which must be of the point's dimension.
fn unit(section: &Section<'_>, spec: Option<&PointSpec>) -> Option<Unit> {
    let unit: Unit = section.need("unit")?;
    if let Some(spec) = spec
        && unit.conversion(spec.unit).is_none()
    {
        let fits: Vec<_> =
            Unit::ALL.iter().filter(|(u, _, _)| u.conversion(spec.unit).is_some()).map(|(_, c, _)| *c).collect();
        let message = format!("`{}` is in {}, and {} is no unit of that", spec.name, spec.unit, unit);
        section.fault("unit", message, format!("write one of: {}", fits.join(", ")));
        return None;
    }
    Some(unit)
}

/// True when the point of the kind may be written: a command or a setpoint.
const fn commanded(spec: &PointSpec) -> bool {
    match spec.role {
        Role::Cmd | Role::Sp => true,
        Role::Sensor => false,
    }
}

#[cfg(test)]
#[path = "load/tests.rs"]
mod tests;
