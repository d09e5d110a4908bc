//! Plans and failures of GitRepositories: values in, values out.

use flux_api::meta::{Artifact, Condition, ConditionStatus, condition_type};
use flux_api::source::{GitRepository, GitRepositorySpec, GitRepositoryStatus};
use flux_git::Unmoved;
use flux_git::revision::Pointer;
use flux_gocompat::Time;
use flux_http::ProxyEnvironment;
use flux_report::{Failure as _, Step as _, Then};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::failure::Failure;
use super::observe::Observed;
use super::plan::{Plan, Surroundings, mode, placement, plan, signed};
use super::step::Step;
use crate::secret::SecretData;

const REVISION: &str = "main@sha1:4bc3c6c5c2bfe2d00c88947f686f3a0e3bbcfb03";

fn spec(more: Value) -> GitRepositorySpec {
    let mut spec =
        json!({ "url": "http://git.test/a.git", "interval": "10m", "ref": { "branch": "main" } });
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    serde_json::from_value(spec).expect("a spec")
}

fn artifact(revision: &str) -> Artifact {
    Artifact {
        path: "gitrepository/apps/web/x.tar.gz".into(),
        url: "http://sc/gitrepository/apps/web/x.tar.gz".into(),
        revision: revision.into(),
        digest: "sha256:aa".into(),
        last_update_time: Time::new(Timestamp::UNIX_EPOCH),
        size: Some(1),
        metadata: None,
    }
}

fn condition(r#type: &str, status: ConditionStatus) -> Condition {
    Condition {
        r#type: r#type.into(),
        status,
        observed_generation: Some(1),
        last_transition_time: Time::new(Timestamp::UNIX_EPOCH),
        reason: "Succeeded".into(),
        message: String::new(),
    }
}

/// An object whose last pass stored [`REVISION`].
fn stored_object(more: Value) -> GitRepository {
    let mut object = GitRepository::new("apps", "web", spec(more));
    object.status = Some(GitRepositoryStatus {
        artifact: Some(artifact(REVISION)),
        conditions: vec![condition(
            condition_type::ARTIFACT_IN_STORAGE,
            ConditionStatus::True,
        )],
        ..GitRepositoryStatus::default()
    });
    object
}

fn decide(object: &GitRepository, observed: Observed) -> Result<Plan, Failure> {
    let environment = ProxyEnvironment::default();
    let surroundings = Surroundings {
        environment: &environment,
        object_identity: false,
    };
    let stored = object
        .status
        .as_ref()
        .and_then(|status| status.artifact.clone());
    plan(object, stored, observed, &surroundings)
}

fn refused(more: Value, secret: Option<&[(&str, &str)]>) -> (String, Then, &'static str) {
    let observed = Observed {
        secret: secret.map(|data| SecretData::of("apps/cred", data)),
        ..Observed::default()
    };
    let object = GitRepository::new("apps", "web", spec(more));
    let failure = decide(&object, observed).expect_err("refused");
    let disposition = failure.disposition();
    (failure.message(), disposition.then, disposition.reason)
}

#[test]
fn an_unchanged_object_lets_the_revision_save_the_fetch() {
    let plan = decide(&stored_object(json!({})), Observed::default()).expect("a plan");
    assert_eq!(plan.checkout.last_observed.as_deref(), Some(REVISION));
    assert_eq!(plan.checkout.unmoved, Unmoved::All);
    assert!(plan.up_to_date(REVISION).is_some());
    assert!(plan.up_to_date("main@sha1:other").is_none());
    assert!(plan.news(REVISION).is_none());
}

#[test]
fn every_change_of_content_forces_a_fetch() {
    for more in [
        json!({ "ignore": "*.md" }),
        json!({ "recurseSubmodules": true }),
        json!({ "sparseCheckout": ["deploy"] }),
        json!({ "verify": { "secretRef": { "name": "keys" } } }),
        json!({ "include": [{ "repository": { "name": "other" } }] }),
    ] {
        let plan = decide(&stored_object(more.clone()), Observed::default()).expect("a plan");
        assert_eq!(plan.checkout.last_observed, None, "{more}");
        assert!(plan.up_to_date(REVISION).is_none(), "{more}");
    }
}

#[test]
fn without_an_artifact_in_storage_everything_is_fetched() {
    let mut object = stored_object(json!({}));
    object.status.as_mut().expect("a status").conditions.clear();
    assert_eq!(
        decide(&object, Observed::default())
            .expect("a plan")
            .checkout
            .last_observed,
        None
    );
    object.status = None;
    assert_eq!(
        decide(&object, Observed::default())
            .expect("a plan")
            .checkout
            .last_observed,
        None
    );
}

