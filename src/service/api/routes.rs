//! The routes: names become ids, questions go to the scan thread, answers become JSON.

use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use plant::command::Level;
use plant::id::{AlarmId, PointId};
use plant::read::closest;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::announce::{announce, withdraw};
use super::call::{Answer, Question};
use super::gpus;
use super::reload::{Reloaded, reload};
use super::{
    Caller, Context, Problem, batteries, budgets, checkout, exchanged, grid, plan, prices, savings, supervisor, tuning,
    windows,
};
use crate::control::report::{AlarmView, FeedView, PerformanceView, PointView, ShadowReport, Status, WhyReport};
use crate::control::request::{Ask, Reply, Request};

/// What `POST /v1/override` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The point: `crah-1/fan-speed`.
    pub point: String,
    /// The value, in the point's canonical unit.
    pub value: f64,
    /// For how long: `90min`; 2 h when nothing is said.
    #[serde(default)]
    pub hold: Option<String>,
    /// Why.
    pub reason: String,
}

/// What `POST /v1/release` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Release {
    /// The point.
    pub point: Option<String>,
    /// True instead of a point: every output that the level holds.
    pub all: bool,
    /// Which level lets go: 8 unless said.
    pub level: Option<u8>,
}

/// Every route.
pub fn all() -> Router<Context> {
    Router::new()
        .route("/v1/status", get(status))
        .route("/v1/points", get(points))
        .route("/v1/points/{equip}/{name}", get(point))
        .route("/v1/why/{equip}/{name}", get(why))
        .route("/v1/alarms", get(alarms))
        .route("/v1/feeds", get(feeds))
        .route("/v1/gpus", get(gpus::all))
        .route("/v1/gpus/{uuid}", get(gpus::one))
        .route("/v1/peaks", get(gpus::peaks))
        .route("/v1/savings", get(savings::look))
        .route("/v1/forecast", get(plan::forecast))
        .route("/v1/plan", get(plan::followed))
        .route("/v1/envelope", get(plan::envelope))
        .route("/v1/leases", get(plan::leases))
        .route("/v1/leases/{client}/{request}", get(plan::decision))
        .route("/v1/plan/problem", get(plan::problem))
        .route("/v1/prices", get(prices::look))
        .route("/v1/windows", get(windows::look))
        .route("/v1/batteries/prove", post(batteries::prove))
        .route("/v1/batteries/stop", post(batteries::stop))
        .route("/v1/grid", get(grid::look))
        .route("/v1/grid/target", post(grid::set))
        .route("/v1/grid/lift", post(grid::lift))
        .route("/v1/budgets", post(budgets::set))
        .route("/v1/budgets/lift", post(budgets::lift))
        .route("/v1/override", post(hold))
        .route("/v1/release", post(release))
        .route("/v1/announce", post(announce))
        .route("/v1/withdraw", post(withdraw))
        .route("/v1/alarms/{name}/ack", post(acknowledge))
        .route("/v1/alarms/{name}/reset", post(reset))
        .route("/v1/reload", post(reload_now))
        .route("/v1/loops/{hours}", get(loops))
        .route("/v1/shadow/{hours}", get(shadow))
        .route("/v1/trial", get(tuning::look).post(tuning::begin))
        .route("/v1/trial/end", post(tuning::end))
        .route("/v1/retune", post(tuning::retune))
        .route("/v1/revert", post(tuning::revert))
        .route("/v1/supervisor", post(supervisor::switch))
        .route("/v1/exchanged", post(exchanged::exchange))
        .route("/v1/checkout", get(checkout::points).post(checkout::keep))
        .route("/v1/raw/{equip}/{name}", get(checkout::raw))
        .route("/v1/check", get(checkout::look))
        .route("/v1/check/end", post(checkout::end))
        .route("/v1/force", post(checkout::force))
        .route("/v1/silence", post(checkout::silence))
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method)
}

