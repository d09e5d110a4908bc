//! Characters to tokens. The parser says before each token which characters it accepts and what is special.

/// The end of the text. Parity: a NUL in the text ends it, too.
pub(crate) const END: char = '\0';

/// Whether a character may be part of a token, and how many bytes the token has with it.
pub(crate) type Accept = fn(char, usize) -> bool;

/// What may begin or end a token besides accepted characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mode {
    /// Words of accepted characters.
    pub(crate) word: bool,
    /// `${`.
    pub(crate) open: bool,
    /// `}`.
    pub(crate) close: bool,
    /// `$$`, and within an expression `\/` and `\\`.
    pub(crate) escape: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Open,
    Close,
    End,
    Illegal,
}

#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Whether backslashes escape: only within expressions.
    pub(crate) in_expression: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            in_expression: false,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(crate) fn peek(&self) -> char {
        self.rest().chars().next().unwrap_or(END)
    }

    /// The character after the next.
    pub(crate) fn peek_second(&self) -> char {
        self.rest().chars().nth(1).unwrap_or(END)
    }

    /// Whether nothing at all follows the next character.
    pub(crate) fn is_at_end_after_next(&self) -> bool {
        self.rest().chars().nth(1).is_none()
    }

    pub(crate) fn scan(&mut self, accept: Accept, mode: Mode) -> Token {
        let c = self.peek();
        if c == END {
            self.at = (self.at + 1).min(self.text.len());
            return Token::End;
        }
        if mode.open && self.rest().starts_with("${") {
            self.at += 2;
            return Token::Open;
        }
        if mode.close && c == '}' {
            self.at += 1;
            return Token::Close;
        }
        if mode.word && (self.escaped(mode).is_some() || accept(c, c.len_utf8())) {
            return Token::Word(self.word(accept, mode));
        }
        // What was looked at is consumed all the same.
        self.at += c.len_utf8();
        Token::Illegal
    }

    fn word(&mut self, accept: Accept, mode: Mode) -> String {
        let mut word = String::new();
        loop {
            let c = self.peek();
            if c == END || (mode.open && !word.is_empty() && self.rest().starts_with("${")) {
                return word;
            }
            if let Some(kept) = self.escaped(mode) {
                word.push(kept);
                self.at += 2;
                continue;
            }
            if !accept(c, word.len() + c.len_utf8()) {
                return word;
            }
            word.push(c);
            self.at += c.len_utf8();
        }
    }

    /// The character that an escape at this place stands for.
    fn escaped(&self, mode: Mode) -> Option<char> {
        if !mode.escape {
            return None;
        }
        match (self.peek(), self.peek_second()) {
            ('$', '$') => Some('$'),
            ('\\', second @ ('/' | '\\')) if self.in_expression => Some(second),
            _ => None,
        }
    }
}

/// Letters, digits and the underscore of any script.
pub(crate) fn is_name(c: char, _: usize) -> bool {
    c == '_' || c.is_alphabetic() || c.is_ascii_digit() || (!c.is_ascii() && is_digit(c))
}

/// Decimal digits beyond ASCII; other numerals, such as superscripts and fractions, are not digits.
fn is_digit(c: char) -> bool {
    let numeral =
        matches!(c, '\u{b2}'..='\u{be}' | '\u{2070}'..='\u{218f}' | '\u{2460}'..='\u{33ff}');
    c.is_numeric() && !numeral
}
