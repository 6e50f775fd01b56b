//! `wattloop plan`: when jobs should run over the next day or two, and why.

mod words;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use wattloop::control::ahead::{Question, Supposed};
use wattloop::planner::{Plan, PlanFile, Planner, Rival, SlotPlan, Way, Why, Worth, plan, worth};

use super::client::SocketArgs;
use super::figure::fixed;
use super::{Out, Stop};
use words::Words;

/// Plans a problem.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop plan config/plans/night.toml             when each job runs and why, what peaks are held, what one kW more is worth
  wattloop plan config/plans/night.toml --slots     every quarter of an hour, too
  wattloop plan config/plans/night.toml --greedy    without the linear programme
  wattloop plan config/plans/night.toml --json | jq '.jobs[] | select(.short)'
  wattloop plan --running --slots                   what the running hall's battery should do, by its forecast, prices and paid peaks

Nothing runs by it. Exit code 0, also where a job does not fit; 78 for a file with faults; 1 where the running hall has nothing to plan.
docs/plan.md says what a file may hold, and what a running hall asks.")]
pub struct PlanArgs {
    /// The problem
    #[arg(required_unless_present = "running")]
    pub file: Option<PathBuf>,
    /// Plan the day ahead of the running hall
    #[arg(long, conflicts_with = "file")]
    pub running: bool,
    /// Show every slot, too
    #[arg(long)]
    pub slots: bool,
    /// Plan by greed alone, as where the linear programme is of no use
    #[arg(long)]
    pub greedy: bool,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Plans and shows.
pub fn run(args: &PlanArgs, out: &Out) -> Result<(), Stop> {
    let (file, supposed) = match &args.file {
        Some(path) => (read(path)?, None),
        None => {
            let question: Question = args.socket.get("/v1/plan/problem")?;
            let (begins, supposed) = (Some(question.begins), Some(question.supposed));
            let Question { tariff: name, currency, problem, .. } = question;
            (PlanFile { name, currency, begins, problem }, supposed)
        }
    };
    let by = if args.greedy { Planner::Greed } else { Planner::Programme };
    let wrong = |faults: Vec<_>| {
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Stop::new(78, "config_invalid", told.join("\n"), "")
    };
    let made = plan(&file.problem, by).map_err(wrong)?;
    let worth = if args.greedy { Vec::new() } else { worth(&file.problem).map_err(wrong)? };
    let words = Words { file: &file, plan: &made };
    if out.json() {
        let mut value = as_json(&words, &worth, args.slots);
        if let (Some(fields), Some(supposed)) = (value.as_object_mut(), supposed) {
            fields.insert("supposed".to_owned(), json!(supposed));
        }
        return out.value(&value);
    }
    summary(&words, out)?;
    if let Some(supposed) = &supposed {
        out.line(told(supposed))?;
    }
    jobs(&words, out)?;
    limits(&words, &worth, out)?;
    if args.slots { slots(&words, out) } else { Ok(()) }
}

fn read(path: &Path) -> Result<PlanFile, Stop> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|e| Stop::new(78, "config_invalid", format!("{name}: cannot be read: {e}"), "name a plan's file"))?;
    PlanFile::load(&name, &text).map_err(|faults| Stop::faults(&faults))
}

/// What of a running hall's problem nobody knows.
fn told(of: &Supposed) -> String {
    let parts = [
        (of.yesterday, "have the price of the day before: none is published"),
        (of.unpriced, "have the mean of the prices that are known"),
        (of.carbon, "have the carbon of the day before, or the mean of what is known: none is published"),
        (of.last_seen, "have the load that was seen last: no day of it is known"),
        (of.unjudged, "have a supposed error of their load: none was measured"),
        (of.mean_cooling, "have cooling for one more watt as for each in the mean: loads have moved too little"),
    ];
    let said =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("supposed: {count} slots {what}"));
    let said: Vec<String> = said.collect();
    if said.is_empty() { "supposed: nothing".to_owned() } else { said.join("\n") }
}

