//! Connections: accept, TLS, HTTP/1.1 and HTTP/2.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cluster::Cluster;
use crate::pipeline;

/// How long a client may take to agree on a key.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A listening socket and what ends it.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

/// Serves a cluster on a socket until stopped.
pub(crate) fn serve(
    cluster: Arc<Cluster>,
    socket: TcpListener,
    tls: Arc<rustls::ServerConfig>,
) -> Listener {
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    tasks.spawn(accept_all(
        cluster,
        socket,
        TlsAcceptor::from(tls),
        stop.clone(),
        tasks.clone(),
    ));
    Listener { stop, tasks }
}

async fn accept_all(
    cluster: Arc<Cluster>,
    socket: TcpListener,
    acceptor: TlsAcceptor,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = socket.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let _ = stream.set_nodelay(true);
        let (cluster, acceptor, stop) = (Arc::clone(&cluster), acceptor.clone(), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = connection(cluster, acceptor, stream) => {}
            }
        });
    }
}

async fn connection(cluster: Arc<Cluster>, acceptor: TlsAcceptor, stream: tokio::net::TcpStream) {
    let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "TLS handshake");
            return;
        }
        Err(_) => return,
    };
    let service = service_fn(move |request| {
        let cluster = Arc::clone(&cluster);
        async move { Ok::<_, Infallible>(pipeline::handle(cluster, request).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .max_concurrent_streams(Some(2000))
        .adaptive_window(true);
    if let Err(error) = builder
        .serve_connection(TokioIo::new(stream), service)
        .await
    {
        tracing::debug!(%error, "connection");
    }
}
