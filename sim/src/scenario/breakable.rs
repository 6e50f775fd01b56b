//! What can break in a hall, as people write it in a scenario or beside `sim serve`.

use plant::hall::Hall;
use plant::point::Role;

use crate::faults::{CATALOGUE, Entry, Fault, On, With};

/// Numbers that show what a fault does, for those that take one.
const EXAMPLES: &[(&str, f64)] = &[
    ("offset", 3.0),
    ("spike", 5.0),
    ("noise-burst", 1.0),
    ("dropout", 0.5),
    ("stuck-at", 40.0),
    ("slow", 10.0),
    ("leaking", 0.2),
    ("hand", 40.0),
    ("fouled", 0.3),
    ("clogged", 3.0),
    ("air-in-loop", 0.5),
    ("leak", 0.05),
    ("refilled", 30.0),
    ("short-circuit", 8.0),
    ("humid", 5.0),
    ("containment-open", 0.35),
    ("brownout", 60.0),
    ("sag", 40.0),
];

/// One thing and a way in which it can break.
#[derive(Clone, Debug, PartialEq)]
pub struct Breakable {
    /// The point or the equipment.
    pub target: String,
    /// How.
    pub how: &'static str,
    /// An example of the number it takes, where it takes one.
    pub value: Option<f64>,
    /// The fault.
    pub fault: Fault,
}

/// Everything that can break in a hall: equipment first, then points. Faults that need the name of another point, such as two
/// wires exchanged, are not among them.
#[must_use]
pub fn all(hall: &Hall) -> Vec<Breakable> {
    let mut found = Vec::new();
    for (_, equip) in hall.equips.iter() {
        ways(hall, &equip.name, |on| on == On::Equipment, &mut found);
    }
    for (_, point) in hall.points.iter() {
        let breaks = |on| match point.role {
            Role::Sensor => on == On::Sensor,
            Role::Cmd => on == On::Actuator,
            Role::Sp => false,
        };
        ways(hall, &point.name, breaks, &mut found);
    }
    found
}

/// The ways in which one target can break.
fn ways(hall: &Hall, target: &str, of: impl Fn(On) -> bool, found: &mut Vec<Breakable>) {
    for entry in CATALOGUE.iter().filter(|entry| of(entry.on)) {
        let Some(value) = example(entry) else { continue };
        let number = value.map_or_else(String::new, |v| format!(" {v}"));
        if let Ok(fault) = Fault::parse(hall, &format!("{target} {}{number}", entry.word)) {
            found.push(Breakable { target: target.to_owned(), how: entry.word, value, fault });
        }
    }
}

/// What stands after a fault's word; nothing at all where that is another point.
fn example(entry: &Entry) -> Option<Option<f64>> {
    match entry.with {
        With::Nothing => Some(None),
        With::Number(_, (low, high)) => {
            let known = EXAMPLES.iter().find(|(word, _)| *word == entry.word).map(|(_, value)| *value);
            // A fault that has no example yet shows the middle of its range.
            Some(Some(known.unwrap_or_else(|| f64::midpoint(low.max(-10.0), high.min(10.0)))))
        }
        With::Point => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_listed_breaks_what_it_names() {
        for (name, text) in plant::shipped::HALLS {
            let hall = Hall::load(name, text).expect("a shipped hall");
            let found = all(&hall);
            assert!(found.len() > 10, "{name}: only {} faults", found.len());
            for one in &found {
                assert!(hall.point(&one.target).is_some() || hall.equip(&one.target).is_some(), "{}", one.target);
            }
        }
    }

    #[test]
    fn machinery_breaks_in_the_halls_that_have_it() {
        let breaks = |name: &str, target: &str, how: &str| {
            let (_, text) = plant::shipped::HALLS.iter().find(|(known, _)| *known == name).expect("shipped");
            let hall = Hall::load(name, text).expect("a shipped hall");
            all(&hall).iter().any(|one| one.target == target && one.how == how)
        };
        for (name, target, how) in [
            ("air", "ch-1", "tripped"),
            ("air", "ch-2", "start-fails"),
            ("air", "wse", "stop-fails"),
            ("air", "crah-1/valve", "leaking"),
            ("air", "rack-a01/inlet-air-temp", "fahrenheit"),
            ("air-dx", "dx-3", "jammed"),
            ("liquid", "cdu-1", "fouled"),
            ("liquid", "district", "customer-gone"),
            ("air", "wse", "jammed"),
            ("hybrid", "dc-1", "fans-failed"),
            ("hybrid", "dc-1", "pads-stay-wet"),
            ("rear-door", "door-a03", "leak"),
            ("rear-door", "door-b01", "clogged"),
            ("rear-door", "door-a03/valve", "jammed"),
            ("immersion", "tank-1", "tripped"),
            ("immersion-two-phase", "tank-1", "leak"),
        ] {
            assert!(breaks(name, target, how), "{name}: {target} {how}");
        }
        assert!(!breaks("air", "rack-a01/power", "fahrenheit") && !breaks("air", "crah-1", "fouled"));
    }
}
