//! `[grid]` of a page: its hall takes load targets.

use std::sync::Arc;

use plant::hall::Hall;
use plant::hall::grid::Grid;
use plant::read::Section;
use plant::time::Span;

use super::Page;
use super::events::needed;
use crate::scenario::{Deed, targeted};

impl Page<'_> {
    /// Changes the hall, where the page says so.
    pub(super) fn targeted(&self, hall: &mut Arc<Hall>) {
        let Some(section) = self.root.section("grid") else { return };
        let (usual, second, hour) = (Grid::usual(), Span::from_secs(1), Span::from_secs(3600));
        let rules = Grid {
            ramp_down: section.span("ramp-down", usual.ramp_down, (second, hour)),
            ramp_up: section.span("ramp-up", usual.ramp_up, (second, hour.times(4))),
            hold_after: section.span("hold-after", usual.hold_after, (Span::ZERO, hour.times(12))),
            ..usual
        };
        section.done();
        if let Err((message, help)) = targeted::apply(Arc::make_mut(hall), rules) {
            section.fault("", message, help);
        }
    }
}

/// A target that somebody outside sets: `watts`, and perhaps `in`, from now.
pub(super) fn target(hall: &Hall, section: &Section<'_>) -> Option<Deed> {
    let watts = needed(section, "watts", section.within("watts", (0.0, 1e9)));
    let ahead = section.or("in", Span::ZERO);
    if hall.power.grid.is_none() {
        section.fault("do", "the hall takes no load targets", "add `[grid]` to the page");
    }
    Some(Deed::GridTarget { watts: watts?, ahead })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, load};
    use plant::fault::Faults;

    fn read(hall: &str, rest: &str) -> Result<Scenario, Faults> {
        let head = "name = \"test\"\nsummary = \"A test\"\nstart = \"2026-07-15T12:00Z\"\nduration = \"1h\"\n";
        let (_, text) = plant::shipped::HALLS.iter().find(|(known, _)| *known == hall).expect("shipped");
        let page = format!("{head}hall = \"{hall}\"\n{rest}\n");
        load("test.toml", &page, Ok(Arc::new(Hall::load(hall, text).expect("loads"))))
    }

    const TARGET: &str = "[[event]]\nname = \"dr\"\nat = \"10min\"\nfor = \"20min\"\ndo = \"grid-target\"\nwatts = 9e5";

    #[test]
    fn a_page_lets_its_hall_take_targets_and_sets_one() {
        let page = read("air", &format!("[grid]\nramp-down = \"20s\"\n{TARGET}")).expect("sound");
        let rules = page.hall.power.grid.as_ref().expect("takes targets");
        assert_eq!((rules.ramp_down, rules.ramp_up), (Span::from_secs(20), Grid::usual().ramp_up));
        assert_eq!(page.hall.power.feeds[rules.feeds[0]].name, "utility");
        assert_eq!(page.events[0].deed, Deed::GridTarget { watts: 9e5, ahead: Span::ZERO });
        assert_eq!(page.events[0].hold, Some(Span::from_secs(1200)));
    }

    #[test]
    fn what_cannot_be_asked_is_told() {
        for (hall, rest, said) in [
            ("air", TARGET.to_owned(), "add `[grid]`"),
            ("air", format!("[grid]\n{}", TARGET.replace("watts = 9e5", "")), "`watts`"),
            ("air", "[grid]\nramp-down = \"2h\"".to_owned(), "`ramp-down`"),
            ("bench", "[grid]".to_owned(), "no feed that the utility's meter measures"),
        ] {
            let faults = read(hall, &rest).expect_err(said).to_string();
            assert!(faults.contains(said) && faults.contains("test.toml:"), "{said}: {faults}");
        }
    }
}
