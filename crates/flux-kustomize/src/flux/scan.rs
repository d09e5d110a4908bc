//! Which manifests a directory holds (KUS-GEN-002).

use std::sync::Arc;

use flux_tree::ignore::{Matcher, load, parse};
use flux_tree::{EntryKind, FileTree, TreePath, resolve};
use flux_yaml::{Node, Span};

use crate::build::is_manifest_name;
use crate::error::{BuildError, Result};
use crate::flux::tree_error;
use crate::kustfile::FILE_NAMES;
use crate::load::{ReadKind, ReadSet};
use crate::read;

/// Files that the command line was told to leave out.
#[derive(Debug)]
pub(super) struct Ignore(Option<Matcher>);

impl Ignore {
    pub(super) fn new(tree: &dyn FileTree, dir: &TreePath, patterns: Option<&str>) -> Result<Self> {
        let Some(patterns) = patterns else {
            return Ok(Self(None));
        };
        let mut all = load(tree).map_err(|e| tree_error(&e))?;
        all.extend(parse(patterns, dir));
        Ok(Self(Some(Matcher::new(all))))
    }

    fn leaves_out(&self, path: &TreePath) -> bool {
        self.0
            .as_ref()
            .is_some_and(|matcher| matcher.ignores(path, false))
    }

    /// Takes ignored files out of the lists of a kustomization file.
    pub(super) fn filter(&self, node: &mut Node, dir: &TreePath) {
        if self.0.is_none() {
            return;
        }
        for field in ["resources", "crds", "components"] {
            let Some(items) = node.get_mut(field).and_then(Node::as_seq_mut) else {
                continue;
            };
            items.retain(|item| {
                let place = dir.join(item.text().unwrap_or_default());
                !place.is_ok_and(|place| self.leaves_out(&place))
            });
        }
    }
}

/// A kustomization of everything that is in a directory.
pub(super) fn kustomization(
    tree: &dyn FileTree,
    dir: &TreePath,
    ignore: &Ignore,
    read: &mut ReadSet,
) -> Result<Node> {
    let mut found = Vec::new();
    if tree.kind_of(dir).map_err(|e| tree_error(&e))?.is_none() && !dir.is_root() {
        return Err(BuildError::new(format!(
            "lstat /{dir}: no such file or directory"
        )));
    }
    walk(tree, dir, ignore, (&mut found, read))?;
    let mut node = Node::empty_map();
    if found.is_empty() {
        // An empty build, so that everything applied before is pruned (KUS-GEN-003).
        node.set("namespace", Node::string("_placeholder"));
        return Ok(node);
    }
    let resources = found
        .iter()
        .filter_map(|path| path.strip_prefix(dir))
        .map(|path| Node::string(format!("./{path}")))
        .collect();
    node.set("resources", Node::seq(resources));
    Ok(node)
}

fn walk(
    tree: &dyn FileTree,
    dir: &TreePath,
    ignore: &Ignore,
    (found, read): (&mut Vec<TreePath>, &mut ReadSet),
) -> Result<()> {
    let entries = tree.list(dir).map_err(|e| tree_error(&e))?;
    read.insert(dir.clone(), ReadKind::Directory);
    for entry in entries {
        let Ok(path) = dir.child(&entry.name) else {
            continue;
        };
        if entry.kind.is_directory() {
            if has_kustomization(tree, &path) {
                found.push(path);
            } else {
                walk(tree, &path, ignore, (found, read))?;
            }
            continue;
        }
        // A link is looked at, never walked into; one that leaves the tree is refused whatever its name.
        let real = resolve(tree, &path).map_err(|e| {
            tree_error(&e)
                .wrap(format!("walk /{path}: path is not in or below '/'"))
                .at(path.as_str(), Span::default())
        })?;
        let is_manifest = is_manifest_name(&path);
        let is_file = matches!(tree.kind_of(&real), Ok(Some(EntryKind::File { .. })));
        if !is_manifest || !is_file || ignore.leaves_out(&path) {
            continue;
        }
        let content = tree.read(&real).map_err(|e| tree_error(&e))?;
        read.insert(real, ReadKind::File);
        let file: Arc<str> = path.as_str().into();
        read::objects(&content, &file)
            .map_err(|e| e.wrap(format!("failed to decode Kubernetes YAML from /{path}")))?;
        found.push(path);
    }
    Ok(())
}

fn has_kustomization(tree: &dyn FileTree, dir: &TreePath) -> bool {
    FILE_NAMES.iter().any(|name| {
        let real = dir
            .child(name)
            .ok()
            .and_then(|file| resolve(tree, &file).ok());
        real.is_some_and(|file| matches!(tree.kind_of(&file), Ok(Some(EntryKind::File { .. }))))
    })
}
