//! Differences between two JSON values as a JSON patch (RFC 6902) that also keeps the old values.
//!
//! Lists are compared by position, keys in their order: the operations and their order are those of the Go library
//! behind upstream (wI2L/jsondiff).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// A value that was not there.
    Add,
    /// A value that is there no more.
    Remove,
    /// Another value.
    Replace,
}

/// One operation of a patch.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// What it does.
    pub op: Op,
    /// JSON pointer (RFC 6901).
    pub path: String,
    /// The new value; none for a removal.
    pub value: Option<Value>,
    /// The value before; none for an addition.
    pub old_value: Option<Value>,
}

impl Operation {
    /// The operation as JSON; `oldValue` is left out where it is null.
    pub fn to_json(&self) -> Value {
        let mut out = json!({"op": self.op.name(), "path": self.path});
        if let Some(value) = &self.value {
            out["value"] = value.clone();
        }
        if let Some(old) = self.old_value.as_ref().filter(|old| !old.is_null()) {
            out["oldValue"] = old.clone();
        }
        out
    }

    /// Length of the operation as a plain JSON patch, in bytes.
    fn patch_length(&self) -> usize {
        let base = r#"{"op":"","path":""}"#.len() + self.op.name().len() + self.path.len();
        let value = self
            .value
            .as_ref()
            .map_or(0, |value| r#","value":"#.len() + value.to_string().len());
        base + value
    }
}

impl Op {
    /// The name in a JSON patch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
        }
    }
}

/// The operations that turn `from` into `to`.
///
/// With `rationalize`, many small operations below a node become one replacement of it where that is shorter.
pub fn diff(from: &Value, to: &Value, rationalize: bool) -> Vec<Operation> {
    let mut differ = Differ {
        operations: Vec::new(),
        rationalize,
    };
    differ.value(String::new(), from, to);
    differ.operations
}

/// Appends a key to a JSON pointer.
pub fn push(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

struct Differ {
    operations: Vec<Operation>,
    rationalize: bool,
}

impl Differ {
    fn value(&mut self, path: String, from: &Value, to: &Value) {
        if from == to {
            return;
        }
        let before = self.operations.len();
        match (from, to) {
            (Value::Object(from), Value::Object(to)) => self.map(&path, from, to),
            (Value::Array(from), Value::Array(to)) => self.list(&path, from, to),
            _ => {
                self.push(Op::Replace, path, Some(to), Some(from));
                return;
            }
        }
        if self.rationalize && !path.is_empty() {
            self.shorten(path, before, from, to);
        }
    }

    fn map(&mut self, path: &str, from: &Map<String, Value>, to: &Map<String, Value>) {
        let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for key in keys {
            let path = push(path, key);
            match (from.get(key), to.get(key)) {
                (Some(from), Some(to)) => self.value(path, from, to),
                (Some(from), None) => self.push(Op::Remove, path, None, Some(from)),
                (None, to) => self.push(Op::Add, path, to, None),
            }
        }
    }

    fn list(&mut self, path: &str, from: &[Value], to: &[Value]) {
        let both = from.len().min(to.len());
        // Every removal shifts the next item into the same place.
        for old in &from[both..] {
            self.push(Op::Remove, format!("{path}/{both}"), None, Some(old));
        }
        for (index, (from, to)) in from.iter().zip(to).enumerate() {
            self.value(format!("{path}/{index}"), from, to);
        }
        for new in &to[both..] {
            self.push(Op::Add, format!("{path}/-"), Some(new), None);
        }
    }

    fn shorten(&mut self, path: String, before: usize, from: &Value, to: &Value) {
        let whole = Operation {
            op: Op::Replace,
            path,
            value: Some(to.clone()),
            old_value: Some(from.clone()),
        };
        let parts: usize = self.operations[before..]
            .iter()
            .map(Operation::patch_length)
            .sum();
        if parts > whole.patch_length() {
            self.operations.truncate(before);
            self.operations.push(whole);
        }
    }

    fn push(&mut self, op: Op, path: String, value: Option<&Value>, old: Option<&Value>) {
        self.operations.push(Operation {
            op,
            path,
            value: value.cloned(),
            old_value: old.cloned(),
        });
    }
}
