//! A template and variables to bytes.

use crate::parse::{Expression, Node};
use crate::{Error, Options, Variables, glob};

pub(crate) fn eval(
    nodes: &[Node],
    variables: &dyn Variables,
    options: Options,
) -> Result<Vec<u8>, Error> {
    let scope = Scope { variables, options };
    let mut out = Vec::new();
    for node in nodes {
        scope.node(node, &mut out)?;
    }
    Ok(out)
}

struct Scope<'a> {
    variables: &'a dyn Variables,
    options: Options,
}

impl Scope<'_> {
    fn node(&self, node: &Node, out: &mut Vec<u8>) -> Result<(), Error> {
        match node {
            Node::Text(text) => out.extend_from_slice(text.as_bytes()),
            Node::Expression(expression) => out.extend(self.expression(expression)?),
        }
        Ok(())
    }

    fn expression(&self, expression: &Expression) -> Result<Vec<u8>, Error> {
        let mut words = Vec::with_capacity(expression.words.len());
        for word in &expression.words {
            let mut value = Vec::new();
            self.node(word, &mut value)?;
            words.push(value);
        }
        let operator = expression.operator.as_str();
        let value = self.variables.get(&expression.name);
        let has_default = matches!(operator, "=" | ":-" | ":+" | ":=" | ":?");
        if value.is_none() && self.options.strict && !has_default {
            return Err(Error::NotSet(expression.name.clone()));
        }
        operate(operator, value.as_deref().unwrap_or_default(), &words)
    }
}

fn operate(operator: &str, value: &str, words: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let bytes = value.as_bytes();
    let word = |index: usize| words.get(index).map_or(&[][..], Vec::as_slice);
    Ok(match operator {
        "," => change_first(value, to_lower),
        ",," => value.chars().map(to_lower).collect::<String>().into_bytes(),
        "^" => change_first(value, to_upper),
        "^^" => value.chars().map(to_upper).collect::<String>().into_bytes(),
        "#" if words.is_empty() => value.len().to_string().into_bytes(),
        "#" => trim_shortest(bytes, word(0)),
        "##" => trim_longest(bytes, word(0)),
        "%" => from_behind(value, word(0), trim_shortest),
        "%%" => from_behind(value, word(0), trim_longest),
        ":" => return substring(bytes, words),
        // Without a replacement these two leave the value alone.
        "/#" | "/%" if words.len() != 2 => bytes.to_vec(),
        "/#" if bytes.starts_with(word(0)) => replace(bytes, word(0), word(1), 1),
        "/%" => match bytes.strip_suffix(word(0)) {
            Some(kept) => [kept, word(1)].concat(),
            None => bytes.to_vec(),
        },
        "/" => replace(bytes, word(0), word(1), 1),
        "//" => replace(bytes, word(0), word(1), usize::MAX),
        _ if value.is_empty() => words.concat(),
        _ => bytes.to_vec(),
    })
}

fn change_first(value: &str, change: fn(char) -> char) -> Vec<u8> {
    let mut chars = value.chars();
    let first = chars.next().map(change);
    first
        .into_iter()
        .chain(chars)
        .collect::<String>()
        .into_bytes()
}

/// Maps one character to one; where Unicode's full mapping gives several the simple one applies.
fn to_upper(c: char) -> char {
    match c {
        // Greek letters with a small iota below, whose capital is the one with the iota beside.
        '\u{1f80}'..='\u{1faf}' => char::from_u32(u32::from(c) | 8).unwrap_or(c),
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => char::from_u32(u32::from(c) + 9).unwrap_or(c),
        _ => only(c.to_uppercase(), c),
    }
}

fn to_lower(c: char) -> char {
    match c {
        '\u{130}' => 'i',
        _ => only(c.to_lowercase(), c),
    }
}

fn only(mut mapped: impl Iterator<Item = char>, c: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// Counts bytes. An offset or length that is no number leaves the value alone.
fn substring(value: &[u8], words: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let number = |index: usize| parse_int(words.get(index)?);
    let Some(offset) = number(0) else {
        return Ok(value.to_vec());
    };
    let size = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let offset = if offset < 0 {
        offset.saturating_add(size).max(0)
    } else {
        offset
    };
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let rest = value.get(start..).unwrap_or_default();
    if words.len() < 2 {
        return Ok(rest.to_vec());
    }
    let Some(length) = number(1) else {
        return Ok(value.to_vec());
    };
    if offset.checked_add(length).is_some_and(|end| end >= size) {
        return Ok(rest.to_vec());
    }
    // Upstream ends its process here.
    let end = usize::try_from(length)
        .ok()
        .and_then(|length| rest.get(..length));
    end.map(<[u8]>::to_vec)
        .ok_or(Error::SubstringLength(length))
}

/// An optional sign and decimal digits.
fn parse_int(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Replaces the first `most` places; nothing is found before every character and at the end.
fn replace(value: &[u8], old: &[u8], new: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    let mut count = 0;
    if old.is_empty() {
        while count < most {
            out.extend_from_slice(new);
            count += 1;
            let Some(first) = rest.first() else { break };
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            let (c, after) = rest.split_at(width.min(rest.len()));
            out.extend_from_slice(c);
            rest = after;
        }
        out.extend_from_slice(rest);
        return out;
    }
    while count < most {
        let Some(at) = rest.windows(old.len()).position(|window| window == old) else {
            break;
        };
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
        count += 1;
    }
    out.extend_from_slice(rest);
    out
}

/// Without the shortest beginning that matches; a malformed pattern leaves the value alone.
fn trim_shortest(value: &[u8], pattern: &[u8]) -> Vec<u8> {
    let mut shortest = 0;
    for end in (1..=value.len()).rev() {
        match glob::matches(pattern, &value[..end]) {
            Ok(true) => shortest = end,
            Ok(false) => {}
            Err(glob::BadPattern) => return value.to_vec(),
        }
    }
    value[shortest..].to_vec()
}

fn trim_longest(value: &[u8], pattern: &[u8]) -> Vec<u8> {
    for end in (1..=value.len()).rev() {
        match glob::matches(pattern, &value[..end]) {
            Ok(true) => return value[end..].to_vec(),
            Ok(false) => {}
            Err(glob::BadPattern) => break,
        }
    }
    value.to_vec()
}

/// Parity: endings are trimmed by reversing value and pattern, so that a class in a pattern reads backwards.
fn from_behind(value: &str, pattern: &[u8], trim: fn(&[u8], &[u8]) -> Vec<u8>) -> Vec<u8> {
    let reversed: String = value.chars().rev().collect();
    let pattern: String = String::from_utf8_lossy(pattern).chars().rev().collect();
    let trimmed = trim(reversed.as_bytes(), pattern.as_bytes());
    // A cut character cannot be put together again; upstream replaces it in the same way.
    String::from_utf8_lossy(&trimmed)
        .chars()
        .rev()
        .collect::<String>()
        .into_bytes()
}
