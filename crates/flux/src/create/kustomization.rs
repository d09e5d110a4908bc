//! `flux create kustomization` (CLI-CRT-013, CLI-CRT-014).

use serde_json::{Value, json};

use super::apply;
use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::{Flag, Kind};
use crate::manifest::{self, set};
use crate::{connect, kinds, say};

pub(crate) const COMMAND: Command = Command::new(
    "kustomization",
    "Create or update a Kustomization",
)
.aliases(&["ks"])
.args("[name]")
.flags(&[
    Flag::new(
        "decryption-provider",
        Kind::Checked("decryptionProvider", decryption),
        "how to decrypt",
    ),
    Flag::text("decryption-secret", "Secret with the keys for decryption"),
    Flag::list(
        "depends-on",
        "Kustomizations that have to be ready first, [namespace/]name",
    ),
    Flag::list("health-check", "workloads to wait for, kind/name.namespace"),
    Flag::new(
        "health-check-timeout",
        Kind::Duration,
        "how long to wait for health",
    )
    .default("2m0s"),
    Flag::text(
        "kubeconfig-secret-ref",
        "Secret with the kubeconfig of a remote cluster",
    ),
    Flag::new(
        "path",
        Kind::Checked("safeRelativePath", safe_path),
        "folder in the source",
    )
    .default("./"),
    Flag::switch("prune", "delete what the source no longer has"),
    Flag::new(
        "retry-interval",
        Kind::Duration,
        "how often to retry after a failure",
    )
    .default("0s"),
    Flag::text("service-account", "ServiceAccount to act as"),
    Flag::new(
        "source",
        Kind::Checked("string", source),
        "where the manifests come from, [kind/]name[.namespace]",
    ),
    Flag::text("target-namespace", "namespace to put every object in"),
    Flag::text("validation", "no longer has an effect").deprecated(
        "this arg is no longer used, all resources are validated using server-side apply dry-run",
    ),
    Flag::switch("wait", "wait for the health of every object"),
])
.run(|call| Box::pin(run(call)));

async fn run(call: &Call) -> Result<(), Fail> {
    let object = build(call)?;
    if call.flags.on("export") {
        return manifest::export(&object);
    }
    say::generate("generating Kustomization");
    let client = connect::client(call).await?;
    let kind = &kinds::KUSTOMIZATION;
    let object = apply::apply(call, &client, kind, object, "Kustomization").await?;
    say::success(&format!("Kustomization {} is ready", object.name()));
    say::success(&kind.success(&object));
    Ok(())
}

/// The object that the flags describe.
fn build(call: &Call) -> Result<Value, Fail> {
    let flags = &call.flags;
    let name = manifest::name(call)?;
    if flags.text("source").is_empty() {
        return Err(Fail::plain("source is required"));
    }
    let mut object = manifest::object(
        call,
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        name,
    )?;
    set(
        &mut object,
        "dependsOn",
        depends_on(&flags.list("depends-on")),
    );
    set(
        &mut object,
        "interval",
        flags.duration("interval").to_string(),
    );
    if flags.duration("retry-interval").as_nanos() > 0 {
        set(
            &mut object,
            "retryInterval",
            flags.duration("retry-interval").to_string(),
        );
    }
    set(&mut object, "path", flags.text("path"));
    object["spec"]["prune"] = flags.on("prune").into();
    set(&mut object, "sourceRef", source_ref(flags.text("source")));
    set(
        &mut object,
        "targetNamespace",
        flags.text("target-namespace"),
    );
    set(
        &mut object,
        "kubeConfig.secretRef.name",
        flags.text("kubeconfig-secret-ref"),
    );
    set(
        &mut object,
        "serviceAccountName",
        flags.text("service-account"),
    );
    set(
        &mut object,
        "decryption.provider",
        flags.text("decryption-provider"),
    );
    if flags.some("decryption-provider").is_some() {
        set(
            &mut object,
            "decryption.secretRef.name",
            flags.text("decryption-secret"),
        );
    }
    health(call, &mut object)?;
    Ok(object)
}

