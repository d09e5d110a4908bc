//! The seam: what a set of files can be asked, and how it says that it cannot answer.

use bytes::Bytes;

use crate::path::{PathError, TreePath};

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A directory. Trees may have empty ones.
    Directory,
    /// A regular file.
    File {
        /// Whether any execute bit is set.
        executable: bool,
    },
    /// A symbolic link. Its target is data; nothing follows it but [`resolve`].
    Symlink,
    /// A pointer to a commit of another repository whose files are not part of this tree.
    Submodule,
}

impl EntryKind {
    /// True for a directory.
    pub fn is_directory(self) -> bool {
        matches!(self, Self::Directory)
    }

    /// True for a regular file, executable or not.
    pub fn is_file(self) -> bool {
        matches!(self, Self::File { .. })
    }
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name inside its directory: one path component.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// A set of files. No method follows symbolic links; use [`resolve`] first where that is wanted.
pub trait FileTree: Send + Sync {
    /// The entries of a directory, sorted by the bytes of their names.
    ///
    /// # Errors
    /// [`TreeError::NotFound`], [`TreeError::NotADirectory`], [`TreeError::Failed`].
    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, TreeError>;

    /// The content of a regular file.
    ///
    /// # Errors
    /// [`TreeError::NotFound`], [`TreeError::NotAFile`], [`TreeError::Failed`].
    fn read(&self, file: &TreePath) -> Result<Bytes, TreeError>;

    /// The target of a symbolic link, as stored.
    ///
    /// # Errors
    /// [`TreeError::NotFound`], [`TreeError::NotALink`], [`TreeError::Failed`].
    fn read_link(&self, link: &TreePath) -> Result<String, TreeError>;

    /// What is at `path`; none where nothing is, also when a parent is not a directory.
    ///
    /// # Errors
    /// [`TreeError::Failed`].
    fn kind_of(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError>;
}

/// Why a tree could not answer.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Nothing is at this path.
    #[error("'{0}' not found")]
    NotFound(TreePath),
    /// Something else than a directory is at this path.
    #[error("'{0}' is not a directory")]
    NotADirectory(TreePath),
    /// Something else than a regular file is at this path.
    #[error("'{0}' is not a file")]
    NotAFile(TreePath),
    /// Something else than a symbolic link is at this path.
    #[error("'{0}' is not a symbolic link")]
    NotALink(TreePath),
    /// Something is at this path already.
    #[error("'{0}' already exists")]
    Exists(TreePath),
    /// A symbolic link points out of the tree.
    #[error("symbolic link '{link}' to '{target}' leaves the tree")]
    LinkOutside {
        /// The link.
        link: TreePath,
        /// What it points to.
        target: String,
    },
    /// Following symbolic links does not come to an end.
    #[error("too many levels of symbolic links at '{0}'")]
    LinkLoop(TreePath),
    /// A name in the tree is not a path.
    #[error("bad path")]
    Path(#[source] PathError),
    /// The owner of the tree failed.
    #[error("read '{path}'")]
    Failed {
        /// What was being read.
        path: TreePath,
        /// Why it could not be read.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl TreeError {
    /// True when nothing is at the path that was asked for.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }
}

/// As many links are followed for one path as Linux follows.
const MOST_LINKS: usize = 40;

/// The path that `path` means once all symbolic links are followed, inside the tree only. A path of which the last
/// part (or more) does not exist is returned as it is.
///
/// # Errors
/// [`TreeError::LinkOutside`], [`TreeError::LinkLoop`], and what the tree reports.
pub fn resolve(tree: &dyn FileTree, path: &TreePath) -> Result<TreePath, TreeError> {
    let mut links = 0;
    let mut done = TreePath::root();
    let mut rest: Vec<String> = path.components().rev().map(str::to_owned).collect();
    while let Some(name) = rest.pop() {
        let here = match name.as_str() {
            ".." => {
                // Links were resolved up to here, so the parent is the real one.
                done = done
                    .parent()
                    .ok_or_else(|| TreeError::Path(PathError::Outside(path.to_string())))?;
                continue;
            }
            name => done.child(name).map_err(TreeError::Path)?,
        };
        if tree.kind_of(&here)? != Some(EntryKind::Symlink) {
            done = here;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(TreeError::LinkLoop(path.clone()));
        }
        let target = tree.read_link(&here)?;
        let outside = || TreeError::LinkOutside {
            link: here.clone(),
            target: target.clone(),
        };
        if target.starts_with('/') || leaves(&done, &target) {
            return Err(outside());
        }
        rest.extend(
            target
                .split('/')
                .rev()
                .filter(|part| !matches!(*part, "" | "."))
                .map(str::to_owned),
        );
    }
    Ok(done)
}

/// Whether a link target goes above the root by its leading `..` parts alone; later ones are caught while walking.
fn leaves(dir: &TreePath, target: &str) -> bool {
    let up = target
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .take_while(|part| *part == "..")
        .count();
    up > dir.components().count()
}

/// Every path below `dir` with its kind, directories before their entries, in listing order. `dir` itself is left out.
///
/// # Errors
/// What the tree reports.
pub fn walk(tree: &dyn FileTree, dir: &TreePath) -> Result<Vec<(TreePath, EntryKind)>, TreeError> {
    let mut found = Vec::new();
    let mut waiting = Vec::new();
    push_entries(tree, dir, &mut waiting)?;
    while let Some((path, kind)) = waiting.pop() {
        if kind.is_directory() {
            push_entries(tree, &path, &mut waiting)?;
        }
        found.push((path, kind));
    }
    Ok(found)
}

fn push_entries(
    tree: &dyn FileTree,
    dir: &TreePath,
    waiting: &mut Vec<(TreePath, EntryKind)>,
) -> Result<(), TreeError> {
    for entry in tree.list(dir)?.into_iter().rev() {
        waiting.push((dir.child(&entry.name).map_err(TreeError::Path)?, entry.kind));
    }
    Ok(())
}
