//! A plan's reasons in words.

use plant::plan::{Bound, Limit, Short, Told, Why};

use super::problem::Problem;

/// Less than this is not worth a word (currency).
const CENT: f64 = 0.005;

/// What limits are called, and in what money they are told.
#[derive(Clone, Debug)]
pub struct Names<'n> {
    /// What a domain is: `domain` in a file, `feed` in a hall.
    place: &'n str,
    site: &'n str,
    domains: Vec<&'n str>,
    demands: Vec<&'n str>,
    currency: &'n str,
}

impl<'n> Names<'n> {
    /// Those of a problem.
    #[must_use]
    pub fn new(problem: &'n Problem, currency: &'n str) -> Self {
        let domains = problem.domains.iter().map(|of| of.name.as_str()).collect();
        let demands = problem.demands.iter().map(|of| of.name.as_str()).collect();
        Self { place: "domain", site: "the site", domains, demands, currency }
    }

    /// Those of a plan that a hall follows.
    #[must_use]
    pub fn told(told: &'n Told, currency: &'n str) -> Self {
        let domains = told.domains.iter().map(String::as_str).collect();
        let demands = told.demands.iter().map(String::as_str).collect();
        Self { place: "feed", site: "the site", domains, demands, currency }
    }

    /// The same where it is known what the site's limit is.
    #[must_use]
    pub fn bound(&self, by: Bound) -> Self {
        let site = match by {
            Bound::Feed => "what the site's feed carries",
            Bound::Asked => "what a grid or a budget asks",
            Bound::Target => "a target of the hall's file",
        };
        Self { site, ..self.clone() }
    }

    /// A limit by its name.
    #[must_use]
    pub fn limit(&self, limit: Limit) -> String {
        match limit {
            Limit::Release => "its release".to_owned(),
            Limit::Deadline => "its deadline".to_owned(),
            Limit::Site => self.site.to_owned(),
            Limit::Domain(n) => self.domains.get(n).map_or_else(String::new, |of| format!("{} {of}", self.place)),
            Limit::Demand(n) => self.demands.get(n).map_or_else(String::new, |of| format!("demand {of}")),
            Limit::Run => "the length of its runs".to_owned(),
        }
    }

    /// Why a job runs when it does: a line for the reason, one for what keeps it out of what would be cheaper, one for what is missing.
    #[must_use]
    pub fn said(&self, why: Why, held_by: Option<Limit>, short: Option<Short>) -> Vec<String> {
        let mut lines = Vec::new();
        match why {
            Why::Committed => lines.push("it runs already and may not stop yet".to_owned()),
            Why::NoChoice => lines.push("there is no time to spare before its deadline".to_owned()),
            Why::AtOnce => lines.push("at once: waiting would not be cheaper".to_owned()),
            Why::Room { limit } => lines.push(format!("as early as {} allows", self.limit(limit))),
            Why::Held => lines.push("at once: what would be cheaper is not open to it".to_owned()),
            Why::Cheaper { energy, peak } => lines.push(self.differs("cheaper", (energy, peak))),
            Why::Dearer { energy, peak } => lines.push(self.differs("dearer by itself", (-energy, -peak))),
            Why::Even => lines.push("it costs the same as at once, and the load is lower then".to_owned()),
            Why::Not => {}
        }
        if let Some(limit) = held_by {
            lines.push(match limit {
                Limit::Run => "a cheaper slot would make a run too short".to_owned(),
                Limit::Release | Limit::Deadline | Limit::Site | Limit::Domain(_) | Limit::Demand(_) => {
                    format!("kept out of a cheaper slot by {}", self.limit(limit))
                }
            });
        }
        if let Some(short) = short {
            lines.push(format!("short of {:.1} kWh because of {}", short.kwh, self.limit(short.limit)));
        }
        lines
    }

    /// By how much less its energy and peaks cost than as early as limits allow.
    fn differs(&self, how: &str, (energy, peak): (f64, f64)) -> String {
        let all = format!("{:.2} {} {how} than as early as limits allow", (energy + peak).abs(), self.currency);
        let part = |name: &str, x: f64| {
            let word = if x > 0.0 { "less" } else { "more" };
            (x.abs() > CENT).then(|| format!("{name} {:.2} {word}", x.abs()))
        };
        let parts: Vec<String> = [part("energy", energy), part("peaks", peak)].into_iter().flatten().collect();
        format!("{all} ({})", parts.join(", "))
    }
}
