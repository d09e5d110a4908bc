//! The kinds, as the command line names and shows them: one table for all verbs.

use flux_kube::Resource;
use flux_object::Object;
use serde_json::Value;

/// One kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// `source.toolkit.fluxcd.io/v1`.
    pub(crate) api_version: &'static str,
    /// `GitRepository`.
    #[expect(clippy::struct_field_names, reason = "the API calls it so")]
    pub(crate) kind: &'static str,
    /// `gitrepositories`.
    pub(crate) plural: &'static str,
    /// What messages call it: `source git`.
    pub(crate) human: &'static str,
    /// The words of its sub-command: `source git`.
    pub(crate) words: &'static str,
    /// The columns between name and readiness.
    pub(crate) columns: &'static [Column],
    /// Whether it has no status of its own and counts as ready.
    pub(crate) is_static: bool,
}

/// A column of `flux get`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// The revision of `status.artifact`.
    ArtifactRevision,
    /// `status.lastAppliedRevision`.
    AppliedRevision,
    /// The chart version of the newest release.
    ChartVersion,
    /// `spec.suspend`.
    Suspended,
    /// `spec.sourceRef` of an ExternalArtifact.
    ArtifactSource,
    /// `status.latestRef.name`.
    Image,
    /// `status.latestRef.tag`.
    Tag,
    /// `status.lastScanResult.scanTime`.
    LastScan,
    /// `status.lastAutomationRunTime`.
    LastRun,
}

impl Column {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::ArtifactRevision | Self::AppliedRevision | Self::ChartVersion => "REVISION",
            Self::Suspended => "SUSPENDED",
            Self::ArtifactSource => "SOURCE",
            Self::Image => "IMAGE",
            Self::Tag => "TAG",
            Self::LastScan => "LAST SCAN",
            Self::LastRun => "LAST RUN",
        }
    }

    pub(crate) fn cell(self, object: &Object) -> String {
        let text = |path: &[&str]| object.get_str(path).unwrap_or_default().to_owned();
        match self {
            Self::ArtifactRevision => short(&text(&["status", "artifact", "revision"])),
            Self::AppliedRevision => short(&text(&["status", "lastAppliedRevision"])),
            Self::ChartVersion => short(&chart_version(object)),
            Self::Suspended => if is_suspended(object) {
                "True"
            } else {
                "False"
            }
            .to_owned(),
            Self::ArtifactSource => {
                let part = |field: &str| text(&["spec", "sourceRef", field]);
                format!("{}/{}/{}", part("kind"), part("namespace"), part("name"))
            }
            Self::Image => text(&["status", "latestRef", "name"]),
            Self::Tag => text(&["status", "latestRef", "tag"]),
            Self::LastScan => text(&["status", "lastScanResult", "scanTime"]),
            Self::LastRun => text(&["status", "lastAutomationRunTime"]),
        }
    }
}

/// Whether reconciliation is switched off: by the spec, or by the annotation of an ArtifactGenerator.
pub(crate) fn is_suspended(object: &Object) -> bool {
    object.get(&["spec", "suspend"]).and_then(Value::as_bool) == Some(true)
        || object.annotation("source.extensions.fluxcd.io/reconcile") == Some("disabled")
}

fn chart_version(object: &Object) -> String {
    object
        .get_list(&["status", "history"])
        .first()
        .and_then(|entry| entry["chartVersion"].as_str())
        .or_else(|| object.get_str(&["status", "lastAttemptedRevision"]))
        .unwrap_or_default()
        .to_owned()
}

