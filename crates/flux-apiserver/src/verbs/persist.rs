//! The one way objects get into the store, for requests and for the server's own controllers.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::admission;
use crate::auth::User;
use crate::clock;
use crate::cluster::Cluster;
use crate::error::{ApiError, FieldError};
use crate::registry::{self, Resource};
use crate::store::{Doc, Key, Refused, Stored, Write, meta, meta_mut, str_at};
use crate::verbs::managed;

/// Attempts of a write that others keep overtaking.
const ATTEMPTS: usize = 100;

/// Who writes what, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) resource: &'a Resource,
    pub(crate) user: &'a User,
    /// Field manager.
    pub(crate) manager: &'a str,
    pub(crate) subresource: &'a str,
    pub(crate) dry_run: bool,
}

/// What an object shall become.
#[derive(Debug)]
pub(crate) enum Desired {
    /// Managed fields are to be worked out from the difference.
    Changed(Doc),
    /// Managed fields are in the document already.
    Applied(Doc),
}

/// What a write led to.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) object: Arc<Stored>,
    pub(crate) created: bool,
}

impl Writer<'_> {
    /// Whether this is the server's own write of a status, which asks for no further one.
    fn settles(&self) -> bool {
        self.subresource == "status" && self.manager == "kube-apiserver"
    }

    fn conflict(&self, name: &str) -> ApiError {
        ApiError::modified(&self.resource.group_resource(), name)
    }

    /// Creates an object; the name may be generated.
    pub(crate) fn create(&self, namespace: &str, desired: Desired) -> Result<Written, ApiError> {
        let (mut doc, applied) = match desired {
            Desired::Changed(doc) => (doc, false),
            Desired::Applied(doc) => (doc, true),
        };
        check_creation(&doc)?;
        let generated = str_at(meta(&doc), "name").is_empty();
        self.stamp(namespace, &mut doc)?;
        let name = str_at(meta(&doc), "name").to_owned();
        self.check_namespace(namespace, &name)?;
        if self.resource.status && self.resource.table.as_ref() != "namespaces" {
            doc.remove("status");
        }
        admission::on_create(self, &mut doc)?;
        if !applied {
            managed::track(self, None, &mut doc);
        }
        let key = Key::new(namespace, &name);
        if self.dry_run {
            if self.cluster.store.get(&self.resource.table, &key).is_some() {
                return Err(self.exists(&name, generated));
            }
            meta_mut(&mut doc).remove("resourceVersion");
            return Ok(Written {
                object: Arc::new(Stored::draft(key, doc)),
                created: true,
            });
        }
        match self
            .cluster
            .store
            .write(&self.resource.table, &key, Write::Create(doc))
        {
            Ok(object) => {
                admission::after_write(self.cluster, self.resource, &object, self.settles());
                Ok(Written {
                    object,
                    created: true,
                })
            }
            Err(_) => Err(self.exists(&name, generated)),
        }
    }

    fn exists(&self, name: &str, generated: bool) -> ApiError {
        let mut error = ApiError::already_exists(&self.resource.group_resource(), name);
        if generated {
            error
                .message
                .push_str(", the server was not able to generate a unique name for the object");
        }
        error
    }

    /// Sets the metadata that only the server sets.
    fn stamp(&self, namespace: &str, doc: &mut Doc) -> Result<(), ApiError> {
        let generation = self.resource.generation;
        let fields = meta_mut(doc);
        if str_at(fields, "name").is_empty() {
            let prefix = str_at(fields, "generateName").to_owned();
            if prefix.is_empty() {
                let errors = vec![FieldError::required(
                    "metadata.name",
                    "name or generateName is required",
                )];
                let resource = self.resource;
                return Err(ApiError::invalid(
                    &resource.group,
                    &resource.kind,
                    "",
                    errors,
                ));
            }
            let cut = prefix
                .char_indices()
                .nth(58)
                .map_or(prefix.len(), |(i, _)| i);
            fields.insert(
                "name".to_owned(),
                format!("{}{}", &prefix[..cut], clock::suffix(5)).into(),
            );
        }
        if namespace.is_empty() {
            fields.remove("namespace");
        } else {
            fields.insert("namespace".to_owned(), namespace.into());
        }
        for field in [
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
            "resourceVersion",
        ] {
            fields.remove(field);
        }
        fields.retain(|_, value| !value.is_null());
        fields.insert("creationTimestamp".to_owned(), clock::now().into());
        fields.insert("uid".to_owned(), clock::uid().into());
        if generation {
            fields.insert("generation".to_owned(), 1.into());
        } else {
            fields.remove("generation");
        }
        Ok(())
    }

    fn check_namespace(&self, namespace: &str, name: &str) -> Result<(), ApiError> {
        if namespace.is_empty() {
            return Ok(());
        }
        let gr = self.resource.group_resource();
        let Some(found) = self
            .cluster
            .store
            .get("namespaces", &Key::new("", namespace))
        else {
            let namespaces = crate::error::GroupResource::new("", "namespaces");
            return Err(ApiError::not_found(&namespaces, namespace));
        };
        if !found.deleting() {
            return Ok(());
        }
        let why = format!(
            "unable to create new content in namespace {namespace} because it is being terminated"
        );
        Err(ApiError::forbidden(&gr, name, &why).with_cause(
            "NamespaceTerminating",
            &format!("namespace {namespace} is being terminated"),
            "metadata.namespace",
        ))
    }

    /// Reads, changes and writes back until nobody was faster. `change` gets the live object and
    /// says what it shall become; without a live object it may ask for creation.
    pub(crate) fn upsert(
        &self,
        key: &Key,
        mut change: impl FnMut(Option<&Stored>) -> Result<Desired, ApiError>,
    ) -> Result<Written, ApiError> {
        for _ in 0..ATTEMPTS {
            let Some(live) = self.cluster.store.get(&self.resource.table, key) else {
                let desired = change(None)?;
                match self.create(&key.namespace, desired) {
                    Err(error) if error.reason == "AlreadyExists" && !self.dry_run => continue,
                    other => return other,
                }
            };
            let desired = change(Some(&live))?;
            if let Some(object) = self.replace(&live, desired)? {
                return Ok(Written {
                    object,
                    created: false,
                });
            }
        }
        Err(self.conflict(&key.name))
    }

    /// As [`Writer::upsert`] for an object that has to exist.
    pub(crate) fn update(
        &self,
        key: &Key,
        mut change: impl FnMut(&Stored) -> Result<Doc, ApiError>,
    ) -> Result<Arc<Stored>, ApiError> {
        let gone = || ApiError::not_found(&self.resource.group_resource(), &key.name);
        let written = self.upsert(key, |live| match live {
            None => Err(gone()),
            Some(live) => change(live).map(Desired::Changed),
        })?;
        Ok(written.object)
    }

    /// One attempt; `None` if somebody was faster.
    fn replace(
        &self,
        live: &Arc<Stored>,
        desired: Desired,
    ) -> Result<Option<Arc<Stored>>, ApiError> {
        let (mut doc, applied) = match desired {
            Desired::Changed(doc) => (doc, false),
            Desired::Applied(doc) => (doc, true),
        };
        self.check_preconditions(live, &doc)?;
        keep_immutable(live, &mut doc);
        self.split_status(live, &mut doc);
        admission::on_update(self, live, &mut doc)?;
        if self.resource.generation
            && self.subresource != "status"
            && spec_differs(self.resource, live, &doc)
        {
            meta_mut(&mut doc).insert("generation".to_owned(), (live.generation() + 1).into());
        }
        if !applied {
            managed::track(self, Some(live), &mut doc);
        }
        meta_mut(&mut doc).insert(
            "resourceVersion".to_owned(),
            live.version.to_string().into(),
        );
        if managed::same(&live.doc, &doc) {
            return Ok(Some(Arc::clone(live)));
        }
        if self.dry_run {
            return Ok(Some(Arc::new(Stored::draft(live.key.clone(), doc))));
        }
        let write = if live.deleting() && !has_finalizers(self.resource, &doc) && !graceful(&doc) {
            Write::Delete(Arc::clone(live), doc)
        } else {
            Write::Update(Arc::clone(live), doc)
        };
        let deleted = matches!(write, Write::Delete(..));
        match self
            .cluster
            .store
            .write(&self.resource.table, &live.key, write)
        {
            Ok(object) => {
                if deleted {
                    admission::after_delete(self.cluster, self.resource, &object);
                } else {
                    admission::after_write(self.cluster, self.resource, &object, self.settles());
                }
                Ok(Some(object))
            }
            Err(Refused::Changed | Refused::Exists) => Ok(None),
        }
    }

    fn check_preconditions(&self, live: &Stored, doc: &Doc) -> Result<(), ApiError> {
        let fields = meta(doc);
        let gr = self.resource.group_resource();
        let uid = str_at(fields, "uid");
        if !uid.is_empty() && uid != live.uid() {
            let why = other_uid(self.resource, &live.key, uid, live.uid());
            return Err(ApiError::conflict(&gr, live.name(), &why));
        }
        let version = str_at(fields, "resourceVersion");
        if !version.is_empty() && version != "0" && version != live.version.to_string() {
            return Err(self.conflict(live.name()));
        }
        Ok(())
    }

    /// The main resource cannot write status, the status subresource nothing else.
    fn split_status(&self, live: &Stored, doc: &mut Doc) {
        let restore = |doc: &mut Doc, field: &str| match live.doc.get(field) {
            Some(value) => {
                doc.insert(field.to_owned(), value.clone());
            }
            None => {
                doc.remove(field);
            }
        };
        if self.subresource == "status" {
            let keys: Vec<String> = doc
                .keys()
                .chain(live.doc.keys())
                .filter(|k| !matches!(k.as_str(), "status" | "metadata"))
                .cloned()
                .collect();
            for key in keys {
                restore(doc, &key);
            }
            // Labels, annotations and owners stay as they were; custom resources keep all metadata.
            let managed = meta(doc).get("managedFields").cloned();
            let version = meta(doc).get("resourceVersion").cloned();
            let mut fields = live.meta().clone();
            if self.resource.custom.is_none() {
                for field in ["annotations", "labels", "finalizers"] {
                    match meta(doc).get(field) {
                        Some(value) => fields.insert(field.to_owned(), value.clone()),
                        None => fields.remove(field),
                    };
                }
            }
            for (name, value) in [("managedFields", managed), ("resourceVersion", version)] {
                if let Some(value) = value {
                    fields.insert(name.to_owned(), value);
                }
            }
            doc.insert("metadata".to_owned(), Value::Object(fields));
        } else if self.resource.status && self.subresource.is_empty() {
            restore(doc, "status");
        }
    }
}

