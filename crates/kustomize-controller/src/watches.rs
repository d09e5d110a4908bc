//! What wakes a Kustomization: its source, its dependencies, the ConfigMaps and Secrets it refers to (KUS-TRG).

use flux_api::kustomize::{Kustomization, SourceReferenceKind};
use flux_api::meta::{Artifact, ConditionStatus, condition_type};
use flux_kube::{Resource, Watch};
use flux_runtime::{Change, Managed, ObjectKey, Priority, Requests, Setup, Store};

use crate::config::{Config, Gate};
use crate::kustomization::observe::source_key;
use crate::kustomization::plan::is_ready;

/// By `Kind/namespace/name` of the source.
pub(crate) const BY_SOURCE: &str = "source";
/// By `namespace/name` of each dependency.
pub(crate) const BY_DEPENDENCY: &str = "dependency";
/// By `Kind/namespace/name` of each ConfigMap and Secret.
pub(crate) const BY_CONFIG: &str = "config";

/// Index [`BY_SOURCE`].
pub(crate) fn by_source(object: &Kustomization) -> Vec<String> {
    let (kind, key) = source_key(object);
    vec![format!("{}/{key}", kind.as_str())]
}

/// Index [`BY_DEPENDENCY`].
pub(crate) fn by_dependency(object: &Kustomization) -> Vec<String> {
    dependency_keys(object)
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Index [`BY_CONFIG`].
pub(crate) fn by_config(object: &Kustomization) -> Vec<String> {
    let spec = &object.spec;
    let namespace = object.namespace();
    let mut keys = Vec::new();
    for reference in spec.post_build.iter().flat_map(|p| &p.substitute_from) {
        let kind = reference.kind.as_str();
        keys.push(format!("{kind}/{namespace}/{}", reference.name));
    }
    keys
}

/// The objects that this one depends on, in the order of the spec.
pub(crate) fn dependency_keys(object: &Kustomization) -> Vec<ObjectKey> {
    object
        .spec
        .depends_on
        .iter()
        .map(|dependency| {
            let namespace = dependency.namespace.as_deref().filter(|ns| !ns.is_empty());
            ObjectKey::new(namespace.unwrap_or(object.namespace()), &*dependency.name)
        })
        .collect()
}

/// Wakes the users of a source that stored a new revision.
pub(crate) fn source_changed<K: Managed>(
    kind: SourceReferenceKind,
    artifact: fn(&K) -> Option<&Artifact>,
) -> impl Fn(&Change<K>, &Store<Kustomization>) -> Vec<(ObjectKey, Priority)> {
    move |change, own| {
        let revision = |object: Option<&K>| Some(artifact(object?)?.revision.clone());
        let Some(new) = revision(change.after.as_deref()) else {
            return Vec::new();
        };
        if revision(change.before.as_deref()).as_ref() == Some(&new) {
            return Vec::new();
        }
        let users = own.indexed(BY_SOURCE, &format!("{}/{}", kind.as_str(), change.key));
        users
            .into_iter()
            .filter(|key| {
                own.get(key)
                    .is_some_and(|object| !is_settled(&object, &new))
            })
            .map(|key| (key, Priority::NewRevision))
            .collect()
    }
}

/// Whether a revision has been taken up already (KUS-TRG-001).
fn is_settled(object: &Kustomization, revision: &str) -> bool {
    let attempted = object
        .status
        .as_ref()
        .and_then(|status| status.last_attempted_revision.as_deref());
    let under_way = |kind| {
        object
            .condition(kind)
            .is_some_and(|condition| condition.status == ConditionStatus::True)
    };
    attempted == Some(revision)
        && (under_way(condition_type::READY) || under_way(condition_type::RECONCILING))
}

/// Wakes the dependents of a Kustomization that became ready, or has applied another revision.
pub(crate) fn dependency_changed(
    change: &Change<Kustomization>,
    own: &Store<Kustomization>,
) -> Vec<(ObjectKey, Priority)> {
    let Some(after) = change.after.as_deref() else {
        return Vec::new();
    };
    // A dependency that has just appeared changes what is said about it, and may close a cycle.
    let appeared = change.before.is_none();
    if !appeared && !is_ready(after) {
        return Vec::new();
    }
    let applied = |object: &Kustomization| {
        let status = object.status.as_ref();
        status.and_then(|s| s.last_applied_revision.clone())
    };
    let known = change
        .before
        .as_deref()
        .is_some_and(|before| is_ready(before) && applied(before) == applied(after));
    if known {
        return Vec::new();
    }
    own.indexed(BY_DEPENDENCY, &change.key.to_string())
        .into_iter()
        .filter(|key| own.get(key).is_some_and(|object| is_waiting(&object)))
        .map(|key| (key, Priority::DependencyReady))
        .collect()
}

/// Whether an object has been held up by its dependencies; others look at them in their next turn anyway.
fn is_waiting(object: &Kustomization) -> bool {
    !is_ready(object)
}

/// Watches the labelled ConfigMaps and Secrets, and wakes those that refer to a changed one (KUS-TRG-002).
pub(crate) fn configs(
    setup: &mut Setup,
    config: &Config,
    own: &Store<Kustomization>,
    requests: &Requests,
) {
    if config.gate(Gate::DisableConfigWatchers) {
        return;
    }
    for resource in [Resource::config_maps(), Resource::secrets()] {
        let watch = Watch {
            namespace: setup.scope_namespace().to_owned(),
            labels: config.watch_configs.clone(),
            metadata_only: true,
            ..Watch::default()
        };
        let (own, requests, kind) = (own.clone(), requests.clone(), resource.kind.clone());
        setup.observe(resource, watch, move |object, _| {
            let id = format!("{kind}/{}/{}", object.namespace(), object.name());
            for key in own.indexed(BY_CONFIG, &id) {
                requests.add(&key, Priority::NewRevision);
            }
        });
    }
}
