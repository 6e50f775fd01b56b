//! How people and the command line talk to the running service: HTTP and JSON over a Unix socket.
//!
//! ```text
//! GET  /v1/status                    POST /v1/override            {"point","value","hold","reason"}
//! GET  /v1/points                    POST /v1/release             {"point"} or {"all":true}, {"level"}
//! GET  /v1/points/{equip}/{name}     POST /v1/alarms/{name}/ack   POST /v1/alarms/{name}/reset
//! GET  /v1/why/{equip}/{name}        POST /v1/reload
//! GET  /v1/alarms                    POST /v1/announce            POST /v1/withdraw
//! GET  /v1/feeds                     POST /v1/budgets             {"id","feed","watts","hold","reason"}, /v1/budgets/lift {"id"}
//! GET  /v1/gpus                      every GPU that is capped; /v1/gpus/{uuid} one
//! POST /v1/batteries/prove           {"battery","watts","depth","reason"}, /v1/batteries/stop {"battery"}
//! GET  /v1/peaks                     what keeps billed peaks down, and every window that is open
//! GET  /v1/savings                   what was metered, beside what it would have been without control
//! GET  /v1/forecast                  what the site is expected to draw, and how wrong that was
//! GET  /v1/plan                      the plan that batteries and jobs follow, and why it is as it is
//! GET  /v1/leases                    every lease, and every request that waits for one
//! GET  /v1/leases/CLIENT/REQUEST     how a request for leases was decided, and by which room of which feeds
//! GET  /v1/plan/problem              what there is to plan: prices, loads, peaks and batteries of the day ahead
//! GET  /v1/grid                      POST /v1/grid/target         {"feed","watts","hold","best_effort","reason"}, /v1/grid/lift {"feed","reason"}
//! GET  /v1/prices                    what energy costs now and ahead, with what is missing
//! GET  /v1/windows                   every window of civil time, open or not, and when it opens next
//! GET  /v1/loops/{hours}             every loop's performance over 1 to 24 hours
//! GET  /v1/trial                     POST /v1/trial, /v1/trial/end, /v1/retune, /v1/revert
//!                                    POST /v1/supervisor          {"on","reason"}
//!                                    POST /v1/exchanged           {"machine","hours","reason"}
//! GET  /v1/checkout                  POST /v1/checkout            what was found at the instruments, kept
//! GET  /v1/raw/{equip}/{name}        a point's raw words
//! GET  /v1/check                     POST /v1/force, /v1/silence, /v1/check/end
//! every refusal: {"code","message","help"}
//! ```
//!
//! The kernel lets the socket's owner and group in (0660); the service asks again who it is, and writes it down.

mod announce;
mod batteries;
mod budgets;
pub mod call;
mod checkout;
mod door;
mod exchanged;
mod gpus;
mod grid;
mod peer;
mod plan;
mod prices;
mod problem;
mod reload;
mod routes;
mod savings;
mod supervisor;
mod tuning;
mod windows;

use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use plant::hall::Hall;
use tokio::task::JoinHandle;

use crate::service::config::Keeper;
use crate::service::wiring::Wiring;
use call::Asker;

pub use announce::{Announce, Withdraw};
pub use batteries::{Prove, StopProof};
pub use budgets::Budget;
pub use checkout::{CheckRow, Checkout, ForceStep, Found, FoundRow, Quiet, Raw};
pub use door::{Door, open as open_door};
pub use exchanged::Exchanged;
pub use grid::{LiftTarget, SetTarget};
pub use peer::{Caller, Owner, admit, admit_owner};
pub use problem::Problem;
pub use reload::{Reloaded, reload};
pub use routes::{Override, Release};
pub use supervisor::Supervise;
pub use tuning::{Retune, Revert, Trial};

/// The largest body that is read (bytes).
const BODY_LIMIT: usize = 64 * 1024;

/// What the routes need.
#[derive(Clone)]
pub struct Context {
    /// The hall, for names.
    pub hall: Arc<Hall>,
    /// The way to the scan thread.
    pub asker: Asker,
    /// The configuration that runs; nothing where there is none to reload, as in a demo.
    pub keeper: Option<Arc<Keeper>>,
    /// What lies behind the points.
    pub wiring: Arc<Wiring>,
}

/// The API while it is served. Dropped, it takes its socket away.
#[derive(Debug)]
pub struct Served {
    door: Door,
    task: JoinHandle<()>,
}

impl Served {
    /// Where the socket is.
    #[must_use]
    pub fn socket(&self) -> &Path {
        self.door.path()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves the API on a Unix socket that it makes with mode 0660. A stale socket is taken away.
///
/// # Errors
/// The directory is missing, something that is no socket stands there, or another service listens there.
pub fn serve(
    socket: &Path,
    hall: Arc<Hall>,
    asker: Asker,
    (keeper, wiring): (Option<Arc<Keeper>>, Wiring),
) -> io::Result<Served> {
    let (door, listener, owner) = door::open(socket)?;
    let context = Context { hall, asker, keeper, wiring: Arc::new(wiring) };
    let routes = routes::all()
        .layer(axum::middleware::from_fn_with_state(owner, admit))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(context)
        .into_make_service_with_connect_info::<Caller>();
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "the API is no longer served");
        }
    });
    Ok(Served { door, task })
}
