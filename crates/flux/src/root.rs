//! The commands there are, the flags that all of them take, and what is checked before any of them runs.

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::{Flag, Kind};
use crate::say;
use crate::{
    check, completion, create, delete, events, export, get, install, reconcile, resume, stats,
    suspend, trace, tree, version,
};
use crate::{kubeconfig, manifest};

/// The whole command line.
pub(crate) static ROOT: Command = Command::new("flux", "Deliver what is declared to Kubernetes")
    .long("Deliver what is declared in Git, OCI and Helm sources to Kubernetes, and look at how it is doing.")
    .persistent(GLOBAL)
    .commands(&[
        check::COMMAND,
        completion::COMMAND,
        completion::ANSWER,
        create::COMMAND,
        delete::COMMAND,
        events::COMMAND,
        export::COMMAND,
        get::COMMAND,
        install::COMMAND,
        reconcile::COMMAND,
        resume::COMMAND,
        stats::COMMAND,
        suspend::COMMAND,
        trace::COMMAND,
        tree::COMMAND,
        version::COMMAND,
    ]);

const GLOBAL: &[Flag] = &[
    Flag::text("as", "user to act as"),
    Flag::new("as-group", Kind::Array, "group to act as, repeatable"),
    Flag::text("as-uid", "UID to act as"),
    Flag::new(
        "as-user-extra",
        Kind::Array,
        "extra attribute to act with, key=value, repeatable",
    ),
    Flag::text(
        "cache-dir",
        "folder for what was discovered about the cluster",
    )
    .default("~/.kube/cache"),
    Flag::text(
        "certificate-authority",
        "file with the certificate authority of the API server",
    ),
    Flag::text("client-certificate", "file with the client certificate"),
    Flag::text("client-key", "file with the key of the client certificate"),
    Flag::text("cluster", "cluster of the kubeconfig to use"),
    Flag::text("context", "context of the kubeconfig to use"),
    Flag::switch(
        "disable-compression",
        "ask the API server for uncompressed answers",
    ),
    Flag::switch(
        "insecure-skip-tls-verify",
        "do not check the certificate of the API server",
    ),
    Flag::new("kube-api-burst", Kind::Int, "requests in a burst").default("300"),
    Flag::new("kube-api-qps", Kind::Float, "requests per second").default("50"),
    Flag::text("kubeconfig", "file that says how to reach the cluster"),
    Flag::text("namespace", "namespace to work in")
        .short('n')
        .default("flux-system"),
    Flag::switch(
        "ns-follows-kube-context",
        "take the namespace of the kubeconfig's context",
    ),
    Flag::text("server", "address of the API server"),
    Flag::new("timeout", Kind::Duration, "how long the command may take").default("5m0s"),
    Flag::text(
        "tls-server-name",
        "name to expect in the certificate of the API server",
    ),
    Flag::text("token", "bearer token for the API server"),
    Flag::text("user", "user of the kubeconfig to use"),
    Flag::switch("verbose", "print what is generated"),
];

/// What holds for every command.
pub(crate) fn check(call: &Call) -> Result<(), Fail> {
    if let Ok(name) = std::env::var("FLUX_SYSTEM_NAMESPACE")
        && !name.is_empty()
        && !is_dns_label(&name)
    {
        say::warning(&format!(
            " ignoring invalid FLUX_SYSTEM_NAMESPACE: {name:?}"
        ));
    }
    if is_create(call) {
        manifest::name(call)?;
    }
    let namespace = namespace(call);
    if namespace.is_empty() || is_dns_label(&namespace) {
        return Ok(());
    }
    Err(Fail::plain(format!(
        "namespace must be a valid DNS label: {namespace:?}"
    )))
}

/// The namespace to work in: `-n`, then `FLUX_SYSTEM_NAMESPACE`, then the default (CLI-GLB-006).
pub(crate) fn namespace(call: &Call) -> String {
    if call.flags.given("namespace") {
        return call.flags.text("namespace").to_owned();
    }
    std::env::var("FLUX_SYSTEM_NAMESPACE")
        .ok()
        .filter(|name| is_dns_label(name))
        .or_else(|| followed(call))
        .unwrap_or_else(|| call.flags.text("namespace").to_owned())
}

/// Parity: `create` does not look at the kubeconfig for a namespace.
fn followed(call: &Call) -> Option<String> {
    if is_create(call) {
        return None;
    }
    kubeconfig::followed(&call.flags)
}

fn is_create(call: &Call) -> bool {
    call.path
        .get(1)
        .is_some_and(|command| command.name == "create")
}

fn is_dns_label(text: &str) -> bool {
    let good = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|&c| good(c) || c == b'-')
        && bytes.first().copied().is_some_and(good)
        && bytes.last().copied().is_some_and(good)
}
