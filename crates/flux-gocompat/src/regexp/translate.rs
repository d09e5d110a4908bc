//! Reads Go's syntax and writes that of the `regex` crate.

use std::fmt::Write as _;

use crate::regexp::RegexpError;

/// The largest count in `{n,m}`.
const MOST_REPEATS: u32 = 1000;
/// How deep groups may nest.
const MOST_DEPTH: usize = 250;

pub(super) fn translate(expression: &str) -> Result<String, RegexpError> {
    let mut reader = Reader {
        whole: expression,
        rest: expression,
        out: String::with_capacity(expression.len() + 8),
        depth: 0,
        repeated: Repeated::Nothing,
        operand_end: 0,
    };
    reader.read()?;
    Ok(reader.out)
}

/// What a repetition operator would apply to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeated<'a> {
    /// Nothing: the start of an expression, a group or an alternative.
    Nothing,
    /// Something that may be repeated.
    Operand,
    /// A repetition, which begins with this text and may not be repeated again.
    Operator(&'a str),
}

struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
    out: String,
    depth: usize,
    repeated: Repeated<'a>,
    /// Where in the output the operand ends; flags may follow it before it is repeated.
    operand_end: usize,
}

fn error<T>(what: &'static str, part: &str) -> Result<T, RegexpError> {
    Err(RegexpError {
        what,
        part: part.to_owned(),
    })
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Result<(), RegexpError> {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '(' => self.open()?,
                ')' => {
                    if self.depth == 0 {
                        return error("unexpected )", self.whole);
                    }
                    self.depth -= 1;
                    self.copy(1);
                    self.operand();
                }
                '|' => {
                    self.copy(1);
                    self.repeated = Repeated::Nothing;
                }
                '*' | '+' | '?' => self.repeat(1)?,
                '{' => match self.count()? {
                    Some(length) => self.repeat(length)?,
                    None => self.literal(c),
                },
                '[' => self.class()?,
                '\\' => self.escape()?,
                '^' | '$' | '.' => {
                    self.copy(1);
                    self.operand();
                }
                _ => self.literal(c),
            }
        }
        if self.depth > 0 {
            return error("missing closing )", self.whole);
        }
        Ok(())
    }

    /// What was just written may be repeated.
    fn operand(&mut self) {
        self.repeated = Repeated::Operand;
        self.operand_end = self.out.len();
    }

    fn copy(&mut self, length: usize) {
        let (text, rest) = self.rest.split_at(length);
        self.out.push_str(text);
        self.rest = rest;
    }

    fn literal(&mut self, c: char) {
        push_literal(&mut self.out, c);
        self.rest = &self.rest[c.len_utf8()..];
        self.operand();
    }

    fn open(&mut self) -> Result<(), RegexpError> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return error("expression nests too deeply", self.whole);
        }
        let rest = self.rest;
        if !rest.starts_with("(?") {
            self.repeated = Repeated::Nothing;
            self.copy(1);
            return Ok(());
        }
        if rest.starts_with("(?P<") || rest.starts_with("(?<") {
            let start = if rest.starts_with("(?P") { 4 } else { 3 };
            let Some(end) = rest.find('>') else {
                return error("invalid named capture", rest);
            };
            let name = &rest[start..end];
            let is_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
            if name.is_empty() || !name.chars().all(is_name) {
                return error("invalid named capture", &rest[..=end]);
            }
            // A name may begin with a digit in Go only; nobody can tell by then what it was.
            let lead = if name.starts_with(|c: char| c.is_ascii_digit()) {
                "_"
            } else {
                ""
            };
            let _ = write!(self.out, "(?P<{lead}{name}>");
            self.rest = &rest[end + 1..];
            self.repeated = Repeated::Nothing;
            return Ok(());
        }
        self.flags()
    }

    /// `(?i)`, `(?i-s:`, `(?:`.
    fn flags(&mut self) -> Result<(), RegexpError> {
        let rest = self.rest;
        let (mut negated, mut has_flag) = (false, false);
        for (at, c) in rest.char_indices().skip(2) {
            let end = at + c.len_utf8();
            match c {
                'i' | 'm' | 's' | 'U' => has_flag = true,
                '-' if !negated => {
                    negated = true;
                    has_flag = false;
                }
                ':' | ')' if !negated || has_flag => {
                    // Go lets a group of flags be empty.
                    if &rest[..end] == "(?)" {
                        self.rest = &rest[end..];
                    } else {
                        self.copy(end);
                    }
                    if c == ')' {
                        // Flags alone are nothing to repeat; what is before them still is.
                        self.depth -= 1;
                    } else {
                        self.repeated = Repeated::Nothing;
                    }
                    return Ok(());
                }
                _ => return error("invalid or unsupported Perl syntax", &rest[..end]),
            }
        }
        error("invalid or unsupported Perl syntax", rest)
    }

    /// The length of a count such as `{2,5}` at this place; nothing where the brace stands for itself.
    fn count(&self) -> Result<Option<usize>, RegexpError> {
        let Some(end) = self.rest.find('}') else {
            return Ok(None);
        };
        let inner = &self.rest[1..end];
        let (least, most) = match inner.split_once(',') {
            None => (inner, inner),
            Some((least, most)) => (least, most),
        };
        let is_number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits && (text.len() == 1 || !text.starts_with('0'))
        };
        if !is_number(least) || !(most.is_empty() || is_number(most)) {
            return Ok(None);
        }
        let value = |text: &str| text.parse().unwrap_or(u32::MAX);
        let (low, high) = (value(least), if most.is_empty() { 0 } else { value(most) });
        if low > MOST_REPEATS || high > MOST_REPEATS || (!most.is_empty() && low > high) {
            return error("invalid repeat count", &self.rest[..=end]);
        }
        Ok(Some(end + 1))
    }

    fn repeat(&mut self, length: usize) -> Result<(), RegexpError> {
        let before = self.rest;
        let length = length + usize::from(before[length..].starts_with('?'));
        match self.repeated {
            Repeated::Nothing => {
                error("missing argument to repetition operator", &before[..length])
            }
            Repeated::Operator(first) => {
                let used = first.len() - before.len() + length;
                error("invalid nested repetition operator", &first[..used])
            }
            Repeated::Operand => {
                self.out.insert_str(self.operand_end, &before[..length]);
                self.rest = &before[length..];
                self.repeated = Repeated::Operator(before);
                Ok(())
            }
        }
    }

    fn escape(&mut self) -> Result<(), RegexpError> {
        let rest = self.rest;
        let Some(c) = rest[1..].chars().next() else {
            return error("trailing backslash at end of expression", "");
        };
        let after = &rest[1 + c.len_utf8()..];
        let translated = match c {
            'A' | 'z' => {
                self.copy(2);
                self.operand();
                return Ok(());
            }
            'b' => "(?-u:\\b)",
            'B' => "\\B",
            // Any byte; on text, any character.
            'C' => "(?s:.)",
            'd' => "[0-9]",
            'D' => "[^0-9]",
            's' => "[\\t\\n\\x0C\\r ]",
            'S' => "[^\\t\\n\\x0C\\r ]",
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            'Q' => {
                let (quoted, after) = after.split_once("\\E").unwrap_or((after, ""));
                for c in quoted.chars() {
                    push_literal(&mut self.out, c);
                    self.operand();
                }
                self.rest = after;
                return Ok(());
            }
            'p' | 'P' => {
                let length = property_length(rest)?;
                self.copy(length);
                self.operand();
                return Ok(());
            }
            _ => {
                let (c, after) = escaped_char(rest)?;
                push_literal(&mut self.out, c);
                self.rest = after;
                self.operand();
                return Ok(());
            }
        };
        self.out.push_str(translated);
        self.rest = after;
        self.operand();
        Ok(())
    }

    fn class(&mut self) -> Result<(), RegexpError> {
        let whole = self.rest;
        self.copy(1);
        if self.rest.starts_with('^') {
            self.copy(1);
        }
        let mut first = true;
        loop {
            match self.rest.chars().next() {
                None => return error("missing closing ]", whole),
                Some(']') if !first => {
                    self.copy(1);
                    self.operand();
                    return Ok(());
                }
                Some(_) => self.class_part(whole)?,
            }
            first = false;
        }
    }

    fn class_part(&mut self, whole: &'a str) -> Result<(), RegexpError> {
        let rest = self.rest;
        if rest.starts_with("[:")
            && let Some(end) = rest.find(":]")
        {
            let name = rest[2..end].trim_start_matches('^');
            if !POSIX_CLASSES.contains(&name) {
                return error("invalid character class range", &rest[..end + 2]);
            }
            self.copy(end + 2);
            return Ok(());
        }
        for (escape, translated) in CLASS_ESCAPES {
            if let Some(after) = rest.strip_prefix(escape) {
                self.out.push_str(translated);
                self.rest = after;
                return Ok(());
            }
        }
        if rest.starts_with("\\p") || rest.starts_with("\\P") {
            let length = property_length(rest)?;
            self.copy(length);
            return Ok(());
        }
        let (low, after) = class_char(rest, whole)?;
        push_literal(&mut self.out, low);
        self.rest = after;
        if let Some(after) = after.strip_prefix('-')
            && !after.is_empty()
            && !after.starts_with(']')
        {
            let (high, after) = class_char(after, whole)?;
            if high < low {
                let used = rest.len() - after.len();
                return error("invalid character class range", &rest[..used]);
            }
            self.out.push('-');
            push_literal(&mut self.out, high);
            self.rest = after;
        }
        Ok(())
    }
}

