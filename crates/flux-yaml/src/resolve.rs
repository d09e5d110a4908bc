//! Which type a plain scalar has.

use crate::compose::Rules;
use crate::node::Tag;
use crate::number::{parse_float, parse_int};

/// A scalar as a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Timestamp,
    Merge,
    Str,
}

impl Value {
    /// A whole number as a float, as precise as a float can be.
    #[expect(
        clippy::cast_precision_loss,
        reason = "what a float tag on a long number asks for"
    )]
    pub(crate) fn to_float(&self) -> Self {
        match self {
            Self::Int(value) => Self::Float(*value as f64),
            Self::Uint(value) => Self::Float(*value as f64),
            other => other.clone(),
        }
    }

    pub(crate) fn tag(&self) -> Tag {
        match self {
            Self::Null => Tag::Null,
            Self::Bool(_) => Tag::Bool,
            Self::Int(_) | Self::Uint(_) => Tag::Int,
            Self::Float(_) => Tag::Float,
            Self::Timestamp => Tag::Timestamp,
            Self::Merge => Tag::Merge,
            Self::Str => Tag::Str,
        }
    }
}

/// Resolves a plain scalar as go-yaml does; the first byte decides what is tried at all.
pub(crate) fn resolve(text: &str, rules: Rules) -> Value {
    let Some(first) = text.bytes().next() else {
        return Value::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' => word(text, rules).unwrap_or_else(|| number(text)),
        b'.' => word(text, rules)
            .or_else(|| parse_float(text).map(Value::Float))
            .unwrap_or(Value::Str),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text, rules).unwrap_or(Value::Str)
        }
        b'<' if text == "<<" => Value::Merge,
        _ => Value::Str,
    }
}

fn word(text: &str, rules: Rules) -> Option<Value> {
    Some(match text {
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        "~" | "null" | "Null" | "NULL" => Value::Null,
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ if rules == Rules::Yaml11 => Value::Bool(old_bool(text)?),
        _ => return None,
    })
}

/// The truth words of YAML 1.1.
pub(crate) fn old_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Value {
    if is_timestamp(text) {
        return Value::Timestamp;
    }
    let without_marks;
    let plain = if text.contains('_') {
        without_marks = text.replace('_', "");
        without_marks.as_str()
    } else {
        text
    };
    if let Some(value) = parse_int(plain) {
        return value;
    }
    if is_float_shape(plain)
        && let Some(value) = parse_float(plain)
    {
        return Value::Float(value);
    }
    Value::Str
}

/// `[-+]? ( '.' digits | digits ( '.' digits* )? ) ( [eE] [-+]? digits )?`
fn is_float_shape(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut tail = &rest[whole..];
    if let Some(after) = tail.strip_prefix('.') {
        let fraction = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if whole == 0 && fraction == 0 {
            return false;
        }
        tail = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    if tail.is_empty() {
        return true;
    }
    let Some(exponent) = tail.strip_prefix(['e', 'E']) else {
        return false;
    };
    let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether the text is one of the date forms that go-yaml reads as a time.
pub(crate) fn is_timestamp(text: &str) -> bool {
    timestamp_parts(text).is_some()
}

/// The RFC 3339 form of a date or time, as Go prints a `time.Time` in JSON.
pub(crate) fn timestamp_text(text: &str) -> Option<String> {
    let parts = timestamp_parts(text)?;
    let Parts {
        date: (y, mo, d),
        time: (h, mi, s),
        fraction,
        offset_minutes,
    } = parts;
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() {
        String::new()
    } else {
        format!(".{}", &fraction[..fraction.len().min(9)])
    };
    let zone = if offset_minutes == 0 {
        "Z".to_owned()
    } else {
        let sign = if offset_minutes < 0 { '-' } else { '+' };
        let minutes = offset_minutes.abs();
        format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    };
    Some(format!(
        "{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}{fraction}{zone}"
    ))
}

struct Parts<'a> {
    date: (u32, u32, u32),
    time: (u32, u32, u32),
    fraction: &'a str,
    offset_minutes: i32,
}

/// `YYYY-M-D`, or with a time: `YYYY-M-D[Tt ]H:M:S[.f][zone]`; a blank as divider takes a zone only after a blank.
fn timestamp_parts(text: &str) -> Option<Parts<'_>> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return None;
    }
    let year: u32 = text[..4].parse().ok()?;
    let (month, rest) = short_number(&text[5..])?;
    let (day, rest) = short_number(rest.strip_prefix('-')?)?;
    if !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return None;
    }
    let date = (year, month, day);
    if rest.is_empty() {
        return Some(Parts {
            date,
            time: (0, 0, 0),
            fraction: "",
            offset_minutes: 0,
        });
    }
    let blank = rest.starts_with(' ');
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (hour, rest) = short_number(rest)?;
    let (minute, rest) = short_number(rest.strip_prefix(':')?)?;
    let (second, rest) = short_number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => {
            let len = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if len == 0 {
                return None;
            }
            after.split_at(len)
        }
        None => ("", rest),
    };
    // Parity: the four layouts that go-yaml accepts; a zone is needed after `T`, and refused after a blank.
    let offset_minutes = match (blank, rest) {
        (true, "") => 0,
        (false, "") | (true, _) => return None,
        (false, zone) => zone_minutes(zone)?,
    };
    Some(Parts {
        date,
        time: (hour, minute, second),
        fraction,
        offset_minutes,
    })
}

fn zone_minutes(zone: &str) -> Option<i32> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let rest = zone.strip_prefix(['-', '+'])?;
    let bytes = rest.as_bytes();
    if bytes.len() != 5 || bytes[2] != b':' {
        return None;
    }
    let hours: i32 = rest[..2].parse().ok()?;
    let minutes: i32 = rest[3..].parse().ok()?;
    (hours <= 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn short_number(text: &str) -> Option<(u32, &str)> {
    let len = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if len == 0 {
        return None;
    }
    Some((text[..len].parse().ok()?, &text[len..]))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// Whether a string, written plain, would be read back as something else by a YAML 1.1 reader.
pub(crate) fn needs_quotes(text: &str) -> bool {
    !matches!(resolve(text, Rules::Yaml11), Value::Str | Value::Merge) || is_base60(text)
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base60(text: &str) -> bool {
    let Some(first) = text.bytes().next() else {
        return false;
    };
    if !(first == b'+' || first == b'-' || first.is_ascii_digit()) || !text.contains(':') {
        return false;
    }
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return false;
    }
    let mut groups = whole.split(':');
    let head = groups.next().unwrap_or_default();
    head.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && head.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && groups.all(|group| match group.as_bytes() {
            [a] => a.is_ascii_digit(),
            [a, b] => (b'0'..=b'5').contains(a) && b.is_ascii_digit(),
            _ => false,
        })
}
