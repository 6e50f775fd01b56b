//! An agent on this machine: asked at its Unix socket, and granted there.
//!
//! ```text
//! GET /v1/state ──▶ what the agent is, once a connection
//! GET /v1/node ───▶ desk, twice a second and after each scan
//! POST /v1/grants ◀ the caps of the newest scan, where they are due; each answers the report before it
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use plant::image::Outputs;
use plant::lease::NodeReport;
use plant::time::Span;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Note;
use super::desk::Desk;
use super::lend::Lent;
use super::state::{Agent, judge};
use crate::adapters::mqtt::count::bump;
use crate::adapters::unix::Caller;

/// How often an agent is asked when no scan comes.
const ASK: Duration = Duration::from_millis(500);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two connections.
const PAUSE: Duration = Duration::from_secs(1);
/// The largest answer that is read (bytes).
const MOST: usize = 256 * 1024;

/// The line to one agent.
pub struct Local {
    socket: PathBuf,
    desk: Arc<Desk>,
    notes: mpsc::Sender<Note>,
    lends: bool,
}

/// A connection, and the node behind it.
struct Talk {
    caller: Caller,
    node: usize,
    name: String,
}

impl Local {
    /// Of the agent at this socket; with `lends` it is granted what scans decide.
    pub const fn new(socket: PathBuf, desk: Arc<Desk>, notes: mpsc::Sender<Note>, lends: bool) -> Self {
        Self { socket, desk, notes, lends }
    }

    /// Connects for ever. What is wrong is said once, until it is another thing.
    pub async fn run(self) {
        let mut said = String::new();
        loop {
            let fault = match self.begin().await {
                Ok(talk) => {
                    said.clear();
                    let (node, name) = (talk.node, talk.name.clone());
                    self.desk.ask_here(node, true);
                    tracing::info!(node = name, socket = %self.socket.display(), "an agent on this machine answers");
                    let fault = self.converse(talk).await;
                    self.desk.ask_here(node, false);
                    format!("`{name}` is lost, and what is granted ends when its lease does: {fault}")
                }
                Err(fault) => fault,
            };
            if fault != said {
                tracing::warn!(socket = %self.socket.display(), "{fault}");
                said = fault;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Connects, and asks who is there.
    async fn begin(&self) -> Result<Talk, String> {
        let caller = Caller::connect(&self.socket).await;
        let mut caller =
            caller.map_err(|e| format!("no agent answers: {e}; is it running, and are we in its group?"))?;
        let report: NodeReport = ask(&mut caller, "/v1/node", None).await?;
        let Some(node) = self.desk.node(&report.node) else {
            bump(&self.desk.counters.unknown);
            return Err(format!(
                "`{}` answers, which the hall's file does not name: nothing is granted to it",
                report.node
            ));
        };
        let agent: Agent = ask(&mut caller, "/v1/state", None).await?;
        self.note(agent.judge(&self.desk, (node, &report.node)));
        Ok(Talk { caller, node, name: report.node })
    }

    fn note(&self, note: Option<Note>) {
        if note.is_some_and(|note| self.notes.try_send(note).is_err()) {
            tracing::error!("the service does not take what it is told of agents");
        }
    }

    /// Asks and grants until something goes wrong, which is what comes back.
    async fn converse(&self, mut talk: Talk) -> String {
        let hall = self.desk.hall();
        let lease = hall.power.capping.as_ref().map_or(Span::ZERO, |capping| capping.lease);
        let (mut lent, mut granted, mut news) = (Lent::default(), Outputs::default(), self.desk.news());
        loop {
            let scanned = match timeout(ASK, news.changed()).await {
                Ok(Ok(())) => true,
                Ok(Err(_)) => return "the service ends".to_owned(),
                Err(_) => false,
            };
            let report: NodeReport = match ask(&mut talk.caller, "/v1/node", None).await {
                Ok(report) => report,
                Err(fault) => return fault,
            };
            if report.node != talk.name {
                return format!("`{}` answers in its place", report.node);
            }
            self.desk.hear(talk.node, report.clone());
            bump(&self.desk.counters.reports);
            self.note(judge(&self.desk, (talk.node, &talk.name), &report));
            if !self.lends || !scanned {
                continue;
            }
            self.desk.caps(&mut granted);
            let (grants, now) = (granted.grants(hall, talk.node, report.seq), self.desk.now());
            let Some(grants) = lent.next(grants, &report, (now, lease)) else { continue };
            let body = serde_json::to_vec(&grants).unwrap_or_default();
            if let Err(fault) = ask::<IgnoredAny>(&mut talk.caller, "/v1/grants", Some(body)).await {
                bump(&self.desk.counters.unsent);
                return fault;
            }
            bump(&self.desk.counters.grants);
            lent.lent(grants, now);
        }
    }
}

/// Asks, or says something, and reads the answer.
async fn ask<T: DeserializeOwned>(caller: &mut Caller, path: &str, body: Option<Vec<u8>>) -> Result<T, String> {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let asked = caller.ask((method, path), body.unwrap_or_default().into(), MOST);
    let late = |_| format!("{path}: no answer within {} s", PATIENCE.as_secs());
    let (status, body) = timeout(PATIENCE, asked).await.map_err(late)?.map_err(|e| format!("{path}: {e}"))?;
    if status >= 400 {
        let say = body.get(..200.min(body.len())).unwrap_or_default();
        return Err(format!("{path} is refused ({status}): {}", String::from_utf8_lossy(say)));
    }
    serde_json::from_slice(&body).map_err(|e| format!("{path}: the answer is no agent's: {e}"))
}
