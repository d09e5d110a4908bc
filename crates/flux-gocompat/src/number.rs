//! Go's text of floating point numbers.

/// Prints a float as Go's `%v` and `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits that read
/// back, with an exponent below -4 and from 6 up.
pub fn format_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (mantissa, exponent) = scientific(value);
    if (-4..=5).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Prints a float as `encoding/json` does: an exponent below 1e-6 and from 1e21 up. Nothing for NaN and infinities.
pub fn format_float_json(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let (mantissa, exponent) = scientific(value);
    if value == 0.0 || (-6..=20).contains(&exponent) {
        return Some(format!("{value}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    // Parity: a negative exponent of one digit loses its leading zero; a positive one never has a single digit.
    Some(format!("{mantissa}e{sign}{}", exponent.abs()))
}

fn scientific(value: f64) -> (String, i32) {
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa.to_owned(), exponent.parse().unwrap_or(0)),
        None => (text, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::{format_float, format_float_json};

    #[test]
    fn prints_as_go() {
        for (input, want) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (1.5, "1.5"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
            (123_456_789.0, "1.23456789e+08"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.25e-7, "1.25e-07"),
            (1e100, "1e+100"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(format_float(input), want);
        }
    }

    #[test]
    fn prints_as_go_json() {
        for (input, want) in [
            (1e20, Some("100000000000000000000")),
            (1e21, Some("1e+21")),
            (0.000_001, Some("0.000001")),
            (0.000_000_1, Some("1e-7")),
            (1e-10, Some("1e-10")),
            (f64::NAN, None),
        ] {
            assert_eq!(format_float_json(input).as_deref(), want);
        }
    }
}
