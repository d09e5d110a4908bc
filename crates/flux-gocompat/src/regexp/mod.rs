//! Go's regular expressions, carried out by the `regex` crate, which has the same semantics and nearly the same syntax.
//!
//! `translate` reads the expression as Go does, refuses what Go refuses with Go's words, and writes it anew for `regex`:
//! `\d`, `\s`, `\w` and `\b` are ASCII, `\Q..\E` and octal escapes are spelled out, `{` may stand for itself.

use regex::{Captures, Regex, RegexBuilder};

#[cfg(test)]
mod tests;
mod translate;

/// How large a compiled expression may get, in bytes.
const MOST_BYTES: usize = 10 << 20;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Regexp(Regex);

/// Why a text is no expression, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {what}: `{part}`")]
pub struct RegexpError {
    /// What is wrong.
    pub what: &'static str,
    /// With which part.
    pub part: String,
}

impl Regexp {
    /// Compiles an expression.
    ///
    /// # Errors
    /// When Go would refuse it, or it is too large.
    pub fn new(expression: &str) -> Result<Self, RegexpError> {
        let translated = translate::translate(expression)?;
        RegexBuilder::new(&translated)
            .size_limit(MOST_BYTES)
            .build()
            .map(Self)
            .map_err(|_| RegexpError {
                what: "expression too large",
                part: expression.to_owned(),
            })
    }

    /// Whether the expression matches somewhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The groups of the first match.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.0.captures(text)
    }

    /// The expression in the syntax of the `regex` crate, for what is not offered here.
    pub fn as_regex(&self) -> &Regex {
        &self.0
    }

    /// Expands `$1`, `${name}` and `$$` of a template with the groups of a match, as Go's `Expand`.
    pub fn expand(&self, template: &str, groups: &Captures<'_>) -> String {
        let mut out = String::new();
        groups.expand(template, &mut out);
        out
    }
}
