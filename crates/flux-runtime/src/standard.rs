//! The flags that most controllers have (COM-FLG-*). A program changes defaults and takes away what it lacks.

use crate::flags::FlagSet;
use crate::flags::FlagType::{self, Bool, BoolMap, Duration, Float32, Int, String, Uint8};

/// Name, type, default, and what it does.
type Row = (&'static str, FlagType, &'static str, &'static str);

const STANDARD: &[Row] = &[
    (
        "metrics-addr",
        String,
        ":8080",
        "Address of the metrics endpoint.",
    ),
    (
        "health-addr",
        String,
        ":9440",
        "Address of the health endpoint.",
    ),
    (
        "events-addr",
        String,
        "",
        "Address that events are posted to.",
    ),
    (
        "concurrent",
        Int,
        "4",
        "Reconciles of one kind at the same time.",
    ),
    (
        "kube-api-qps",
        Float32,
        "50",
        "Requests a second to an API server without flow control.",
    ),
    (
        "kube-api-burst",
        Int,
        "300",
        "Requests at once to an API server without flow control.",
    ),
    (
        "log-encoding",
        String,
        "json",
        "Form of log lines: 'json' or 'console'.",
    ),
    (
        "log-level",
        String,
        "info",
        "Least severe level that is logged: 'trace', 'debug', 'info' or 'error'.",
    ),
    (
        "enable-leader-election",
        Bool,
        "false",
        "Let only one replica be active.",
    ),
    (
        "leader-election-release-on-cancel",
        Bool,
        "true",
        "Give the lease back at the end.",
    ),
    (
        "leader-election-lease-duration",
        Duration,
        "35s",
        "How long other replicas wait before they take over.",
    ),
    (
        "leader-election-renew-deadline",
        Duration,
        "30s",
        "How long the leader tries to renew before it gives up.",
    ),
    (
        "leader-election-retry-period",
        Duration,
        "5s",
        "Time between attempts to acquire or renew.",
    ),
    (
        "min-retry-delay",
        Duration,
        "750ms",
        "Shortest wait after a failure.",
    ),
    (
        "max-retry-delay",
        Duration,
        "15m0s",
        "Longest wait after failures.",
    ),
    (
        "feature-gates",
        BoolMap,
        "",
        "Feature gates as Name=true,Name2=false.",
    ),
    (
        "watch-all-namespaces",
        Bool,
        "true",
        "Watch all namespaces rather than the one of the controller.",
    ),
    (
        "watch-label-selector",
        String,
        "",
        "Reconcile only objects with matching labels.",
    ),
    (
        "watch-configs-label-selector",
        String,
        "reconcile.fluxcd.io/watch=Enabled",
        "Watch only ConfigMaps and Secrets with matching labels.",
    ),
    (
        "interval-jitter-percentage",
        Uint8,
        "5",
        "How far intervals are spread, in percent.",
    ),
    (
        "token-cache-max-size",
        Int,
        "100",
        "Cached credentials at most; 0 turns the cache off.",
    ),
    (
        "token-cache-max-duration",
        Duration,
        "1h0m0s",
        "Longest time that credentials are cached.",
    ),
    (
        "requeue-dependency",
        Duration,
        "30s",
        "Time after which a failing dependency is looked at again.",
    ),
    (
        "default-service-account",
        String,
        "",
        "Service account of objects that name none.",
    ),
    (
        "no-cross-namespace-refs",
        Bool,
        "false",
        "Refuse references to other namespaces.",
    ),
];

pub(crate) fn standard_flags(flags: &mut FlagSet) {
    for (name, kind, default, help) in STANDARD {
        flags.add(name, *kind, default, help);
    }
}
