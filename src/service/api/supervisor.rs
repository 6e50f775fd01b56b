//! `POST /v1/supervisor`: a person switches the supervisor of setpoints on or off. What it does is part of `GET /v1/status`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use serde::{Deserialize, Serialize};

use super::routes::malformed;
use super::{Caller, Context, Problem};
use crate::control::request::{Ask, Reply};

/// What `POST /v1/supervisor` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supervise {
    /// True to move setpoints, false to leave them where the hall's file has them.
    pub on: bool,
    /// Why.
    pub reason: String,
}

pub(super) async fn switch(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Supervise>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    context.request(&caller, Ask::Supervise { on: body.on, reason: body.reason }).await
}
