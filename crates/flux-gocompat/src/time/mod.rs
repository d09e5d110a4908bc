//! `metav1.Time` and `metav1.MicroTime`: RFC 3339 with the leniencies of Go's parser.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::duration::quote_for_time;

#[cfg(test)]
mod tests;

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
const MICRO_LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";

/// A moment that is written in whole seconds, UTC: `2024-01-02T03:04:05Z`.
///
/// It is read with any offset and fraction; the fraction is dropped, as a round trip through upstream drops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

/// A moment that is written in microseconds, UTC: `2024-01-02T03:04:05.000000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroTime(Timestamp);

/// Why a text is no RFC 3339 time; worded as Go words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseTimeError {
    /// The text stops matching the layout.
    #[error(
        "parsing time {} as {}: cannot parse {} as {}",
        quote_for_time(text),
        quote_for_time(layout),
        quote_for_time(rest),
        quote_for_time(element)
    )]
    Layout {
        /// The whole text.
        text: String,
        /// The layout it was read with.
        layout: &'static str,
        /// What was left of it where it stopped matching.
        rest: String,
        /// The element of the layout that was wanted there.
        element: &'static str,
    },
    /// A field has the right shape and no such value exists.
    #[error("parsing time {}: {field} out of range", quote_for_time(text))]
    OutOfRange {
        /// The whole text.
        text: String,
        /// `month`, `day`, `hour`, `minute`, `second` or `time zone offset ...`.
        field: &'static str,
    },
    /// Something follows the time.
    #[error(
        "parsing time {}: extra text: {}",
        quote_for_time(text),
        quote_for_time(rest)
    )]
    ExtraText {
        /// The whole text.
        text: String,
        /// What follows.
        rest: String,
    },
}

impl Time {
    /// Drops the fraction of the second.
    pub fn new(moment: Timestamp) -> Self {
        // Dropping downwards, as formatting does; every whole second within the range is itself in range.
        let second = moment.as_nanosecond().div_euclid(1_000_000_000);
        let whole = i64::try_from(second)
            .ok()
            .and_then(|s| Timestamp::from_second(s).ok());
        Self(whole.unwrap_or(moment))
    }

    /// The moment.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl MicroTime {
    /// Drops what is finer than a microsecond.
    pub fn new(moment: Timestamp) -> Self {
        let micros = moment.as_nanosecond().div_euclid(1_000);
        let whole = i64::try_from(micros)
            .ok()
            .and_then(|m| Timestamp::from_microsecond(m).ok());
        Self(whole.unwrap_or(moment))
    }

    /// The moment.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%S.%6fZ"))
    }
}

impl FromStr for Time {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_rfc3339(text, LAYOUT).map(Self::new)
    }
}

impl FromStr for MicroTime {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_rfc3339(text, MICRO_LAYOUT).map(Self::new)
    }
}

macro_rules! wire_as_text {
    ($kind:ty) => {
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl From<Timestamp> for $kind {
            fn from(moment: Timestamp) -> Self {
                Self::new(moment)
            }
        }
    };
}

wire_as_text!(Time);
wire_as_text!(MicroTime);

/// Reads a time as Go's `time.Parse(time.RFC3339, text)`, keeping nanoseconds.
pub fn parse(text: &str) -> Result<Timestamp, ParseTimeError> {
    parse_rfc3339(text, LAYOUT)
}

struct Cursor<'a> {
    text: &'a str,
    rest: &'a str,
    layout: &'static str,
}

