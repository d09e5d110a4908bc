//! One immutable object in the store, and the bytes it is served as.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::{Map, Value};

/// The fields of an object without `apiVersion` and `kind`, which depend on the version served.
pub(crate) type Doc = Map<String, Value>;

/// Namespace (empty for cluster-wide kinds) and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl Key {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

/// An object as written at one resourceVersion.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) version: u64,
    pub(crate) key: Key,
    pub(crate) doc: Doc,
    bytes: OnceLock<Bytes>,
}

impl Stored {
    /// Stamps `metadata.resourceVersion` and freezes the document.
    pub(crate) fn new(version: u64, key: Key, mut doc: Doc) -> Self {
        meta_mut(&mut doc).insert("resourceVersion".to_owned(), version.to_string().into());
        Self {
            version,
            key,
            doc,
            bytes: OnceLock::new(),
        }
    }

    /// An object that is not stored, as a dry run answers it.
    pub(crate) fn draft(key: Key, doc: Doc) -> Self {
        Self {
            version: 0,
            key,
            doc,
            bytes: OnceLock::new(),
        }
    }

    pub(crate) fn meta(&self) -> &Doc {
        meta(&self.doc)
    }

    pub(crate) fn uid(&self) -> &str {
        str_at(self.meta(), "uid")
    }

    pub(crate) fn name(&self) -> &str {
        &self.key.name
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.key.namespace
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.meta().get("annotations")?.get(key)?.as_str()
    }

    pub(crate) fn deleting(&self) -> bool {
        self.meta().contains_key("deletionTimestamp")
    }

    pub(crate) fn generation(&self) -> i64 {
        self.meta()
            .get("generation")
            .and_then(Value::as_i64)
            .unwrap_or(0)
    }

    /// `metadata.finalizers`.
    pub(crate) fn finalizers(&self) -> Vec<&str> {
        self.meta()
            .get("finalizers")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }

    /// The document as JSON, serialised once: `{"metadata":...}`.
    pub(crate) fn bytes(&self) -> &Bytes {
        self.bytes.get_or_init(|| {
            serde_json::to_vec(&self.doc)
                .expect("a JSON map always serialises")
                .into()
        })
    }

    /// Appends the whole object, with its `apiVersion` and `kind`, to a buffer.
    pub(crate) fn write_to(&self, buffer: &mut Vec<u8>, head: &str) {
        splice(buffer, head, self.bytes());
    }
}

/// Puts the head `"apiVersion":..,"kind":..` into serialised fields.
pub(crate) fn splice(buffer: &mut Vec<u8>, head: &str, fields: &[u8]) {
    buffer.reserve(head.len() + fields.len() + 2);
    buffer.push(b'{');
    buffer.extend_from_slice(head.as_bytes());
    let rest = &fields[1..];
    if !head.is_empty() && rest.len() > 1 {
        buffer.push(b',');
    }
    buffer.extend_from_slice(rest);
}

/// `metadata` of a document; an empty map if there is none.
pub(crate) fn meta(doc: &Doc) -> &Doc {
    static EMPTY: std::sync::LazyLock<Doc> = std::sync::LazyLock::new(Map::new);
    doc.get("metadata")
        .and_then(Value::as_object)
        .unwrap_or(&EMPTY)
}

/// `metadata` of a document, made if missing.
pub(crate) fn meta_mut(doc: &mut Doc) -> &mut Doc {
    let value = doc
        .entry("metadata")
        .or_insert_with(|| Value::Object(Map::new()));
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("made an object just above")
}

/// A text field, or the empty text.
pub(crate) fn str_at<'a>(doc: &'a Doc, field: &str) -> &'a str {
    doc.get(field).and_then(Value::as_str).unwrap_or("")
}
