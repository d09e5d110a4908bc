//! ImageUpdateAutomation: write chosen tags to Git.

use std::collections::BTreeMap;

use flux_gocompat::{GoDuration, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, GROUP, ImageRef, VERSION};
use crate::kind::{Column, Kind, Resource, StatusShape, status};
use crate::meta::{Condition, LabelSelector, LocalObjectReference};
use crate::schema::{DateTime, Interval, is_false};
use crate::source::GitRepositoryRef;

/// Writes the choices of image policies to files in a Git repository.
pub type ImageUpdateAutomation = Resource<ImageUpdateAutomationSpec>;

/// Which files to update, and how to commit and push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageUpdateAutomationSpec {
    /// The repository to update.
    pub source_ref: CrossNamespaceSourceReference,
    /// How to check out, commit and push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<GitSpec>,
    /// How often to look for something to update.
    #[schemars(with = "Interval")]
    pub interval: GoDuration,
    /// Which image policies of the namespace to use; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_selector: Option<LabelSelector>,
    /// What to update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = {"strategy": "Setters"}))]
    pub update: Option<UpdateStrategy>,
    /// Pauses updating.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
}

impl Kind for ImageUpdateAutomationSpec {
    type Status = ImageUpdateAutomationStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str =
        "Writes the choices of image policies to files in a Git repository.";
    const VERSION: &'static str = VERSION;
    const KIND: &'static str = "ImageUpdateAutomation";
    const PLURAL: &'static str = "imageupdateautomations";
    const SINGULAR: &'static str = "imageupdateautomation";
    const SHORT_NAMES: &'static [&'static str] = &["iua", "imgupd", "imgauto"];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[
        Column::READY,
        Column::MESSAGE,
        Column::text(
            "Last run",
            ".status.lastAutomationRunTime",
            "When the automation last ran.",
        )
        .wide(),
        Column::AGE,
    ];
    const STATUS: StatusShape = StatusShape::Unobserved;

    fn suspend(&self) -> bool {
        self.suspend
    }

    fn interval(&self) -> Option<GoDuration> {
        Some(self.interval)
    }
}

/// The repository to update.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CrossNamespaceSourceReference {
    /// API version of the source; the newest known one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Kind of the source.
    #[schemars(extend("x-flux-default" = "GitRepository"))]
    pub kind: UpdateSourceKind,
    /// Name of the source.
    pub name: String,
    /// Namespace of the source; that of the referring object when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// The kinds that can be updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum UpdateSourceKind {
    GitRepository,
}

/// How to check out, commit and push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GitSpec {
    /// What to check out; as the source says when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<GitCheckout>,
    /// How to commit.
    pub commit: CommitSpec,
    /// Where to push; the branch that was checked out when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushSpec>,
}

/// What to check out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GitCheckout {
    /// The reference. Only a branch can be pushed back to itself.
    #[serde(rename = "ref")]
    pub reference: GitRepositoryRef,
}

/// How to commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitSpec {
    /// The author, who is also the committer.
    pub author: CommitAuthor,
    /// How to sign; unsigned when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<SigningKey>,
    /// A Go template for the message, over the changes that were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template: Option<String>,
    /// Values for the template, as `.Values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_values: Option<BTreeMap<String, String>>,
}

/// The author of commits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitAuthor {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Email address.
    pub email: String,
}

/// How to sign commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SigningKey {
    /// A Secret with the private key: `git.asc` for PGP, `identity` for SSH, each with an optional passphrase.
    pub secret_ref: LocalObjectReference,
    /// The kind of key; PGP when absent.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub key_type: Option<SigningKeyType>,
}

/// Kinds of signing keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SigningKeyType {
    Gpg,
    Ssh,
}

/// Where to push. With a branch and a refspec, both are pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PushSpec {
    /// The branch; it is made where it does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A Git refspec. A forced one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^$|^[^+:]"))]
    pub refspec: Option<String>,
    /// Push options for the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<BTreeMap<String, String>>,
}

/// What to update.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UpdateStrategy {
    /// How fields to update are found: `Setters` looks for marker comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-flux-default" = "Setters"))]
    pub strategy: Option<UpdateStrategyName>,
    /// The directory to update; the whole repository when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// How fields to update are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UpdateStrategyName {
    Setters,
}

/// The last run and push.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageUpdateAutomationStatus {
    /// The generation of the spec that was last reconciled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is true of the object now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// When the automation last ran to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DateTime>")]
    pub last_automation_run_time: Option<Time>,
    /// The last commit that was pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_push_commit: Option<String>,
    /// When the last commit was pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<DateTime>")]
    pub last_push_time: Option<Time>,
    /// The choices that were written, by the name of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_policies: Option<BTreeMap<String, ImageRef>>,
    /// The revision that was checked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_source_revision: Option<String>,
    /// The last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

status!(ImageUpdateAutomationStatus, generations, reconcile_requests);
