//! What energy costs: `GET /v1/prices`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::call::{Answer, Question};
use super::routes::unfit;
use super::{Context, Problem};
use crate::control::report::PricesView;

pub(super) async fn look(State(context): State<Context>) -> Result<Json<PricesView>, Problem> {
    let answer = context.asker.ask(Question::Prices).await?;
    if answer == Answer::Prices(None) {
        let (say, help) = ("this site names no tariff", "add `[tariff]` to its configuration: docs/tariffs.md");
        return Err(Problem::new(StatusCode::CONFLICT, "nothing_there", say, help));
    }
    if let Answer::Prices(Some(view)) = answer { Ok(Json(*view)) } else { Err(unfit(answer)) }
}
