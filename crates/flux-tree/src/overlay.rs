//! A tree with other trees mounted into it: how included repositories become part of an artifact.

use std::collections::BTreeSet;
use std::fmt;

use bytes::Bytes;

use crate::memory::MemoryTree;
use crate::path::TreePath;
use crate::tree::{Entry, EntryKind, FileTree, TreeError};

/// `base` with trees mounted below it. A mount hides nothing: it is refused where the base has files already.
pub struct Overlay<'a> {
    base: &'a dyn FileTree,
    mounts: Vec<(TreePath, MemoryTree)>,
}

impl fmt::Debug for Overlay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<_> = self.mounts.iter().map(|(at, _)| at).collect();
        f.debug_struct("Overlay")
            .field("mounts", &places)
            .finish_non_exhaustive()
    }
}

impl<'a> Overlay<'a> {
    /// The base alone.
    pub fn new(base: &'a dyn FileTree) -> Self {
        Self {
            base,
            mounts: Vec::new(),
        }
    }

    /// Mounts a tree at a directory that does not exist yet, or is empty.
    ///
    /// # Errors
    /// [`TreeError::Exists`] when something is there, [`TreeError::NotADirectory`] when a parent is a file.
    pub fn mount(&mut self, at: TreePath, tree: MemoryTree) -> Result<(), TreeError> {
        let mut parent = at.parent();
        while let Some(dir) = parent {
            match self.kind_of(&dir)? {
                None | Some(EntryKind::Directory) => {}
                Some(_) => return Err(TreeError::NotADirectory(dir)),
            }
            parent = dir.parent();
        }
        match self.kind_of(&at)? {
            None => {}
            Some(EntryKind::Directory) if self.list(&at)?.is_empty() => {}
            Some(_) => return Err(TreeError::Exists(at)),
        }
        self.mounts.push((at, tree));
        Ok(())
    }

    fn mounted(&self, path: &TreePath) -> Option<(&MemoryTree, TreePath)> {
        // The last mount that holds the path: a later one may be inside an earlier one.
        self.mounts
            .iter()
            .rev()
            .find_map(|(at, tree)| Some((tree, path.strip_prefix(at)?)))
    }

    fn layer(&self, path: &TreePath) -> (&dyn FileTree, TreePath) {
        match self.mounted(path) {
            Some((tree, below)) => (tree, below),
            None => (self.base, path.clone()),
        }
    }

    /// Names directly below `dir` that lead to a mount.
    fn on_the_way(&self, dir: &TreePath) -> BTreeSet<String> {
        self.mounts
            .iter()
            .filter_map(|(at, _)| at.strip_prefix(dir)?.components().next().map(str::to_owned))
            .collect()
    }
}

impl FileTree for Overlay<'_> {
    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let mut added = self.on_the_way(dir);
        let (tree, below) = self.layer(dir);
        let mut entries = match tree.list(&below) {
            Err(TreeError::NotFound(_)) if !added.is_empty() => Vec::new(),
            listed => listed?,
        };
        for entry in &entries {
            added.remove(&entry.name);
        }
        entries.extend(added.into_iter().map(|name| Entry {
            name,
            kind: EntryKind::Directory,
        }));
        entries.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        Ok(entries)
    }

    fn read(&self, file: &TreePath) -> Result<Bytes, TreeError> {
        let (tree, below) = self.layer(file);
        tree.read(&below)
    }

    fn read_link(&self, link: &TreePath) -> Result<String, TreeError> {
        let (tree, below) = self.layer(link);
        tree.read_link(&below)
    }

    fn kind_of(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        let (tree, below) = self.layer(path);
        match tree.kind_of(&below)? {
            None if !self.on_the_way(path).is_empty() => Ok(Some(EntryKind::Directory)),
            kind => Ok(kind),
        }
    }
}

#[cfg(test)]
mod tests;
