//! Trials of loops and what follows from them, for people.

use plant::id::LoopId;
use serde::{Deserialize, Serialize};

use crate::control::trial::{Finished, How};
use crate::control::tuning::{Fopdt, Gains, Proposal, Record};
use crate::control::{Plan, State, sentence};

/// A trial that runs, or the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialView {
    /// The loop: `crah-1/valve`.
    #[serde(rename = "loop")]
    pub of: String,
    /// How its output is moved, how far, between which limits, and how long at most.
    pub how: How,
    /// The UCUM code of the limits' unit.
    pub unit: String,
    /// `resting`, `moved`, `back`, `relay`, `returning` or `over`.
    pub stage: String,
    /// How it ended: `done`, or the word of what ended it; nothing while it runs.
    pub end: Option<String>,
    /// The same in a sentence.
    pub because: Option<String>,
    /// How long it has run (s).
    pub gone_s: f64,
    /// When it began (ms since 1970), where a believed clock told it.
    pub began_ms: Option<i64>,
}

/// A trial with what was seen of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialSeen {
    /// The trial.
    pub view: TrialView,
    /// Where its output stood before (%).
    pub base: f64,
    /// What was seen.
    pub record: Record,
    /// The gains in force.
    pub now: Gains,
    /// Where the pv goes when the output rises: 1 up, -1 down.
    pub sign: f64,
    /// How often the loop looks (s).
    pub period: f64,
}

/// A trial with what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialReport {
    /// The trial.
    pub trial: TrialView,
    /// The gains in force.
    pub now: Gains,
    /// What was found; nothing while it runs, and where nothing could be.
    pub found: Option<Findings>,
    /// Why these findings are no ground to tune on; empty where they are one.
    pub doubt: String,
}

/// What a trial has found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// The process and the gains that follow.
    pub proposal: Proposal,
    /// The maximum sensitivity of the gains in force on that process (1); nothing where the loop would swing for ever.
    pub now_sensitivity: Option<f64>,
}

/// A loop that runs with gains of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetuneView {
    /// The loop.
    #[serde(rename = "loop")]
    pub of: String,
    /// Which row of its schedule, from 0, where it has one.
    #[serde(default)]
    pub row: Option<usize>,
    /// Its gains.
    pub gains: Gains,
    /// The process that they are for.
    pub process: Fopdt,
    /// The maximum sensitivity that they have on it (1).
    pub sensitivity: f64,
    /// Who asked.
    pub who: String,
    /// Why.
    pub reason: String,
    /// When (ms since 1970), where a believed clock told it.
    pub at_ms: Option<i64>,
}

impl TrialReport {
    /// What follows from a trial. Takes some milliseconds: not for the thread that scans.
    #[must_use]
    pub fn of(seen: &TrialSeen) -> Self {
        let over = seen.view.end.is_some();
        let proposal = if over { Proposal::of(&seen.record, seen.base, seen.period) } else { None };
        let doubt = match &proposal {
            _ if !over => "it is not over",
            None => "no process of first order with dead time explains what was seen",
            Some(_) if seen.view.end.as_deref() != Some("done") => "it ended before all was seen",
            Some(proposal) if !proposal.is_good() => {
                "a process of first order with dead time explains too little of it"
            }
            Some(proposal) if proposal.process.gain * seen.sign < 0.0 => {
                "what is measured goes the wrong way round: is the loop wired as the hall's file has it?"
            }
            Some(_) => "",
        };
        let found = proposal.map(|proposal| {
            let sensitivity = proposal.process.sensitivity(seen.now);
            Findings { proposal, now_sensitivity: Some(sensitivity).filter(|ms| ms.is_finite()) }
        });
        Self { trial: seen.view.clone(), now: seen.now, found, doubt: doubt.to_owned() }
    }
}

/// The trial that runs, without what was seen.
#[must_use]
pub fn running(plan: &Plan, state: &State) -> Option<TrialView> {
    let running = state.trials.running()?;
    let word = running.word().to_owned();
    view((plan, state), (running.of, running.how), word)
        .map(|view| TrialView { gone_s: running.gone.seconds(), ..view })
}

/// One that is over.
fn over(plan: &Plan, state: &State, last: &Finished) -> Option<TrialView> {
    let view = view((plan, state), (last.of, last.how), "over".to_owned())?;
    Some(TrialView {
        end: Some(last.end.word().to_owned()),
        because: Some(sentence::trial_end(last.end).to_owned()),
        gone_s: last.record.seconds(),
        ..view
    })
}

/// What can be said of one that has not ended.
fn view((plan, state): (&Plan, &State), (of, how): (LoopId, How), stage: String) -> Option<TrialView> {
    let circuit = plan.circuits.iter().find(|circuit| circuit.id == of)?;
    Some(TrialView {
        of: plan.hall.loops.get(of)?.clone(),
        how,
        unit: circuit.unit(&plan.hall).to_owned(),
        stage,
        end: None,
        because: None,
        gone_s: 0.0,
        began_ms: state.trials.began().map(|wall| wall.0),
    })
}

/// The trial that runs, or the last one, with what was seen.
#[must_use]
pub fn trial(plan: &Plan, state: &State) -> Option<TrialSeen> {
    let (of, view, base, record) = match (state.trials.running(), state.trials.last()) {
        (Some(now), _) => (now.of, running(plan, state)?, now.base(), now.record()),
        (None, Some(last)) => (last.of, over(plan, state, last)?, last.base, &last.record),
        (None, None) => return None,
    };
    let circuit = plan.circuits.iter().find(|circuit| circuit.id == of)?;
    let tuning = state.cooling.tuning_of(circuit);
    Some(TrialSeen {
        view,
        base,
        record: record.clone(),
        now: Gains::of(&tuning),
        sign: circuit.service.action().sign(),
        period: state.clock.lived().dt.seconds() * f64::from(tuning.every),
    })
}

/// Every loop that runs with gains of its own.
#[must_use]
pub fn retuned(plan: &Plan, state: &State) -> Vec<RetuneView> {
    let view = |of: &crate::control::cooling::Retune| RetuneView {
        of: plan.hall.loops.get(of.of).cloned().unwrap_or_default(),
        row: of.row,
        gains: of.gains,
        process: of.process,
        sensitivity: of.sensitivity,
        who: of.who.clone(),
        reason: of.reason.clone(),
        at_ms: of.at.map(|wall| wall.0),
    };
    state.cooling.retunes().iter().map(view).collect()
}
