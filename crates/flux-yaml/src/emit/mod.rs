//! The writer: what `sigs.k8s.io/yaml` prints for a JSON-like value.
//!
//! Keys are sorted by [`crate::order`], block style everywhere but for empty collections, lists not indented below
//! their key, long text folded near column 80. Styles of the text that was read play no part.

mod analyze;
mod write;

use serde_json::Value as Json;

use crate::Rules;
use crate::emit::analyze::Form;
use crate::emit::write::Writer;
use crate::error::{YamlError, YamlErrorKind};
use crate::json::go_syntax;
use crate::node::{Kind, Node, Span, Style};
use crate::number::{float_json_text, float_text};
use crate::order::{sort_keys, sort_keys_pretty};
use crate::resolve::{Value, resolve, timestamp_text};

/// Writes a JSON value as `sigs.k8s.io/yaml` marshals it, with a final line feed.
///
/// # Errors
/// Texts with characters that YAML forbids (U+007F and a few more) cannot be written.
pub fn to_yaml_string(value: &Json) -> Result<String, YamlError> {
    let mut writer = Writer::new(Form::Marshal);
    write_json(&mut writer, value)?;
    Ok(writer.finish())
}

/// Writes a JSON value as Helm's `toYamlPretty` does, with a final line feed: lists indented, nothing folded.
///
/// # Errors
/// None today; the form of [`to_yaml_string`].
pub fn to_yaml_pretty(value: &Json) -> Result<String, YamlError> {
    let mut writer = Writer::new(Form::Pretty);
    write_json(&mut writer, value)?;
    Ok(writer.finish())
}

impl Node {
    /// Writes the node as the conversion to JSON and back to YAML would, in one step.
    pub fn to_yaml(&self) -> Result<String, YamlError> {
        let mut writer = Writer::new(Form::Marshal);
        write_node(&mut writer, self, true)?;
        Ok(writer.finish())
    }

    /// The same with the keys in the order in which they stand in the tree.
    pub fn to_yaml_in_order(&self) -> Result<String, YamlError> {
        let mut writer = Writer::new(Form::Marshal);
        write_node(&mut writer, self, false)?;
        Ok(writer.finish())
    }
}

fn write_json(writer: &mut Writer, value: &Json) -> Result<(), YamlError> {
    match value {
        Json::Null => writer.plain("null"),
        Json::Bool(value) => writer.plain(if *value { "true" } else { "false" }),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), _, _) => writer.plain(&value.to_string()),
            (_, Some(value), _) => writer.plain(&value.to_string()),
            (_, _, value) if writer.form() == Form::Pretty => {
                writer.plain(&float_text(value.unwrap_or_default()));
            }
            (_, _, value) => write_float(writer, value.unwrap_or_default()),
        },
        Json::String(text) if writer.form() == Form::Pretty => writer.string(text),
        Json::String(text) => writer.string(&checked(text, Span::default())?),
        Json::Array(items) => {
            if items.is_empty() {
                writer.plain("[]");
                return Ok(());
            }
            writer.open_seq();
            for item in items {
                writer.item();
                write_json(writer, item)?;
            }
            writer.close();
        }
        Json::Object(fields) => {
            if fields.is_empty() {
                writer.plain("{}");
                return Ok(());
            }
            let mut sorted: Vec<(&str, &Json)> = fields
                .iter()
                .map(|(key, value)| (key.as_str(), value))
                .collect();
            let pretty = writer.form() == Form::Pretty;
            if pretty {
                sort_keys_pretty(&mut sorted, |pair| pair.0);
            } else {
                sort_keys(&mut sorted, |pair| pair.0);
            }
            writer.open_map();
            for (key, value) in sorted {
                if pretty {
                    writer.key(key);
                } else {
                    writer.key(&checked(key, Span::default())?);
                }
                write_json(writer, value)?;
            }
            writer.close();
        }
    }
    Ok(())
}

