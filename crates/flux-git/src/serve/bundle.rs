//! Reading a Git bundle: references in clear, then one pack.

use bytes::Bytes;

use crate::client::Limits;
use crate::error::Cause;
use crate::pack::index_bytes;
use crate::serve::Repository;

/// Why a bundle cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is none, or one of another version, or an incremental one.
    #[error("not a complete bundle of version 2")]
    Format,
    /// Its pack is damaged.
    #[error("read the pack of a bundle")]
    Pack(#[source] Cause),
}

impl Repository {
    /// A repository with everything from a complete bundle of version 2.
    ///
    /// # Errors
    /// When it is something else, or damaged.
    pub fn from_bundle(bytes: &Bytes) -> Result<Self, BundleError> {
        let mut rest = bytes
            .strip_prefix(b"# v2 git bundle\n".as_slice())
            .ok_or(BundleError::Format)?;
        let mut repository = Self::new();
        let mut head = None;
        loop {
            let end = rest
                .iter()
                .position(|b| *b == b'\n')
                .ok_or(BundleError::Format)?;
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            if line.is_empty() {
                break;
            }
            let line = std::str::from_utf8(line).map_err(|_| BundleError::Format)?;
            let (hash, name) = line.split_once(' ').ok_or(BundleError::Format)?;
            let id =
                gix_hash::ObjectId::from_hex(hash.as_bytes()).map_err(|_| BundleError::Format)?;
            match name {
                "HEAD" => head = Some(id),
                name => repository.put_ref(name.to_owned(), id),
            }
        }
        let pack = bytes.slice_ref(rest);
        let objects = index_bytes(pack, &Limits::default()).map_err(BundleError::Pack)?;
        for id in objects.ids() {
            if let Some((kind, raw)) = objects.find(&id).map_err(BundleError::Pack)? {
                repository.put(kind, Bytes::from(raw));
            }
        }
        let branch = head.and_then(|head| {
            let mut branches = repository
                .ids()
                .filter(|(name, _)| name.starts_with("refs/heads/"));
            branches
                .find(|(_, id)| *id == head)
                .map(|(name, _)| name.to_owned())
        });
        if let Some(branch) = branch {
            repository.set_head(&branch);
        }
        Ok(repository)
    }
}
