//! The server as a value: start, addresses, credentials, restart, stop.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpListener;

use crate::auth::User;
use crate::bootstrap;
use crate::cluster::Cluster;
use crate::faults::Faults;
use crate::http::{Listener, serve};
use crate::ledger::Ledger;
use crate::options::Options;
use crate::simulate;
use crate::tls;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The serving certificate could not be made.
    #[error("certificate of the API server")]
    Certificate(#[source] rcgen::Error),
    /// The TLS library refused the configuration.
    #[error("TLS configuration of the API server")]
    Tls(#[source] rustls::Error),
    /// The address is taken or not ours.
    #[error("listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
}

/// A running API server. Dropping it ends it.
pub struct Server {
    cluster: Arc<Cluster>,
    identity: tls::Identity,
    listener: Mutex<Option<Listener>>,
    address: SocketAddr,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Starts a server with an empty cluster (the usual namespaces and roles aside) on the current
    /// Tokio runtime. It serves when this returns.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let identity = tls::identity()?;
        let (socket, address) = bind(options.listen).await?;
        let cluster = Cluster::new(options, identity.ca_pem.clone());
        let taps = simulate::Taps::open(&cluster.store);
        bootstrap::run(&cluster);
        simulate::settle(&cluster);
        simulate::start(&cluster, taps);
        let listener = serve(Arc::clone(&cluster), socket, Arc::clone(&identity.config));
        Ok(Self {
            cluster,
            identity,
            listener: Mutex::new(Some(listener)),
            address,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The base URL, `https://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate authority to trust, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.identity.ca_pem
    }

    /// A bearer token without end for a user: `admin` may do all, `system:serviceaccount:ns:name`
    /// has the groups of service accounts, any other name is just authenticated.
    pub fn token(&self, user: &str) -> String {
        if user == "admin" {
            self.token_with_groups(user, &["system:masters"])
        } else {
            self.token_with_groups(user, &[])
        }
    }

    /// As [`Server::token`], with groups of the caller's choice.
    pub fn token_with_groups(&self, user: &str, groups: &[&str]) -> String {
        self.cluster.tokens.for_user(&User::new(user, groups))
    }

    /// A kubeconfig file (YAML) with this user's token; see [`Server::token`] for users.
    pub fn kubeconfig(&self, user: &str) -> String {
        let ca = STANDARD.encode(self.identity.ca_pem.as_bytes());
        let token = self.token(user);
        let url = self.url();
        format!(
            "apiVersion: v1\nkind: Config\nclusters:\n- name: local\n  cluster:\n    \
             certificate-authority-data: {ca}\n    server: {url}\ncontexts:\n- name: local\n  \
             context:\n    cluster: local\n    user: {user}\n    namespace: default\n\
             current-context: local\nusers:\n- name: {user}\n  user:\n    token: {token}\n"
        )
    }

    /// The requests served so far.
    pub fn ledger(&self) -> &Ledger {
        &self.cluster.ledger
    }

    /// The switches for faults.
    pub fn faults(&self) -> &Faults {
        &self.cluster.faults
    }

    /// The newest resourceVersion.
    pub fn resource_version(&self) -> u64 {
        self.cluster.store.version()
    }

    /// Closes all connections and the socket; the objects stay. [`Server::resume`] serves again.
    pub async fn pause(&self) {
        let listener = self
            .listener
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(listener) = listener {
            listener.stop.cancel();
            listener.tasks.close();
            listener.tasks.wait().await;
        }
    }

    /// Serves again on the same address after [`Server::pause`], with the same objects and tokens.
    pub async fn resume(&self) -> Result<(), StartError> {
        let (socket, _) = bind(self.address).await?;
        let config = Arc::clone(&self.identity.config);
        let listener = serve(Arc::clone(&self.cluster), socket, config);
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(listener);
        Ok(())
    }

    /// Restarts on the same address with the same objects: connections break, watches end.
    pub async fn restart(&self) -> Result<(), StartError> {
        self.pause().await;
        self.resume().await
    }

    /// Ends the server and waits for its tasks.
    pub async fn stop(&self) {
        self.pause().await;
        self.cluster.stop.cancel();
        self.cluster.tasks.close();
        self.cluster.tasks.wait().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.cluster.stop.cancel();
        if let Some(listener) = self
            .listener
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            listener.stop.cancel();
        }
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let socket = TcpListener::bind(address).await.map_err(failed)?;
    let local = socket.local_addr().map_err(failed)?;
    Ok((socket, local))
}