/// Every run of 40 to 128 hexadecimal digits is cut to 8 (CLI-GET-007).
pub(crate) fn short(text: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() || matches!(c, 'a'..='f') {
            run.push(c);
            continue;
        }
        let cut = (40..=128).contains(&run.len());
        out.push_str(if cut { &run[..8] } else { &run });
        run.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

impl Kind {
    /// Where its objects live.
    pub(crate) fn resource(&self) -> Resource {
        Resource::new(self.api_version, self.kind, self.plural, true)
    }

    /// Whether an object has no status to wait for: the kinds without one, and a HelmRepository of type `oci`.
    pub(crate) fn is_static_object(&self, object: &Object) -> bool {
        self.is_static || self.is_oci(object)
    }

    fn is_oci(&self, object: &Object) -> bool {
        self.kind == "HelmRepository" && object.get_str(&["spec", "type"]) == Some("oci")
    }

    /// What is said of an object that reconciled (CLI-REC-009).
    pub(crate) fn success(&self, object: &Object) -> String {
        let text = |path: &[&str]| object.get_str(path).unwrap_or_default().to_owned();
        match self.kind {
            "Kustomization" => {
                format!(
                    "applied revision {}",
                    text(&["status", "lastAppliedRevision"])
                )
            }
            "HelmRelease" => format!("applied revision {}", chart_version(object)),
            "ImageRepository" => {
                let tags = object.get_i64(&["status", "lastScanResult", "tagCount"]);
                format!("scan fetched {} tags", tags.unwrap_or(0))
            }
            "ImagePolicy" => format!(
                "selected ref {}:{}",
                text(&["status", "latestRef", "name"]),
                text(&["status", "latestRef", "tag"])
            ),
            "ImageUpdateAutomation" => match condition(object, "Ready") {
                Some(ready) => ready["message"].as_str().unwrap_or_default().to_owned(),
                None => format!("last run {}", text(&["status", "lastAutomationRunTime"])),
            },
            "Alert" | "Provider" | "Receiver" => format!("{} reconciliation completed", self.kind),
            _ => format!(
                "fetched revision {}",
                text(&["status", "artifact", "revision"])
            ),
        }
    }

    /// Status and message of readiness.
    pub(crate) fn readiness(&self, object: &Object) -> (String, String) {
        if self.is_oci(object) {
            return ("True".to_owned(), "Helm repository is Ready".to_owned());
        }
        if self.is_static {
            return ("True".to_owned(), format!("{} is Ready", self.kind));
        }
        match condition(object, "Ready") {
            Some(ready) => {
                let text = |field: &str| ready[field].as_str().unwrap_or_default().to_owned();
                // Parity: the path of a Receiver is shown whole.
                let message = match self.kind {
                    "Receiver" => text("message"),
                    _ => short(&text("message")),
                };
                (text("status"), message)
            }
            None => ("False".to_owned(), "waiting to be reconciled".to_owned()),
        }
    }
}

/// A condition by type, in any letter case.
pub(crate) fn condition<'a>(object: &'a Object, kind: &str) -> Option<&'a Value> {
    object
        .get_list(&["status", "conditions"])
        .iter()
        .find(|condition| {
            condition["type"]
                .as_str()
                .is_some_and(|t| t.eq_ignore_ascii_case(kind))
        })
}

const fn kind(
    api_version: &'static str,
    kind: &'static str,
    plural: &'static str,
    human: &'static str,
    columns: &'static [Column],
) -> Kind {
    Kind {
        api_version,
        kind,
        plural,
        human,
        words: human,
        columns,
        is_static: false,
    }
}

const SOURCE: &str = "source.toolkit.fluxcd.io/v1";
const IMAGE: &str = "image.toolkit.fluxcd.io/v1";
const FETCHED: &[Column] = &[Column::ArtifactRevision, Column::Suspended];

pub(crate) const OCI_REPOSITORY: Kind = kind(
    SOURCE,
    "OCIRepository",
    "ocirepositories",
    "source oci",
    FETCHED,
);
pub(crate) const BUCKET: Kind = kind(SOURCE, "Bucket", "buckets", "source bucket", FETCHED);
pub(crate) const GIT_REPOSITORY: Kind = kind(
    SOURCE,
    "GitRepository",
    "gitrepositories",
    "source git",
    FETCHED,
);
pub(crate) const HELM_REPOSITORY: Kind = kind(
    SOURCE,
    "HelmRepository",
    "helmrepositories",
    "source helm",
    FETCHED,
);
pub(crate) const HELM_CHART: Kind =
    kind(SOURCE, "HelmChart", "helmcharts", "source chart", FETCHED);
