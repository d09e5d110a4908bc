//! Flags as typed, then as meant.

use flux_gocompat::GoDuration;
use flux_runtime::{FlagSet, FlagType, Setup};

/// Feature gates and their defaults (KUS-OPS-015).
pub(crate) const GATES: &[(&str, bool)] = &[
    ("CacheSecretsAndConfigMaps", false),
    ("DisableStatusPollerCache", true),
    ("DisableFailFastBehavior", false),
    ("StrictPostBuildSubstitutions", true),
    ("GroupChangeLog", false),
    ("AdditiveCELDependencyCheck", false),
    ("ExternalArtifact", false),
    ("CancelHealthCheckOnNewRevision", false),
    ("DisableConfigWatchers", false),
    ("DirectSourceFetch", false),
    ("MigrateAPIVersion", false),
    // Known to every controller; there are no cloud identities here yet that it could allow.
    ("ObjectLevelWorkloadIdentity", false),
];

/// A gate that decides something here. The others are accepted, and mean nothing to this implementation: there is no
/// poller, and no cache to turn off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    ExternalArtifact,
    StrictPostBuildSubstitutions,
    DisableConfigWatchers,
    DisableFailFastBehavior,
}

impl Gate {
    const fn name(self) -> &'static str {
        match self {
            Self::ExternalArtifact => "ExternalArtifact",
            Self::StrictPostBuildSubstitutions => "StrictPostBuildSubstitutions",
            Self::DisableConfigWatchers => "DisableConfigWatchers",
            Self::DisableFailFastBehavior => "DisableFailFastBehavior",
        }
    }
}

/// The flags as meant.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) no_cross_namespace_refs: bool,
    pub(crate) no_remote_bases: bool,
    pub(crate) default_service_account: Option<String>,
    pub(crate) requeue_dependency: GoDuration,
    pub(crate) concurrent_ssa: usize,
    pub(crate) http_retry: u32,
    pub(crate) override_managers: Vec<String>,
    pub(crate) custom_stage_kinds: Vec<(String, String)>,
    pub(crate) watch_configs: String,
    gates: Vec<(Gate, bool)>,
}

impl Config {
    pub(crate) fn of(setup: &Setup) -> Self {
        let flags = setup.flags();
        let text = |name| Some(flags.text(name).to_owned()).filter(|text| !text.is_empty());
        let gates = [
            Gate::ExternalArtifact,
            Gate::StrictPostBuildSubstitutions,
            Gate::DisableConfigWatchers,
            Gate::DisableFailFastBehavior,
        ];
        Self {
            no_cross_namespace_refs: flags.bool("no-cross-namespace-refs"),
            no_remote_bases: flags.bool("no-remote-bases"),
            default_service_account: text("default-service-account"),
            requeue_dependency: flags.duration("requeue-dependency"),
            concurrent_ssa: usize::try_from(flags.int("concurrent-ssa"))
                .unwrap_or(1)
                .max(1),
            http_retry: u32::try_from(flags.int("http-retry")).unwrap_or(0),
            override_managers: flags.list("override-manager"),
            custom_stage_kinds: kinds(flags.text("custom-apply-stage-kinds")),
            watch_configs: flags.text("watch-configs-label-selector").to_owned(),
            gates: gates
                .into_iter()
                .map(|gate| (gate, setup.gate(gate.name())))
                .collect(),
        }
    }

    /// Every flag at its default.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self {
            no_cross_namespace_refs: false,
            no_remote_bases: false,
            default_service_account: None,
            requeue_dependency: GoDuration::from_secs(30),
            concurrent_ssa: 4,
            http_retry: 9,
            override_managers: Vec::new(),
            custom_stage_kinds: Vec::new(),
            watch_configs: String::new(),
            gates: Vec::new(),
        }
    }

    pub(crate) fn gate(&self, gate: Gate) -> bool {
        self.gates.iter().any(|(known, on)| *known == gate && *on)
    }
}

/// Adds the flags that only this controller has.
pub(crate) fn flags(flags: &mut FlagSet) {
    let text = [
        (
            "custom-apply-stage-kinds",
            "Kinds, as group/Kind, that are applied before other resources.",
        ),
        (
            "default-decryption-service-account",
            "Service account for decryption of objects that name none.",
        ),
        (
            "default-kubeconfig-service-account",
            "Service account for remote clusters of objects that name none.",
        ),
        (
            "sops-age-secret",
            "Secret with age keys for objects that name none.",
        ),
        (
            "sops-vault-configmap",
            "ConfigMap with the Vault servers that may be used.",
        ),
    ];
    for (name, help) in text {
        flags.add(name, FlagType::String, "", help);
    }
    flags
        .add(
            "concurrent-ssa",
            FlagType::Int,
            "4",
            "Requests of one apply at the same time.",
        )
        .add(
            "http-retry",
            FlagType::Int,
            "9",
            "How often the download of an artifact is tried again.",
        )
        .add(
            "no-remote-bases",
            FlagType::Bool,
            "false",
            "Refuse bases outside of the artifact.",
        )
        .add(
            "insecure-kubeconfig-exec",
            FlagType::Bool,
            "false",
            "Allow commands in kubeconfigs of remote clusters.",
        )
        .add(
            "insecure-kubeconfig-tls",
            FlagType::Bool,
            "false",
            "Allow unverified TLS in kubeconfigs of remote clusters.",
        )
        .add(
            "override-manager",
            FlagType::StringArray,
            "",
            "Field manager whose fields are taken over.",
        );
}

/// `group/Kind` or `Kind`, separated by commas.
fn kinds(text: &str) -> Vec<(String, String)> {
    text.split(',')
        .map(str::trim)
        .filter(|kind| !kind.is_empty())
        .map(|kind| kind.rsplit_once('/').unwrap_or(("", kind)))
        .map(|(group, kind)| (group.to_owned(), kind.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::kinds;

    #[test]
    fn stage_kinds_may_have_blanks_and_no_group() {
        let got = kinds(" example.com/Widget , Secret,");
        let want = [("example.com", "Widget"), ("", "Secret")];
        assert_eq!(got, want.map(|(g, k)| (g.to_owned(), k.to_owned())));
    }
}
