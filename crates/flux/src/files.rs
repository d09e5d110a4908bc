//! Reading files that flags name, with the words of Go's `os` package for what goes wrong.

use std::io::{Error, ErrorKind};

/// The cause alone, as Go names it.
pub(crate) fn words(error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file or directory".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "is a directory".to_owned(),
        ErrorKind::NotADirectory => "not a directory".to_owned(),
        _ => error.to_string(),
    }
}

/// The content of a file; the error is what the user reads.
pub(crate) fn read(path: &str) -> Result<String, String> {
    std::fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .map_err(|error| match error.kind() {
            ErrorKind::IsADirectory => format!("read {path}: {}", words(&error)),
            _ => format!("open {path}: {}", words(&error)),
        })
}
