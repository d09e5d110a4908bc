//! The wire form of a set of fields, `FieldsV1`.
//!
//! An object whose keys are path elements: `f:name`, `k:{"name":"app"}`, `v:"item"`, `i:3`. An empty object below a key
//! means that the path ends there; `.` beside other keys means that it ends there as well.

use serde_json::{Map, Number, Value};

use crate::fields::{FieldSet, KeyValue, PathElement};

/// Why a text is no `FieldsV1`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFieldsError {
    /// A part that should be an object is none.
    #[error("managed fields are not an object")]
    NotAnObject,
    /// A key that is no path element.
    #[error("{what}: {key}")]
    BadKey {
        /// What is wrong with it.
        what: &'static str,
        /// The key.
        key: String,
    },
}

impl FieldSet {
    /// Reads `fieldsV1`. Keys of unknown kinds are dropped, as the server drops them.
    ///
    /// # Errors
    /// When a part is no object or a key is malformed.
    pub fn from_json(value: &Value) -> Result<Self, ParseFieldsError> {
        read(value).map(|(set, _)| set)
    }

    /// Writes `fieldsV1`. The map sorts keys by text, which is the order of the server for all but numbers.
    pub fn to_json(&self) -> Value {
        self.write(false)
    }

    fn write(&self, include_self: bool) -> Value {
        let mut object = Map::new();
        if include_self && !self.is_empty() {
            object.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (element, member, below) in self.elements() {
            object.insert(element_text(element), below.write(member));
        }
        Value::Object(object)
    }

    /// The exact bytes that the server writes: keys in the order of the elements.
    pub fn to_json_text(&self) -> String {
        let mut out = String::new();
        self.write_text(false, &mut out);
        out
    }

    fn write_text(&self, include_self: bool, out: &mut String) {
        out.push('{');
        let mut first = true;
        if include_self && !self.is_empty() {
            out.push_str("\".\":{}");
            first = false;
        }
        for (element, member, below) in self.elements() {
            if !first {
                out.push(',');
            }
            first = false;
            push_string(out, &element_text(element));
            out.push(':');
            below.write_text(member, out);
        }
        out.push('}');
    }
}

/// The set, and whether the place itself is a member of its parent.
fn read(value: &Value) -> Result<(FieldSet, bool), ParseFieldsError> {
    let object = match value {
        Value::Object(object) => object,
        Value::Null => return Ok((FieldSet::new(), true)),
        _ => return Err(ParseFieldsError::NotAnObject),
    };
    let mut set = FieldSet::new();
    let mut is_member = false;
    for (key, below) in object {
        if key == "." {
            is_member = true;
            continue;
        }
        let Some(element) = parse_element(key)? else {
            continue;
        };
        let (below, member) = read(below)?;
        let entry = set.entry(&element);
        entry.member |= member;
        entry.below = below;
    }
    let is_member = is_member || set.is_empty();
    Ok((set, is_member))
}

fn parse_element(key: &str) -> Result<Option<PathElement>, ParseFieldsError> {
    let bad = |what| ParseFieldsError::BadKey {
        what,
        key: key.to_owned(),
    };
    let bytes = key.as_bytes();
    if bytes.len() < 2 {
        return Err(bad("key must be 2 characters long"));
    }
    if bytes[1] != b':' {
        return Err(bad("missing colon"));
    }
    let content = &key[2..];
    let json = |what| serde_json::from_str::<Value>(content).map_err(|_| bad(what));
    Ok(Some(match bytes[0] {
        b'f' => PathElement::field(content),
        b'v' => PathElement::Value(KeyValue(json("value is not JSON")?)),
        b'i' => PathElement::Index(content.parse().map_err(|_| bad("index is not a number"))?),
        b'k' => {
            let Value::Object(fields) = json("keys are not JSON")? else {
                return Err(bad("keys are not an object"));
            };
            let mut keys: Vec<_> = fields
                .into_iter()
                .map(|(name, value)| (name.into_boxed_str(), KeyValue(value)))
                .collect();
            keys.sort_by(|a, b| a.0.cmp(&b.0));
            PathElement::Key(keys)
        }
        _ => return Ok(None),
    }))
}

fn element_text(element: &PathElement) -> String {
    match element {
        PathElement::Field(name) => format!("f:{name}"),
        PathElement::Key(keys) => {
            let mut out = String::from("k:{");
            for (index, (name, value)) in keys.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_string(&mut out, name);
                out.push(':');
                out.push_str(&value_text(&value.0));
            }
            out.push('}');
            out
        }
        PathElement::Value(value) => format!("v:{}", value_text(&value.0)),
        PathElement::Index(index) => format!("i:{index}"),
    }
}

/// Compact JSON with Go's escapes for HTML within strings, and whole floats as integers.
fn value_text(value: &Value) -> String {
    match value {
        Value::Number(number) => number_text(number),
        Value::String(text) => {
            let mut out = String::new();
            push_string(&mut out, text);
            // Only inside of a string can these characters occur.
            for (plain, escaped) in [
                ("<", "\\u003c"),
                (">", "\\u003e"),
                ("&", "\\u0026"),
                ("\u{2028}", "\\u2028"),
                ("\u{2029}", "\\u2029"),
            ] {
                if out.contains(plain) {
                    out = out.replace(plain, escaped);
                }
            }
            out
        }
        other => other.to_string(),
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => {
            format!("{float:.0}")
        }
        _ => number.to_string(),
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push_str(&Value::from(text).to_string());
}
