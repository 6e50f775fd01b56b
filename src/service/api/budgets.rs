//! What feeds may carry for a while: `POST /v1/budgets`, `POST /v1/budgets/lift`. What holds is part of `GET /v1/status`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use serde::{Deserialize, Serialize};

use super::announce::{Withdraw, check_name};
use super::routes::{hold_of, malformed, unknown};
use super::{Caller, Context, Problem};
use crate::control::request::{Ask, Reply};

/// What `POST /v1/budgets` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Its name, 1 to 64 characters: another of the same name takes its place.
    pub id: String,
    /// The feed.
    pub feed: String,
    /// What it may carry (W, above 0, at most its limit).
    pub watts: f64,
    /// For how long: `90min`; 2 h when nothing is said, at most 24 h.
    #[serde(default)]
    pub hold: Option<String>,
    /// Why.
    pub reason: String,
}

pub(super) async fn set(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Budget>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    check_name(&body.id)?;
    let power = &context.hall.power;
    let near = || plant::read::closest(&body.feed, power.feeds.rows().iter().map(|feed| feed.name.as_str()));
    let feed = power.feed(&body.feed).ok_or_else(|| unknown("feed", &body.feed, near()))?;
    let hold = hold_of(body.hold.as_deref())?;
    let ask = Ask::Budget { id: body.id, feed, watts: body.watts, hold, reason: body.reason };
    context.request(&caller, ask).await
}

pub(super) async fn lift(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Withdraw>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    context.request(&caller, Ask::LiftBudget { id: body.id }).await
}
