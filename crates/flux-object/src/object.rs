//! The object: a JSON map with an identity, and access to its metadata.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::identity::{Gvk, ObjectId, split_api_version};

/// A Kubernetes object as JSON. Always a map that has a non-empty `apiVersion` and `kind`.
///
/// `Debug` prints the identity, and the content with the data of Secrets masked.
#[derive(Clone, PartialEq)]
pub struct Object(Map<String, Value>);

/// Why a value is not a Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The value is a list, a text, a number, a boolean or null.
    #[error("object is not a mapping")]
    NotAMap,
    /// A field that every object has is missing, empty or not a text.
    #[error("object has no '{0}'")]
    Missing(&'static str),
}

/// One entry of `metadata.ownerReferences`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerReference {
    /// `apiVersion` of the owner.
    pub api_version: String,
    /// Kind of the owner.
    pub kind: String,
    /// Name of the owner, in the same namespace (or cluster-scoped).
    pub name: String,
    /// UID of the owner.
    pub uid: String,
    /// Whether this owner is the managing controller.
    pub controller: bool,
}

impl Object {
    /// Takes a JSON value for an object.
    ///
    /// # Errors
    /// When the value is not a map or lacks `apiVersion` or `kind`.
    pub fn from_value(value: Value) -> Result<Self, ObjectError> {
        match value {
            Value::Object(map) => Self::from_map(map),
            _ => Err(ObjectError::NotAMap),
        }
    }

    /// Takes a JSON map for an object.
    ///
    /// # Errors
    /// When it lacks `apiVersion` or `kind`.
    pub fn from_map(map: Map<String, Value>) -> Result<Self, ObjectError> {
        for field in ["apiVersion", "kind"] {
            if map
                .get(field)
                .and_then(Value::as_str)
                .is_none_or(str::is_empty)
            {
                return Err(ObjectError::Missing(field));
            }
        }
        Ok(Self(map))
    }

    /// The content.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The content, to be changed. Callers keep `apiVersion` and `kind` in place.
    pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// The content as a map.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// The content as a value.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// A copy of the content as a value.
    pub fn as_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The JSON text, compact.
    pub fn to_json(&self) -> String {
        // A map with text keys and JSON values always serialises.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// `apiVersion`, such as `apps/v1`.
    pub fn api_version(&self) -> &str {
        text(self.0.get("apiVersion"))
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        text(self.0.get("kind"))
    }

    /// The group part of `apiVersion`; empty for the core group.
    pub fn group(&self) -> &str {
        split_api_version(self.api_version()).0
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> Gvk {
        Gvk::from_api_version(self.api_version(), self.kind())
    }

    /// The identity inside a cluster.
    pub fn id(&self) -> ObjectId {
        ObjectId {
            group: self.group().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().to_owned(),
            name: self.name().to_owned(),
        }
    }

    /// `metadata.name`, or empty.
    pub fn name(&self) -> &str {
        self.meta_text("name")
    }

    /// `metadata.namespace`, or empty.
    pub fn namespace(&self) -> &str {
        self.meta_text("namespace")
    }

    /// Sets `metadata.namespace`.
    pub fn set_namespace(&mut self, namespace: &str) {
        self.metadata_mut()
            .insert("namespace".to_owned(), namespace.into());
    }

    /// `metadata.uid`, or empty.
    pub fn uid(&self) -> &str {
        self.meta_text("uid")
    }

    /// `metadata.resourceVersion`, or empty.
    pub fn resource_version(&self) -> &str {
        self.meta_text("resourceVersion")
    }

    /// `metadata.generation`, or 0.
    pub fn generation(&self) -> i64 {
        self.metadata()
            .and_then(|m| m.get("generation"))
            .and_then(Value::as_i64)
            .unwrap_or(0)
    }

    /// Whether `metadata.deletionTimestamp` is set.
    pub fn is_deleting(&self) -> bool {
        self.metadata()
            .and_then(|m| m.get("deletionTimestamp"))
            .is_some_and(|v| !v.is_null())
    }

    /// `metadata`, where it is a map.
    pub fn metadata(&self) -> Option<&Map<String, Value>> {
        self.0.get("metadata").and_then(Value::as_object)
    }

    /// `metadata`, created (or replaced, where it is no map) when needed.
    pub fn metadata_mut(&mut self) -> &mut Map<String, Value> {
        map_entry(&mut self.0, "metadata")
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.meta_entry("labels", key)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.meta_entry("annotations", key)
    }

    /// Labels whose values are texts.
    pub fn labels(&self) -> BTreeMap<&str, &str> {
        self.meta_entries("labels")
    }

    /// Annotations whose values are texts.
    pub fn annotations(&self) -> BTreeMap<&str, &str> {
        self.meta_entries("annotations")
    }

    /// Sets a label.
    pub fn set_label(&mut self, key: &str, value: &str) {
        map_entry(self.metadata_mut(), "labels").insert(key.to_owned(), value.into());
    }

    /// Sets an annotation.
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        map_entry(self.metadata_mut(), "annotations").insert(key.to_owned(), value.into());
    }

    /// Removes a label; the `labels` map goes with its last entry.
    pub fn remove_label(&mut self, key: &str) -> Option<String> {
        self.remove_meta_entry("labels", key)
    }

    /// Removes an annotation; the `annotations` map goes with its last entry.
    pub fn remove_annotation(&mut self, key: &str) -> Option<String> {
        self.remove_meta_entry("annotations", key)
    }

    /// `metadata.finalizers`.
    pub fn finalizers(&self) -> Vec<&str> {
        self.metadata()
            .and_then(|m| m.get("finalizers"))
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }

    /// `metadata.ownerReferences`.
    pub fn owner_references(&self) -> Vec<OwnerReference> {
        let Some(list) = self
            .metadata()
            .and_then(|m| m.get("ownerReferences"))
            .and_then(Value::as_array)
        else {
            return Vec::new();
        };
        list.iter()
            .map(|entry| OwnerReference {
                api_version: text(entry.get("apiVersion")).to_owned(),
                kind: text(entry.get("kind")).to_owned(),
                name: text(entry.get("name")).to_owned(),
                uid: text(entry.get("uid")).to_owned(),
                controller: entry.get("controller").and_then(Value::as_bool) == Some(true),
            })
            .collect()
    }

    /// The value at a path of map keys.
    pub fn get(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.0.get(*first)?, |value, key| value.get(key))
    }

