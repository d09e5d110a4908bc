//! Lines of `authorized_keys`, read with the leniency and the complaints of Go's SSH library.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::PublicKey;

/// The keys of a text, one a line; empty lines and comments are passed over.
///
/// # Errors
/// What is wrong with the first line that holds no key, in upstream's words.
pub fn read_authorized_keys(text: &str) -> Result<Vec<PublicKey>, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(read_line)
        .collect()
}

/// A line is `type key comment`, or the same after options, which are passed over.
fn read_line(line: &str) -> Result<PublicKey, String> {
    let none = "ssh: no key found";
    let Some((_, after_type)) = line.split_once([' ', '\t']) else {
        return Err(none.to_owned());
    };
    let first = match read_key(after_type) {
        Ok(key) => return Ok(key),
        Err(why) => why,
    };
    let after_options = line[end_of_options(line)..].trim_start_matches([' ', '\t']);
    let last = match after_options.split_once([' ', '\t']) {
        Some((_, after_type)) => match read_key(after_type) {
            Ok(key) => return Ok(key),
            Err(why) => why,
        },
        None => first,
    };
    Err(format!(
        "{none}; last parsing error for ignored line: {last}"
    ))
}

/// Options end at the first space outside quotes.
fn end_of_options(line: &str) -> usize {
    let mut quoted = false;
    let mut before = None;
    for (at, c) in line.char_indices() {
        match c {
            ' ' | '\t' if !quoted => return at,
            '"' if before != Some('\\') => quoted = !quoted,
            _ => {}
        }
        before = Some(c);
    }
    line.len()
}

fn read_key(text: &str) -> Result<PublicKey, String> {
    let encoded = text.trim().split([' ', '\t']).next().unwrap_or_default();
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|_| format!("illegal base64 data at input byte {}", illegal_at(encoded)))?;
    PublicKey::from_bytes(&bytes).map_err(|_| complaint(&bytes))
}

/// Where Go's decoder stops.
fn illegal_at(text: &str) -> usize {
    let bytes = text.as_bytes();
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let Some(at) = bytes.iter().position(|byte| !known(byte)) else {
        // All is well but the length.
        return bytes.len() - bytes.len() % 4;
    };
    if bytes[at] != b'=' {
        return at;
    }
    match (at % 4, bytes.get(at + 1)) {
        (2, Some(b'=')) => at + 2,
        (2, None) => bytes.len(),
        (3, _) => at + 1,
        _ => at,
    }
}

/// A key begins with the name of its type.
fn complaint(bytes: &[u8]) -> String {
    let name = bytes.split_at_checked(4).and_then(|(length, rest)| {
        let length = u32::from_be_bytes(length.try_into().ok()?);
        rest.get(..usize::try_from(length).ok()?)
    });
    match name.map(String::from_utf8_lossy) {
        Some(name) if name.parse::<ssh_key::Algorithm>().is_err() => {
            format!("ssh: unknown key algorithm: {name}")
        }
        _ => "ssh: short read".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_those_of_go() {
        let check =
            |line: &str, want: &str| assert_eq!(read_line(line).unwrap_err(), want, "{line}");
        let found = "ssh: no key found; last parsing error for ignored line:";
        check("one", "ssh: no key found");
        check("garbage line", &format!("{found} ssh: short read"));
        check(
            "a b=c",
            &format!("{found} illegal base64 data at input byte 1"),
        );
        check(
            "a AAAA====",
            &format!("{found} illegal base64 data at input byte 4"),
        );
        check(
            "a AAAAA",
            &format!("{found} illegal base64 data at input byte 4"),
        );
        check(
            "a AAAAA=b",
            &format!("{found} illegal base64 data at input byte 5"),
        );
        check(
            "a AAAAA2Zvbw==",
            &format!("{found} ssh: unknown key algorithm: foo"),
        );
    }

    #[test]
    fn options_may_hold_quoted_spaces() {
        assert_eq!(end_of_options("a=\"x y\",b c"), 9);
        assert_eq!(end_of_options("a=\"x \\\" y\" c"), 10);
        assert_eq!(end_of_options("a"), 1);
    }
}
