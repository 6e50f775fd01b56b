//! `[peaks]` of a page: the billed peak is kept down.

use std::sync::Arc;

use plant::hall::Hall;
use plant::hall::peaks::{Ride, Unreliable};
use plant::time::Span;
use plant::units::{Kelvins, Watts};

use super::Page;
use crate::scenario::peaked::{Begins, Peaked};

impl Page<'_> {
    /// Changes the hall, where the page says so; gives what is billed.
    pub(super) fn peaked(&self, hall: &mut Arc<Hall>) -> Option<Peaked> {
        let section = self.root.section("peaks")?;
        let window =
            if section.has("window") { section.need_word("window", &Begins::WORDS) } else { Some(Begins::Fixed) };
        let quarter = Span::from_secs(900);
        let length = section.span("length", quarter, (quarter, Span::from_secs(3600)));
        if ![1, 2, 4].contains(&(length.millis() / quarter.millis())) || length.millis() % quarter.millis() > 0 {
            section.fault("length", "`length` must be 15, 30 or 60 minutes", "write such as \"15min\"");
        }
        let most = section.within("most", (1e3, 1e9)).map(Watts);
        if !section.has("most") {
            section.missing("most", "write what the mean of a window shall not exceed (W)");
        }
        let words = [("hold", Unreliable::Hold), ("release", Unreliable::Release)];
        let unreliable = section.word("unreliable", &words).unwrap_or(Unreliable::Hold);
        let plan = section.or("plan", false);
        let kelvins = |key| Kelvins(section.number(key, 0.0, (0.0, 5.0)));
        let ride = Ride { most: kelvins("ride"), pre_cool: kelvins("pre-cool"), ..Ride::OFF };
        section.done();
        let of = Peaked { window: window?, length, most: most?, unreliable, plan, ride };
        if let Err((message, help)) = of.apply(Arc::make_mut(hall)) {
            section.fault("", message, help);
            return None;
        }
        Some(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, load};
    use plant::fault::Faults;

    const HEAD: &str = "name = \"test\"\nsummary = \"A test\"\nstart = \"2026-07-15T12:00Z\"\nduration = \"1h\"\n";

    fn read(hall: &str, rest: &str) -> Result<Scenario, Faults> {
        let (_, text) = plant::shipped::HALLS.iter().find(|(known, _)| *known == hall).expect("shipped");
        let page = format!("{HEAD}hall = \"{hall}\"\n[peaks]\n{rest}\n");
        load("test.toml", &page, Ok(Arc::new(Hall::load(hall, text).expect("loads"))))
    }

    #[test]
    fn a_page_says_what_is_billed_and_what_it_shall_not_exceed() {
        let page = read("air", "window = \"rolling\"\nlength = \"30min\"\nmost = 900e3\nride = 2.0").expect("sound");
        let peaks = page.hall.power.peaks.as_ref().expect("kept");
        assert_eq!(peaks.target(crate::scenario::peaked::DEMAND), Some(Watts(900e3)));
        assert_eq!(page.hall.power.feeds[peaks.feed].name, "utility");
        assert_eq!(peaks.ride, Ride { most: Kelvins(2.0), ..Ride::OFF });
        let of = page.peaked.expect("billed");
        assert_eq!((of.window.word(), of.length), ("rolling", Span::from_secs(1800)));
    }

    #[test]
    fn what_cannot_be_kept_down_is_told() {
        for (hall, rest, said) in [
            ("air", "most = 0", "`most`"),
            ("air", "window = \"fixed\"", "`most`"),
            ("air", "most = 9e5\nwindow = \"roling\"", "did you mean"),
            ("air", "most = 9e5\nlength = \"20min\"", "15, 30 or 60 minutes"),
            ("bench", "most = 9e5", "no feed that the utility's meter measures"),
        ] {
            let faults = read(hall, rest).expect_err(said).to_string();
            assert!(faults.contains(said) && faults.contains("test.toml:"), "{said}: {faults}");
        }
    }
}
