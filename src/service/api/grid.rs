//! Load targets: `GET /v1/grid`, and those of people: `POST /v1/grid/target`, `POST /v1/grid/lift`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use plant::id::FeedId;
use serde::{Deserialize, Serialize};

use super::call::{Answer, Question};
use super::routes::{hold_of, malformed, unfit, unknown};
use super::{Caller, Context, Problem};
use crate::control::grid::view::GridView;
use crate::control::grid::{Kind, Said, Source, Statement, USUAL_PRIORITY, Wanted};
use crate::control::request::{Ask, Reply};

/// What `POST /v1/grid/target` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetTarget {
    /// The feed; all that targets may be set for where none is named.
    #[serde(default)]
    pub feed: Option<String>,
    /// What it may carry (W, ≥ 0).
    pub watts: f64,
    /// For how long: `3h`; 2 h when nothing is said, at most 24 h.
    #[serde(default)]
    pub hold: Option<String>,
    /// Only what disturbs no work shall be done for it.
    #[serde(default)]
    pub best_effort: bool,
    /// Why.
    pub reason: String,
}

/// What `POST /v1/grid/lift` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiftTarget {
    /// The feed; all of them where none is named.
    #[serde(default)]
    pub feed: Option<String>,
    /// Why.
    pub reason: String,
}

pub(super) async fn look(State(context): State<Context>) -> Result<Json<GridView>, Problem> {
    let answer = context.asker.ask(Question::Grid).await?;
    let Answer::Grid(view) = answer else { return Err(unfit(answer)) };
    view.map(|view| Json(*view)).ok_or_else(|| {
        let help = "write `[grid]` with `feeds = […]` in the hall's file: docs/grid.md";
        Problem::new(StatusCode::NOT_FOUND, "unknown", "this hall takes no load targets".to_owned(), help)
    })
}

pub(super) async fn set(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<SetTarget>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let (feeds, hold) = (context.feeds(body.feed.as_deref())?, hold_of(body.hold.as_deref())?);
    let wanted = Wanted { feeds, most: Some(body.watts), start: None, end: None, hold, best_effort: body.best_effort };
    context.request(&caller, said(&caller, wanted, body.reason)).await
}

pub(super) async fn lift(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<LiftTarget>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let feeds = context.feeds(body.feed.as_deref())?;
    let wanted = Wanted { feeds, most: None, start: None, end: None, hold: None, best_effort: false };
    context.request(&caller, said(&caller, wanted, body.reason)).await
}

/// What a person says: whoever is on duty may take back what another has set.
fn said(caller: &Caller, wanted: Wanted, reason: String) -> Ask {
    Ask::Grid(Said::Targets(Statement {
        source: Source { kind: Kind::Operator, name: "operator".to_owned() },
        id: caller.who(),
        reason,
        priority: USUAL_PRIORITY,
        targets: vec![wanted],
    }))
}

impl Context {
    /// The feed of a name; none where none is named.
    fn feeds(&self, name: Option<&str>) -> Result<Vec<FeedId>, Problem> {
        let Some(name) = name else { return Ok(Vec::new()) };
        let power = &self.hall.power;
        let near = || plant::read::closest(name, power.feeds.rows().iter().map(|feed| feed.name.as_str()));
        let feed = power.feed(name).ok_or_else(|| unknown("feed", name, near()))?;
        Ok(vec![feed])
    }
}
