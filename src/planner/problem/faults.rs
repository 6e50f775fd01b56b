//! What is wrong with a problem: everything, each by its name.

use plant::read::{did_you_mean, is_name};

use super::{Battery, Demand, Job, LEAST, MOST, MOST_SLOTS, Problem, Slot};
use crate::planner::tree;

/// The thing of a problem that is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The problem itself.
    Problem,
    /// A slot, by its index.
    Slot(usize),
    /// A demand, by its index.
    Demand(usize),
    /// The battery.
    Battery,
    /// A domain, by its index.
    Domain(usize),
    /// A job, by its index.
    Job(usize),
}

/// What is wrong with a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemFault {
    /// Of what.
    pub of: Of,
    /// Which of its values, by the word that a file has for it.
    pub key: &'static str,
    /// What is wrong, naming thing and rule.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl core::fmt::Display for ProblemFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.message, self.help)
    }
}

impl Problem {
    /// Everything that is wrong with it; a plan is made only where this is empty.
    #[must_use]
    pub fn faults(&self) -> Vec<ProblemFault> {
        let mut faults = Faults(Vec::new());
        faults.within(Of::Problem, ("co2", "the price of CO2"), self.co2, (0.0, MOST));
        if self.slots.is_empty() || self.slots.len() > MOST_SLOTS {
            let message = format!("a plan of {} slots: from 1 to {MOST_SLOTS} can be planned", self.slots.len());
            faults.add(Of::Problem, "length", message, "plan at most four days");
        }
        self.slots.iter().enumerate().for_each(|(n, slot)| faults.slot(n, slot));
        self.demands.iter().enumerate().for_each(|(n, demand)| faults.demand(n, demand, self.slots.len()));
        if let Some(battery) = &self.battery {
            faults.battery(battery);
        }
        self.domains.iter().enumerate().for_each(|(n, _)| faults.domain(n, self));
        self.jobs.iter().enumerate().for_each(|(n, job)| faults.job(n, job, self));
        faults.names(self.demands.iter().map(|d| &d.name), Of::Demand);
        faults.names(self.domains.iter().map(|d| &d.name), Of::Domain);
        faults.names(self.jobs.iter().map(|j| &j.name), Of::Job);
        faults.0
    }
}

struct Faults(Vec<ProblemFault>);

impl Faults {
    fn add(&mut self, of: Of, key: &'static str, message: String, help: impl Into<String>) {
        self.0.push(ProblemFault { of, key, message, help: help.into() });
    }

