//! Reads `status.conditions` as strictly as upstream's converter does.

use serde_json::Value;

use crate::Object;
use crate::health::HealthError;

/// One condition; absent fields are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// `type`.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word for the cause.
    pub reason: String,
    /// One line for people.
    pub message: String,
}

pub(super) fn read(object: &Object) -> Result<Vec<Condition>, HealthError> {
    let Some(status) = object.get(&["status"]).filter(|v| !v.is_null()) else {
        return Ok(Vec::new());
    };
    let Value::Object(status) = status else {
        return Err(cannot("struct", status));
    };
    let list = match status.get("conditions") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(other) => return Err(cannot("slice", other)),
    };
    list.iter().map(condition).collect()
}

fn condition(value: &Value) -> Result<Condition, HealthError> {
    let map = match value {
        Value::Null => return Ok(Condition::default()),
        Value::Object(map) => map,
        other => return Err(cannot("struct", other)),
    };
    let field = |key: &str| match map.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(HealthError::Conditions(
            "unrecognized type: string".to_owned(),
        )),
    };
    Ok(Condition {
        kind: field("type")?,
        status: field("status")?,
        reason: field("reason")?,
        message: field("message")?,
    })
}

fn cannot(wanted: &str, found: &Value) -> HealthError {
    let found = match found {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    };
    let colon = if wanted == "struct" { ":" } else { "" };
    HealthError::Conditions(format!("cannot restore {wanted} from{colon} {found}"))
}
