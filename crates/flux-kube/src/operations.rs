//! Reading and writing objects.

use flux_object::Object;
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use crate::client::{Answer, Call, Client, JSON};
use crate::error::Error;
use crate::resource::Resource;

const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const APPLY_PATCH: &str = "application/apply-patch+yaml";
const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";

/// What the server does about fields it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// The server's default.
    #[default]
    Default,
    /// Drop them silently.
    Ignore,
    /// Drop them and answer with a warning.
    Warn,
    /// Refuse the request.
    Strict,
}

/// Which objects a list gives, and how much of them.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// Empty for all namespaces.
    pub namespace: String,
    /// Label selector in the API's syntax; empty for all.
    pub labels: String,
    /// Field selector; empty for all.
    pub fields: String,
    /// Only `metadata`.
    pub metadata_only: bool,
    /// Objects per page; 0 for the client's default of 500.
    pub page_size: u32,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Object>,
    /// The version of the collection, to start a watch from.
    pub resource_version: String,
    /// Token of the next page; empty on the last.
    pub next: String,
}

/// How a server-side apply is done.
#[derive(Debug, Clone, Default)]
pub struct Apply<'a> {
    /// Field manager; required.
    pub field_manager: &'a str,
    /// Take over fields of other managers.
    pub force: bool,
    /// Change nothing, answer as if.
    pub dry_run: bool,
    /// What to do about unknown fields.
    pub validation: FieldValidation,
    /// Such as `status`; empty for the object itself.
    pub subresource: &'a str,
}

/// How a create or a patch is done.
#[derive(Debug, Clone, Default)]
pub struct PatchOptions<'a> {
    /// Field manager; empty leaves it to the server, which uses the user agent.
    pub field_manager: &'a str,
    /// Change nothing, answer as if.
    pub dry_run: bool,
    /// What to do about unknown fields.
    pub validation: FieldValidation,
    /// Such as `status`; empty for the object itself.
    pub subresource: &'a str,
}

/// What becomes of dependents of a deleted object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Propagation {
    /// Deleted afterwards.
    #[default]
    Background,
    /// Deleted first.
    Foreground,
    /// Left alone.
    Orphan,
}

/// How a deletion is done.
#[derive(Debug, Clone, Default)]
pub struct Delete<'a> {
    /// Only if the object still has this UID.
    pub uid: Option<&'a str>,
    /// Only if the object still has this resource version.
    pub resource_version: Option<&'a str>,
    /// What becomes of dependents.
    pub propagation: Propagation,
    /// Change nothing, answer as if.
    pub dry_run: bool,
}

/// The object after a write, and what the server had to say about it.
#[derive(Debug)]
pub struct Written {
    /// As stored (or as it would be, for a dry run).
    pub object: Object,
    /// Texts of the `Warning` headers.
    pub warnings: Vec<String>,
}

impl Client {
    /// Reads one object. The namespace is ignored for cluster-scoped kinds.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not exist; any other request error.
    pub async fn get(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Object, Error> {
        let path = resource.path(namespace, required(name)?, "");
        let answer = self.call(Call::get(path.clone(), String::new())).await?;
        object(&answer, resource, "GET", &path)
    }

    /// Reads the metadata of one object.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn get_metadata(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Object, Error> {
        let path = resource.path(namespace, required(name)?, "");
        let mut call = Call::get(path.clone(), String::new());
        call.accept = METADATA;
        let answer = self.call(call).await?;
        object(&answer, resource, "GET", &path)
    }

    /// Reads one page; `token` is `next` of the page before, or empty.
    ///
    /// # Errors
    /// [`Error::Expired`] when the token is too old; any other request error.
    pub async fn list_page(
        &self,
        resource: &Resource,
        list: &List,
        token: &str,
    ) -> Result<Page, Error> {
        let path = resource.path(&list.namespace, "", "");
        let mut call = Call::get(path.clone(), list_query(list, token));
        if list.metadata_only {
            call.accept = METADATA_LIST;
        }
        let answer = self.call(call).await?;
        page(&answer, resource, &path)
    }

