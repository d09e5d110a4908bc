//! Go's `time.Duration` text form, which `metav1.Duration` uses on the wire.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(test)]
mod tests;

const NANOSECOND: u64 = 1;
const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// The magnitude of the smallest duration; one more than that of the largest.
const LIMIT: u64 = 1 << 63;

/// A signed span of nanoseconds that reads and prints as Go's `time.Duration` (COM-API-016).
///
/// On the wire it is a string such as `1m30s`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

/// Why a text is no duration. The texts are Go's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseDurationError {
    /// Empty, not a number, or out of range.
    #[error("time: invalid duration {}", go_time_quote(.0))]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {}", go_time_quote(.0))]
    MissingUnit(String),
    /// A number with a unit that is none of `ns us µs ms s m h`.
    #[error("time: unknown unit {} in duration {}", go_time_quote(.unit), go_time_quote(.text))]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
}

impl GoDuration {
    /// No time at all; prints as `0s`.
    pub const ZERO: Self = Self(0);

    /// From nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole milliseconds, saturating.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// From whole seconds, saturating.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Seconds, as Go's `Seconds()`.
    #[expect(
        clippy::cast_precision_loss,
        reason = "Go adds whole seconds and the fraction the same way"
    )]
    pub fn as_secs_f64(self) -> f64 {
        (self.0 / 1_000_000_000) as f64 + (self.0 % 1_000_000_000) as f64 / 1e9
    }

    /// As a span of the standard library; nothing where negative.
    pub fn to_std(self) -> Option<Duration> {
        u64::try_from(self.0).ok().map(Duration::from_nanos)
    }

    /// As a span of the standard library, with negative spans taken as zero.
    pub fn to_std_or_zero(self) -> Duration {
        self.to_std().unwrap_or_default()
    }

    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The age column of `kubectl get`: at most two units, coarser with age (`119s`, `2m5s`, `3h`, `2d4h`, `1y`).
    pub fn human(self) -> String {
        let pair = |large: i64, unit: char, small: i64, small_unit: char| match small {
            0 => format!("{large}{unit}"),
            _ => format!("{large}{unit}{small}{small_unit}"),
        };
        let seconds = self.0 / 1_000_000_000;
        let (minutes, hours) = (seconds / 60, seconds / 3600);
        let days = hours / 24;
        match hours {
            _ if seconds < -1 => "<invalid>".to_owned(),
            _ if seconds < 0 => "0s".to_owned(),
            _ if seconds < 120 => format!("{seconds}s"),
            _ if minutes < 10 => pair(minutes, 'm', seconds % 60, 's'),
            _ if minutes < 180 => format!("{minutes}m"),
            ..8 => pair(hours, 'h', minutes % 60, 'm'),
            8..48 => format!("{hours}h"),
            48..192 => pair(days, 'd', hours % 24, 'h'),
            192..17_520 => format!("{days}d"),
            17_520..70_080 => pair(days / 365, 'y', days % 365, 'd'),
            _ => format!("{}y", days / 365),
        }
    }

    /// Rounds toward zero to a multiple of `unit`, as Go's `Truncate`.
    #[must_use]
    pub const fn truncate(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        Self(self.0 - self.0 % unit.0)
    }

    /// Rounds to the nearest multiple of `unit`, halves away from zero, as Go's `Round`.
    #[must_use]
    pub const fn round(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        let rest = self.0 % unit.0;
        let down = self.0 - rest;
        if rest.unsigned_abs() < unit.0.unsigned_abs().div_ceil(2) {
            Self(down)
        } else if self.0 < 0 {
            Self(down.saturating_sub(unit.0))
        } else {
            Self(down.saturating_add(unit.0))
        }
    }
}

