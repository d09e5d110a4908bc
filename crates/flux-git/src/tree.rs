//! The files of a commit, read straight from its pack. Names are checked here: a tree object may hold anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use flux_tree::{Entry, EntryKind, FileTree, TreeError, TreePath};

use crate::error::Cause;
use crate::pack::{Kind, Objects};

/// Decoded directories that are kept.
const MOST_DIRECTORIES: usize = 4096;

/// The files of one commit, with fetched submodules mounted at their places.
#[derive(Clone)]
pub struct GitTree {
    objects: Arc<Objects>,
    root: gix_hash::ObjectId,
    mounts: Arc<Vec<Mount>>,
    directories: Arc<Mutex<HashMap<gix_hash::ObjectId, Directory>>>,
}

/// A submodule's files at their place.
#[derive(Debug, Clone)]
pub(crate) struct Mount {
    pub(crate) at: TreePath,
    pub(crate) tree: GitTree,
}

type Directory = Arc<Vec<Node>>;

#[derive(Debug, Clone)]
struct Node {
    name: String,
    kind: EntryKind,
    id: gix_hash::ObjectId,
}

/// Why an object of a tree cannot be used.
#[derive(Debug, thiserror::Error)]
enum Damage {
    #[error("object {0} is missing")]
    Missing(gix_hash::ObjectId),
    #[error("object {0} is of another kind")]
    Kind(gix_hash::ObjectId),
    #[error("the directory is malformed: {0}")]
    Malformed(&'static str),
}

impl std::fmt::Debug for GitTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitTree")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl GitTree {
    pub(crate) fn new(
        objects: Arc<Objects>,
        root: gix_hash::ObjectId,
        mounts: Arc<Vec<Mount>>,
    ) -> Self {
        Self {
            objects,
            root,
            mounts,
            directories: Arc::default(),
        }
    }

    /// The commit that a submodule entry points to; none where the entry is something else.
    pub(crate) fn submodule(&self, path: &TreePath) -> Result<Option<String>, TreeError> {
        let node = self
            .node(path)?
            .filter(|node| node.kind == EntryKind::Submodule);
        Ok(node.map(|node| node.id.to_string()))
    }

    fn mounted(&self, path: &TreePath) -> Option<(&GitTree, TreePath)> {
        self.mounts
            .iter()
            .find_map(|mount| Some((&mount.tree, path.strip_prefix(&mount.at)?)))
    }

