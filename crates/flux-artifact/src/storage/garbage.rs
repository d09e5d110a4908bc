//! Garbage collection of one object's folder (SRC-STO-015).

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use super::{Location, Storage, StorageError, failed, remove_file};

/// What is appended to a file's name for its lock.
pub(super) const LOCK_SUFFIX: &str = ".lock";
/// A folder with more files than this is not looked through to the end.
const MOST_FILES: usize = 1000;

impl Storage {
    /// Removes old files beside `current`; their names. The current file always stays.
    ///
    /// # Errors
    /// [`StorageError::Io`].
    pub fn collect_garbage(
        &self,
        current: &Location,
        now: SystemTime,
    ) -> Result<Vec<String>, StorageError> {
        let retention = self.options.retention;
        let folder = self.on_disk(&current.folder().0);
        let keep = self.on_disk(&current.0);
        let files = files_by_age(&folder)?;
        let expired = |changed: SystemTime| {
            now.duration_since(changed)
                .is_ok_and(|age| age > retention.ttl)
        };
        let (mut garbage, mut rest): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|(changed, path)| *path != keep && expired(*changed));
        // Oldest first, so that the newest files are the ones that stay.
        let mut surplus = rest.len().saturating_sub(retention.records);
        rest.retain(|(changed, path)| {
            let goes = surplus > 0 && *path != keep;
            if goes {
                surplus -= 1;
                garbage.push((*changed, path.clone()));
            }
            !goes
        });
        let mut removed = Vec::new();
        for (_, path) in garbage {
            remove_file(&path)?;
            let mut lock = path.as_os_str().to_owned();
            lock.push(LOCK_SUFFIX);
            remove_file(&PathBuf::from(lock))?;
            removed.extend(
                path.file_name()
                    .map(|name| name.to_string_lossy().into_owned()),
            );
        }
        Ok(removed)
    }
}

fn files_by_age(folder: &std::path::Path) -> Result<Vec<(SystemTime, PathBuf)>, StorageError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|e| failed("list", folder, e))?,
    };
    let mut files = Vec::new();
    for entry in entries.take(MOST_FILES) {
        let path = entry.map_err(|e| failed("list", folder, e))?.path();
        if path
            .as_os_str()
            .as_encoded_bytes()
            .ends_with(LOCK_SUFFIX.as_bytes())
        {
            continue;
        }
        let metadata = fs::symlink_metadata(&path).map_err(|e| failed("look at", &path, e))?;
        if metadata.is_file() {
            files.push((
                metadata
                    .modified()
                    .map_err(|e| failed("look at", &path, e))?,
                path,
            ));
        }
    }
    files.sort();
    Ok(files)
}
