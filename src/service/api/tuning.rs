//! Commissioning of loops: `GET /v1/trial`, `POST /v1/trial`, `POST /v1/trial/end`, `POST /v1/retune`, `POST /v1/revert`.
//!
//! What follows from a trial is computed here, beside the scan, and a loop is given no gains but on what its own trial has shown.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use plant::id::LoopId;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::call::{Answer, Question};
use super::routes::{malformed, unfit, unknown};
use super::{Caller, Context, Problem};
use crate::control::report::TrialReport;
use crate::control::request::{Ask, Reply};
use crate::control::trial::{How, Method};
use crate::control::tuning::{Gains, Rule};

/// What `POST /v1/trial` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The loop: `crah-1/valve`.
    #[serde(rename = "loop")]
    pub of: String,
    /// `step` or `relay`.
    pub method: Method,
    /// How far the output is moved (%, -50 to 50); the strong side of a relay.
    pub size: f64,
    /// The lowest that the pv may be, in its canonical unit.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// How long all of it may take: `1h`; 5 min to 12 h.
    #[serde(rename = "for")]
    pub longest: String,
    /// Why.
    pub reason: String,
}

/// What `POST /v1/retune` takes: a rule, or gains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retune {
    /// The loop.
    #[serde(rename = "loop")]
    pub of: String,
    /// `simc` or `amigo`; the faster one of the two when neither rule nor gains are said.
    #[serde(default)]
    pub rule: Option<Rule>,
    /// Gains of one's own.
    #[serde(default)]
    pub gains: Option<Gains>,
    /// Why.
    pub reason: String,
}

/// What `POST /v1/revert` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revert {
    /// The loop.
    #[serde(rename = "loop")]
    pub of: String,
}

pub(super) async fn look(State(context): State<Context>) -> Result<Json<TrialReport>, Problem> {
    report(&context).await.map(Json)
}

pub(super) async fn begin(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Trial>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let longest = Span::parse(&body.longest).ok_or_else(|| {
        let say = format!("`{}` is no length of time", body.longest);
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", say, "write `1h` or `90min`")
    })?;
    let of = context.control_loop(&body.of)?;
    let how = How { method: body.method, size: body.size, limits: (body.low, body.high), longest };
    context.request(&caller, Ask::Trial { of, how, reason: body.reason }).await
}

pub(super) async fn end(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
) -> Result<Json<Reply>, Problem> {
    context.request(&caller, Ask::EndTrial).await
}

pub(super) async fn retune(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Retune>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let of = context.control_loop(&body.of)?;
    let report = report(&context).await?;
    if report.trial.of != body.of {
        return Err(no_trial(&body.of));
    }
    if !report.doubt.is_empty() {
        return Err(Problem::new(StatusCode::CONFLICT, "doubtful", report.doubt, "nothing is applied on that"));
    }
    let found = report.found.ok_or_else(|| no_trial(&body.of))?;
    let proposal = found.proposal;
    let gains = match (body.gains, body.rule) {
        (Some(gains), None) => gains,
        (None, rule) => proposal.by(rule.unwrap_or_else(|| proposal.best())).0,
        (Some(_), Some(_)) => {
            let say = "say either a rule or gains";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", say, ""));
        }
    };
    context.request(&caller, Ask::Retune { of, gains, process: proposal.process, reason: body.reason }).await
}

pub(super) async fn revert(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Revert>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let of = context.control_loop(&body.of)?;
    context.request(&caller, Ask::Revert { of }).await
}

/// The trial that runs or the last one, with what follows from it.
async fn report(context: &Context) -> Result<TrialReport, Problem> {
    let answer = context.asker.ask(Question::Trial).await?;
    if answer == Answer::Trial(None) {
        let say = "no loop has been on trial";
        return Err(Problem::new(StatusCode::NOT_FOUND, "nothing_there", say, "`wattloop step-test` begins a trial"));
    }
    let Answer::Trial(Some(seen)) = answer else { return Err(unfit(answer)) };
    tokio::task::spawn_blocking(move || TrialReport::of(&seen)).await.map_err(|_| Problem::confused())
}

fn no_trial(of: &str) -> Problem {
    let help = format!("`wattloop step-test {of}` makes one");
    Problem::new(StatusCode::CONFLICT, "nothing_there", format!("the last trial was not one of {of}"), help)
}

impl Context {
    fn control_loop(&self, name: &str) -> Result<LoopId, Problem> {
        let loops = &self.hall.loops;
        let names = || loops.rows().iter().map(String::as_str);
        self.hall.control_loop(name).ok_or_else(|| unknown("loop", name, plant::read::closest(name, names())))
    }
}
