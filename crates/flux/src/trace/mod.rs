//! `flux trace`: how an object came to the cluster, from the source on (CLI-TRC-*).

use std::future::Future;
use std::pin::Pin;

use flux_kube::{Client, Resource};
use flux_object::{Gvk, Object};

use crate::cli::Fail;
use crate::cli::command::{Call, Command};
use crate::cli::flag::Flag;
use crate::kinds::{self, Kind};
use crate::root::namespace;
use crate::{connect, say};

mod lookup;
mod report;

/// The verb.
pub(crate) const COMMAND: Command = Command::new("trace", "Show how an object came to the cluster")
    .args("<resource> <name> [<name> ...]")
    .flags(&[
        Flag::text(
            "api-version",
            "API version of the object, for the form with --kind",
        ),
        Flag::text(
            "kind",
            "kind of the object, for the form with --api-version",
        ),
    ])
    .run(|call| Box::pin(run(call)));

/// Who brought an object.
struct Manager {
    kind: &'static Kind,
    name: String,
    namespace: String,
}

async fn run(call: &Call) -> Result<(), Fail> {
    let flags = &call.flags;
    let objects = if flags.some("kind").is_some() || flags.some("api-version").is_some() {
        vec![legacy(call).await?]
    } else {
        by_arguments(call).await?
    };
    let (client, objects) = (connect::client(call).await?, objects);
    for (at, object) in objects.iter().enumerate() {
        if at > 0 {
            say::data("---\n");
        }
        match trace(&client, object).await {
            Ok(text) => say::data(&text),
            // Parity: what cannot be traced is told without a symbol and without a line end, and is no failure.
            Err(fail) => say::plain(&format!(
                "failed to trace {}/{} in namespace {}: {fail}",
                object.kind(),
                object.name(),
                object.namespace()
            )),
        }
    }
    Ok(())
}

/// `trace <name> --kind --api-version`.
async fn legacy(call: &Call) -> Result<Object, Fail> {
    let flags = &call.flags;
    let name = call
        .arg(0)
        .ok_or_else(|| Fail::plain("object name is required"))?;
    let kind = flags
        .some("kind")
        .ok_or_else(|| Fail::plain("object kind is required (--kind)"))?;
    let version = flags
        .some("api-version")
        .ok_or_else(|| Fail::plain("object apiVersion is required (--api-version)"))?;
    if version.split('/').count() > 2 {
        return Err(Fail::plain(format!(
            "invaild apiVersion: unexpected GroupVersion string: {version}"
        )));
    }
    let client = connect::client(call).await?;
    let failed = |error: flux_kube::Error| {
        Fail::plain(format!("failed to find object: {}", connect::words(&error)))
    };
    let gvk = Gvk::from_api_version(version, kind);
    let resource = client.discovery().resource(&gvk).await.map_err(failed)?;
    client
        .get(&resource, &namespace(call), name)
        .await
        .map_err(failed)
}

/// `trace <resource> <name>...` or `trace <resource>/<name>...`.
async fn by_arguments(call: &Call) -> Result<Vec<Object>, Fail> {
    let first = call.arg(0).ok_or_else(|| {
        Fail::plain("either `<resource>/<name>` or `<resource> <name>` is required as an argument")
    })?;
    let pairs: Vec<(&str, &str)> = if first.contains('/') {
        call.args
            .iter()
            .filter_map(|argument| argument.split_once('/'))
            .collect()
    } else {
        call.args[1..]
            .iter()
            .map(|name| (first, name.as_str()))
            .collect()
    };
    let client = connect::client(call).await?;
    if pairs.is_empty() {
        lookup::resource(&client, first).await?;
        return Err(Fail::plain(
            "either `<resource>/<name>` or `<resource> <name>` is required as an argument",
        ));
    }
    let mut objects = Vec::new();
    for (word, name) in pairs {
        let resource = lookup::resource(&client, word).await?;
        let object = client.get(&resource, &namespace(call), name).await;
        // Parity: the failure is prefixed with this letter.
        let object =
            object.map_err(|error| Fail::plain(format!("x: {}", connect::words(&error))))?;
        objects.push(object);
    }
    Ok(objects)
}

async fn trace(client: &Client, object: &Object) -> Result<String, Fail> {
    let manager = manager(client, object)
        .await?
        .ok_or_else(|| Fail::plain("object not managed by Flux"))?;
    let resource = manager.kind.resource();
    let found = client.get(&resource, &manager.namespace, &manager.name);
    let found = found.await.map_err(|error| {
        let what = manager.kind.human;
        Fail::plain(format!("failed to find {what}: {}", connect::words(&error)))
    })?;
    let mut text = String::new();
    match manager.kind.kind {
        "HelmRelease" => report::of_release(client, object, &found, &mut text).await?,
        _ => report::of_kustomization(client, object, &found, &mut text).await?,
    }
    Ok(text)
}

/// Who brought an object: by its labels, else by those of its owners (CLI-TRC-002).
fn manager<'a>(
    client: &'a Client,
    object: &'a Object,
) -> Pin<Box<dyn Future<Output = Result<Option<Manager>, Fail>> + 'a>> {
    Box::pin(async move {
        for (group, kind) in [
            ("kustomize.toolkit.fluxcd.io", "Kustomization"),
            ("helm.toolkit.fluxcd.io", "HelmRelease"),
        ] {
            let name = object.label(&format!("{group}/name"));
            let namespace = object.label(&format!("{group}/namespace"));
            if let (Some(name), Some(namespace), Some(kind)) =
                (name, namespace, kinds::by_kind(kind))
            {
                let (name, namespace) = (name.to_owned(), namespace.to_owned());
                return Ok(Some(Manager {
                    kind,
                    name,
                    namespace,
                }));
            }
        }
        for owner in object.owner_references() {
            let gvk = Gvk::from_api_version(&owner.api_version, &owner.kind);
            let failed = |error: flux_kube::Error| connect::failed(&error);
            let resource = client.discovery().resource(&gvk).await.map_err(failed)?;
            let resource: &Resource = &resource;
            let parent = client.get(resource, object.namespace(), &owner.name).await;
            if let Some(found) = manager(client, &parent.map_err(failed)?).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    })
}