/// What is waited for, and how long (CLI-CRT-014).
fn health(call: &Call, object: &mut Value) -> Result<(), Fail> {
    let flags = &call.flags;
    let timeout = flags.duration("health-check-timeout").to_string();
    if flags.on("wait") {
        set(object, "wait", true);
        set(object, "timeout", timeout);
    } else if flags.given("health-check") {
        set(
            object,
            "healthChecks",
            health_checks(&flags.list("health-check"))?,
        );
        set(object, "timeout", timeout);
    }
    Ok(())
}

fn depends_on(names: &[String]) -> Vec<Value> {
    names
        .iter()
        .map(|name| match name.split_once('/') {
            Some((namespace, name)) => json!({"name": name, "namespace": namespace}),
            None => json!({"name": name}),
        })
        .collect()
}

fn health_checks(texts: &[String]) -> Result<Vec<Value>, Fail> {
    texts.iter().map(|text| health_check(text)).collect()
}

fn health_check(text: &str) -> Result<Value, Fail> {
    let wrong =
        format!("invalid health check '{text}' must be in the format 'kind/name.namespace'");
    let parts: Vec<&str> = text.split('/').collect();
    let [kind, name] = parts.as_slice() else {
        return Err(Fail::plain(format!("{wrong} [{}]", parts.join(" "))));
    };
    if !["HelmRelease", "Deployment", "DaemonSet", "StatefulSet"].contains(kind) {
        return Err(Fail::plain(format!(
            "invalid health check kind '{kind}' can be HelmRelease, Deployment, DaemonSet or StatefulSet"
        )));
    }
    let names: Vec<&str> = name.split('.').collect();
    let [name, namespace] = names.as_slice() else {
        return Err(Fail::plain(wrong));
    };
    let mut check = json!({"kind": kind, "name": name, "namespace": namespace});
    if *kind == "HelmRelease" {
        check["apiVersion"] = "helm.toolkit.fluxcd.io/v2".into();
    }
    Ok(check)
}

const SOURCE_KINDS: &[&str] = &["OCIRepository", "GitRepository", "Bucket"];

/// Checks `[kind/]name[.namespace]`.
fn source(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err(format!(
            "no Kustomization source given, please specify source that contains the Kubernetes manifests in the \
             format '[<kind>/]<name>.<namespace>', where kind must be one of: ({}), if kind is not specified it \
             defaults to GitRepository",
            SOURCE_KINDS.join(", ")
        ));
    }
    let (kind, name) = text.split_once('/').unwrap_or(("", text));
    let kind = if kind.is_empty() {
        "GitRepository"
    } else {
        kind
    };
    let Some(known) = SOURCE_KINDS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(kind))
    else {
        return Err(format!(
            "source kind '{kind}' is not supported, must be one of: {}",
            SOURCE_KINDS.join(", ")
        ));
    };
    if name.is_empty() {
        return Err(format!("no name given for source of kind '{known}'"));
    }
    Ok(format!("{known}/{name}"))
}

fn source_ref(checked: &str) -> Value {
    let (kind, name) = checked
        .split_once('/')
        .unwrap_or(("GitRepository", checked));
    match name.split_once('.') {
        Some((name, namespace)) => json!({"kind": kind, "name": name, "namespace": namespace}),
        None => json!({"kind": kind, "name": name}),
    }
}

/// A path below the root of a source: `..` and a leading `/` lead no higher (CLI-SRC-012).
#[expect(
    clippy::unnecessary_wraps,
    reason = "flags are checked by functions that may refuse"
)]
pub(crate) fn safe_path(text: &str) -> Result<String, String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Ok(format!("./{}", parts.join("/")))
}

fn decryption(text: &str) -> Result<String, String> {
    match text {
        "sops" => Ok(text.to_owned()),
        "" => Err("no decryption provider given, must be one of: sops".to_owned()),
        _ => Err(format!(
            "unsupported decryption provider '{text}', must be one of: sops"
        )),
    }
}
