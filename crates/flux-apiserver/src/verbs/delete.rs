//! Delete: preconditions, finalizers, propagation, grace; one object or a collection.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::admission;
use crate::clock;
use crate::cluster::Cluster;
use crate::error::ApiError;
use crate::http::{Reply, decode_body};
use crate::options::Workloads;
use crate::print;
use crate::registry::Resource;
use crate::simulate::FINALIZER;
use crate::store::{Doc, Key, Stored, Write, meta_mut};
use crate::verbs::{Call, persist, read};

/// What happens to dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// `DeleteOptions` as far as they matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeleteOptions {
    pub(crate) dry_run: bool,
    pub(crate) propagation: Option<Propagation>,
    pub(crate) grace: Option<i64>,
    pub(crate) uid: Option<String>,
    pub(crate) version: Option<String>,
}

impl DeleteOptions {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        let params = &call.ask.params;
        let mut options = Self {
            dry_run: params.dry_run,
            ..Self::default()
        };
        options.propagation = propagation(&params.propagation)?;
        if params.orphan == Some(true) {
            options.propagation = Some(Propagation::Orphan);
        }
        if call.ask.body.is_empty() {
            return Ok(options);
        }
        let body = decode_body(&call.ask.content_type, &call.ask.body)?;
        let text = |path: &str| {
            let value = body.get("preconditions").and_then(|p| p.get(path));
            value.and_then(Value::as_str).map(str::to_owned)
        };
        options.uid = text("uid");
        options.version = text("resourceVersion");
        options.grace = body.get("gracePeriodSeconds").and_then(Value::as_i64);
        if let Some(policy) = body.get("propagationPolicy").and_then(Value::as_str) {
            options.propagation = propagation(policy)?;
        }
        if body.get("orphanDependents").and_then(Value::as_bool) == Some(true) {
            options.propagation = Some(Propagation::Orphan);
        }
        let dry = body.get("dryRun").and_then(Value::as_array);
        options.dry_run |= dry.is_some_and(|d| d.iter().any(|v| v == "All"));
        Ok(options)
    }
}

fn propagation(text: &str) -> Result<Option<Propagation>, ApiError> {
    match text {
        "" => Ok(None),
        "Background" => Ok(Some(Propagation::Background)),
        "Foreground" => Ok(Some(Propagation::Foreground)),
        "Orphan" => Ok(Some(Propagation::Orphan)),
        other => Err(ApiError::new(
            422,
            "Invalid",
            format!(
                "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \
                 \"{other}\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
            ),
        )),
    }
}

/// How a deletion went.
#[derive(Debug)]
pub(crate) enum Deleted {
    /// The object is gone; its last state.
    Gone(Arc<Stored>),
    /// The object is marked and waits for its finalizers.
    Marked(Arc<Stored>),
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, ApiError> {
    let options = DeleteOptions::read(call)?;
    let resource = &call.resource;
    match delete_object(call.cluster, resource, &call.key(), &options)? {
        Deleted::Marked(object) => Ok(print::object(call, 200, &object)),
        Deleted::Gone(object) if returns_object(resource) => Ok(print::object(call, 200, &object)),
        Deleted::Gone(object) => {
            let mut details = json!({"name": object.name()});
            if !resource.group.is_empty() {
                details["group"] = resource.group.clone().into();
            }
            details["kind"] = resource.plural.clone().into();
            details["uid"] = object.uid().into();
            Ok(print::value(call, 200, &persist::success(&details)))
        }
    }
}

/// Kinds whose storage answers a deletion with the object.
fn returns_object(resource: &Resource) -> bool {
    resource.custom.is_none()
        && matches!(
            resource.kind.as_str(),
            "Pod"
                | "Service"
                | "PersistentVolume"
                | "PersistentVolumeClaim"
                | "ServiceAccount"
                | "ResourceQuota"
                | "PodTemplate"
        )
}

pub(crate) fn collection(call: &Call<'_>) -> Result<Reply, ApiError> {
    let options = DeleteOptions::read(call)?;
    let selection = read::selection(call)?;
    let listed = call
        .cluster
        .store
        .list(&call.resource.table, call.namespace());
    let mut items = listed.items;
    items.retain(|object| selection.accepts(&object.doc));
    for item in &items {
        match delete_object(call.cluster, &call.resource, &item.key, &options) {
            Ok(_) => {}
            Err(error) if error.code == 404 => {}
            Err(error) => return Err(error),
        }
    }
    let meta = json!({"resourceVersion": call.cluster.store.version().to_string()});
    Ok(print::list(call, &meta, &items))
}

/// Deletes or marks one object.
pub(crate) fn delete_object(
    cluster: &Cluster,
    resource: &Resource,
    key: &Key,
    options: &DeleteOptions,
) -> Result<Deleted, ApiError> {
    let gr = resource.group_resource();
    loop {
        let Some(live) = cluster.store.get(&resource.table, key) else {
            return Err(ApiError::not_found(&gr, &key.name));
        };
        check_preconditions(resource, &live, options)?;
        admission::on_delete(resource, &live)?;
        let (doc, wait) = marked(cluster, resource, &live, options);
        if options.dry_run {
            let draft = Arc::new(Stored::draft(key.clone(), doc));
            return Ok(if wait {
                Deleted::Marked(draft)
            } else {
                Deleted::Gone(draft)
            });
        }
        if wait && doc == live.doc {
            return Ok(Deleted::Marked(live));
        }
        let write = if wait {
            Write::Update(Arc::clone(&live), doc)
        } else {
            Write::Delete(Arc::clone(&live), doc)
        };
        if let Ok(object) = cluster.store.write(&resource.table, key, write) {
            if wait {
                admission::after_write(cluster, resource, &object, false);
                return Ok(Deleted::Marked(object));
            }
            admission::after_delete(cluster, resource, &object);
            return Ok(Deleted::Gone(object));
        }
    }
}

fn check_preconditions(
    resource: &Resource,
    live: &Stored,
    options: &DeleteOptions,
) -> Result<(), ApiError> {
    let gr = resource.group_resource();
    if let Some(uid) = options.uid.as_deref().filter(|uid| *uid != live.uid()) {
        let why = format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object \
             might have been deleted and then recreated",
            live.uid()
        );
        return Err(ApiError::conflict(&gr, live.name(), &why));
    }
    let current = live.version.to_string();
    if let Some(version) = options.version.as_deref().filter(|v| *v != current) {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion \
             in record ({current}). The object might have been modified"
        );
        return Err(ApiError::conflict(&gr, live.name(), &why));
    }
    Ok(())
}

