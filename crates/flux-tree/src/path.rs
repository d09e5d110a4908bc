//! A relative path inside a tree. Made safe once, when it is parsed, so that no reader has to check it again.

use std::fmt;

/// A relative, `/`-separated path without empty, `.` or `..` components. The root of a tree is the empty path.
///
/// Back-slashes are ordinary characters, as they are in Git.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TreePath(String);

/// Why a text is not a path inside a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path begins with a slash.
    #[error("path '{0}' is absolute")]
    Absolute(String),
    /// The path, or the path joined to its base, leaves the tree.
    #[error("path '{0}' is outside of the tree")]
    Outside(String),
    /// The path has an empty, `.` or `..` component where only a normal path is accepted.
    #[error("path '{0}' is not normalized")]
    NotNormal(String),
    /// The path holds a NUL byte.
    #[error("path '{}' contains a NUL character", .0.escape_debug())]
    Nul(String),
}

impl TreePath {
    /// The root of a tree.
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// A path that is normal already: for names from archives and Git trees, where anything else is suspicious.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        if text.starts_with('/') {
            return Err(PathError::Absolute(text.to_owned()));
        }
        if text.contains('\0') {
            return Err(PathError::Nul(text.to_owned()));
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(PathError::NotNormal(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// A path as a user writes it: `./a//b/../c/` is `a/c`. Absolute paths and paths that leave the tree are refused.
    pub fn clean(text: &str) -> Result<Self, PathError> {
        Self::root().join(text)
    }

    /// `relative` seen from this directory. It may go up with `..`, but not above the root of the tree.
    pub fn join(&self, relative: &str) -> Result<Self, PathError> {
        if relative.starts_with('/') {
            return Err(PathError::Absolute(relative.to_owned()));
        }
        self.walk_down(relative, || Err(PathError::Outside(relative.to_owned())))
    }

    /// `user_path` seen from this directory as if the directory were the root of a file system: a leading slash
    /// means the directory, and `..` stops at it. The answer is always this directory or something below it.
    ///
    /// This is lexical; [`crate::resolve`] follows symbolic links as well.
    pub fn secure_join(&self, user_path: &str) -> Result<Self, PathError> {
        let below = Self::root().walk_down(user_path, || Ok(()))?;
        Ok(self.concat(&below))
    }

    /// This path followed by another.
    #[must_use]
    pub fn concat(&self, below: &Self) -> Self {
        match (self.is_root(), below.is_root()) {
            (true, _) => below.clone(),
            (_, true) => self.clone(),
            _ => Self(format!("{}/{}", self.0, below.0)),
        }
    }

    /// An entry of this directory. `name` must be one component, as listings give it.
    pub fn child(&self, name: &str) -> Result<Self, PathError> {
        if name.is_empty() || name.contains('/') {
            return Err(PathError::NotNormal(name.to_owned()));
        }
        Ok(self.concat(&Self::parse(name)?))
    }

    fn walk_down(
        &self,
        relative: &str,
        mut above_root: impl FnMut() -> Result<(), PathError>,
    ) -> Result<Self, PathError> {
        if relative.contains('\0') {
            return Err(PathError::Nul(relative.to_owned()));
        }
        let mut parts: Vec<&str> = self.components().collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        above_root()?;
                    }
                }
                name => parts.push(name),
            }
        }
        Ok(Self(parts.join("/")))
    }

    /// The text of the path; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the root of the tree.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The directory that holds this path; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(
            self.0
                .rsplit_once('/')
                .map_or_else(String::new, |(dir, _)| dir.to_owned()),
        ))
    }

    /// The last component; none for the root.
    pub fn file_name(&self) -> Option<&str> {
        if self.is_root() {
            return None;
        }
        self.0.rsplit('/').next()
    }

    /// The components from the root down; none for the root itself.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// This path as seen from `base`, if it is `base` or below it.
    pub fn strip_prefix(&self, base: &Self) -> Option<Self> {
        if base.is_root() {
            return Some(self.clone());
        }
        let rest = self.0.strip_prefix(base.as_str())?;
        match rest.strip_prefix('/') {
            Some(below) => Some(Self(below.to_owned())),
            None => rest.is_empty().then(Self::root),
        }
    }

    /// True when this path is `base` or below it.
    pub fn starts_with(&self, base: &Self) -> bool {
        base.is_root()
            || self
                .0
                .strip_prefix(base.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl AsRef<str> for TreePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for TreePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::clean(text)
    }
}

#[cfg(test)]
mod tests;
