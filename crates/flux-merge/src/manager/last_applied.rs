//! Moving from client-side to server-side apply with `kubectl`: what the annotation says was applied is no conflict.

use serde_json::Value;

use crate::error::Conflicts;
use crate::manager::Target;
use crate::typed::{TypedValue, compare};

/// Only this manager has the annotation honored and kept.
pub(super) const MANAGER: &str = "kubectl";

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The limit of all annotations of an object together, in bytes.
const MOST_ANNOTATION_BYTES: usize = 256 * 1024;

/// The conflicts that are not about fields as the annotation has them.
pub(super) fn without_allowed(
    target: &Target<'_>,
    live: &Value,
    conflicts: Conflicts,
) -> Conflicts {
    let Some(last) = annotation(live).and_then(|text| serde_json::from_str::<Value>(text).ok())
    else {
        return conflicts;
    };
    let typed = TypedValue::new(target.schema, target.ty, &last);
    let live_typed = TypedValue::new(target.schema, target.ty, live);
    let version = last.get("apiVersion").and_then(Value::as_str);
    if version != Some(target.api_version)
        || typed.validate(false).is_err()
        || live_typed.validate(false).is_err()
    {
        return conflicts;
    }
    let change = compare(target.schema, target.ty, &last, live);
    let allowed = typed
        .field_set()
        .difference(&change.modified)
        .difference(&change.added)
        .difference(&change.removed);
    let left = conflicts
        .0
        .into_iter()
        .filter(|conflict| !allowed.has(&conflict.path.0));
    Conflicts(left.collect())
}

/// Brings the annotation, where there is one, up to what was applied.
pub(super) fn refresh(object: &mut Value, applied: &Value) {
    if annotation(object).is_none_or(str::is_empty) {
        return;
    }
    let mut applied = applied.clone();
    if let Some(Value::Object(annotations)) = applied.pointer_mut("/metadata/annotations") {
        annotations.remove(ANNOTATION);
    }
    // The encoder of the server ends its output with a line break.
    let text = format!("{applied}\n");
    let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") else {
        return;
    };
    annotations.insert(ANNOTATION.to_owned(), Value::from(text));
    let size: usize = annotations
        .iter()
        .map(|(k, v)| k.len() + v.as_str().map_or(0, str::len))
        .sum();
    if size > MOST_ANNOTATION_BYTES {
        annotations.remove(ANNOTATION);
    }
}

fn annotation(object: &Value) -> Option<&str> {
    let annotations = object.pointer("/metadata/annotations")?;
    annotations.get(ANNOTATION)?.as_str()
}
