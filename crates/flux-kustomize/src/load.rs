//! Reading files for a build: confinement, links, cycles, and the record of what was read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use flux_tree::{EntryKind, FileTree, TreeError, TreePath, resolve};

use crate::error::{BuildError, Result};
use crate::remote::{RemoteSpec, Remotes, is_http};
use crate::resource::Resource;
use crate::schema::{Custom, Schemas, is_built_in};

/// From where files may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoadRestriction {
    /// Only from the directory of the kustomization that names the file, and below.
    #[default]
    RootOnly,
    /// From anywhere in the tree.
    None,
}

/// One path that a build looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReadKind {
    /// The content of a file.
    File,
    /// The entries of a directory, or whether it is there.
    Directory,
    /// Nothing was there; a later file of this name would change the build.
    Absent,
}

/// What a build read, by path.
pub type ReadSet = BTreeMap<TreePath, ReadKind>;

/// What all loaders of one build share.
pub(crate) struct Shared<'a> {
    pub(crate) restriction: LoadRestriction,
    pub(crate) remotes: &'a dyn Remotes,
    pub(crate) read: RefCell<ReadSet>,
    /// The schema that the first kustomization to name one brought.
    pub(crate) schemas: RefCell<Schemas>,
    /// A version of the built-in schema was asked for, so that nothing else may come in its place.
    pub(crate) schema_fixed: Cell<bool>,
    /// Objects of kinds that are not built in were read already.
    pub(crate) foreign_read: Cell<bool>,
    /// How many kustomizations were entered, and how many objects were read.
    pub(crate) entered: Cell<usize>,
    pub(crate) objects: Cell<usize>,
}

/// Most kustomizations in one build: bases that name each other twice double with every level.
const MOST_KUSTOMIZATIONS: usize = 10_000;
/// Deepest chain of bases.
const MOST_LEVELS: usize = 64;
/// Most objects in one build, those of bases counted each time.
const MOST_OBJECTS: usize = 500_000;

/// The tree that a loader reads: the one being built, or a remote base.
#[derive(Clone)]
enum Tree<'a> {
    Main(&'a dyn FileTree),
    Remote(Arc<dyn FileTree>),
}

impl Tree<'_> {
    fn get(&self) -> &dyn FileTree {
        match self {
            Self::Main(tree) => *tree,
            Self::Remote(tree) => tree.as_ref(),
        }
    }
}

/// Reads files as seen from one directory.
#[derive(Clone)]
pub(crate) struct Loader<'a> {
    shared: &'a Shared<'a>,
    tree: Tree<'a>,
    root: TreePath,
    /// Directories that led here, outermost first, in this tree.
    visited: Vec<TreePath>,
    /// Remote bases that led here.
    urls: Vec<String>,
}

impl<'a> Loader<'a> {
    /// The loader of the directory to build.
    pub(crate) fn open(shared: &'a Shared<'a>, tree: &'a dyn FileTree, path: &str) -> Result<Self> {
        let loader = Self {
            shared,
            tree: Tree::Main(tree),
            root: TreePath::root(),
            visited: Vec::new(),
            urls: Vec::new(),
        };
        let root = loader.directory(path)?;
        Ok(Self { root, ..loader })
    }

    /// The directory as kustomize prints it, with the root of the tree as `/`.
    pub(crate) fn root_text(&self) -> String {
        format!("/{}", self.root)
    }

    pub(crate) fn root(&self) -> &TreePath {
        &self.root
    }

    /// A path as it is shown in errors: relative to the root of the tree.
    pub(crate) fn shown(&self, path: &str) -> Arc<str> {
        match self.place(path) {
            Ok(path) => path.as_str().into(),
            Err(_) => path.into(),
        }
    }

    /// The loader of another directory.
    pub(crate) fn enter(&self, path: &str) -> Result<Self> {
        let entered = self.shared.entered.get() + 1;
        self.shared.entered.set(entered);
        within(entered, MOST_KUSTOMIZATIONS, "kustomizations")?;
        within(
            self.visited.len() + self.urls.len(),
            MOST_LEVELS,
            "levels of bases",
        )?;
        if path.is_empty() {
            return Err(BuildError::new("new root cannot be empty"));
        }
        if let Some(spec) = RemoteSpec::parse(path) {
            return self.enter_remote(spec);
        }
        if path.starts_with('/') {
            return Err(BuildError::new(format!(
                "new root '{path}' cannot be absolute"
            )));
        }
        let root = self.directory(path)?;
        let mut visited = self.visited.clone();
        visited.push(self.root.clone());
        if let Some(seen) = visited.iter().rev().find(|seen| seen.starts_with(&root)) {
            return Err(BuildError::new(format!(
                "cycle detected: candidate root '/{root}' contains visited root '/{seen}'"
            )));
        }
        Ok(Self {
            shared: self.shared,
            tree: self.tree.clone(),
            root,
            visited,
            urls: self.urls.clone(),
        })
    }

    fn enter_remote(&self, spec: RemoteSpec) -> Result<Self> {
        // A repository that names itself, or one that leads to it, would never end.
        if let Some(before) = self.urls.iter().find(|url| url.starts_with(&spec.url)) {
            return Err(BuildError::new(format!(
                "cycle detected: URI '{}' referenced by previous URI '{before}'",
                spec.url
            )));
        }
        let tree = self
            .shared
            .remotes
            .repository(&spec)
            .map_err(|why| BuildError::new(format!("remote base '{}': {why}", spec.url)))?;
        let mut urls = self.urls.clone();
        urls.push(spec.url);
        let outer = Self {
            shared: self.shared,
            tree: Tree::Remote(tree),
            root: TreePath::root(),
            visited: Vec::new(),
            urls,
        };
        let root = outer.directory(&spec.path)?;
        Ok(Self { root, ..outer })
    }