/// The document after the deletion request, and whether something has to happen before the end.
fn marked(
    cluster: &Cluster,
    resource: &Resource,
    live: &Stored,
    options: &DeleteOptions,
) -> (Doc, bool) {
    let mut doc = live.doc.clone();
    let mut finalizers: Vec<String> = live.finalizers().into_iter().map(str::to_owned).collect();
    let chosen = match options.propagation {
        Some(Propagation::Foreground) => Some("foregroundDeletion"),
        Some(Propagation::Orphan) => Some("orphan"),
        Some(Propagation::Background) => Some(""),
        None => None,
    };
    if let Some(chosen) = chosen {
        finalizers.retain(|f| f != "foregroundDeletion" && f != "orphan");
        if !chosen.is_empty() {
            finalizers.push(chosen.to_owned());
        }
    }
    let definition = resource.custom.is_none() && resource.kind == "CustomResourceDefinition";
    if definition && !live.deleting() && !finalizers.iter().any(|f| f == FINALIZER) {
        finalizers.push(FINALIZER.to_owned());
    }
    let grace = grace(cluster, resource, live, options);
    let namespace = resource.table.as_ref() == "namespaces";
    let wait = !finalizers.is_empty() || grace > 0 || (namespace && !namespace_done(&doc));
    let fields = meta_mut(&mut doc);
    if finalizers.is_empty() {
        fields.remove("finalizers");
    } else {
        fields.insert("finalizers".to_owned(), finalizers.into());
    }
    if wait {
        if !live.deleting() {
            fields.insert("deletionTimestamp".to_owned(), clock::after(grace).into());
            if resource.generation {
                fields.insert("generation".to_owned(), (live.generation() + 1).into());
            }
        }
        fields.insert("deletionGracePeriodSeconds".to_owned(), grace.into());
    }
    if namespace {
        doc.insert("status".to_owned(), json!({"phase": "Terminating"}));
        meta_mut(&mut doc).remove("deletionGracePeriodSeconds");
    }
    (doc, wait)
}

fn namespace_done(doc: &Doc) -> bool {
    let finalizers = doc
        .get("spec")
        .and_then(|s| s.get("finalizers"))
        .and_then(Value::as_array);
    finalizers.is_none_or(Vec::is_empty)
}

/// Seconds a running pod is given; other kinds end at once.
fn grace(cluster: &Cluster, resource: &Resource, live: &Stored, options: &DeleteOptions) -> i64 {
    if resource.table.as_ref() != "pods" || cluster.options.workloads == Workloads::Inert {
        return 0;
    }
    let at = |path: &str| crate::store::at(&live.doc, path);
    let scheduled = at("spec.nodeName")
        .and_then(Value::as_str)
        .is_some_and(|n| !n.is_empty());
    let phase = at("status.phase").and_then(Value::as_str).unwrap_or("");
    if !scheduled || matches!(phase, "Succeeded" | "Failed") {
        return 0;
    }
    let own = at("spec.terminationGracePeriodSeconds")
        .and_then(Value::as_i64)
        .unwrap_or(30);
    let earlier = live
        .meta()
        .get("deletionGracePeriodSeconds")
        .and_then(Value::as_i64);
    options.grace.unwrap_or_else(|| earlier.unwrap_or(own))
}
