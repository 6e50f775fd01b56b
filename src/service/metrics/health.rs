//! Is control alive, and is it ready? A scan that hangs is caught by its silence, whatever the scan believes.

use plant::convert;

use super::{Check, Metrics};

/// The answer to a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// True when every required check holds.
    pub ok: bool,
    /// Every check.
    pub checks: Vec<Check>,
}

impl Verdict {
    fn of(checks: Vec<Check>) -> Self {
        Self { ok: checks.iter().all(|c| c.ok || !c.required), checks }
    }

    /// One line a check, then the verdict; only the verdict unless `verbose`.
    #[must_use]
    pub fn text(&self, name: &str, verbose: bool) -> String {
        let mut out = String::new();
        if verbose || !self.ok {
            for check in &self.checks {
                let mark = if check.ok { "[+]" } else { "[-]" };
                let note = if check.required { "" } else { " (not required)" };
                out.push_str(&format!("{mark}{}{note}: {}\n", check.name, check.detail));
            }
        }
        out.push_str(&format!("{name} check {}\n", if self.ok { "passed" } else { "failed" }));
        out
    }
}

impl Metrics {
    /// Alive: a scan has completed within three periods.
    #[must_use]
    pub fn live(&self) -> Verdict {
        Verdict::of(vec![self.scan_check()])
    }

    /// Ready: alive, the outputs are controlled, and every row sees at least half of its inlets.
    #[must_use]
    pub fn ready(&self) -> Verdict {
        let mut checks = vec![self.scan_check()];
        let figures = self.figures();
        let detail = if figures.failsafe { "outputs are held at their safe values" } else { "outputs are controlled" };
        checks.push(Check { name: "control", ok: !figures.failsafe, required: true, detail: detail.into() });
        let detail = if figures.reload_successful { "in force" } else { "the last reload was refused" };
        checks.push(Check { name: "config", ok: figures.reload_successful, required: true, detail: detail.into() });
        for row in self.hall.rows.rows() {
            let seen = row.racks.iter().filter(|r| figures.good(r.inlet.id()).is_some()).count();
            let ok = convert::f64_from_usize(seen) >= 0.5 * convert::f64_from_usize(row.racks.len());
            let detail = format!("{}: {seen} of {} rack inlets are good", row.name, row.racks.len());
            checks.push(Check { name: "inlets", ok, required: true, detail });
        }
        checks.extend(figures.checks.iter().cloned());
        Verdict::of(checks)
    }

    fn scan_check(&self) -> Check {
        let limit = self.period.times(3);
        let (ok, detail) = match self.silence() {
            None => (false, "no scan has completed yet".to_owned()),
            Some(silence) if silence <= limit => (true, format!("a scan completed {silence} ago")),
            Some(silence) => (false, format!("no scan has completed for {silence}; the limit is {limit}")),
        };
        Check { name: "scan", ok, required: true, detail }
    }
}