    /// Reads all pages.
    ///
    /// # Errors
    /// The first error of any page.
    pub async fn list(&self, resource: &Resource, list: &List) -> Result<Page, Error> {
        let mut all = self.list_page(resource, list, "").await?;
        while !all.next.is_empty() {
            let page = self.list_page(resource, list, &all.next).await?;
            all.objects.extend(page.objects);
            all.next = page.next;
        }
        Ok(all)
    }

    /// Creates an object in the namespace it names.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`]; any other request error.
    pub async fn create(
        &self,
        resource: &Resource,
        object: &Object,
        options: &PatchOptions<'_>,
    ) -> Result<Object, Error> {
        let path = resource.path(object.namespace(), "", "");
        let mut call = Call::with_body(Method::POST, path.clone(), object.to_json().into_bytes());
        call.query = patch_query(options);
        call.writes = !options.dry_run;
        let answer = self.call(call).await?;
        self::object(&answer, resource, "POST", &path)
    }

    /// Replaces an object; its `resourceVersion`, if present, is a precondition.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the object changed; any other request error.
    pub async fn replace(
        &self,
        resource: &Resource,
        object: &Object,
        options: &PatchOptions<'_>,
    ) -> Result<Object, Error> {
        let name = required(object.name())?;
        let path = resource.path(object.namespace(), name, options.subresource);
        let mut call = Call::with_body(Method::PUT, path.clone(), object.to_json().into_bytes());
        call.query = patch_query(options);
        call.writes = !options.dry_run;
        let answer = self.call(call).await?;
        self::object(&answer, resource, "PUT", &path)
    }

    /// Server-side apply of the fields in `object`.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another manager owns a field and `force` is off; any other request error.
    pub async fn apply(
        &self,
        resource: &Resource,
        object: &Object,
        options: &Apply<'_>,
    ) -> Result<Written, Error> {
        let name = required(object.name())?;
        let path = resource.path(object.namespace(), name, options.subresource);
        let mut call = Call::with_body(Method::PATCH, path.clone(), object.to_json().into_bytes());
        call.query = apply_query(options);
        call.content_type = APPLY_PATCH;
        call.writes = !options.dry_run;
        let answer = self.call(call).await?;
        Ok(Written {
            object: self::object(&answer, resource, "PATCH", &path)?,
            warnings: answer.warnings,
        })
    }

    /// JSON merge patch (RFC 7386).
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Conflict`] (when the patch states a resource version); any other request error.
    pub async fn merge_patch(
        &self,
        resource: &Resource,
        (namespace, name): (&str, &str),
        patch: &Value,
        options: &PatchOptions<'_>,
    ) -> Result<Object, Error> {
        let path = resource.path(namespace, required(name)?, options.subresource);
        self.patch(resource, path, patch, (MERGE_PATCH, options))
            .await
    }

    /// JSON patch (RFC 6902).
    ///
    /// # Errors
    /// [`Error::Invalid`] when a `test` operation fails; any other request error.
    pub async fn json_patch(
        &self,
        resource: &Resource,
        (namespace, name): (&str, &str),
        patch: &Value,
        options: &PatchOptions<'_>,
    ) -> Result<Object, Error> {
        let path = resource.path(namespace, required(name)?, options.subresource);
        self.patch(resource, path, patch, (JSON_PATCH, options))
            .await
    }

    async fn patch(
        &self,
        resource: &Resource,
        path: String,
        patch: &Value,
        (content_type, options): (&'static str, &PatchOptions<'_>),
    ) -> Result<Object, Error> {
        let mut call = Call::with_body(Method::PATCH, path.clone(), patch.to_string().into_bytes());
        call.query = patch_query(options);
        call.content_type = content_type;
        call.writes = !options.dry_run;
        let answer = self.call(call).await?;
        object(&answer, resource, "PATCH", &path)
    }

    /// Deletes an object, or marks it for deletion when it has finalizers.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Conflict`] when a precondition fails; any other request error.
    pub async fn delete(
        &self,
        resource: &Resource,
        (namespace, name): (&str, &str),
        options: &Delete<'_>,
    ) -> Result<(), Error> {
        let path = resource.path(namespace, required(name)?, "");
        let propagation = match options.propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        };
        let mut body = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
        });
        for (key, value) in [
            ("uid", options.uid),
            ("resourceVersion", options.resource_version),
        ] {
            if let Some(value) = value {
                body["preconditions"][key] = value.into();
            }
        }
        if options.dry_run {
            body["dryRun"] = json!(["All"]);
        }
        let mut call = Call::with_body(Method::DELETE, path, body.to_string().into_bytes());
        call.writes = !options.dry_run;
        self.call(call).await.map(|_| ())
    }

    /// Sends a GET for any path and returns the body.
    ///
    /// # Errors
    /// Any request error.
    pub async fn raw_get(&self, path: &str) -> Result<bytes::Bytes, Error> {
        let call = Call::get(path.to_owned(), String::new());
        Ok(self.call(call).await?.body)
    }
}

