//! `[[feed]]` and `[[node]]`: the power tree, and the proof that fail-safes fit into it.

mod capping;
mod grid;
mod nodes;
mod peaks;
mod proof;
mod ride;

use super::Draft;
use crate::breaker::{Characteristic, Circuit, Points, Standard};
use crate::hall::MeterRole;
use crate::hall::power::{Breaker, Cord, FedRack, Feed, FeedKind, Loss, Metered, Power};
use crate::id::{FeedId, Table};
use crate::read::{Section, did_you_mean};
use crate::units::Watts;

pub(super) use ride::check as check_ride;

/// The share of a rating that may be used where neither the file nor the breaker's standard says.
const MARGIN: f64 = 0.95;
/// No power and no limit of the tree is larger (W).
const LARGEST: f64 = 1e10;

/// A feed with its section, and the parent's name before that is looked up.
pub(super) struct Drawn<'f> {
    pub(super) section: Section<'f>,
    pub(super) parent: Option<String>,
    pub(super) feed: Feed,
}

impl Draft {
    /// Reads every `[[feed]]` and `[[node]]`; a parent may stand below what it feeds.
    pub(super) fn power(&self, file: &Section<'_>) -> Power {
        let sections = file.sections("feed");
        let mut racks: Vec<FedRack> = if sections.is_empty() { Vec::new() } else { self.fed_racks() };
        let nodes = nodes::read(file, self, &mut racks);
        let mut drawn: Vec<Drawn<'_>> = Vec::new();
        for section in sections {
            let parent = section.maybe("parent");
            let feed = self.feed(&section, &racks);
            section.done();
            if let Some(first) = drawn.iter().find(|other| other.feed.name == feed.name && !feed.name.is_empty()) {
                let (line, _) = first.section.place("name");
                let message = format!("there is a feed `{}` already, on line {line}", feed.name);
                section.fault("name", message, "give each feed a name of its own");
            }
            drawn.push(Drawn { section, parent, feed });
        }
        self.meters_once(&drawn);
        let feeds = hang(&drawn);
        let up = Power::order(&feeds);
        let mut power = Power { feeds, up, racks, nodes, capping: None, peaks: None, grid: None, storage: Vec::new() };
        power.capping = capping::read(file, self, &power);
        power.peaks = peaks::read(file, self, &power);
        power.grid = grid::read(file, &power);
        proof::cords(file, self, &drawn, &power);
        power.prove();
        if !file.is_faulty() {
            proof::fits(self, &drawn, &power);
        }
        power
    }

    fn fed_racks(&self) -> Vec<FedRack> {
        let racks = self.rows.iter().flat_map(|row| &row.racks);
        racks
            .map(|rack| FedRack {
                equip: rack.equip,
                power: rack.power,
                rated: rack.rated,
                fail_safe: rack.rated,
                most: rack.rated,
            })
            .collect()
    }

    /// The name of a rack.
    fn rack_name(&self, rack: &FedRack) -> &str {
        self.equips.get(rack.equip).map_or("", |equip| equip.name.as_str())
    }

    fn feed(&self, of: &Section<'_>, racks: &[FedRack]) -> Feed {
        let name = of.need_name("name").unwrap_or_default();
        let kind = of.need_word("kind", &FeedKind::WORDS).unwrap_or(FeedKind::Panel);
        let (breaker, branch) = (breaker(of, "breaker"), breaker(of, "branch"));
        let rated = of.within("rated", (1.0, LARGEST)).map(Watts);
        if !of.has("rated") && !of.has("breaker") {
            of.missing("rated", "write `rated = …`, what it may carry in W, or name its breaker");
        }
        let bears = breaker.as_ref().map_or(Watts(f64::INFINITY), Breaker::rated);
        let usual = match breaker.as_ref().map(|breaker| &breaker.characteristic) {
            Some(Characteristic::Standard(standard)) => standard.margin(),
            Some(Characteristic::Points(_)) | None => MARGIN,
        };
        let cords = self.cords(of, racks);
        if branch.is_some() && !of.has("rows") && !of.has("racks") {
            of.fault(
                "branch",
                "no rack hangs on this feed, and `branch` is the breaker of racks",
                "name `rows` or `racks`",
            );
        }
        Feed {
            name,
            kind,
            parent: None,
            rated: bears.min(rated.unwrap_or(Watts(LARGEST))),
            margin: of.number("margin", usual, (0.5, 1.0)),
            breaker,
            loss: loss(of),
            meter: self.metered(of),
            other_peak: Watts(of.number("other-peak", 0.0, (0.0, LARGEST))),
            cords,
            branch,
            fail_safe: Watts(0.0),
            most: Watts(0.0),
            wholly: false,
        }
    }

