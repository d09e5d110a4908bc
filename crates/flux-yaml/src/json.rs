//! Between nodes and JSON values.

use serde_json::{Map as JsonMap, Number, Value as Json};

use crate::compose::Rules;
use crate::error::{YamlError, YamlErrorKind};
use crate::node::{Kind, Map, Node, Tag};
use crate::number::float_text;
use crate::resolve::{Value, old_bool, resolve, timestamp_text};

impl Node {
    /// The node as JSON. Fails on `.inf`, `.nan` and keys that have no text form.
    pub fn to_json(&self) -> Result<Json, YamlError> {
        match self.kind() {
            Kind::Scalar => self.scalar_json(),
            Kind::Seq => self
                .as_seq()
                .unwrap_or_default()
                .iter()
                .map(Self::to_json)
                .collect::<Result<_, _>>()
                .map(Json::Array),
            Kind::Map => {
                let mut out = JsonMap::new();
                for entry in self.as_map().into_iter().flatten() {
                    out.insert(key_text(&entry.key, &entry.value)?, entry.value.to_json()?);
                }
                Ok(Json::Object(out))
            }
        }
    }

    /// A tree from JSON, keys in the order of the value's map.
    pub fn from_json(value: &Json) -> Self {
        match value {
            Json::Null => Self::null(),
            Json::Bool(value) => Self::bool(*value),
            Json::Number(number) => {
                let tag = if number.is_f64() {
                    Tag::Float
                } else {
                    Tag::Int
                };
                Self::scalar(number.to_string(), tag)
            }
            Json::String(text) => Self::string(text.as_str()),
            Json::Array(items) => Self::seq(items.iter().map(Self::from_json).collect()),
            Json::Object(fields) => Self::map(
                fields
                    .iter()
                    .map(|(key, value)| (Self::string(key.as_str()), Self::from_json(value)))
                    .collect::<Map>(),
            ),
        }
    }

    /// The typed value of a scalar.
    pub(crate) fn value(&self) -> Value {
        let text = self.text().unwrap_or_default();
        match self.tag {
            Tag::Null => Value::Null,
            Tag::Str => Value::Str,
            Tag::Merge => Value::Merge,
            Tag::Timestamp => Value::Timestamp,
            Tag::Bool => match (resolve(text, Rules::Kyaml), old_bool(text)) {
                (Value::Bool(value), _) | (_, Some(value)) => Value::Bool(value),
                _ => Value::Str,
            },
            Tag::Int => resolve(text, Rules::Kyaml),
            Tag::Float => match resolve(text, Rules::Kyaml) {
                whole @ (Value::Int(_) | Value::Uint(_)) => whole.to_float(),
                other => other,
            },
        }
    }

    /// The typed value, refused where the text does not fit its tag (a number replaced by a word).
    pub(crate) fn checked_value(&self) -> Result<Value, YamlError> {
        let value = self.value();
        let name = match (self.tag, &value) {
            (Tag::Bool, Value::Bool(_))
            | (Tag::Int, Value::Int(_) | Value::Uint(_))
            | (Tag::Float, Value::Float(_))
            | (Tag::Null | Tag::Str | Tag::Merge | Tag::Timestamp, _) => return Ok(value),
            (Tag::Bool, _) => "bool",
            (Tag::Int, _) => "int",
            (Tag::Float, _) => "float",
        };
        Err(YamlError::new(
            YamlErrorKind::Value,
            self.span,
            format!(
                "cannot decode !!str `{}` as a !!{name}",
                self.text().unwrap_or_default()
            ),
        ))
    }

    fn scalar_json(&self) -> Result<Json, YamlError> {
        let text = self.text().unwrap_or_default();
        Ok(match self.checked_value()? {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(value),
            Value::Int(value) => Json::from(value),
            Value::Uint(value) => Json::from(value),
            Value::Float(value) => return self.float_json(value),
            Value::Timestamp => Json::from(timestamp_text(text).unwrap_or_else(|| text.to_owned())),
            Value::Merge | Value::Str => Json::from(text),
        })
    }

    fn float_json(&self, value: f64) -> Result<Json, YamlError> {
        // Parity: Go prints a float without a fraction as an integer, and whoever reads the JSON gets an integer.
        if value.fract() == 0.0 && value.abs() < 9.007_199_254_740_992e15 {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole and below 2^53, as tested"
            )]
            return Ok(Json::from(value as i64));
        }
        Number::from_f64(value).map(Json::Number).ok_or_else(|| {
            let name = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            YamlError::new(
                YamlErrorKind::Value,
                self.span,
                format!("json: unsupported value: {name}"),
            )
        })
    }
}

/// A key as JSON text: scalars by their value, anything else fails.
fn key_text(key: &Node, value: &Node) -> Result<String, YamlError> {
    let error = |text: String| YamlError::new(YamlErrorKind::Value, key.span, text);
    let Some(text) = key.text() else {
        // What is wrong inside of the key is found before the key itself.
        key.to_json()?;
        return Err(error(format!("invalid map key: {}", go_syntax(key))));
    };
    Ok(match key.value() {
        Value::Str | Value::Merge | Value::Timestamp => text.to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(number) => {
            return Err(error(format!(
                "unsupported map key of type: uint64, key: {number:#x}, value: {}",
                go_syntax(value)
            )));
        }
        Value::Float(value) => float_key(value),
        Value::Null => {
            return Err(error(format!(
                "unsupported map key of type: %!s(<nil>), key: <nil>, value: {}",
                go_syntax(value)
            )));
        }
    })
}

fn float_key(value: f64) -> String {
    // Parity: the reader prints float keys with 32-bit precision.
    if value == f64::INFINITY {
        return ".inf".to_owned();
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the loss of precision is the point"
    )]
    let short = value as f32;
    if (f64::from(short) - value).abs() > 0.0 && value.is_finite() {
        return crate::number::float32_text(short);
    }
    float_text(f64::from(short))
}

/// A value as Go's `%#v` prints it.
pub(crate) fn go_syntax(node: &Node) -> String {
    match node.kind() {
        Kind::Seq => {
            let items: Vec<String> = node
                .as_seq()
                .unwrap_or_default()
                .iter()
                .map(go_syntax)
                .collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Kind::Map => {
            let items: Vec<String> = node
                .as_map()
                .into_iter()
                .flatten()
                .map(|e| format!("{}:{}", go_syntax(&e.key), go_syntax(&e.value)))
                .collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", items.join(", "))
        }
        Kind::Scalar => match node.value() {
            Value::Null => "interface {}(nil)".to_owned(),
            Value::Str | Value::Merge | Value::Timestamp => {
                format!("{:?}", node.text().unwrap_or_default())
            }
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Uint(value) => format!("{value:#x}"),
            Value::Float(value) => float_text(value),
        },
    }
}
