//! What happens to an object between decoding and storing: unknown fields, defaults, validation,
//! and what follows from a write at once.

mod changes;
mod defaults;
mod fields;
mod network;
mod templates;
mod validate;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::error::{ApiError, FieldError};
use crate::registry::{self, Resource};
use crate::store::{Doc, Stored, str_at};
use crate::verbs::{Writer, serve_definition};

pub(crate) use fields::check_fields;

/// Defaults and checks a new object.
pub(crate) fn on_create(writer: &Writer<'_>, doc: &mut Doc) -> Result<(), ApiError> {
    let resource = writer.resource;
    let mut errors = Vec::new();
    complete(writer, None, doc, &mut errors);
    errors.extend(validate::metadata(resource, doc));
    errors.extend(validate::object(resource, doc));
    refuse(resource, doc, errors)?;
    changes::grants(writer, doc)
}

/// Defaults and checks a changed object.
pub(crate) fn on_update(writer: &Writer<'_>, live: &Stored, doc: &mut Doc) -> Result<(), ApiError> {
    let resource = writer.resource;
    if resource.table.as_ref() == "namespaces" && writer.subresource.is_empty() {
        keep_namespace_finalizers(live, doc);
    }
    let mut errors = Vec::new();
    complete(writer, Some(live), doc, &mut errors);
    errors.extend(validate::metadata(resource, doc));
    if live.deleting() {
        errors.extend(validate::finalizers_only_shrink(live, doc));
    }
    errors.extend(validate::object(resource, doc));
    errors.extend(changes::immutable(resource, live, doc));
    refuse(resource, doc, errors)?;
    changes::grants(writer, doc)
}

fn keep_namespace_finalizers(live: &Stored, doc: &mut Doc) {
    if let Some(finalizers) = crate::store::at(&live.doc, "spec.finalizers") {
        let spec = doc.entry("spec").or_insert_with(|| json!({}));
        if spec.is_object() {
            spec["finalizers"] = finalizers.clone();
        }
    }
}

fn complete(
    writer: &Writer<'_>,
    live: Option<&Stored>,
    doc: &mut Doc,
    errors: &mut Vec<FieldError>,
) {
    let resource = writer.resource;
    if let Some(custom) = &resource.custom {
        errors.extend(custom.schema.admit(doc, live.map(|l| &l.doc)));
        return;
    }
    if resource.types.is_builtin() {
        let mut value = Value::Object(std::mem::take(doc));
        resource
            .types
            .schema()
            .drop_nulls(resource.types.ty(), &mut value);
        resource
            .types
            .schema()
            .fill_structs(resource.types.ty(), &mut value);
        if let Value::Object(filled) = value {
            *doc = filled;
        }
    }
    defaults::apply(writer.cluster, resource, live, doc);
}

fn refuse(resource: &Resource, doc: &Doc, errors: Vec<FieldError>) -> Result<(), ApiError> {
    if errors.is_empty() {
        return Ok(());
    }
    let name = str_at(crate::store::meta(doc), "name");
    Err(ApiError::invalid(
        &resource.group,
        &resource.kind,
        name,
        errors,
    ))
}

/// Refuses deletions that upstream refuses.
pub(crate) fn on_delete(resource: &Resource, live: &Stored) -> Result<(), ApiError> {
    let immortal = ["default", "kube-system", "kube-public"];
    if resource.table.as_ref() == "namespaces" && immortal.contains(&live.name()) {
        return Err(ApiError::forbidden(
            &resource.group_resource(),
            live.name(),
            "this namespace may not be deleted",
        ));
    }
    Ok(())
}

/// What follows from a write before anybody reads: definitions are served.
/// `settled` says that the write was the server's own answer to an earlier one.
pub(crate) fn after_write(cluster: &Cluster, resource: &Resource, object: &Stored, settled: bool) {
    if resource.kind == "CustomResourceDefinition" && resource.custom.is_none() {
        if settled || crate::simulate::definition_accepted(cluster, object) {
            serve_definition(cluster, object, !crate::simulate::established(object));
        } else {
            crate::simulate::accept_definition(cluster, object);
        }
    }
}

/// What follows from the end of an object.
pub(crate) fn after_delete(cluster: &Cluster, resource: &Resource, object: &Stored) {
    match resource.table.as_ref() {
        "customresourcedefinitions.apiextensions.k8s.io" => {
            serve_definition(cluster, object, true);
        }
        "serviceaccounts" => cluster.tokens.revoke(object.uid()),
        _ => {}
    }
}

/// The version a definition stores its objects in.
pub(crate) fn storage_version(definition: &Stored) -> Option<String> {
    registry::storage_version(definition.doc.get("spec")?.as_object()?)
}
