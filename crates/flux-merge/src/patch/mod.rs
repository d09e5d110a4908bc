//! The patch formats besides apply: JSON patch, JSON merge patch, strategic merge patch.

use serde_json::Value;

mod json;
mod merge;
mod strategic;
#[cfg(test)]
mod tests;

pub use json::{JsonPatch, Operation, json_patch};
pub use merge::merge_patch;
pub use strategic::strategic_merge_patch;

/// Why a patch was refused, by what the server answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The patch is malformed: status 400, reason BadRequest, this message.
    #[error("{0}")]
    Malformed(String),
    /// The patch does not apply to the object: status 422, reason Invalid. The message of the server is always
    /// `the server rejected our request due to an error in our request`; this text is for its log.
    #[error("{0}")]
    NotApplicable(String),
    /// Status 500 with this message.
    #[error("{0}")]
    Internal(String),
}

/// Go's name of the type of a decoded value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