fn summary(words: &Words<'_>, out: &Out) -> Result<(), Stop> {
    let (file, plan) = (words.file, words.plan);
    let (count, last) = (file.problem.slots.len(), words.time(file.problem.slots.len()));
    out.line(format_args!(
        "{}: {} to {last}, {count} quarters of an hour, in {}\n",
        file.name,
        words.time(0),
        file.currency
    ))?;
    let head = ["total", "energy", "CO2", "peaks", "wear", "lost", "short jobs", "short kWh"];
    out.line(format_args!("{:12}{}", "", head.map(|word| format!("{word:>11}")).concat()))?;
    for (name, rival) in [("plan", &plan.own), ("at once", &plan.at_once), ("greed", &plan.greedy)] {
        out.line(row(name, rival))?;
    }
    if let Some(bound) = &plan.bound {
        out.line(format_args!("{:12}{:>11}   no plan that does as much is cheaper", "bound", fixed(bound.cost, 2)))?;
    }
    out.line(format_args!("\n{}", words.way()))?;
    if plan.over_kwh > 1e-6 {
        let kwh = fixed(plan.over_kwh, 1);
        out.line(format_args!(
            "warning: the base load may come above the site's limit by {kwh} kWh, and no job adds to that"
        ))?;
    }
    Ok(())
}

fn row(name: &str, rival: &Rival) -> String {
    let c = &rival.cost;
    let money = [c.total(), c.energy, c.carbon, c.demand, c.wear, c.lost].map(|x| format!("{:>11}", fixed(x, 2)));
    format!("{name:12}{}{:>11}{:>11}", money.concat(), rival.short_jobs, fixed(rival.short_kwh, 1))
}

fn jobs(words: &Words<'_>, out: &Out) -> Result<(), Stop> {
    let all: Vec<_> = words.file.problem.jobs.iter().zip(&words.plan.jobs).collect();
    if all.is_empty() {
        return out.line("\nno jobs");
    }
    let wide = all.iter().map(|(job, _)| job.name.len()).max().unwrap_or(0).max(4);
    out.line(format_args!("\n{:wide$}  {:>9}  runs, and why then", "job", "energy"))?;
    for (job, told) in all {
        let energy = fixed(told.energy, 2);
        out.line(format_args!("{:wide$}  {energy:>9}  {}", job.name, words.runs(told)))?;
        for line in words.why(told) {
            out.line(format_args!("{:wide$}  {:>9}    {line}", "", ""))?;
        }
    }
    Ok(())
}

fn limits(words: &Words<'_>, worth: &[Worth], out: &Out) -> Result<(), Stop> {
    if !words.plan.targets.is_empty() {
        out.line(format_args!("\n{:20}{:>11}{:>11}{:>11}  highest", "demand", "target kW", "free kW", "firm kW"))?;
    }
    for (demand, target) in words.file.problem.demands.iter().zip(&words.plan.targets) {
        let [kw, free, firm] = [target.kw, target.free, target.firm_kw].map(|kw| format!("{:>11}", fixed(kw, 1)));
        out.line(format_args!("{:20}{kw}{free}{firm}  {}", demand.name, words.highest(target)))?;
    }
    if let Some(of) = worth.first() {
        let rough = if of.rough { "  by groups of jobs: about" } else { "" };
        out.line(format_args!("\n{:20}{:>11}{rough}", "one kW more of", "is worth"))?;
    }
    for worth in worth {
        out.line(format_args!("{:20}{:>11}", words.limit(worth.limit), fixed(worth.per_kw, 2)))?;
    }
    Ok(())
}

