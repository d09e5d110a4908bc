//! A tree becomes a `tar.gz`. The same tree gives the same bytes, whoever packs it and whenever (SRC-STO-011).

mod header;

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use flux_tree::ignore::Matcher;
use flux_tree::{EntryKind, FileTree, TreeError, TreePath, walk};

use crate::digest::{Algorithm, Digest, HashingWriter};
use header::Member;

/// "Unknown", as upstream writes it, so that the header does not depend on the machine.
const GZIP_OS_UNKNOWN: u8 = 255;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The digest of the compressed bytes.
    pub digest: Digest,
    /// The number of compressed bytes.
    pub size: u64,
}

/// Why a tree could not be packed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The tree could not be read.
    #[error("read tree")]
    Tree(#[source] TreeError),
    /// The archive could not be written.
    #[error("write archive")]
    Write(#[source] io::Error),
    /// A file does not fit into the archive format.
    #[error("file '{0}' is too large for an archive")]
    TooLarge(TreePath),
}

/// Packs the regular files and directories of `tree` that `rules` leave in. Symbolic links are left out.
///
/// # Errors
/// See [`ArchiveError`].
pub fn pack(
    tree: &dyn FileTree,
    rules: &Matcher,
    algorithm: Algorithm,
    output: &mut dyn Write,
) -> Result<Packed, ArchiveError> {
    let hashing = HashingWriter::new(output, algorithm);
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(GZIP_OS_UNKNOWN)
        .write(hashing, Compression::default());
    write_tar(tree, rules, &mut gzip)?;
    let hashing = gzip.finish().map_err(ArchiveError::Write)?;
    let (output, digest, size) = hashing.finish();
    output.flush().map_err(ArchiveError::Write)?;
    Ok(Packed { digest, size })
}

fn write_tar(
    tree: &dyn FileTree,
    rules: &Matcher,
    output: &mut dyn Write,
) -> Result<(), ArchiveError> {
    header::write(output, &Member::directory(".")).map_err(ArchiveError::Write)?;
    for (path, kind) in walk(tree, &TreePath::root()).map_err(ArchiveError::Tree)? {
        // A submodule that was not fetched is an empty directory, as in a work tree.
        let is_dir = matches!(kind, EntryKind::Directory | EntryKind::Submodule);
        match kind {
            EntryKind::Symlink => {}
            // Every entry is tested by itself: an ignored directory is left out, its entries are tested again.
            _ if rules.ignores(&path, is_dir) => {}
            EntryKind::Directory | EntryKind::Submodule => {
                header::write(output, &Member::directory(path.as_str()))
                    .map_err(ArchiveError::Write)?;
            }
            EntryKind::File { executable } => write_file(tree, &path, executable, output)?,
        }
    }
    output
        .write_all(&[0; 2 * header::BLOCK])
        .map_err(ArchiveError::Write)
}

fn write_file(
    tree: &dyn FileTree,
    path: &TreePath,
    executable: bool,
    output: &mut dyn Write,
) -> Result<(), ArchiveError> {
    let content = tree.read(path).map_err(ArchiveError::Tree)?;
    let member = Member::file(path.as_str(), content.len() as u64, executable);
    if !member.fits() {
        return Err(ArchiveError::TooLarge(path.clone()));
    }
    header::write(output, &member).map_err(ArchiveError::Write)?;
    output.write_all(&content).map_err(ArchiveError::Write)?;
    header::pad(output, content.len()).map_err(ArchiveError::Write)
}

#[cfg(test)]
mod tests;
