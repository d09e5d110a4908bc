//! Plans, dispositions, histories, substitution: values in, values out.

use std::collections::BTreeMap;
use std::sync::Arc;

use flux_api::kustomize::Kustomization;
use flux_api::meta::{Artifact, reason};
use flux_apply::{TargetStatus, WaitError};
use flux_gocompat::GoDuration;
use flux_object::health::Status;
use flux_object::{Object, ObjectId};
use flux_report::{Failure as _, Then};
use flux_runtime::ObjectKey;
use serde_json::{Value, json};

use crate::config::Config;
use crate::kustomization::execute::substitute::substitute;
use crate::kustomization::failure::Failure;
use crate::kustomization::history::{Outcome, remember};
use crate::kustomization::observe::{Dependency, Observed, SourceState};
use crate::kustomization::plan::{cycle, deletes, plan, timeout};

fn kustomization(spec: Value) -> Kustomization {
    named("apps", spec, Value::Null)
}

fn named(name: &str, extra: Value, status: Value) -> Kustomization {
    let mut spec = json!({
        "interval": "10m", "prune": true, "path": "./deploy",
        "sourceRef": {"kind": "GitRepository", "name": "src"},
    });
    if let (Value::Object(spec), Value::Object(extra)) = (&mut spec, extra) {
        spec.extend(extra);
    }
    let mut object = json!({
        "metadata": {"name": name, "namespace": "flux-system", "generation": 2},
        "spec": spec,
    });
    if !status.is_null() {
        object["status"] = status;
    }
    serde_json::from_value(object).expect("a Kustomization")
}

fn artifact(revision: &str) -> Artifact {
    serde_json::from_value(json!({
        "path": "x", "url": "http://source.test/x.tar.gz", "revision": revision,
        "digest": "sha256:00", "lastUpdateTime": "2026-01-01T00:00:00Z",
        "metadata": {"org.opencontainers.image.revision": "v1@sha1:abc"},
    }))
    .expect("an artifact")
}

fn observed(dependencies: Vec<Dependency>) -> Observed {
    Observed {
        source: SourceState::Ready(artifact("main@sha1:1")),
        dependencies,
    }
}

fn refused(object: &Kustomization, observed: Observed) -> String {
    plan(object, observed, &Config::for_tests())
        .expect_err("a refusal")
        .to_string()
}

fn dependency(object: Option<Kustomization>) -> Dependency {
    Dependency {
        key: ObjectKey::new("flux-system", "base"),
        object: object.map(Arc::new),
        cycle: None,
    }
}

