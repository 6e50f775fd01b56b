//! What can break in a hall, as people write it in a scenario or beside `sim serve`.

use plant::hall::Hall;

use crate::faults::Fault;

/// Ways to break a point: the word, and a number where it takes one.
const POINT: &[(&str, Option<f64>)] =
    &[("stuck", None), ("offset", Some(3.0)), ("nan", None), ("lost", None), ("garbage", None)];

/// Ways to break equipment.
const EQUIPMENT: &[(&str, Option<f64>)] = &[
    ("fan-failed", None),
    ("valve-stuck", None),
    ("pump-tripped", None),
    ("chiller-tripped", None),
    ("hand", Some(40.0)),
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

/// Everything that can break in a hall: equipment first, then points.
#[must_use]
pub fn all(hall: &Hall) -> Vec<Breakable> {
    let equips = hall.equips.iter().map(|(_, e)| (e.name.as_str(), EQUIPMENT));
    let points = hall.points.iter().filter(|(_, p)| p.write.is_none()).map(|(_, p)| (p.name.as_str(), POINT));
    let mut found = Vec::new();
    for (target, ways) in equips.chain(points) {
        for (how, value) in ways {
            let number = value.map_or_else(String::new, |v| format!(" {v}"));
            if let Ok(fault) = Fault::parse(hall, &format!("{target} {how}{number}")) {
                found.push(Breakable { target: target.to_owned(), how, value: *value, fault });
            }
        }
    }
    found
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
}
