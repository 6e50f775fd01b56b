//! A reload: load and check everything, compare, apply at a scan's boundary; or keep the old one and say so.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Problem;
use super::call::{Answer, Asker, Question};
use super::routes::unfit;
use crate::service::config::Keeper;
use crate::service::trouble;

/// What a reload did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// True when new strategies take effect with the next scan.
    pub applied: bool,
    /// Keys that changed and wait for a restart.
    pub needs_restart: Vec<String>,
}

/// Reloads; also for SIGHUP. The configuration that runs stays in force when anything is wrong.
///
/// # Errors
/// Every fault of the new configuration (code `config_invalid`), or the scan that does not answer.
pub async fn reload(keeper: &std::sync::Arc<Keeper>, asker: &Asker) -> Result<Reloaded, Problem> {
    let loading = std::sync::Arc::clone(keeper);
    let loaded = tokio::task::spawn_blocking(move || loading.prepare()).await.map_err(|_| Problem::confused())?;
    trouble::tell(asker, &keeper.hall(), trouble::RELOAD_FAILED, loaded.is_err()).await;
    let (change, loaded) = loaded.map_err(|faults| {
        let help = "nothing has changed: the configuration that runs stays in force";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "config_invalid", faults.to_string(), help)
    })?;
    let applied = change.strategies.is_some();
    if let Some(strategies) = change.strategies {
        let answer = asker.ask(Question::Reload(strategies)).await?;
        if answer != Answer::Reloading {
            return Err(unfit(answer));
        }
    }
    keeper.commit(&loaded);
    Ok(Reloaded { applied, needs_restart: change.needs_restart })
}
