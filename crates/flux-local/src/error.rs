//! Why a fleet cannot be run at all. What goes wrong inside it is told by its objects.

use std::path::PathBuf;

/// What failed; the cause follows as source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder of the fleet.
    #[error("read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The files do not make a tree.
    #[error("take in the files of {name}")]
    Tree {
        /// Of what.
        name: String,
        /// Why.
        #[source]
        source: flux_tree::TreeError,
    },
    /// A working copy that is too large to be served from memory.
    #[error("{} has more than {most} bytes; name a smaller folder, or ignore what is not deployed", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// The limit.
        most: usize,
    },
    /// The repository at a URL.
    #[error("fetch {url}")]
    Fetch {
        /// Which.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A text that is no URL.
    #[error("'{url}' is not a URL")]
    Url {
        /// The text.
        url: String,
    },
    /// Committing the working copy to the served repository.
    #[error("commit the files of {name}")]
    Commit {
        /// Which repository.
        name: String,
        /// Why.
        #[source]
        source: flux_git::serve::RepositoryError,
    },
    /// A port of loopback.
    #[error("listen on loopback")]
    Listen(#[source] std::io::Error),
    /// The folder of a cluster.
    #[error("{0}")]
    Cluster(String),
    /// A manifest that is applied before the controllers start.
    #[error("read the manifests of {path}")]
    Manifest {
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: flux_object::read::ReadError,
    },
    /// The embedded API server.
    #[error("start the API server")]
    Server(#[source] flux_apiserver::StartError),
    /// A request to it.
    #[error("{what}")]
    Kube {
        /// What was done.
        what: String,
        /// Why it failed.
        #[source]
        source: flux_kube::Error,
    },
    /// A controller that did not start.
    #[error("start {name}")]
    Controller {
        /// Which.
        name: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The whole chain in one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(error) = next {
            text.push_str(": ");
            text.push_str(&error.to_string());
            next = error.source();
        }
        text
    }
}