    fn directory(&self, path: &str) -> Result<TreePath> {
        let missing = |shown: &str| {
            BuildError::new(format!(
                "must build at directory: not a valid directory: '{shown}' doesn't exist"
            ))
        };
        let place = self.place(path).map_err(|_| missing(path))?;
        let tree = self.tree.get();
        let real = resolve(tree, &place).map_err(|e| tree_error(&e))?;
        let kind = tree.kind_of(&real).map_err(|e| tree_error(&e))?;
        match kind {
            _ if real.is_root() => Ok(real),
            Some(EntryKind::Directory) => {
                self.note(&real, ReadKind::Directory);
                Ok(real)
            }
            Some(_) => Err(BuildError::new(format!(
                "must build at directory: '/{place}': file is not directory"
            ))),
            None => {
                self.note(&real, ReadKind::Absent);
                Err(missing(&format!("/{place}")))
            }
        }
    }

    /// A path of an input as a path of the tree. The root of the tree is also the root of absolute paths.
    fn place(&self, path: &str) -> Result<TreePath> {
        let joined = match (path.strip_prefix('/'), self.shared.restriction) {
            // As in any file system, nothing is above the root. An artifact has an outside, though.
            (Some(below), LoadRestriction::RootOnly) => TreePath::root().secure_join(below),
            (Some(below), LoadRestriction::None) => TreePath::clean(below),
            (None, LoadRestriction::RootOnly) => {
                TreePath::root().secure_join(&format!("{}/{path}", self.root))
            }
            (None, LoadRestriction::None) => self.root.join(path),
        };
        joined.map_err(|_| BuildError::new(format!("path '{path}' is not in or below '/'")))
    }

    /// The content of a file.
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>> {
        if let Some(spec) = RemoteSpec::parse(path).filter(RemoteSpec::is_explicit) {
            return Err(BuildError::new(format!(
                "URL '{}' is a git repository",
                spec.url
            )));
        }
        if is_http(path) {
            return self
                .shared
                .remotes
                .file(path)
                .map_err(|why| BuildError::new(format!("remote file '{path}': {why}")));
        }
        let place = self.place(path)?;
        let tree = self.tree.get();
        let real = resolve(tree, &place).map_err(|e| tree_error(&e))?;
        match tree.kind_of(&real).map_err(|e| tree_error(&e))? {
            None if real.is_root() => {
                return Err(BuildError::new("'/' must resolve to a file"));
            }
            None => {
                self.note(&real, ReadKind::Absent);
                return Err(BuildError::new(format!("'/{place}' doesn't exist"))
                    .at(place.as_str(), flux_yaml::Span::default()));
            }
            Some(EntryKind::File { .. }) => {}
            Some(_) => {
                return Err(BuildError::new(format!(
                    "'/{place}' must resolve to a file"
                )));
            }
        }
        if self.shared.restriction == LoadRestriction::RootOnly && !real.starts_with(&self.root) {
            return Err(BuildError::new(format!(
                "security; file '/{real}' is not in or below '{}'",
                self.root_text()
            )));
        }
        self.note(&real, ReadKind::File);
        Ok(tree.read(&real).map_err(|e| tree_error(&e))?.to_vec())
    }

    /// The schemas in force now.
    pub(crate) fn schemas(&self) -> Schemas {
        self.shared.schemas.borrow().clone()
    }

    /// Takes over what a kustomization says about schemas. The first one that says something counts.
    ///
    /// Parity: it takes the place of the built-in schema unless an object was met before that made upstream load that.
    pub(crate) fn set_schema(&self, custom: Option<&[u8]>) -> Result<()> {
        if self.shared.schema_fixed.replace(true) {
            return Ok(());
        }
        let mut schemas = self.shared.schemas.borrow_mut();
        schemas.adds |= self.shared.foreign_read.get();
        let adds = schemas.adds;
        let custom = custom
            .map(|content| Custom::parse(content, adds))
            .transpose()?;
        schemas.custom = custom.map(Arc::new);
        Ok(())
    }

    /// Notes which kinds, and how many objects, were read.
    pub(crate) fn note_objects(&self, resources: &[Resource]) -> Result<()> {
        let foreign = |r: &Resource| !is_built_in(&r.gvk().api_version(), &r.gvk().kind);
        if !self.shared.foreign_read.get() && resources.iter().any(foreign) {
            self.shared.foreign_read.set(true);
        }
        let objects = self.shared.objects.get() + resources.len();
        self.shared.objects.set(objects);
        within(objects, MOST_OBJECTS, "objects")
    }

    /// Whether there is a readable file; for names that are tried one after the other.
    pub(crate) fn try_read(&self, path: &str) -> Option<Vec<u8>> {
        self.read(path).ok()
    }

    fn note(&self, path: &TreePath, kind: ReadKind) {
        if matches!(self.tree, Tree::Main(_)) {
            self.shared.read.borrow_mut().insert(path.clone(), kind);
        }
    }
}

fn within(count: usize, most: usize, what: &str) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    Err(BuildError::new(format!(
        "more than {most} {what} in one build"
    )))
}

pub(crate) fn tree_error(error: &TreeError) -> BuildError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    BuildError::new(text)
}
