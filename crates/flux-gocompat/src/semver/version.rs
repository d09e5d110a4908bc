//! A version: three readers and an order.

use std::cmp::Ordering;
use std::fmt;

use crate::quote::quote;

/// The longest text that is read, in bytes.
const MOST_BYTES: usize = 256;

/// A semantic version. Display is canonical, without a leading `v`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version {
    /// The first number.
    pub major: u64,
    /// The second number; zero where the text had none.
    pub minor: u64,
    /// The third number; zero where the text had none.
    pub patch: u64,
    /// What follows `-`; empty for a release.
    pub prerelease: String,
    /// What follows `+`; without meaning for the order.
    pub metadata: String,
    /// The text that was read.
    pub original: String,
}

/// Why a text is no version; the texts are the library's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Nothing to read.
    #[error("version string empty")]
    Empty,
    /// More than 256 bytes.
    #[error("version string is too long (max {MOST_BYTES} bytes)")]
    TooLong,
    /// Not of the form of a version.
    #[error("invalid semantic version")]
    Invalid,
    /// A number with other characters.
    #[error("invalid characters in version")]
    InvalidCharacters,
    /// A number that begins with zero.
    #[error("version segment starts with 0")]
    SegmentStartsZero,
    /// What follows `+` is malformed.
    #[error("invalid metadata string")]
    InvalidMetadata,
    /// What follows `-` is malformed.
    #[error("invalid prerelease string")]
    InvalidPrerelease,
    /// A number that is none, or too large.
    #[error("{context}strconv.ParseUint: parsing {}: {what}", quote(text))]
    Number {
        /// What the reader says before it.
        context: &'static str,
        /// The text of the number.
        text: String,
        /// `invalid syntax` or `value out of range`.
        what: &'static str,
    },
}

impl Version {
    /// Reads a version as Flux does: three parts, a leading `v` and leading zeros allowed.
    ///
    /// # Errors
    /// When the text is no version.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if text.splitn(3, '.').count() != 3 {
            return Err(VersionError::Invalid);
        }
        Self::parse_loose(text)
    }

    /// Reads `v1`, `1.2` and `01.2.3`, too.
    ///
    /// # Errors
    /// When the text is no version.
    pub fn parse_loose(text: &str) -> Result<Self, VersionError> {
        if text.len() > MOST_BYTES {
            return Err(VersionError::TooLong);
        }
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, metadata) = split_tail(rest, '+');
        let (core, prerelease) = split_tail(rest, '-');
        let parts: Vec<&str> = core.split('.').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let is_tail = |tail: Option<&str>| {
            tail.is_none_or(|tail| {
                tail.split('.')
                    .all(|part| !part.is_empty() && is_allowed(part))
            })
        };
        if parts.len() > 3
            || !parts.iter().all(is_number)
            || !is_tail(prerelease)
            || !is_tail(metadata)
        {
            return Err(VersionError::Invalid);
        }
        let number = |index: usize| {
            let context = "error parsing version segment: ";
            parts
                .get(index)
                .map_or(Ok(0), |part| parse_number(part, context))
        };
        let version = Self {
            major: number(0)?,
            minor: number(1)?,
            patch: number(2)?,
            prerelease: prerelease.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        };
        if !version.prerelease.is_empty() {
            check_prerelease(&version.prerelease)?;
        }
        Ok(version)
    }

    /// Reads what the specification allows and nothing else.
    ///
    /// # Errors
    /// When the text is no version.
    pub fn parse_strict(text: &str) -> Result<Self, VersionError> {
        if text.is_empty() {
            return Err(VersionError::Empty);
        }
        if text.len() > MOST_BYTES {
            return Err(VersionError::TooLong);
        }
        let mut parts: Vec<&str> = text.splitn(3, '.').collect();
        let [_, _, last] = parts.as_mut_slice() else {
            return Err(VersionError::Invalid);
        };
        let (rest, metadata) = split_tail(last, '+');
        if let Some(metadata) = metadata
            && !metadata
                .split('.')
                .all(|part| !part.is_empty() && is_allowed(part))
        {
            return Err(VersionError::InvalidMetadata);
        }
        let (rest, prerelease) = split_tail(rest, '-');
        if let Some(prerelease) = prerelease {
            check_prerelease(prerelease)?;
        }
        *last = rest;
        for part in &parts {
            if !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(VersionError::InvalidCharacters);
            }
            if part.len() > 1 && part.starts_with('0') {
                return Err(VersionError::SegmentStartsZero);
            }
        }
        Ok(Self {
            major: parse_number(parts[0], "")?,
            minor: parse_number(parts[1], "")?,
            patch: parse_number(parts[2], "")?,
            prerelease: prerelease.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// The order of precedence, in which metadata has no part.
    pub fn precedence(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self)
            .cmp(&numbers(other))
            .then_with(|| compare_prerelease(&self.prerelease, &other.prerelease))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn split_tail(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((head, tail)) => (head, Some(tail)),
        None => (text, None),
    }
}

fn is_allowed(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn check_prerelease(prerelease: &str) -> Result<(), VersionError> {
    for part in prerelease.split('.') {
        if part.is_empty() || !is_allowed(part) {
            return Err(VersionError::InvalidPrerelease);
        }
        let is_number = part.bytes().all(|b| b.is_ascii_digit());
        if is_number && part.len() > 1 && part.starts_with('0') {
            return Err(VersionError::SegmentStartsZero);
        }
    }
    Ok(())
}

fn parse_number(text: &str, context: &'static str) -> Result<u64, VersionError> {
    text.parse().map_err(|_| VersionError::Number {
        context,
        text: text.to_owned(),
        what: if text.is_empty() {
            "invalid syntax"
        } else {
            "value out of range"
        },
    })
}

/// A release comes after its prereleases.
pub(super) fn compare_prerelease(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => compare_parts(a, b),
    }
}

/// Part by part: numbers by value and before texts, and fewer parts first.
pub(super) fn compare_parts(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let (a, b) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => (a.unwrap_or_default(), b.unwrap_or_default()),
        };
        let order = match (a.parse::<u64>(), b.parse::<u64>()) {
            _ if a == b => Ordering::Equal,
            _ if a.is_empty() => Ordering::Less,
            _ if b.is_empty() => Ordering::Greater,
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
}