fn check_creation(doc: &Doc) -> Result<(), ApiError> {
    let version = str_at(meta(doc), "resourceVersion");
    if !version.is_empty() && version != "0" {
        return Err(ApiError::bad_request(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    Ok(())
}

/// The words for a write that is meant for another object of the same name.
pub(crate) fn other_uid(resource: &Resource, key: &Key, wanted: &str, found: &str) -> String {
    let mut place = String::from("/registry/");
    if resource.custom.is_some() {
        place.push_str(&resource.group);
        place.push('/');
    }
    place.push_str(&resource.plural);
    if !key.namespace.is_empty() {
        place.push('/');
        place.push_str(&key.namespace);
    }
    format!(
        "StorageError: invalid object, Code: 4, Key: {place}/{}, ResourceVersion: 0, \
         AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object \
         meta: {found}",
        key.name
    )
}

/// Restores what a client cannot change.
fn keep_immutable(live: &Stored, doc: &mut Doc) {
    let old = live.meta();
    let fields = meta_mut(doc);
    fields.retain(|_, value| !value.is_null());
    for field in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generateName",
        "selfLink",
    ] {
        match old.get(field) {
            Some(value) => fields.insert(field.to_owned(), value.clone()),
            None => fields.remove(field),
        };
    }
    if !fields.contains_key("managedFields")
        && let Some(managed) = old.get("managedFields")
    {
        fields.insert("managedFields".to_owned(), managed.clone());
    }
}

/// Whether anything besides metadata and status differs, which is what generations count.
fn spec_differs(resource: &Resource, live: &Stored, doc: &Doc) -> bool {
    let plain = |key: &str| key == "metadata" || (key == "status" && resource.status);
    let count = |d: &Doc| d.keys().filter(|k| !plain(k)).count();
    count(&live.doc) != count(doc)
        || doc
            .iter()
            .any(|(key, value)| !plain(key) && live.doc.get(key) != Some(value))
}

fn has_finalizers(resource: &Resource, doc: &Doc) -> bool {
    let filled = |value: Option<&Value>| {
        value
            .and_then(Value::as_array)
            .is_some_and(|f| !f.is_empty())
    };
    filled(meta(doc).get("finalizers"))
        || (resource.table.as_ref() == "namespaces"
            && filled(doc.get("spec").and_then(|s| s.get("finalizers"))))
}

/// Whether somebody still counts down to the end of the object (a pod's kubelet).
fn graceful(doc: &Doc) -> bool {
    meta(doc)
        .get("deletionGracePeriodSeconds")
        .and_then(Value::as_i64)
        .unwrap_or(0)
        > 0
}

/// The standing order of the server's own controllers: a user that may do all.
pub(crate) fn system_user(name: &str) -> User {
    User::new(name, &["system:masters"])
}

/// Installs or removes what a definition serves.
pub(crate) fn serve_definition(cluster: &Cluster, definition: &Stored, deleted: bool) {
    if deleted {
        registry::remove(&cluster.registry, definition.name());
    } else {
        registry::install(&cluster.registry, definition);
    }
}

/// A success `Status`.
pub(crate) fn success(details: &Value) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
}
