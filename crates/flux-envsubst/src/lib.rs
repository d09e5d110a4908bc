//! Post-build variable substitution: the dialect of `${var}` that Flux speaks.
//!
//! [`substitute`] is the front door. In reading order: `scan` (characters to tokens), `parse` (tokens to a template),
//! `eval` (a template and variables to bytes), `glob` (the patterns of `#` and `%`).
//!
//! Worth knowing: `$$` is a dollar; lengths and substrings count bytes; `:+` and `:?` give their word when the variable is
//! empty, as `:-` does; `-`, `+` and `?` without a colon are errors; `/` replaces plain text while `#` and `%` take globs.
//! Which variables exist, and which names are allowed, is the caller's business.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

mod eval;
mod glob;
mod parse;
mod scan;
#[cfg(test)]
mod tests;

/// How to treat what is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// A variable that does not exist is an error, unless the expression has a default; otherwise it is empty.
    pub strict: bool,
}

/// Why a text could not be substituted. The texts are those users see today.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The expression has no sense.
    #[error("bad substitution")]
    BadSubstitution,
    /// The expression does not end.
    #[error("missing closing brace")]
    MissingClosingBrace,
    /// What follows `${` is no name.
    #[error("unable to parse variable name")]
    VariableName,
    /// A word within the expression does not end.
    #[error("unable to parse substitution within function")]
    FunctionSubstitution,
    /// What follows a name is no default operator.
    #[error("unable to parse default function")]
    DefaultFunction,
    /// In strict mode, the variable does not exist.
    #[error("variable not set (strict mode): {0:?}")]
    NotSet(String),
    /// The length of a substring is negative or too large.
    #[error("substring length {0} out of range")]
    SubstringLength(i64),
    /// A substring cut a character in two.
    #[error("substitution result is not UTF-8")]
    NotUtf8,
}

/// Where the values of variables come from.
pub trait Variables {
    /// The value of a variable, if it exists.
    fn get(&self, name: &str) -> Option<Cow<'_, str>>;
}

impl<S: std::hash::BuildHasher> Variables for HashMap<String, String, S> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        Self::get(self, name).map(Cow::from)
    }
}

impl Variables for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        Self::get(self, name).map(Cow::from)
    }
}

impl<F: Fn(&str) -> Option<String>> Variables for F {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self(name).map(Cow::from)
    }
}

/// Replaces the expressions of `text` by values of `variables`.
///
/// # Errors
/// When an expression is malformed, a variable is missing in strict mode, or the result is not UTF-8.
pub fn substitute(
    text: &str,
    variables: &dyn Variables,
    options: Options,
) -> Result<String, Error> {
    if !text.contains('$') && !text.contains('\0') {
        return Ok(text.to_owned());
    }
    let bytes = substitute_bytes(text, variables, options)?;
    String::from_utf8(bytes).map_err(|_| Error::NotUtf8)
}

/// As [`substitute`], for results that need not be UTF-8.
///
/// # Errors
/// When an expression is malformed or a variable is missing in strict mode.
pub fn substitute_bytes(
    text: &str,
    variables: &dyn Variables,
    options: Options,
) -> Result<Vec<u8>, Error> {
    let template = parse::parse(text)?;
    eval::eval(&template, variables, options)
}
