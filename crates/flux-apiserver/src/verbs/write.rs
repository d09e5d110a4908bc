//! Create and replace.

use crate::error::ApiError;
use crate::http::Reply;
use crate::print;
use crate::store::{meta, str_at};
use crate::verbs::persist::other_uid;
use crate::verbs::{Call, Desired, decode};

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ApiError> {
    refuse_while_terminating(call, "create")?;
    let doc = decode::body(call, decode::Named::Free)?;
    let namespace = call.namespace().unwrap_or("");
    let written = call.writer().create(namespace, Desired::Changed(doc))?;
    Ok(print::object(call, 201, &written.object))
}

/// No objects come into being while their definition is ending.
pub(crate) fn refuse_while_terminating(call: &Call<'_>, verb: &str) -> Result<(), ApiError> {
    let Some(custom) = &call.resource.custom else {
        return Ok(());
    };
    if !crate::simulate::terminating(call.cluster, &custom.definition) {
        return Ok(());
    }
    let mut error = ApiError::method_not_allowed();
    error.message = format!("{verb} not allowed while custom resource definition is terminating");
    Err(error)
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, ApiError> {
    let doc = decode::body(call, decode::Named::AsAddressed)?;
    let needs_version = call.resource.custom.is_some()
        || matches!(
            call.resource.kind.as_str(),
            "CustomResourceDefinition" | "APIService"
        );
    if needs_version && str_at(meta(&doc), "resourceVersion").is_empty() {
        let errors = vec![crate::error::FieldError::invalid(
            "metadata.resourceVersion",
            &0.into(),
            "must be specified for an update",
        )];
        let (group, kind) = (&call.resource.group, &call.resource.kind);
        // Only if there is an object to update at all.
        call.cluster
            .store
            .get(&call.resource.table, &call.key())
            .ok_or_else(|| call.not_found())?;
        return Err(ApiError::invalid(
            group,
            kind,
            &call.ask.target.name,
            errors,
        ));
    }
    if !creates_on_update(call) {
        let object = call.writer().update(&call.key(), |_| Ok(doc.clone()))?;
        return Ok(print::object(call, 200, &object));
    }
    let key = call.key();
    let written = call.writer().upsert(&key, |live| {
        let uid = str_at(meta(&doc), "uid");
        if live.is_none() && !uid.is_empty() {
            // What was to be replaced is gone; another object is not made in its place.
            let why = other_uid(&call.resource, &key, uid, "");
            return Err(ApiError::conflict(
                &call.resource.group_resource(),
                &key.name,
                &why,
            ));
        }
        Ok(Desired::Changed(doc.clone()))
    })?;
    let code = if written.created { 201 } else { 200 };
    Ok(print::object(call, code, &written.object))
}

/// Kinds whose replacement creates what is not there yet.
fn creates_on_update(call: &Call<'_>) -> bool {
    call.resource.custom.is_none()
        && call.ask.target.subresource.is_empty()
        && matches!(
            call.resource.kind.as_str(),
            "Lease"
                | "Event"
                | "Endpoints"
                | "LimitRange"
                | "Service"
                | "Role"
                | "RoleBinding"
                | "ClusterRole"
                | "ClusterRoleBinding"
        )
}
