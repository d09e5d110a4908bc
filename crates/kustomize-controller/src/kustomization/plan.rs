//! What is to be done, decided from the spec and from what was observed. Pure.

use std::collections::BTreeMap;

use flux_api::kustomize::{DeletionPolicy, Kustomization, KustomizationSpec};
use flux_api::meta::{Artifact, ConditionStatus, condition_type};
use flux_apply::{Entry, IgnoreRule, Owner, Target};
use flux_gocompat::GoDuration;
use flux_object::selector::{PatternOptions, PatternSelector};
use flux_object::{Gvk, ObjectId, inventory};
use flux_runtime::ObjectKey;

use crate::config::Config;
use crate::kustomization::failure::Failure;
use crate::kustomization::observe::{Dependency, Observed, SourceState};

/// Key of the artifact's metadata that names the revision an OCI artifact was made from (KUS-REC-017).
const ORIGIN_REVISION: &str = "org.opencontainers.image.revision";
const MIN_TIMEOUT: GoDuration = GoDuration::from_secs(30);

/// One artifact to build from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceArtifact {
    pub(crate) url: String,
    pub(crate) digest: String,
    pub(crate) revision: String,
    pub(crate) origin_revision: Option<String>,
}

/// Everything that a reconcile needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) source: SourceArtifact,
    pub(crate) owner: Owner,
    pub(crate) timeout: GoDuration,
    /// Namespace and name of the account to act as.
    pub(crate) account: Option<(String, String)>,
    pub(crate) spec: KustomizationSpec,
    /// What was applied before.
    pub(crate) inventory: Vec<Entry>,
    /// Objects of other owners whose health decides; empty with `wait`.
    pub(crate) checks: Vec<Target>,
    /// Fields that are left to others.
    pub(crate) ignore: Vec<IgnoreRule>,
    /// Whether the build may differ from the one that was last applied.
    pub(crate) new_revision: bool,
}

/// Decides what to do.
pub(crate) fn plan(
    object: &Kustomization,
    observed: Observed,
    config: &Config,
) -> Result<Plan, Failure> {
    let spec = &object.spec;
    refuse_unsupported(spec)?;
    let source = source(observed.source, config)?;
    let artifact = SourceArtifact::from(source);
    dependencies(object, &observed.dependencies, &artifact)?;
    let status = object.status.clone().unwrap_or_default();
    let last = status.last_applied_revision.as_deref();
    Ok(Plan {
        new_revision: last != Some(artifact.revision.as_str()),
        source: artifact,
        owner: owner(object),
        timeout: timeout(spec),
        account: account(object, config),
        inventory: recorded(object),
        checks: checks(object),
        ignore: ignore(spec)?,
        spec: spec.clone(),
    })
}

/// The labels that mark this object's own.
pub(crate) fn owner(object: &Kustomization) -> Owner {
    Owner {
        group: flux_api::kustomize::GROUP.to_owned(),
        name: object.name().to_owned(),
        namespace: object.namespace().to_owned(),
    }
}

/// The account whose rights decide (KUS-CLU-001).
pub(crate) fn account(object: &Kustomization, config: &Config) -> Option<(String, String)> {
    let stated = object.spec.service_account_name.clone();
    let name = stated
        .filter(|name| !name.is_empty())
        .or_else(|| config.default_service_account.clone())?;
    Some((object.namespace().to_owned(), name))
}

/// What was applied before. Entries that cannot be read are left out, as there is no object to find by them.
pub(crate) fn recorded(object: &Kustomization) -> Vec<Entry> {
    let status = object.status.as_ref();
    let entries = status
        .and_then(|status| status.inventory.as_ref())
        .map_or(&[][..], |inventory| &inventory.entries);
    entries
        .iter()
        .filter_map(|entry| {
            Some(Entry {
                id: inventory::parse(&entry.id).ok()?,
                version: entry.version.clone(),
            })
        })
        .collect()
}

/// How long health checks may take (KUS-API-004).
pub(crate) fn timeout(spec: &KustomizationSpec) -> GoDuration {
    let thirty = MIN_TIMEOUT.as_nanos();
    let stated = spec.timeout.map_or_else(
        || spec.interval.as_nanos().saturating_sub(thirty),
        GoDuration::as_nanos,
    );
    GoDuration::from_nanos(stated.max(thirty))
}

/// Whether deleting the object deletes what it applied (KUS-DEL-001).
pub(crate) fn deletes(object: &Kustomization) -> bool {
    let policy = object
        .spec
        .deletion_policy
        .unwrap_or(DeletionPolicy::MirrorPrune);
    let wanted = match policy {
        DeletionPolicy::MirrorPrune => object.spec.prune,
        DeletionPolicy::Delete | DeletionPolicy::WaitForTermination => true,
        DeletionPolicy::Orphan => false,
    };
    wanted && !object.spec.suspend
}

fn refuse_unsupported(spec: &KustomizationSpec) -> Result<(), Failure> {
    let asks = [
        (spec.decryption.is_some(), "spec.decryption"),
        (spec.kube_config.is_some(), "spec.kubeConfig"),
        (!spec.health_check_exprs.is_empty(), "spec.healthCheckExprs"),
        (
            spec.depends_on.iter().any(|d| d.ready_expr.is_some()),
            "spec.dependsOn.readyExpr",
        ),
    ];
    match asks.into_iter().find(|(asked, _)| *asked) {
        Some((_, what)) => Err(Failure::Unsupported(what)),
        None => Ok(()),
    }
}

fn source(state: SourceState, config: &Config) -> Result<Artifact, Failure> {
    match state {
        SourceState::Ready(artifact) => Ok(artifact),
        SourceState::Empty => Err(Failure::NoArtifact(config.requeue_dependency)),
        SourceState::Missing { resource, name } => Err(Failure::SourceMissing { resource, name }),
        SourceState::Denied { id, why } => Err(Failure::AccessDenied { source_id: id, why }),
    }
}

