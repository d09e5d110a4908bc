//! A repository in memory: objects by id, references by name. What is written depends on nothing but its input, so
//! the same commits have the same ids everywhere.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use flux_tree::{EntryKind, FileTree, TreeError, TreePath};
use sha1::{Digest as _, Sha1};

use crate::commit::{Person, Time};
use crate::object::{parse_commit, parse_tag};
use crate::pack::Kind;

/// Objects and references.
#[derive(Debug, Clone)]
pub struct Repository {
    objects: HashMap<gix_hash::ObjectId, (Kind, Bytes)>,
    refs: BTreeMap<String, gix_hash::ObjectId>,
    head: String,
}

/// A commit to be made.
#[derive(Debug, Clone)]
pub struct NewCommit<'a> {
    /// The branch that will point to it, without `refs/heads/`. What it points to now becomes the parent.
    pub branch: &'a str,
    /// Who wrote the change, and when.
    pub author: Person,
    /// Who commits it, and when.
    pub committer: Person,
    /// The message, as it is to be stored.
    pub message: &'a str,
}

/// A tag to be made.
#[derive(Debug, Clone)]
pub struct NewTag<'a> {
    /// The name, without `refs/tags/`.
    pub name: &'a str,
    /// The hash of the object it points to.
    pub target: &'a str,
    /// Who tags, and when.
    pub tagger: Person,
    /// The message, as it is to be stored.
    pub message: &'a str,
}

/// Why a repository cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The files cannot be read.
    #[error("read the files of a commit")]
    Tree(#[source] TreeError),
    /// A submodule cannot be committed from a file tree, which does not say its commit.
    #[error("'{0}' is a submodule")]
    Submodule(TreePath),
    /// There is no such object.
    #[error("object '{0}' is not in the repository")]
    Missing(String),
    /// A reference name that Git does not allow.
    #[error("'{0}' is not the name of a reference")]
    Name(String),
}

impl Default for Repository {
    fn default() -> Self {
        Self::new()
    }
}

impl Repository {
    /// An empty repository whose `HEAD` stands for the branch `main`.
    pub fn new() -> Self {
        Self {
            objects: HashMap::new(),
            refs: BTreeMap::new(),
            head: "refs/heads/main".to_owned(),
        }
    }

    /// Makes `HEAD` stand for a branch, named in full.
    pub fn set_head(&mut self, reference: &str) {
        reference.clone_into(&mut self.head);
    }

    /// The reference that `HEAD` stands for.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// All references but `HEAD`: full names and hashes.
    pub fn refs(&self) -> impl Iterator<Item = (&str, String)> {
        self.refs
            .iter()
            .map(|(name, id)| (name.as_str(), id.to_string()))
    }

    /// The hash that a reference, named in full, points to.
    pub fn find(&self, reference: &str) -> Option<String> {
        self.refs.get(reference).map(ToString::to_string)
    }

    /// Commits the files to a branch; returns the hash of the commit.
    ///
    /// # Errors
    /// When the files cannot be read, or hold a submodule; when the branch has an impossible name.
    pub fn commit(
        &mut self,
        new: &NewCommit<'_>,
        files: &dyn FileTree,
    ) -> Result<String, RepositoryError> {
        let reference = checked(&format!("refs/heads/{}", new.branch))?;
        let tree = self.write_tree(files, &TreePath::root())?;
        let parent = self.refs.get(&reference);
        let parent = parent
            .map(|parent| format!("parent {parent}\n"))
            .unwrap_or_default();
        let text = format!(
            "tree {tree}\n{parent}author {}\ncommitter {}\n\n{}",
            person(&new.author),
            person(&new.committer),
            new.message
        );
        let id = self.put(Kind::Commit, Bytes::from(text));
        self.refs.insert(reference, id);
        Ok(id.to_string())
    }

    /// Makes an annotated tag; returns the hash of the tag object.
    ///
    /// # Errors
    /// When the target is missing or the name impossible.
    pub fn tag(&mut self, new: &NewTag<'_>) -> Result<String, RepositoryError> {
        let reference = checked(&format!("refs/tags/{}", new.name))?;
        let target = self.existing(new.target)?;
        let kind = self
            .objects
            .get(&target)
            .map_or(Kind::Commit, |(kind, _)| *kind);
        let text = format!(
            "object {target}\ntype {kind}\ntag {}\ntagger {}\n\n{}",
            new.name,
            person(&new.tagger),
            new.message
        );
        let id = self.put(Kind::Tag, Bytes::from(text));
        self.refs.insert(reference, id);
        Ok(id.to_string())
    }

    /// Points a reference, named in full, to an object: a branch, a lightweight tag, anything below `refs/`.
    ///
    /// # Errors
    /// When the object is missing or the name impossible.
    pub fn set_ref(&mut self, reference: &str, hash: &str) -> Result<(), RepositoryError> {
        let reference = checked(reference)?;
        let id = self.existing(hash)?;
        self.refs.insert(reference, id);
        Ok(())
    }

    /// Removes a reference, named in full; true where there was one.
    pub fn remove_ref(&mut self, reference: &str) -> bool {
        self.refs.remove(reference).is_some()
    }

