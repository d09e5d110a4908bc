//! GitRepository: an artifact from a commit.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, GROUP, VERSION};
use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{Artifact, Condition, LocalObjectReference};
use crate::schema::{Interval, Timeout, is_false};

/// Checks out a Git repository and stores the files as an artifact.
pub type GitRepository = Resource<GitRepositorySpec>;

/// Which repository and reference to check out, how often, and what of it to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "message": "serviceAccountName can only be set when provider is 'azure' or 'aws'",
    "rule": "!has(self.serviceAccountName) || (has(self.provider) && (self.provider == 'azure' || self.provider == 'aws'))"
}]))]
pub struct GitRepositorySpec {
    /// Address of the repository, with scheme http, https or ssh.
    #[schemars(regex(pattern = r"^(http|https|ssh)://.*$"))]
    pub url: String,
    /// A Secret with the credentials: `username` and `password` or `bearerToken` for HTTP, `identity` and `known_hosts`
    /// for SSH, and TLS material. For the provider `github` it holds the keys of a GitHub App.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// Where credentials come from: the Secret (`generic`, also when absent), a cloud identity (`aws`, `azure`),
    /// or a GitHub App (`github`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<GitProvider>,
    /// The service account whose cloud identity is used instead of the controller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// How often to look for a new revision.
    #[schemars(with = "Interval")]
    pub interval: GoDuration,
    /// The longest that one remote operation may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timeout>", extend("x-flux-default" = "60s"))]
    pub timeout: Option<GoDuration>,
    /// What to check out; the branch `master` when absent.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<GitRepositoryRef>,
    /// Signatures that a revision must carry before it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<GitVerification>,
    /// A Secret with the `address` of a proxy and optionally its `username` and `password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// Which files to leave out, in the syntax of `.gitignore`. Replaces the default list; a `.sourceignore` file
    /// in the repository still applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// Pauses reconciling. The stored artifact stays available.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// Also checks out submodules, with the same credentials.
    #[serde(default, skip_serializing_if = "is_false")]
    pub recurse_submodules: bool,
    /// Artifacts of other GitRepository objects to place into this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<GitInclude>,
    /// Directories to check out; everything when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sparse_checkout: Vec<String>,
}

impl Kind for GitRepositorySpec {
    type Status = GitRepositoryStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str =
        "Checks out a Git repository and stores the files as an artifact.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "GitRepository";
    const PLURAL: &'static str = "gitrepositories";
    const SINGULAR: &'static str = "gitrepository";
    const SHORT_NAMES: &'static [&'static str] = &["gitrepo"];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[
        Column::text("URL", ".spec.url", "Address of the repository."),
        Column::AGE,
        Column::READY,
        Column::MESSAGE,
    ];
    const STATUS: StatusShape = StatusShape::Unobserved;

    fn suspend(&self) -> bool {
        self.suspend
    }

    fn interval(&self) -> Option<GoDuration> {
        Some(self.interval)
    }
}

/// Where credentials for a Git server come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GitProvider {
    Generic,
    Aws,
    Azure,
    Github,
}

/// What to check out. If several fields are set, commit wins over name, name over tag, tag over semver, semver over branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GitRepositoryRef {
    /// The head of a branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The tag with the highest version inside this range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// A full reference name, such as `refs/pull/1/head`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A commit by its full hash. A branch beside it tells where to find the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// Which signatures a revision must carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitVerification {
    /// What has to be signed: the commit (`HEAD`, or `head` in its older spelling), the tag (`Tag`), or both (`TagAndHEAD`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "HEAD"))]
    pub mode: Option<GitVerificationMode>,
    /// A Secret with the public keys of the trusted authors.
    pub secret_ref: LocalObjectReference,
}

/// Which objects have to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GitVerificationMode {
    #[serde(rename = "head")]
    LegacyHead,
    #[serde(rename = "HEAD")]
    Head,
    Tag,
    #[serde(rename = "TagAndHEAD")]
    TagAndHead,
}

impl GitVerificationMode {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LegacyHead => "head",
            Self::Head => "HEAD",
            Self::Tag => "Tag",
            Self::TagAndHead => "TagAndHEAD",
        }
    }
}

/// Files of another GitRepository to place into this artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GitInclude {
    /// The GitRepository to take the files from.
    pub repository: LocalObjectReference,
    /// The directory of that artifact to take; its root when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_path: Option<String>,
    /// The directory to place the files in; one named as the included GitRepository when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_path: Option<String>,
}

/// The last stored artifact and what it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GitRepositoryStatus {
    /// The generation of the spec that was last reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The last stored artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Artifact>,
    /// The included artifacts of the last stored artifact, in the order of the spec.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub included_artifacts: Vec<Artifact>,
    /// The ignore rules that the artifact was made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_ignore: Option<String>,
    /// Whether submodules were checked out for the artifact.
    #[serde(skip_serializing_if = "is_false")]
    pub observed_recurse_submodules: bool,
    /// The includes that the artifact was made with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed_include: Vec<GitInclude>,
    /// The directories that were checked out for the artifact.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observed_sparse_checkout: Vec<String>,
    /// The verification mode that the artifact passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_verification_mode: Option<String>,
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

status!(GitRepositoryStatus, generations, reconcile_requests);
