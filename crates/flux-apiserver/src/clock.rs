//! The clock and the dice of the server: timestamps, UIDs, name suffixes.

use std::time::Duration;

use rand::Rng;

use crate::schema::human_duration;

/// Now, in the form of `metav1.Time`: whole seconds, UTC.
pub(crate) fn now() -> String {
    format(jiff::Timestamp::now())
}

/// Now plus some seconds, as `metav1.Time`.
pub(crate) fn after(seconds: i64) -> String {
    let now = jiff::Timestamp::now();
    format(
        now.checked_add(jiff::SignedDuration::from_secs(seconds))
            .unwrap_or(now),
    )
}

/// Now.
pub(crate) fn timestamp() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Seconds since 1970.
pub(crate) fn unix() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn format(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How long ago a `metav1.Time` was, spelled as kubectl spells ages (`5m3s`, `2d4h`).
pub(crate) fn age(text: &str) -> String {
    let Ok(then) = text.parse::<jiff::Timestamp>() else {
        return "<unknown>".to_owned();
    };
    human_duration(jiff::Timestamp::now().as_second() - then.as_second())
}

/// A random UUID, version 4.
pub(crate) fn uid() -> String {
    let mut bytes: [u8; 16] = rand::rng().random();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let h = hex::encode(bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &h[..8],
        &h[8..12],
        &h[12..16],
        &h[16..20],
        &h[20..]
    )
}

/// Random characters that upstream uses for generated names.
pub(crate) fn suffix(length: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]))
        .collect()
}

/// A secret token, 32 random bytes in hexadecimal.
pub(crate) fn secret() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    hex::encode(bytes)
}

/// A Go duration of the plain kind (`1.5s`, `200ms`, `2m`), as used in `simulate.*` annotations.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, scale) = if let Some(n) = text.strip_suffix("ms") {
        (n, 0.001)
    } else if let Some(n) = text.strip_suffix('s') {
        (n, 1.0)
    } else if let Some(n) = text.strip_suffix('m') {
        (n, 60.0)
    } else {
        (text, 1.0)
    };
    let seconds: f64 = number.parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds * scale))
}
