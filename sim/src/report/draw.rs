//! Strokes on the sheet.

use std::fmt::Write as _;

use super::axis::{Clock, LEFT, RIGHT, Scale};
use crate::markup::escape;

/// A coordinate with one decimal at the most.
pub fn at(into: &mut String, value: f64) {
    let text = format!("{value:.1}");
    into.push_str(text.strip_suffix(".0").unwrap_or(&text));
}

/// A line through points; it breaks where one is missing. A point that stands alone becomes a short dash.
pub fn path(into: &mut String, class: &str, points: impl Iterator<Item = Option<(f64, f64)>>) {
    let _ = write!(into, "<path class=\"{class}\" d=\"");
    let mut pen = false;
    let mut alone = false;
    for point in points {
        match point {
            Some((x, y)) => {
                into.push(if pen { 'L' } else { 'M' });
                at(into, x);
                into.push(' ');
                at(into, y);
                alone = !pen;
                pen = true;
            }
            None => {
                if alone {
                    into.push_str("h1");
                }
                (pen, alone) = (false, false);
            }
        }
    }
    if alone {
        into.push_str("h1");
    }
    into.push_str("\"/>\n");
}

/// Areas between a lower and an upper edge, one for each stretch without a gap. Points are x, lower y, upper y.
pub fn area(into: &mut String, class: &str, points: &[Option<(f64, f64, f64)>]) {
    let _ = write!(into, "<path class=\"{class}\" d=\"");
    for stretch in points.split(Option::is_none) {
        let mut pen = 'M';
        let upper = stretch.iter().flatten().map(|(x, _, upper)| (x, upper));
        let lower = stretch.iter().rev().flatten().map(|(x, lower, _)| (x, lower));
        for (x, y) in upper.chain(lower) {
            into.push(pen);
            at(into, *x);
            into.push(' ');
            at(into, *y);
            pen = 'L';
        }
        if pen == 'L' {
            into.push('Z');
        }
    }
    into.push_str("\"/>\n");
}

/// A rectangle.
pub fn rect(into: &mut String, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
    let _ = write!(into, "<rect class=\"{class}\" x=\"");
    at(into, x);
    into.push_str("\" y=\"");
    at(into, y);
    into.push_str("\" width=\"");
    at(into, width.max(0.0));
    into.push_str("\" height=\"");
    at(into, height.max(0.0));
    into.push_str("\"/>\n");
}

/// A text, escaped.
pub fn text(into: &mut String, class: &str, (x, y): (f64, f64), words: &str) {
    let _ = write!(into, "<text class=\"{class}\" x=\"");
    at(into, x);
    into.push_str("\" y=\"");
    at(into, y);
    into.push_str("\">");
    escape(into, words);
    into.push_str("</text>\n");
}

/// The empty plot: panel, title, grid and the values' labels.
pub fn plot(into: &mut String, title: &str, scale: &Scale, clock: &Clock) {
    text(into, "title", (LEFT, scale.top - 8.0), title);
    rect(into, "panel", (LEFT, scale.top), (RIGHT - LEFT, scale.height));
    for (value, label) in scale.labels() {
        let y = scale.y(value);
        path(into, "grid", [Some((LEFT, y)), Some((RIGHT, y))].into_iter());
        text(into, "tick left", (LEFT - 7.0, y + 4.0), &label);
    }
    upright(into, clock, scale.top, scale.height);
}

/// The grid of time behind a panel.
pub fn upright(into: &mut String, clock: &Clock, top: f64, height: f64) {
    for (seconds, _) in clock.labels() {
        let x = clock.x(seconds);
        path(into, "grid", [Some((x, top)), Some((x, top + height))].into_iter());
    }
}

/// Names at the right end of lines, moved apart until none covers another. Entries are class, y and name.
pub fn names(into: &mut String, mut entries: Vec<(String, f64, String)>, (top, height): (f64, f64)) {
    const ROOM: f64 = 14.0;
    entries.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut least = top + 4.0;
    for entry in &mut entries {
        entry.1 = entry.1.max(least);
        least = entry.1 + ROOM;
    }
    let mut most = top + height + 6.0;
    for entry in entries.iter_mut().rev() {
        entry.1 = entry.1.min(most);
        most = entry.1 - ROOM;
    }
    for (class, y, name) in entries {
        let short: String = if name.chars().count() > 25 {
            let head: String = name.chars().take(24).collect();
            head + "…"
        } else {
            name
        };
        text(into, &format!("name {class}"), (RIGHT + 8.0, y + 4.0), &short);
    }
}