impl From<Duration> for GoDuration {
    /// Spans beyond 292 years become the longest one.
    fn from(span: Duration) -> Self {
        Self(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl FromStr for GoDuration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || ParseDurationError::Invalid(text.to_owned());
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (nanos, after) = parse_part(text, rest)?;
            total = total
                .checked_add(nanos)
                .filter(|t| *t <= LIMIT)
                .ok_or_else(invalid)?;
            rest = after;
        }
        if negative {
            return Ok(Self(0_i64.wrapping_sub_unsigned(total)));
        }
        i64::try_from(total).map(Self).map_err(|_| invalid())
    }
}

/// Reads one number with its unit from the front of `rest`: its nanoseconds and what follows.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go computes the fraction in floating point and truncates"
)]
fn parse_part<'a>(text: &str, rest: &'a str) -> Result<(u64, &'a str), ParseDurationError> {
    let invalid = || ParseDurationError::Invalid(text.to_owned());
    let (whole, mut after) = split_digits(rest);
    let value = leading_int(whole).ok_or_else(invalid)?;
    let (mut fraction, mut scale, mut has_fraction) = (0, 1.0, false);
    if let Some(dotted) = after.strip_prefix('.') {
        let (digits, tail) = split_digits(dotted);
        (fraction, scale) = leading_fraction(digits);
        has_fraction = !digits.is_empty();
        after = tail;
    }
    if whole.is_empty() && !has_fraction {
        return Err(invalid());
    }
    let end = after
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(after.len());
    let (name, after) = after.split_at(end);
    if name.is_empty() {
        return Err(ParseDurationError::MissingUnit(text.to_owned()));
    }
    let unit = unit_nanos(name).ok_or_else(|| ParseDurationError::UnknownUnit {
        unit: name.to_owned(),
        text: text.to_owned(),
    })?;
    if value > LIMIT / unit {
        return Err(invalid());
    }
    let mut nanos = value * unit;
    if fraction > 0 {
        nanos += (fraction as f64 * (unit as f64 / scale)) as u64;
        if nanos > LIMIT {
            return Err(invalid());
        }
    }
    Ok((nanos, after))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn leading_int(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0_u64, |value, digit| {
        let next = value
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
        (next <= LIMIT).then_some(next)
    })
}

/// Digits that no longer fit are dropped, as in Go.
fn leading_fraction(digits: &str) -> (u64, f64) {
    let (mut value, mut scale) = (0_u64, 1.0);
    for digit in digits.bytes() {
        if value > (LIMIT - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value, scale)
}

fn unit_nanos(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => NANOSECOND,
        // The micro sign and the Greek letter mu.
        "us" | "\u{b5}s" | "\u{3bc}s" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..MICROSECOND => write!(f, "{nanos}ns"),
            MICROSECOND..MILLISECOND => write_unit(f, nanos, MICROSECOND, "\u{b5}s"),
            MILLISECOND..SECOND => write_unit(f, nanos, MILLISECOND, "ms"),
            _ => {
                if nanos >= HOUR {
                    write!(f, "{}h", nanos / HOUR)?;
                }
                if nanos >= MINUTE {
                    write!(f, "{}m", nanos % HOUR / MINUTE)?;
                }
                write_unit(f, nanos % MINUTE, SECOND, "s")
            }
        }
    }
}

fn write_unit(f: &mut fmt::Formatter<'_>, nanos: u64, unit: u64, name: &str) -> fmt::Result {
    write!(f, "{}", nanos / unit)?;
    let fraction = nanos % unit;
    if fraction > 0 {
        let width = unit.ilog10() as usize;
        let digits = format!("{fraction:0width$}");
        write!(f, ".{}", digits.trim_end_matches('0'))?;
    }
    f.write_str(name)
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Quotes as Go's `time` package does, which spells every byte outside printable ASCII as `\x..`.
fn go_time_quote(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            ' '..='\u{7f}' => out.push(c),
            _ => {
                let mut buffer = [0; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\x{byte:02x}");
                }
            }
        }
    }
    out.push('"');
    out
}

/// Go's `time` package quotes timestamps in its errors in the same way.
pub(crate) fn quote_for_time(text: &str) -> String {
    go_time_quote(text)
}
