//! `flux export`: prints objects as they would be declared (CLI-EXP-*).

use flux_gocompat::duration::GoDuration;
use flux_kube::{Client, Resource};
use flux_object::Object;
use serde_json::{Value, json};

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::root::namespace;
use crate::{connect, manifest, suspend, verbs};

const SOURCES: &[Command] = &[
    verbs::leaf("git", "GitRepositories", &[], |call| Box::pin(run(call))),
    verbs::leaf("oci", "OCIRepositories", &[], |call| Box::pin(run(call))),
    verbs::leaf("bucket", "Buckets", &[], |call| Box::pin(run(call))),
    verbs::leaf("helm", "HelmRepositories", &[], |call| Box::pin(run(call))),
    verbs::leaf("chart", "HelmCharts", &[], |call| Box::pin(run(call))),
    verbs::leaf("external", "ExternalArtifacts", &[], |call| {
        Box::pin(run(call))
    }),
];
const IMAGES: [Command; 3] = verbs::images(|call| Box::pin(run(call)));

/// The verb.
pub(crate) const COMMAND: Command = Command::new("export", "Print objects as YAML")
    .persistent(&[verbs::ALL])
    .commands(&[
        verbs::alert(|call| Box::pin(run(call))),
        verbs::provider(|call| Box::pin(run(call))),
        Command::new("artifact", "What makes artifacts").commands(&[verbs::leaf(
            "generator",
            "ArtifactGenerators",
            &[],
            |call| Box::pin(run(call)),
        )]),
        verbs::helm_release(|call| Box::pin(run(call))),
        verbs::image_group(&IMAGES),
        verbs::kustomization(|call| Box::pin(run(call))),
        verbs::receiver(|call| Box::pin(run(call))),
        verbs::source_group(SOURCES).persistent(&[Flag::switch(
            "with-credentials",
            "print the Secret with the credentials too",
        )]),
    ]);

async fn run(call: &Call) -> Result<(), Fail> {
    let kind = verbs::kind(call)?;
    let all = call.flags.on("all");
    if !all && call.args.is_empty() {
        return Err(Fail::plain("name is required"));
    }
    let namespace = namespace(call);
    let client = connect::client(call).await?;
    let objects = if all {
        suspend::list(&client, kind, &namespace, None).await?
    } else {
        let name = call.arg(0).unwrap_or_default();
        let object = client.get(&kind.resource(), &namespace, name).await;
        vec![object.map_err(|error| connect::failed(&error))?]
    };
    if objects.is_empty() {
        return Err(Fail::plain(format!(
            "no objects found in {namespace} namespace"
        )));
    }
    for object in &objects {
        manifest::export(&declared(object, "spec"))?;
        if call.flags.on("with-credentials") && secret(&client, object).await? {
            // Parity: the command ends with the first Secret.
            break;
        }
    }
    Ok(())
}

/// An object without what the server made of it.
fn declared(object: &Object, content: &str) -> Value {
    let mut metadata = json!({});
    for field in ["annotations", "labels", "name", "namespace"] {
        if let Some(value) = object.get(&["metadata", field]) {
            metadata[field] = value.clone();
        }
    }
    let mut out = json!({
        "apiVersion": object.api_version(),
        "kind": object.kind(),
        "metadata": metadata,
    });
    if let Some(value) = object.get(&[content]) {
        out[content] = plain(content, value);
    }
    out
}

/// What upstream's types leave of a value that passed through them: durations are spelled out, switches that are off
/// are left out unless the type has no default for them.
fn plain(field: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) if !AS_IT_IS.contains(&field) => fields
            .iter()
            .filter(|(name, value)| **value != Value::Bool(false) || KEPT.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), plain(name, value)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| plain(field, item)).collect(),
        Value::String(text) if DURATIONS.contains(&field) => text
            .parse::<GoDuration>()
            .map_or_else(|_| value.clone(), |duration| duration.to_string().into()),
        other => other.clone(),
    }
}

/// Maps of the user's own.
const AS_IT_IS: &[&str] = &[
    "data",
    "values",
    "substitute",
    "labels",
    "annotations",
    "matchLabels",
];
/// Switches that are written when they are off.
const KEPT: &[&str] = &["prune", "persistentClient"];
const DURATIONS: &[&str] = &["interval", "timeout", "retryInterval"];

/// Prints the Secret that an object refers to; false when it refers to none.
async fn secret(client: &Client, object: &Object) -> Result<bool, Fail> {
    let Some(name) = object.get_str(&["spec", "secretRef", "name"]) else {
        return Ok(false);
    };
    let secret = client
        .get(&Resource::secrets(), object.namespace(), name)
        .await
        .map_err(|error| {
            Fail::plain(format!(
                "failed to retrieve secret {name}, error: {}",
                connect::words(&error)
            ))
        })?;
    let mut out = declared(&secret, "data");
    if let Some(kind) = secret.get(&["type"]) {
        out["type"] = kind.clone();
    }
    manifest::export(&out)?;
    Ok(true)
}
