//! What batteries prove: `POST /v1/batteries/prove`, `POST /v1/batteries/stop`. What they do is part of `GET /v1/status`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use plant::id::EquipId;
use serde::{Deserialize, Serialize};

use super::routes::{malformed, unknown};
use super::{Caller, Context, Problem};
use crate::control::request::{Ask, Reply};

/// What `POST /v1/batteries/prove` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prove {
    /// The battery.
    pub battery: String,
    /// What it shall give (W, up to its rating).
    pub watts: f64,
    /// By how much its charge shall fall (%, from 5, and not below its reserve).
    pub depth: f64,
    /// Why.
    pub reason: String,
}

/// What `POST /v1/batteries/stop` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopProof {
    /// The battery.
    pub battery: String,
}

fn named(context: &Context, wanted: &str) -> Result<EquipId, Problem> {
    let hall = &context.hall;
    let name = |equip: EquipId| hall.equips.get(equip).map_or("", |equip| equip.name.as_str());
    let all = || hall.power.storage.iter().map(|of| of.of.equip);
    let near = || plant::read::closest(wanted, all().map(name));
    all().find(|equip| name(*equip) == wanted).ok_or_else(|| unknown("battery", wanted, near()))
}

pub(super) async fn prove(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Prove>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let equip = named(&context, &body.battery)?;
    let ask = Ask::ProveBattery { equip, watts: body.watts, depth: body.depth, reason: body.reason };
    context.request(&caller, ask).await
}

pub(super) async fn stop(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<StopProof>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let equip = named(&context, &body.battery)?;
    context.request(&caller, Ask::EndProof { equip }).await
}