    /// What is at a path of this repository itself; the root is a directory.
    fn node(&self, path: &TreePath) -> Result<Option<Node>, TreeError> {
        let mut here = Node {
            name: String::new(),
            kind: EntryKind::Directory,
            id: self.root,
        };
        for part in path.components() {
            if here.kind != EntryKind::Directory {
                return Ok(None);
            }
            let directory = self.directory(path, here.id)?;
            match directory.binary_search_by(|node| node.name.as_bytes().cmp(part.as_bytes())) {
                Ok(at) => here = directory[at].clone(),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(here))
    }

    fn directory(&self, path: &TreePath, id: gix_hash::ObjectId) -> Result<Directory, TreeError> {
        let lock = || {
            self.directories
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().get(&id) {
            return Ok(Arc::clone(known));
        }
        let raw = self.object(path, id, Kind::Tree)?;
        let parsed = parse_directory(&raw).map_err(|why| failed(path, Damage::Malformed(why)))?;
        let parsed = Arc::new(parsed);
        let mut directories = lock();
        if directories.len() >= MOST_DIRECTORIES {
            directories.clear();
        }
        directories.insert(id, Arc::clone(&parsed));
        Ok(parsed)
    }

    fn object(
        &self,
        path: &TreePath,
        id: gix_hash::ObjectId,
        want: Kind,
    ) -> Result<Vec<u8>, TreeError> {
        // The empty tree needs no object.
        if want == Kind::Tree && id == gix_hash::ObjectId::empty_tree(gix_hash::Kind::Sha1) {
            return Ok(Vec::new());
        }
        match self.objects.find(&id) {
            Ok(Some((kind, raw))) if kind == want => Ok(raw),
            Ok(Some(_)) => Err(failed(path, Damage::Kind(id))),
            Ok(None) => Err(failed(path, Damage::Missing(id))),
            Err(error) => Err(TreeError::Failed {
                path: path.clone(),
                source: Box::<Cause>::from(error),
            }),
        }
    }
}

impl FileTree for GitTree {
    fn list(&self, dir: &TreePath) -> Result<Vec<Entry>, TreeError> {
        if let Some((tree, below)) = self.mounted(dir) {
            return tree.list(&below);
        }
        let node = self
            .node(dir)?
            .ok_or_else(|| TreeError::NotFound(dir.clone()))?;
        if node.kind != EntryKind::Directory {
            return Err(TreeError::NotADirectory(dir.clone()));
        }
        let entries = self.directory(dir, node.id)?;
        entries
            .iter()
            .map(|node| {
                let mounted = node.kind == EntryKind::Submodule
                    && self
                        .mounted(&dir.child(&node.name).map_err(TreeError::Path)?)
                        .is_some();
                let kind = if mounted {
                    EntryKind::Directory
                } else {
                    node.kind
                };
                Ok(Entry {
                    name: node.name.clone(),
                    kind,
                })
            })
            .collect()
    }

    fn read(&self, file: &TreePath) -> Result<Bytes, TreeError> {
        if let Some((tree, below)) = self.mounted(file) {
            return tree.read(&below);
        }
        let node = self
            .node(file)?
            .ok_or_else(|| TreeError::NotFound(file.clone()))?;
        if !node.kind.is_file() {
            return Err(TreeError::NotAFile(file.clone()));
        }
        self.object(file, node.id, Kind::Blob).map(Bytes::from)
    }

    fn read_link(&self, link: &TreePath) -> Result<String, TreeError> {
        if let Some((tree, below)) = self.mounted(link) {
            return tree.read_link(&below);
        }
        let node = self
            .node(link)?
            .ok_or_else(|| TreeError::NotFound(link.clone()))?;
        if node.kind != EntryKind::Symlink {
            return Err(TreeError::NotALink(link.clone()));
        }
        let target = self.object(link, node.id, Kind::Blob)?;
        String::from_utf8(target)
            .map_err(|_| failed(link, Damage::Malformed("a link target is not UTF-8")))
    }

    fn kind_of(&self, path: &TreePath) -> Result<Option<EntryKind>, TreeError> {
        match self.mounted(path) {
            Some((tree, below)) => tree.kind_of(&below),
            None => Ok(self.node(path)?.map(|node| node.kind)),
        }
    }
}

fn failed(path: &TreePath, damage: Damage) -> TreeError {
    TreeError::Failed {
        path: path.clone(),
        source: Box::new(damage),
    }
}

/// `mode SP name NUL id`, repeated; sorted by name here, since Git sorts directories as if their names ended in `/`.
fn parse_directory(raw: &[u8]) -> Result<Vec<Node>, &'static str> {
    let mut nodes = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let space = rest
            .iter()
            .position(|b| *b == b' ')
            .ok_or("an entry without a mode")?;
        let (mode, after) = (&rest[..space], &rest[space + 1..]);
        let end = after
            .iter()
            .position(|b| *b == 0)
            .ok_or("an entry without a name")?;
        let (name, after) = (&after[..end], &after[end + 1..]);
        let (id, after) = after.split_at_checked(20).ok_or("an entry without an id")?;
        let name = std::str::from_utf8(name).map_err(|_| "a name is not UTF-8")?;
        if name.eq_ignore_ascii_case(".git")
            || matches!(name, "" | "." | "..")
            || name.contains('/')
        {
            return Err("a name that no checkout may have");
        }
        nodes.push(Node {
            name: name.to_owned(),
            kind: kind_of_mode(mode).ok_or("a mode that is not known")?,
            id: gix_hash::ObjectId::Sha1(id.try_into().map_err(|_| "an entry without an id")?),
        });
        rest = after;
    }
    nodes.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    if nodes.windows(2).any(|pair| pair[0].name == pair[1].name) {
        return Err("a name occurs twice");
    }
    Ok(nodes)
}

fn kind_of_mode(mode: &[u8]) -> Option<EntryKind> {
    let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
    match mode & 0o170_000 {
        0o040_000 => Some(EntryKind::Directory),
        0o100_000 => Some(EntryKind::File {
            executable: mode & 0o111 != 0,
        }),
        0o120_000 => Some(EntryKind::Symlink),
        0o160_000 => Some(EntryKind::Submodule),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(mode: &str, name: &[u8]) -> Vec<u8> {
        [mode.as_bytes(), b" ", name, b"\0", &[7; 20]].concat()
    }

    #[test]
    fn names_come_back_in_byte_order() {
        let raw = [
            entry("100755", b"a.b"),
            entry("40000", b"a"),
            entry("120000", b"z"),
        ]
        .concat();
        let nodes = parse_directory(&raw).unwrap();
        let names: Vec<_> = nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["a", "a.b", "z"]);
        assert_eq!(nodes[1].kind, EntryKind::File { executable: true });
    }

    #[test]
    fn hostile_names_are_refused() {
        for name in [&b".git"[..], b".GIT", b"..", b".", b"", b"a/b", b"\xff"] {
            assert!(parse_directory(&entry("100644", name)).is_err(), "{name:?}");
        }
        let twice = [entry("100644", b"a"), entry("40000", b"a")].concat();
        assert!(parse_directory(&twice).is_err());
        assert!(parse_directory(&entry("100644", b"a")[..10]).is_err());
        assert!(parse_directory(&entry("10", b"a")).is_err());
    }
}
