//! The repository to run: the example, a folder with its uncommitted changes, or a URL.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use flux_git::{Checkout, CheckoutOptions, Client, Reference, Remote};
use flux_tree::ignore::{self, Matcher};
use flux_tree::{FileTree, MemoryTree, MemoryTreeBuilder, TreePath};

use crate::Error;
use crate::example;

/// The most bytes of a working copy that are served.
const MOST_BYTES: usize = 1 << 30;

/// A repository's files, and the address it is known by.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// The files, `.git` and what `.gitignore` names left out.
    pub tree: MemoryTree,
    /// The address of the remote `origin`, if there is one.
    pub origin: Option<String>,
    /// What to call it in messages.
    pub name: String,
}

impl Fleet {
    /// The fleet of `examples/`.
    pub fn example() -> Result<Self, Error> {
        let tree = MemoryTree::from_files(example::FILES.iter().copied()).map_err(|source| {
            Error::Tree {
                name: "example".to_owned(),
                source,
            }
        })?;
        Ok(Self {
            tree,
            origin: None,
            name: "the example fleet".to_owned(),
        })
    }

    /// The working copy that a folder belongs to, or the folder itself where it is in none.
    /// The second value is the folder's path in the working copy.
    pub fn from_folder(folder: &Path) -> Result<(Self, String), Error> {
        let unreadable = |path: &Path, source| Error::Read {
            path: path.to_path_buf(),
            source,
        };
        let folder = folder
            .canonicalize()
            .map_err(|source| unreadable(folder, source))?;
        let root = folder
            .ancestors()
            .find(|path| path.join(".git").exists())
            .unwrap_or(&folder)
            .to_path_buf();
        let mut builder = MemoryTree::builder();
        let mut bytes = 0;
        read_folder(&root, &TreePath::default(), &mut builder, &mut bytes)?;
        let tree = without_ignored(&builder.build()).map_err(|source| Error::Tree {
            name: root.display().to_string(),
            source,
        })?;
        let inside = folder
            .strip_prefix(&root)
            .unwrap_or(Path::new(""))
            .display()
            .to_string();
        let fleet = Self {
            tree,
            origin: origin_of(&root),
            name: root.display().to_string(),
        };
        Ok((fleet, inside))
    }

    /// A repository that is fetched once.
    pub async fn from_url(url: &str) -> Result<Self, Error> {
        let unreachable = |source: Box<dyn std::error::Error + Send + Sync>| Error::Fetch {
            url: url.to_owned(),
            source,
        };
        let remote = Remote::new(url).map_err(|error| unreachable(Box::new(error)))?;
        let client = Client::new();
        let listed = client
            .list_refs(&remote, &["HEAD"])
            .await
            .map_err(|error| unreachable(Box::new(error)))?;
        let head = listed.into_iter().find_map(|reference| reference.symbolic);
        let reference = Reference {
            name: head,
            ..Reference::default()
        };
        let options = CheckoutOptions {
            reference,
            ..CheckoutOptions::default()
        };
        let checkout = client
            .checkout(&remote, &options)
            .await
            .map_err(|error| unreachable(Box::new(error)))?;
        let Checkout::Fetched(commit) = checkout else {
            return Err(unreachable("the repository has no commits".into()));
        };
        let tree = MemoryTree::copy_of(&commit.tree()).map_err(|source| Error::Tree {
            name: url.to_owned(),
            source,
        })?;
        Ok(Self {
            tree,
            origin: Some(url.to_owned()),
            name: url.to_owned(),
        })
    }
}

fn read_folder(
    folder: &Path,
    at: &TreePath,
    builder: &mut MemoryTreeBuilder,
    bytes: &mut usize,
) -> Result<(), Error> {
    let failed = |path: &Path, source| Error::Read {
        path: path.to_path_buf(),
        source,
    };
    let placed = |path: &Path, source| Error::Tree {
        name: path.display().to_string(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(|source| failed(folder, source))? {
        let entry = entry.map_err(|source| failed(folder, source))?;
        let path = entry.path();
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name == ".git" {
            continue;
        }
        let Ok(place) = at.child(name) else { continue };
        let kind = entry.file_type().map_err(|source| failed(&path, source))?;
        if kind.is_symlink() {
            let target = std::fs::read_link(&path).map_err(|source| failed(&path, source))?;
            builder
                .symlink(&place, &target.to_string_lossy())
                .map_err(|source| placed(&path, source))?;
        } else if kind.is_dir() {
            read_folder(&path, &place, builder, bytes)?;
        } else if kind.is_file() {
            let content = std::fs::read(&path).map_err(|source| failed(&path, source))?;
            *bytes += content.len();
            if *bytes > MOST_BYTES {
                return Err(Error::TooLarge {
                    path: folder.to_path_buf(),
                    most: MOST_BYTES,
                });
            }
            let executable = is_executable(&entry).map_err(|source| failed(&path, source))?;
            builder
                .file(&place, Bytes::from(content), executable)
                .map_err(|source| placed(&path, source))?;
        }
    }
    Ok(())
}

fn is_executable(entry: &std::fs::DirEntry) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(entry.metadata()?.permissions().mode() & 0o111 != 0)
}

/// Git would not commit what `.gitignore` names.
fn without_ignored(tree: &MemoryTree) -> Result<MemoryTree, flux_tree::TreeError> {
    let mut patterns = Vec::new();
    let all = flux_tree::walk(tree, &TreePath::default())?;
    for (path, kind) in &all {
        if kind.is_file() && path.file_name() == Some(".gitignore") {
            let text = tree.read(path)?;
            let domain = path.parent().unwrap_or_default();
            patterns.extend(ignore::parse(&String::from_utf8_lossy(&text), &domain));
        }
    }
    if patterns.is_empty() {
        return Ok(tree.clone());
    }
    let matcher = Matcher::new(patterns);
    let mut kept = MemoryTree::builder();
    let mut ignored: Vec<TreePath> = Vec::new();
    for (path, kind) in all {
        let below = ignored.iter().any(|dir| path.starts_with(dir));
        if below || matcher.ignores(&path, kind.is_directory()) {
            if kind.is_directory() {
                ignored.push(path);
            }
            continue;
        }
        match kind {
            flux_tree::EntryKind::File { executable } => {
                kept.file(&path, tree.read(&path)?, executable)?;
            }
            flux_tree::EntryKind::Symlink => kept.symlink(&path, &tree.read_link(&path)?)?,
            flux_tree::EntryKind::Directory => kept.directory(&path)?,
            flux_tree::EntryKind::Submodule => kept.submodule(&path)?,
        }
    }
    Ok(kept.build())
}

/// The URL of the remote `origin` in a repository's configuration.
fn origin_of(root: &Path) -> Option<String> {
    let config: PathBuf = root.join(".git/config");
    let text = std::fs::read_to_string(config).ok()?;
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[remote \"origin\"]";
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == "url"
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}
