//! The panels of the sheet, one below the other on one axis of time.

use std::fmt::Write as _;

use super::axis::{Clock, LEFT, RIGHT, Scale};
use super::columns::{Columns, Line, envelope, ratio};
use super::draw::{area, names, path, plot, rect, text, upright};
use crate::kpi::Bands;
use crate::record::{Group, Stretch};

/// What all panels share.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    /// What is shown, in columns.
    pub columns: Columns<'a>,
    /// The axis of time.
    pub clock: Clock,
    /// The bands of the racks' air.
    pub bands: Bands,
}

/// Between a panel and the next one's title.
const GAP: f64 = 34.0;
/// Lines of a panel that are told apart; of more, the envelope is drawn.
const LINES: usize = 6;
/// Lanes of equipment; the rest are counted.
const LANES: usize = 30;

impl Sheet<'_> {
    fn points<'l>(
        &'l self,
        line: &'l Line,
        y: impl Fn(&Stretch) -> f64 + 'l,
    ) -> impl Iterator<Item = Option<(f64, f64)>> + 'l {
        line.iter().enumerate().map(move |(n, s)| s.as_ref().map(|s| (self.clock.x(self.columns.middle(n)), y(s))))
    }

    fn between(&self, line: &Line, scale: &Scale) -> Vec<Option<(f64, f64, f64)>> {
        let place = |(n, s): (usize, &Option<Stretch>)| {
            s.map(|s| (self.clock.x(self.columns.middle(n)), scale.y(s.low), scale.y(s.high)))
        };
        line.iter().enumerate().map(place).collect()
    }

    /// Racks' inlets: all of them as a band, the hottest as a line that takes colour where it leaves the bands.
    pub fn inlets(&self, svg: &mut String, top: f64) -> f64 {
        const HEIGHT: f64 = 190.0;
        let lines: Vec<Line> =
            self.columns.signals(Group::Inlet).iter().map(|(place, _)| self.columns.line(*place)).collect();
        if lines.is_empty() {
            return top;
        }
        let all = envelope(&lines);
        let Bands { recommended, allowable } = self.bands;
        let ends = all.iter().flatten().flat_map(|s| [s.low, s.high]);
        let scale = Scale::holding(ends.chain([recommended.0, recommended.1 + 1.0]), top, HEIGHT);
        let title = format!("Air at the inlets of {} racks (°C)", lines.len());
        plot(svg, &title, &scale, &self.clock);
        let (upper, lower) = (scale.y(recommended.1), scale.y(recommended.0));
        rect(svg, "band", (LEFT, upper), (RIGHT - LEFT, lower - upper));
        self.heat(svg, &scale);
        self.hatch(svg, &all, (top, HEIGHT));
        area(svg, "spread", &self.between(&all, &scale));
        path(svg, "mean", self.points(&all, |s| scale.y(s.mean)));
        path(svg, "hottest", self.points(&all, |s| scale.y(s.high)));
        for limit in [allowable.0, allowable.1] {
            if scale.low < limit && limit < scale.high {
                path(svg, "limit", [Some((LEFT, scale.y(limit))), Some((RIGHT, scale.y(limit)))].into_iter());
            }
        }
        let mut entries = Vec::new();
        if let Some(last) = all.iter().flatten().next_back() {
            entries.push((String::new(), scale.y(last.high), "hottest".to_owned()));
            entries.push(("soft".to_owned(), scale.y(last.mean), "mean of all".to_owned()));
        }
        let band = format!("recommended to {}", recommended.1);
        entries.push(("soft".to_owned(), upper, band));
        if scale.high >= allowable.1 {
            entries.push(("alarm".to_owned(), scale.y(allowable.1), format!("allowable to {}", allowable.1)));
        }
        names(svg, entries, (top, HEIGHT));
        top + HEIGHT + GAP
    }

    /// The colours of the hottest inlet by height: nothing within the recommended band, orange outside, red outside the allowable.
    fn heat(&self, svg: &mut String, scale: &Scale) {
        let Bands { recommended, allowable } = self.bands;
        let share = |value: f64| ((scale.y(value) - scale.top) / scale.height).clamp(0.0, 1.0);
        let bottom = scale.top + scale.height;
        let _ = write!(
            svg,
            "<defs><linearGradient id=\"heat\" gradientUnits=\"userSpaceOnUse\" x1=\"0\" x2=\"0\" y1=\"{:.1}\" y2=\"{bottom:.1}\">",
            scale.top
        );
        let stops = [
            ("critical", 0.0, share(allowable.1)),
            ("high", share(allowable.1), share(recommended.1)),
            ("text", share(recommended.1), share(recommended.0)),
            ("high", share(recommended.0), share(allowable.0)),
            ("critical", share(allowable.0), 1.0),
        ];
        // A span that the scale does not show has no colour to give: the sheet's edge would take it.
        for (colour, from, to) in stops.into_iter().filter(|(_, from, to)| to > from) {
            for offset in [from, to] {
                let _ = write!(svg, "<stop offset=\"{offset:.4}\" style=\"stop-color:var(--{colour})\"/>");
            }
        }
        svg.push_str("</linearGradient></defs>\n");
    }

    /// Where nothing is known, hatched: a gap is no calm.
    fn hatch(&self, svg: &mut String, line: &Line, (top, height): (f64, f64)) {
        let mut begin = None;
        for column in 0..=line.len() {
            let missing = line.get(column).is_some_and(Option::is_none);
            match (missing, begin) {
                (true, None) => begin = Some(self.columns.span(column).0),
                (false, Some(from)) => {
                    let until = self.columns.span(column).0;
                    let x = self.clock.x(from);
                    rect(svg, "missing", (x, top), (self.clock.x(until) - x, height));
                    begin = None;
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
    }

    /// The lines of a group, each by its name, or their envelope where they are many.
    pub fn lines(&self, svg: &mut String, top: f64, group: Group, title: &str) -> f64 {
        const HEIGHT: f64 = 130.0;
        let signals = self.columns.signals(group);
        let lines: Vec<Line> = signals.iter().map(|(place, _)| self.columns.line(*place)).collect();
        let values = lines.iter().flatten().flatten().flat_map(|s| [s.low, s.high]);
        let ends = if group == Group::Duty { vec![0.0, 100.0] } else { Vec::new() };
        let scale = Scale::holding(values.chain(ends), top, HEIGHT);
        if lines.iter().flatten().all(Option::is_none) {
            return top;
        }
        let mut entries = Vec::new();
        if lines.len() > LINES {
            plot(
                svg,
                &format!("{title}: {} signals from the least to the highest, and their mean", lines.len()),
                &scale,
                &self.clock,
            );
            let all = envelope(&lines);
            area(svg, "spread", &self.between(&all, &scale));
            path(svg, "mean strong", self.points(&all, |s| scale.y(s.mean)));
            if let Some(last) = all.iter().flatten().next_back() {
                entries.push(("soft".to_owned(), scale.y(last.mean), "mean".to_owned()));
            }
        } else {
            plot(svg, title, &scale, &self.clock);
            self.hatch(svg, &envelope(&lines), (top, HEIGHT));
            for (n, (line, (_, name))) in lines.iter().zip(&signals).enumerate() {
                path(svg, &format!("line l{n}"), self.points(line, |s| scale.y(s.mean)));
                if let Some(last) = line.iter().flatten().next_back() {
                    entries.push((format!("n{n}"), scale.y(last.mean), (*name).to_owned()));
                }
            }
        }
        names(svg, entries, (top, HEIGHT));
        top + HEIGHT + GAP
    }

    /// IT, cooling and what is left of the facility's power, one on the other.
    pub fn power(&self, svg: &mut String, top: f64) -> f64 {
        const HEIGHT: f64 = 180.0;
        let kilowatts = |group| -> Option<Vec<Option<f64>>> {
            Some(self.columns.only(group)?.iter().map(|s| s.map(|s| s.mean / 1e3)).collect())
        };
        let Some(facility) = kilowatts(Group::Facility) else { return top };
        let none = || vec![None; facility.len()];
        let (it, cooling) = (kilowatts(Group::It).unwrap_or_else(none), kilowatts(Group::Cooling).unwrap_or_else(none));
        let scale = Scale::holding(facility.iter().flatten().copied().chain([0.0]), top, HEIGHT);
        plot(svg, "Power (kW)", &scale, &self.clock);
        let x = |n: usize| self.clock.x(self.columns.middle(n));
        let mut entries = Vec::new();
        let mut layer = |class: &str, name: &str, edges: &dyn Fn(usize) -> Option<(f64, f64)>| {
            let points: Vec<Option<(f64, f64, f64)>> =
                (0..facility.len()).map(|n| edges(n).map(|(low, high)| (x(n), scale.y(low), scale.y(high)))).collect();
            area(svg, class, &points);
            if let Some((_, low, high)) = points.iter().flatten().next_back() {
                entries.push((String::new(), f64::midpoint(*low, *high), name.to_owned()));
            }
        };
        let known = |of: &[Option<f64>], n: usize| of.get(n).copied().flatten();
        layer("stack it", "IT", &|n| known(&it, n).map(|it| (0.0, it)));
        layer("stack cooling", "cooling", &|n| known(&it, n).zip(known(&cooling, n)).map(|(it, c)| (it, it + c)));
        layer("stack losses", "losses and other", &|n| {
            let below = known(&it, n)? + known(&cooling, n)?;
            known(&facility, n).map(|all| (below.min(all), all))
        });
        path(svg, "mean strong", (0..facility.len()).map(|n| known(&facility, n).map(|all| (x(n), scale.y(all)))));
        names(svg, entries, (top, HEIGHT));
        top + HEIGHT + GAP
    }

    /// PUE of every quarter of an hour, and beside it, never without, what the facility has used so far.
    pub fn pue(&self, svg: &mut String, top: f64) -> f64 {
        const HEIGHT: f64 = 120.0;
        const HALF: f64 = 0.72;
        let (length, intervals) = ratio(&self.columns, self.clock.start.0);
        let Some(facility) = self.columns.only(Group::Facility) else { return top };
        let mut used = 0.0;
        let mut gone = false;
        let sums: Vec<Option<f64>> = facility
            .iter()
            .enumerate()
            .map(|(n, s)| {
                let (begin, end) = self.columns.span(n);
                gone |= s.is_none();
                used += s.map_or(0.0, |s| s.mean) * (end - begin) / 3.6e6;
                (!gone).then_some(used)
            })
            .collect();
        let values = intervals.iter().filter_map(|i| i.2);
        let ratios = Scale::holding(values.chain([1.0]), top, HEIGHT);
        plot(svg, &format!("PUE of each {length}, energy over energy"), &ratios, &self.clock);
        let steps = intervals
            .iter()
            .flat_map(|(from, to, ratio)| [*from, *to].map(|at| ratio.map(|r| (self.clock.x(at), ratios.y(r)))));
        path(svg, "mean strong", steps);
        let top = top + HEIGHT + GAP;
        let height = HEIGHT * HALF;
        let (unit, kwh) = if used < 1e5 { ("kWh", 1.0) } else { ("MWh", 1e3) };
        let sums: Vec<Option<f64>> = sums.into_iter().map(|sum| sum.map(|sum| sum / kwh)).collect();
        let scale = Scale::holding(sums.iter().flatten().copied().chain([0.0]), top, height);
        plot(svg, &format!("Facility energy so far ({unit})"), &scale, &self.clock);
        let x = |n: usize| self.clock.x(self.columns.span(n).1);
        let points: Vec<_> =
            sums.iter().enumerate().map(|(n, sum)| sum.map(|sum| (x(n), scale.y(0.0), scale.y(sum)))).collect();
        area(svg, "stack cooling", &points);
        path(svg, "mean strong", points.iter().map(|p| p.map(|(x, _, y)| (x, y))));
        let mut entries = Vec::new();
        if let Some(last) = sums.iter().flatten().next_back() {
            let total = format!("{} {unit}", super::axis::grouped(*last, 1));
            entries.push((String::new(), scale.y(*last), total));
        }
        names(svg, entries, (top, height));
        top + height + GAP
    }

    /// A lane for each device, dark while it runs.
    pub fn equipment(&self, svg: &mut String, top: f64) -> f64 {
        const LANE: f64 = 15.0;
        let devices = self.columns.signals(Group::Running);
        if devices.is_empty() {
            return top;
        }
        text(svg, "title", (LEFT, top - 8.0), "Equipment running");
        let shown = devices.len().min(LANES);
        let height = LANE * plant::convert::f64_from_usize(shown);
        rect(svg, "panel", (LEFT, top), (RIGHT - LEFT, height));
        upright(svg, &self.clock, top, height);
        let mut y = top;
        for (place, name) in devices.iter().take(shown) {
            self.lane(svg, &self.columns.line(*place), (y + 3.0, LANE - 6.0));
            text(svg, "name", (RIGHT + 8.0, y + 11.0), name);
            y += LANE;
        }
        if devices.len() > shown {
            let more = format!("and {} more", devices.len() - shown);
            text(svg, "name soft", (RIGHT + 8.0, y + 11.0), &more);
            y += LANE;
        }
        y + GAP
    }

    /// Runs of equal columns become one bar; one that runs part of its time is paler.
    fn lane(&self, svg: &mut String, line: &Line, (top, height): (f64, f64)) {
        let class = |s: &Option<Stretch>| match s {
            None => "missing",
            Some(s) if s.mean > 0.99 => "runs",
            Some(s) if s.mean < 0.01 => "",
            Some(_) => "partly",
        };
        let mut column = 0;
        for stretch in line.chunk_by(|a, b| class(a) == class(b)) {
            let class = stretch.first().map_or("", class);
            let (from, to) = (self.columns.span(column).0, self.columns.span(column + stretch.len() - 1).1);
            if !class.is_empty() {
                let x = self.clock.x(from);
                rect(svg, class, (x, top), (self.clock.x(to) - x, height));
            }
            column += stretch.len();
        }
    }
}
