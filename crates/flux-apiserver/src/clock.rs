//! The clock and the dice of the server: timestamps, UIDs, name suffixes.

use std::time::Duration;

use rand::Rng;

/// Now, in the form of `metav1.Time`: whole seconds, UTC.
pub(crate) fn now() -> String {
    format(jiff::Timestamp::now())
}

/// Now plus some seconds, as `metav1.Time`.
pub(crate) fn after(seconds: i64) -> String {
    let now = jiff::Timestamp::now();
    format(now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(now))
}

/// Seconds since 1970.
pub(crate) fn unix() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Now with microseconds, as `metav1.MicroTime`.
pub(crate) fn now_micro() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn format(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How long ago a `metav1.Time` was, spelled as kubectl spells ages (`5m3s`, `2d4h`).
pub(crate) fn age(text: &str) -> String {
    let Ok(then) = text.parse::<jiff::Timestamp>() else { return "<unknown>".to_owned() };
    human(jiff::Timestamp::now().as_second() - then.as_second())
}

/// Seconds as `duration.HumanDuration` of apimachinery spells them.
pub(crate) fn human(seconds: i64) -> String {
    if seconds < -1 {
        return "<invalid>".to_owned();
    }
    let s = seconds.max(0);
    let (m, h, d) = (s / 60, s / 3600, s / 86_400);
    if s < 120 {
        return format!("{s}s");
    }
    if m < 10 {
        return if s % 60 == 0 { format!("{m}m") } else { format!("{m}m{}s", s % 60) };
    }
    if m < 180 {
        return format!("{m}m");
    }
    if h < 8 {
        return if m % 60 == 0 { format!("{h}h") } else { format!("{h}h{}m", m % 60) };
    }
    if h < 48 {
        return format!("{h}h");
    }
    if h < 192 {
        return if h % 24 == 0 { format!("{d}d") } else { format!("{d}d{}h", h % 24) };
    }
    if h < 24 * 365 * 2 {
        return format!("{d}d");
    }
    if h < 24 * 365 * 8 {
        let rest = d % 365;
        return if rest == 0 { format!("{}y", d / 365) } else { format!("{}y{rest}d", d / 365) };
    }
    format!("{}y", d / 365)
}

/// A random UUID, version 4.
pub(crate) fn uid() -> String {
    let mut bytes: [u8; 16] = rand::rng().random();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let h = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

/// Random characters that upstream uses for generated names.
pub(crate) fn suffix(length: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
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