impl From<Artifact> for SourceArtifact {
    fn from(artifact: Artifact) -> Self {
        Self {
            origin_revision: origin_revision(&artifact).map(str::to_owned),
            url: artifact.url,
            digest: artifact.digest,
            revision: artifact.revision,
        }
    }
}

/// The revision that an OCI artifact was made from.
pub(crate) fn origin_revision(artifact: &Artifact) -> Option<&str> {
    let metadata = artifact.metadata.as_ref()?;
    metadata
        .get(ORIGIN_REVISION)
        .map(String::as_str)
        .filter(|revision| !revision.is_empty())
}

/// Whether every dependency is ready, and has applied what this object is about to apply (KUS-DEP-003).
fn dependencies(
    object: &Kustomization,
    dependencies: &[Dependency],
    source: &SourceArtifact,
) -> Result<(), Failure> {
    for dependency in dependencies {
        let key = &dependency.key;
        let pending = |what: String| Err(Failure::DependencyPending(what));
        if let Some(cycle) = &dependency.cycle {
            let path: Vec<String> = cycle.iter().map(ToString::to_string).collect();
            return pending(format!(
                "dependency '{key}' is not ready: it is part of the dependency cycle {}",
                path.join(" -> ")
            ));
        }
        let Some(found) = &dependency.object else {
            return pending(format!(
                "dependency '{key}' not found: kustomizations.{} \"{}\" not found",
                flux_api::kustomize::GROUP,
                key.name
            ));
        };
        if !is_ready(found) {
            return pending(format!("dependency '{key}' is not ready"));
        }
        let applied = found
            .status
            .as_ref()
            .and_then(|status| status.last_applied_revision.as_deref());
        if same_source(object, found) && applied != Some(source.revision.as_str()) {
            return pending(format!("dependency '{key}' revision is not up to date"));
        }
    }
    Ok(())
}

/// Whether the status is about the present spec, and says Ready.
pub(crate) fn is_ready(object: &Kustomization) -> bool {
    let observed = object.status.as_ref().and_then(|s| s.observed_generation);
    observed == object.metadata.generation
        && object
            .condition(condition_type::READY)
            .is_some_and(|ready| ready.status == ConditionStatus::True)
}

fn same_source(a: &Kustomization, b: &Kustomization) -> bool {
    let source = |object: &Kustomization| {
        let reference = &object.spec.source_ref;
        let namespace = reference.namespace.clone();
        (
            reference.kind,
            namespace.unwrap_or_else(|| object.namespace().to_owned()),
            reference.name.clone(),
        )
    };
    source(a) == source(b)
}

/// The objects named by `healthChecks`; with `wait` all applied objects are checked instead.
fn checks(object: &Kustomization) -> Vec<Target> {
    if object.spec.wait {
        return Vec::new();
    }
    let stated = object.spec.health_checks.iter().map(|check| {
        let api_version = check.api_version.as_deref().filter(|v| !v.is_empty());
        let gvk = Gvk::from_api_version(api_version.unwrap_or("apps/v1"), &check.kind);
        Target {
            entry: Entry {
                id: ObjectId {
                    group: gvk.group,
                    kind: gvk.kind,
                    namespace: check.namespace.clone().unwrap_or_default(),
                    name: check.name.clone(),
                },
                version: gvk.version,
            },
            expires: false,
            applied: false,
        }
    });
    stated
        .filter(|target| !is_self(object, &target.entry.id))
        .collect()
}

/// The rules about fields that are left to others (KUS-APL-016).
fn ignore(spec: &KustomizationSpec) -> Result<Vec<IgnoreRule>, Failure> {
    spec.ignore
        .iter()
        .map(|rule| {
            let target = rule.target.clone().unwrap_or_default();
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            let selector = PatternSelector::new(&PatternOptions {
                group: &text(&target.group),
                version: &text(&target.version),
                kind: &text(&target.kind),
                name: &text(&target.name),
                namespace: &text(&target.namespace),
                label_selector: &text(&target.label_selector),
                annotation_selector: &text(&target.annotation_selector),
            })
            .map_err(Failure::IgnoreRule)?;
            Ok(IgnoreRule {
                selector,
                paths: rule.paths.clone(),
            })
        })
        .collect()
}

/// Whether an object is the Kustomization itself, which cannot become ready while it waits for itself.
pub(crate) fn is_self(object: &Kustomization, id: &ObjectId) -> bool {
    id.group == flux_api::kustomize::GROUP
        && id.kind == Kustomization::KIND
        && id.namespace == object.namespace()
        && id.name == object.name()
}

/// The cycle that `start` is part of, along dependencies, from `start` back to `start`.
pub(crate) fn cycle(
    start: &ObjectKey,
    edges: &BTreeMap<ObjectKey, Vec<ObjectKey>>,
) -> Option<Vec<ObjectKey>> {
    let mut path = vec![start.clone()];
    let mut seen = std::collections::BTreeSet::new();
    walk(start, start, edges, (&mut path, &mut seen)).then_some(path)
}

fn walk(
    at: &ObjectKey,
    start: &ObjectKey,
    edges: &BTreeMap<ObjectKey, Vec<ObjectKey>>,
    (path, seen): (
        &mut Vec<ObjectKey>,
        &mut std::collections::BTreeSet<ObjectKey>,
    ),
) -> bool {
    for next in edges.get(at).into_iter().flatten() {
        path.push(next.clone());
        if next == start {
            return true;
        }
        if seen.insert(next.clone()) && walk(next, start, edges, (path, seen)) {
            return true;
        }
        path.pop();
    }
    false
}