fn required(name: &str) -> Result<&str, Error> {
    if name.is_empty() {
        return Err(Error::Request {
            what: "object has no name".to_owned(),
        });
    }
    Ok(name)
}

fn list_query(list: &List, token: &str) -> String {
    let size = if list.page_size == 0 {
        500
    } else {
        list.page_size
    };
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &size.to_string());
    for (key, value) in [
        ("labelSelector", list.labels.as_str()),
        ("fieldSelector", list.fields.as_str()),
        ("continue", token),
    ] {
        if !value.is_empty() {
            query.append_pair(key, value);
        }
    }
    query.finish()
}

fn patch_query(options: &PatchOptions<'_>) -> String {
    query_of(options.field_manager, options.dry_run, options.validation).finish()
}

fn apply_query(options: &Apply<'_>) -> String {
    let mut query = query_of(options.field_manager, options.dry_run, options.validation);
    if options.force {
        query.append_pair("force", "true");
    }
    query.finish()
}

fn query_of(
    manager: &str,
    dry_run: bool,
    validation: FieldValidation,
) -> Serializer<'static, String> {
    let mut query = Serializer::new(String::new());
    if !manager.is_empty() {
        query.append_pair("fieldManager", manager);
    }
    if dry_run {
        query.append_pair("dryRun", "All");
    }
    let validation = match validation {
        FieldValidation::Default => "",
        FieldValidation::Ignore => "Ignore",
        FieldValidation::Warn => "Warn",
        FieldValidation::Strict => "Strict",
    };
    if !validation.is_empty() {
        query.append_pair("fieldValidation", validation);
    }
    query
}

fn decode_error(
    method: &str,
    path: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    Error::Decode {
        method: method.to_owned(),
        path: path.to_owned(),
        source: source.into(),
    }
}

fn object(answer: &Answer, resource: &Resource, method: &str, path: &str) -> Result<Object, Error> {
    let map: Map<String, Value> =
        serde_json::from_slice(&answer.body).map_err(|e| decode_error(method, path, e))?;
    resource
        .adopt(map)
        .ok_or_else(|| decode_error(method, path, "not an object"))
}

#[derive(Deserialize)]
struct RawList {
    #[serde(default)]
    metadata: RawListMetadata,
    #[serde(default)]
    items: Option<Vec<Map<String, Value>>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct RawListMetadata {
    #[serde(default)]
    resource_version: String,
    #[serde(default, rename = "continue")]
    next: String,
}

fn page(answer: &Answer, resource: &Resource, path: &str) -> Result<Page, Error> {
    let raw: RawList =
        serde_json::from_slice(&answer.body).map_err(|e| decode_error("GET", path, e))?;
    let items = raw.items.unwrap_or_default();
    Ok(Page {
        objects: items
            .into_iter()
            .filter_map(|m| resource.adopt(m))
            .collect(),
        resource_version: raw.metadata.resource_version,
        next: raw.metadata.next,
    })
}

/// The media type for whole objects or for metadata alone.
pub(crate) fn watch_accept(metadata_only: bool) -> &'static str {
    if metadata_only { METADATA } else { JSON }
}
