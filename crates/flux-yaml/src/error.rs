//! What can go wrong while reading or writing YAML.

use std::fmt;

use crate::node::Span;

/// A failure with its place. `Display` begins with `line:column`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    kind: YamlErrorKind,
    span: Span,
    /// The line as go-yaml counts it in its own message; 0 where that message names none.
    go_line: u32,
    message: String,
}

/// Which operation failed; callers tell limits and duplicates from plain syntax errors by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YamlErrorKind {
    /// The text is not YAML.
    Syntax,
    /// A mapping has the same key twice.
    DuplicateKey,
    /// A value does not fit its tag, or has no JSON form.
    Value,
    /// One of [`crate::Limits`] was exceeded.
    Limit,
    /// The value cannot be written.
    Write,
}

impl YamlError {
    pub(crate) fn new(kind: YamlErrorKind, span: Span, message: impl Into<String>) -> Self {
        Self {
            kind,
            span,
            go_line: 0,
            message: message.into(),
        }
    }

    pub(crate) fn with_go_line(mut self, line: u32) -> Self {
        self.go_line = line;
        self
    }

    /// The class of failure.
    pub fn kind(&self) -> YamlErrorKind {
        self.kind
    }

    /// Where it is; line 0 where there is no text to point into.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The text without its position.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The text that go-yaml prints for the same failure, without its `yaml: ` prefix.
    pub fn go_text(&self) -> String {
        match self.kind {
            YamlErrorKind::Syntax if self.go_line > 0 => {
                format!("line {}: {}", self.go_line, self.message)
            }
            _ => self.message.clone(),
        }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.span.line == 0 {
            return f.write_str(&self.message);
        }
        write!(
            f,
            "line {}, column {}: {}",
            self.span.line, self.span.column, self.message
        )
    }
}

impl std::error::Error for YamlError {}
