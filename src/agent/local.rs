//! Callers on this machine: HTTP and JSON over a Unix socket that its owner's group may use.
//!
//! ```text
//! GET  /v1/node                     how the node is
//! GET  /v1/state                    what the agent is: its fail-safe, its bounds, its longest lease
//! POST /v1/grants                   {"grants":[{"uuid","cap_mw","lease_ms","epoch","seq"}]}, answered one by one
//! POST /v1/release, /v1/take        people take the node back, or give it to its controller: root only, and whoever the agent runs as
//! every refusal: {"code","message","help"}
//! ```

use std::io;
use std::path::Path;
use std::sync::mpsc::SyncSender;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use axum::{Json, Router};
use plant::gpu::Uuid;
use plant::lease::{Grants, NodeReport, Taken};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::work::Ask;
use crate::service::api::{Caller, Door, Owner, Problem, admit, admit_owner, open_door};

/// The largest body that is read (bytes).
const BODY_LIMIT: usize = 64 * 1024;
/// The most grants in one message.
pub const MOST_GRANTS: usize = 64;

/// What became of one grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The GPU.
    pub uuid: Uuid,
    /// What became of it.
    #[serde(flatten)]
    pub taken: Taken,
}

/// What became of all grants of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// In the order of the grants.
    pub taken: Vec<Answer>,
}

#[derive(Clone)]
struct Context {
    asks: SyncSender<Ask>,
    online: serde_json::Value,
}

/// Serves callers on this machine for ever. Dropping the door takes the socket away.
///
/// # Errors
/// The directory is missing, something else stands there, or another agent listens there.
pub fn serve(
    socket: &Path,
    asks: SyncSender<Ask>,
    online: serde_json::Value,
) -> io::Result<(Door, impl Future<Output = io::Result<()>>)> {
    let (door, listener, owner) = open_door(socket)?;
    let routes = routes(owner, Context { asks, online }).into_make_service_with_connect_info::<Caller>();
    Ok((door, async move { axum::serve(listener, routes).await }))
}

/// What the group may ask is what a controller needs; whose node it is, it may not decide.
fn routes(owner: Owner, context: Context) -> Router {
    Router::new()
        .route("/v1/release", post(release))
        .route("/v1/take", post(take))
        .route_layer(from_fn_with_state(owner, admit_owner))
        .route("/v1/node", get(node))
        .route("/v1/state", get(state))
        .route("/v1/grants", post(grants))
        .layer(from_fn_with_state(owner, admit))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(context)
}

/// Asks the thread that decides.
async fn ask<T>(asks: &SyncSender<Ask>, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Problem> {
    let late = || {
        let help = "it is busy or ending; look at its log";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "the agent does not answer".to_owned(), help)
    };
    let (answer, hear) = oneshot::channel();
    asks.try_send(make(answer)).map_err(|_| late())?;
    hear.await.map_err(|_| late())
}

async fn node(State(context): State<Context>) -> Result<Json<NodeReport>, Problem> {
    ask(&context.asks, Ask::Report).await.map(Json)
}

async fn state(State(context): State<Context>) -> Json<serde_json::Value> {
    Json(context.online)
}

async fn grants(State(context): State<Context>, body: axum::body::Bytes) -> Result<Json<Answers>, Problem> {
    let bad = |what: String| {
        let help = "write {\"grants\":[{\"uuid\",\"cap_mw\",\"lease_ms\",\"epoch\",\"seq\"}]}";
        Problem::new(StatusCode::BAD_REQUEST, "bad_grants", what, help)
    };
    let asked: Grants = serde_json::from_slice(&body).map_err(|e| bad(format!("these are no grants: {e}")))?;
    if asked.grants.len() > MOST_GRANTS {
        return Err(bad(format!("{} grants in one message are more than {MOST_GRANTS}", asked.grants.len())));
    }
    let taken = ask(&context.asks, |to| Ask::Grants(asked, to)).await?;
    Ok(Json(Answers { taken: taken.into_iter().map(|(uuid, taken)| Answer { uuid, taken }).collect() }))
}

async fn release(State(context): State<Context>) -> Result<Json<bool>, Problem> {
    hold(&context, true).await
}

async fn take(State(context): State<Context>) -> Result<Json<bool>, Problem> {
    hold(&context, false).await
}

async fn hold(context: &Context, released: bool) -> Result<Json<bool>, Problem> {
    let saved = ask(&context.asks, |to| Ask::Release(released, to)).await?;
    saved.map(|()| Json(released)).map_err(|why| {
        let help = "it holds until the next restart; make room and say it again";
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, "not_saved", why, help)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use axum::extract::connect_info::MockConnectInfo;
    use hyper::Method;
    use tokio::net::UnixListener;

    use super::*;
    use crate::adapters::unix;

    const OWNER: Owner = Owner { uid: 990, gid: 991 };

    /// A socket at which everybody is taken for this caller.
    fn serve_as(uid: u32, groups: &[u32]) -> (tempfile::TempDir, Receiver<Ask>) {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("s")).expect("a socket");
        let (asks, hear) = sync_channel(4);
        let caller = Caller { uid: Some(uid), groups: groups.to_vec() };
        let routes = routes(OWNER, Context { asks, online: serde_json::Value::Null }).layer(MockConnectInfo(caller));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (folder, hear)
    }

    async fn post_to(folder: &tempfile::TempDir, path: &str) -> u16 {
        let mut caller = unix::Caller::connect(&folder.path().join("s")).await.expect("it listens");
        caller.ask((Method::POST, path), "{}".into(), 4096).await.expect("an answer").0
    }

    #[tokio::test]
    async fn whose_node_it_is_root_says_and_not_the_controllers_group() {
        let (folder, hear) = serve_as(1000, &[1000, 991]);
        assert_eq!(post_to(&folder, "/v1/release").await, 403);
        assert_eq!(post_to(&folder, "/v1/take").await, 403);
        assert!(hear.try_recv().is_err(), "nobody is asked");
        assert_eq!(post_to(&folder, "/v1/grants").await, 400, "that is read, and no grants");
        for uid in [0, 990] {
            let (folder, hear) = serve_as(uid, &[5]);
            let answers = std::thread::spawn(move || match hear.recv().expect("asked") {
                Ask::Release(true, to) => to.send(Ok(())).expect("heard"),
                ask @ (Ask::Grants(..) | Ask::Report(_) | Ask::Release(..)) => panic!("{ask:?}"),
            });
            assert_eq!(post_to(&folder, "/v1/release").await, 200);
            answers.join().expect("answered");
        }
    }
}
