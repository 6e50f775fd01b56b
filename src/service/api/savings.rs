//! What was metered, beside what it would have been without control.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::Context;
use super::call::{Answer, Question};
use super::problem::Problem;
use super::routes::unfit;
use crate::control::savings::view::SavingsView;

/// By billing period.
pub(super) async fn look(State(context): State<Context>) -> Result<Json<SavingsView>, Problem> {
    let answer = context.asker.ask(Question::Savings).await?;
    let Answer::Savings(savings) = answer else { return Err(unfit(answer)) };
    savings.map(|savings| Json(*savings)).ok_or_else(|| {
        let help = "write `[peaks]` in the hall's file and name a `[tariff]` in the configuration: savings are reckoned at the billed meter";
        Problem::new(StatusCode::NOT_FOUND, "unknown", "no savings are reckoned here".to_owned(), help)
    })
}
