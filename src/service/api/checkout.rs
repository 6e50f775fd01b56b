//! Checkout: `GET /v1/checkout`, `GET /v1/raw/{equip}/{name}`, `GET /v1/check`, `POST /v1/force`, `/v1/silence`, `/v1/check/end`,
//! `/v1/checkout`.
//!
//! What a person finds is kept in the journal as a request; the sheet is the person's own.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use plant::read::closest;
use plant::time::Span;
use serde::{Deserialize, Serialize};

use super::call::{Answer, Question};
use super::routes::{malformed, unfit, unknown};
use super::{Caller, Context, Problem};
use crate::control::report::{CheckPoint, CheckView};
use crate::control::request::{Ask, Checked, Reply};
use crate::service::wiring::Place;

/// The most that is kept at once.
const MOST: usize = 1000;

/// What `GET /v1/checkout` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkout {
    /// The hall's name.
    pub hall: String,
    /// The site.
    pub site: String,
    /// A name for the configuration: sixteen hexadecimal digits of its hash.
    pub config_hash: String,
    /// The program's version.
    pub program: String,
    /// True where nothing is written.
    pub shadow: bool,
    /// When all this was read (ms since 1970).
    pub wall_ms: i64,
    /// Every point, in the hall's order.
    pub points: Vec<CheckRow>,
}

/// One point, with what lies behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// What it reads, and what is wrong with that.
    #[serde(flatten)]
    pub of: CheckPoint,
    /// Where it is; nothing without a device.
    pub place: Option<Place>,
}

/// What `GET /v1/raw/{equip}/{name}` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raw {
    /// The words as they are on the wire now, or bits as 0 and 1.
    pub words: Vec<u16>,
}

/// What `POST /v1/force` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForceStep {
    /// The output.
    pub point: String,
    /// How far, in the point's canonical unit.
    pub by: f64,
    /// How long it may take to follow: `2min`; 10 s to 10 min.
    pub within: String,
    /// Why.
    pub reason: String,
}

/// What `POST /v1/silence` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// The equipment.
    pub equip: String,
    /// How long its actuators may take after its own loss time: `30s`.
    pub settle: String,
    /// Why.
    pub reason: String,
}

/// What `POST /v1/checkout` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Who looked, by name.
    pub by: String,
    /// What was found: 1 to 1000 rows.
    pub rows: Vec<FoundRow>,
}

/// What a person has found of one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundRow {
    /// The point.
    pub point: String,
    /// True where it passed.
    pub passed: bool,
    /// What it read, in its canonical unit.
    pub read: Option<f64>,
    /// What the reference instrument showed.
    pub reference: Option<f64>,
}

pub(super) async fn points(State(context): State<Context>) -> Result<Json<Checkout>, Problem> {
    let answer = context.asker.ask(Question::CheckPoints).await?;
    let Answer::CheckPoints(points) = answer else { return Err(unfit(answer)) };
    let answer = context.asker.ask(Question::Status).await?;
    let Answer::Status(status) = answer else { return Err(unfit(answer)) };
    let (hall, wiring) = (&context.hall, &context.wiring);
    let rows = hall.points.ids().zip(points).map(|(id, of)| CheckRow { of, place: wiring.place(id).cloned() });
    Ok(Json(Checkout {
        hall: hall.name.clone(),
        site: hall.site.clone(),
        config_hash: wiring.config_hash.clone(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        shadow: wiring.shadow,
        wall_ms: status.wall_ms,
        points: rows.collect(),
    }))
}

pub(super) async fn raw(
    State(context): State<Context>,
    Path((equip, name)): Path<(String, String)>,
) -> Result<Json<Raw>, Problem> {
    let whole = format!("{equip}/{name}");
    let point = context.point(&whole)?;
    let words = context.wiring.looker.look(point).await;
    let unseen = |say: String| Problem::new(StatusCode::CONFLICT, "no_words", say, "");
    match words {
        Some(Ok(words)) => Ok(Json(Raw { words })),
        Some(Err(why)) => Err(unseen(format!("`{whole}` cannot be read now: {why}"))),
        None => Err(unseen(format!("`{whole}` has no words on a bus, or nobody answers"))),
    }
}

pub(super) async fn look(State(context): State<Context>) -> Result<Json<CheckView>, Problem> {
    let answer = context.asker.ask(Question::Check).await?;
    if answer == Answer::Check(None) {
        let say = "no output has been moved and no device left alone";
        return Err(Problem::new(StatusCode::NOT_FOUND, "nothing_there", say, "`wattloop checkout --help` says how"));
    }
    if let Answer::Check(Some(view)) = answer { Ok(Json(*view)) } else { Err(unfit(answer)) }
}

pub(super) async fn force(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<ForceStep>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let (within, point) = (span(&body.within)?, context.point(&body.point)?);
    context.writes()?;
    context.request(&caller, Ask::Force { point, by: body.by, within, reason: body.reason }).await
}

pub(super) async fn silence(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Quiet>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let settle = span(&body.settle)?;
    let names = || context.hall.equips.rows().iter().map(|def| def.name.as_str());
    let equip = context.hall.equip(&body.equip);
    let equip = equip.ok_or_else(|| unknown("equipment", &body.equip, closest(&body.equip, names())))?;
    context.writes()?;
    let Some(loss) = context.wiring.loss(equip) else {
        let say = format!("no device map says what `{}` does when it hears nothing", body.equip);
        let help = "write `[comm-loss]` into the map, as the product's manual has it";
        return Err(Problem::new(StatusCode::CONFLICT, "nothing_there", say, help));
    };
    let long = Span::from_nanos(loss.nanos().saturating_add(settle.nanos()));
    context.request(&caller, Ask::Silence { equip, long, reason: body.reason }).await
}

pub(super) async fn end(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
) -> Result<Json<Reply>, Problem> {
    context.request(&caller, Ask::EndCheck).await
}

pub(super) async fn keep(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Found>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    if body.rows.is_empty() || body.rows.len() > MOST {
        let say = format!("{} rows are not 1 to {MOST}", body.rows.len());
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", say, ""));
    }
    let row = |row: &FoundRow| {
        let point = context.point(&row.point)?;
        Ok(Checked { point, passed: row.passed, read: row.read, reference: row.reference })
    };
    let rows = body.rows.iter().map(row).collect::<Result<Vec<_>, Problem>>()?;
    context.request(&caller, Ask::CheckedOut { rows, by: body.by }).await
}

fn span(text: &str) -> Result<Span, Problem> {
    let wrong = || {
        let say = format!("`{text}` is no length of time");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", say, "write `30s` or `2min`")
    };
    Span::parse(text).ok_or_else(wrong)
}

impl Context {
    /// Nothing is moved by a service that writes nothing.
    fn writes(&self) -> Result<(), Problem> {
        if !self.wiring.shadow {
            return Ok(());
        }
        let say = "the service runs in shadow: nothing is written, so nothing would move";
        Err(Problem::new(StatusCode::CONFLICT, "shadow", say, "run it without `--shadow` first"))
    }
}
