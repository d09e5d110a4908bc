//! The metadata of an object, whose fields are fixed whatever the schema says.

use flux_gocompat::Time;
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

/// Why Go could not read `metadata`, in its words: the first value of a wrong type.
pub fn malformed_metadata(metadata: &Value) -> Option<String> {
    let Value::Object(fields) = metadata else {
        return match metadata {
            Value::Null => None,
            other => Some(format!(
                "json: cannot unmarshal {} into Go value of type v1.ObjectMeta",
                kind_of(other)
            )),
        };
    };
    fields.iter().find_map(|(name, value)| {
        let at = format!("ObjectMeta.{name}");
        match name.as_str() {
            "labels" | "annotations" => texts_by_name(value, &at),
            "name" | "namespace" | "generateName" | "resourceVersion" | "selfLink" => {
                wrong(value, value.is_string(), &at, "string")
            }
            "uid" => wrong(value, value.is_string(), &at, "types.UID"),
            "generation" | "deletionGracePeriodSeconds" => {
                wrong(value, value.is_i64(), &at, "int64")
            }
            "creationTimestamp" | "deletionTimestamp" => time(value),
            "finalizers" => items(value, &at, "[]string", |item| {
                wrong(item, item.is_string(), &at, "string")
            }),
            "ownerReferences" => items(value, &at, "[]v1.OwnerReference", owner),
            _ => None,
        }
    })
}

fn texts_by_name(value: &Value, at: &str) -> Option<String> {
    let Value::Object(fields) = value else {
        return wrong(value, false, at, "map[string]string");
    };
    fields
        .values()
        .find_map(|value| wrong(value, value.is_string(), at, "string"))
}

fn items(
    value: &Value,
    at: &str,
    want: &str,
    item: impl Fn(&Value) -> Option<String>,
) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(item),
        other => wrong(other, false, at, want),
    }
}

fn owner(value: &Value) -> Option<String> {
    let Value::Object(fields) = value else {
        return wrong(
            value,
            false,
            "ObjectMeta.ownerReferences",
            "v1.OwnerReference",
        );
    };
    fields.iter().find_map(|(name, value)| {
        let at = format!("OwnerReference.ownerReferences.{name}");
        match name.as_str() {
            "apiVersion" | "kind" | "name" => wrong(value, value.is_string(), &at, "string"),
            "uid" => wrong(value, value.is_string(), &at, "types.UID"),
            "controller" | "blockOwnerDeletion" => wrong(value, value.is_boolean(), &at, "bool"),
            _ => None,
        }
    })
}

fn time(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => text.parse::<Time>().err().map(|error| error.to_string()),
        other => Some(format!(
            "json: cannot unmarshal {} into Go value of type string",
            kind_of(other)
        )),
    }
}

fn wrong(value: &Value, fits: bool, at: &str, want: &str) -> Option<String> {
    let kind = match value {
        _ if fits || value.is_null() => return None,
        Value::Number(number) if want == "int64" => format!("number {number}"),
        other => kind_of(other).to_owned(),
    };
    Some(format!(
        "json: cannot unmarshal {kind} into Go struct field {at} of type {want}"
    ))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
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
