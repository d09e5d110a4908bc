//! Provider: where events can be sent.

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CATEGORY, EVENTS_VERSION, GROUP};
use crate::kind::{Column, Kind, NoStatus, Resource, StatusShape};
use crate::meta::LocalObjectReference;
use crate::schema::{Interval, Timeout, is_false};

/// A service that events can be sent to.
pub type Provider = Resource<ProviderSpec>;

/// Which service it is, and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "message": "spec.commitStatusExpr is only supported for the 'github', 'gitlab', 'gitea', 'bitbucketserver', 'bitbucket', 'azuredevops' provider types",
        "rule": "self.type == 'github' || self.type == 'gitlab' || self.type == 'gitea' || self.type == 'bitbucketserver' || self.type == 'bitbucket' || self.type == 'azuredevops' || !has(self.commitStatusExpr)"
    }
]))]
pub struct ProviderSpec {
    /// The kind of service.
    #[serde(rename = "type")]
    pub provider_type: ProviderType,
    /// Accepted and not used: providers are not reconciled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Interval>")]
    pub interval: Option<GoDuration>,
    /// The channel, room, topic or the like, as the service understands it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub channel: Option<String>,
    /// The name to post under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub username: Option<String>,
    /// Address of the service. An entry `address` in the Secret wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub address: Option<String>,
    /// The longest that sending may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timeout>")]
    pub timeout: Option<GoDuration>,
    /// Address of a proxy. Superseded by `proxySecretRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^(http|https)://.*$"))]
    pub proxy: Option<String>,
    /// A Secret with the `address` of a proxy and optionally its `username` and `password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_secret_ref: Option<LocalObjectReference>,
    /// A Secret with the credentials, and optionally the address and headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<LocalObjectReference>,
    /// The service account whose cloud identity is used instead of the controller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// A Secret with TLS material: `ca.crt` to trust, `tls.crt` and `tls.key` to present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<LocalObjectReference>,
    /// Stops sending.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// A CEL expression over `event`, `alert` and `provider` that names the commit status. Only for Git servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_status_expr: Option<String>,
}

impl Kind for ProviderSpec {
    type Status = NoStatus;

    const GROUP: &'static str = GROUP;
    const PURPOSE: &'static str = "A service that events can be sent to.";
    const VERSION: &'static str = EVENTS_VERSION;
    const KIND: &'static str = "Provider";
    const PLURAL: &'static str = "providers";
    const SINGULAR: &'static str = "provider";
    const SHORT_NAMES: &'static [&'static str] = &[];
    const CATEGORY: &'static str = CATEGORY;
    const COLUMNS: &'static [Column] = &[Column::AGE];
    const STATUS: StatusShape = StatusShape::Absent;

    fn suspend(&self) -> bool {
        self.suspend
    }

    fn interval(&self) -> Option<GoDuration> {
        self.interval
    }
}

/// Kinds of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderType {
    Slack,
    Discord,
    MsTeams,
    Rocket,
    Generic,
    #[serde(rename = "generic-hmac")]
    GenericHmac,
    Github,
    Gitlab,
    Gitea,
    GiteaPullRequestComment,
    BitbucketServer,
    Bitbucket,
    AzureDevOps,
    GoogleChat,
    GooglePubSub,
    Webex,
    Sentry,
    AzureEventHub,
    Telegram,
    Lark,
    Matrix,
    Opsgenie,
    Alertmanager,
    Grafana,
    GithubDispatch,
    GithubPullRequestComment,
    GitlabMergeRequestComment,
    PagerDuty,
    Datadog,
    Nats,
    Zulip,
    Otel,
}

impl ProviderType {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::MsTeams => "msteams",
            Self::Rocket => "rocket",
            Self::Generic => "generic",
            Self::GenericHmac => "generic-hmac",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Gitea => "gitea",
            Self::GiteaPullRequestComment => "giteapullrequestcomment",
            Self::BitbucketServer => "bitbucketserver",
            Self::Bitbucket => "bitbucket",
            Self::AzureDevOps => "azuredevops",
            Self::GoogleChat => "googlechat",
            Self::GooglePubSub => "googlepubsub",
            Self::Webex => "webex",
            Self::Sentry => "sentry",
            Self::AzureEventHub => "azureeventhub",
            Self::Telegram => "telegram",
            Self::Lark => "lark",
            Self::Matrix => "matrix",
            Self::Opsgenie => "opsgenie",
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
            Self::GithubDispatch => "githubdispatch",
            Self::GithubPullRequestComment => "githubpullrequestcomment",
            Self::GitlabMergeRequestComment => "gitlabmergerequestcomment",
            Self::PagerDuty => "pagerduty",
            Self::Datadog => "datadog",
            Self::Nats => "nats",
            Self::Zulip => "zulip",
            Self::Otel => "otel",
        }
    }
}
