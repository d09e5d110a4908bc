//! Is an object ready? The answer of kstatus (cli-utils), computed from the object alone.
//!
//! Generic rules come first (deletion, observed generation, the standard conditions), then the rules of [`kinds`],
//! then the `Ready` condition. What an object *references* (the pods of a Deployment) is not looked at here.

mod conditions;
mod kinds;

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use crate::Object;

pub use conditions::Condition;

/// The word for the state of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// As desired.
    Current,
    /// On its way.
    InProgress,
    /// Will not get there without help.
    Failed,
    /// Being deleted.
    Terminating,
    /// Not in the cluster. Never computed from an object; for those who look for one.
    NotFound,
    /// Could not be read. Never computed from an object.
    Unknown,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "Current",
            Self::InProgress => "InProgress",
            Self::Failed => "Failed",
            Self::Terminating => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown => "Unknown",
        })
    }
}

/// The state of an object, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthStatus {
    /// The word for it.
    pub status: Status,
    /// One line for people.
    pub message: String,
    /// The standard condition (`Reconciling` or `Stalled`) that kstatus would put on the object.
    pub condition: Option<Condition>,
}

/// Why the state of an object cannot be computed. Texts are those of upstream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HealthError {
    /// A generation field is not a whole number.
    #[error("looking up {path} from resource: .{path} accessor error: {problem}")]
    Field {
        /// Dotted path of the field.
        path: &'static str,
        /// What was found in its place.
        problem: String,
    },
    /// `status.conditions` is not a list of conditions.
    #[error("{0}")]
    Conditions(String),
    /// A Pod in a phase that does not exist.
    #[error("unknown phase {0}")]
    UnknownPhase(String),
}

impl HealthStatus {
    fn current(message: impl Into<String>) -> Self {
        Self {
            status: Status::Current,
            message: message.into(),
            condition: None,
        }
    }

    fn in_progress(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::with(
            Status::InProgress,
            "Reconciling",
            reason.into(),
            message.into(),
        )
    }

    fn failed(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self::with(Status::Failed, "Stalled", reason.into(), message.into())
    }

    fn with(status: Status, kind: &str, reason: String, message: String) -> Self {
        Self {
            status,
            message: message.clone(),
            condition: Some(Condition {
                kind: kind.to_owned(),
                status: "True".to_owned(),
                reason,
                message,
            }),
        }
    }
}

/// The state of an object as kstatus sees it.
///
/// # Errors
/// When fields that the rules read have the wrong type.
pub fn compute(object: &Object, now: Timestamp) -> Result<HealthStatus, HealthError> {
    if let Some(Value::String(at)) = object.get(&["metadata", "deletionTimestamp"])
        && !at.is_empty()
    {
        return Ok(HealthStatus {
            status: Status::Terminating,
            message: "Resource scheduled for deletion".to_owned(),
            condition: None,
        });
    }
    if let Some(behind) = generation_behind(object)? {
        return Ok(behind);
    }
    let conditions = conditions::read(object)?;
    for condition in conditions.iter().filter(|c| c.status == "True") {
        match condition.kind.as_str() {
            "Reconciling" => {
                return Ok(HealthStatus::in_progress(
                    &condition.reason,
                    &condition.message,
                ));
            }
            "Stalled" => return Ok(HealthStatus::failed(&condition.reason, &condition.message)),
            _ => {}
        }
    }
    if let Some(status) = kinds::compute(object, &conditions, now)? {
        return Ok(status);
    }
    for condition in conditions.iter().filter(|c| c.kind == "Ready") {
        match condition.status.as_str() {
            "True" => return Ok(HealthStatus::current("Resource is Ready")),
            "False" | "Unknown" => {
                return Ok(HealthStatus::in_progress(
                    &condition.reason,
                    &condition.message,
                ));
            }
            _ => {}
        }
    }
    Ok(HealthStatus::current("Resource is current"))
}

/// The state of an object as the Flux controllers see it: as [`compute`], but a Job is in progress until it has
/// finished (KUS-HLT-013).
///
/// # Errors
/// As [`compute`].
pub fn compute_for_flux(object: &Object, now: Timestamp) -> Result<HealthStatus, HealthError> {
    if object.group() == "batch" && object.kind() == "Job" {
        // Parity: this reader looks at neither deletion nor generations.
        kinds::flux_job(object, &conditions::read(object)?)
    } else {
        compute(object, now)
    }
}

/// A whole number in the object, as Go's typed accessors read it: absent is `None`, another type an error.
fn whole_number(
    object: &Object,
    path: &'static str,
    keys: [&str; 2],
) -> Result<Option<i64>, HealthError> {
    let fail = |value: &Value, wanted: &str| HealthError::Field {
        path,
        problem: format!(
            "{} is of the type {}, expected {wanted}",
            go_print(value),
            go_type(value)
        ),
    };
    let Some(parent) = object.get(&keys[..1]).filter(|v| !v.is_null()) else {
        return Ok(None);
    };
    let Some(map) = parent.as_object() else {
        return Err(fail(parent, "map[string]interface{}"));
    };
    match map.get(keys[1]) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| fail(value, "int64")),
    }
}

fn generation(object: &Object) -> Result<Option<i64>, HealthError> {
    whole_number(object, "metadata.generation", ["metadata", "generation"])
}

fn observed_generation(object: &Object) -> Result<Option<i64>, HealthError> {
    whole_number(
        object,
        "status.observedGeneration",
        ["status", "observedGeneration"],
    )
}

fn generation_behind(object: &Object) -> Result<Option<HealthStatus>, HealthError> {
    let Some(generation) = generation(object)? else {
        return Ok(None);
    };
    let Some(observed) = observed_generation(object)?.filter(|seen| *seen != generation) else {
        return Ok(None);
    };
    Ok(Some(HealthStatus::in_progress(
        "LatestGenerationNotObserved",
        format!(
            "{} generation is {generation}, but latest observed generation is {observed}",
            object.kind()
        ),
    )))
}

/// How Go prints a decoded JSON value with `%v`, as far as error texts need it.
fn go_print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(go_print).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let items: Vec<_> = map
                .iter()
                .map(|(key, value)| format!("{key}:{}", go_print(value)))
                .collect();
            format!("map[{}]", items.join(" "))
        }
        other => other.to_string(),
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
