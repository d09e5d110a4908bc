//! What to do about a GitRepository: which commit to ask for, what counts as a change, what to store. Pure.

use std::time::Duration;

use flux_api::meta::{Artifact, ConditionStatus, condition_type};
use flux_api::source::{
    GitInclude, GitProvider, GitRepository, GitRepositoryRef, GitRepositorySpec,
    GitRepositoryStatus, GitVerification, GitVerificationMode,
};
use flux_git::revision::Pointer;
use flux_git::{CheckoutOptions, Reference, Remote, Unmoved};
use flux_http::ProxyEnvironment;

use crate::gitrepository::access::{self, Access, GITHUB_APP_ID};
use crate::gitrepository::failure::Failure;
use crate::gitrepository::observe::Observed;
use crate::gitrepository::step::Step;
use crate::secret::SecretData;

/// The limit of a remote operation where the spec names none (SRC-GIT-006).
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

/// What the process contributes to a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// The proxies of the process.
    pub(super) environment: &'a ProxyEnvironment,
    /// Whether objects may use an identity of their own.
    pub(super) object_identity: bool,
}

/// One attempt, decided.
#[derive(Debug)]
pub(super) struct Plan {
    /// Where the repository is and how to get in.
    pub(super) remote: Remote,
    /// What to check out, and when not to.
    pub(super) checkout: CheckoutOptions,
    /// The stored artifact, if it is intact.
    pub(super) stored: Option<Artifact>,
    /// The artifacts to include, in the order of the spec.
    pub(super) includes: Vec<Artifact>,
    /// Told when the includes are not those of the stored artifact.
    pub(super) includes_differ: Option<Step>,
    /// What the stored artifact was made from is not what the spec asks for.
    changed: bool,
    /// Revisions carry the full name of the reference.
    full_name: bool,
    /// The reference can be compared without a checkout in upstream as well.
    named: bool,
}

/// What is told at the beginning of a pass (COM-API-009).
pub(super) fn begun(object: &GitRepository) -> Step {
    let generation = object.metadata.generation.unwrap_or_default();
    let observed = object
        .status
        .as_ref()
        .and_then(|status| status.observed_generation);
    let observed = observed.unwrap_or_default();
    let ready = object.condition(condition_type::READY);
    Step::Processing {
        generations: (observed != generation).then_some((observed, generation)),
        judged: ready.is_some_and(|ready| ready.status != ConditionStatus::Unknown),
    }
}

/// Decides. `stored` is the artifact of the status if it is intact.
pub(super) fn plan(
    object: &GitRepository,
    stored: Option<Artifact>,
    observed: Observed,
    surroundings: &Surroundings<'_>,
) -> Result<Plan, Failure> {
    let spec = &object.spec;
    let none = GitRepositoryStatus::default();
    let status = object.status.as_ref().unwrap_or(&none);
    let remote = remote(spec, &observed, surroundings)?;
    check_provider(spec, observed.secret.as_ref(), surroundings.object_identity)?;

    let includes_differ = (!same_content(&observed.includes, &status.included_artifacts))
        .then_some(Step::IncludesDiffer {
            known: !status.included_artifacts.is_empty(),
        });
    let changed = content_changed(spec, status)
        || includes_differ.is_some()
        || needs_verification(object, status);
    let reference = reference(spec.reference.as_ref());
    let named = is_named(&reference);
    let in_storage = object
        .condition(condition_type::ARTIFACT_IN_STORAGE)
        .is_some_and(|condition| condition.status == ConditionStatus::True);
    let last_observed = stored
        .as_ref()
        .filter(|_| in_storage && !changed)
        .map(|artifact| artifact.revision.clone());
    Ok(Plan {
        remote,
        checkout: CheckoutOptions {
            reference: reference.clone(),
            last_observed,
            // A signature is checked again with every checkout, so its checkout is not saved.
            unmoved: if spec.verify.is_some() {
                Unmoved::Named
            } else {
                Unmoved::All
            },
            recurse_submodules: spec.recurse_submodules,
            ..CheckoutOptions::default()
        },
        stored,
        includes: observed.includes,
        includes_differ,
        changed,
        full_name: reference.name.is_some(),
        named,
    })
}

impl Plan {
    /// The revision of a commit as it stands in the status (COM-REV-002).
    pub(super) fn revision(&self, pointer: &Pointer) -> String {
        if self.full_name {
            pointer.absolute_revision()
        } else {
            pointer.revision()
        }
    }

    /// Told when a commit is not the stored one.
    pub(super) fn news(&self, revision: &str) -> Option<Step> {
        let stored = self.stored.as_ref();
        (stored.is_none_or(|artifact| artifact.revision != revision)).then(|| Step::NewRevision {
            revision: revision.to_owned(),
            stored: stored.is_some(),
        })
    }

    /// The stored artifact, if it is what storing this revision would give.
    pub(super) fn up_to_date(&self, revision: &str) -> Option<&Artifact> {
        self.stored
            .as_ref()
            .filter(|artifact| !self.changed && artifact.revision == revision)
    }

    /// Whether upstream, too, sees by the reference alone that nothing changed.
    pub(super) fn compares_references(&self) -> bool {
        self.named
    }
}

/// What is to be verified about a commit and its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signed {
    /// The tag has to be signed.
    pub(super) tag: bool,
    /// The commit has to be signed.
    pub(super) head: bool,
}

