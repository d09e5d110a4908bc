//! The artifact folder: `<kind>/<namespace>/<name>/<file>` (SRC-STO). One writer per object at a time; readers are
//! served whole files only, because a file appears by being renamed into place.

mod garbage;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flux_tree::ignore::Matcher;
use flux_tree::{FileTree, PathError, TreePath};
use url::Url;

use crate::archive::{ArchiveError, Packed, pack};
use crate::digest::{Algorithm, Digest, Hasher};

/// What a storage is opened with.
#[derive(Debug, Clone)]
pub struct StorageOptions {
    /// The folder. It must exist (SRC-STO-001).
    pub root: PathBuf,
    /// The host (with port, or with `http://` in front) that artifact URLs name (SRC-STO-003, SRC-STO-007).
    pub advertised: String,
    /// The algorithm of new digests.
    pub algorithm: Algorithm,
    /// What garbage collection leaves.
    pub retention: Retention,
}

/// What garbage collection leaves (SRC-STO-004, SRC-STO-005).
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Files older than this go, except the current one.
    pub ttl: Duration,
    /// At most this many files stay.
    pub records: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            ttl: Duration::from_mins(1),
            records: 2,
        }
    }
}

/// The folder of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(TreePath);

impl Folder {
    /// The folder of an object. `kind` may be spelled as in manifests.
    ///
    /// # Errors
    /// A name that is not one path component.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Result<Self, StorageError> {
        let kind = kind.to_lowercase();
        [kind.as_str(), namespace, name]
            .iter()
            .try_fold(TreePath::root(), |path, part| path.child(part))
            .map(Self)
            .map_err(StorageError::Path)
    }

    /// A file in the folder.
    ///
    /// # Errors
    /// A name that is not one path component.
    pub fn file(&self, name: &str) -> Result<Location, StorageError> {
        self.0.child(name).map(Location).map_err(StorageError::Path)
    }
}

/// A file of one object, relative to the storage: `status.artifact.path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location(TreePath);

impl Location {
    /// A location as recorded in a status.
    ///
    /// # Errors
    /// A text that is not a relative path of four components.
    pub fn recorded(path: &str) -> Result<Self, StorageError> {
        let path = TreePath::parse(path).map_err(StorageError::Path)?;
        if path.components().count() != 4 {
            return Err(StorageError::Path(PathError::NotNormal(path.to_string())));
        }
        Ok(Self(path))
    }

    /// The text for `status.artifact.path`.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The folder that the file is in.
    pub fn folder(&self) -> Folder {
        Folder(self.0.parent().unwrap_or_default())
    }
}

/// A file that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Where it is below the storage.
    pub path: String,
    /// Where it is served.
    pub url: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// What became of a recorded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// It is there and has the recorded digest.
    Intact,
    /// It is gone.
    Missing,
    /// It has another digest.
    Changed {
        /// The digest that it has.
        found: Digest,
    },
}

