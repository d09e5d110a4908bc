//! Numbers as Go reads and prints them.

use crate::resolve::Value;

/// An integer in any of Go's notations (`0x`, `0b`, `0o`, leading `0`), without digit separators.
pub(crate) fn parse_int(text: &str) -> Option<Value> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = match rest.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &rest[2..]),
        [b'0', b'b' | b'B', ..] => (2, &rest[2..]),
        [b'0', b'o' | b'O', ..] => (8, &rest[2..]),
        [b'0', _, ..] => (8, &rest[1..]),
        _ => (10, rest),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    if negative {
        return (magnitude <= 1 << 63).then(|| Value::Int(magnitude.cast_signed().wrapping_neg()));
    }
    Some(match i64::try_from(magnitude) {
        Ok(value) => Value::Int(value),
        // Parity: Go's ParseUint refuses a sign, so `+18446744073709551615` becomes a float.
        Err(_) if text.starts_with('+') => return None,
        Err(_) => Value::Uint(magnitude),
    })
}

/// A decimal float; `None` where Go reports an error, which includes values out of range.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let shape = text
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if !shape {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// A float as the YAML writer spells it.
pub(crate) fn float_text(value: f64) -> String {
    if value.is_nan() {
        ".nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+.inf" } else { "-.inf" }.to_owned()
    } else {
        flux_gocompat::number::format_float(value)
    }
}

/// The text of a finite float as Go's `encoding/json` prints it.
pub(crate) fn float_json_text(value: f64) -> String {
    flux_gocompat::number::format_float_json(value).unwrap_or_else(|| float_text(value))
}

/// A float of 32 bits with the digits that such a float needs, in Go's short form.
pub(crate) fn float32_text(value: f32) -> String {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
