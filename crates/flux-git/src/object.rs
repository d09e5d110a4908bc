//! Parsing of commits and tags, strict in structure and lenient in content: a name may be any bytes, a header may be
//! unknown, but what is signed is taken byte by byte from what is stored.

use crate::commit::{Person, Signature, Tag, Time};

/// The fields of a commit.
#[derive(Debug)]
pub(crate) struct ParsedCommit {
    pub(crate) tree: gix_hash::ObjectId,
    pub(crate) author: Person,
    pub(crate) committer: Person,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Signature,
}

/// The fields of a tag.
#[derive(Debug)]
pub(crate) struct ParsedTag {
    pub(crate) target: gix_hash::ObjectId,
    pub(crate) tag: Tag,
}

/// The first line of what follows a tag's message when it is signed, one for each kind of signature.
const SIGNATURE_STARTS: [&[u8]; 4] = [
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
];

pub(crate) fn parse_commit(raw: &[u8]) -> Result<ParsedCommit, &'static str> {
    let (mut tree, mut author, mut committer) = (None, None, None);
    let mut signature = Vec::new();
    let mut payload = Vec::with_capacity(raw.len());
    let mut in_signature = false;
    let mut rest = raw;
    while let Some(line) = next_line(&mut rest) {
        if line == b"\n" {
            payload.extend_from_slice(line);
            break;
        }
        if let Some(more) = line.strip_prefix(b" ") {
            let into = if in_signature {
                &mut signature
            } else {
                &mut payload
            };
            into.extend_from_slice(if in_signature { more } else { line });
            continue;
        }
        let (name, value) = header(line);
        in_signature = name == b"gpgsig";
        if in_signature {
            signature.extend_from_slice(value);
            signature.push(b'\n');
            continue;
        }
        payload.extend_from_slice(line);
        match name {
            b"tree" => tree = tree.or(gix_hash::ObjectId::from_hex(value).ok()),
            b"author" => author = author.or_else(|| Some(person(value))),
            b"committer" => committer = committer.or_else(|| Some(person(value))),
            _ => {}
        }
    }
    payload.extend_from_slice(rest);
    Ok(ParsedCommit {
        tree: tree.ok_or("a commit without a tree")?,
        author: author.ok_or("a commit without an author")?,
        committer: committer.ok_or("a commit without a committer")?,
        message: rest.to_vec(),
        signature: Signature {
            text: signature,
            payload,
        },
    })
}

pub(crate) fn parse_tag(hash: &str, raw: &[u8]) -> Result<ParsedTag, &'static str> {
    let (mut target, mut name, mut tagger) = (None, None, None);
    let mut rest = raw;
    while let Some(line) = next_line(&mut rest) {
        if line == b"\n" {
            break;
        }
        let (key, value) = header(line);
        match key {
            b"object" => target = target.or(gix_hash::ObjectId::from_hex(value).ok()),
            b"tag" => name = name.or_else(|| Some(String::from_utf8_lossy(value).into_owned())),
            b"tagger" => tagger = tagger.or_else(|| Some(person(value))),
            _ => {}
        }
    }
    let message_at = raw.len() - rest.len();
    let signature_at = signature_start(raw, message_at).unwrap_or(raw.len());
    Ok(ParsedTag {
        target: target.ok_or("a tag without an object")?,
        tag: Tag {
            name: name.ok_or("a tag without a name")?,
            hash: hash.to_owned(),
            raw: raw.to_vec(),
            tagger,
            message: raw[message_at..signature_at].to_vec(),
            signature: Signature {
                text: raw[signature_at..].to_vec(),
                payload: raw[..signature_at].to_vec(),
            },
        },
    })
}

/// Where the last signature of a tag begins: a message may quote other signatures before it.
fn signature_start(raw: &[u8], from: usize) -> Option<usize> {
    let mut found = None;
    let mut rest = &raw[from..];
    loop {
        let at = raw.len() - rest.len();
        let Some(line) = next_line(&mut rest) else {
            return found;
        };
        if SIGNATURE_STARTS.iter().any(|start| line.starts_with(start)) {
            found = Some(at);
        }
    }
}

/// Takes one line with its newline off the front.
fn next_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let end = rest
        .iter()
        .position(|b| *b == b'\n')
        .map_or(rest.len(), |at| at + 1);
    let (line, after) = rest.split_at(end);
    *rest = after;
    Some(line)
}

fn header(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    match line.iter().position(|b| *b == b' ') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, b""),
    }
}

/// `Name <address> seconds offset`; what cannot be read is left empty, since people are shown and never trusted.
fn person(value: &[u8]) -> Person {
    let text = String::from_utf8_lossy(value);
    let Some((before, time)) = text.rsplit_once('>') else {
        return Person {
            name: text.trim().to_owned(),
            ..Person::default()
        };
    };
    let (name, email) = before.split_once('<').unwrap_or((before, ""));
    let mut parts = time.split_whitespace();
    let seconds = parts
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let offset_minutes = parts.next().and_then(offset).unwrap_or_default();
    Person {
        name: name.trim().to_owned(),
        email: email.to_owned(),
        time: Time {
            seconds,
            offset_minutes,
        },
    }
}

/// `+0230` in minutes.
fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let number: i32 = digits.parse().ok()?;
    (digits.len() == 4).then_some(sign * (number / 100 * 60 + number % 100))
}

#[cfg(test)]
mod tests;
