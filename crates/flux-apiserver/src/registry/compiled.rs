//! The schema of one version of a custom resource, ready for use.

use serde_json::Value;

use crate::error::FieldError;
use crate::schema::{Column, Structural};
use crate::store::Doc;

/// Prunes, defaults and validates objects of one version, and knows its printer columns.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// The columns of its tables after the name.
    pub(crate) columns: Vec<Column>,
    /// `schema.openAPIV3Schema`, as in the definition.
    pub(crate) open_api: Option<Value>,
    structural: Option<Structural>,
}

impl Compiled {
    pub(crate) fn new(spec: &Value, version: &Value) -> Self {
        let open_api = version.pointer("/schema/openAPIV3Schema").cloned();
        let keep = spec.get("preserveUnknownFields") == Some(&Value::Bool(true));
        let structural = open_api.as_ref().and_then(|schema| {
            Structural::compile(schema, keep)
                .inspect_err(|error| tracing::debug!(%error, "schema of a definition"))
                .ok()
        });
        let columns = Column::read_all(version)
            .inspect_err(|error| tracing::debug!(%error, "columns of a definition"))
            .unwrap_or_default();
        Self {
            columns,
            open_api,
            structural,
        }
    }

    /// Defaults and validates; what is wrong comes back.
    pub(crate) fn admit(&self, doc: &mut Doc, live: Option<&Doc>) -> Vec<FieldError> {
        let Some(structural) = &self.structural else {
            return Vec::new();
        };
        let mut value = Value::Object(std::mem::take(doc));
        structural.prune(&mut value);
        structural.fill_defaults(&mut value);
        let live = live.map(|live| Value::Object(live.clone()));
        let errors = structural
            .validate(&value, live.as_ref())
            .into_iter()
            .map(|e| FieldError {
                reason: e.reason,
                field: e.field,
                message: e.message,
            })
            .collect();
        if let Value::Object(fields) = value {
            *doc = fields;
        }
        errors
    }

    /// Removes fields the schema does not know and returns their paths.
    pub(crate) fn prune(&self, doc: &mut Doc) -> Vec<String> {
        let Some(structural) = &self.structural else {
            return Vec::new();
        };
        let mut value = Value::Object(std::mem::take(doc));
        let unknown = structural.prune(&mut value);
        if let Value::Object(fields) = value {
            *doc = fields;
        }
        unknown
    }
}

/// Why a definition's schemas cannot be served, by version index.
pub(crate) fn schema_errors(definition: &Doc) -> Vec<FieldError> {
    let versions = crate::store::at(definition, "spec.versions").and_then(Value::as_array);
    let mut errors = Vec::new();
    for (i, version) in versions.into_iter().flatten().enumerate() {
        let Some(schema) = version.pointer("/schema/openAPIV3Schema") else {
            continue;
        };
        if let Err(error) = Structural::compile(schema, false) {
            let field = format!("spec.versions[{i}].schema.openAPIV3Schema");
            errors.push(FieldError::invalid(
                &field,
                &Value::Null,
                &error.to_string(),
            ));
        }
    }
    errors
}