fn write_node(writer: &mut Writer, node: &Node, sorting: bool) -> Result<(), YamlError> {
    if !sorting && node.style == Style::Flow && !node.is_empty_collection() {
        writer.plain(&flow_text(node)?);
        return Ok(());
    }
    match node.kind() {
        Kind::Scalar if !sorting && node.is_string() && node.style == Style::Double => {
            writer.quoted(node.text().unwrap_or_default());
        }
        Kind::Scalar if !sorting && node.is_string() && node.style == Style::Single => {
            writer.single_quoted(node.text().unwrap_or_default());
        }
        Kind::Scalar => write_scalar(writer, node)?,
        Kind::Seq => {
            let items = node.as_seq().unwrap_or_default();
            if items.is_empty() {
                writer.plain("[]");
                return Ok(());
            }
            writer.open_seq();
            for item in items {
                writer.item();
                write_node(writer, item, sorting)?;
            }
            writer.close();
        }
        Kind::Map => {
            let mut sorted = Vec::new();
            for entry in node.as_map().into_iter().flatten() {
                let key = entry.key.text().filter(|_| is_text_key(&entry.key));
                let Some(key) = key else {
                    return Err(YamlError::new(
                        YamlErrorKind::Write,
                        entry.key.span,
                        format!("invalid map key: {}", go_syntax(&entry.key)),
                    ));
                };
                sorted.push((key, &entry.value));
            }
            if sorted.is_empty() {
                writer.plain("{}");
                return Ok(());
            }
            if sorting {
                sort_keys(&mut sorted, |pair| pair.0);
            }
            writer.open_map();
            for (key, value) in sorted {
                writer.key(&checked(key, value.span)?);
                write_node(writer, value, sorting)?;
            }
            writer.close();
        }
    }
    Ok(())
}

fn is_text_key(key: &Node) -> bool {
    matches!(key.value(), Value::Str | Value::Merge)
}

fn write_scalar(writer: &mut Writer, node: &Node) -> Result<(), YamlError> {
    let text = node.text().unwrap_or_default();
    match node.checked_value()? {
        Value::Null => writer.plain("null"),
        Value::Bool(value) => writer.plain(if value { "true" } else { "false" }),
        Value::Int(value) => writer.plain(&value.to_string()),
        Value::Uint(value) => writer.plain(&value.to_string()),
        Value::Float(value) if value.is_finite() => write_float(writer, value),
        Value::Float(_) => {
            return Err(YamlError::new(
                YamlErrorKind::Write,
                node.span,
                format!("json: unsupported value: {text}"),
            ));
        }
        Value::Timestamp => {
            writer.string(&timestamp_text(text).unwrap_or_else(|| text.to_owned()));
        }
        Value::Merge | Value::Str => writer.string(&checked(text, node.span)?),
    }
    Ok(())
}

/// A float takes the way through JSON text, which turns whole numbers into integers.
fn write_float(writer: &mut Writer, value: f64) {
    let json = float_json_text(value);
    match resolve(&json, Rules::Yaml11) {
        Value::Int(value) => writer.plain(&value.to_string()),
        Value::Uint(value) => writer.plain(&value.to_string()),
        Value::Float(value) => writer.plain(&float_text(value)),
        _ => writer.plain(&json),
    }
}

/// What a text becomes on its way through a JSON text that is read as YAML.
fn checked(text: &str, span: Span) -> Result<std::borrow::Cow<'_, str>, YamlError> {
    if text.bytes().all(|b| b < 0x7f) {
        return Ok(text.into());
    }
    let forbidden =
        |c: char| matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(forbidden) {
        return Err(YamlError::new(
            YamlErrorKind::Write,
            span,
            "control characters are not allowed",
        ));
    }
    if !text.contains('\u{85}') {
        return Ok(text.into());
    }
    // Parity: NEL is a line break inside the quoted JSON text: one folds to a blank, of several the first is lost.
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{85}') {
        let before = rest[..at].trim_end_matches([' ', '\t']);
        out.push_str(before);
        let tail = rest[at..].trim_start_matches([' ', '\t', '\u{85}']);
        let breaks = rest[at..rest.len() - tail.len()].matches('\u{85}').count();
        if breaks == 1 {
            out.push(' ');
        } else {
            out.extend(std::iter::repeat_n('\n', breaks - 1));
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out.into())
}

/// A node on one line, in flow style.
fn flow_text(node: &Node) -> Result<String, YamlError> {
    match node.kind() {
        Kind::Seq => {
            let items = node.as_seq().unwrap_or_default().iter().map(flow_text);
            Ok(format!(
                "[{}]",
                items.collect::<Result<Vec<_>, _>>()?.join(", ")
            ))
        }
        Kind::Map => {
            let entries = node
                .as_map()
                .into_iter()
                .flatten()
                .map(|e| Ok(format!("{}: {}", flow_text(&e.key)?, flow_text(&e.value)?)));
            Ok(format!(
                "{{{}}}",
                entries.collect::<Result<Vec<_>, YamlError>>()?.join(", ")
            ))
        }
        Kind::Scalar => {
            let mut writer = Writer::new(Form::Marshal);
            write_node(&mut writer, node, false)?;
            Ok(writer.finish().trim_end().to_owned())
        }
    }
}
