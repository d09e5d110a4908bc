//! The schema of one version of a custom resource, ready for use.

use serde_json::Value;

use crate::error::FieldError;
use crate::store::Doc;

/// Prunes, defaults and validates objects of one version, and knows its printer columns.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// `additionalPrinterColumns`, as in the definition.
    pub(crate) columns: Vec<Value>,
    /// `schema.openAPIV3Schema`, as in the definition.
    pub(crate) open_api: Option<Value>,
}

impl Compiled {
    pub(crate) fn new(_spec: &Value, version: &Value) -> Self {
        let columns = version.get("additionalPrinterColumns").and_then(Value::as_array);
        Self {
            columns: columns.cloned().unwrap_or_default(),
            open_api: version.pointer("/schema/openAPIV3Schema").cloned(),
        }
    }

    /// Prunes, defaults and validates; what is wrong comes back.
    #[expect(clippy::unused_self, reason = "filled in with the schema engine")]
    pub(crate) fn admit(
        &self,
        _doc: &mut Doc,
        _live: Option<&Doc>,
        _subresource: &str,
    ) -> Vec<FieldError> {
        Vec::new()
    }

    /// Paths of fields the schema does not know.
    #[expect(clippy::unused_self, reason = "filled in with the schema engine")]
    pub(crate) fn unknown_fields(&self, _doc: &Doc) -> Vec<String> {
        Vec::new()
    }
}
