//! A run as one page to look at: verdict, figures, and everything over one axis of time.
//!
//! The page is one HTML file that needs nothing else: no script, no font, no picture from elsewhere. Grey is normal and colour
//! means abnormal, each alarm with a shape of its own; light or dark as the reader's system is. What is missing is hatched,
//! never drawn through. A pointer on the sheet reads the instant in figures. Every text is escaped.

mod axis;
mod columns;
mod draw;
mod marks;
mod panels;
mod tables;

use std::fmt::Write as _;

use plant::time::Span;

use crate::kpi::{Bands, Kpis};
use crate::markup::escaped;
use crate::record::{Group, Mark, MarkKind, Recording};
use axis::{Clock, SHEET};
use columns::Columns;
use panels::Sheet;

/// An assert and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assert {
    /// What had to hold.
    pub name: String,
    /// Whether it did.
    pub held: bool,
    /// By how much, with its unit: `+1.4 K`.
    pub margin: String,
    /// The worst instant, since the beginning.
    pub at: Option<Span>,
    /// What else a person wants to know; may be empty.
    pub story: String,
}

/// What the page is made of. Texts may be anything; an empty one is left out.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What ran: the scenario.
    pub title: &'a str,
    /// The hall.
    pub hall: &'a str,
    /// The seed.
    pub seed: u64,
    /// The hash of the trace.
    pub trace: &'a str,
    /// The program's version.
    pub program: &'a str,
    /// The command that runs it again.
    pub again: &'a str,
    /// Why the run broke off, if it did.
    pub broken: Option<&'a str>,
    /// The asserts.
    pub asserts: &'a [Assert],
    /// The figures.
    pub kpis: &'a Kpis,
    /// Another run of the same hall to hold it against, with its name.
    pub baseline: Option<(&'a str, &'a Kpis)>,
    /// The bands of the racks' air.
    pub bands: Bands,
    /// The signals and what happened. Marks of failed asserts come from `asserts`.
    pub recording: &'a Recording,
}

impl Report<'_> {
    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let mut html = String::with_capacity(256 * 1024);
        html.push_str("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
        html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n");
        html.push_str(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
        );
        let _ = writeln!(html, "<title>{}, {}</title>", escaped(self.title), escaped(self.hall));
        let _ = writeln!(html, "<style>\n{}</style></head><body><main>", include_str!("report/style.css"));
        self.head(&mut html);
        self.cards(&mut html);
        self.sheet(&mut html);
        self.asserts(&mut html);
        self.figures(&mut html);
        html.push_str("<footer>Times are UTC. A column shows the mean of its time; the hottest inlet is the highest of it.</footer>\n");
        html.push_str("</main></body></html>\n");
        html
    }

    fn sheet(&self, html: &mut String) {
        let recording = self.recording;
        if recording.is_empty() {
            html.push_str("<p class=\"note\">Nothing was recorded.</p>\n");
            return;
        }
        let clock = Clock { start: recording.start(), seconds: recording.elapsed().seconds() };
        let sheet = Sheet { columns: Columns::of(recording), clock, bands: self.bands };
        let mut marks: Vec<Mark> = recording.marks().iter().filter(|m| m.kind != MarkKind::Failed).cloned().collect();
        let failed = self.asserts.iter().filter(|a| !a.held);
        marks.extend(failed.filter_map(|a| {
            Some(Mark { at: a.at?, kind: MarkKind::Failed, text: format!("{} ({})", a.name, a.margin) })
        }));
        let mut svg = String::with_capacity(128 * 1024);
        let begin = 28.0;
        let signs = sheet.marks(&mut String::new(), begin, &marks);
        let mut top = signs;
        top = sheet.inlets(&mut svg, top);
        top = sheet.power(&mut svg, top);
        top = sheet.pue(&mut svg, top);
        top = sheet.lines(&mut svg, top, Group::Temperature, "Other temperatures (°C)");
        top = sheet.lines(&mut svg, top, Group::Duty, "Duty of fans, pumps and valves (%)");
        top = sheet.equipment(&mut svg, top);
        let bottom = top - 34.0;
        sheet.strips(&mut svg, (begin, bottom));
        // After the strips, so that a pointer finds the signs.
        sheet.marks(&mut svg, begin, &marks);
        for (seconds, label) in clock.labels() {
            draw::text(&mut svg, "tick centre", (clock.x(seconds), bottom + 17.0), &label);
        }
        let _ = writeln!(
            html,
            "<section class=\"sheet\"><svg viewBox=\"0 0 {SHEET} {:.0}\" role=\"img\" aria-label=\"The run over time\">",
            bottom + 26.0
        );
        html.push_str(concat!(
            "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" ",
            "patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M0 0v6\"/></pattern></defs>\n"
        ));
        html.push_str(&svg);
        html.push_str("</svg></section>\n");
    }
}

#[cfg(test)]
mod tests;
