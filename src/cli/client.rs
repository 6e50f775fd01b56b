//! The command line's side of the API: HTTP over the service's Unix socket.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use hyper::Method;
use hyper::body::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wattloop::adapters::unix::{Caller, Fault};
use wattloop::service::api::Problem;
use wattloop::service::config::DEFAULT_SOCKET;

use super::Stop;

/// The largest answer that is read (bytes): every point of a hall of 100,000.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

/// How often something that cannot be promised yet is asked for again, and how long between.
const TRIES: u32 = 10;
const AGAIN: Duration = Duration::from_millis(300);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the running service is.
#[derive(Clone, Debug, Default, Args)]
pub struct SocketArgs {
    /// The service's socket [default: $WATTLOOP_API__SOCKET, then /run/wattloop/wattloop.sock, then a running demo's]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
}

impl SocketArgs {
    fn path(&self) -> PathBuf {
        let from_env = || std::env::var_os("WATTLOOP_API__SOCKET").map(PathBuf::from);
        self.socket.clone().or_else(from_env).unwrap_or_else(|| {
            let demo = demo_folder().join("wattloop.sock");
            let service = PathBuf::from(DEFAULT_SOCKET);
            if !service.exists() && demo.exists() { demo } else { service }
        })
    }

    /// Asks.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Stop> {
        ask(&self.path(), Method::GET, path, Bytes::new())
    }

    /// Asks for something to be done. While the service cannot promise it (its journal has only just been opened, say)
    /// nothing has been done, so it is asked again for a while.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Stop> {
        let body = serde_json::to_vec(body).map_err(|e| Stop::failed(format!("the request is no JSON: {e}")))?;
        let body = Bytes::from(body);
        let mut tries = TRIES;
        loop {
            match ask(&self.path(), Method::POST, path, body.clone()) {
                Err(stop) if stop.code == "unable" && tries > 0 => tries -= 1,
                answer => return answer,
            }
            std::thread::sleep(AGAIN);
        }
    }
}

/// Where a demo of this user keeps its journal and its socket: a folder that nobody else can enter.
pub fn demo_folder() -> PathBuf {
    std::env::temp_dir().join(format!("wattloop-demo-{}", user()))
}

/// The user this process runs as.
pub fn user() -> u32 {
    std::fs::metadata("/proc/self").map_or(0, |m| m.uid())
}

fn ask<T: DeserializeOwned>(socket: &Path, method: Method, path: &str, body: Bytes) -> Result<T, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Stop::io("the client cannot start", &e))?;
    let answer = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, exchange(socket, method, path, body)).await.unwrap_or_else(|_| {
            Err(Stop::new(75, "late", "the service has not answered within 30 s", "look at its log"))
        })
    });
    let (status, bytes) = answer?;
    if status < 400 {
        return serde_json::from_slice(&bytes)
            .map_err(|e| Stop::failed(format!("the service's answer does not fit this program: {e}")));
    }
    Err(refused(status, &bytes))
}

async fn exchange(socket: &Path, method: Method, path: &str, body: Bytes) -> Result<(u16, Bytes), Stop> {
    let stop = |fault: Fault| match fault {
        Fault::Connect(e) => {
            let mut stop = Stop::io(&socket.display().to_string(), &e);
            stop.help = if stop.exit == 77 {
                "ask somebody to add you to the group of the socket".to_owned()
            } else {
                "is the service running? `--socket` names another place".to_owned()
            };
            stop
        }
        Fault::Path(say) => Stop::usage(say, "names are like `crah-1/fan-speed`"),
        Fault::Broken(say) => Stop::new(75, "broken", say, "try again"),
    };
    let mut caller = Caller::connect(socket).await.map_err(stop)?;
    caller.ask((method, path), body, ANSWER_LIMIT).await.map_err(stop)
}

fn refused(status: u16, body: &[u8]) -> Stop {
    let exit = match status {
        403 => 77,
        503 => 75,
        _ => 1,
    };
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => Stop::new(exit, &problem.code, problem.message, problem.help),
        Err(_) => Stop::new(exit, "refused", format!("the service answered {status}"), ""),
    }
}
