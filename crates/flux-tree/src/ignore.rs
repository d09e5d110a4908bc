//! Ignore rules: which files of a source stay out of its artifact (SRC-IGN).
//!
//! The dialect is that of upstream, which differs from Git's: every entry is tested by itself, so a file below an
//! ignored directory can be included again, and ignore files inside ignored directories count.

mod glob;
mod pattern;

use crate::path::TreePath;
use crate::tree::{EntryKind, FileTree, TreeError, walk};

pub use pattern::{Pattern, Verdict};

/// The name of the files that hold patterns.
pub const IGNORE_FILE: &str = ".sourceignore";

/// What version control leaves in a tree. Applies always; a pattern can include it again (SRC-IGN-003).
const VCS: &[&str] = &[".git/", ".gitignore", ".gitmodules", ".gitattributes"];

/// What stays out of an artifact as long as there is no pattern at all (SRC-IGN-003, SRC-IGN-004).
const DEFAULTS: &[&str] = &[
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
];

/// A list of patterns. The last one that matches decides.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    patterns: Vec<Pattern>,
}

impl Matcher {
    /// Exactly these patterns, without any built-in ones (SRC-IGN-007).
    pub fn new(patterns: Vec<Pattern>) -> Self {
        Self { patterns }
    }

    /// The built-in patterns followed by the given ones. Where one is given, the defaults apply no longer,
    /// only what belongs to version control (SRC-IGN-004).
    pub fn with_defaults(given: Vec<Pattern>) -> Self {
        let root = TreePath::root();
        let built_in = VCS
            .iter()
            .chain(if given.is_empty() { DEFAULTS } else { &[] });
        let mut patterns: Vec<Pattern> = built_in.map(|line| Pattern::parse(line, &root)).collect();
        patterns.extend(given);
        Self { patterns }
    }

    /// The rules of a source: its ignore files, then `spec.ignore`, then the defaults if there is neither.
    ///
    /// # Errors
    /// What the tree reports.
    pub fn for_source(tree: &dyn FileTree, spec_ignore: Option<&str>) -> Result<Self, TreeError> {
        let mut patterns = load(tree)?;
        if let Some(text) = spec_ignore {
            patterns.extend(parse(text, &TreePath::root()));
        }
        Ok(Self::with_defaults(patterns))
    }

    /// Whether an entry is left out. The root of the tree never is.
    pub fn ignores(&self, path: &TreePath, is_dir: bool) -> bool {
        self.ignores_components(&path.components().collect::<Vec<_>>(), is_dir)
    }

    /// The same for a path given by its components, as object keys are.
    pub fn ignores_components(&self, components: &[&str], is_dir: bool) -> bool {
        self.patterns
            .iter()
            .rev()
            .find_map(|pattern| pattern.verdict(components, is_dir))
            == Some(Verdict::Exclude)
    }
}

/// The patterns of a text. Blank lines and lines that begin with `#` are none. `domain` is the directory that the
/// patterns are about.
pub fn parse(text: &str, domain: &TreePath) -> Vec<Pattern> {
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| Pattern::parse(line, domain))
        .collect()
}

/// The patterns of all ignore files of a tree, deeper ones after those above them (SRC-IGN-001).
///
/// # Errors
/// What the tree reports.
pub fn load(tree: &dyn FileTree) -> Result<Vec<Pattern>, TreeError> {
    let mut patterns = Vec::new();
    load_file(tree, &TreePath::root(), &mut patterns)?;
    for (path, kind) in walk(tree, &TreePath::root())? {
        if kind == EntryKind::Directory && path.components().all(|part| part != ".git") {
            load_file(tree, &path, &mut patterns)?;
        }
    }
    Ok(patterns)
}

fn load_file(
    tree: &dyn FileTree,
    dir: &TreePath,
    into: &mut Vec<Pattern>,
) -> Result<(), TreeError> {
    let file = dir.child(IGNORE_FILE).map_err(TreeError::Path)?;
    // A link is followed, as opening the file would, but never out of the tree.
    let target = match tree.kind_of(&file)? {
        Some(EntryKind::File { .. }) => file,
        Some(EntryKind::Symlink) => crate::tree::resolve(tree, &file)?,
        Some(EntryKind::Directory | EntryKind::Submodule) | None => return Ok(()),
    };
    if tree.kind_of(&target)?.is_some_and(EntryKind::is_file) {
        into.extend(parse(&String::from_utf8_lossy(&tree.read(&target)?), dir));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
