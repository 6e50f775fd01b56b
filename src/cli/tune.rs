//! `wattloop step-test` and `wattloop tune`: move the output of one loop, and give the loop the gains that follow.

use std::fmt::Write;
use std::time::Duration;

use clap::{Args, ValueEnum};
use wattloop::control::report::{Findings, TrialReport};
use wattloop::control::request::Reply;
use wattloop::control::trial::Method;
use wattloop::control::tuning::{Fopdt, Gains, Rule};
use wattloop::service::api::{Retune, Revert, Trial};

use super::client::SocketArgs;
use super::figure::{self, fixed, length};
use super::set::print_reply;
use super::{Out, Stop, signals};

/// How often it is looked whether a trial is over.
const LOOK: Duration = Duration::from_secs(1);

/// How an output is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum How {
    /// A step, and back
    Step,
    /// A relay, four times as far to one side as to the other
    Relay,
}

/// By which rule gains follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// Skogestad's rule
    Simc,
    /// Åström and Hägglund's, which is calmer
    Amigo,
}

impl How {
    /// As the service says it.
    pub const fn method(self) -> Method {
        match self {
            Self::Step => Method::Step,
            Self::Relay => Method::Relay,
        }
    }
}

impl By {
    /// As the service says it.
    pub const fn rule(self) -> Rule {
        match self {
            Self::Simc => Rule::Simc,
            Self::Amigo => Rule::Amigo,
        }
    }
}

/// Move the output of a loop by a step and back, or by a relay, and show what follows.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop step-test crah-1/valve --size 10 --low 18 --high 23 --reason 'commissioning'
  wattloop step-test crah-1/valve --method relay --size 20 --low 18 --high 23 --reason 'commissioning'
  wattloop step-test --end           the output goes back to its loop now

