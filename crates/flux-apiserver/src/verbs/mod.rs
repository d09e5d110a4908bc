//! What each verb does, the same for built-in and custom resources.

mod accounts;
mod convert;
mod decode;
mod delete;
mod managed;
mod patch;
mod persist;
mod read;
mod reviews;
mod scale;
mod subresources;
mod watch;
mod write;

use std::cell::RefCell;
use std::sync::Arc;

pub(crate) use convert::{differs, outgoing};
pub(crate) use delete::{DeleteOptions, Propagation, delete_object};
pub(crate) use managed::manager_of;
pub(crate) use persist::{Desired, Writer, serve_definition, system_user};
pub(crate) use scale::selector_text;

use crate::cluster::Cluster;
use crate::error::ApiError;
use crate::http::{Form, Reply, accept};
use crate::pipeline::Ask;
use crate::registry::Resource;
use crate::store::Key;

/// A request for a resource that exists.
pub(crate) struct Call<'a> {
    pub(crate) cluster: &'a Arc<Cluster>,
    pub(crate) ask: &'a Ask,
    pub(crate) resource: Arc<Resource>,
    /// The resource in the version that is stored, where that looks different.
    stored_as: Option<Arc<Resource>>,
    pub(crate) form: Form,
    pub(crate) warnings: RefCell<Vec<String>>,
}

impl Call<'_> {
    pub(crate) fn key(&self) -> Key {
        let namespace = if self.resource.namespaced {
            self.ask.target.namespace.as_str()
        } else {
            ""
        };
        Key::new(namespace, &self.ask.target.name)
    }

    pub(crate) fn namespace(&self) -> Option<&str> {
        let namespace = self.ask.target.namespace.as_str();
        (self.resource.namespaced && !namespace.is_empty()).then_some(namespace)
    }

    pub(crate) fn not_found(&self) -> ApiError {
        ApiError::not_found(&self.resource.group_resource(), &self.ask.target.name)
    }

    pub(crate) fn warn(&self, text: String) {
        self.warnings.borrow_mut().push(text);
    }

    /// A writer on behalf of the caller.
    pub(crate) fn writer(&self) -> Writer<'_> {
        Writer {
            cluster: self.cluster,
            resource: self.stored_as.as_ref().unwrap_or(&self.resource),
            user: &self.ask.user,
            manager: manager_of(&self.ask.params.field_manager, &self.ask.user_agent),
            subresource: &self.ask.target.subresource,
            dry_run: self.ask.params.dry_run,
        }
    }
}

/// The kind of patch of a request, for the ledger.
pub(crate) fn patch_name(content_type: &str, method: &http::Method) -> &'static str {
    if *method != http::Method::PATCH {
        return "";
    }
    match content_type.split(';').next().unwrap_or("").trim() {
        "application/json-patch+json" => "json",
        "application/merge-patch+json" => "merge",
        "application/strategic-merge-patch+json" => "strategic",
        "application/apply-patch+yaml" | "application/apply-patch+cbor" => "apply",
        _ => "unknown",
    }
}

/// Serves a request below `/api` or `/apis` that names a resource.
pub(crate) fn serve(cluster: &Arc<Cluster>, ask: &Ask) -> Result<Reply, ApiError> {
    let target = &ask.target;
    let snapshot = cluster.registry.snapshot();
    let resource = snapshot
        .find(&target.group, &target.version, &target.resource)
        .cloned()
        .ok_or_else(ApiError::no_such_resource)?;
    scope(&resource, ask)?;
    ask.params.check()?;
    let form = accept(&ask.accept)?;
    let stored_as = convert::stored_as(&snapshot, &resource);
    let warnings = resource.deprecation.iter().cloned().collect();
    let call = Call {
        cluster,
        ask,
        resource,
        stored_as,
        form,
        warnings: RefCell::new(warnings),
    };
    let outcome = if target.subresource.is_empty() {
        main_resource(&call)
    } else {
        subresources::serve(&call)
    };
    // A refusal carries the warnings too.
    let mut reply = outcome.unwrap_or_else(Reply::from);
    reply.warnings = call.warnings.into_inner();
    Ok(reply)
}

/// Refuses addresses whose scope does not fit the resource.
fn scope(resource: &Resource, ask: &Ask) -> Result<(), ApiError> {
    let target = &ask.target;
    let in_namespace = !target.namespace.is_empty() && resource.plural != "namespaces";
    if in_namespace && !resource.namespaced {
        return Err(ApiError::no_such_resource());
    }
    if resource.namespaced && target.namespace.is_empty() {
        if !target.name.is_empty() {
            return Err(ApiError::no_such_resource());
        }
        if !matches!(target.verb, "list" | "watch") {
            return Err(ApiError::method_not_allowed());
        }
    }
    Ok(())
}

fn main_resource(call: &Call<'_>) -> Result<Reply, ApiError> {
    if call.resource.review {
        return match call.ask.target.verb {
            "create" => reviews::create(call),
            _ => Err(ApiError::method_not_allowed()),
        };
    }
    match call.ask.target.verb {
        "get" => read::get(call),
        "list" => read::list(call),
        "watch" => watch::watch(call),
        "create" if call.ask.target.name.is_empty() => write::create(call),
        "update" if !call.ask.target.name.is_empty() => write::update(call),
        "patch" if !call.ask.target.name.is_empty() => patch::patch(call),
        "delete" => delete::delete(call),
        "deletecollection" => delete::collection(call),
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// Puts the names of the address into an applied configuration that leaves them out.
pub(crate) fn complete_applied(call: &Call<'_>, applied: &mut serde_json::Value) {
    let Some(fields) = applied.as_object_mut() else {
        return;
    };
    let meta = crate::store::meta_mut(fields);
    meta.insert("name".to_owned(), call.ask.target.name.clone().into());
    if call.resource.namespaced {
        meta.insert(
            "namespace".to_owned(),
            call.ask.target.namespace.clone().into(),
        );
    } else {
        meta.remove("namespace");
    }
}