fn slots(words: &Words<'_>, out: &Out) -> Result<(), Stop> {
    let head = ["price", "jobs kW", "battery kW", "level kWh", "site kW", "room kW", "one more"];
    out.line(format_args!("\n{:10}{}  reached", "slot", head.map(|word| format!("{word:>11}")).concat()))?;
    for (n, (slot, told)) in words.file.problem.slots.iter().zip(&words.plan.slots).enumerate() {
        let SlotPlan { jobs_kw, site_kw, battery_kw, level_kwh, room_kw, one_more, ref reached } = *told;
        let kw = [jobs_kw, battery_kw, level_kwh, site_kw, room_kw].map(|x| format!("{:>11}", fixed(x, 1)));
        let (price, more) = (fixed(slot.price, 4), fixed(one_more, 4));
        let reached: Vec<String> = reached.iter().map(|limit| words.limit(*limit)).collect();
        let line = format!("{:10}{price:>11}{}{more:>11}  {}", words.time(n), kw.concat(), reached.join(", "));
        out.line(line.trim_end())?;
    }
    Ok(())
}

fn as_json(words: &Words<'_>, worth: &[Worth], slots: bool) -> Value {
    let Words { file, plan } = words;
    let Plan { way, own, over_kwh, bound, at_once, greedy, jobs, targets, slots: all } = plan;
    let rival = |r: &Rival| json!({"total": r.cost.total(), "cost": r.cost, "short_kwh": r.short_kwh, "short_jobs": r.short_jobs});
    let job = |(job, told): (&wattloop::planner::Job, &wattloop::planner::JobPlan)| {
        let runs: Vec<_> = told
            .runs
            .iter()
            .map(|run| json!({"from": words.time(run.start), "to": words.time(run.end), "slots": [run.start, run.end]}))
            .collect();
        json!({
            "name": job.name, "runs": runs, "why": reason(told.why), "energy": told.energy, "said": words.why(told),
            "held_by": told.held_by.map(|limit| words.limit(limit)),
            "short": told.short.map(|short| json!({"kwh": short.kwh, "limit": words.limit(short.limit)})),
        })
    };
    let target = |(demand, target): (&wattloop::planner::Demand, &wattloop::planner::Target)| json!({"name": demand.name, "kw": target.kw, "free": target.free, "firm_kw": target.firm_kw, "battery_kw": target.battery_kw, "at": target.at});
    let problem = &file.problem;
    let mut value = json!({
        "name": file.name, "currency": file.currency, "way": way, "plan": rival(own), "at_once": rival(at_once), "greedy": rival(greedy),
        "bound": bound, "over_kwh": over_kwh,
        "jobs": problem.jobs.iter().zip(jobs).map(job).collect::<Vec<_>>(),
        "demands": problem.demands.iter().zip(targets).map(target).collect::<Vec<_>>(),
        "worth": worth.iter().map(|w| json!({"limit": words.limit(w.limit), "per_kw": w.per_kw, "rough": w.rough})).collect::<Vec<_>>(),
    });
    if slots && let Some(fields) = value.as_object_mut() {
        fields.insert("slots".to_owned(), all.iter().map(|told| slot(words, told)).collect());
    }
    value
}

/// A slot, with limits by their names.
fn slot(words: &Words<'_>, told: &SlotPlan) -> Value {
    let mut value = json!(told);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("reached".to_owned(), told.reached.iter().map(|limit| words.limit(*limit)).collect());
    }
    value
}

/// A reason by its word, with what belongs to it.
fn reason(why: Why) -> Value {
    let reason = why.word();
    match why {
        Why::Room { limit } => json!({ "reason": reason, "limit": limit }),
        Why::Cheaper { energy, peak } | Why::Dearer { energy, peak } => {
            json!({ "reason": reason, "energy": energy, "peak": peak })
        }
        Why::Committed | Why::NoChoice | Why::AtOnce | Why::Held | Why::Even | Why::Not => json!({ "reason": reason }),
    }
}

/// How the plan came about, for [`Words::way`].
fn way(way: &Way) -> String {
    match way {
        Way::Programme => "planned by the linear programme, rounded to whole slots".to_owned(),
        Way::Cheaper => {
            "planned by greed, which is cheaper here than what rounding made of the linear programme".to_owned()
        }
        Way::Asked => "planned by greed, as asked".to_owned(),
        Way::Size { columns } => format!("planned by greed: {columns} columns are too many for the linear programme"),
        Way::Unsolved { error } => format!("planned by greed: the solver did not come to an end ({error})"),
    }
}
