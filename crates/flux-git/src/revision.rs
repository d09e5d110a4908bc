//! The text form of a revision: `main@sha1:5394cb7f...` (spec rows COM-REV-002 and COM-REV-004).
//!
//! Parity: nothing here validates. Upstream cuts these texts at fixed characters and so do we, since a revision that
//! was stored by an older version must be understood, and a strange one must stay recognizable.

/// The name of the hash algorithm of a text that is no SHA-1.
const UNKNOWN: &str = "<unknown>";

/// The current form of a revision: `branch/sha` becomes `branch@sha1:sha`, a bare hash `sha1:hash`, and
/// `HEAD/sha` loses its pointer. A text that has a `:` is current already.
pub fn current_form(revision: &str) -> String {
    if revision.is_empty() || revision.contains(':') {
        return revision.to_owned();
    }
    let pointer = named_pointer(revision);
    let digest = digest_of(hash(revision));
    if pointer.is_empty() {
        digest
    } else {
        format!("{pointer}@{digest}")
    }
}

/// The branch, tag or reference that a revision names; empty where it names none.
pub fn named_pointer(revision: &str) -> &str {
    if let Some((pointer, _)) = revision.rsplit_once('@') {
        return pointer;
    }
    match revision.rsplit_once('/') {
        // Parity: only the old form drops `HEAD`; `HEAD@sha1:...` keeps it.
        Some((pointer, _)) if pointer != "HEAD" => pointer,
        _ => "",
    }
}

/// The hash of a revision, without its algorithm.
pub fn hash(revision: &str) -> &str {
    if let Some((_, hash)) = revision.rsplit_once(':') {
        return hash;
    }
    revision.rsplit_once('/').map_or(revision, |(_, hash)| hash)
}

/// The algorithm of a hash, told by its length: `sha1`, or `<unknown>`.
pub fn hash_algorithm(hash: &str) -> &'static str {
    if hash.len() == 40 { "sha1" } else { UNKNOWN }
}

/// A hash with its algorithm: `sha1:<hex>`; empty for an empty hash.
pub fn digest_of(hash: &str) -> String {
    if hash.is_empty() {
        String::new()
    } else {
        format!("{}:{hash}", hash_algorithm(hash))
    }
}

/// What a commit is called: its hash, and the reference by which it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// The hash of the commit, 40 hex digits.
    pub hash: String,
    /// The full name of the reference: `refs/heads/main`, `HEAD`, or empty.
    pub reference: String,
}

impl Pointer {
    /// The short revision: `main@sha1:...`; `sha1:...` where the reference has no short name.
    pub fn revision(&self) -> String {
        let digest = digest_of(&self.hash);
        match short_name(&self.reference) {
            Some(name) => format!("{name}@{digest}"),
            None => digest,
        }
    }

    /// The revision with the full name of the reference: `refs/heads/main@sha1:...`.
    pub fn absolute_revision(&self) -> String {
        let digest = digest_of(&self.hash);
        if self.reference.is_empty() {
            digest
        } else {
            format!("{}@{digest}", self.reference)
        }
    }
}

/// What follows the second slash of a reference.
/// Parity: `refs/pull/7/head` is therefore called `7/head`.
pub fn short_name(reference: &str) -> Option<&str> {
    reference.splitn(3, '/').nth(2)
}

/// The first line of a commit message, at most 50 characters of it; `...` says that some were left out.
pub fn short_message(message: &str) -> String {
    let subject = message.split('\n').next().unwrap_or_default();
    match subject.char_indices().nth(50) {
        Some((at, _)) => format!("{}...", &subject[..at]),
        None => subject.to_owned(),
    }
}
