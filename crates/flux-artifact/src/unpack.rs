//! `tar.gz` to a tree in memory, within limits. The sender is not trusted: everything is counted and every name checked.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use flux_tree::{MemoryTree, MemoryTreeBuilder, TreeError, TreePath};
use tar::{Archive, Entry, EntryType};

/// What an archive may cost. All limits are finite by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Compressed bytes.
    pub compressed: u64,
    /// Bytes of the tar stream, headers and padding included.
    pub decompressed: u64,
    /// Entries of any type.
    pub entries: usize,
    /// What to do about symbolic links.
    pub links: Links,
}

/// What to do about symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Leave them out, as consumers of artifacts do.
    Skip,
    /// Refuse the archive.
    Refuse,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            compressed: 256 << 20,
            decompressed: 1 << 30,
            entries: 500_000,
            links: Links::Skip,
        }
    }
}

/// Why an archive was refused.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The archive, or what it unpacks to, is too large.
    #[error("archive exceeds the limit of {limit} {unit}")]
    TooLarge {
        /// The limit.
        limit: u64,
        /// What was counted.
        unit: &'static str,
    },
    /// The stream is not a gzip-compressed tar, or is cut off.
    #[error("read archive")]
    Read(#[source] io::Error),
    /// A name that is absolute, leaves the tree, has a back-slash, or is not UTF-8.
    #[error("archive entry has a bad name '{0}'")]
    BadName(String),
    /// An entry that is neither a file nor a directory.
    #[error("archive entry '{name}' has unsupported type {kind:?}")]
    BadType {
        /// The name of the entry.
        name: String,
        /// Its type.
        kind: EntryType,
    },
    /// Entries that exclude each other.
    #[error("place archive entry")]
    Place(#[source] TreeError),
}

/// Unpacks an archive.
///
/// # Errors
/// See [`UnpackError`].
pub fn unpack(archive: &[u8], limits: &Limits) -> Result<MemoryTree, UnpackError> {
    if archive.len() as u64 > limits.compressed {
        return Err(UnpackError::TooLarge {
            limit: limits.compressed,
            unit: "compressed bytes",
        });
    }
    let mut counted = Counted {
        inner: MultiGzDecoder::new(archive),
        left: limits.decompressed,
        over: false,
    };
    let result = read_all(&mut counted, limits);
    if counted.over {
        return Err(UnpackError::TooLarge {
            limit: limits.decompressed,
            unit: "bytes",
        });
    }
    result
}

fn read_all(stream: &mut impl Read, limits: &Limits) -> Result<MemoryTree, UnpackError> {
    let mut builder = MemoryTree::builder();
    let mut archive = Archive::new(stream);
    for (count, entry) in archive.entries().map_err(UnpackError::Read)?.enumerate() {
        if count >= limits.entries {
            return Err(UnpackError::TooLarge {
                limit: limits.entries as u64,
                unit: "entries",
            });
        }
        place(
            &mut builder,
            entry.map_err(UnpackError::Read)?,
            limits.links,
        )?;
    }
    Ok(builder.build())
}

fn place<R: Read>(
    builder: &mut MemoryTreeBuilder,
    mut entry: Entry<'_, R>,
    links: Links,
) -> Result<(), UnpackError> {
    let kind = entry.header().entry_type();
    if kind == EntryType::XGlobalHeader {
        return Ok(());
    }
    let (name, path) = checked_path(&entry.path_bytes())?;
    match kind {
        EntryType::Directory => builder.directory(&path).map_err(UnpackError::Place),
        EntryType::Regular | EntryType::Continuous => {
            let executable = entry.header().mode().map_err(UnpackError::Read)? & 0o111 != 0;
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(UnpackError::Read)?;
            builder
                .file(&path, Bytes::from(content), executable)
                .map_err(UnpackError::Place)
        }
        EntryType::Symlink if links == Links::Skip => Ok(()),
        kind => Err(UnpackError::BadType { name, kind }),
    }
}

/// The name as text and as a path. `./` in front and a slash at the end are customary and mean nothing.
fn checked_path(bytes: &[u8]) -> Result<(String, TreePath), UnpackError> {
    let refuse = || UnpackError::BadName(String::from_utf8_lossy(bytes).into_owned());
    let name = str::from_utf8(bytes).map_err(|_| refuse())?;
    if name.contains('\\') || name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return Err(refuse());
    }
    let path = TreePath::clean(name).map_err(|_| refuse())?;
    Ok((name.to_owned(), path))
}

/// A reader that stops at a number of bytes, and remembers that it did.
#[derive(Debug)]
struct Counted<R> {
    inner: R,
    left: u64,
    over: bool,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.inner.read(buffer)?;
        let Some(left) = self.left.checked_sub(taken as u64) else {
            self.over = true;
            return Err(io::Error::other("too many bytes"));
        };
        self.left = left;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests;
