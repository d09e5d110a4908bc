//! Bringing a made object to the cluster and waiting for it (CLI-CRT-004, CLI-CRT-006, CLI-SEC-010).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flux_kube::{Client, PatchOptions, Resource};
use flux_object::Object;
use serde_json::{Map, Value, json};

use crate::cli::Fail;
use crate::cli::command::Call;
use crate::kinds::Kind;
use crate::{connect, say, wait};

/// Applies an object and waits until it is ready. `title` is what messages call it.
pub(super) async fn apply(
    call: &Call,
    client: &Client,
    kind: &Kind,
    object: Value,
    title: &str,
) -> Result<Object, Fail> {
    let object = Object::from_value(object).map_err(|error| Fail::plain(error.to_string()))?;
    say::action(&format!("applying {title}"));
    let how = upsert(client, kind, &object).await?;
    say::success(&format!("{title} {how}"));
    say::waiting(&format!("waiting for {title} reconciliation"));
    let name = (object.namespace(), object.name());
    wait::ready(client, kind, name, wait::deadline(call)).await
}

/// Creates an object, or replaces labels and spec of the one there is.
async fn upsert(client: &Client, kind: &Kind, object: &Object) -> Result<&'static str, Fail> {
    let failed = |error: flux_kube::Error| connect::failed(&error);
    let resource = kind.resource();
    let mut live = match client
        .get(&resource, object.namespace(), object.name())
        .await
    {
        Ok(live) => live,
        Err(error) if error.is_not_found() => {
            let made = client.create(&resource, object, &options()).await;
            return made.map(|_| "created").map_err(failed);
        }
        Err(error) => return Err(failed(error)),
    };
    live.metadata_mut().remove("labels");
    if let Some(labels) = object.get(&["metadata", "labels"]) {
        live.metadata_mut()
            .insert("labels".to_owned(), labels.clone());
    }
    if let Some(spec) = object.get(&["spec"]) {
        live.as_map_mut().insert("spec".to_owned(), spec.clone());
    }
    let replaced = client.replace(&resource, &live, &options()).await;
    replaced.map(|_| "updated").map_err(failed)
}

fn options() -> PatchOptions<'static> {
    PatchOptions {
        field_manager: "flux",
        ..PatchOptions::default()
    }
}

/// Creates a Secret from its manifest with `stringData`, or merges it into the one there is.
pub(crate) async fn secret(client: &Client, manifest: &Value) -> Result<(), Fail> {
    let failed = |error: flux_kube::Error| connect::failed(&error);
    let mut data = Map::new();
    for (key, text) in manifest["stringData"].as_object().into_iter().flatten() {
        let encoded = STANDARD.encode(text.as_str().unwrap_or_default());
        data.insert(key.clone(), encoded.into());
    }
    let metadata = &manifest["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    let secrets = Resource::secrets();
    let live = client.get(&secrets, text("namespace"), text("name")).await;
    match live {
        Ok(_) => {
            let mut patch = json!({"data": data});
            for field in ["labels", "annotations"] {
                if metadata[field].is_object() {
                    patch["metadata"][field] = metadata[field].clone();
                }
            }
            let at = (text("namespace"), text("name"));
            let patched = client.merge_patch(&secrets, at, &patch, &options()).await;
            patched.map(|_| ()).map_err(failed)
        }
        Err(error) if error.is_not_found() => {
            let mut whole = manifest.clone();
            if let Some(fields) = whole.as_object_mut() {
                fields.remove("stringData");
                fields.insert("data".to_owned(), data.into());
            }
            let whole =
                Object::from_value(whole).map_err(|error| Fail::plain(error.to_string()))?;
            let made = client.create(&secrets, &whole, &options()).await;
            made.map(|_| ()).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}
