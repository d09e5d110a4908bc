//! The file server's listener: opened when this process leads, or at once when the port is to be chosen by the system,
//! because artifact URLs have to name it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use flux_runtime::StartError;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The wait between attempts to open the address.
const RETRY: Duration = Duration::from_secs(1);

/// An address, or a listener that is open already.
#[derive(Debug)]
pub(crate) struct Server {
    address: String,
    listener: Option<TcpListener>,
}

impl Server {
    /// Checks an address in Go's notation (`:9090`), and opens it if its port is 0.
    pub(crate) async fn prepare(address: &str) -> Result<Self, StartError> {
        let refused = |error: std::io::Error| StartError::new("unable to start file server", error);
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "80"));
        // All interfaces of both families, where the system has both.
        let host = if host.is_empty() { "[::]" } else { host };
        let address = format!("{host}:{port}");
        let listener = match port {
            "0" => Some(TcpListener::bind(&address).await.map_err(refused)?),
            _ => None,
        };
        Ok(Self { address, listener })
    }

    /// Where it listens, if it does already.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.listener
            .as_ref()
            .and_then(|listener| listener.local_addr().ok())
    }

    /// Serves until the shutdown; requests under way are finished.
    pub(crate) async fn run(self, root: PathBuf, shutdown: CancellationToken) {
        let listener = match self.listener {
            Some(listener) => listener,
            None => bind(&self.address).await,
        };
        let served = axum::serve(listener, flux_artifact::serve::router(root))
            .with_graceful_shutdown(shutdown.cancelled_owned())
            .await;
        if let Err(error) = served {
            tracing::info!(error = %error, "file server ended");
        }
    }
}

/// A predecessor may still hold the address for a moment.
async fn bind(address: &str) -> TcpListener {
    loop {
        let ipv4 = address.replace("[::]", "0.0.0.0");
        for address in [address, &ipv4] {
            match TcpListener::bind(address).await {
                Ok(listener) => return listener,
                Err(error) => tracing::info!(address, error = %error, "file server cannot listen"),
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}