const CLASS_ESCAPES: [(&str, &str); 6] = [
    ("\\d", "0-9"),
    ("\\D", "[^0-9]"),
    ("\\s", "\\t\\n\\x0C\\r "),
    ("\\S", "[^\\t\\n\\x0C\\r ]"),
    ("\\w", "0-9A-Za-z_"),
    ("\\W", "[^0-9A-Za-z_]"),
];

const POSIX_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

fn class_char<'a>(rest: &'a str, whole: &str) -> Result<(char, &'a str), RegexpError> {
    match rest.chars().next() {
        None => error("missing closing ]", whole),
        Some('\\') => escaped_char(rest),
        Some(c) => Ok((c, &rest[c.len_utf8()..])),
    }
}

/// Reads an escape that stands for one character: which, and what follows.
fn escaped_char(rest: &str) -> Result<(char, &str), RegexpError> {
    let Some(c) = rest[1..].chars().next() else {
        return error("trailing backslash at end of expression", "");
    };
    let after = &rest[1 + c.len_utf8()..];
    let invalid = |used: &str| {
        let length = (rest.len() - used.len()).min(rest.len());
        error("invalid escape sequence", &rest[..length])
    };
    let plain = match c {
        'a' => '\u{7}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' => return hex_char(rest, after),
        '0'..='7' => {
            let octal = |text: &str, most| {
                text.bytes()
                    .take(most)
                    .take_while(|b| (b'0'..=b'7').contains(b))
                    .count()
            };
            let more = octal(after, 2);
            // A single digit other than zero would refer to a group.
            if c != '0' && more == 0 {
                return invalid(after);
            }
            let value = u32::from_str_radix(&rest[1..2 + more], 8)
                .ok()
                .and_then(char::from_u32);
            let after = &after[more..];
            return value.map_or_else(|| invalid(after), |c| Ok((c, after)));
        }
        _ if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        _ => return invalid(after),
    };
    Ok((plain, after))
}