#[test]
fn a_verification_that_was_passed_is_not_repeated_without_need() {
    let verify = json!({ "verify": { "mode": "head", "secretRef": { "name": "keys" } } });
    let mut object = stored_object(verify);
    let status = object.status.as_mut().expect("a status");
    status.conditions.push(condition(
        condition_type::SOURCE_VERIFIED,
        ConditionStatus::True,
    ));
    status.source_verification_mode = Some("HEAD".into());
    let plan = decide(&object, Observed::default()).expect("a plan");
    assert_eq!(plan.checkout.last_observed.as_deref(), Some(REVISION));
    assert_eq!(
        plan.checkout.unmoved,
        Unmoved::Named,
        "a range or commit is verified every time"
    );
}

#[test]
fn changed_includes_are_told() {
    let object = stored_object(json!({}));
    let observed = || Observed {
        includes: vec![artifact("main@sha1:inc")],
        ..Observed::default()
    };
    let plan = decide(&object, observed()).expect("a plan");
    assert_eq!(
        plan.includes_differ,
        Some(Step::IncludesDiffer { known: false })
    );
    let mut known = object;
    known.status.as_mut().expect("a status").included_artifacts = vec![artifact("main@sha1:old")];
    let plan = decide(&known, observed()).expect("a plan");
    let step = plan.includes_differ.expect("a step");
    assert_eq!(
        step.message(),
        "building artifact: included artifacts differ from last observed includes"
    );
    assert_eq!(step.facts().len(), 1);
    // Only what was stored counts, not when or where.
    let mut same = artifact("main@sha1:inc");
    same.url = "http://elsewhere/x".into();
    known.status.as_mut().expect("a status").included_artifacts = vec![same];
    assert_eq!(
        decide(&known, observed()).expect("a plan").includes_differ,
        None
    );
}

#[test]
fn news_makes_an_artifact_outdated_only_if_there_is_one() {
    let plan = decide(&stored_object(json!({})), Observed::default()).expect("a plan");
    let step = plan.news("main@sha1:new").expect("news");
    assert_eq!(
        step.message(),
        "building artifact: new upstream revision 'main@sha1:new'"
    );
    assert_eq!(
        step.facts()[0].message,
        "new upstream revision 'main@sha1:new'"
    );
    let first = GitRepository::new("apps", "web", spec(json!({})));
    let plan = decide(&first, Observed::default()).expect("a plan");
    assert!(plan.news("main@sha1:new").expect("news").facts().is_empty());
}

#[test]
fn revisions_by_name_are_absolute() {
    let pointer = Pointer {
        hash: "4bc3c6c5c2bfe2d00c88947f686f3a0e3bbcfb03".into(),
        reference: "refs/heads/main".into(),
    };
    let revision = |more| {
        let object = GitRepository::new("apps", "web", spec(more));
        decide(&object, Observed::default())
            .expect("a plan")
            .revision(&pointer)
    };
    assert_eq!(revision(json!({})), REVISION);
    let named = revision(json!({ "ref": { "name": "refs/heads/main" } }));
    assert_eq!(named, format!("refs/heads/{REVISION}"));
}

#[test]
fn only_references_that_listings_answer_are_compared_as_upstream_does() {
    for (reference, want) in [
        (json!({ "branch": "main" }), true),
        (json!({ "tag": "v1" }), true),
        (json!({ "name": "refs/pull/1/head" }), true),
        (json!({}), true),
        (json!({ "semver": "1.x" }), false),
        (json!({ "semver": "1.x", "tag": "v1" }), true),
        (
            json!({ "commit": "4bc3c6c5c2bfe2d00c88947f686f3a0e3bbcfb03", "branch": "main" }),
            false,
        ),
    ] {
        let object = GitRepository::new("apps", "web", spec(json!({ "ref": reference })));
        let plan = decide(&object, Observed::default()).expect("a plan");
        assert_eq!(
            plan.compares_references(),
            want,
            "{:?}",
            object.spec.reference
        );
    }
}

