//! Windows of civil time: `GET /v1/windows`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::call::{Answer, Question};
use super::routes::unfit;
use super::{Context, Problem};
use crate::control::windows::view::WindowsView;

pub(super) async fn look(State(context): State<Context>) -> Result<Json<WindowsView>, Problem> {
    let answer = context.asker.ask(Question::Windows).await?;
    let Answer::Windows(view) = answer else { return Err(unfit(answer)) };
    if view.windows.is_empty() {
        let (say, help) = ("this hall has no windows", "write `[[window]]` in the hall's file: docs/windows.md");
        return Err(Problem::new(StatusCode::NOT_FOUND, "unknown", say, help));
    }
    Ok(Json(view))
}
