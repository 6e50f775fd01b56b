//! `[battery]` of a page: its hall has one.

use plant::read::Section;
use plant::units::{Percent, WattHours, Watts};

use super::Page;
use crate::scenario::stored::Stored;

impl Page<'_> {
    /// The battery, where the page has one; the hall has been read with it.
    pub(super) fn stored(&self) -> Option<Stored> {
        let section = self.root.section("battery")?;
        for (key, help) in [("wh", "write its nameplate in Wh"), ("watts", "write what it gives and takes in W")] {
            if !section.has(key) {
                section.missing(key, help);
            }
        }
        let read = read(&section);
        section.done();
        read
    }
}

/// Reads `wh`, `watts`, `reserve-percent`, `start-percent` and `holds-percent`.
pub(super) fn read(section: &Section<'_>) -> Option<Stored> {
    let (capacity, rated) = (section.within("wh", (1e3, 1e9)), section.within("watts", (1e3, 1e9)));
    let (reserve, start) =
        (section.number("reserve-percent", 30.0, (0.0, 90.0)), section.number("start-percent", 90.0, (0.0, 100.0)));
    let holds = section.number("holds-percent", 100.0, (30.0, 100.0));
    let capacity = WattHours(capacity?);
    Some(Stored {
        capacity,
        rated: Watts(rated?),
        reserve: Percent(reserve),
        start: start / 100.0,
        holds: holds / 100.0,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plant::hall::Hall;

    use crate::World;
    use crate::scenario::{battery, load};

    const PAGE: &str = "name = \"test\"\nsummary = \"A test\"\nhall = \"air\"\nstart = \"2026-07-15T12:00Z\"\nduration = \"1h\"\n[battery]\nwh = 200e3\nwatts = 100e3\nreserve-percent = 20\nstart-percent = 60\nholds-percent = 90\n";

    #[test]
    fn a_page_with_a_battery_has_it_in_its_hall_and_in_its_world() {
        let find = |all: &[(&str, &'static str)]| all.iter().find(|(name, _)| *name == "air").expect("shipped").1;
        let of = battery(PAGE).expect("a battery");
        let text = format!("{}{}", find(plant::shipped::HALLS), of.hall_sections());
        let hall = Arc::new(Hall::load("air", &text).unwrap_or_else(|faults| panic!("{faults}")));
        assert_eq!(hall.power.storage.len(), 1);
        let page = load("page.toml", PAGE, Ok(Arc::clone(&hall))).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(page.stored, Some(of));
        let physics = format!("{}{}", find(crate::shipped::HALLS), of.physics_sections());
        let world = World::load(&hall, "air", &physics).unwrap_or_else(|faults| panic!("{faults}"));
        let charge = world.truth(hall.power.storage[0].of.charge.id()).expect("told");
        assert!((charge - 60.0).abs() < 1e-9, "{charge}");
    }

    #[test]
    fn what_a_battery_lacks_is_told() {
        let (_, air) = plant::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped");
        let hall = Arc::new(Hall::load("air", air).expect("loads"));
        let told = load("page.toml", &PAGE.replace("wh = 200e3\n", ""), Ok(hall)).expect_err("no energy").to_string();
        assert!(told.contains("nameplate in Wh"), "{told}");
    }
}
