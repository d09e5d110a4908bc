//! Objects in Kubernetes' protobuf form, which `kubectl create` sends, as JSON.
//!
//! `wire.txt` has the numbers: a line `=package.Type` begins a message, the lines after it are its
//! fields, `number name type[mark]`. Types: `s` text, `y` bytes, `i` integer, `b` boolean, `f` float,
//! `q` quantity, `x` integer or text, `t` time, `u` time with microseconds, `r` raw JSON, `[T]` list,
//! `{T}` map from text, `<T>` a message that is nothing but a list, `.name` a message. Marks: `*`
//! zero means something, `!` always written, `^` the fields are those of the parent.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

const TEXT: &str = include_str!("wire.txt");
const MAGIC: &[u8] = b"k8s\0";

#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    ty: &'static str,
    mark: Option<char>,
}

type Message = HashMap<u64, Field>;

static MESSAGES: LazyLock<HashMap<&'static str, Message>> = LazyLock::new(|| {
    let mut messages: HashMap<&'static str, Message> = HashMap::new();
    let mut current = "";
    for line in TEXT.lines() {
        if let Some(name) = line.strip_prefix('=') {
            current = name;
            messages.insert(name, Message::new());
            continue;
        }
        let mut parts = line.split(' ');
        let (Some(number), Some(name), Some(ty)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let mark = ty.chars().last().filter(|c| matches!(c, '*' | '!' | '^'));
        let field = Field {
            name,
            ty: ty.trim_end_matches(['*', '!', '^']),
            mark,
        };
        if let (Ok(number), Some(message)) = (number.parse(), messages.get_mut(current)) {
            message.insert(number, field);
        }
    }
    messages
});

/// What is in a field on the wire.
enum Raw<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        if count > self.0.len() {
            return None;
        }
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(taken)
    }

    fn ended(&self) -> bool {
        self.0.is_empty()
    }

    /// The next field: its number and content.
    fn field(&mut self) -> Option<(u64, Raw<'a>)> {
        let tag = self.varint()?;
        let raw = match tag & 7 {
            0 => Raw::Number(self.varint()?),
            1 => Raw::Number(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Raw::Bytes(self.take(length)?)
            }
            5 => Raw::Number(u64::from(u32::from_le_bytes(
                self.take(4)?.try_into().ok()?,
            ))),
            _ => return None,
        };
        Some((tag >> 3, raw))
    }
}

