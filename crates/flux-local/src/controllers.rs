//! The controllers, in this process.

use flux_git::Mirror;
use flux_runtime::{Hosting, Program, Running};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::bootstrap::NAMESPACE;
use crate::{Cluster, Error};

/// The running controllers; they stop with this.
#[derive(Debug)]
pub struct Controllers {
    /// source-controller.
    pub source: Running,
    /// kustomize-controller.
    pub kustomize: Running,
    shutdown: DropGuard,
    /// Where artifacts are kept; removed at the end unless it was given.
    _storage: Option<TempDir>,
}

/// How the controllers are started.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// Repositories that are fetched from elsewhere.
    pub mirrors: Vec<Mirror>,
    /// Flags for every controller, such as `--watch-all-namespaces=false`.
    pub flags: Vec<String>,
    /// The namespace they run in; `flux-system` when absent.
    pub namespace: Option<String>,
    /// Where artifacts are served; a free port of loopback when absent.
    pub storage_address: Option<String>,
    /// Where artifacts are kept, to outlive the controllers; a folder of their own when absent.
    pub storage: Option<std::path::PathBuf>,
}

impl Controllers {
    /// Starts them on a cluster.
    pub async fn start(cluster: &Cluster, launch: Launch) -> Result<Self, Error> {
        let (path, storage) = if let Some(path) = launch.storage {
            (path, None)
        } else {
            let folder = tempfile::tempdir().map_err(|source| Error::Read {
                path: std::env::temp_dir(),
                source,
            })?;
            (folder.path().to_path_buf(), Some(folder))
        };
        let shutdown = CancellationToken::new();
        let namespace = launch.namespace.as_deref().unwrap_or(NAMESPACE);
        let mut flags = launch.flags.clone();
        flags.push(format!("--storage-path={}", path.display()));
        let address = launch.storage_address.as_deref().unwrap_or("127.0.0.1:0");
        flags.push(format!("--storage-addr={address}"));
        let git = flux_git::Client::with_mirrors(launch.mirrors);
        let program = source_controller::SourceController::with_git(git);
        let source = start(cluster, program, flags, namespace, &shutdown).await?;
        let program = kustomize_controller::KustomizeController;
        let kustomize = start(cluster, program, launch.flags, namespace, &shutdown).await?;
        Ok(Self {
            source,
            kustomize,
            shutdown: shutdown.drop_guard(),
            _storage: storage,
        })
    }

    /// Ends them, and waits until they have ended.
    pub async fn stop(self) {
        drop(self.shutdown);
        // How they ended is in their logs.
        let _ = tokio::join!(self.source.ended(), self.kustomize.ended());
    }
}

async fn start<P: Program>(
    cluster: &Cluster,
    program: P,
    mut arguments: Vec<String>,
    namespace: &str,
    shutdown: &CancellationToken,
) -> Result<Running, Error> {
    let name = program.name();
    arguments.push("--metrics-addr=127.0.0.1:0".to_owned());
    arguments.push("--health-addr=127.0.0.1:0".to_owned());
    let hosting = Hosting {
        arguments,
        client: Some(cluster.controller(name).await?),
        runtime_namespace: namespace.to_owned(),
        shutdown: shutdown.clone(),
        process_metrics: false,
    };
    flux_runtime::host(program, hosting)
        .await
        .map_err(|error| Error::Controller {
            name,
            source: Box::new(error),
        })
}
