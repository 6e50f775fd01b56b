//! `POST /v1/exchanged`: a machine, or one of a CDU's pumps, is exchanged, and its run-time begins anew.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use plant::read::closest;
use serde::{Deserialize, Serialize};

use super::routes::{malformed, unknown};
use super::{Caller, Context, Problem};
use crate::control::exchange::Part;
use crate::control::request::{Ask, Reply};

/// What `POST /v1/exchanged` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchanged {
    /// The machine: `ch-1`; or one of a CDU's pumps by its speed: `cdu-1/pump-1-speed`.
    pub machine: String,
    /// For how long what is put in has run elsewhere (h, 0 to 1e6; 0 when nothing is said).
    #[serde(default)]
    pub hours: f64,
    /// Why.
    pub reason: String,
}

pub(super) async fn exchange(
    State(context): State<Context>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    body: Result<Json<Exchanged>, JsonRejection>,
) -> Result<Json<Reply>, Problem> {
    let Json(body) = body.map_err(|e| malformed(&e))?;
    let part = if body.machine.contains('/') {
        Part::Drive(context.point(&body.machine)?)
    } else {
        let names = || context.hall.equips.iter().map(|(_, def)| def.name.as_str());
        let equip = context.hall.equip(&body.machine);
        Part::Machine(equip.ok_or_else(|| unknown("machine", &body.machine, closest(&body.machine, names())))?)
    };
    context.request(&caller, Ask::Exchanged { part, hours: body.hours, reason: body.reason }).await
}