pub(crate) const EXTERNAL_ARTIFACT: Kind = kind(
    SOURCE,
    "ExternalArtifact",
    "externalartifacts",
    "source external",
    &[Column::ArtifactRevision, Column::ArtifactSource],
);
pub(crate) const IMAGE_REPOSITORY: Kind = kind(
    IMAGE,
    "ImageRepository",
    "imagerepositories",
    "image repository",
    &[Column::LastScan, Column::Suspended],
);
pub(crate) const IMAGE_POLICY: Kind = kind(
    IMAGE,
    "ImagePolicy",
    "imagepolicies",
    "image policy",
    &[Column::Image, Column::Tag],
);
pub(crate) const IMAGE_UPDATE: Kind = Kind {
    words: "image update",
    ..kind(
        IMAGE,
        "ImageUpdateAutomation",
        "imageupdateautomations",
        "image update automation",
        &[Column::LastRun, Column::Suspended],
    )
};
pub(crate) const HELM_RELEASE: Kind = kind(
    "helm.toolkit.fluxcd.io/v2",
    "HelmRelease",
    "helmreleases",
    "helmrelease",
    &[Column::ChartVersion, Column::Suspended],
);
pub(crate) const KUSTOMIZATION: Kind = kind(
    "kustomize.toolkit.fluxcd.io/v1",
    "Kustomization",
    "kustomizations",
    "kustomization",
    &[Column::AppliedRevision, Column::Suspended],
);
pub(crate) const RECEIVER: Kind = kind(
    "notification.toolkit.fluxcd.io/v1",
    "Receiver",
    "receivers",
    "receiver",
    &[Column::Suspended],
);
pub(crate) const PROVIDER: Kind = Kind {
    is_static: true,
    words: "alert-provider",
    ..kind(
        "notification.toolkit.fluxcd.io/v1beta3",
        "Provider",
        "providers",
        "alert provider",
        &[],
    )
};
pub(crate) const ALERT: Kind = Kind {
    is_static: true,
    ..kind(
        "notification.toolkit.fluxcd.io/v1beta3",
        "Alert",
        "alerts",
        "alert",
        &[Column::Suspended],
    )
};
pub(crate) const GENERATOR: Kind = kind(
    "source.extensions.fluxcd.io/v1beta1",
    "ArtifactGenerator",
    "artifactgenerators",
    "artifact generator",
    &[Column::Suspended],
);

/// The sources, in the order of `flux get sources all`.
pub(crate) const SOURCES: &[Kind] = &[
    OCI_REPOSITORY,
    BUCKET,
    GIT_REPOSITORY,
    HELM_REPOSITORY,
    HELM_CHART,
    EXTERNAL_ARTIFACT,
];
/// The image kinds, in the order of `flux get images all`.
pub(crate) const IMAGES: &[Kind] = &[IMAGE_REPOSITORY, IMAGE_POLICY, IMAGE_UPDATE];
/// The rest, in the order of `flux get all`.
pub(crate) const REST: &[Kind] = &[HELM_RELEASE, KUSTOMIZATION, RECEIVER, PROVIDER, ALERT];

/// A kind by the words behind a verb: `source git`.
pub(crate) fn by_words(words: &str) -> Option<&'static Kind> {
    EVERY.iter().find(|kind| kind.words == words)
}

/// A kind by its name in the API: `GitRepository`.
pub(crate) fn by_kind(name: &str) -> Option<&'static Kind> {
    EVERY.iter().find(|kind| kind.kind == name)
}

/// All kinds.
const EVERY: &[Kind] = &[
    OCI_REPOSITORY,
    BUCKET,
    GIT_REPOSITORY,
    HELM_REPOSITORY,
    HELM_CHART,
    EXTERNAL_ARTIFACT,
    IMAGE_REPOSITORY,
    IMAGE_POLICY,
    IMAGE_UPDATE,
    HELM_RELEASE,
    KUSTOMIZATION,
    RECEIVER,
    PROVIDER,
    ALERT,
    GENERATOR,
];

/// As [`by_kind`], in any letter case.
pub(crate) fn by_kind_in_any_case(name: &str) -> Option<&'static Kind> {
    EVERY
        .iter()
        .find(|kind| kind.kind.eq_ignore_ascii_case(name))
}