/// `\x7F` or `\x{10FFFF}`.
fn hex_char<'a>(rest: &'a str, after: &'a str) -> Result<(char, &'a str), RegexpError> {
    let (digits, after) = if let Some(braced) = after.strip_prefix('{') {
        match braced.split_once('}') {
            Some((digits, after)) => (digits, after),
            None => return error("invalid escape sequence", rest),
        }
    } else {
        let two = after
            .char_indices()
            .nth(2)
            .map_or(after.len(), |(at, _)| at);
        after.split_at(two)
    };
    let is_hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let value = u32::from_str_radix(digits, 16)
        .ok()
        .filter(|_| is_hex)
        .and_then(char::from_u32);
    match value {
        Some(c) => Ok((c, after)),
        None => error("invalid escape sequence", &rest[..rest.len() - after.len()]),
    }
}

/// The length of `\pN` or `\p{Greek}`.
fn property_length(rest: &str) -> Result<usize, RegexpError> {
    let Some(c) = rest[2..].chars().next() else {
        return error("invalid character class range", rest);
    };
    if c != '{' {
        return Ok(2 + c.len_utf8());
    }
    match rest.find('}') {
        Some(end) => Ok(end + 1),
        None => error("invalid character class range", rest),
    }
}

/// Writes a character so that it stands for itself, in a class as well.
fn push_literal(out: &mut String, c: char) {
    if c.is_ascii() && !c.is_ascii_alphanumeric() {
        let _ = write!(out, "\\x{:02X}", u32::from(c));
    } else {
        out.push(c);
    }
}
