//! Structural schemas of custom resources: prune, default, validate, and print as a table.
//!
//! [`Structural`] is the schema of one version in compact form, compiled once. A request takes these steps, as in the
//! API server: [`Structural::prune`], [`Structural::fill_defaults`], [`Structural::validate`]. What a client sees of the
//! outcome is worded by [`strict_decoding_error`], [`unknown_field`], [`duplicate_field`] and [`join`].
//!
//! Modules, in reading order: `node` (the compact form), `prune`, `defaults`, `validate` (types and bounds), `lists`
//! (uniqueness), `rules` (CEL), `columns` and `jsonpath` (tables). Everything is pure.

mod cel;
mod columns;
mod defaults;
mod embedded;
mod error;
mod format;
mod jsonpath;
mod lists;
mod metadata;
mod node;
mod prune;
mod rules;
mod strict;
#[cfg(test)]
mod tests;
mod validate;

use flux_gocompat::quote::quote;
use serde_json::Value;

pub use columns::{Cell, Column, human_duration};
pub use error::{FieldError, SchemaError, join};
pub use jsonpath::{JsonPath, JsonPathError};
pub use metadata::malformed_metadata;
pub use strict::repeated_fields;

use node::Node;

/// What is done about fields that are unknown or repeated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// They are dropped.
    Ignore,
    /// They are dropped with a warning each.
    #[default]
    Warn,
    /// The request is refused.
    Strict,
}

impl FieldValidation {
    /// Reads the query parameter `fieldValidation`; absent or empty means [`FieldValidation::Warn`].
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "Warn" => Some(Self::Warn),
            "Ignore" => Some(Self::Ignore),
            "Strict" => Some(Self::Strict),
            _ => None,
        }
    }
}

/// The schema of one version of a custom resource.
#[derive(Debug)]
pub struct Structural {
    root: Node,
    preserve_unknown: bool,
}

impl Structural {
    /// Compiles `schema.openAPIV3Schema` of a version. `preserve_unknown` is the field `preserveUnknownFields` of the
    /// definition's spec, which turns pruning off.
    pub fn compile(schema: &Value, preserve_unknown: bool) -> Result<Self, SchemaError> {
        Ok(Self {
            root: Node::compile(schema, "")?,
            preserve_unknown,
        })
    }

    /// Prunes and defaults an object as it was sent. `repeated` are the paths of [`repeated_fields`].
    ///
    /// Returns the texts of warnings, or under [`FieldValidation::Strict`] the findings that refuse the request, for
    /// [`strict_decoding_error`].
    pub fn decode(
        &self,
        object: &mut Value,
        repeated: &[String],
        mode: FieldValidation,
    ) -> Result<Vec<String>, Vec<String>> {
        let unknown = self.prune(object);
        self.fill_defaults(object);
        let duplicates = repeated.iter().map(|path| duplicate_field(path));
        let findings: Vec<String> = duplicates
            .chain(unknown.iter().map(|path| unknown_field(path)))
            .collect();
        match mode {
            FieldValidation::Ignore => Ok(Vec::new()),
            FieldValidation::Strict if !findings.is_empty() => Err(findings),
            FieldValidation::Warn | FieldValidation::Strict => Ok(findings),
        }
    }

    /// Removes fields that the schema does not know and returns their paths: first those of the metadata.
    pub fn prune(&self, object: &mut Value) -> Vec<String> {
        let mut unknown = metadata::prune(object);
        if !self.preserve_unknown {
            unknown.extend(prune::prune(object, &self.root));
        }
        unknown
    }

    /// Drops nulls that mean nothing and fills in defaults. Idempotent.
    pub fn fill_defaults(&self, object: &mut Value) {
        defaults::drop_nulls(object, &self.root);
        defaults::fill(object, &self.root);
    }

    /// Everything that is wrong with an object, in the order of the API server. `old` is the stored object on update:
    /// what has not changed is not refused, and rules may compare with it.
    pub fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        validate::check(object, old, &self.root, "", &mut errors);
        embedded::check(object, &self.root, "", &mut errors);
        // Repeated items are refused only where the stored object has none.
        let mut before = Vec::new();
        if let Some(old) = old {
            lists::check(old, &self.root, "", &mut before);
        }
        if before.is_empty() {
            lists::check(object, &self.root, "", &mut errors);
        }
        if self.root.has_rules {
            if errors.iter().any(FieldError::blocks_rules) {
                errors.push(FieldError::rules_skipped());
            } else {
                let place = rules::Place::root(object, old, &self.root);
                rules::check(place, &self.root, "", &mut errors);
            }
        }
        errors
    }
}

/// One unknown field in words: the text of a warning, and part of a refusal.
pub fn unknown_field(path: &str) -> String {
    format!("unknown field {}", quote(path))
}

/// One repeated field in words: the text of a warning, and part of a refusal.
pub fn duplicate_field(path: &str) -> String {
    format!("duplicate field {}", quote(path))
}

/// The message of a `BadRequest` for an object that cannot be read at all, such as one with [`malformed_metadata`].
pub fn decoding_error(kind: &str, version: &str, why: &str) -> String {
    format!(
        "{kind} in version {} cannot be handled as a {kind}: {why}",
        quote(version)
    )
}

/// The message of a `BadRequest` for unknown and repeated fields under [`FieldValidation::Strict`].
pub fn strict_decoding_error(kind: &str, version: &str, findings: &[String]) -> String {
    let why = format!("strict decoding error: {}", findings.join(", "));
    decoding_error(kind, version, &why)
}

/// The message of an `Invalid` for an object. `group_kind` is `<kind>.<group>`.
pub fn invalid_object(group_kind: &str, name: &str, errors: &[FieldError]) -> String {
    format!("{group_kind} {} is invalid: {}", quote(name), join(errors))
}
