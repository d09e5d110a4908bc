//! Which form a client wants an answer in, and how the body it sent is read.

use serde_json::Value;

use crate::error::ApiError;
use crate::http::protobuf;
use crate::store::Doc;

/// What objects are turned into before they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Object,
    Metadata,
    Table,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) shape: Shape,
    pub(crate) yaml: bool,
}

impl Form {
    pub(crate) const JSON: Self = Self {
        shape: Shape::Object,
        yaml: false,
    };
}

/// Picks the first acceptable form of an `Accept` header.
pub(crate) fn accept(header: &str) -> Result<Form, ApiError> {
    if header.trim().is_empty() {
        return Ok(Form::JSON);
    }
    for clause in header.split(',') {
        let mut parts = clause.split(';').map(str::trim);
        let yaml = match parts.next().unwrap_or("") {
            "application/json" | "*/*" | "application/*" => false,
            "application/yaml" => true,
            _ => continue,
        };
        let wanted = parts
            .filter_map(|p| p.split_once('='))
            .find(|(k, _)| *k == "as");
        let shape = match wanted.map(|(_, v)| v) {
            None => Shape::Object,
            Some("Table") => Shape::Table,
            Some("PartialObjectMetadata" | "PartialObjectMetadataList") => Shape::Metadata,
            Some(_) => continue,
        };
        return Ok(Form { shape, yaml });
    }
    Err(ApiError::new(
        406,
        "NotAcceptable",
        "only the following media types are accepted: application/json, application/yaml, \
         application/vnd.kubernetes.protobuf",
    ))
}

const BODIES: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// Reads an object from a request's body.
pub(crate) fn decode_body(content_type: &str, body: &[u8]) -> Result<Doc, ApiError> {
    let media = content_type.split(';').next().unwrap_or("").trim();
    let value = match media {
        "" | "application/json" => from_json(body)?,
        "application/yaml" => from_yaml(body)?,
        "application/vnd.kubernetes.protobuf" => protobuf::decode(body).ok_or_else(|| {
            ApiError::bad_request("the protobuf body is malformed or of an unknown kind")
        })?,
        _ => return Err(ApiError::unsupported_media_type(BODIES)),
    };
    match value {
        Value::Object(doc) => Ok(doc),
        _ => Err(ApiError::bad_request(
            "couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of \
             type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
             \"json:\\\"kind,omitempty\\\"\" }",
        )),
    }
}

fn from_json(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::bad_request(format!(
            "couldn't get version/kind; json parse error: {error}"
        ))
    })
}

/// YAML as an apply patch or a manifest: one document.
pub(crate) fn from_yaml(body: &[u8]) -> Result<Value, ApiError> {
    // JSON is YAML, and what most clients send.
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    let objects = flux_object::read::objects(body)
        .map_err(|error| ApiError::bad_request(format!("error decoding YAML: {error}")))?;
    objects
        .into_iter()
        .next()
        .map(flux_object::Object::into_value)
        .ok_or_else(|| ApiError::bad_request("error decoding YAML: the body is empty"))
}
