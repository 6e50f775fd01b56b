//! `[feed-forward]`: how loops are moved ahead of the heat.

use crate::hall::feed_forward::{Ahead, FeedForward};
use crate::read::Section;
use crate::time::Span;

const MINUTE: Span = Span::from_secs(60);
const HOUR: Span = Span::from_secs(3600);

/// The numbers of `[feed-forward]`; none without it.
pub(super) fn feed_forward(file: &Section<'_>) -> FeedForward {
    let Some(section) = file.section("feed-forward") else { return FeedForward::NONE };
    let old = FeedForward::NONE;
    let ahead = |key| section.section(key).map_or(Ahead::NONE, |s| ahead(&s));
    let read = FeedForward {
        fans: ahead("fans"),
        valves: ahead("valves"),
        cdu_valves: ahead("cdu-valves"),
        door_valves: ahead("door-valves"),
        pumps: ahead("pumps"),
        fall: section.span("fall", old.fall, (MINUTE, HOUR.times(2))),
        wait: section.span("wait", old.wait, (Span::from_secs(10), HOUR)),
        chillers: section.span("chillers", old.chillers, (Span::ZERO, HOUR)),
    };
    section.done();
    read
}

fn ahead(section: &Section<'_>) -> Ahead {
    if !section.has("gain") {
        section.missing("gain", "write `gain = …`: % of output for each % of the row's rated load, from 0 to 1.5");
    }
    let gain = section.number("gain", 0.0, (0.0, 1.5));
    let lead = section.span("lead", Span::ZERO, (Span::ZERO, MINUTE.times(10)));
    section.done();
    Ahead { gain, lead }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hall::Hall;
    use crate::read::corpus::{Broken, each_is_told};

    fn air() -> &'static str {
        crate::shipped::HALLS.iter().find(|(name, _)| *name == "air").expect("shipped").1
    }

    #[test]
    fn a_hall_says_how_far_ahead_its_loops_move() {
        let hall = Hall::load("air", air()).unwrap_or_else(|faults| panic!("{faults}"));
        let of = hall.strategies.feed_forward;
        assert!(of.fans.gain > 0.0 && of.valves.gain > 0.0);
        assert_eq!(of.longest(), of.chillers.max(of.valves.lead));
        let (_, bench) = crate::shipped::HALLS.iter().find(|(name, _)| *name == "bench").expect("shipped");
        let bench = Hall::load("bench", bench).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(bench.strategies.feed_forward, FeedForward::NONE);
    }

    #[test]
    fn every_broken_number_is_told_at_its_place() {
        let broken = |from, to, message, help| Broken { from, to, message, help, at: "" };
        let corpus = [
            broken("[feed-forward.fans]\ngain = 0.5", "[feed-forward.fans]\ngain = §2.0", "must be from 0 to 1.5", ""),
            broken(
                "[feed-forward.fans]\ngain = 0.5",
                "§[feed-forward.fans]",
                "has no `gain`",
                "% of output for each %",
            ),
            broken("fall = \"10min\"", "fall = §\"5s\"", "must be from 60s to 2h", "such as"),
            broken("wait = \"2min\"", "wait = §\"1s\"", "must be from 10s to 60min", "such as"),
        ];
        each_is_told(air(), &corpus, |text| Hall::load("air", text));
    }
}