/// Reads an object with its envelope. `None` if it is malformed or of a kind without a table.
pub(crate) fn decode(body: &[u8]) -> Option<Value> {
    let envelope = body.strip_prefix(MAGIC)?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    let mut reader = Reader(envelope);
    while !reader.ended() {
        match reader.field()? {
            (1, Raw::Bytes(types)) => {
                let mut types = Reader(types);
                while !types.ended() {
                    match types.field()? {
                        (1, Raw::Bytes(text)) => api_version = text_of(text)?,
                        (2, Raw::Bytes(text)) => kind = text_of(text)?,
                        _ => {}
                    }
                }
            }
            (2, Raw::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let (group, version) = api_version
        .split_once('/')
        .unwrap_or(("core", &api_version));
    let short = group.split('.').next().unwrap_or(group);
    let own = format!("{short}.{version}.{kind}");
    let meta = format!("meta.v1.{kind}");
    let name = [own, meta]
        .into_iter()
        .find(|n| MESSAGES.contains_key(n.as_str()))?;
    let mut object = message(&name, raw)?;
    object.insert("apiVersion".to_owned(), api_version.into());
    object.insert("kind".to_owned(), kind.into());
    Some(Value::Object(object))
}

fn text_of(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn message(name: &str, bytes: &[u8]) -> Option<Map<String, Value>> {
    let fields = MESSAGES.get(name)?;
    let mut object = Map::new();
    let mut reader = Reader(bytes);
    while !reader.ended() {
        let (number, raw) = reader.field()?;
        let Some(field) = fields.get(&number) else {
            continue;
        };
        if field.mark == Some('^') {
            let Raw::Bytes(inner) = raw else { return None };
            object.extend(message(field.ty.strip_prefix('.')?, inner)?);
            continue;
        }
        put(&mut object, field, &raw)?;
    }
    Some(object)
}

fn inside(ty: &str, open: char, close: char) -> Option<&str> {
    ty.strip_prefix(open)?.strip_suffix(close)
}

fn put(object: &mut Map<String, Value>, field: &Field, raw: &Raw<'_>) -> Option<()> {
    if let Some(item) = inside(field.ty, '[', ']') {
        let value = single(item, raw)?;
        let slot = object.entry(field.name).or_insert_with(|| json!([]));
        slot.as_array_mut()?.push(value);
        return Some(());
    }
    if let Some(item) = inside(field.ty, '{', '}') {
        let Raw::Bytes(bytes) = raw else { return None };
        let (key, value) = entry(item, bytes)?;
        let slot = object.entry(field.name).or_insert_with(|| json!({}));
        slot.as_object_mut()?.insert(key, value);
        return Some(());
    }
    let value = single(field.ty, raw)?;
    let zero = matches!(&value, Value::Null | Value::Bool(false))
        || value == 0
        || value == ""
        || (value == json!({}) && field.mark.is_none());
    if !zero || field.mark.is_some() && !value.is_null() {
        object.insert(field.name.to_owned(), value);
    }
    Some(())
}

/// One entry of a map.
fn entry(item: &str, bytes: &[u8]) -> Option<(String, Value)> {
    let (mut key, mut value) = (String::new(), None);
    let mut reader = Reader(bytes);
    while !reader.ended() {
        match reader.field()? {
            (1, Raw::Bytes(text)) => key = text_of(text)?,
            (2, raw) => value = Some(single(item, &raw)?),
            _ => {}
        }
    }
    let absent = || {
        if item == "s" || item == "y" {
            json!("")
        } else {
            json!({})
        }
    };
    Some((key, value.unwrap_or_else(absent)))
}

fn single(ty: &str, raw: &Raw<'_>) -> Option<Value> {
    Some(match (ty, raw) {
        ("i", Raw::Number(n)) => n.cast_signed().into(),
        ("b", Raw::Number(n)) => (*n != 0).into(),
        ("f", Raw::Number(n)) => f64::from_bits(*n).into(),
        ("s", Raw::Bytes(b)) => text_of(b)?.into(),
        ("y", Raw::Bytes(b)) => STANDARD.encode(b).into(),
        ("q", Raw::Bytes(b)) => part(b, 1).map_or_else(|| "0".into(), Value::from),
        ("r", Raw::Bytes(b)) => part(b, 1).and_then(|t| serde_json::from_str(&t).ok())?,
        ("x", Raw::Bytes(b)) => int_or_text(b)?,
        ("t", Raw::Bytes(b)) => time(b, "%Y-%m-%dT%H:%M:%SZ"),
        ("u", Raw::Bytes(b)) => time(b, "%Y-%m-%dT%H:%M:%S.%6fZ"),
        (ty, Raw::Bytes(b)) if ty.starts_with('.') => {
            Value::Object(message(ty.strip_prefix('.')?, b)?)
        }
        (ty, Raw::Bytes(b)) => {
            let item = inside(ty, '<', '>')?;
            let mut list = Vec::new();
            let mut reader = Reader(b);
            while !reader.ended() {
                list.push(single(item, &reader.field()?.1)?);
            }
            list.into()
        }
        (_, Raw::Number(_)) => return None,
    })
}

/// The text in one field of a small message.
fn part(bytes: &[u8], wanted: u64) -> Option<String> {
    let mut reader = Reader(bytes);
    while !reader.ended() {
        match reader.field()? {
            (number, Raw::Bytes(text)) if number == wanted => return text_of(text),
            _ => {}
        }
    }
    None
}

fn int_or_text(bytes: &[u8]) -> Option<Value> {
    let (mut text, mut number, mut kind) = (String::new(), 0, 0);
    let mut reader = Reader(bytes);
    while !reader.ended() {
        match reader.field()? {
            (1, Raw::Number(n)) => kind = n,
            (2, Raw::Number(n)) => number = n.cast_signed(),
            (3, Raw::Bytes(b)) => text = text_of(b)?,
            _ => {}
        }
    }
    Some(if kind == 1 {
        text.into()
    } else {
        number.into()
    })
}

/// A time; without content it is the zero time, which JSON writes as null.
fn time(bytes: &[u8], format: &str) -> Value {
    let (mut seconds, mut nanos) = (0_i64, 0_i32);
    let mut reader = Reader(bytes);
    while let Some((number, Raw::Number(n))) = reader.field() {
        match number {
            1 => seconds = n.cast_signed(),
            2 => nanos = i32::try_from(n).unwrap_or(0),
            _ => {}
        }
    }
    if bytes.is_empty() {
        return Value::Null;
    }
    jiff::Timestamp::new(seconds, nanos)
        .map_or(Value::Null, |at| at.strftime(format).to_string().into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, u8::try_from(bytes.len()).expect("short")];
        out.extend_from_slice(bytes);
        out
    }

    #[test]
    fn reads_a_config_map() {
        let entry = [field(1, b"key"), field(2, b"value")].concat();
        let meta = [field(1, b"one"), field(2, b""), field(8, b"")].concat();
        let object = [field(1, &meta), field(2, &entry)].concat();
        let types = [field(1, b"v1"), field(2, b"ConfigMap")].concat();
        let body = [b"k8s\0".to_vec(), field(1, &types), field(2, &object)].concat();
        let want = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "one"}, "data": {"key": "value"},
        });
        assert_eq!(super::decode(&body), Some(want));
        assert_eq!(super::decode(&body[..body.len() - 1]), None);
    }
}
