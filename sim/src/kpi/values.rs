//! The figures of a run by name, and what two runs differ in, in words.

use std::fmt;

use plant::convert;
use plant::time::Wall;

use super::Meter;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Kpi {
    /// Its name for scenarios: `pue`, `starts.chiller-1`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Its unit; empty for a plain number.
    pub unit: &'static str,
    /// The figure; nothing where some step lacked what it is made of.
    pub value: Option<f64>,
    /// When it was so, for a worst or a peak.
    pub at: Option<Wall>,
    /// How many decimals people want to see.
    pub decimals: usize,
}

/// All figures of a run, in the order in which they are told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kpis(Vec<Kpi>);

/// What a controller in shadow says of the control beside it, by name, title, unit and decimals.
pub const SHADOW: &[(&str, &str, (&str, usize))] = &[
    ("shadow-saved-kwh", "Shadow: fans and pumps would save, all told", ("kWh", 1)),
    ("shadow-fans-kwh", "Shadow: fans would save", ("kWh", 1)),
    ("shadow-pumps-kwh", "Shadow: pumps would save", ("kWh", 1)),
    ("shadow-machines-kwh", "Shadow: machines' fans would draw more", ("kWh", 1)),
    ("shadow-water-kwh", "Shadow: pumps would draw more for warmer water", ("kWh", 1)),
    ("shadow-differs-percent", "Shadow: time in which ours would differ, the mean of outputs", ("%", 1)),
    ("shadow-not-compared", "Shadow: outputs that nothing reads back", ("", 0)),
    ("shadow-risk-ours-min", "Shadow: ours would have risked", ("min", 1)),
    ("shadow-risk-floors-min", "Shadow: theirs below our floors", ("min", 1)),
    ("shadow-risk-unprotected-min", "Shadow: our protection would have acted", ("min", 1)),
    ("shadow-risk-face-value-min", "Shadow: a doubted reading taken at face value", ("min", 1)),
    ("shadow-risk-warm-min", "Shadow: inlets warm, and ours would have cooled more", ("min", 1)),
    ("shadow-writes", "Shadow: writes that reached the hall", ("", 0)),
];

/// What the supervisor of setpoints says of its experiments, in the same way.
const SUPERVISOR: &[(&str, &str, (&str, usize))] = &[
    ("supervisor-judged", "Supervisor: experiments that were judged", ("", 0)),
    ("supervisor-discarded", "Supervisor: and that were not, for machines or load were others", ("", 0)),
];

/// What became of capped GPUs, in the same way; only whoever leads their agents knows.
const GPUS: &[(&str, &str, (&str, usize))] = &[
    ("gpus-trips", "Capped GPUs: breakers that tripped", ("", 0)),
    ("gpus-feed-peak", "Capped GPUs: the most that a feed carried, of its limit", ("%", 1)),
    ("gpus-lost-first", "Capped GPUs: work lost of who comes first", ("%", 2)),
    ("gpus-lost-all", "Capped GPUs: work lost of all", ("%", 2)),
    ("gpus-worked", "Capped GPUs: work done, in uncapped GPUs", ("", 1)),
    ("gpus-unheld-s", "Capped GPUs: the longest above the fail-safe without a lease", ("s", 0)),
    ("gpus-stranded", "Capped GPUs: on nobody's lease in the end", ("", 0)),
];

/// What became of jobs that asked for leases, in the same way; only whoever leads them knows.
const JOBS: &[(&str, &str, (&str, usize))] = &[
    ("jobs-kept", "Leased jobs: done by their deadlines", ("", 0)),
    ("jobs-told", "Leased jobs: not done, and told before", ("", 0)),
    ("jobs-silent", "Leased jobs: not done, and not told", ("", 0)),
    ("jobs-running", "Leased jobs: whose deadlines are to come", ("", 0)),
    ("jobs-lowered", "Leased jobs: lowered or paused, all told", ("", 0)),
    ("jobs-paused", "Leased jobs: paused by a plan, all told", ("", 0)),
];

