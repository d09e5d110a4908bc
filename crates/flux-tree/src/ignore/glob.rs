//! Shell globs over one path component: `*`, `?`, `[a-z]`, `[^a]` and `\` to take the next character as it is.
//! A malformed glob matches nothing.

/// Whether the whole of `name` matches.
pub(super) fn matches(glob: &str, name: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let name: Vec<char> = name.chars().collect();
    well_formed(&glob) && here(&glob, &name)
}

/// One unit of a glob and its length in characters.
enum Unit<'a> {
    Star,
    Any,
    Class { negated: bool, body: &'a [char] },
    Literal(char),
}

fn here(mut glob: &[char], mut name: &[char]) -> bool {
    // Where to continue after the last star, and what it may swallow next.
    let mut retry: Option<(&[char], &[char])> = None;
    loop {
        match next(glob) {
            None if name.is_empty() => return glob.is_empty(),
            Some((Unit::Star, rest)) => {
                retry = Some((rest, name));
                glob = rest;
                continue;
            }
            Some((unit, rest)) => {
                if let Some((first, others)) = name.split_first()
                    && fits(&unit, *first)
                {
                    glob = rest;
                    name = others;
                    continue;
                }
            }
            None => {}
        }
        match retry {
            Some((after_star, [_, swallowed @ ..])) => {
                retry = Some((after_star, swallowed));
                glob = after_star;
                name = swallowed;
            }
            _ => return false,
        }
    }
}

fn next(glob: &[char]) -> Option<(Unit<'_>, &[char])> {
    let (first, rest) = glob.split_first()?;
    match first {
        '*' => Some((Unit::Star, rest)),
        '?' => Some((Unit::Any, rest)),
        '\\' => rest
            .split_first()
            .map(|(escaped, rest)| (Unit::Literal(*escaped), rest)),
        '[' => {
            let negated = rest.first() == Some(&'^');
            let body = &rest[usize::from(negated)..];
            let end = class_end(body)?;
            Some((
                Unit::Class {
                    negated,
                    body: &body[..end],
                },
                &body[end + 1..],
            ))
        }
        literal => Some((Unit::Literal(*literal), rest)),
    }
}

fn fits(unit: &Unit<'_>, c: char) -> bool {
    match unit {
        Unit::Star => false,
        Unit::Any => true,
        Unit::Literal(literal) => *literal == c,
        Unit::Class { negated, body } => {
            ranges(body)
                .is_some_and(|ranges| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)))
                != *negated
        }
    }
}

/// The position of the bracket that ends a class. The first item is part of the class even if it looks like an end
/// only when it is escaped, so `[]` is malformed.
fn class_end(body: &[char]) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = body.get(at) {
        match c {
            ']' => return (at > 0).then_some(at),
            '\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// The ranges of a class; none when an item is missing or a bare `-` or `]`.
fn ranges(body: &[char]) -> Option<Vec<(char, char)>> {
    let mut found = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (low, after) = item(rest)?;
        let (high, after) = match after.split_first() {
            Some(('-', after)) => item(after)?,
            _ => (low, after),
        };
        found.push((low, high));
        rest = after;
    }
    Some(found)
}

fn item(body: &[char]) -> Option<(char, &[char])> {
    match body.split_first()? {
        ('\\', rest) => rest.split_first().map(|(c, rest)| (*c, rest)),
        ('-' | ']', _) => None,
        (c, rest) => Some((*c, rest)),
    }
}

fn well_formed(glob: &[char]) -> bool {
    let mut rest = glob;
    while !rest.is_empty() {
        match next(rest) {
            None => return false,
            Some((Unit::Class { body, .. }, _)) if ranges(body).is_none() => return false,
            Some((_, after)) => rest = after,
        }
    }
    true
}
