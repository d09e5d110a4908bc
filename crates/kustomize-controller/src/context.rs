//! What every pass shares: the adapters, built once.

use std::sync::Arc;

use flux_api::kustomize::{Kustomization, SourceReferenceKind};
use flux_api::meta::Artifact;
use flux_api::source::{Bucket, ExternalArtifact, GitRepository, OciRepository};
use flux_apply::Engine;
use flux_artifact::Fetcher;
use flux_runtime::{ObjectKey, Store};

use crate::config::Config;

/// The adapters of this controller, shared read-only.
#[derive(Debug)]
pub(crate) struct Ctx {
    pub(crate) config: Config,
    /// The cluster, as the controller itself.
    pub(crate) client: flux_kube::Client,
    /// Applies, prunes, waits.
    pub(crate) engine: Engine,
    /// Downloads artifacts, each once.
    pub(crate) fetcher: Fetcher,
    pub(crate) sources: Sources,
    /// All Kustomizations, also those of other shards: dependencies may be there.
    pub(crate) kustomizations: Store<Kustomization>,
}

/// The sources by kind.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    pub(crate) git: Store<GitRepository>,
    pub(crate) oci: Store<OciRepository>,
    pub(crate) bucket: Store<Bucket>,
    /// Only behind its feature gate.
    pub(crate) external: Option<Store<ExternalArtifact>>,
}

/// What is known of a source.
#[derive(Debug)]
pub(crate) enum Stored {
    /// It does not exist.
    Missing,
    /// It has stored nothing yet.
    Nothing,
    /// It has stored this.
    Artifact(Artifact),
}

impl Sources {
    /// The artifact of a source.
    pub(crate) fn artifact(&self, kind: SourceReferenceKind, key: &ObjectKey) -> Stored {
        match kind {
            SourceReferenceKind::GitRepository => stored(self.git.get(key), |o| {
                o.status.as_ref().and_then(|s| s.artifact.clone())
            }),
            SourceReferenceKind::OciRepository => stored(self.oci.get(key), |o| {
                o.status.as_ref().and_then(|s| s.artifact.clone())
            }),
            SourceReferenceKind::Bucket => stored(self.bucket.get(key), |o| {
                o.status.as_ref().and_then(|s| s.artifact.clone())
            }),
            SourceReferenceKind::ExternalArtifact => {
                let object = self.external.as_ref().and_then(|store| store.get(key));
                stored(object, |o| {
                    o.status.as_ref().and_then(|s| s.artifact.clone())
                })
            }
        }
    }
}

fn stored<K>(object: Option<Arc<K>>, artifact: impl Fn(&K) -> Option<Artifact>) -> Stored {
    match object.map(|object| artifact(&object)) {
        None => Stored::Missing,
        Some(None) => Stored::Nothing,
        Some(Some(artifact)) => Stored::Artifact(artifact),
    }
}