/// What a verification asks for; a tag can be asked for only where the reference names tags (SRC-GVF-006).
pub(super) fn signed(
    verification: &GitVerification,
    reference: Option<&GitRepositoryRef>,
) -> Result<Signed, Failure> {
    let (tag, head) = match mode(verification) {
        GitVerificationMode::LegacyHead | GitVerificationMode::Head => (false, true),
        GitVerificationMode::Tag => (true, false),
        GitVerificationMode::TagAndHead => (true, true),
    };
    let filled = |field: &Option<String>| field.as_ref().is_some_and(|text| !text.is_empty());
    let names_tags = reference.is_some_and(|reference| {
        filled(&reference.tag)
            || filled(&reference.semver)
            || reference
                .name
                .as_ref()
                .is_some_and(|name| name.starts_with("refs/tags/"))
    });
    if tag && !names_tags {
        return Err(Failure::TagNotSpecified);
    }
    Ok(Signed { tag, head })
}

/// The mode with its default and its older spelling resolved (SRC-GIT-009).
pub(super) fn mode(verification: &GitVerification) -> GitVerificationMode {
    match verification.mode {
        None | Some(GitVerificationMode::LegacyHead) => GitVerificationMode::Head,
        Some(mode) => mode,
    }
}

/// Where an included artifact goes: the directory to take from it, and the one to put it into (SRC-GIT-015).
pub(super) fn placement(include: &GitInclude) -> (&str, &str) {
    let from = include.from_path.as_deref().unwrap_or_default();
    let to = include.to_path.as_deref().filter(|to| !to.is_empty());
    (from, to.unwrap_or(&include.repository.name))
}

fn remote(
    spec: &GitRepositorySpec,
    observed: &Observed,
    surroundings: &Surroundings<'_>,
) -> Result<Remote, Failure> {
    let proxy = observed
        .proxy
        .as_ref()
        .map(access::proxy_server)
        .transpose()
        .map_err(Failure::Proxy)?;
    let bare = access::parse(&spec.url).map_err(Failure::Url)?;
    let is_ssh = bare.url().scheme() == "ssh";
    let timeout = spec.timeout.map(flux_gocompat::GoDuration::to_std_or_zero);
    let access = Access {
        timeout: timeout
            .filter(|timeout| !timeout.is_zero())
            .unwrap_or(DEFAULT_TIMEOUT),
        secret: observed.secret.as_ref(),
        proxy: proxy.as_ref(),
        environment: surroundings.environment,
    };
    let remote = access::remote(bare, &access).map_err(Failure::Authentication)?;
    match &observed.secret {
        Some(secret) if is_ssh && access::passphrase_missing(secret) => {
            Err(Failure::PassphraseMissing {
                name: secret.name().to_owned(),
            })
        }
        _ => Ok(remote),
    }
}

/// Where credentials come from. Identities of clouds and of GitHub Apps are not built yet, and say so.
fn check_provider(
    spec: &GitRepositorySpec,
    secret: Option<&SecretData>,
    object_identity: bool,
) -> Result<(), Failure> {
    let app = secret.is_some_and(|secret| secret.get(GITHUB_APP_ID).is_some());
    let own_identity = spec
        .service_account_name
        .as_ref()
        .is_some_and(|name| !name.is_empty());
    match spec.provider {
        Some(GitProvider::Aws | GitProvider::Azure) if own_identity && !object_identity => {
            Err(Failure::ServiceAccountGate)
        }
        Some(GitProvider::Aws) => Err(Failure::ProviderUnsupported { provider: "aws" }),
        Some(GitProvider::Azure) => Err(Failure::ProviderUnsupported { provider: "azure" }),
        Some(GitProvider::Github) if secret.is_none() => {
            Err(Failure::GithubAppMissing { stalled: true })
        }
        Some(GitProvider::Github) if !app => Err(Failure::GithubAppMissing { stalled: false }),
        Some(GitProvider::Github) => Err(Failure::ProviderUnsupported { provider: "github" }),
        Some(GitProvider::Generic) | None => match secret {
            Some(secret) if app => Err(Failure::GithubAppUnasked {
                name: secret.name().to_owned(),
            }),
            _ => Ok(()),
        },
    }
}

fn reference(reference: Option<&GitRepositoryRef>) -> Reference {
    let Some(reference) = reference else {
        return Reference::default();
    };
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Reference {
        branch: filled(&reference.branch),
        tag: filled(&reference.tag),
        semver: filled(&reference.semver),
        name: filled(&reference.name),
        commit: filled(&reference.commit),
    }
}

/// Whether one listing of references tells where the reference leads (SRC-GCO-001).
fn is_named(reference: &Reference) -> bool {
    reference.commit.is_none()
        && (reference.name.is_some() || reference.tag.is_some() || reference.semver.is_none())
}

/// What an artifact is made from besides the commit (SRC-GCO-003). Order counts, also of sparse directories.
fn content_changed(spec: &GitRepositorySpec, status: &GitRepositoryStatus) -> bool {
    spec.ignore != status.observed_ignore
        || spec.recurse_submodules != status.observed_recurse_submodules
        || spec.include != status.observed_include
        || spec.sparse_checkout != status.observed_sparse_checkout
}

/// Whether a verification is due that the stored artifact did not pass (SRC-GVF-001).
fn needs_verification(object: &GitRepository, status: &GitRepositoryStatus) -> bool {
    let Some(verification) = &object.spec.verify else {
        return false;
    };
    let passed = object
        .condition(condition_type::SOURCE_VERIFIED)
        .is_some_and(|condition| condition.status != ConditionStatus::False);
    !passed || status.source_verification_mode.as_deref() != Some(mode(verification).as_str())
}

fn same_content(a: &[Artifact], b: &[Artifact]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| a.revision == b.revision && a.digest == b.digest)
}
