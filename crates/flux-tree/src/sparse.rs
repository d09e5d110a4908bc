//! A tree reduced to some of its directories: what a sparse checkout leaves.

use std::fmt;

use bytes::Bytes;

use crate::path::TreePath;
use crate::tree::{Entry, EntryKind, FileTree, TreeError};

/// The part of a tree that is inside the given directories, or on the way to them.
/// Files beside the way are not part of it (SRC-GCO-012).
pub struct Sparse<'a> {
    base: &'a dyn FileTree,
    dirs: Vec<TreePath>,
}

impl fmt::Debug for Sparse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sparse")
            .field("dirs", &self.dirs)
            .finish_non_exhaustive()
    }
}

impl<'a> Sparse<'a> {
    /// Reduces `base` to `dirs`.
    pub fn new(base: &'a dyn FileTree, dirs: Vec<TreePath>) -> Self {
        Self { base, dirs }
    }

    fn inside(&self, path: &TreePath) -> bool {
        self.dirs.iter().any(|dir| path.starts_with(dir))
    }

    fn on_the_way(&self, path: &TreePath) -> bool {
        self.dirs.iter().any(|dir| dir.starts_with(path))
    }

    fn visible(&self, path: &TreePath, kind: EntryKind) -> bool {
        self.inside(path) || (kind.is_directory() && self.on_the_way(path))
    }
}

impl FileTree for Sparse<'_> {
    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, TreeError> {
        if !dir.is_root() && !self.inside(dir) && !self.on_the_way(dir) {
            return Err(TreeError::NotFound(dir.clone()));
        }
        let mut shown = Vec::new();
        for entry in self.base.list(dir)? {
            let path = dir.child(&entry.name).map_err(TreeError::Path)?;
            if self.visible(&path, entry.kind) {
                shown.push(entry);
            }
        }
        Ok(shown)
    }

    fn read(&self, file: &TreePath) -> Result<Bytes, TreeError> {
        if !self.inside(file) {
            return Err(TreeError::NotFound(file.clone()));
        }
        self.base.read(file)
    }

    fn read_link(&self, link: &TreePath) -> Result<String, TreeError> {
        if !self.inside(link) {
            return Err(TreeError::NotFound(link.clone()));
        }
        self.base.read_link(link)
    }

    fn kind_of(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        if path.is_root() {
            return Ok(Some(EntryKind::Directory));
        }
        Ok(self
            .base
            .kind_of(path)?
            .filter(|kind| self.visible(path, *kind)))
    }
}

#[cfg(test)]
mod tests;