/// What a controller that keeps billed peaks down says of its savings, in the same way.
const SAVINGS: &[(&str, &str, (&str, usize))] = &[
    ("savings-peak-metered-kw", "Savings: the billed peak as metered", ("kW", 1)),
    ("savings-peak-no-batteries-kw", "Savings: the same without batteries", ("kW", 1)),
    ("savings-peak-no-control-kw", "Savings: the same without batteries and caps, estimated", ("kW", 1)),
    ("savings-shed-kwh", "Savings: what caps held back for money, estimated", ("kWh", 1)),
    ("savings-unsure-gpu-h", "Savings: GPU-hours of which nobody knows", ("GPU-h", 1)),
];

/// How far a controller moves cooling's setpoints for billed peaks, in the same way.
const RIDES: &[(&str, &str, (&str, usize))] = &[
    ("ride-times", "Cooling for billed peaks: how often setpoints rose", ("", 0)),
    ("ride-min", "Cooling for billed peaks: how long any was above its usual place", ("min", 1)),
    ("ride-rose-k", "Cooling for billed peaks: the farthest that any rose", ("K", 2)),
    ("ride-fell-k", "Cooling for billed peaks: the farthest that any fell before one", ("K", 2)),
];

/// Joules of a kilowatt-hour.
const KWH: f64 = 3.6e6;
/// Seconds of an hour.
const HOUR: f64 = 3600.0;

impl Meter {
    /// The figures so far.
    #[must_use]
    pub fn kpis(&self) -> Kpis {
        let mut all = Kpis::default();
        self.energy(&mut all);
        self.surroundings(&mut all);
        self.machines(&mut all);
        self.wear(&mut all);
        let theirs = SHADOW.iter().chain(SUPERVISOR).chain(GPUS).chain(JOBS).chain(SAVINGS).chain(RIDES);
        theirs.for_each(|(name, title, unit)| all.add(name, title, *unit, None));
        all
    }

    fn energy(&self, all: &mut Kpis) {
        let (facility, it, cooling) = (self.facility.sum(), self.it.sum(), self.cooling.sum());
        let (compute, exported) = (self.compute.sum(), self.exported.sum());
        let kwh = |joules: Option<f64>| joules.map(|j| j / KWH);
        all.add("facility-kwh", "Facility energy", ("kWh", 1), kwh(facility));
        all.add("it-kwh", "IT energy", ("kWh", 1), kwh(it));
        all.add("cooling-kwh", "Cooling energy", ("kWh", 1), kwh(cooling));
        all.add("fans-kwh", "Fans of coolers", ("kWh", 1), kwh(self.fans.sum()));
        all.add("pumps-kwh", "Pumps", ("kWh", 1), kwh(self.pumps.sum()));
        all.add("compute-kwh", "Compute energy, without fans and supplies", ("kWh", 1), kwh(compute));
        all.add("machine-fans-kwh", "Machines' fans", ("kWh", 1), kwh(self.machine_fans.sum()));
        all.add("pue", "PUE", ("", 3), over(facility, it));
        all.add("ppue-cooling", "pPUE of cooling", ("", 3), over(plus(it, cooling), it));
        all.add("itue", "ITUE", ("", 3), over(it, compute));
        all.add("tue", "TUE", ("", 3), over(facility, compute));
        all.add("exported-kwh", "Heat exported", ("kWh", 1), kwh(exported));
        all.add("erf", "ERF, reused over all", ("", 3), over(exported, facility));
        all.add("ere", "ERE", ("", 3), over(plus(facility, exported.map(|e| -e)), it));
        // A kilogram of water is taken for a litre.
        all.add("water-l", "Water", ("L", 0), self.water.sum());
        all.add("wue", "WUE", ("L/kWh", 3), over(self.water.sum(), kwh(it)));
        all.add("co2-kg", "CO₂", ("kg", 1), self.co2.sum().map(|s| s / KWH));
        all.add("cost", "Cost of energy", ("", 2), self.cost.sum().map(|s| s / KWH));
        let peak = self.demand.peak();
        all.add("peak-15min-kw", "15-minute peak", ("kW", 1), peak.map(|(w, _)| w / 1e3));
        all.at(peak.map(|(_, at)| at));
        let late = self.late.and_then(|(_, late)| late.peak());
        all.add("late-peak-15min-kw", "15-minute peak, late in the run", ("kW", 1), late.map(|(w, _)| w / 1e3));
        all.at(late.map(|(_, at)| at));
    }

