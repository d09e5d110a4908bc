//! What every pass shares: the adapters, built once.

use flux_api::meta::Artifact;
use flux_api::source::GitRepository;
use flux_artifact::Storage;
use flux_gocompat::GoDuration;
use flux_http::ProxyEnvironment;
use flux_runtime::{Managed, ObjectKey, Store};

/// The adapters of this controller, shared read-only.
#[derive(Debug, Clone)]
pub(crate) struct Ctx {
    /// The cluster, as the controller itself.
    pub(crate) kube: flux_kube::Client,
    /// The Git client with its connections.
    pub(crate) git: flux_git::Client,
    /// Where artifacts are kept and served from.
    pub(crate) storage: Storage,
    /// The proxies of the process.
    pub(crate) environment: ProxyEnvironment,
    /// The GitRepositories that this controller watches.
    pub(crate) git_repositories: Store<GitRepository>,
    /// When to look again at an include that is not there (`--requeue-dependency`).
    pub(crate) requeue_dependency: GoDuration,
    /// Gate `ObjectLevelWorkloadIdentity`.
    pub(crate) object_identity: bool,
}

impl Ctx {
    /// The artifact of a GitRepository; none as long as it has none. An object that the watch does not show, perhaps
    /// because it belongs to another shard, is asked for.
    pub(crate) async fn artifact_of(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Artifact>, flux_kube::Error> {
        let key = ObjectKey::new(namespace, name);
        if let Some(object) = self.git_repositories.get(&key) {
            return Ok(object
                .status
                .as_ref()
                .and_then(|status| status.artifact.clone()));
        }
        let object = self
            .kube
            .get(&GitRepository::resource(), namespace, name)
            .await?;
        let artifact = object.get(&["status", "artifact"]).cloned();
        // What cannot be read as an artifact is none.
        Ok(artifact.and_then(|artifact| serde_json::from_value(artifact).ok()))
    }
}
