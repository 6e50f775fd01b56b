//! The words around the sheet: verdict, figures, asserts.

use std::fmt::Write as _;

use super::Report;
use super::axis::grouped;
use crate::calendar::iso;
use crate::kpi::{Kpi, Kpis};
use crate::markup::{escape, escaped};

/// Figures that stand large at the top, each with one that keeps it honest.
const CARDS: [(&str, &str, &str); 6] = [
    ("facility-kwh", "Facility energy", "it-kwh"),
    ("pue", "PUE", "facility-kwh"),
    ("peak-15min-kw", "15-minute peak", ""),
    ("worst-inlet-cel", "Worst inlet", "kh-above-recommended"),
    ("wue", "Water per IT energy", "water-l"),
    ("lost-gpu-h", "Work lost", "throttled-gpu-h"),
];
/// Ratios that are told with the facility's energy only.
const TEMPTING: [&str; 2] = ["pue", "ppue-cooling"];

impl Report<'_> {
    /// The head: the verdict with its shape, what ran, and how to run it again.
    pub(super) fn head(&self, html: &mut String) {
        let failed = self.asserts.iter().filter(|a| !a.held).count();
        let (class, verdict) = match (self.broken, self.asserts.len(), failed) {
            (Some(_), ..) => ("critical", "The run broke off".to_owned()),
            (None, 0, _) => ("plain", "Nothing was asserted".to_owned()),
            (None, 1, 0) => ("held", "The assert held".to_owned()),
            (None, all, 0) => ("held", format!("All {all} asserts held")),
            (None, all, some) => ("critical", format!("{some} of {all} asserts failed")),
        };
        let _ = writeln!(html, "<header><div class=\"verdict {class}\"><i></i>{verdict}</div>");
        let _ = writeln!(html, "<h1>{}</h1>", escaped(self.title));
        if let Some(why) = self.broken {
            let _ = writeln!(html, "<p class=\"why\">{}</p>", escaped(why));
        }
        let recording = self.recording;
        let facts = [
            ("hall", self.hall.to_owned()),
            ("begins", iso(recording.start())),
            ("runs for", recording.elapsed().to_string()),
            ("seed", self.seed.to_string()),
            ("trace", self.trace.to_owned()),
            ("wattloop", self.program.to_owned()),
            ("again", self.again.to_owned()),
        ];
        html.push_str("<dl class=\"facts\">");
        for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
            let _ = write!(html, "<div><dt>{name}</dt><dd>{}</dd></div>", escaped(fact));
        }
        html.push_str("</dl></header>\n");
    }

    /// The large figures, and what the run has over the baseline.
    pub(super) fn cards(&self, html: &mut String) {
        html.push_str("<section class=\"cards\">\n");
        let find = |name: &str| self.kpis.iter().find(|k| k.name == name && k.value.is_some());
        for (name, title, beside) in CARDS {
            let Some(kpi) = find(name) else { continue };
            let figure = grouped(kpi.value.unwrap_or_default(), kpi.decimals);
            let alarm = self.alarm(name);
            let _ = write!(
                html,
                "<div class=\"card{alarm}\"><span>{title}</span><b>{figure}<small> {}</small></b>",
                kpi.unit
            );
            match find(beside) {
                Some(other) => {
                    let _ = write!(html, "<em>{}: {}</em>", escaped(&other.title), plain(other));
                }
                None => {
                    let _ = write!(html, "<em>{}</em>", kpi.at.map(|at| format!("at {}", iso(at))).unwrap_or_default());
                }
            }
            html.push_str("</div>\n");
        }
        html.push_str("</section>\n");
        if let Some((name, base)) = self.baseline
            && let Some(say) = self.kpis.against(base)
        {
            let _ = writeln!(html, "<p class=\"against\">Against {}: {}</p>", escaped(name), escaped(&say));
        }
    }

    /// The colour of a card: none while all is normal.
    fn alarm(&self, name: &str) -> &'static str {
        let above = |limit: &str| self.kpis.value(limit).is_some_and(|x| x > 0.0);
        match name {
            "worst-inlet-cel" if above("kh-above-allowable") => " critical",
            "worst-inlet-cel" if above("kh-above-recommended") => " high",
            "lost-gpu-h" if above("lost-gpu-h") => " high",
            _ => "",
        }
    }

    /// Every assert with its margin; those that failed first.
    pub(super) fn asserts(&self, html: &mut String) {
        if self.asserts.is_empty() {
            return;
        }
        html.push_str("<section><h2>Asserts</h2><div class=\"wide\"><table><thead><tr><th></th><th>What had to hold</th><th>Margin</th><th>Worst at</th><th></th></tr></thead><tbody>\n");
        for held in [false, true] {
            for assert in self.asserts.iter().filter(|a| a.held == held) {
                let (class, sign) = if held { ("held", "held") } else { ("critical", "failed") };
                let worst = assert.at.map(|at| self.instant(at)).unwrap_or_default();
                let _ = write!(html, "<tr class=\"{class}\"><td class=\"sign\"><i></i>{sign}</td><td>");
                escape(html, &assert.name);
                let _ = write!(html, "</td><td class=\"margin\">{}</td><td>{worst}</td>", escaped(&assert.margin));
                let _ = writeln!(html, "<td class=\"story\">{}</td></tr>", escaped(&assert.story));
            }
        }
        html.push_str("</tbody></table></div></section>\n");
    }

    fn instant(&self, at: plant::time::Span) -> String {
        let millis = i64::try_from(at.millis()).unwrap_or(i64::MAX);
        iso(plant::time::Wall(self.recording.start().0.saturating_add(millis)))
    }

    /// All figures; the baseline's beside them where there is one; what was not observed by name only.
    pub(super) fn figures(&self, html: &mut String) {
        html.push_str("<section><h2>Figures</h2><div class=\"columns\"><table><tbody>\n");
        let seen = |kpi: &&Kpi| kpi.value.is_some() && !kpi.name.contains('.');
        for kpi in self.kpis.iter().filter(seen) {
            self.row(html, kpi);
        }
        html.push_str("</tbody></table></div>\n");
        let single: Vec<&Kpi> = self.kpis.iter().filter(|k| k.value.is_some() && k.name.contains('.')).collect();
        if !single.is_empty() {
            html.push_str(
                "<details><summary>Each device and actuator</summary><div class=\"columns\"><table><tbody>\n",
            );
            for kpi in single {
                self.row(html, kpi);
            }
            html.push_str("</tbody></table></div></details>\n");
        }
        let missing: Vec<&str> = self.kpis.iter().filter(|k| k.value.is_none()).map(|k| k.title.as_str()).collect();
        if !missing.is_empty() {
            let all = escaped(&missing.join(", "));
            let _ = writeln!(html, "<p class=\"note\">Not observed in this run, and so not zero: {all}.</p>");
        }
        if self.recording.unmarked() > 0 {
            let _ = writeln!(html, "<p class=\"note\">{} more events are not shown.</p>", self.recording.unmarked());
        }
        html.push_str("</section>\n");
    }

    fn row(&self, html: &mut String, kpi: &Kpi) {
        let at = kpi.at.map(|at| format!(" <span class=\"soft\">at {}</span>", iso(at))).unwrap_or_default();
        let (title, figure) = (escaped(&kpi.title), honest(self.kpis, kpi));
        let _ = write!(html, "<tr><td>{title}{at}</td><td class=\"figure\">{figure}</td>");
        if let Some((name, base)) = self.baseline {
            let before = base.iter().find(|k| k.name == kpi.name);
            let before = before.map_or_else(|| "none".to_owned(), |k| honest(base, k));
            let _ = write!(html, "<td class=\"figure soft\">{}: {before}</td>", escaped(name));
        }
        html.push_str("</tr>\n");
    }
}

/// A figure with its unit.
fn plain(kpi: &Kpi) -> String {
    match kpi.value {
        Some(value) => format!("{} {}", grouped(value, kpi.decimals), kpi.unit).trim_end().to_owned(),
        None => "not observed".to_owned(),
    }
}

/// The same, and the facility's energy beside a ratio that is half a truth without.
fn honest(of: &Kpis, kpi: &Kpi) -> String {
    match of.value("facility-kwh") {
        Some(facility) if kpi.value.is_some() && TEMPTING.contains(&kpi.name.as_str()) => {
            format!("{} at {} kWh", plain(kpi), grouped(facility, 1))
        }
        Some(_) | None => plain(kpi),
    }
}