    fn surroundings(&self, all: &mut Kpis) {
        let hottest = self.climate.hottest();
        all.add("worst-inlet-cel", "Worst inlet", ("°C", 1), hottest.map(|(t, _)| t));
        all.at(hottest.map(|(_, at)| at));
        let [above, far_above, below, far_below] = self.climate.kelvin_hours();
        all.add("kh-above-recommended", "Above recommended, all inlets", ("K·h", 2), above);
        all.add("kh-above-allowable", "Above allowable, all inlets", ("K·h", 2), far_above);
        all.add("kh-below-recommended", "Below recommended, all inlets", ("K·h", 2), below);
        all.add("kh-below-allowable", "Below allowable, all inlets", ("K·h", 2), far_below);
        let [high, low] = self.climate.rci();
        all.add("rci-hi", "RCI at the hot end", ("%", 1), high);
        all.add("rci-lo", "RCI at the cold end", ("%", 1), low);
        let margin = self.case_margin.value();
        all.add("case-margin-k", "Worst case-temperature margin", ("K", 1), margin.map(|(k, _)| k));
        all.at(margin.map(|(_, at)| at));
        let level = self.level.value();
        all.add("least-level-percent", "Emptiest tank, at its least", ("%", 1), level.map(|(percent, _)| percent));
        all.at(level.map(|(_, at)| at));
    }

    fn machines(&self, all: &mut Kpis) {
        let hours = |sum: Option<f64>| sum.map(|s| s / HOUR);
        let (wanted, lost) = (self.wanted.sum(), self.lost.sum());
        all.add("throttled-gpu-h", "Throttled", ("GPU·h", 2), hours(self.throttled.sum()));
        all.add("lost-gpu-h", "Work lost", ("GPU·h", 2), hours(lost));
        all.add("lost-share", "Work lost over work wanted", ("%", 2), over(lost, wanted).map(|s| s * 100.0));
        all.add("failsafe-s", "In fail-safe", ("s", 0), self.failsafe.sum());
        let longest = self.controller_longest.value().map(|(s, _)| -s * 1e6);
        all.add("controller-us", "Controller's time a scan", ("µs", 1), self.controller.mean().map(|s| s * 1e6));
        all.add("controller-longest-us", "Controller's longest scan", ("µs", 1), longest);
        let share = over(self.controller.sum(), (self.seconds > 0.0).then_some(self.seconds));
        all.add("controller-share", "Controller's time over the run's", ("", 9), share);
    }

    fn wear(&self, all: &mut Kpis) {
        let hours = self.seconds / HOUR;
        let hourly = |n: f64| (hours > 0.0).then(|| n / hours);
        let starts = |d: &super::Device| d.starts().map(convert::f64_from_u64);
        let travel = |c: &super::Command| c.travel().and_then(|t| hourly(t * 100.0));
        let turns = |c: &super::Command| c.turns().and_then(|n| hourly(convert::f64_from_u64(n)));
        all.add("starts", "Starts of all devices", ("", 0), sum(self.devices.iter().map(starts)));
        all.add("travel-per-h", "Travel of all actuators", ("%/h", 1), sum(self.commands.iter().map(travel)));
        let most = self.commands.iter().map(turns).collect::<Option<Vec<f64>>>();
        let most = most.and_then(|turns| turns.into_iter().reduce(f64::max));
        all.add("reversals-per-h", "Reversals, the worst actuator", ("/h", 1), most);
        for device in &self.devices {
            all.add(&format!("starts.{}", device.name), &format!("Starts of {}", device.name), ("", 0), starts(device));
        }
        for command in &self.commands {
            let name = &command.of.name;
            all.add(&format!("travel-per-h.{name}"), &format!("Travel of {name}"), ("%/h", 1), travel(command));
            all.add(&format!("reversals-per-h.{name}"), &format!("Reversals of {name}"), ("/h", 1), turns(command));
        }
    }
}

