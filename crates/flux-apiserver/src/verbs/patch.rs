//! The four kinds of patch.

use flux_merge::patch::PatchError;
use serde_json::Value;

use crate::error::{ApiError, FieldError};
use crate::http::{Reply, decode_yaml};
use crate::print;
use crate::print::to_value;
use crate::store::{Doc, Stored};
use crate::verbs::persist::Desired;
use crate::verbs::{Call, decode, managed, outgoing, patch_name};

const ACCEPTED: &str = "application/json-patch+json, application/merge-patch+json, \
                        application/apply-patch+yaml, application/apply-patch+cbor";
const ACCEPTED_TYPED: &str = "application/json-patch+json, application/merge-patch+json, \
                              application/strategic-merge-patch+json, \
                              application/apply-patch+yaml, application/apply-patch+cbor";

pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ApiError> {
    if patch_name(&call.ask.content_type, &http::Method::PATCH) == "apply" {
        return apply(call);
    }
    if call.ask.params.force.is_some() {
        let errors = vec![FieldError::forbidden(
            "force",
            "may not be specified for non-apply patch",
        )];
        return Err(ApiError::invalid("meta.k8s.io", "PatchOptions", "", errors));
    }
    let object = call.writer().update(&call.key(), |live| {
        let current =
            outgoing(&call.resource, live).unwrap_or_else(|| to_value(&call.resource, &live.doc));
        let patched = plain(call, current)?;
        decode::object(call, patched, decode::Named::AsAddressed)
    })?;
    Ok(print::object(call, 200, &object))
}

/// Applies the JSON, merge or strategic patch of a request to a value.
pub(crate) fn plain(call: &Call<'_>, current: Value) -> Result<Doc, ApiError> {
    let media = patch_name(&call.ask.content_type, &http::Method::PATCH);
    let resource = &call.resource;
    let custom = resource.custom.is_some();
    if !matches!(
        (media, custom),
        ("json" | "merge", _) | ("strategic", false)
    ) {
        let accepted = if custom { ACCEPTED } else { ACCEPTED_TYPED };
        return Err(ApiError::unsupported_media_type(accepted));
    }
    let parsed: Value = serde_json::from_slice(&call.ask.body)
        .map_err(|error| ApiError::bad_request(format!("error decoding patch: {error}")))?;
    let mut patched = current;
    match media {
        "json" => {
            patched = flux_merge::patch::json_patch(&patched, &parsed)
                .map_err(|error| patch_error(&error))?;
        }
        "merge" => flux_merge::patch::merge_patch(&mut patched, &parsed),
        _ => {
            patched = flux_merge::patch::strategic_merge_patch(
                resource.types.schema(),
                resource.types.ty(),
                &patched,
                &parsed,
            )
            .map_err(|error| patch_error(&error))?;
        }
    }
    match patched {
        Value::Object(doc) => Ok(doc),
        _ => Err(ApiError::bad_request(
            "the patched object is no JSON object",
        )),
    }
}

fn patch_error(error: &PatchError) -> ApiError {
    match error {
        PatchError::Malformed(text) => ApiError::bad_request(text.clone()),
        PatchError::NotApplicable(text) => {
            tracing::debug!(text, "patch");
            let mut refusal = ApiError::new(
                422,
                "Invalid",
                "the server rejected our request due to an error in our request",
            );
            refusal.details = Some(Box::default());
            refusal
        }
        PatchError::Internal(text) => ApiError::new(500, "", text.clone()),
    }
}

fn apply(call: &Call<'_>) -> Result<Reply, ApiError> {
    let params = &call.ask.params;
    if params.field_manager.is_empty() {
        let errors = vec![FieldError::required(
            "fieldManager",
            "is required for apply patch",
        )];
        return Err(ApiError::invalid("meta.k8s.io", "PatchOptions", "", errors));
    }
    let applied = decode_yaml(&call.ask.body)?;
    let Value::Object(fields) = applied else {
        return Err(ApiError::bad_request(
            "error decoding YAML: the body is not an object",
        ));
    };
    check_address(call, &fields)?;
    let applied = Value::Object(fields);
    let writer = call.writer();
    let written = writer.upsert(&call.key(), |live: Option<&Stored>| {
        if live.is_none() && !call.ask.target.subresource.is_empty() {
            return Err(call.not_found());
        }
        let mut wanted = applied.clone();
        check_uid(call, live, &wanted)?;
        crate::verbs::complete_applied(call, &mut wanted);
        let doc = managed::apply(&writer, live, &wanted, params.force == Some(true))?;
        Ok(Desired::Applied(doc))
    })?;
    let code = if written.created { 201 } else { 200 };
    Ok(print::object(call, code, &written.object))
}

/// The applied configuration has to be about the object that the address names.
fn check_address(call: &Call<'_>, fields: &Doc) -> Result<(), ApiError> {
    let target = &call.ask.target;
    let text = |field: &str| {
        let meta = fields.get("metadata").and_then(|m| m.get(field));
        meta.and_then(Value::as_str).unwrap_or("").to_owned()
    };
    let (name, namespace) = (text("name"), text("namespace"));
    if !name.is_empty() && name != target.name {
        return Err(ApiError::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            target.name
        )));
    }
    if call.resource.namespaced && !namespace.is_empty() && namespace != target.namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// An apply with a UID is about that very object and creates none.
fn check_uid(call: &Call<'_>, live: Option<&Stored>, applied: &Value) -> Result<(), ApiError> {
    let uid = applied
        .pointer("/metadata/uid")
        .and_then(Value::as_str)
        .unwrap_or("");
    if live.is_some() || uid.is_empty() {
        return Ok(());
    }
    let gr = call.resource.group_resource();
    let why = format!(
        "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
    );
    Err(ApiError::conflict(&gr, &call.ask.target.name, &why))
}
