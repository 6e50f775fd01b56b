//! `[peaks]` and `[[peak]]`: how billed peaks are kept down.

use crate::hall::Meter;
use crate::hall::MeterRole;
use crate::hall::load::Draft;
use crate::hall::peaks::{Peaks, Target, Unreliable};
use crate::hall::power::Power;
use crate::read::{Section, did_you_mean};
use crate::time::Span;
use crate::units::Watts;

use super::LARGEST;

/// Reads both; nothing where the file keeps no peak down.
pub(super) fn read(file: &Section<'_>, draft: &Draft, power: &Power) -> Option<Peaks> {
    let sections = file.sections("peak");
    let Some(of) = file.section("peaks") else {
        if let Some(first) = sections.first() {
            first.clash("", "no peak is kept down, and this is a target of one", "add `[peaks]`");
        }
        sections.iter().for_each(Section::done);
        return None;
    };
    let (margin, sensitivity, stale, release) = Peaks::USUAL;
    let (meter, feed) = (meter(&of, draft), feed(&of, power));
    let margin = of.number("margin", margin, (0.0, 0.2));
    let sensitivity = of.number("sensitivity", sensitivity, (0.0, 5.0));
    let stale = of.span("stale-after", stale, (Span::from_secs(5), Span::from_secs(900)));
    let release = of.span("release-after", release, (Span::ZERO, Span::from_secs(3600)));
    let unreliable = unreliable(&of);
    let co2 = of.number("co2", 0.0, (0.0, 10.0));
    let (targets, pulse, plan, ride) =
        (targets(&sections), of.maybe("pulse"), of.or("plan", false), super::ride::read(&of));
    of.done();
    let (meter, feed) = (meter?, feed?);
    Some(Peaks { meter, feed, pulse, margin, sensitivity, stale, unreliable, release, plan, co2, ride, targets })
}

/// The billed meter, by its place.
fn meter(of: &Section<'_>, draft: &Draft) -> Option<usize> {
    let wanted: String = of.need("meter")?;
    let name = |meter: &Meter| draft.equips.get(meter.equip).map_or("", |equip| equip.name.as_str());
    let Some(place) = draft.meters.iter().position(|meter| name(meter) == wanted) else {
        let message = format!("there is no meter `{wanted}`");
        of.fault("meter", message, did_you_mean(&wanted, draft.meters.iter().map(name)));
        return None;
    };
    if draft.meters.get(place).is_some_and(|meter| meter.role != MeterRole::Utility) {
        let message = format!("`{wanted}` is not the utility's, and a bill goes by the utility's meter");
        of.fault("meter", message, "name a meter whose role is `utility`");
    }
    Some(place)
}

/// The feed that it measures.
fn feed(of: &Section<'_>, power: &Power) -> Option<crate::id::FeedId> {
    let wanted: String = of.need("feed")?;
    let found = power.feed(&wanted);
    let Some(feed) = found else {
        let message = format!("there is no feed `{wanted}`");
        of.fault("feed", message, did_you_mean(&wanted, power.feeds.rows().iter().map(|feed| feed.name.as_str())));
        return None;
    };
    if power.feeds.get(feed).is_some_and(|feed| feed.meter.is_none()) {
        let message = format!("`{wanted}` has no meter, and what is lowered must be seen there");
        of.fault("feed", message, "name the feed that the billed meter measures");
    }
    Some(feed)
}

fn unreliable(of: &Section<'_>) -> Unreliable {
    /// The words of a file.
    #[derive(Clone, Copy)]
    enum Word {
        Hold,
        Release,
        Fixed,
    }
    let words = [("hold", Word::Hold), ("release", Word::Release), ("fixed", Word::Fixed)];
    let word = if of.has("unreliable") { of.need_word("unreliable", &words) } else { Some(Word::Hold) };
    let fixed = of.within("unreliable-watts", (1.0, LARGEST)).map(Watts);
    match (word, fixed) {
        (Some(Word::Fixed), Some(watts)) => Unreliable::Fixed(watts),
        (Some(Word::Fixed), None) => {
            of.missing("unreliable-watts", "write what the feed may carry while its meter is in doubt, in W");
            Unreliable::Hold
        }
        (word, fixed) => {
            if fixed.is_some() {
                of.fault("unreliable-watts", "this counts only for `unreliable = \"fixed\"`", "leave it out");
            }
            match word {
                Some(Word::Release) => Unreliable::Release,
                Some(Word::Hold | Word::Fixed) | None => Unreliable::Hold,
            }
        }
    }
}

fn targets(sections: &[Section<'_>]) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for section in sections {
        let (demand, most) = (section.need_name("demand"), section.within("most", (1.0, LARGEST)));
        if !section.has("most") {
            section.missing("most", "write the highest mean power of its windows, in W");
        }
        section.done();
        let (Some(demand), Some(most)) = (demand, most) else { continue };
        if targets.iter().any(|other| other.demand == demand) {
            section.fault("demand", format!("`{demand}` has a target already"), "name each demand once");
            continue;
        }
        targets.push(Target { demand, most: Watts(most) });
    }
    targets
}