    /// The text at a path of map keys.
    pub fn get_str(&self, path: &[&str]) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// The whole number at a path of map keys.
    pub fn get_i64(&self, path: &[&str]) -> Option<i64> {
        self.get(path).and_then(Value::as_i64)
    }

    /// The list at a path of map keys; empty where there is none.
    pub fn get_list(&self, path: &[&str]) -> &[Value] {
        self.get(path)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    fn meta_text(&self, field: &str) -> &str {
        text(self.metadata().and_then(|m| m.get(field)))
    }

    fn meta_entry(&self, of: &str, key: &str) -> Option<&str> {
        self.metadata()?.get(of)?.get(key)?.as_str()
    }

    fn meta_entries(&self, of: &str) -> BTreeMap<&str, &str> {
        self.metadata()
            .and_then(|m| m.get(of))
            .and_then(Value::as_object)
            .map(|map| {
                map.iter()
                    .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
                    .collect()
            })
            .unwrap_or_default()
    }

    fn remove_meta_entry(&mut self, of: &str, key: &str) -> Option<String> {
        let metadata = self.0.get_mut("metadata")?.as_object_mut()?;
        let map = metadata.get_mut(of)?.as_object_mut()?;
        let removed = map.remove(key)?;
        if map.is_empty() {
            metadata.remove(of);
        }
        removed.as_str().map(str::to_owned)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = self.group().is_empty() && self.kind() == "Secret";
        let mut out = f.debug_map();
        for (key, value) in &self.0 {
            let secret = masked && matches!(key.as_str(), "data" | "stringData");
            match value {
                Value::Object(map) if secret => {
                    let names: Vec<_> = map.keys().map(|k| (k, "***")).collect();
                    out.entry(key, &names);
                }
                // The annotation in which kubectl keeps the whole object would show the data again.
                Value::Object(_) if masked && key == "metadata" => {
                    out.entry(key, &self.id().subject());
                }
                _ if secret => {
                    out.entry(key, &"***");
                }
                _ => {
                    out.entry(key, value);
                }
            }
        }
        out.finish()
    }
}

impl serde::Serialize for Object {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Object {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Map::deserialize(deserializer)?;
        Self::from_map(map).map_err(serde::de::Error::custom)
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn map_entry<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let slot = map.entry(key.to_owned()).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    match slot {
        Value::Object(map) => map,
        _ => unreachable!("the slot was just made a map"),
    }
}
