//! Why a build failed, and where.

use std::fmt;

use flux_yaml::Span;

/// A failed build: what is wrong, in kustomize's words where those exist, and where it stands.
#[derive(Debug, Clone)]
pub struct BuildError {
    text: String,
    file: Option<String>,
    span: Span,
    object: Option<String>,
    others: Vec<BuildError>,
}

/// How many failures are told besides the first.
const MOST_OTHERS: usize = 9;

/// The result of any step of a build.
pub(crate) type Result<T> = std::result::Result<T, BuildError>;

impl BuildError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            file: None,
            span: Span::default(),
            object: None,
            others: Vec::new(),
        }
    }

    /// Puts `prefix: ` before the text.
    #[must_use]
    pub(crate) fn wrap(mut self, prefix: impl fmt::Display) -> Self {
        self.text = format!("{prefix}: {}", self.text);
        self
    }

    /// Names the file and place, unless one is named already.
    #[must_use]
    pub(crate) fn at(mut self, file: &str, span: Span) -> Self {
        if self.file.is_none() && !file.is_empty() {
            self.file = Some(file.to_owned());
            if self.span.line == 0 {
                self.span = span;
            }
        }
        self
    }

    /// Names a place in a file that the caller adds.
    #[must_use]
    pub(crate) fn span_only(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// Names the object, unless one is named already.
    #[must_use]
    pub(crate) fn object(mut self, object: impl fmt::Display) -> Self {
        if self.object.is_none() {
            self.object = Some(object.to_string());
        }
        self
    }

    /// Adds a failure found after this one, up to a number that a reader can use.
    #[must_use]
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        let further = std::mem::take(&mut other.others);
        let room = MOST_OTHERS.saturating_sub(self.others.len());
        self.others
            .extend(std::iter::once(other).chain(further).take(room));
        self
    }

    /// What is wrong, without its place.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file, relative to the root of the tree.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The place in the file; line 0 where only the file is known.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The object, as `Kind.version.group/name.namespace`.
    pub fn object_id(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// Further failures of the same build.
    pub fn others(&self) -> &[BuildError] {
        &self.others
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        let mut place = Vec::new();
        if let Some(object) = self
            .object
            .as_ref()
            .filter(|o| !self.text.contains(o.as_str()))
        {
            place.push(object.clone());
        }
        match (&self.file, self.span.line) {
            (Some(file), 0) if !self.text.contains(file.as_str()) => place.push(file.clone()),
            (Some(file), line) if line > 0 => {
                place.push(format!("{file}:{line}:{}", self.span.column));
            }
            _ => {}
        }
        if !place.is_empty() {
            write!(f, " ({})", place.join(", "))?;
        }
        for other in &self.others {
            write!(f, "; {other}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildError {}