    /// Stores a raw object: signed commits and odd tags of tests. `kind` is `commit`, `tag`, `tree` or `blob`.
    ///
    /// # Errors
    /// When the kind is none of these.
    pub fn put_raw(&mut self, kind: &str, raw: Bytes) -> Result<String, RepositoryError> {
        let kind = Kind::from_bytes(kind.as_bytes())
            .map_err(|_| RepositoryError::Missing(kind.to_owned()))?;
        Ok(self.put(kind, raw).to_string())
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = (&str, gix_hash::ObjectId)> {
        self.refs.iter().map(|(name, id)| (name.as_str(), *id))
    }

    pub(crate) fn object(&self, id: &gix_hash::oid) -> Option<&(Kind, Bytes)> {
        self.objects.get(id)
    }

    pub(crate) fn put(&mut self, kind: Kind, raw: Bytes) -> gix_hash::ObjectId {
        let id = id_of(kind, &raw);
        self.objects.insert(id, (kind, raw));
        id
    }

    pub(crate) fn put_ref(&mut self, name: String, id: gix_hash::ObjectId) {
        self.refs.insert(name, id);
    }

    /// What an annotated tag finally points to.
    pub(crate) fn peeled(&self, id: gix_hash::ObjectId) -> Option<gix_hash::ObjectId> {
        let mut here = id;
        while let Some((Kind::Tag, raw)) = self.objects.get(&here) {
            here = parse_tag("", raw).ok()?.target;
        }
        (here != id).then_some(here)
    }

    /// The tree and the parents of a commit.
    pub(crate) fn links(
        &self,
        id: &gix_hash::oid,
    ) -> Option<(gix_hash::ObjectId, Vec<gix_hash::ObjectId>)> {
        let Some((Kind::Commit, raw)) = self.objects.get(id) else {
            return None;
        };
        let tree = parse_commit(raw).ok()?.tree;
        let parents = raw
            .split(|b| *b == b'\n')
            .take_while(|line| !line.is_empty())
            .filter_map(|line| gix_hash::ObjectId::from_hex(line.strip_prefix(b"parent ")?).ok())
            .collect();
        Some((tree, parents))
    }

    fn existing(&self, hash: &str) -> Result<gix_hash::ObjectId, RepositoryError> {
        gix_hash::ObjectId::from_hex(hash.as_bytes())
            .ok()
            .filter(|id| self.objects.contains_key(id))
            .ok_or_else(|| RepositoryError::Missing(hash.to_owned()))
    }

    fn write_tree(
        &mut self,
        files: &dyn FileTree,
        dir: &TreePath,
    ) -> Result<gix_hash::ObjectId, RepositoryError> {
        let mut entries = Vec::new();
        for entry in files.list(dir).map_err(RepositoryError::Tree)? {
            let path = dir
                .child(&entry.name)
                .map_err(|error| RepositoryError::Tree(TreeError::Path(error)))?;
            let (mode, id) = match entry.kind {
                EntryKind::Directory => ("40000", self.write_tree(files, &path)?),
                EntryKind::File { executable } => {
                    let content = files.read(&path).map_err(RepositoryError::Tree)?;
                    (
                        if executable { "100755" } else { "100644" },
                        self.put(Kind::Blob, content),
                    )
                }
                EntryKind::Symlink => {
                    let target = files.read_link(&path).map_err(RepositoryError::Tree)?;
                    ("120000", self.put(Kind::Blob, Bytes::from(target)))
                }
                EntryKind::Submodule => return Err(RepositoryError::Submodule(path)),
            };
            // Git does not know empty directories.
            let empty = id == gix_hash::ObjectId::empty_tree(gix_hash::Kind::Sha1);
            if !(entry.kind.is_directory() && empty) {
                entries.push((entry.name, mode, id));
            }
        }
        // Git sorts a directory as if its name ended in a slash.
        let key = |(name, mode, _): &(String, &str, gix_hash::ObjectId)| {
            if *mode == "40000" {
                format!("{name}/")
            } else {
                name.clone()
            }
        };
        entries.sort_by_key(key);
        let mut raw = Vec::new();
        for (name, mode, id) in &entries {
            raw.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            raw.extend_from_slice(id.as_slice());
        }
        Ok(self.put(Kind::Tree, Bytes::from(raw)))
    }
}

/// The id of an object.
pub(crate) fn id_of(kind: Kind, raw: &[u8]) -> gix_hash::ObjectId {
    let mut hasher = Sha1::new();
    hasher.update(format!("{kind} {}\0", raw.len()));
    hasher.update(raw);
    gix_hash::ObjectId::Sha1(hasher.finalize().into())
}

fn checked(reference: &str) -> Result<String, RepositoryError> {
    gix_validate::reference::name(reference.into())
        .map(|_| reference.to_owned())
        .map_err(|_| RepositoryError::Name(reference.to_owned()))
}

fn person(person: &Person) -> String {
    let clean = |text: &str| text.replace(['<', '>', '\n', '\0'], "");
    let Time {
        seconds,
        offset_minutes,
    } = person.time;
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let offset = offset_minutes.unsigned_abs();
    format!(
        "{} <{}> {seconds} {sign}{:02}{:02}",
        clean(&person.name),
        clean(&person.email),
        offset / 60,
        offset % 60
    )
}
