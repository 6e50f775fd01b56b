//! The listener for probes and scrapes: loopback only, read only, always on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Metrics, Verdict};

/// What `/metrics` says it is.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves `/metrics`, `/livez`, `/readyz` and their older names on a loopback address; tells the address it got.
///
/// # Errors
/// The address is not loopback, or taken.
pub async fn serve(listen: SocketAddr, metrics: Arc<Metrics>) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    if !listen.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{listen} is not loopback")));
    }
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route("/metrics", get(scrape))
        .route("/livez", get(livez))
        .route("/-/healthy", get(livez))
        .route("/readyz", get(readyz))
        .route("/-/ready", get(readyz))
        .with_state(metrics);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "health and metrics are no longer served");
        }
    });
    Ok((address, task))
}

async fn scrape(State(metrics): State<Arc<Metrics>>) -> Response {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], metrics.text()).into_response()
}

async fn livez(State(metrics): State<Arc<Metrics>>, RawQuery(query): RawQuery) -> Response {
    answer("livez", &metrics.live(), query.as_deref())
}

async fn readyz(State(metrics): State<Arc<Metrics>>, RawQuery(query): RawQuery) -> Response {
    answer("readyz", &metrics.ready(), query.as_deref())
}

fn answer(name: &str, verdict: &Verdict, query: Option<&str>) -> Response {
    let verbose = query.is_some_and(|q| q.split('&').any(|p| p == "verbose" || p.starts_with("verbose=")));
    let status = if verdict.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, verdict.text(name, verbose)).into_response()
}