async fn status(State(context): State<Context>) -> Result<Json<Status>, Problem> {
    let answer = context.asker.ask(Question::Status).await?;
    if let Answer::Status(status) = answer { Ok(Json(*status)) } else { Err(unfit(answer)) }
}

async fn alarms(State(context): State<Context>) -> Result<Json<Vec<AlarmView>>, Problem> {
    status(State(context)).await.map(|Json(status)| Json(status.alarms))
}

async fn feeds(State(context): State<Context>) -> Result<Json<Vec<FeedView>>, Problem> {
    status(State(context)).await.map(|Json(status)| Json(status.feeds))
}

async fn points(State(context): State<Context>) -> Result<Json<Vec<PointView>>, Problem> {
    let answer = context.asker.ask(Question::Points).await?;
    if let Answer::Points(points) = answer { Ok(Json(points)) } else { Err(unfit(answer)) }
}

async fn point(
    State(context): State<Context>,
    Path((equip, name)): Path<(String, String)>,
) -> Result<Json<PointView>, Problem> {
    let id = context.point(&format!("{equip}/{name}"))?;
    let answer = context.asker.ask(Question::Point(id)).await?;
    if let Answer::Point(Some(view)) = answer { Ok(Json(*view)) } else { Err(unfit(answer)) }
}

async fn why(
    State(context): State<Context>,
    Path((equip, name)): Path<(String, String)>,
) -> Result<Json<WhyReport>, Problem> {
    let whole = format!("{equip}/{name}");
    let id = context.point(&whole)?;
    let answer = context.asker.ask(Question::Why(id)).await?;
    if answer == Answer::Why(None) {
        let say = format!("`{whole}` is measured; only outputs have a reason");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_output", say, "ask for its value instead"));
    }
    if let Answer::Why(Some(report)) = answer { Ok(Json(*report)) } else { Err(unfit(answer)) }
}

async fn loops(
    State(context): State<Context>,
    Path(hours): Path<String>,
) -> Result<Json<Vec<PerformanceView>>, Problem> {
    let answer = context.asker.ask(Question::Loops(window(&hours)?)).await?;
    if let Answer::Loops(loops) = answer { Ok(Json(loops)) } else { Err(unfit(answer)) }
}

async fn shadow(State(context): State<Context>, Path(hours): Path<String>) -> Result<Json<ShadowReport>, Problem> {
    let answer = context.asker.ask(Question::Shadow(window(&hours)?)).await?;
    if answer == Answer::Shadow(None) {
        let (say, help) =
            ("this service writes: no other control is beside it", "start it with `wattloop run --shadow`");
        return Err(Problem::new(StatusCode::CONFLICT, "not_in_shadow", say.to_owned(), help));
    }
    if let Answer::Shadow(Some(report)) = answer { Ok(Json(*report)) } else { Err(unfit(answer)) }
}

/// A number of hours that is kept.
fn window(hours: &str) -> Result<usize, Problem> {
    hours.parse().ok().filter(|hours| (1..=24).contains(hours)).ok_or_else(|| {
        let say = format!("`{hours}` is no number of hours from 1 to 24");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", say, "")
    })
}

async fn hold(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Override>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let hold = hold_of(body.hold.as_deref())?;
    let point = context.point(&body.point)?;
    context.request(&caller, Ask::Override { point, value: body.value, hold, reason: body.reason }).await
}

/// For how long something shall hold.
pub(super) fn hold_of(text: Option<&str>) -> Result<Option<Span>, Problem> {
    let Some(text) = text else { return Ok(None) };
    Span::parse(text).map(Some).ok_or_else(|| {
        let say = format!("`{text}` is no length of time");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", say, "write `90min` or `2h`")
    })
}