impl Cursor<'_> {
    fn fail<T>(&self, element: &'static str) -> Result<T, ParseTimeError> {
        Err(ParseTimeError::Layout {
            text: self.text.to_owned(),
            layout: self.layout,
            rest: self.rest.to_owned(),
            element,
        })
    }

    fn range<T>(&self, field: &'static str) -> Result<T, ParseTimeError> {
        Err(ParseTimeError::OutOfRange {
            text: self.text.to_owned(),
            field,
        })
    }

    fn literal(&mut self, element: &'static str) -> Result<(), ParseTimeError> {
        match self.rest.strip_prefix(element) {
            Some(after) => {
                self.rest = after;
                Ok(())
            }
            None => self.fail(element),
        }
    }

    /// Between `least` and `most` digits, as many as there are.
    fn digits(
        &mut self,
        least: usize,
        most: usize,
        element: &'static str,
    ) -> Result<i32, ParseTimeError> {
        let count = self
            .rest
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        if count < least {
            return self.fail(element);
        }
        let (digits, after) = self.rest.split_at(count);
        self.rest = after;
        Ok(digits
            .bytes()
            .fold(0, |value, digit| value * 10 + i32::from(digit - b'0')))
    }

    /// An optional fraction of a second, in nanoseconds.
    fn fraction(&mut self) -> i32 {
        // Parity: Go also takes a comma, and drops digits beyond the ninth.
        let Some(digits) = self.rest.strip_prefix(['.', ',']) else {
            return 0;
        };
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return 0;
        }
        let nanos = digits
            .bytes()
            .take(count)
            .chain(std::iter::repeat(b'0'))
            .take(9)
            .fold(0, |value, digit| value * 10 + i32::from(digit - b'0'));
        self.rest = &digits[count..];
        nanos
    }

    /// `Z` or `+hh:mm`, in seconds east of UTC.
    fn offset(&mut self) -> Result<i32, ParseTimeError> {
        const ELEMENT: &str = "Z07:00";
        if let Some(after) = self.rest.strip_prefix('Z') {
            self.rest = after;
            return Ok(0);
        }
        let bytes = self.rest.as_bytes();
        let shaped = bytes.len() >= 6
            && matches!(bytes[0], b'+' | b'-')
            && bytes[3] == b':'
            && [1, 2, 4, 5].iter().all(|i| bytes[*i].is_ascii_digit());
        if !shaped {
            return self.fail(ELEMENT);
        }
        let number = |at: usize| i32::from(bytes[at] - b'0') * 10 + i32::from(bytes[at + 1] - b'0');
        let (hours, minutes, negative) = (number(1), number(4), bytes[0] == b'-');
        if hours > 24 {
            return self.range("time zone offset hour");
        }
        if minutes > 60 {
            return self.range("time zone offset minute");
        }
        self.rest = &self.rest[6..];
        let seconds = hours * 3600 + minutes * 60;
        Ok(if negative { -seconds } else { seconds })
    }
}

fn parse_rfc3339(text: &str, layout: &'static str) -> Result<Timestamp, ParseTimeError> {
    let mut at = Cursor {
        text,
        rest: text,
        layout,
    };
    let year = at.digits(4, 4, "2006")?;
    at.literal("-")?;
    let month = at.digits(2, 2, "01")?;
    if !(1..=12).contains(&month) {
        return at.range("month");
    }
    at.literal("-")?;
    let day = at.digits(2, 2, "02")?;
    at.literal("T")?;
    // Parity: Go takes an hour of one digit.
    let hour = at.digits(1, 2, "15")?;
    if hour > 23 {
        return at.range("hour");
    }
    at.literal(":")?;
    let minute = at.digits(2, 2, "04")?;
    if minute > 59 {
        return at.range("minute");
    }
    at.literal(":")?;
    let second = at.digits(2, 2, "05")?;
    if second > 59 {
        return at.range("second");
    }
    let nanos = at.fraction();
    let offset = at.offset()?;
    if !at.rest.is_empty() {
        return Err(ParseTimeError::ExtraText {
            text: text.to_owned(),
            rest: at.rest.to_owned(),
        });
    }
    let narrow = |value: i32| i8::try_from(value).unwrap_or_default();
    let moment = i16::try_from(year)
        .ok()
        .and_then(|year| Date::new(year, narrow(month), narrow(day)).ok())
        .map(|date| date.at(narrow(hour), narrow(minute), narrow(second), nanos))
        .and_then(|civil| Offset::UTC.to_timestamp(civil).ok())
        .and_then(|utc| {
            utc.checked_sub(jiff::SignedDuration::from_secs(offset.into()))
                .ok()
        });
    moment.map_or_else(|| at.range("day"), Ok)
}
