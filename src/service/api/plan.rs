//! The day ahead: what the site is expected to draw, and what there is to plan.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Context;
use super::call::{Answer, Question};
use super::problem::Problem;
use super::routes::unfit;
use crate::control::ahead;
use crate::control::ahead::view::AheadView;
use crate::control::envelope::EnvelopeView;
use crate::control::ledger::decision::DecisionView;
use crate::control::ledger::view::LedgerView;
use crate::control::outlook::view::OutlookView;

/// What the site is expected to draw.
pub(super) async fn forecast(State(context): State<Context>) -> Result<Json<OutlookView>, Problem> {
    let answer = context.asker.ask(Question::Outlook).await?;
    let Answer::Outlook(outlook) = answer else { return Err(unfit(answer)) };
    outlook.map(|outlook| Json(*outlook)).ok_or_else(|| {
        let help = "write `[peaks]` in the hall's file and name a `[tariff]` in the configuration: the billed meter says what the site draws";
        Problem::new(StatusCode::NOT_FOUND, "unknown", "no load is forecast here".to_owned(), help)
    })
}

/// What there is to plan.
pub(super) async fn problem(State(context): State<Context>) -> Result<Json<ahead::Question>, Problem> {
    let answer = context.asker.ask(Question::Problem).await?;
    let Answer::Problem(problem) = answer else { return Err(unfit(answer)) };
    problem.map(|problem| Json(*problem)).ok_or_else(|| {
        let help = "it takes `[peaks]`, a `[[battery]]` below the billed meter that is seen or a job that lets a plan choose, a load that was measured, and a clock that is trusted";
        Problem::new(StatusCode::NOT_FOUND, "unknown", "there is nothing to plan".to_owned(), help)
    })
}

/// What may still be lent.
pub(super) async fn envelope(State(context): State<Context>) -> Result<Json<EnvelopeView>, Problem> {
    let answer = context.asker.ask(Question::Envelope).await?;
    let Answer::Envelope(envelope) = answer else { return Err(unfit(answer)) };
    envelope.map(|envelope| Json(*envelope)).ok_or_else(nobody)
}

fn nobody() -> Problem {
    let help = "write `[budgets]` with a `[[budgets.client]]` into the configuration";
    Problem::new(StatusCode::NOT_FOUND, "unknown", "nobody may ask for leases here".to_owned(), help)
}

/// Every lease, and every request that waits for one; no notices.
pub(super) async fn leases(State(context): State<Context>) -> Result<Json<LedgerView>, Problem> {
    let answer = context.asker.ask(Question::Leases(u64::MAX)).await?;
    let Answer::Leases(leases) = answer else { return Err(unfit(answer)) };
    leases.map(|leases| Json(*leases)).ok_or_else(nobody)
}

/// How a request for leases was decided.
pub(super) async fn decision(
    State(context): State<Context>,
    Path((client, request)): Path<(String, String)>,
) -> Result<Json<DecisionView>, Problem> {
    let answer = context.asker.ask(Question::Decision(client.clone(), request.clone())).await?;
    let Answer::Decision(decision) = answer else { return Err(unfit(answer)) };
    decision.map(|decision| Json(*decision)).ok_or_else(|| {
        let help = "what was decided is kept for a day, and as long as a lease of it lives; `wattloop jobs` lists those, and the log has each decision on its target `wattloop::decision`";
        Problem::new(StatusCode::NOT_FOUND, "unknown", format!("no request `{request}` of `{client}` is known"), help)
    })
}

/// The plan that batteries follow.
pub(super) async fn followed(State(context): State<Context>) -> Result<Json<AheadView>, Problem> {
    let answer = context.asker.ask(Question::Ahead).await?;
    let Answer::Ahead(ahead) = answer else { return Err(unfit(answer)) };
    ahead.map(|ahead| Json(*ahead)).ok_or_else(|| {
        let help = "write `plan = true` into `[peaks]` of the hall's file";
        Problem::new(StatusCode::NOT_FOUND, "unknown", "no plan is followed here".to_owned(), help)
    })
}
