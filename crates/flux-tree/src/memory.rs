//! A tree in memory: immutable, cheap to clone, file contents shared between trees.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::path::TreePath;
use crate::tree::{Entry, EntryKind, FileTree, TreeError};

/// An immutable tree. A clone shares everything; a builder made from it copies only what it changes.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    root: Arc<Dir>,
}

/// Collects files into a [`MemoryTree`]. Parents are made as needed.
#[derive(Debug, Clone, Default)]
pub struct MemoryTreeBuilder {
    root: Arc<Dir>,
}

#[derive(Debug, Clone, Default)]
struct Dir {
    entries: BTreeMap<Box<str>, Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Dir(Arc<Dir>),
    File { content: Bytes, executable: bool },
    Symlink(Arc<str>),
    Submodule,
}

impl Node {
    fn kind(&self) -> EntryKind {
        match self {
            Self::Dir(_) => EntryKind::Directory,
            Self::File { executable, .. } => EntryKind::File {
                executable: *executable,
            },
            Self::Symlink(_) => EntryKind::Symlink,
            Self::Submodule => EntryKind::Submodule,
        }
    }
}

impl MemoryTree {
    /// An empty builder.
    pub fn builder() -> MemoryTreeBuilder {
        MemoryTreeBuilder::default()
    }

    /// A tree of plain files, for fixtures and small generated trees.
    ///
    /// # Errors
    /// A path that is not inside a tree, or that is both a file and a directory.
    pub fn from_files<P: AsRef<str>, C: Into<Bytes>>(
        files: impl IntoIterator<Item = (P, C)>,
    ) -> Result<Self, TreeError> {
        let mut builder = Self::builder();
        for (path, content) in files {
            let path = TreePath::clean(path.as_ref()).map_err(TreeError::Path)?;
            builder.file(&path, content.into(), false)?;
        }
        Ok(builder.build())
    }

    /// Copies any tree into memory.
    ///
    /// # Errors
    /// What the tree reports.
    pub fn copy_of(tree: &dyn FileTree) -> Result<Self, TreeError> {
        let mut builder = Self::builder();
        for (path, kind) in crate::tree::walk(tree, &TreePath::root())? {
            match kind {
                EntryKind::Directory => builder.directory(&path),
                EntryKind::File { executable } => {
                    builder.file(&path, tree.read(&path)?, executable)
                }
                EntryKind::Symlink => builder.symlink(&path, &tree.read_link(&path)?),
                EntryKind::Submodule => builder.submodule(&path),
            }?;
        }
        Ok(builder.build())
    }

    /// A builder that begins with this tree.
    pub fn to_builder(&self) -> MemoryTreeBuilder {
        MemoryTreeBuilder {
            root: Arc::clone(&self.root),
        }
    }

    /// The tree below a directory; shares everything with this tree.
    ///
    /// # Errors
    /// [`TreeError::NotFound`], [`TreeError::NotADirectory`].
    pub fn subtree(&self, dir: &TreePath) -> Result<Self, TreeError> {
        Ok(Self {
            root: Arc::clone(self.dir(dir)?),
        })
    }

    /// The bytes that the tree holds: contents, names, and a fixed cost for every entry. For caches bounded by size.
    pub fn weight(&self) -> usize {
        fn of(dir: &Dir) -> usize {
            dir.entries
                .iter()
                .map(|(name, node)| {
                    96 + name.len()
                        + match node {
                            Node::Dir(dir) => of(dir),
                            Node::File { content, .. } => content.len(),
                            Node::Symlink(target) => target.len(),
                            Node::Submodule => 0,
                        }
                })
                .sum()
        }
        of(&self.root)
    }

    fn node(&self, path: &TreePath) -> Option<&Node> {
        let mut parts = path.components();
        let last = parts.next_back()?;
        let mut dir = &self.root;
        for part in parts {
            match dir.entries.get(part)? {
                Node::Dir(below) => dir = below,
                Node::File { .. } | Node::Symlink(_) | Node::Submodule => return None,
            }
        }
        dir.entries.get(last)
    }

