//! Go's quoted text: `strconv.Quote`, which is what `%q` prints.

use std::fmt::Write as _;

/// Quotes `text` as `strconv.Quote`: double quotes, Go escapes, printable Unicode kept.
pub fn quote(text: &str) -> String {
    quoted(text, '"')
}

/// Quotes one character as `strconv.QuoteRune` (`%q` of a rune).
pub fn quote_char(c: char) -> String {
    let mut buffer = [0; 4];
    quoted(c.encode_utf8(&mut buffer), '\'')
}

/// Quotes bytes as `strconv.Quote` does a string that need not be UTF-8: stray bytes become `\x..`.
pub fn quote_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut out, c, '"');
        }
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

fn quoted(text: &str, mark: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    for c in text.chars() {
        push_escaped(&mut out, c, mark);
    }
    out.push(mark);
    out
}

fn push_escaped(out: &mut String, c: char, mark: char) {
    if c == mark || c == '\\' {
        out.push('\\');
        out.push(c);
    } else if is_print(c) {
        out.push(c);
    } else {
        let code = u32::from(c);
        let escape = match c {
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{b}' => "\\v",
            _ => "",
        };
        // Writing to a string cannot fail.
        let _ = match code {
            _ if !escape.is_empty() => write!(out, "{escape}"),
            0..0x20 | 0x7f => write!(out, "\\x{code:02x}"),
            0x80..0x1_0000 => write!(out, "\\u{code:04x}"),
            _ => write!(out, "\\U{code:08x}"),
        };
    }
}

/// Whether Go prints the character as it is: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_print(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\0'..='\u{9f}' => false,
        _ => {
            // The standard library escapes the same categories; after another character it leaves combining marks alone.
            let mut buffer = [b'a'; 5];
            let length = c.encode_utf8(&mut buffer[1..]).len();
            std::str::from_utf8(&buffer[..=length])
                .is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{quote, quote_bytes, quote_char};

    #[test]
    fn quotes_as_go() {
        for (input, want) in [
            ("", r#""""#),
            ("a\"b'c\\", r#""a\"b'c\\""#),
            (
                "\n\t\r\u{7}\u{b}\0\u{1b}\u{7f}",
                r#""\n\t\r\a\v\x00\x1b\x7f""#,
            ),
            ("äöü☺", "\"äöü☺\""),
            (
                "\u{80}\u{a0}\u{ad}\u{feff}\u{2028}",
                r#""\u0080\u00a0\u00ad\ufeff\u2028""#,
            ),
            ("e\u{301}", "\"e\u{301}\""),
            ("\u{301}", "\"\u{301}\""),
            ("\u{e0001}", r#""\U000e0001""#),
        ] {
            assert_eq!(quote(input), want);
        }
        assert_eq!(quote_char('\''), r"'\''");
        assert_eq!(quote_char('"'), "'\"'");
        assert_eq!(quote_bytes(b"a\xff\xc3\xa4"), "\"a\\xff\u{e4}\"");
    }
}