async fn release(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Release>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let wrong = |say: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", say, "");
    let point = match (&body.point, body.all) {
        (Some(name), false) => Some(context.point(name)?),
        (None, true) => None,
        (Some(_), true) | (None, false) => return Err(wrong("say either a point or all")),
    };
    let level = match body.level {
        None => Level::Operator,
        Some(number) => Level::from_number(number).ok_or_else(|| wrong("a level is a number from 1 to 17"))?,
    };
    context.request(&caller, Ask::Release { point, level }).await
}

async fn acknowledge(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Reply>, Problem> {
    let alarm = context.alarm(&name)?;
    context.request(&caller, Ask::Acknowledge { alarm }).await
}

async fn reset(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    Path(name): Path<String>,
) -> Result<Json<Reply>, Problem> {
    let alarm = context.alarm(&name)?;
    context.request(&caller, Ask::Reset { alarm }).await
}

async fn reload_now(State(context): State<Context>) -> Result<Json<Reloaded>, Problem> {
    let Some(keeper) = &context.keeper else {
        let say = "this run has no configuration to reload";
        return Err(Problem::new(StatusCode::CONFLICT, "nothing_there", say, ""));
    };
    reload(keeper, &context.asker).await.map(Json)
}

async fn nothing_here() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no_route", "there is nothing at this address", "see `wattloop --help`")
}

async fn other_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this address wants another method", "")
}

impl Context {
    pub(super) fn point(&self, name: &str) -> Result<PointId, Problem> {
        self.hall.point(name).ok_or_else(|| {
            let names = self.hall.points.rows().iter().map(|p| p.name.as_str());
            unknown("point", name, closest(name, names))
        })
    }

    fn alarm(&self, name: &str) -> Result<AlarmId, Problem> {
        self.hall.alarms.iter().find(|(_, a)| a.name == name).map(|(id, _)| id).ok_or_else(|| {
            let names = self.hall.alarms.rows().iter().map(|a| a.name.as_str());
            unknown("alarm", name, closest(name, names))
        })
    }

    pub(super) async fn request(&self, caller: &Caller, ask: Ask) -> Result<Json<Reply>, Problem> {
        let answer = self.asker.ask(Question::Request(Request { who: caller.who(), ask })).await?;
        let Answer::Reply(reply) = answer else { return Err(unfit(answer)) };
        match reply {
            Reply::Accepted { .. } | Reply::Lease(_) => Ok(Json(reply)),
            Reply::Refused(refusal) => Err(refusal.into()),
        }
    }
}

pub(super) fn unknown(kind: &str, name: &str, near: Option<&str>) -> Problem {
    let help = near.map_or_else(|| "`wattloop points` lists them".to_owned(), |n| format!("did you mean `{n}`?"));
    Problem::new(StatusCode::NOT_FOUND, "unknown", format!("the hall has no {kind} `{name}`"), help)
}

pub(super) fn malformed(rejection: &JsonRejection) -> Problem {
    let code = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "malformed" };
    Problem::new(rejection.status(), code, rejection.body_text(), "")
}

/// What an answer that does not fit its question means.
pub(super) fn unfit(answer: Answer) -> Problem {
    match answer {
        Answer::Unable(why) => Problem::unable(&why),
        Answer::Point(None) => unknown("point", "?", None),
        Answer::Status(_)
        | Answer::Points(_)
        | Answer::Point(Some(_))
        | Answer::Why(_)
        | Answer::Gpus(_)
        | Answer::Peaks(_)
        | Answer::Savings(_)
        | Answer::Outlook(_)
        | Answer::Problem(_)
        | Answer::Ahead(_)
        | Answer::Grid(_)
        | Answer::Leases(_)
        | Answer::Decision(_)
        | Answer::Envelope(_)
        | Answer::Prices(_)
        | Answer::Windows(_)
        | Answer::Trial(_)
        | Answer::Loops(_)
        | Answer::Shadow(_)
        | Answer::CheckPoints(_)
        | Answer::Check(_)
        | Answer::Reply(_)
        | Answer::Reloading => Problem::confused(),
    }
}