    fn dir(&self, path: &TreePath) -> Result<&Arc<Dir>, TreeError> {
        if path.is_root() {
            return Ok(&self.root);
        }
        match self.node(path) {
            Some(Node::Dir(dir)) => Ok(dir),
            Some(_) => Err(TreeError::NotADirectory(path.clone())),
            None => Err(TreeError::NotFound(path.clone())),
        }
    }
}

impl FileTree for MemoryTree {
    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, TreeError> {
        Ok(self
            .dir(dir)?
            .entries
            .iter()
            .map(|(name, node)| Entry {
                name: name.to_string(),
                kind: node.kind(),
            })
            .collect())
    }

    fn read(&self, file: &TreePath) -> Result<Bytes, TreeError> {
        match self.node(file) {
            Some(Node::File { content, .. }) => Ok(content.clone()),
            None if !file.is_root() => Err(TreeError::NotFound(file.clone())),
            _ => Err(TreeError::NotAFile(file.clone())),
        }
    }

    fn read_link(&self, link: &TreePath) -> Result<String, TreeError> {
        match self.node(link) {
            Some(Node::Symlink(target)) => Ok(target.to_string()),
            None if !link.is_root() => Err(TreeError::NotFound(link.clone())),
            _ => Err(TreeError::NotALink(link.clone())),
        }
    }

    fn kind_of(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        if path.is_root() {
            return Ok(Some(EntryKind::Directory));
        }
        Ok(self.node(path).map(Node::kind))
    }
}

impl MemoryTreeBuilder {
    /// Makes a directory, and its parents.
    ///
    /// # Errors
    /// [`TreeError::NotADirectory`] when a file is in the way.
    pub fn directory(&mut self, path: &TreePath) -> Result<(), TreeError> {
        self.dir_mut(path).map(|_| ())
    }

    /// Puts a file; a file or link of that name is replaced.
    ///
    /// # Errors
    /// [`TreeError::NotADirectory`], or [`TreeError::Exists`] when a directory has that name.
    pub fn file(
        &mut self,
        path: &TreePath,
        content: Bytes,
        executable: bool,
    ) -> Result<(), TreeError> {
        self.put(
            path,
            Node::File {
                content,
                executable,
            },
        )
    }

    /// Puts a symbolic link. The target is kept as given.
    ///
    /// # Errors
    /// As for [`Self::file`].
    pub fn symlink(&mut self, path: &TreePath, target: &str) -> Result<(), TreeError> {
        self.put(path, Node::Symlink(target.into()))
    }

    /// Puts a pointer to another repository.
    ///
    /// # Errors
    /// As for [`Self::file`].
    pub fn submodule(&mut self, path: &TreePath) -> Result<(), TreeError> {
        self.put(path, Node::Submodule)
    }

    /// The finished tree.
    pub fn build(self) -> MemoryTree {
        MemoryTree { root: self.root }
    }

    fn put(&mut self, path: &TreePath, node: Node) -> Result<(), TreeError> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(TreeError::Exists(path.clone()));
        };
        let dir = self.dir_mut(&parent)?;
        if matches!(dir.entries.get(name), Some(Node::Dir(_))) {
            return Err(TreeError::Exists(path.clone()));
        }
        dir.entries.insert(name.into(), node);
        Ok(())
    }

    fn dir_mut(&mut self, path: &TreePath) -> Result<&mut Dir, TreeError> {
        let mut dir = Arc::make_mut(&mut self.root);
        for part in path.components() {
            let node = dir
                .entries
                .entry(part.into())
                .or_insert_with(|| Node::Dir(Arc::default()));
            match node {
                Node::Dir(below) => dir = Arc::make_mut(below),
                Node::File { .. } | Node::Symlink(_) | Node::Submodule => {
                    return Err(TreeError::NotADirectory(path.clone()));
                }
            }
        }
        Ok(dir)
    }
}

#[cfg(test)]
mod tests;