    /// The racks that `rows` and `racks` name, with what each cord carries.
    fn cords(&self, of: &Section<'_>, racks: &[FedRack]) -> Vec<Cord> {
        let share = of.within("share", (0.01, 1.0)).unwrap_or(1.0);
        let takes_over = of.number("takes-over", share, (0.01, 1.0));
        if takes_over < share {
            let message = format!("`takes-over` is {takes_over} and must not be below `share`, which is {share}");
            of.fault("takes-over", message, "it is what a cord carries where the others are gone: more, or as much");
        }
        let named = self.named_racks(of, racks);
        named.into_iter().map(|rack| Cord { rack, share, takes_over }).collect()
    }

    /// Places of the racks that `rows` and `racks` name.
    fn named_racks(&self, of: &Section<'_>, racks: &[FedRack]) -> Vec<usize> {
        let mut found = Vec::new();
        let place = |name: &str| racks.iter().position(|rack| self.rack_name(rack) == name);
        for wanted in of.or::<Vec<String>>("rows", Vec::new()) {
            match self.rows.iter().find(|row| row.name == wanted) {
                Some(row) => {
                    let equips = row.racks.iter().map(|rack| rack.equip);
                    found.extend(equips.filter_map(|equip| racks.iter().position(|rack| rack.equip == equip)));
                }
                None => {
                    let help = did_you_mean(&wanted, self.rows.iter().map(|row| row.name.as_str()));
                    of.clash("rows", format!("there is no row `{wanted}`"), help);
                }
            }
        }
        for wanted in of.or::<Vec<String>>("racks", Vec::new()) {
            match place(&wanted) {
                Some(rack) => found.push(rack),
                None => {
                    let help = did_you_mean(&wanted, racks.iter().map(|rack| self.rack_name(rack)));
                    of.clash("racks", format!("there is no rack `{wanted}`"), help);
                }
            }
        }
        if found.iter().enumerate().any(|(n, rack)| found.iter().skip(n.saturating_add(1)).any(|other| other == rack)) {
            of.fault("racks", "a rack is named twice here", "name a rack's row, or the rack: not both");
        }
        found
    }

    /// One meter, or one for each phase.
    fn metered(&self, of: &Section<'_>) -> Option<Metered> {
        let names: Vec<String> = if of.has("meters") {
            let names: Vec<String> = of.maybe("meters")?;
            if names.len() != 3 {
                let message = format!("`meters` names {}, and there is one for each of three phases", names.len());
                of.fault("meters", message, "write the three, or `meter = \"…\"` for one that sees all phases");
                return None;
            }
            names
        } else {
            vec![of.maybe("meter")?]
        };
        let key = if of.has("meters") { "meters" } else { "meter" };
        let mut found = Vec::new();
        for (n, wanted) in names.iter().enumerate() {
            if names.iter().take(n).any(|other| other == wanted) {
                of.fault(key, format!("`{wanted}` is named twice"), "each phase has a meter of its own");
                return None;
            }
            let name = |equip| self.equips.get(equip).map_or("", |def| def.name.as_str());
            match self.meters.iter().find(|meter| name(meter.equip) == wanted) {
                Some(meter) => found.push(meter),
                None => {
                    let help = did_you_mean(wanted, self.meters.iter().map(|meter| name(meter.equip)));
                    of.clash(key, format!("there is no meter `{wanted}`"), help);
                }
            }
        }
        let leaving = |role| match role {
            MeterRole::UpsOutput | MeterRole::PduOutput | MeterRole::Generator | MeterRole::BatteryDischarge => true,
            MeterRole::Utility | MeterRole::It | MeterRole::Cooling | MeterRole::Other | MeterRole::BatteryCharge => {
                false
            }
        };
        let leaving = found.first().is_some_and(|meter| leaving(meter.role));
        (found.len() == names.len()).then(|| Metered { powers: found.iter().map(|m| m.power).collect(), leaving })
    }

