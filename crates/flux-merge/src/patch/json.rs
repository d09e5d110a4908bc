//! JSON patch, RFC 6902, with the leniencies of the server: negative indices count from the end.

use serde_json::Value;

use crate::patch::PatchError;
use crate::typed::same;

/// How many operations the server takes in one patch.
const MOST_OPERATIONS: usize = 10_000;

/// A patch that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPatch(pub Vec<Operation>);

/// One operation; paths are JSON pointers.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Sets a field, or inserts into a list.
    Add {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
    /// Removes what is there.
    Remove {
        /// Where.
        path: String,
    },
    /// Sets what is there already.
    Replace {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
    /// Removes in one place and adds in another.
    Move {
        /// From where.
        from: String,
        /// To where.
        path: String,
    },
    /// Adds what is in another place.
    Copy {
        /// From where.
        from: String,
        /// To where.
        path: String,
    },
    /// Fails unless this is there.
    Test {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
}

/// Reads and applies a patch; the target is untouched where it fails.
///
/// # Errors
/// When the patch is malformed or does not apply.
pub fn json_patch(target: &Value, patch: &Value) -> Result<Value, PatchError> {
    let patch = JsonPatch::read(patch)?;
    let mut object = target.clone();
    patch.apply(&mut object)?;
    Ok(object)
}

impl JsonPatch {
    /// Reads the list of operations.
    ///
    /// # Errors
    /// When it is none, has unknown operations, or has too many.
    pub fn read(patch: &Value) -> Result<Self, PatchError> {
        let Value::Array(operations) = patch else {
            let message = "json: cannot unmarshal object into Go value of type jsonpatch.Patch";
            return Err(PatchError::Malformed(message.to_owned()));
        };
        if operations.len() > MOST_OPERATIONS {
            return Err(PatchError::Malformed(format!(
                "The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {}",
                operations.len()
            )));
        }
        operations
            .iter()
            .map(Operation::read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Applies the operations in order; stops at the first that fails.
    ///
    /// # Errors
    /// When an operation does not apply.
    pub fn apply(self, object: &mut Value) -> Result<(), PatchError> {
        self.0
            .into_iter()
            .try_for_each(|operation| operation.apply(object))
    }
}

impl Operation {
    fn read(operation: &Value) -> Result<Self, PatchError> {
        let text = |key: &str| {
            let value = operation
                .get(key)
                .and_then(Value::as_str)
                .map(str::to_owned);
            value
                .ok_or_else(|| PatchError::NotApplicable(format!("operation, missing {key} field")))
        };
        let value = || operation.get("value").cloned().unwrap_or(Value::Null);
        let path = text("path")?;
        Ok(match text("op")?.as_str() {
            "add" => Self::Add {
                path,
                value: value(),
            },
            "remove" => Self::Remove { path },
            "replace" => Self::Replace {
                path,
                value: value(),
            },
            "move" => Self::Move {
                from: text("from")?,
                path,
            },
            "copy" => Self::Copy {
                from: text("from")?,
                path,
            },
            "test" => Self::Test {
                path,
                value: value(),
            },
            other => {
                return Err(PatchError::NotApplicable(format!(
                    "Unexpected kind: {other}"
                )));
            }
        })
    }

    fn apply(self, object: &mut Value) -> Result<(), PatchError> {
        match self {
            Self::Add { path, value } => add(object, &path, value, "add"),
            Self::Remove { path } => remove(object, &path, "remove").map(drop),
            // Parity: a field that is not there yet may be replaced.
            Self::Replace { path, value } => put(object, &path, value),
            Self::Move { from, path } => {
                let value = remove(object, &from, "move")?;
                add(object, &path, value, "move")
            }
            Self::Copy { from, path } => {
                let value = read(object, &from, "copy")?;
                add(object, &path, value, "copy")
            }
            Self::Test { path, value } => {
                if same(&read(object, &path, "test")?, &value) {
                    return Ok(());
                }
                let message = format!("testing value {path} failed: test failed");
                Err(PatchError::NotApplicable(message))
            }
        }
    }
}

fn missing(operation: &str, path: &str) -> PatchError {
    PatchError::NotApplicable(format!(
        "{operation} operation does not apply: doc is missing path: {path}: missing value"
    ))
}

fn find<'a>(object: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    if path.is_empty() {
        return Some(object);
    }
    path.strip_prefix('/')?
        .split('/')
        .try_fold(object, |value, step| match value {
            Value::Object(fields) => fields.get_mut(&unescape(step)),
            Value::Array(items) => {
                let at = index(step, items.len(), items.len())?;
                items.get_mut(at)
            }
            _ => None,
        })
}

/// What is at a path. Parity: a field that is not there reads as `null`, if the object it would be in is there.
fn read(object: &mut Value, path: &str, operation: &str) -> Result<Value, PatchError> {
    if let Some(found) = find(object, path) {
        return Ok(found.clone());
    }
    match parent(object, path) {
        Some((Value::Object(_), _)) => Ok(Value::Null),
        _ => Err(missing(operation, path)),
    }
}

fn put(object: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    if let Some(place) = find(object, path) {
        *place = value;
        return Ok(());
    }
    match parent(object, path) {
        Some((Value::Object(fields), name)) => {
            fields.insert(name, value);
            Ok(())
        }
        _ => Err(missing("replace", path)),
    }
}

/// The place that holds the last step of a path, and that step.
fn parent<'a>(object: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (above, last) = path.rsplit_once('/')?;
    Some((find(object, above)?, unescape(last)))
}

fn add(object: &mut Value, path: &str, value: Value, operation: &str) -> Result<(), PatchError> {
    if path.is_empty() {
        *object = value;
        return Ok(());
    }
    let (holder, step) = parent(object, path).ok_or_else(|| missing(operation, path))?;
    match holder {
        Value::Object(fields) => {
            fields.insert(step, value);
        }
        Value::Array(items) if step == "-" => items.push(value),
        Value::Array(items) => {
            let length = items.len();
            let at =
                index(&step, length + 1, length + 1).ok_or_else(|| missing(operation, path))?;
            items.insert(at, value);
        }
        _ => return Err(missing(operation, path)),
    }
    Ok(())
}

fn remove(object: &mut Value, path: &str, operation: &str) -> Result<Value, PatchError> {
    let fail = || missing(operation, path);
    let (holder, step) = parent(object, path).ok_or_else(fail)?;
    match holder {
        Value::Object(fields) => fields.remove(&step).ok_or_else(fail),
        Value::Array(items) => {
            let at = index(&step, items.len(), items.len()).ok_or_else(fail)?;
            Ok(items.remove(at))
        }
        _ => Err(fail()),
    }
}

/// An index below `limit`; negative ones count back from `from`.
fn index(step: &str, limit: usize, from: usize) -> Option<usize> {
    let number: i64 = step.parse().ok()?;
    let at = if number < 0 {
        from.checked_sub(usize::try_from(number.unsigned_abs()).ok()?)?
    } else {
        usize::try_from(number).ok()?
    };
    (at < limit).then_some(at)
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