It ends by itself when what the loop measures leaves --low to --high, a rack inlet the recommended range, an input is lost, somebody
stronger takes the output or the load changes; then the loop has its output back. Ctrl-C ends it, too.")]
pub struct StepTestArgs {
    /// The loop, as `wattloop why` names it
    #[arg(value_name = "LOOP", required_unless_present = "end", conflicts_with = "end")]
    pub of: Option<String>,
    /// How the output is moved
    #[arg(long, value_enum, default_value_t = How::Step)]
    pub method: How,
    /// How far (%); below 0 it goes down first
    #[arg(long, default_value_t = 10.0, allow_negative_numbers = true)]
    pub size: f64,
    /// The lowest that what the loop measures may be, in its own unit
    #[arg(long, required_unless_present = "end", allow_negative_numbers = true)]
    pub low: Option<f64>,
    /// The highest
    #[arg(long, required_unless_present = "end", allow_negative_numbers = true)]
    pub high: Option<f64>,
    /// How long all of it may take, 5min to 12h
    #[arg(long = "for", value_name = "TIME", default_value = "1h", value_parser = super::set::hold)]
    pub longest: String,
    /// Why; the next shift reads it
    #[arg(long, required_unless_present = "end")]
    pub reason: Option<String>,
    /// Do not wait for its end; `wattloop tune` shows what followed
    #[arg(long)]
    pub no_wait: bool,
    /// End the trial that runs
    #[arg(long)]
    pub end: bool,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Show the gains that follow from the last trial, give them to its loop, or take them back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wattloop tune crah-1/valve                                        what the last trial proposes
  wattloop tune crah-1/valve --apply --reason 'commissioning'       the loop runs with it
  wattloop tune crah-1/valve --apply --rule amigo --reason 'calmer'
  wattloop tune crah-1/valve --revert                               the hall's file counts again

Nothing is applied that was not proposed by a trial of that loop, and no gains whose maximum sensitivity is above 1.6.")]
pub struct TuneArgs {
    /// The loop
    #[arg(value_name = "LOOP")]
    pub of: String,
    /// Give the loop these gains: from the next scan on, without a bump, over restarts
    #[arg(long, requires = "reason", conflicts_with = "revert")]
    pub apply: bool,
    /// The rule; the faster one of the two when nothing is said
    #[arg(long, value_enum)]
    pub rule: Option<By>,
    /// Let the loop run with the gains of the hall's file again
    #[arg(long)]
    pub revert: bool,
    /// Why; the next shift reads it
    #[arg(long)]
    pub reason: Option<String>,
    #[command(flatten)]
    pub socket: SocketArgs,
}

/// Begins or ends a trial, and waits for it.
pub fn step_test(args: &StepTestArgs, out: &Out) -> Result<(), Stop> {
    let (Some(of), Some(low), Some(high), Some(reason)) = (&args.of, args.low, args.high, &args.reason) else {
        let reply: Reply = args.socket.post("/v1/trial/end", &())?;
        return print_reply("the trial", &reply, out);
    };
    if !args.no_wait {
        signals::listen().map_err(|e| Stop::io("signals", &e))?;
    }
    let (method, longest) = (args.method.method(), args.longest.clone());
    let body = Trial { of: of.clone(), method, size: args.size, low, high, longest, reason: reason.clone() };
    let reply: Reply = args.socket.post("/v1/trial", &body)?;
    if args.no_wait {
        return print_reply(of, &reply, out);
    }
    if !out.json() {
        print_reply(of, &reply, out)?;
    }
    let report = wait(args, out)?;
    show(&report, out)
}

/// Shows, applies or reverts.
pub fn tune(args: &TuneArgs, out: &Out) -> Result<(), Stop> {
    if args.revert {
        let reply: Reply = args.socket.post("/v1/revert", &Revert { of: args.of.clone() }).map_err(|stop| {
            stop.helped("nothing_there", "`wattloop status` lists the loops that have gains of their own")
        })?;
        return print_reply(&args.of, &reply, out);
    }
    if let (true, Some(reason)) = (args.apply, &args.reason) {
        let rule = args.rule.map(By::rule);
        let body = Retune { of: args.of.clone(), rule, gains: None, reason: reason.clone() };
        let reply: Reply = args.socket.post("/v1/retune", &body)?;
        return print_reply(&args.of, &reply, out);
    }
    let report: TrialReport = args.socket.get("/v1/trial")?;
    if report.trial.of != args.of {
        let say = format!("the last trial was one of {}", report.trial.of);
        return Err(Stop::new(1, "nothing_there", say, format!("`wattloop step-test {}` makes one", args.of)));
    }
    show(&report, out)
}

/// Until the trial is over; a signal ends it.
fn wait(args: &StepTestArgs, out: &Out) -> Result<TrialReport, Stop> {
    let (mut stage, mut ended) = (String::new(), false);
    loop {
        std::thread::sleep(LOOK);
        let report: TrialReport = args.socket.get("/v1/trial")?;
        if report.trial.end.is_some() {
            return Ok(report);
        }
        if report.trial.stage != stage {
            stage.clone_from(&report.trial.stage);
            if !out.json() {
                out.line(format_args!("{}: {stage}, after {}", report.trial.of, length(report.trial.gone_s)))?;
            }
        }
        if signals::asked_to_stop() && !ended {
            ended = true;
            let _: Reply = args.socket.post("/v1/trial/end", &())?;
        }
    }
}

fn show(report: &TrialReport, out: &Out) -> Result<(), Stop> {
    if out.json() { out.value(report) } else { out.text(page(report)) }
}

/// What a trial has come to, for people.
pub fn page(report: &TrialReport) -> String {
    let mut page = String::new();
    // Writing into a text cannot fail; half a page would still be better than none.
    write_page(&mut page, report).unwrap_or_default();
    page
}

fn write_page(page: &mut String, report: &TrialReport) -> std::fmt::Result {
    let trial = &report.trial;
    let how = trial.how.method.word();
    let state = trial.because.as_ref().map_or_else(|| trial.stage.clone(), |why| format!("over: {why}"));
    writeln!(page, "{}, {how} of {} %, {}: {state}", trial.of, fixed(trial.how.size, 1), length(trial.gone_s))?;
    if let Some(found) = &report.found {
        findings(page, (report.now, found), &trial.unit)?;
    }
    match (&report.found, report.doubt.as_str()) {
        (Some(found), "") => {
            let rule = found.proposal.best().word();
            writeln!(
                page,
                "proposed: {rule}; `wattloop tune {} --apply --reason …` lets the loop run with it",
                trial.of
            )
        }
        (_, "") => Ok(()),
        (_, doubt) => writeln!(page, "nothing is proposed: {doubt}"),
    }
}

fn findings(page: &mut String, (now, found): (Gains, &Findings), unit: &str) -> std::fmt::Result {
    let unit = difference(unit);
    let fit = &found.proposal.fit;
    let (explained, noise) = (fixed(100.0 * fit.explained, 1), digits(fit.noise));
    writeln!(
        page,
        "process      {}; it explains {explained} % of what was seen, noise {noise} {unit}",
        process(&fit.process, unit)
    )?;
    if let Some(cycle) = &found.proposal.cycle {
        writeln!(page, "             {} by the last cycle alone", process(cycle, unit))?;
    }
    writeln!(page, "             gain (%/{unit})   Ti (s)   Ms     Ti/K ({unit}·s per %)")?;
    let mut row = |name: &str, gains: Gains, ms: Option<f64>| {
        let ms = ms.map_or_else(|| "swings".to_owned(), |ms| fixed(ms, 2));
        let (gain, ti, slow) = (digits(gains.gain), fixed(gains.ti, 0), digits(gains.error_of_load()));
        writeln!(page, "{name:<12} {gain:<14} {ti:<8} {ms:<6} {slow}")
    };
    row("now", now, found.now_sensitivity)?;
    for rule in Rule::ALL {
        let (gains, ms) = found.proposal.by(rule);
        row(rule.word(), gains, Some(ms))?;
    }
    Ok(())
}

fn process(of: &Fopdt, unit: &str) -> String {
    format!("{} {unit} per %, lag {} s, dead time {} s", digits(of.gain), fixed(of.lag, 1), fixed(of.dead, 1))
}

/// The unit of a difference, for people: temperatures differ in kelvins.
pub fn difference(code: &str) -> &'static str {
    plant::units::Unit::parse(figure::difference(code)).map_or("", plant::units::Unit::pretty)
}

/// A number of any size with about four digits.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => fixed(value, 0),
        size if size >= 10.0 => fixed(value, 1),
        size if size >= 0.1 => fixed(value, 3),
        _ => fixed(value, 6),
    }
}