#[test]
fn providers() {
    let provider = |provider: &str| json!({ "provider": provider });
    let stall = Then::Stall;
    let invalid = "InvalidProviderConfiguration";
    let needs_app =
        "secretRef with github app data must be specified when provider is set to github";
    assert_eq!(
        refused(provider("github"), None),
        (needs_app.into(), stall, invalid)
    );
    let no_app = refused(provider("github"), Some(&[("username", "u")]));
    assert_eq!(no_app, (needs_app.into(), Then::Backoff, invalid));
    let app = refused(provider("github"), Some(&[("githubAppID", "1")]));
    assert_eq!(
        app,
        (
            "provider 'github' is not supported yet".into(),
            stall,
            invalid
        )
    );
    let unasked = refused(json!({}), Some(&[("githubAppID", "1")]));
    let words = "secretRef 'apps/cred' has github app data but provider is not set to github";
    assert_eq!(unasked, (words.into(), Then::Backoff, invalid));
    for name in ["aws", "azure"] {
        let words = format!("provider '{name}' is not supported yet");
        assert_eq!(refused(provider(name), None), (words, stall, invalid));
        let own = json!({ "provider": name, "serviceAccountName": "robot" });
        assert_eq!(refused(own, None).2, "FeatureGateDisabled");
    }
}

#[test]
fn secrets_that_cannot_be_used() {
    let (message, then, reason) = refused(json!({}), Some(&[("password", "p")]));
    assert_eq!(
        message,
        "failed to configure authentication options: invalid 'http' auth option: 'password' requires 'username' to be set"
    );
    assert_eq!((then, reason), (Then::Backoff, "AuthenticationFailed"));
    let key = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
    let ssh = json!({ "url": "ssh://git@git.test/a" });
    let (message, _, reason) = refused(ssh, Some(&[("identity", key), ("known_hosts", "h")]));
    assert_eq!(
        message,
        "SSH identity key is encrypted but no 'password' field was provided in the secret 'apps/cred'"
    );
    assert_eq!(reason, "AuthenticationFailed");
}

#[test]
fn urls_that_cannot_be_read_stall() {
    let (message, then, reason) = refused(json!({ "url": "http://[x/a" }), None);
    assert!(
        message.starts_with("failed to parse url 'http://[x/a': "),
        "{message}"
    );
    assert_eq!((then, reason), (Then::Stall, "URLInvalid"));
}

#[test]
fn the_timeout_bounds_the_checkout() {
    let timeout = |more| {
        let object = GitRepository::new("apps", "web", spec(more));
        decide(&object, Observed::default())
            .expect("a plan")
            .remote
            .timeout
            .as_secs()
    };
    assert_eq!(timeout(json!({})), 60);
    assert_eq!(timeout(json!({ "timeout": "20s" })), 20);
}

#[test]
fn tags_can_be_verified_only_where_tags_are_followed() {
    let verified = |mode: &str, reference: Value| {
        let spec = spec(
            json!({ "ref": reference, "verify": { "mode": mode, "secretRef": { "name": "k" } } }),
        );
        let verification = spec.verify.expect("a verification");
        signed(&verification, spec.reference.as_ref()).map(|signed| (signed.tag, signed.head))
    };
    for reference in [
        json!({ "tag": "v1" }),
        json!({ "semver": "1.x" }),
        json!({ "name": "refs/tags/v1" }),
    ] {
        assert_eq!(
            verified("Tag", reference.clone()).expect("verifiable"),
            (true, false)
        );
        assert_eq!(
            verified("TagAndHEAD", reference).expect("verifiable"),
            (true, true)
        );
    }
    let branch = json!({ "branch": "main" });
    assert_eq!(
        verified("HEAD", branch.clone()).expect("verifiable"),
        (false, true)
    );
    let failure = verified("Tag", branch).expect_err("no tag");
    let disposition = failure.disposition();
    assert_eq!(
        (disposition.then, disposition.reason),
        (Then::Stall, "InvalidVerificationMode")
    );
    let old = spec(json!({ "verify": { "mode": "head", "secretRef": { "name": "k" } } }));
    assert_eq!(mode(&old.verify.expect("a verification")).as_str(), "HEAD");
}

#[test]
fn includes_have_default_places() {
    let include = |more: Value| {
        let mut include = json!({ "repository": { "name": "other" } });
        if let (Value::Object(include), Value::Object(more)) = (&mut include, more) {
            include.extend(more);
        }
        serde_json::from_value(include).expect("an include")
    };
    assert_eq!(placement(&include(json!({}))), ("", "other"));
    assert_eq!(
        placement(&include(json!({ "fromPath": "deploy", "toPath": "inc" }))),
        ("deploy", "inc")
    );
}
