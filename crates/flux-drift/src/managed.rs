//! Patches on `metadata.managedFields`: taking over from other managers, and taking away what upstream's predecessors
//! left on objects.

use flux_object::Object;
use serde_json::{Map, Value, json};

const PATH: &str = "/metadata/managedFields";

/// A field manager whose fields are taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// Name, or the beginning of it.
    pub name: String,
    /// `Apply` or `Update`.
    pub operation: &'static str,
    /// Whether the name has to be equal.
    pub exact: bool,
}

impl Manager {
    fn matches(&self, entry: &Value) -> bool {
        let name = text(entry, "manager");
        let named = if self.exact {
            name == self.name
        } else {
            name.starts_with(&self.name)
        };
        named && text(entry, "operation") == self.operation && text(entry, "subresource").is_empty()
    }
}

/// The managers that a controller takes over from (KUS-APL-014): kubectl in all its forms, what was there before the
/// first apply, the controller's own updates, and those that the operator names.
pub fn default_managers(field_manager: &str, overrides: &[String]) -> Vec<Manager> {
    let entry = |name: &str, operation, exact| Manager {
        name: name.to_owned(),
        operation,
        exact,
    };
    let mut managers = vec![
        entry("kubectl", "Apply", false),
        entry("kubectl", "Update", false),
        entry("before-first-apply", "Update", true),
        entry(field_manager, "Update", true),
    ];
    for name in overrides {
        managers.push(entry(name, "Apply", true));
        managers.push(entry(name, "Update", true));
    }
    managers
}

/// Whether any entry belongs to one of the managers.
pub fn is_foreign(object: &Object, managers: &[Manager]) -> bool {
    entries(object)
        .iter()
        .any(|entry| managers.iter().any(|m| m.matches(entry)))
}

/// The patch that merges the fields of the managers into the Apply entry of `name`; `None` where there is nothing to
/// take over.
pub fn take_over(object: &Object, managers: &[Manager], name: &str) -> Option<Value> {
    let all = entries(object);
    let mut own: Option<Value> = all
        .iter()
        .find(|entry| {
            text(entry, "manager") == name
                && text(entry, "operation") == "Apply"
                && text(entry, "subresource").is_empty()
        })
        .cloned();
    let mut kept = Vec::new();
    let mut edited = false;
    for entry in all {
        if managers.iter().any(|m| m.matches(entry)) {
            edited = true;
            if let Some(own) = &mut own {
                merge(&mut own["fieldsV1"], &entry["fieldsV1"]);
            } else {
                let mut renamed = entry.clone();
                renamed["manager"] = name.into();
                renamed["operation"] = "Apply".into();
                own = Some(renamed);
            }
        // Parity: an own entry that stands behind those it was merged with is kept beside the merged one.
        } else if own.as_ref() != Some(entry) {
            kept.push(entry.clone());
        }
    }
    if !edited {
        return None;
    }
    kept.extend(own);
    Some(replacement(&kept))
}

/// The patch that takes the entries of the managers away; `None` where they have none.
pub fn remove(object: &Object, managers: &[Manager]) -> Option<Value> {
    let all = entries(object);
    let kept: Vec<Value> = all
        .iter()
        .filter(|entry| !managers.iter().any(|m| m.matches(entry)))
        .cloned()
        .collect();
    if kept.len() == all.len() {
        None
    } else if kept.is_empty() {
        // An empty list would be taken for "do not change"; one empty entry clears it.
        Some(replacement(&[json!({})]))
    } else {
        Some(replacement(&kept))
    }
}

/// The patch that moves all entries to another `apiVersion`; `None` where they are there.
pub fn migrate(object: &Object, api_version: &str) -> Option<Value> {
    let mut all = entries(object).to_vec();
    let mut changed = false;
    for entry in &mut all {
        if text(entry, "apiVersion") != api_version {
            entry["apiVersion"] = api_version.into();
            changed = true;
        }
    }
    changed.then(|| replacement(&all))
}

/// The operations that remove these annotations, of those that the object has.
pub fn remove_annotations(object: &Object, keys: &[&str]) -> Vec<Value> {
    removals(object, "annotations", keys)
}

/// The operations that remove these labels, of those that the object has.
pub fn remove_labels(object: &Object, keys: &[&str]) -> Vec<Value> {
    removals(object, "labels", keys)
}

fn removals(object: &Object, field: &str, keys: &[&str]) -> Vec<Value> {
    let present = object.get(&["metadata", field]);
    keys.iter()
        .filter(|key| present.is_some_and(|map| map.get(key).is_some()))
        .map(|key| {
            let path = crate::diff::push(&format!("/metadata/{field}"), key);
            json!({"op": "remove", "path": path})
        })
        .collect()
}

fn entries(object: &Object) -> &[Value] {
    object.get_list(&["metadata", "managedFields"])
}

fn replacement(entries: &[Value]) -> Value {
    json!({"op": "replace", "path": PATH, "value": entries})
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Union of two field sets.
fn merge(into: &mut Value, from: &Value) {
    let Value::Object(from) = from else { return };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Value::Object(into) = into else { return };
    for (key, value) in from {
        merge(into.entry(key.clone()).or_insert_with(|| json!({})), value);
    }
}
