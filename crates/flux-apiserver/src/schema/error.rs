//! What is wrong with a field, in the words of the API server.

use std::fmt::Write as _;

use flux_gocompat::number::format_float;
use flux_gocompat::quote::quote;
use flux_gocompat::regexp::RegexpError;
use serde_json::Value;

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// A pattern is no regular expression.
    #[error("compile the pattern of {path}")]
    Pattern {
        /// Where in the schema.
        path: String,
        /// What is wrong with it.
        #[source]
        source: RegexpError,
    },
    /// A validation rule is no CEL expression.
    #[error("compile the rule {rule} of {path}: {detail}")]
    Rule {
        /// Where in the schema.
        path: String,
        /// The expression.
        rule: String,
        /// What is wrong with it.
        detail: String,
    },
}

/// One thing that is wrong with an object: a cause of a `Status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The machine-readable reason, such as `FieldValueRequired`.
    pub reason: &'static str,
    /// The sentence for people, without the field.
    pub message: String,
    /// The path of the field; `<nil>` for the object as a whole.
    pub field: String,
}

const INVALID: &str = "FieldValueInvalid";

impl FieldError {
    fn new(reason: &'static str, field: &str, message: String) -> Self {
        let field = if field.is_empty() { "<nil>" } else { field };
        Self {
            reason,
            message,
            field: field.to_owned(),
        }
    }

    pub(super) fn required(field: &str, detail: &str) -> Self {
        Self::new(
            "FieldValueRequired",
            field,
            with_detail("Required value", detail),
        )
    }

    pub(super) fn forbidden(field: &str, detail: &str) -> Self {
        Self::new(
            "FieldValueForbidden",
            field,
            with_detail("Forbidden", detail),
        )
    }

    pub(super) fn duplicate(field: &str, value: &Value) -> Self {
        Self::new(
            "FieldValueDuplicate",
            field,
            format!("Duplicate value: {}", shown(value)),
        )
    }

    pub(super) fn type_invalid(field: &str, value: &Value, detail: &str) -> Self {
        let message = format!("Invalid value: {}: {detail}", shown(value));
        Self::new("FieldValueTypeInvalid", field, message)
    }

    pub(super) fn invalid(field: &str, value: &Value, detail: &str) -> Self {
        Self::new(
            INVALID,
            field,
            format!("Invalid value: {}: {detail}", shown(value)),
        )
    }

    /// An invalid value that is too large to be repeated.
    pub(super) fn broken(field: &str, detail: &str) -> Self {
        Self::new(INVALID, field, format!("Invalid value: {detail}"))
    }

    /// A repeated value that is too large to be shown.
    pub(super) fn repeated(field: &str) -> Self {
        Self::new("FieldValueDuplicate", field, "Duplicate value".to_owned())
    }

    pub(super) fn not_supported(field: &str, value: &Value, words: &[Value]) -> Self {
        let mut message = format!("Unsupported value: {}: supported values: ", shown(value));
        for (index, word) in words.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let word = word
                .as_str()
                .map_or_else(|| word.to_string(), ToOwned::to_owned);
            let _ = write!(message, "{comma}{}", quote(&word));
        }
        Self::new("FieldValueNotSupported", field, message)
    }

    pub(super) fn too_long(field: &str, most: i64) -> Self {
        let unit = if most == 1 { "byte" } else { "bytes" };
        let message = format!("Too long: may not be more than {most} {unit}");
        Self::new("FieldValueTooLong", field, message)
    }

    pub(super) fn too_many(field: &str, count: usize, most: i64) -> Self {
        let unit = if most == 1 { "item" } else { "items" };
        let message = format!("Too many: {count}: must have at most {most} {unit}");
        Self::new("FieldValueTooMany", field, message)
    }

    /// Tells that rules were not looked at because of errors that [`FieldError::blocks_rules`].
    pub(super) fn rules_skipped() -> Self {
        Self::invalid(
            "",
            &Value::Null,
            "some validation rules were not checked because the object was invalid; correct the \
             existing errors to complete validation",
        )
    }

    /// Whether rules over the object would make no sense beside this error.
    pub(super) fn blocks_rules(&self) -> bool {
        matches!(
            self.reason,
            "FieldValueNotSupported"
                | "FieldValueRequired"
                | "FieldValueTooLong"
                | "FieldValueTooMany"
                | "FieldValueTypeInvalid"
        )
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// The errors of one object as the message of a `Status`: one as it is, several in brackets without repetition.
pub fn join(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        more => format!("[{}]", more.join(", ")),
    }
}

fn with_detail(what: &str, detail: &str) -> String {
    if detail.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {detail}")
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => format_float(float),
            _ => number.to_string(),
        },
        Value::Null | Value::Bool(_) => value.to_string(),
        // Parity: Go's JSON escapes what could end a script in a web page.
        Value::Array(_) | Value::Object(_) => value
            .to_string()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026"),
    }
}
