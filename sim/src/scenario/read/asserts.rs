//! What must hold, from the file.

use plant::hall::Hall;
use plant::read::Section;
use plant::time::Span;
use plant::units::Unit;

use super::Page;
use super::events::{alarm, needed};
use crate::scenario::expression::{Dimension, Holding, Signal, condition, many, margin_unit, matching, signal};
use crate::scenario::{Assert, Baseline, Rule, Tolerance, Window};

/// The keys of which an assert has one: what must hold.
const RULES: &[&str] =
    &["always", "never", "eventually", "settle", "overshoot", "reversals", "count", "alarm", "safe", "kpi", "golden"];

/// A turn counts after this much travel unless a file says otherwise: 2 % of a drive or a valve.
const TRAVEL: f64 = 2.0;

impl Page<'_> {
    /// Every assert that could be read.
    pub(super) fn asserts(
        &self,
        hall: &Hall,
        sections: &[Section<'_>],
        events: &[Section<'_>],
        length: Option<Span>,
    ) -> Vec<Assert> {
        let mut asserts: Vec<Assert> = Vec::new();
        for section in sections {
            let (name, window) = (section.need_name("name"), self.window(section, events, length));
            let rule = self.rule(hall, section);
            section.done();
            let (Some(name), Some(window), Some(rule)) = (name, window, rule) else { continue };
            if asserts.iter().any(|a| a.name == name) {
                section.fault("name", format!("two asserts are called `{name}`"), "give one of them another name");
            }
            if matches!(rule, Rule::Golden { .. }) && asserts.iter().any(|a| matches!(a.rule, Rule::Golden { .. })) {
                section.fault("golden", "a scenario has one golden trace", "put all signals into one");
            }
            asserts.push(Assert { name, window, rule });
        }
        asserts
    }

    fn window(&self, section: &Section<'_>, events: &[Section<'_>], length: Option<Span>) -> Option<Window> {
        let after = match section.maybe::<String>("after") {
            None => None,
            Some(name) => {
                let names: Vec<String> = events.iter().map(|e| e.maybe("name").unwrap_or_default()).collect();
                let found = names.iter().position(|other| *other == name);
                if found.is_none() {
                    let help = plant::read::did_you_mean(&name, names.iter().map(String::as_str));
                    section.clash("after", format!("there is no event `{name}`"), help);
                    return None;
                }
                found
            }
        };
        let (from, to): (Span, Option<Span>) = (section.or("from", Span::ZERO), section.maybe("to"));
        if to.is_some_and(|to| to <= from) {
            section.fault("to", "`to` is not later than `from`", "let the window have a length");
        }
        if let Some(length) = length.filter(|l| from >= *l) {
            section.fault("from", format!("the scenario is over at {length}"), "look earlier");
        }
        Some(Window { after, from, to })
    }

    fn rule(&self, hall: &Hall, section: &Section<'_>) -> Option<Rule> {
        let given: Vec<&'static str> = RULES.iter().filter(|key| section.has(key)).copied().collect();
        // A comparison names its figure with `kpi` as well.
        let key = match given.as_slice() {
            [one] => *one,
            [] => {
                section.missing("always", format!("say what must hold with one of: {}", RULES.join(", ")));
                return None;
            }
            [_, second, ..] => {
                section.fault(
                    second,
                    format!("an assert has one rule, and this one has {}", given.join(" and ")),
                    "make two of it",
                );
                return None;
            }
        };
        match key {
            "always" => self.instant(hall, section, "always").map(Rule::Always),
            "never" => self.condition(hall, section, "never").map(Rule::Never),
            "eventually" => {
                let (holding, time) = (self.condition(hall, section, "eventually"), section.need("within"));
                Some(Rule::Within { holding: holding?, time: time? })
            }
            "settle" => self.settle(hall, section),
            "overshoot" => self.overshoot(hall, section),
            "reversals" => self.reversals(hall, section),
            "count" => {
                let holding = self.condition(hall, section, "count");
                let (min, max) = self.limits(section)?;
                Some(Rule::Count { holding: holding?, min, max })
            }
            "alarm" => {
                let found = alarm(hall, section, "alarm");
                let once = section.word("raised", &[("once", true), ("never", false)]).unwrap_or(true);
                Some(Rule::Alarm { alarm: found?, once, within: section.maybe("within") })
            }
            "safe" => self.safe(hall, section),
            "kpi" => self.kpi(hall, section),
            _ => self.golden(hall, section),
        }
    }

    fn condition(&self, hall: &Hall, section: &Section<'_>, key: &'static str) -> Option<Holding> {
        self.expression(section, key, |text| condition(hall, text))
    }

    fn instant(&self, hall: &Hall, section: &Section<'_>, key: &'static str) -> Option<Holding> {
        let holding = self.condition(hall, section, key)?;
        if holding.hold > 0.0 {
            section.fault(key, "`always` has no `for`", "write `never = \"… for 60s\"` with the opposite condition");
            return None;
        }
        Some(holding)
    }

    /// `min` and `max`, of which there is at least one.
    fn limits(&self, section: &Section<'_>) -> Option<(Option<f64>, Option<f64>)> {
        let (min, max) = (section.maybe("min"), section.maybe("max"));
        if !section.has("min") && !section.has("max") {
            section.missing("max", "write `max = …`, `min = …` or both");
            return None;
        }
        Some((min, max))
    }

    /// The target's own expression, or a plain number in the signal's unit.
    fn target(&self, hall: &Hall, section: &Section<'_>, unit: Dimension) -> Option<Signal> {
        let found = self.expression(section, "target", |text| signal(hall, text))?;
        if found.unit.is_some() && unit.is_some() && found.unit != unit {
            let has = found.unit.map_or("", Unit::pretty);
            let wants = unit.map_or("", Unit::pretty);
            section.fault(
                "target",
                format!("the target is in {has} and the signal in {wants}"),
                "write it in that unit",
            );
            return None;
        }
        Some(found)
    }

    fn settle(&self, hall: &Hall, section: &Section<'_>) -> Option<Rule> {
        let settles = self.expression(section, "settle", |text| signal(hall, text));
        let unit = settles.as_ref().and_then(|s| s.unit);
        let target = self.target(hall, section, unit);
        let band = needed(section, "band", self.quantity(section, "band", margin_unit(unit)));
        let within = section.need("within");
        let hold = section.or("hold", Span::from_secs(300));
        Some(Rule::Settle { signal: settles?, target: target?, band: band?, within: within?, hold })
    }

    fn overshoot(&self, hall: &Hall, section: &Section<'_>) -> Option<Rule> {
        let moves = self.expression(section, "overshoot", |text| signal(hall, text));
        let unit = moves.as_ref().and_then(|s| s.unit);
        let target = self.target(hall, section, unit);
        let max = needed(section, "max", self.quantity(section, "max", margin_unit(unit)));
        let below = section.word("direction", &[("above", false), ("below", true)]).unwrap_or(false);
        Some(Rule::Overshoot { signal: moves?, target: target?, max: max?, below })
    }

    fn reversals(&self, hall: &Hall, section: &Section<'_>) -> Option<Rule> {
        let signals = self.expression(section, "reversals", |text| many(hall, text));
        let unit = signals.as_ref().and_then(|s| s.first()).and_then(|s| s.unit);
        let travel = self.quantity(section, "travel", margin_unit(unit)).unwrap_or(TRAVEL);
        let per_hour = needed(section, "max-per-hour", section.within("max-per-hour", (0.0, 1e6)));
        if travel <= 0.0 {
            section.fault("travel", "a turn needs some travel", "write 2 for 2 %");
            return None;
        }
        Some(Rule::Reversals { signals: signals?, travel, per_hour: per_hour? })
    }

    fn safe(&self, hall: &Hall, section: &Section<'_>) -> Option<Rule> {
        let pattern: Option<String> = section.need("safe");
        let within = section.need("within");
        let pattern = pattern?;
        let outputs: Vec<_> = matching(hall, &pattern)
            .filter_map(|id| hall.points.get(id).and_then(|def| def.write).map(|w| (id, w.failsafe)))
            .collect();
        if outputs.is_empty() {
            let all = hall.points.iter().filter(|(_, p)| p.write.is_some()).map(|(_, p)| p.name.as_str());
            section.fault("safe", format!("there is no output `{pattern}`"), plant::read::did_you_mean(&pattern, all));
            return None;
        }
        Some(Rule::Safe { outputs, within: within? })
    }

    fn kpi(&self, hall: &Hall, section: &Section<'_>) -> Option<Rule> {
        let kpi: Option<String> = section.need("kpi");
        let limits = self.limits(section);
        let baseline = section.has("compare").then(|| section.word("compare", Baseline::ALL));
        let known = crate::kpi::names(hall);
        if let Some(name) = kpi.as_ref().filter(|name| !known.contains(name)) {
            let help = plant::read::did_you_mean(name, known.iter().map(String::as_str));
            section.fault("kpi", format!("there is no figure `{name}`"), help);
            return None;
        }
        let (min, max) = limits?;
        match baseline {
            None => Some(Rule::Kpi { kpi: kpi?, min, max }),
            Some(baseline) => Some(Rule::Compare { kpi: kpi?, baseline: baseline?, min, max }),
        }
    }

    fn golden(&self, hall: &Hall, section: &Section<'_>) -> Option<Rule> {
        let texts: Vec<String> = section.need("golden")?;
        let mut signals = Vec::new();
        for text in &texts {
            match signal(hall, text) {
                Ok(read) => signals.push(read),
                Err(slip) => section.fault("golden", format!("`{text}`: {}", slip.message), slip.help),
            }
        }
        let time = section.or("tube-time", Span::from_secs(30));
        let value = match (self.quantity(section, "tube", None), section.within("tube-percent", (0.0, 100.0))) {
            (Some(value), None) => Tolerance::Absolute(value),
            (None, Some(percent)) => Tolerance::OfRange(percent / 100.0),
            (Some(_), Some(_)) => {
                section.fault("tube", "a tube has one width", "take `tube` or `tube-percent` away");
                return None;
            }
            (None, None) => {
                section.missing("tube-percent", "write `tube-percent = 2` for 2 % of the trace's range, or `tube = …`");
                return None;
            }
        };
        (signals.len() == texts.len()).then_some(Rule::Golden { signals, time, value })
    }
}
