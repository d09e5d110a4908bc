//! The index of a set of remote files: what a revision of a bucket is the digest of.

use std::collections::BTreeMap;

use crate::{Algorithm, Digest};

/// Keys of remote files with what tells their versions apart, such as an etag (source-controller's index of a Bucket).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    entries: BTreeMap<String, String>,
}

impl Index {
    /// Puts a file; the last version of a key wins.
    pub fn put(&mut self, key: impl Into<String>, version: impl Into<String>) {
        self.entries.insert(key.into(), version.into());
    }

    /// The text form: a line `key version` for each file, sorted by the bytes of the keys.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (key, version) in &self.entries {
            text.extend([key.as_str(), " ", version.as_str(), "\n"]);
        }
        text
    }

    /// The digest of the text form.
    pub fn digest(&self, algorithm: Algorithm) -> Digest {
        algorithm.digest(self.text().as_bytes())
    }
}
