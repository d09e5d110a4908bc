//! `/metrics`, `/healthz` and `/readyz`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// Why an address cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// It is no address.
    #[error("listen tcp: address {0}: missing port in address")]
    Address(String),
    /// The system does not let us.
    #[error("listen tcp {address}")]
    Bind {
        address: String,
        #[source]
        source: std::io::Error,
    },
}

/// Opens a listener in Go's notation: `:8080` is all interfaces, `0` or nothing is no server.
pub(crate) async fn listen(address: &str) -> Result<Option<TcpListener>, ListenError> {
    if address.is_empty() || address == "0" {
        return Ok(None);
    }
    let Some((host, port)) = address.rsplit_once(':') else {
        return Err(ListenError::Address(address.to_owned()));
    };
    // All interfaces means both families where the system has both.
    let hosts: &[&str] = if host.is_empty() {
        &["[::]", "0.0.0.0"]
    } else {
        &[host]
    };
    let mut failure = None;
    for host in hosts {
        match TcpListener::bind(format!("{host}:{port}")).await {
            Ok(listener) => return Ok(Some(listener)),
            Err(error) => failure = Some(error),
        }
    }
    Err(ListenError::Bind {
        address: address.to_owned(),
        source: failure.unwrap_or_else(|| std::io::ErrorKind::AddrNotAvailable.into()),
    })
}

/// Serves the metrics until the shutdown.
pub(crate) async fn serve_metrics(
    listener: TcpListener,
    metrics: Metrics,
    refresh: Arc<dyn Fn() + Send + Sync>,
    shutdown: CancellationToken,
) {
    let answer = move || {
        let (metrics, refresh) = (metrics.clone(), refresh.clone());
        async move {
            refresh();
            match metrics.text() {
                Ok(text) => {
                    let kind = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
                    ([(header::CONTENT_TYPE, kind)], text).into_response()
                }
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    };
    serve(
        listener,
        Router::new().route("/metrics", get(answer)),
        shutdown,
    )
    .await;
}

/// Serves the probes until the shutdown. Both answer once the process runs (COM-FLG-002).
pub(crate) async fn serve_probes(listener: TcpListener, shutdown: CancellationToken) {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/healthz/ping", get(|| async { "ok" }))
        .route("/readyz", get(|| async { "ok" }))
        .route("/readyz/ping", get(|| async { "ok" }));
    serve(listener, router, shutdown).await;
}

async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
    if let Err(error) = served.await {
        tracing::error!(error = %error, "server ended");
    }
}

/// Where a listener listens.
pub(crate) fn address(listener: Option<&TcpListener>) -> Option<SocketAddr> {
    listener.and_then(|l| l.local_addr().ok())
}
