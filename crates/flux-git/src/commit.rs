//! A commit and its tag as values: who, when, what was said, and what was signed.

use std::sync::Arc;

use crate::pack::Objects;
use crate::revision::{self, Pointer};
use crate::tree::GitTree;

/// A fetched commit. It owns the pack it came in; the pack is deleted with the last clone of it and of its trees.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The hash, and the reference by which the commit was found.
    pub pointer: Pointer,
    /// The object as stored, without its header.
    pub raw: Vec<u8>,
    /// Who wrote the change.
    pub author: Person,
    /// Who made the commit.
    pub committer: Person,
    /// The message, in whatever encoding.
    pub message: Vec<u8>,
    /// The signature and what it signs.
    pub signature: Signature,
    /// The tag by which the commit was found, for tags, version ranges and names of tags.
    pub referencing_tag: Option<Tag>,
    /// Tags in the version range that were passed over, since they lead to no commit; without `refs/tags/`.
    pub skipped_tags: Vec<String>,
    pub(crate) tree_hash: gix_hash::ObjectId,
    pub(crate) objects: Arc<Objects>,
    pub(crate) mounts: Arc<Vec<crate::tree::Mount>>,
}

/// A tag: an annotated one with all its fields, a lightweight one with its name alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tag {
    /// The name: of an annotated tag the one inside the tag object, which may differ from the reference.
    pub name: String,
    /// The hash of the tag object; empty for a lightweight tag.
    pub hash: String,
    /// The object as stored, without its header; empty for a lightweight tag.
    pub raw: Vec<u8>,
    /// Who tagged, where the tag says.
    pub tagger: Option<Person>,
    /// The message without the signature.
    pub message: Vec<u8>,
    /// The signature and what it signs.
    pub signature: Signature,
}

/// A signature, detached from the object it was part of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signature {
    /// The armored text; empty where the object is not signed.
    pub text: Vec<u8>,
    /// The object without its signature: what is signed.
    pub payload: Vec<u8>,
}

/// Someone at some time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// When.
    pub time: Time,
}

/// A time as Git stores it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Seconds since 1970 in UTC.
    pub seconds: i64,
    /// The offset of the local time, in minutes east of UTC.
    pub offset_minutes: i32,
}

impl Commit {
    /// The hash of the commit.
    pub fn hash(&self) -> &str {
        &self.pointer.hash
    }

    /// The first line of the message, at most 50 characters of it.
    pub fn short_message(&self) -> String {
        revision::short_message(&String::from_utf8_lossy(&self.message))
    }

    /// The files, with the submodules that were fetched mounted at their places.
    pub fn tree(&self) -> GitTree {
        GitTree::new(
            Arc::clone(&self.objects),
            self.tree_hash,
            Arc::clone(&self.mounts),
        )
    }
}

impl Tag {
    /// True for an annotated tag.
    pub fn is_annotated(&self) -> bool {
        !self.hash.is_empty()
    }
}

impl std::fmt::Display for Tag {
    /// `name@hash`, or `name` for a lightweight tag.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.hash.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}@{}", self.name, self.hash)
        }
    }
}