    /// A meter belongs to one feed.
    fn meters_once(&self, drawn: &[Drawn<'_>]) {
        let powers = |of: &Drawn<'_>| of.feed.meter.as_ref().map_or(Vec::new(), |meter| meter.powers.clone());
        for (n, of) in drawn.iter().enumerate() {
            let mine = powers(of);
            let other = drawn.iter().take(n).find(|other| powers(other).iter().any(|point| mine.contains(point)));
            if let Some(other) = other {
                let message = format!("its meter is already that of the feed `{}`", other.feed.name);
                let key = if of.section.has("meters") { "meters" } else { "meter" };
                of.section.fault(key, message, "a meter sees one place of the tree: leave it to one of the two");
            }
        }
    }
}

/// The tree: every feed below its parent. Where a parent is unknown, a ring or a second root, that is told.
fn hang(drawn: &[Drawn<'_>]) -> Table<FeedId, Feed> {
    let mut feeds: Table<FeedId, Feed> = drawn.iter().map(|drawn| drawn.feed.clone()).collect();
    let find = |name: &str| feeds.iter().find(|(_, feed)| feed.name == name).map(|(id, _)| id);
    let parents: Vec<_> = drawn.iter().map(|drawn| drawn.parent.as_deref().and_then(find)).collect();
    for (feed, parent) in feeds.rows_mut().iter_mut().zip(parents) {
        feed.parent = parent;
    }
    let placed = Power::order(&feeds);
    let mut root: Option<&str> = None;
    for ((id, feed), Drawn { section, parent, .. }) in feeds.iter().zip(drawn) {
        match (parent, feed.parent) {
            (Some(wanted), None) => {
                let names = drawn.iter().map(|of| of.feed.name.as_str()).filter(|name| *name != feed.name);
                section.clash("parent", format!("there is no feed `{wanted}`"), did_you_mean(wanted, names));
            }
            (Some(_), Some(_)) if feed.kind == FeedKind::Utility => {
                let message = format!("`{}` is where the grid's power enters, and has a parent", feed.name);
                section.fault("parent", message, "take `parent` away, or write another `kind`");
            }
            (Some(_), Some(_)) if !placed.contains(&id) => {
                let message = format!("`{}` feeds itself", feed.name);
                section.fault("parent", message, "follow the current: a parent is nearer to the grid");
            }
            (Some(_), Some(_)) => {}
            (None, _) => match root {
                None => root = Some(&feed.name),
                Some(first) => {
                    let message = format!("`{first}` and `{}` both have no parent", feed.name);
                    section.clash("name", message, format!("a tree has one root: write `parent = \"{first}\"` here"));
                }
            },
        }
    }
    feeds
}

/// `loss = { fixed = …, share = … }` or `efficiency = …`.
fn loss(of: &Section<'_>) -> Loss {
    let efficiency = of.within("efficiency", (0.5, 1.0));
    let Some(section) = of.section("loss") else {
        return Loss { fixed: Watts(0.0), share: efficiency.map_or(0.0, |efficiency| 1.0 / efficiency - 1.0) };
    };
    if efficiency.is_some() {
        of.fault("efficiency", "`efficiency` and `loss` say the same", "keep one of the two");
    }
    let read = Loss {
        fixed: Watts(section.number("fixed", 0.0, (0.0, LARGEST))),
        share: section.number("share", 0.0, (0.0, 1.0)),
    };
    section.done();
    read
}

/// A breaker by its standard or by its points.
fn breaker(of: &Section<'_>, key: &'static str) -> Option<Breaker> {
    let section = of.section(key)?;
    let points = section.maybe::<Vec<Vec<f64>>>("points");
    let standard = if section.has("points") { None } else { section.need_word("standard", &Standard::WORDS) };
    if !section.has("rated-a") {
        section.missing("rated-a", "write `rated-a = …`, its rating in A");
    }
    let rated_a = section.within("rated-a", (0.1, 1e8));
    let (volts, power_factor) =
        (section.number("volts", 400.0, (10.0, 1e5)), section.number("power-factor", 1.0, (0.5, 1.0)));
    let phases: i64 = if section.has("phases") { section.whole("phases", (1, 3)).unwrap_or(3) } else { 3 };
    if phases == 2 {
        section.fault(
            "phases",
            "`phases` is 2 and must be 1 or 3",
            "two wires carry one current: write 1 with their voltage",
        );
    }
    let characteristic = points.map_or_else(
        || standard.map(Characteristic::Standard),
        |points| {
            let pairs = points.iter().map(|pair| match pair.as_slice() {
                [load, time] => (*load, *time),
                _ => (f64::NAN, f64::NAN),
            });
            match Points::new(pairs.collect()) {
                Ok(points) => Some(Characteristic::Points(points)),
                Err((message, help)) => {
                    section.fault("points", message, help);
                    None
                }
            }
        },
    );
    section.done();
    let circuit = Circuit { volts, three_phases: phases == 3, power_factor };
    Some(Breaker { characteristic: characteristic?, rated_a: rated_a?, circuit })
}

#[cfg(test)]
mod tests;
