//! `wattloop agent failsafe`: the last path, for systemd's `ExecStopPost` and for people. It must write something whatever is left of the node.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wattloop::adapters::nvml::Gpus;
use wattloop::agent::config::{Config, Remains};
use wattloop::agent::failsafe::{self, Outcome, Plan};
use wattloop::agent::memory::Recall;
use wattloop::service::clock::Machine;
use wattloop::service::config::Log;
use wattloop::service::logging;

use super::{Out, Stop, load};

/// How long the fail-safe is tried, and how long what is remembered is waited for.
const TRIED: Duration = Duration::from_secs(8);
const RECALLED: Duration = Duration::from_secs(1);

/// Brings every GPU to the fail-safe.
pub fn run(path: &Path, out: &Out) -> Result<(), Stop> {
    let (file, remains) = match load(path) {
        Ok(config) => {
            let remains = Remains { nvml: config.nvml.clone(), state_file: config.state_file.clone() };
            (Ok(config), remains)
        }
        Err(stop) => (Err(stop), Config::remains(path)),
    };
    logging::start(&Log::default());
    let recall = Recall::start(remains.state_file).map_err(|e| Stop::io("the agent's memory", &e))?;
    let memory = recall.now(RECALLED);
    if memory.as_ref().is_some_and(|memory| memory.released) {
        out.line("people hold this node: its limits are left alone")?;
        return file.map(drop);
    }
    let plan = match &file {
        Ok(config) => Plan::of(config, memory.as_ref()),
        Err(_) => Plan::without_file(memory.as_ref()),
    };
    if file.is_err() {
        tracing::error!("the node's file is not taken: {}", instead(&plan));
    }
    let gpus =
        Gpus::open(remains.nvml, Arc::new(Machine::start().stamp())).map_err(|e| Stop::io("the GPUs' threads", &e))?;
    let outcome = failsafe::write(&gpus, &plan, TRIED);
    if outcome == Outcome::default() {
        let why = gpus.driver().why.unwrap_or_else(|| "the driver knows no GPU".to_owned());
        return Err(Stop::new(69, "no_driver", why, "no GPU is proven to be at the fail-safe"));
    }
    if out.json() {
        let above = outcome.above.iter().map(|(uuid, at)| json!({ "uuid": uuid, "at_mw": at })).collect::<Vec<_>>();
        out.value(&json!({ "safe": outcome.safe, "above": above, "doubtful": outcome.doubtful }))?;
    } else {
        out.line(format_args!("{} GPUs at the fail-safe or below, read back", outcome.safe.len()))?;
    }
    file?;
    if outcome.is_sure() { Ok(()) } else { Err(doubtful(&outcome)) }
}

/// What counts where the node's file does not, in words.
fn instead(plan: &Plan) -> String {
    match plan.failsafe() {
        Some(failsafe) => format!("every GPU goes to the fail-safe that is remembered with the limits, {failsafe}"),
        None => "and no fail-safe is remembered: every GPU goes to the least that its board takes".to_owned(),
    }
}

/// Which GPUs are not proven to be at the fail-safe, and what is to be done.
pub fn doubtful(outcome: &Outcome) -> Stop {
    let nameless = (outcome.nameless > 0).then(|| format!("{} without a name", outcome.nameless));
    let doubtful = outcome.doubtful.iter().map(ToString::to_string).chain(nameless).collect::<Vec<_>>();
    let above = outcome.above.iter().map(|(uuid, at)| format!("{uuid} ({at})")).collect::<Vec<_>>();
    let mut said = Vec::new();
    if !doubtful.is_empty() {
        said.push(format!("not proven to be at the fail-safe: {}", doubtful.join(", ")));
    }
    if !above.is_empty() {
        said.push(format!("at the least that the board takes, above the fail-safe: {}", above.join(", ")));
    }
    if outcome.hanging {
        said.push("the half that worked hangs in the driver, and may still write what it was about to".to_owned());
    }
    let help = if doubtful.is_empty() && !outcome.hanging {
        "raise `failsafe_w` to what the boards take, and `fail-safe` in the hall's file with it, or the proof counts less than they draw"
    } else {
        "look at the node: `wattloop gpus`; until it is sure, count these at what the boards bear"
    };
    Stop::new(1, "doubtful", said.join("; "), help)
}
