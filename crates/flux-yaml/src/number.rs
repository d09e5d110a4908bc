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

/// Go's `FormatFloat(f, 'g', -1, 64)`, the form the YAML writer uses.
pub fn float_text(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+.inf" } else { "-.inf" }.to_owned();
    }
    let (digits, exponent, sign) = shortest(value);
    if !(-4..6).contains(&exponent) {
        return scientific(&digits, exponent, sign, 2);
    }
    positional(&digits, exponent, sign)
}

/// The text of a float as Go's `encoding/json` prints it.
pub fn float_json_text(value: f64) -> String {
    let (digits, exponent, sign) = shortest(value);
    if value != 0.0 && !(1e-6..1e21).contains(&value.abs()) {
        return scientific(&digits, exponent, sign, 1);
    }
    positional(&digits, exponent, sign)
}

/// Shortest digits that read back, the decimal exponent of the first, and the sign.
fn shortest(value: f64) -> (String, i32, &'static str) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    (digits, exponent.parse().unwrap_or(0), sign)
}

fn scientific(digits: &str, exponent: i32, sign: &str, exponent_digits: usize) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!(
        "{sign}{first}{point}{rest}e{exponent_sign}{:0exponent_digits$}",
        exponent.abs()
    )
}

fn positional(digits: &str, exponent: i32, sign: &str) -> String {
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    if digits.len() <= whole {
        let zeros = "0".repeat(whole - digits.len());
        return format!("{sign}{digits}{zeros}");
    }
    format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
}

/// Go's `FormatFloat(f, 'g', -1, 32)`.
pub(crate) fn float32_text(value: f32) -> String {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if (-4..6).contains(&exponent) {
        positional(&digits, exponent, sign)
    } else {
        scientific(&digits, exponent, sign, 2)
    }
}