    /// A number must be one, and lie in a range.
    fn within(&mut self, of: Of, (key, what): (&'static str, &str), value: f64, (low, high): (f64, f64)) {
        if !(low..=high).contains(&value) {
            let message = format!("{what} is {value} and must be from {low} to {high}");
            self.add(of, key, message, format!("write a number from {low} to {high}"));
        }
    }

    fn slot(&mut self, n: usize, slot: &Slot) {
        let of = Of::Slot(n);
        self.within(of, ("price", "the price of energy"), slot.price, (-MOST, MOST));
        self.within(of, ("carbon", "the CO2 of energy"), slot.carbon, (0.0, MOST));
        self.within(of, ("base", "the base load"), slot.base, (0.0, MOST));
        self.within(of, ("cooling", "the factor of cooling"), slot.cooling, (1.0, 5.0));
        if slot.limit.is_nan() || slot.limit < 0.0 {
            self.add(of, "limit", format!("the site's limit is {} kW", slot.limit), "write 0 or more, or leave it out");
        }
        if !(slot.base_high >= slot.base && slot.base_high <= MOST) {
            let message = format!("the high base load is {} kW, the expected one {} kW", slot.base_high, slot.base);
            self.add(of, "base-high", message, "the high one is the expected one or more");
        }
    }

    fn demand(&mut self, n: usize, demand: &Demand, slots: usize) {
        let (of, name) = (Of::Demand(n), format!("of demand `{}`", demand.name));
        self.within(of, ("price", &format!("the price {name}")), demand.rate, (0.0, MOST));
        self.within(of, ("paid", &format!("the paid peak {name}")), demand.paid, (0.0, MOST));
        self.within(of, ("floor", &format!("the floor {name}")), demand.floor, (0.0, MOST));
        for kw in &demand.before {
            self.within(of, ("before", &format!("what flowed before the windows {name}")), *kw, (0.0, MOST));
        }
        if !(1..=4).contains(&demand.length) {
            let message = format!("the window {name} has {} slots", demand.length);
            self.add(of, "length", message, "windows of 15, 30, 45 and 60 minutes can be planned");
        } else if demand.before.len() >= demand.length {
            let message = format!("{} slots before the windows {name} are too many", demand.before.len());
            self.add(of, "before", message, format!("write the last {} at most", demand.length - 1));
        }
        if !demand.active.is_empty() && demand.active.len() != slots {
            let message =
                format!("{} of {slots} slots say whether demand `{}` counts", demand.active.len(), demand.name);
            self.add(of, "hours", message, "one for each slot, or none for all");
        }
    }

    fn battery(&mut self, b: &Battery) {
        let of = Of::Battery;
        self.within(of, ("charge", "what the battery takes"), b.charge, (0.0, MOST));
        self.within(of, ("discharge", "what the battery gives"), b.discharge, (0.0, MOST));
        self.within(of, ("capacity", "what the battery holds"), b.capacity, (0.0, MOST));
        self.within(of, ("charge-efficiency", "the efficiency of charging"), b.charge_efficiency, (0.3, 1.0));
        self.within(of, ("discharge-efficiency", "the efficiency of discharging"), b.discharge_efficiency, (0.3, 1.0));
        self.within(of, ("worth", "what is left in the battery"), b.worth, (0.0, MOST));
        self.within(of, ("wear", "the battery's wear"), b.wear, (0.0, MOST));
        for (key, what, kwh) in [
            ("level", "the battery's level", b.level),
            ("reserve", "the battery's reserve", b.reserve),
            ("end", "the battery's level at the end", b.end),
        ] {
            if !(0.0..=b.capacity).contains(&kwh) {
                let message = format!("{what} is {kwh} kWh and it holds {} kWh", b.capacity);
                self.add(of, key, message, "write 0 to what it holds");
            }
        }
    }

    fn domain(&mut self, n: usize, problem: &Problem) {
        let Some(domain) = problem.domains.get(n) else { return };
        let (of, name) = (Of::Domain(n), &domain.name);
        for cap in &domain.caps {
            self.within(of, ("cap", &format!("the limit of domain `{name}`")), *cap, (0.0, MOST));
        }
        if domain.caps.len() != 1 && domain.caps.len() != problem.slots.len() {
            let message = format!("domain `{name}` has {} limits for {} slots", domain.caps.len(), problem.slots.len());
            self.add(of, "cap", message, "one for each slot, or one for all");
        }
        if domain.parent.is_some_and(|parent| parent >= problem.domains.len()) {
            self.add(of, "parent", format!("domain `{name}` hangs on one that is not there"), "name another domain");
        } else if tree::is_ring(&problem.domains, n) {
            self.add(
                of,
                "parent",
                format!("domain `{name}` hangs on itself"),
                "leave out the parent of the topmost one",
            );
        }
    }

    fn job(&mut self, n: usize, job: &Job, problem: &Problem) {
        let (of, name, slots) = (Of::Job(n), &job.name, problem.slots.len());
        self.within(of, ("kw", &format!("the power of job `{name}`")), job.kw, (LEAST, MOST));
        self.within(of, ("lost", &format!("what job `{name}` loses")), job.lost, (0.0, MOST));
        if job.domain.is_some_and(|domain| domain >= problem.domains.len()) {
            let help = did_you_mean(name, problem.domains.iter().map(|d| d.name.as_str()));
            self.add(of, "domain", format!("job `{name}` draws from a domain that is not there"), help);
        }
        if job.deadline > slots || job.release >= job.deadline {
            let message = format!("job `{name}` may run from slot {} to {} of {slots}", job.release, job.deadline);
            self.add(of, "deadline", message, "a deadline lies after the release, and at most at the end of the plan");
        }
        if job.slots == 0 || job.slots > MOST_SLOTS {
            self.add(of, "for", format!("job `{name}` needs {} slots", job.slots), "at least one, four days at most");
        }
        if job.min_run == 0 || job.min_run > job.slots.max(1) {
            let message =
                format!("the shortest run of job `{name}` is {} slots, and it needs {}", job.min_run, job.slots);
            self.add(of, "min-run", message, "from one slot to all that it needs");
        }
        if job.checkpoint == 0 || job.checkpoint > MOST_SLOTS {
            let message = format!("job `{name}` saves what it has done every {} slots", job.checkpoint);
            self.add(of, "checkpoint", message, "at least one slot, four days at most");
        }
        if job.running > 0 && job.release > 0 {
            let message = format!("job `{name}` runs already and is released in slot {}", job.release);
            self.add(of, "running", message, "what runs is released at the beginning");
        }
    }

    fn names<'n>(&mut self, names: impl Iterator<Item = &'n String> + Clone, of: fn(usize) -> Of) {
        let mut seen = std::collections::BTreeSet::new();
        for (n, name) in names.enumerate() {
            if !is_name(name) {
                let help = "use small letters, digits and dashes, and start with a letter or digit";
                self.add(of(n), "name", format!("`{name}` is no name"), help);
            } else if !seen.insert(name) {
                self.add(of(n), "name", format!("the name `{name}` is there twice"), "give each a name of its own");
            }
        }
    }
}
