//! What happened, above the panels; and what is known of an instant, under the pointer.

use std::fmt::Write as _;

use plant::convert;
use plant::event::Severity;

use super::axis::{LEFT, RIGHT, grouped};
use super::columns::{Line, joined, ratio};
use super::draw::{at, rect, text, upright};
use super::panels::Sheet;
use crate::markup::escape;
use crate::record::{Group, Mark, MarkKind};

/// The lanes, from what matters most.
const LANES: [&str; 3] = ["asserts failed", "scenario", "events"];
/// How high a lane is.
const LANE: f64 = 22.0;
/// Marks of one lane closer than this become one.
const CLOSE: f64 = 7.0;
/// The most words of one mark.
const TOLD: usize = 8;
/// The most strips under the pointer.
const STRIPS: usize = 243;

impl Sheet<'_> {
    /// Lanes of asserts that failed, of the scenario's deeds and of the controller's events.
    pub fn marks(&self, svg: &mut String, top: f64, marks: &[Mark]) -> f64 {
        text(svg, "title", (LEFT, top - 8.0), "What happened");
        let height = LANE * convert::f64_from_usize(LANES.len());
        rect(svg, "panel", (LEFT, top), (RIGHT - LEFT, height));
        upright(svg, &self.clock, top, height);
        for (lane, name) in LANES.iter().enumerate() {
            let middle = top + LANE * (convert::f64_from_usize(lane) + 0.5);
            let mut of: Vec<&Mark> = marks.iter().filter(|m| lane_of(m.kind) == lane).collect();
            of.sort_by_key(|m| m.at);
            text(svg, "name", (RIGHT + 8.0, middle + 4.0), &format!("{name}: {}", of.len()));
            let x = |mark: &Mark| self.clock.x(mark.at.seconds());
            let mut rest = of.as_slice();
            while let Some(first) = rest.first() {
                let close = rest.iter().take_while(|m| x(m) - x(first) < CLOSE).count().max(1);
                let (here, later) = rest.split_at(close.min(rest.len()));
                self.mark(svg, here, (x(first), middle));
                rest = later;
            }
        }
        top + height + 34.0
    }

    /// One sign for marks that lie together: the worst one's shape, all their words.
    fn mark(&self, svg: &mut String, marks: &[&Mark], (x, y): (f64, f64)) {
        let worst = marks.iter().map(|m| m.kind).min_by_key(|kind| rank(*kind)).unwrap_or(MarkKind::Scenario);
        let (class, shape) = match worst {
            MarkKind::Failed => ("sign critical", "M-6-6h12v12h-12z"),
            MarkKind::Event(Severity::Error) => ("sign critical", "M-5-5h10v10h-10z"),
            MarkKind::Event(Severity::Warning) => ("sign high", "M0-6L6 5H-6z"),
            MarkKind::Event(Severity::Info) => ("sign info", "M0-4v8"),
            MarkKind::Scenario => ("sign deed", "M0-6L6 0 0 6-6 0z"),
        };
        let _ = write!(svg, "<path class=\"{class}\" transform=\"translate(");
        at(svg, x);
        svg.push(' ');
        at(svg, y);
        let _ = write!(svg, ")\" d=\"{shape}\"><title>");
        for mark in marks.iter().take(TOLD) {
            escape(svg, &format!("{} {}: {}\n", self.clock.say(mark.at.seconds()), mark.kind.word(), mark.text));
        }
        if marks.len() > TOLD {
            let _ = write!(svg, "and {} more", marks.len() - TOLD);
        }
        svg.push_str("</title></path>\n");
    }

    /// Strips over all panels: a pointer on one sees the instant in figures.
    pub fn strips(&self, svg: &mut String, (top, bottom): (f64, f64)) {
        let columns = self.columns;
        let per = columns.count().div_ceil(STRIPS).max(1);
        let inlets: Vec<(&str, Line)> =
            columns.signals(Group::Inlet).iter().map(|(place, name)| (*name, columns.line(*place))).collect();
        let powers = [("facility", Group::Facility), ("IT", Group::It), ("cooling", Group::Cooling)]
            .map(|(name, group)| (name, columns.only(group).unwrap_or_default()));
        let (length, ratios) = ratio(&columns, self.clock.start.0);
        let mut first = 0;
        while first < columns.count() {
            let last = first.saturating_add(per).min(columns.count());
            let (from, until) = (columns.span(first).0, columns.span(last - 1).1);
            let within = |line: &Line| joined(line.iter().take(last).skip(first).flatten());
            let mut words = format!("{} to {}", self.clock.say(from), self.clock.say(until));
            let hot = inlets.iter().filter_map(|(name, line)| within(line).map(|s| (s.high, *name)));
            if let Some((high, name)) = hot.max_by(|a, b| a.0.total_cmp(&b.0)) {
                let _ = write!(words, "\nhottest inlet {high:.1} °C, {name}");
            }
            for (name, line) in &powers {
                if let Some(power) = within(line) {
                    let _ = write!(words, "\n{name} {} kW", grouped(power.mean / 1e3, 1));
                }
            }
            let middle = f64::midpoint(from, until);
            let now = ratios.iter().find(|(from, to, _)| *from <= middle && middle < *to);
            if let Some((.., Some(pue))) = now {
                let _ = write!(words, "\nPUE {pue:.3} over its {length}");
            }
            let x = self.clock.x(from);
            svg.push_str("<rect class=\"strip\" x=\"");
            at(svg, x);
            let _ = write!(svg, "\" y=\"{top:.0}\" height=\"{:.0}\" width=\"", bottom - top);
            at(svg, self.clock.x(until) - x);
            svg.push_str("\"><title>");
            escape(svg, &words);
            svg.push_str("</title></rect>\n");
            first = last;
        }
    }
}

const fn lane_of(kind: MarkKind) -> usize {
    match kind {
        MarkKind::Failed => 0,
        MarkKind::Scenario => 1,
        MarkKind::Event(_) => 2,
    }
}

const fn rank(kind: MarkKind) -> u8 {
    match kind {
        MarkKind::Failed => 0,
        MarkKind::Event(Severity::Error) => 1,
        MarkKind::Event(Severity::Warning) => 2,
        MarkKind::Scenario => 3,
        MarkKind::Event(Severity::Info) => 4,
    }
}
