//! Addresses below an object: status, scale, finalize, token, binding, eviction.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::http::{Reply, decode_body};
use crate::print;
use crate::verbs::delete::{DeleteOptions, delete_object};
use crate::verbs::{Call, accounts, patch, read, scale, write};

pub(crate) fn serve(call: &Call<'_>) -> Result<Reply, ApiError> {
    let name = call.ask.target.subresource.as_str();
    let resource = &call.resource;
    if name == "status" && resource.status {
        return status(call);
    }
    if name == "scale"
        && let Some(paths) = &resource.scale
    {
        return scale::serve(call, paths);
    }
    if !resource.subresources.contains(&name) {
        return Err(ApiError::no_such_resource());
    }
    match (name, call.ask.target.verb) {
        ("finalize", "update") => write::update(call),
        ("token", "create") => accounts::token(call),
        ("binding", "create") => binding(call),
        ("eviction", "create") => eviction(call),
        ("log", "get") => log(call),
        ("approval" | "ephemeralcontainers" | "resize", _) => status(call),
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn status(call: &Call<'_>) -> Result<Reply, ApiError> {
    match call.ask.target.verb {
        "get" => read::get(call),
        "update" => write::update(call),
        "patch" => patch::patch(call),
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn created(call: &Call<'_>) -> Reply {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    print::value(call, 201, &status)
}

/// Assigns a pod to a node.
fn binding(call: &Call<'_>) -> Result<Reply, ApiError> {
    let body = decode_body(&call.ask.content_type, &call.ask.body)?;
    let node = body
        .get("target")
        .and_then(|t| t.get("name"))
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_owned();
    call.writer().update(&call.key(), |live| {
        let mut doc = live.doc.clone();
        let spec = doc.entry("spec").or_insert_with(|| json!({}));
        spec["nodeName"] = node.clone().into();
        Ok(doc)
    })?;
    Ok(created(call))
}

fn eviction(call: &Call<'_>) -> Result<Reply, ApiError> {
    let options = DeleteOptions {
        dry_run: call.ask.params.dry_run,
        ..DeleteOptions::default()
    };
    delete_object(call.cluster, &call.resource, &call.key(), &options)?;
    Ok(created(call))
}

/// There is no container, so there is no output: an empty log of a pod that exists.
fn log(call: &Call<'_>) -> Result<Reply, ApiError> {
    read::fetch(call)?;
    Ok(Reply::text(200, ""))
}