fn ready(revision: &str, source: &str) -> Kustomization {
    named(
        "base",
        json!({"sourceRef": {"kind": "GitRepository", "name": source}}),
        json!({"observedGeneration": 2, "lastAppliedRevision": revision, "conditions": [{
            "type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }]}),
    )
}

#[test]
fn a_plan_knows_the_revisions() {
    let object = kustomization(json!({"serviceAccountName": "sa"}));
    let plan = plan(&object, observed(Vec::new()), &Config::for_tests()).expect("a plan");
    assert_eq!(plan.source.revision, "main@sha1:1");
    assert_eq!(plan.source.origin_revision.as_deref(), Some("v1@sha1:abc"));
    assert!(plan.new_revision);
    assert_eq!(
        plan.account,
        Some(("flux-system".to_owned(), "sa".to_owned()))
    );
}

#[test]
fn the_timeout_is_the_interval_less_half_a_minute_and_never_below() {
    for (spec, want) in [
        (json!({}), "9m30s"),
        (json!({"timeout": "5s"}), "30s"),
        (json!({"timeout": "2m"}), "2m0s"),
        (json!({"interval": "40s"}), "30s"),
    ] {
        assert_eq!(timeout(&kustomization(spec).spec).to_string(), want);
    }
}

#[test]
fn dependencies_hold_up_until_they_have_applied_the_same_revision() {
    let object = kustomization(json!({"dependsOn": [{"name": "base"}]}));
    for (found, want) in [
        (
            None,
            "dependency 'flux-system/base' not found: kustomizations.kustomize.toolkit.fluxcd.io \"base\" not found",
        ),
        (
            Some(named("base", json!({}), Value::Null)),
            "dependency 'flux-system/base' is not ready",
        ),
        (
            Some(ready("main@sha1:0", "src")),
            "dependency 'flux-system/base' revision is not up to date",
        ),
    ] {
        assert_eq!(refused(&object, observed(vec![dependency(found)])), want);
    }
    for good in [ready("main@sha1:1", "src"), ready("main@sha1:0", "other")] {
        let seen = observed(vec![dependency(Some(good))]);
        assert!(plan(&object, seen, &Config::for_tests()).is_ok());
    }
}

#[test]
fn cycles_are_named_from_the_object_back_to_itself() {
    let key = |name: &str| ObjectKey::new("ns", name);
    let edges = BTreeMap::from([
        (key("a"), vec![key("x"), key("b")]),
        (key("b"), vec![key("c")]),
        (key("c"), vec![key("a")]),
        (key("x"), vec![key("y")]),
    ]);
    let names = |path: Vec<ObjectKey>| path.into_iter().map(|k| k.name).collect::<Vec<_>>();
    assert_eq!(
        cycle(&key("a"), &edges).map(names),
        Some(["a", "b", "c", "a"].map(str::to_owned).to_vec())
    );
    assert_eq!(cycle(&key("x"), &edges), None);
}

#[test]
fn what_is_not_supported_stalls() {
    for (spec, what) in [
        (
            json!({"decryption": {"provider": "sops"}}),
            "spec.decryption",
        ),
        (
            json!({"kubeConfig": {"secretRef": {"name": "x"}}}),
            "spec.kubeConfig",
        ),
        (
            json!({"dependsOn": [{"name": "x", "readyExpr": "true"}]}),
            "spec.dependsOn.readyExpr",
        ),
    ] {
        let failure = plan(
            &kustomization(spec),
            observed(Vec::new()),
            &Config::for_tests(),
        )
        .expect_err("a refusal");
        assert_eq!(failure.to_string(), format!("{what} is not supported yet"));
        assert_eq!(failure.disposition().then, Then::Stall);
    }
}

#[test]
fn failures_follow_upstream() {
    let after = GoDuration::from_secs(30);
    let unhealthy = Failure::Unhealthy {
        elapsed: GoDuration::from_secs(30),
        error: WaitError::Timeout(vec![TargetStatus {
            id: ObjectId {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                namespace: "ns".to_owned(),
                name: "web".to_owned(),
            },
            status: Status::InProgress,
        }]),
    };
    for (failure, then, reason, quiet, message) in [
        (
            Failure::NoArtifact(after),
            Then::Wait,
            reason::ARTIFACT_FAILED,
            true,
            "Source artifact not found, retrying in 30s",
        ),
        (
            Failure::SourceMissing {
                resource: "GitRepository.source.toolkit.fluxcd.io".to_owned(),
                name: "src".to_owned(),
            },
            Then::Retry,
            reason::ARTIFACT_FAILED,
            true,
            "GitRepository.source.toolkit.fluxcd.io \"src\" not found",
        ),
        (
            Failure::AccessDenied {
                source_id: "GitRepository/x/src".to_owned(),
                why: "cross-namespace references have been blocked",
            },
            Then::Stall,
            reason::ACCESS_DENIED,
            false,
            "can't access 'GitRepository/x/src', cross-namespace references have been blocked",
        ),
        (
            unhealthy,
            Then::Retry,
            reason::HEALTH_CHECK_FAILED,
            false,
            "health check failed after 30s: timeout waiting for: [Deployment/ns/web status: 'InProgress']",
        ),
        (
            Failure::Prune("a;b".to_owned()),
            Then::Retry,
            reason::PRUNE_FAILED,
            false,
            "delete failed, errors: a;b",
        ),
    ] {
        let disposition = failure.disposition();
        assert_eq!(failure.message(), message);
        assert_eq!(
            (disposition.then, disposition.reason, disposition.quiet),
            (then, reason, quiet),
            "{message}"
        );
    }
}

#[test]
fn deletion_follows_the_policy() {
    for (spec, want) in [
        (json!({}), true),
        (json!({"prune": false}), false),
        (json!({"prune": false, "deletionPolicy": "Delete"}), true),
        (json!({"deletionPolicy": "Orphan"}), false),
        (
            json!({"deletionPolicy": "WaitForTermination", "suspend": true}),
            false,
        ),
    ] {
        assert_eq!(deletes(&kustomization(spec.clone())), want, "{spec}");
    }
}

#[test]
fn histories_count_equal_outcomes_and_end_after_five() {
    let mut history = Vec::new();
    let mut add = |digest: &str, status: &str| {
        remember(
            &mut history,
            &Outcome {
                digest,
                status,
                revision: "main@sha1:1",
                origin_revision: None,
                elapsed: GoDuration::from_secs(1),
                now: jiff::Timestamp::UNIX_EPOCH,
            },
        );
    };
    for digest in ["a", "b", "a", "c", "d", "e", "f"] {
        add(digest, "ReconciliationSucceeded");
    }
    add("f", "HealthCheckFailed");
    let seen: Vec<(&str, i64)> = history
        .iter()
        .map(|entry| (entry.digest.as_str(), entry.total_reconciliations))
        .collect();
    assert_eq!(seen, [("f", 1), ("f", 1), ("e", 1), ("d", 1), ("c", 1)]);
}

#[test]
fn variables_fill_the_text_and_may_change_types() {
    let object = |value: &str| {
        Object::from_value(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": value},
        }))
        .expect("an object")
    };
    let variables = BTreeMap::from([("x".to_owned(), "1".to_owned())]);
    let fill = |value: &str, strict| {
        let object = object(value);
        let text = flux_yaml::to_yaml_string(&object.as_value()).expect("text");
        substitute(object, &text, &variables, strict).map(|(object, _)| object)
    };
    let filled = fill("${x}", true).expect("filled");
    assert_eq!(filled.get(&["data", "x"]), Some(&json!(1)));
    let text = fill("v${x}", true).expect("filled");
    assert_eq!(text.get(&["data", "x"]), Some(&json!("v1")));
    let missing = fill("${nope}", true).expect_err("a missing variable");
    assert_eq!(
        flux_report::chain(&missing),
        "envsubst error: variable substitution failed: variable not set (strict mode): \"nope\""
    );
    assert!(fill("${nope}", false).is_ok());
}
