//! GPUs and what holds their caps; the billed peaks for which caps are lowered.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Context;
use super::call::{Answer, Question};
use super::problem::Problem;
use super::routes::unfit;
use crate::control::interval::view::PeaksView;
use crate::control::report::GpuView;

/// Every GPU that some node has named.
pub(super) async fn all(State(context): State<Context>) -> Result<Json<Vec<GpuView>>, Problem> {
    let answer = context.asker.ask(Question::Gpus).await?;
    if let Answer::Gpus(gpus) = answer { Ok(Json(gpus)) } else { Err(unfit(answer)) }
}

/// One of them.
pub(super) async fn one(context: State<Context>, Path(uuid): Path<String>) -> Result<Json<GpuView>, Problem> {
    let Json(gpus) = all(context).await?;
    let none = gpus.is_empty();
    gpus.into_iter().find(|gpu| gpu.uuid.to_string() == uuid).map(Json).ok_or_else(|| {
        let help = if none {
            "no node has named a GPU yet: `[capping]` in the hall's file, and an agent on each node"
        } else {
            "`GET /v1/gpus` lists them"
        };
        Problem::new(StatusCode::NOT_FOUND, "unknown", format!("no node has a GPU `{uuid}`"), help)
    })
}

/// What keeps billed peaks down.
pub(super) async fn peaks(State(context): State<Context>) -> Result<Json<PeaksView>, Problem> {
    let answer = context.asker.ask(Question::Peaks).await?;
    let Answer::Peaks(peaks) = answer else { return Err(unfit(answer)) };
    peaks.map(|peaks| Json(*peaks)).ok_or_else(|| {
        let help = "write `[peaks]` in the hall's file and name a `[tariff]` in the configuration";
        Problem::new(StatusCode::NOT_FOUND, "unknown", "no billed peak is kept down here".to_owned(), help)
    })
}
