//! What kustomize-controller does before a build (KUS-GEN): a kustomization file for a directory that has none, and
//! the fields of a Flux Kustomization laid over the one that there is.
//!
//! `scan` finds the manifests of a directory, `overlay` turns the spec into fields of a kustomization file.

mod overlay;
mod scan;

use flux_tree::{EntryKind, FileTree, MemoryTree, TreeError, TreePath, resolve};
use flux_yaml::{Kind, Map, Node, Span};

use crate::error::{BuildError, Result};
use crate::kustfile::{FILE_NAMES, decode};
use crate::load::{ReadKind, ReadSet};
use crate::shape::Unknown;

pub use overlay::Overlay;

const API_VERSION: &str = "kustomize.config.k8s.io/v1beta1";

/// Whether the directory had a kustomization file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It had none.
    Created,
    /// It had one, which was completed.
    Unchanged,
}

/// The kustomization file to build with.
#[derive(Debug, Clone)]
pub struct Generated {
    /// Whether it is new.
    pub action: Action,
    /// Where it belongs.
    pub file: TreePath,
    /// Its text, byte for byte what the controller writes.
    pub text: String,
    /// What was read or looked for to write it. A listed directory counts with all its entries.
    pub read_set: ReadSet,
}

/// What narrows and completes the generation.
#[derive(Debug, Clone, Default)]
pub struct GenerateOptions {
    /// What the spec asks for.
    pub overlay: Overlay,
    /// Patterns of files to leave out, beside those of ignore files in the tree; only the command line gives them.
    pub ignore: Option<String>,
}

/// Writes or completes the kustomization file of a directory.
///
/// # Errors
/// [`BuildError`]: a file that is no manifest, a kustomization file that cannot be read, a component that is not local.
pub fn generate(
    tree: &dyn FileTree,
    dir: &TreePath,
    options: &GenerateOptions,
) -> Result<Generated> {
    let ignore = scan::Ignore::new(tree, dir, options.ignore.as_deref())?;
    let mut read = ReadSet::new();
    let (action, file, mut node) = if let Some((file, text)) = existing(tree, dir, &mut read)? {
        let node =
            decode(&text, Unknown::Drop).map_err(|e| e.at(file.as_str(), Span::default()))?;
        (Action::Unchanged, file, node)
    } else {
        let file = new_file(tree, dir)?;
        (
            Action::Created,
            file,
            scan::kustomization(tree, dir, &ignore, &mut read)?,
        )
    };
    set_default(&mut node, "apiVersion", API_VERSION);
    set_default(&mut node, "kind", "Kustomization");
    let empty = node.get("resources").is_none_or(Node::is_empty_collection);
    if action == Action::Unchanged && empty {
        node.set(
            "buildMetadata",
            Node::seq(vec![Node::string("originAnnotations")]),
        );
    }
    ignore.filter(&mut node, dir);
    options.overlay.apply(&mut node, |path| {
        let place = dir.join(path).ok();
        place.is_some_and(|place| match resolve(tree, &place) {
            Ok(real) => real.is_root() || matches!(tree.kind_of(&real), Ok(Some(_))),
            Err(_) => false,
        })
    })?;
    let text = pruned(&node)
        .to_yaml()
        .map_err(|e| BuildError::new(e.to_string()).at(file.as_str(), e.span()))?;
    Ok(Generated {
        action,
        file,
        text,
        read_set: read,
    })
}

/// The same tree with the kustomization file of the directory written or completed.
///
/// # Errors
/// Those of [`generate`].
pub fn complete(
    tree: &MemoryTree,
    dir: &TreePath,
    options: &GenerateOptions,
) -> Result<(Generated, MemoryTree)> {
    let generated = generate(tree, dir, options)?;
    let mut builder = tree.to_builder();
    let real = resolve(tree, &generated.file).map_err(|e| tree_error(&e))?;
    builder
        .file(&real, generated.text.clone().into(), false)
        .map_err(|e| tree_error(&e))?;
    Ok((generated, builder.build()))
}

/// Where a new kustomization file goes.
fn new_file(tree: &dyn FileTree, dir: &TreePath) -> Result<TreePath> {
    let file = dir
        .child(FILE_NAMES[0])
        .map_err(|e| tree_error(&TreeError::Path(e)))?;
    if tree.kind_of(&file).map_err(|e| tree_error(&e))? == Some(EntryKind::Directory) {
        return Err(BuildError::new(format!("open /{file}: is a directory"))
            .at(file.as_str(), Span::default()));
    }
    Ok(file)
}

/// The kustomization file of a directory; a directory of that name is none.
fn existing(
    tree: &dyn FileTree,
    dir: &TreePath,
    read: &mut ReadSet,
) -> Result<Option<(TreePath, Vec<u8>)>> {
    for name in FILE_NAMES {
        let Ok(file) = dir.child(name) else { continue };
        let Ok(real) = resolve(tree, &file) else {
            continue;
        };
        if let Some(EntryKind::File { .. }) = tree.kind_of(&real).map_err(|e| tree_error(&e))? {
            let content = tree.read(&real).map_err(|e| tree_error(&e))?;
            read.insert(real, ReadKind::File);
            return Ok(Some((file, content.to_vec())));
        }
        read.insert(real, ReadKind::Absent);
    }
    Ok(None)
}

fn set_default(node: &mut Node, field: &str, value: &str) {
    if node.text_at(&[field]).is_none_or(str::is_empty) {
        node.set(field, Node::string(value));
    }
}

/// Without empty texts, lists and mappings of texts, as the Go structure writes itself.
fn pruned(node: &Node) -> Node {
    match node.kind() {
        Kind::Scalar => node.clone(),
        Kind::Seq => {
            let items = node.as_seq().unwrap_or_default();
            Node::seq(items.iter().map(pruned).collect())
        }
        Kind::Map => {
            let entries = node.as_map().into_iter().flatten();
            let kept: Map = entries
                .filter(|e| !is_zero(e.key.text().unwrap_or_default(), &e.value))
                .map(|e| (e.key.clone(), pruned(&e.value)))
                .collect();
            Node::map(kept)
        }
    }
}

fn is_zero(key: &str, value: &Node) -> bool {
    // These are structures, which are written even where nothing is in them.
    const STRUCTURES: [&str; 9] = [
        "metadata",
        "generatorOptions",
        "sortOptions",
        "helmGlobals",
        "target",
        "select",
        "source",
        "objref",
        "fieldref",
    ];
    match value.kind() {
        Kind::Scalar => matches!(value.text(), None | Some("" | "false" | "0")),
        Kind::Seq => value.is_empty_collection(),
        Kind::Map => value.is_empty_collection() && !STRUCTURES.contains(&key),
    }
}

fn tree_error(error: &TreeError) -> BuildError {
    crate::load::tree_error(error)
}
