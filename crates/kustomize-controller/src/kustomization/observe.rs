//! Reads the world: the source, the dependencies. Everything comes from watches; no request is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use flux_api::kustomize::{Kustomization, SourceReferenceKind};
use flux_api::meta::Artifact;
use flux_runtime::ObjectKey;

use crate::config::Gate;
use crate::context::{Ctx, Stored};
use crate::kustomization::plan::cycle;
use crate::watches::dependency_keys;

/// What a reconcile looks at.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) source: SourceState,
    pub(crate) dependencies: Vec<Dependency>,
}

/// What is known of the source.
#[derive(Debug)]
pub(crate) enum SourceState {
    /// It has stored this.
    Ready(Artifact),
    /// It has stored nothing.
    Empty,
    /// It does not exist.
    Missing {
        /// `Kind.group`.
        resource: String,
        /// Name.
        name: String,
    },
    /// It may not be used.
    Denied {
        /// `Kind/namespace/name`.
        id: String,
        /// What forbids it.
        why: &'static str,
    },
}

/// One dependency.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) key: ObjectKey,
    pub(crate) object: Option<Arc<Kustomization>>,
    /// The way from the object over this dependency back to itself, if there is one.
    pub(crate) cycle: Option<Vec<ObjectKey>>,
}

/// The source that an object refers to.
pub(crate) fn source_key(object: &Kustomization) -> (SourceReferenceKind, ObjectKey) {
    let reference = &object.spec.source_ref;
    let namespace = reference.namespace.as_deref().filter(|ns| !ns.is_empty());
    let key = ObjectKey::new(namespace.unwrap_or(object.namespace()), &*reference.name);
    (reference.kind, key)
}

pub(crate) fn observe(ctx: &Ctx, object: &Kustomization) -> Observed {
    Observed {
        source: source(ctx, object),
        dependencies: dependencies(ctx, object),
    }
}

fn source(ctx: &Ctx, object: &Kustomization) -> SourceState {
    let (kind, key) = source_key(object);
    let denied = |why| SourceState::Denied {
        id: format!("{}/{key}", kind.as_str()),
        why,
    };
    if ctx.config.no_cross_namespace_refs && key.namespace != object.namespace() {
        return denied("cross-namespace references have been blocked");
    }
    if kind == SourceReferenceKind::ExternalArtifact && !ctx.config.gate(Gate::ExternalArtifact) {
        return denied("ExternalArtifact feature gate is disabled");
    }
    match ctx.sources.artifact(kind, &key) {
        Stored::Artifact(artifact) => SourceState::Ready(artifact),
        Stored::Nothing => SourceState::Empty,
        Stored::Missing => SourceState::Missing {
            resource: format!("{}.{}", kind.as_str(), flux_api::source::GROUP),
            name: key.name,
        },
    }
}

fn dependencies(ctx: &Ctx, object: &Kustomization) -> Vec<Dependency> {
    let keys = dependency_keys(object);
    if keys.is_empty() {
        return Vec::new();
    }
    let this = ObjectKey::new(object.namespace(), object.name());
    let edges: BTreeMap<ObjectKey, Vec<ObjectKey>> = ctx
        .kustomizations
        .list()
        .into_iter()
        .map(|other| {
            let key = ObjectKey::new(other.namespace(), other.name());
            (key, dependency_keys(&other))
        })
        .collect();
    let around = cycle(&this, &edges);
    keys.into_iter()
        .map(|key| Dependency {
            object: ctx.kustomizations.get(&key),
            cycle: around.clone().filter(|path| path.get(1) == Some(&key)),
            key,
        })
        .collect()
}
