//! Finding a resource by the words that people use for it: plural, singular, short name, kind.

use flux_kube::{Client, Resource};
use serde_json::Value;

use crate::cli::Fail;
use crate::connect;

/// The resource that a word names, the server's preferred version of it.
pub(super) async fn resource(client: &Client, word: &str) -> Result<Resource, Fail> {
    let lower = word.to_lowercase();
    let (name, group) = lower.split_once('.').unwrap_or((&lower, ""));
    let core = read(client, "/api/v1").await?;
    if group.is_empty()
        && let Some(found) = find(&core, name, "v1")
    {
        return Ok(found);
    }
    let groups = read(client, "/apis").await?;
    for entry in groups["groups"].as_array().into_iter().flatten() {
        let known = entry["name"].as_str().unwrap_or_default();
        if !known.starts_with(group) {
            continue;
        }
        let version = &entry["preferredVersion"]["groupVersion"];
        let version = version.as_str().unwrap_or_default();
        let list = read(client, &format!("/apis/{version}")).await?;
        if let Some(found) = find(&list, name, version) {
            return Ok(found);
        }
    }
    Err(Fail::plain(format!(
        "the server doesn't have a resource type {word:?}"
    )))
}

async fn read(client: &Client, path: &str) -> Result<Value, Fail> {
    let body = client.raw_get(path).await;
    let body = body.map_err(|error| connect::failed(&error))?;
    serde_json::from_slice(&body)
        .map_err(|_| Fail::plain(format!("the answer to {path} cannot be read")))
}

fn find(list: &Value, name: &str, version: &str) -> Option<Resource> {
    let entry = list["resources"].as_array()?.iter().find(|entry| {
        let is = |field: &str| {
            entry[field]
                .as_str()
                .is_some_and(|text| text.eq_ignore_ascii_case(name))
        };
        let plural = entry["name"].as_str().unwrap_or_default();
        let short = entry["shortNames"].as_array().into_iter().flatten();
        !plural.contains('/')
            && (is("name")
                || is("singularName")
                || is("kind")
                || short.into_iter().any(|short| short == name))
    })?;
    Some(Resource::new(
        version,
        entry["kind"].as_str()?,
        entry["name"].as_str()?,
        entry["namespaced"].as_bool()?,
    ))
}
