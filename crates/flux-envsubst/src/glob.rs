//! The patterns of `#` and `%`: `*`, `?`, `[a-z]`, `[^a-z]` and `\` on bytes that are usually UTF-8.
//!
//! Parity: a star gives way to the first place where the rest matches and never moves on, as upstream's does.

/// The pattern is malformed (and was read as far as the malformed part).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadPattern;

/// Whether the pattern matches all of `name`.
pub(crate) fn matches(mut pattern: &[u8], mut name: &[u8]) -> Result<bool, BadPattern> {
    'chunks: while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(true);
        }
        let is_last = pattern.is_empty();
        let fits = |left: &[u8]| left.is_empty() || !is_last;
        if let Some(left) = match_chunk(chunk, name)?
            && fits(left)
        {
            name = left;
            continue;
        }
        if star {
            for skipped in 1..=name.len() {
                if let Some(left) = match_chunk(chunk, &name[skipped..])?
                    && fits(left)
                {
                    name = left;
                    continue 'chunks;
                }
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// The next part of a pattern up to a star: whether stars precede it, the part, the rest.
fn next_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let pattern = &pattern[stars..];
    let (mut at, mut in_class) = (0, false);
    while at < pattern.len() {
        match pattern[at] {
            b'\\' if at + 1 < pattern.len() => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        at += 1;
    }
    (stars > 0, &pattern[..at], &pattern[at..])
}

/// What is left of `name` after the part, if the part matches its beginning.
fn match_chunk<'n>(mut chunk: &[u8], mut name: &'n [u8]) -> Result<Option<&'n [u8]>, BadPattern> {
    while let Some(first) = chunk.first() {
        if name.is_empty() {
            return Ok(None);
        }
        match first {
            b'[' => {
                let (c, width) = decode(name);
                name = &name[width..];
                let (matched, rest) = match_class(&chunk[1..], c)?;
                chunk = rest;
                if !matched {
                    return Ok(None);
                }
            }
            b'?' => {
                name = &name[decode(name).1..];
                chunk = &chunk[1..];
            }
            _ => {
                if *first == b'\\' {
                    chunk = &chunk[1..];
                }
                let literal = chunk.first().ok_or(BadPattern)?;
                if *literal != name[0] {
                    return Ok(None);
                }
                name = &name[1..];
                chunk = &chunk[1..];
            }
        }
    }
    Ok(Some(name))
}

/// Reads a class after its `[`: whether the character is in it, and what follows.
fn match_class(mut class: &[u8], c: u32) -> Result<(bool, &[u8]), BadPattern> {
    let negated = class.first() == Some(&b'^');
    if negated {
        class = &class[1..];
    }
    let mut found = false;
    let mut ranges = 0;
    loop {
        if ranges > 0 && class.first() == Some(&b']') {
            return Ok((found != negated, &class[1..]));
        }
        let (low, rest) = class_char(class)?;
        class = rest;
        let mut high = low;
        if class.first() == Some(&b'-') {
            (high, class) = class_char(&class[1..])?;
        }
        found |= (low..=high).contains(&c);
        ranges += 1;
    }
}

fn class_char(class: &[u8]) -> Result<(u32, &[u8]), BadPattern> {
    let class = match class.first() {
        None | Some(b'-' | b']') => return Err(BadPattern),
        Some(b'\\') => &class[1..],
        Some(_) => class,
    };
    if class.is_empty() {
        return Err(BadPattern);
    }
    let (c, width) = decode(class);
    let is_broken = c == u32::from(char::REPLACEMENT_CHARACTER) && width == 1;
    let rest = &class[width..];
    if is_broken || rest.is_empty() {
        return Err(BadPattern);
    }
    Ok((c, rest))
}

/// The first character and its width; a byte that begins none stands for U+FFFD.
fn decode(bytes: &[u8]) -> (u32, usize) {
    let most = bytes.len().min(4);
    (1..=most)
        .find_map(|width| {
            let c = std::str::from_utf8(&bytes[..width]).ok()?.chars().next()?;
            Some((u32::from(c), width))
        })
        .unwrap_or((u32::from(char::REPLACEMENT_CHARACTER), 1))
}
