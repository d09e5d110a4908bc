//! Flags as typed, then as meant.

use std::net::SocketAddr;
use std::path::PathBuf;

use flux_artifact::{Algorithm, Retention};
use flux_gocompat::GoDuration;
use flux_runtime::{FlagSet, FlagType, StartError};

/// Gates and their defaults (SRC-OPS-009).
pub(crate) const GATES: &[(&str, bool)] = &[
    ("CacheSecretsAndConfigMaps", false),
    (OBJECT_IDENTITY, false),
];
const OBJECT_IDENTITY: &str = "ObjectLevelWorkloadIdentity";

/// Flags with fixed defaults: name, type, default, what it is for (SRC-OPS, SRC-STO).
const FLAGS: &[(&str, FlagType, &str, &str)] = {
    use FlagType::{Duration, Int, String, Strings};
    &[
        (
            "concurrent",
            Int,
            "2",
            "Reconciles of one kind at the same time.",
        ),
        (
            "artifact-retention-ttl",
            Duration,
            "1m0s",
            "How long an artifact is kept after a newer one was stored.",
        ),
        (
            "artifact-retention-records",
            Int,
            "2",
            "Artifacts of one object that are kept at most.",
        ),
        (
            "artifact-digest-algo",
            String,
            "sha256",
            "Algorithm of artifact digests.",
        ),
        (
            "requeue-dependency",
            Duration,
            "30s",
            "Time after which a failing dependency is looked at again.",
        ),
        (
            "helm-index-max-size",
            Int,
            "52428800",
            "Largest accepted index of a Helm repository, in bytes.",
        ),
        (
            "helm-chart-max-size",
            Int,
            "10485760",
            "Largest accepted chart, in bytes.",
        ),
        (
            "helm-chart-file-max-size",
            Int,
            "5242880",
            "Largest accepted file of a chart, in bytes.",
        ),
        (
            "helm-cache-max-size",
            Int,
            "0",
            "Cached indexes of Helm repositories at most.",
        ),
        (
            "helm-cache-ttl",
            String,
            "15m",
            "How long an index is cached.",
        ),
        (
            "helm-cache-purge-interval",
            String,
            "1m",
            "Time between removals of expired indexes.",
        ),
        (
            "ssh-kex-algos",
            Strings,
            "",
            "Accepted SSH key exchange algorithms; the library's when empty.",
        ),
        (
            "ssh-hostkey-algos",
            Strings,
            "",
            "Accepted SSH host key algorithms; those of the known hosts when empty.",
        ),
    ]
};

/// Text flags whose defaults the environment may set: name, variable, default, what it is for.
const FLAGS_FROM_ENVIRONMENT: &[(&str, &str, &str, &str)] = &[
    (
        "metrics-addr",
        "METRICS_ADDR",
        ":8080",
        "Address of the metrics endpoint.",
    ),
    (
        "events-addr",
        "EVENTS_ADDR",
        "",
        "Address that events are posted to.",
    ),
    (
        "storage-path",
        "STORAGE_PATH",
        "/data",
        "Folder that artifacts are stored in.",
    ),
    (
        "storage-addr",
        "STORAGE_ADDRESS",
        ":9090",
        "Address that artifacts are served on.",
    ),
    (
        "storage-adv-addr",
        "STORAGE_ADV_ADDR",
        "",
        "Host of artifact URLs; that of --storage-addr when empty.",
    ),
];

/// Adds the flags of this program to the standard ones.
pub(crate) fn flags(flags: &mut FlagSet) {
    flags.remove("no-cross-namespace-refs");
    for (name, kind, default, help) in FLAGS {
        flags.add(name, *kind, default, help);
    }
    for (name, variable, default, help) in FLAGS_FROM_ENVIRONMENT {
        let default = std::env::var(variable).unwrap_or_else(|_| (*default).to_owned());
        flags.add(name, FlagType::String, &default, help);
    }
}

/// What the flags mean.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where artifacts are stored.
    pub(crate) storage_path: PathBuf,
    /// Where they are served, in Go's notation.
    pub(crate) storage_address: String,
    /// The host of their URLs; derived from the address when absent.
    pub(crate) advertised: Option<String>,
    /// Digests of new artifacts.
    pub(crate) algorithm: Algorithm,
    /// What garbage collection leaves.
    pub(crate) retention: Retention,
    /// When to look again at a missing dependency.
    pub(crate) requeue_dependency: GoDuration,
    /// Whether objects may use an identity of their own.
    pub(crate) object_identity: bool,
}

impl Config {
    /// Reads the flags.
    ///
    /// # Errors
    /// Values that cannot be meant.
    pub(crate) fn read(flags: &FlagSet, gate: impl Fn(&str) -> bool) -> Result<Self, StartError> {
        let object_identity = gate(OBJECT_IDENTITY);
        if !flags.text("default-service-account").is_empty() && !object_identity {
            let why = "cannot set default service accounts when the feature gate ObjectLevelWorkloadIdentity is not enabled";
            return Err(StartError::new("invalid configuration", why));
        }
        for (flag, what) in [
            ("helm-cache-ttl", "unable to parse cache TTL"),
            (
                "helm-cache-purge-interval",
                "unable to parse cache purge interval",
            ),
        ] {
            flags
                .text(flag)
                .parse::<GoDuration>()
                .map_err(|error| StartError::new(what, error))?;
        }
        for flag in ["ssh-kex-algos", "ssh-hostkey-algos"] {
            if !flags.list(flag).is_empty() {
                let why = format!("--{flag} is not supported yet");
                return Err(StartError::new("invalid configuration", why));
            }
        }
        let algorithm = flags
            .text("artifact-digest-algo")
            .parse::<Algorithm>()
            .map_err(|error| {
                StartError::new("unable to configure canonical digest algorithm", error)
            })?;
        Ok(Self {
            storage_path: flags.text("storage-path").into(),
            storage_address: flags.text("storage-addr").to_owned(),
            advertised: Some(flags.text("storage-adv-addr").to_owned())
                .filter(|host| !host.is_empty()),
            algorithm,
            retention: Retention {
                ttl: flags.duration("artifact-retention-ttl").to_std_or_zero(),
                records: usize::try_from(flags.int("artifact-retention-records")).unwrap_or(0),
            },
            requeue_dependency: flags.duration("requeue-dependency"),
            object_identity,
        })
    }

    /// The host of artifact URLs: as stated, or where the server listens (SRC-STO-003).
    pub(crate) fn advertised(&self, bound: Option<SocketAddr>, hostname: &str) -> String {
        if let Some(stated) = &self.advertised {
            return stated.clone();
        }
        let (host, port) = self
            .storage_address
            .rsplit_once(':')
            .unwrap_or((&self.storage_address, "80"));
        let port = bound.map_or_else(|| port.to_owned(), |bound| bound.port().to_string());
        match host {
            "" => format!("localhost:{port}"),
            "0.0.0.0" => format!("{hostname}:{port}"),
            host => format!("{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests;
