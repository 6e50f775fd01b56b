//! Loads to come: `POST /v1/announce`, `POST /v1/withdraw`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::routes::{malformed, unknown};
use super::{Caller, Context, Problem};
use crate::control::request::{Ask, Reply};

/// The longest name of an announcement or a budget (characters).
const LONGEST: usize = 64;

/// What `POST /v1/announce` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announce {
    /// Its name, 1 to 64 characters: another of the same name takes its place.
    pub id: String,
    /// The row; the whole hall when nothing is said.
    #[serde(default)]
    pub row: Option<String>,
    /// How much more is going to be drawn (W, above 0).
    pub watts: f64,
    /// From when on: `20s`; at most 24 h.
    #[serde(rename = "in")]
    pub ahead: String,
}

/// What `POST /v1/withdraw` and `POST /v1/budgets/lift` take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// Its name.
    pub id: String,
}

pub(super) async fn announce(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Announce>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let wrong = |say: String, help: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", say, help);
    check_name(&body.id)?;
    let ahead = Span::parse(&body.ahead)
        .ok_or_else(|| wrong(format!("`{}` is no length of time", body.ahead), "write `20s` or `5min`"))?;
    let rows = &context.hall.rows;
    let row = match &body.row {
        None => None,
        Some(name) => {
            let near = || plant::read::closest(name, rows.rows().iter().map(|row| row.name.as_str()));
            Some(context.hall.row(name).ok_or_else(|| unknown("row", name, near()))?)
        }
    };
    context.request(&caller, Ask::Announce { id: body.id, row, watts: body.watts, ahead }).await
}

/// Whether something may be called so.
pub(super) fn check_name(id: &str) -> Result<(), Problem> {
    if !id.trim().is_empty() && id.chars().count() <= LONGEST && !id.chars().any(char::is_control) {
        return Ok(());
    }
    let say = format!("a name has 1 to {LONGEST} characters, none of them a control character");
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", say, ""))
}

pub(super) async fn withdraw(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Withdraw>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    context.request(&caller, Ask::Withdraw { id: body.id }).await
}
