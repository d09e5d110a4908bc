//! The metadata of an object, whose fields are fixed whatever the schema says.

use serde_json::Value;

const FIELDS: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];
const OWNER_FIELDS: [&str; 6] = [
    "apiVersion",
    "blockOwnerDeletion",
    "controller",
    "kind",
    "name",
    "uid",
];
const MANAGED_FIELDS: [&str; 7] = [
    "apiVersion",
    "fieldsType",
    "fieldsV1",
    "manager",
    "operation",
    "subresource",
    "time",
];

/// Removes unknown fields of `metadata` and returns their paths, sorted.
pub(super) fn prune(object: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    let Some(metadata) = object.get_mut("metadata") else {
        return unknown;
    };
    retain(metadata, &FIELDS, "metadata", &mut unknown);
    for (list, fields) in [
        ("ownerReferences", &OWNER_FIELDS[..]),
        ("managedFields", &MANAGED_FIELDS[..]),
    ] {
        if let Some(Value::Array(items)) = metadata.get_mut(list) {
            for (index, item) in items.iter_mut().enumerate() {
                retain(
                    item,
                    fields,
                    &format!("metadata.{list}[{index}]"),
                    &mut unknown,
                );
            }
        }
    }
    unknown.sort();
    unknown
}

fn retain(value: &mut Value, known: &[&str], path: &str, unknown: &mut Vec<String>) {
    if let Value::Object(fields) = value {
        fields.retain(|name, _| {
            let keep = known.contains(&name.as_str());
            if !keep {
                unknown.push(format!("{path}.{name}"));
            }
            keep
        });
    }
}
