//! From the body of a request to an object that fits its address.

use serde_json::Value;

use crate::admission;
use crate::error::ApiError;
use crate::http::decode_body;
use crate::store::{Doc, meta, meta_mut, str_at};
use crate::verbs::{Call, convert};

/// What the address says about the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Free,
    AsAddressed,
}

/// The object a request carries, without `apiVersion` and `kind`.
pub(crate) fn body(call: &Call<'_>, named: Named) -> Result<Doc, ApiError> {
    let doc = decode_body(&call.ask.content_type, &call.ask.body)?;
    object(call, doc, named)
}

/// Checks kind, names and fields of an object that came in.
pub(crate) fn object(call: &Call<'_>, mut doc: Doc, named: Named) -> Result<Doc, ApiError> {
    check_type(call, &doc)?;
    admission::check_fields(call, &mut doc)?;
    doc.remove("apiVersion");
    doc.remove("kind");
    check_meta(call, &mut doc, named)?;
    convert::incoming(&call.resource, &mut doc);
    Ok(doc)
}

fn check_type(call: &Call<'_>, doc: &Doc) -> Result<(), ApiError> {
    let (api_version, kind) = (str_at(doc, "apiVersion"), str_at(doc, "kind"));
    let resource = &call.resource;
    let want = resource.api_version();
    if resource.custom.is_none() && api_version.is_empty() && kind.is_empty() {
        // Typed resources take an object without type as theirs.
        return Ok(());
    }
    if kind.is_empty() {
        let body = String::from_utf8_lossy(&call.ask.body).trim().to_owned();
        return Err(ApiError::bad_request(format!(
            "Object 'Kind' is missing in '{body}'"
        )));
    }
    if api_version.is_empty() {
        let body = String::from_utf8_lossy(&call.ask.body).trim().to_owned();
        return Err(ApiError::bad_request(format!(
            "Object 'apiVersion' is missing in '{body}'"
        )));
    }
    if api_version != want {
        return Err(ApiError::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version \
             ({want})"
        )));
    }
    if kind != resource.kind {
        return Err(ApiError::bad_request(format!(
            "{kind} in version \"{}\" cannot be handled as a {}: converting ({want}).{kind} to \
             ({want}).{}: unknown conversion",
            resource.version, resource.kind, resource.kind
        )));
    }
    Ok(())
}

fn check_meta(call: &Call<'_>, doc: &mut Doc, named: Named) -> Result<(), ApiError> {
    let target = &call.ask.target;
    if !matches!(
        doc.get("metadata"),
        None | Some(Value::Object(_) | Value::Null)
    ) {
        return Err(ApiError::bad_request("metadata is not an object"));
    }
    let namespace = str_at(meta(doc), "namespace").to_owned();
    if call.resource.namespaced {
        if !namespace.is_empty() && namespace != target.namespace {
            return Err(ApiError::bad_request(
                "the namespace of the provided object does not match the namespace sent on the \
                 request",
            ));
        }
        meta_mut(doc).insert("namespace".to_owned(), target.namespace.clone().into());
    } else {
        meta_mut(doc).remove("namespace");
    }
    if named == Named::AsAddressed {
        let name = str_at(meta(doc), "name").to_owned();
        if name.is_empty() {
            return Err(ApiError::bad_request(
                "name must be provided: the object provided is unrecognized (must be of type \
                 metav1.ObjectMeta)",
            ));
        }
        if name != target.name {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                target.name
            )));
        }
    }
    Ok(())
}