impl Kpis {
    /// A figure by its name; nothing for a name that is none and for a figure that is missing. [`Kpis::knows`] tells them apart.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|kpi| kpi.name == name)?.value
    }

    /// True when there is a figure of this name, missing or not.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.0.iter().any(|kpi| kpi.name == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Kpi> {
        self.0.iter()
    }

    /// A figure as people read it. PUE comes with the facility's energy, for it is half a truth without.
    #[must_use]
    pub fn say(&self, kpi: &Kpi) -> String {
        let Some(value) = kpi.value else { return "not observed".to_owned() };
        let plain = format!("{value:.*} {}", kpi.decimals, kpi.unit).trim_end().to_owned();
        match self.value("facility-kwh") {
            Some(facility) if TEMPTING.contains(&kpi.name.as_str()) => format!("{plain} at {facility:.1} kWh"),
            Some(_) | None => plain,
        }
    }

    /// What this run has over another one of the same hall: the energy first, and a warning where PUE points the other way.
    ///
    /// Nothing when one of them lacks the facility's energy.
    #[must_use]
    pub fn against(&self, base: &Self) -> Option<String> {
        let (now, before) = (self.value("facility-kwh")?, base.value("facility-kwh")?);
        let more = now - before;
        let share = if before > 0.0 { more / before * 100.0 } else { 0.0 };
        let word = if more > 0.0 { "more" } else { "less" };
        let energy = format!("the facility uses {:.1} kWh {word} ({share:+.1} %)", more.abs());
        let (Some(pue), Some(old)) = (self.value("pue"), base.value("pue")) else {
            return Some(format!("Against the other run {energy}."));
        };
        let moved = format!("PUE goes from {old:.3} at {before:.1} kWh to {pue:.3} at {now:.1} kWh");
        Some(if pue < old && more > 0.0 {
            format!("{moved}: it looks better, yet {energy}. A lower PUE is no saving here.")
        } else if pue > old && more < 0.0 {
            format!("{moved}: it looks worse, yet {energy}. A higher PUE is a saving here.")
        } else {
            format!("{moved}: {energy}.")
        })
    }

    /// Gives a figure that only the controller knows its value, of [`SHADOW`], of the supervisor, of capped GPUs, of leased jobs or of savings; one of another name is
    /// left as it is.
    pub fn give(&mut self, name: &str, value: f64) {
        let theirs = |kpi: &Kpi| {
            ["shadow-", "supervisor-", "gpus-", "jobs-", "savings-", "ride-"].iter().any(|of| kpi.name.starts_with(of))
        };
        let known = self.0.iter_mut().find(|kpi| kpi.name == name && theirs(kpi));
        known.into_iter().for_each(|kpi| kpi.value = Some(value).filter(|v| v.is_finite()));
    }

    /// Another figure, with its unit and decimals.
    fn add(&mut self, name: &str, title: &str, (unit, decimals): (&'static str, usize), value: Option<f64>) {
        let value = value.filter(|v| v.is_finite());
        self.0.push(Kpi { name: name.to_owned(), title: title.to_owned(), unit, value, at: None, decimals });
    }

    /// When the figure that was added last was so.
    fn at(&mut self, at: Option<Wall>) {
        if let Some(last) = self.0.last_mut() {
            last.at = at;
        }
    }
}

/// Ratios over IT's energy that look better when IT wastes more.
const TEMPTING: [&str; 2] = ["pue", "ppue-cooling"];

/// One line a figure; those that were not observed are left to [`Kpis::iter`].
impl fmt::Display for Kpis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kpi in self.0.iter().filter(|kpi| kpi.value.is_some()) {
            writeln!(f, "  {:<44} {}", kpi.title, self.say(kpi))?;
        }
        Ok(())
    }
}

/// One over the other, both known and the other more than nothing.
fn over(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    let other = other.filter(|o| *o > 0.0)?;
    Some(one? / other)
}

fn plus(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    Some(one? + other?)
}

/// The sum, if there are any and all are known.
fn sum(of: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let all = of.collect::<Option<Vec<f64>>>()?;
    (!all.is_empty()).then(|| all.iter().sum())
}