/// Why the storage could not do something. The operation and the path are in the message.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The storage folder does not exist, or is none.
    #[error("invalid dir path: {}", .0.display())]
    NotADirectory(PathBuf),
    /// A name cannot be part of a path.
    #[error("artifact path is not usable")]
    Path(#[source] PathError),
    /// A digest in a status is not one.
    #[error("artifact digest is not usable")]
    Digest(#[source] crate::digest::DigestError),
    /// The tree could not be archived.
    #[error("archive to '{path}'")]
    Archive {
        /// Where to.
        path: String,
        /// Why not.
        #[source]
        source: ArchiveError,
    },
    /// The file system refused.
    #[error("{operation} '{path}'")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

/// The artifact folder of one controller.
#[derive(Debug, Clone)]
pub struct Storage {
    options: StorageOptions,
}

impl Storage {
    /// Opens a storage.
    ///
    /// # Errors
    /// [`StorageError::NotADirectory`].
    pub fn open(options: StorageOptions) -> Result<Self, StorageError> {
        if !options.root.is_dir() {
            return Err(StorageError::NotADirectory(options.root));
        }
        Ok(Self { options })
    }

    /// The folder on disk. For the file server.
    pub fn root(&self) -> &Path {
        &self.options.root
    }

    /// The algorithm of new digests.
    pub fn algorithm(&self) -> Algorithm {
        self.options.algorithm
    }

    /// Where a file is served.
    pub fn url(&self, location: &Location) -> String {
        let host = self.options.advertised.trim_end_matches('/');
        if host.starts_with("http://") || host.starts_with("https://") {
            return format!("{host}/{}", location.as_str());
        }
        format!("http://{host}/{}", location.as_str())
    }

    /// The URL with the host that is advertised now: it may have changed since the URL was recorded (SRC-STO-020).
    /// A text that is not a URL stays as it is.
    pub fn with_current_host(&self, url: &str) -> String {
        let path = Url::parse(url)
            .ok()
            .and_then(|url| TreePath::clean(url.path().trim_start_matches('/')).ok());
        path.map_or_else(|| url.to_owned(), |path| self.url(&Location(path)))
    }

    /// Archives a tree and publishes it under `location`.
    ///
    /// # Errors
    /// [`StorageError::Archive`], [`StorageError::Io`]; nothing is published then.
    pub fn archive(
        &self,
        location: &Location,
        tree: &dyn FileTree,
        rules: &Matcher,
    ) -> Result<Published, StorageError> {
        self.publish(location, |output| {
            pack(tree, rules, self.options.algorithm, output).map_err(|source| {
                StorageError::Archive {
                    path: location.as_str().to_owned(),
                    source,
                }
            })
        })
    }

    /// Publishes bytes under `location`.
    ///
    /// # Errors
    /// [`StorageError::Io`]; nothing is published then.
    pub fn put(&self, location: &Location, content: &[u8]) -> Result<Published, StorageError> {
        self.publish(location, |output| {
            output
                .write_all(content)
                .map_err(|e| failed("write", Path::new(location.as_str()), e))?;
            Ok(Packed {
                digest: self.options.algorithm.digest(content),
                size: content.len() as u64,
            })
        })
    }

    /// The bytes of a stored file.
    ///
    /// # Errors
    /// [`StorageError::Io`].
    pub fn read(&self, location: &Location) -> Result<Vec<u8>, StorageError> {
        let path = self.on_disk(&location.0);
        fs::read(&path).map_err(|e| failed("read", &path, e))
    }

    /// Whether a recorded file is there and unchanged (SRC-STO-014).
    ///
    /// # Errors
    /// A digest that is none, a file that cannot be read.
    pub fn verify(&self, location: &Location, digest: &str) -> Result<Verification, StorageError> {
        let want: Digest = digest.parse().map_err(StorageError::Digest)?;
        let path = self.on_disk(&location.0);
        let mut file = match open_regular(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Verification::Missing);
            }
            Err(error) => return Err(failed("open", &path, error)),
        };
        let mut sink = HashSink(Hasher::new(want.algorithm()));
        io::copy(&mut file, &mut sink).map_err(|e| failed("read", &path, e))?;
        let found = sink.0.finish();
        Ok(if found == want {
            Verification::Intact
        } else {
            Verification::Changed { found }
        })
    }

    /// Removes one file; one that is not there is no error.
    ///
    /// # Errors
    /// [`StorageError::Io`].
    pub fn remove(&self, location: &Location) -> Result<(), StorageError> {
        remove_file(&self.on_disk(&location.0))
    }

    /// Removes everything of one object; whether there was anything (SRC-STO-016).
    ///
    /// # Errors
    /// [`StorageError::Io`].
    pub fn remove_folder(&self, folder: &Folder) -> Result<bool, StorageError> {
        let path = self.on_disk(&folder.0);
        match fs::remove_dir_all(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("remove", &path, error)),
        }
    }

    /// Points a link such as `latest.tar.gz` at a file of the same folder; its URL (SRC-STO-019).
    ///
    /// # Errors
    /// [`StorageError::Io`].
    pub fn link(&self, location: &Location, link: &str) -> Result<String, StorageError> {
        let at = location.folder().file(link)?;
        let path = self.on_disk(&at.0);
        let temporary = self.on_disk(&location.folder().file(&format!("{link}.tmp"))?.0);
        remove_file(&temporary)?;
        let target = location.0.file_name().unwrap_or_default();
        std::os::unix::fs::symlink(target, &temporary)
            .map_err(|e| failed("link", &temporary, e))?;
        fs::rename(&temporary, &path).map_err(|e| failed("rename", &temporary, e))?;
        Ok(self.url(&at))
    }

    fn publish(
        &self,
        location: &Location,
        write: impl FnOnce(&mut dyn Write) -> Result<Packed, StorageError>,
    ) -> Result<Published, StorageError> {
        let folder = self.on_disk(&location.folder().0);
        let path = self.on_disk(&location.0);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|e| failed("create", &folder, e))?;
        let lock = lock(&path)?;
        let name = location.0.file_name().unwrap_or_default();
        // Made with mode 0600; removed by itself unless it is renamed into place.
        let mut temporary = tempfile::Builder::new()
            .prefix(name)
            .tempfile_in(&folder)
            .map_err(|e| failed("create a file in", &folder, e))?;
        let mut output = io::BufWriter::with_capacity(64 << 10, temporary.as_file_mut());
        let packed = write(&mut output)?;
        output.flush().map_err(|e| failed("write", &path, e))?;
        drop(output);
        temporary
            .as_file()
            .sync_all()
            .map_err(|e| failed("sync", &path, e))?;
        temporary
            .persist(&path)
            .map_err(|e| failed("rename to", &path, e.error))?;
        // The rename itself has to survive a crash, or the status would name a file that is gone.
        File::open(&folder)
            .and_then(|dir| dir.sync_all())
            .map_err(|e| failed("sync", &folder, e))?;
        drop(lock);
        Ok(Published {
            path: location.as_str().to_owned(),
            url: self.url(location),
            digest: packed.digest,
            size: packed.size,
        })
    }

    fn on_disk(&self, path: &TreePath) -> PathBuf {
        self.options.root.join(path.as_str())
    }
}

/// Held while a file is written, so that two processes on one volume do not mix (SRC-STO-010).
fn lock(path: &Path) -> Result<File, StorageError> {
    let mut name = path.as_os_str().to_owned();
    name.push(garbage::LOCK_SUFFIX);
    let path = PathBuf::from(name);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|e| failed("open", &path, e))?;
    file.lock().map_err(|e| failed("lock", &path, e))?;
    Ok(file)
}

fn open_regular(path: &Path) -> io::Result<File> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    File::open(path)
}

fn remove_file(path: &Path) -> Result<(), StorageError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path, error)),
        _ => Ok(()),
    }
}

fn failed(operation: &'static str, path: &Path, source: io::Error) -> StorageError {
    StorageError::Io {
        operation,
        path: path.display().to_string(),
        source,
    }
}

struct HashSink(Hasher);

impl Write for HashSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
