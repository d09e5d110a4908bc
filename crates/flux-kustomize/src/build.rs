//! The whole build: accumulate, hash, repair references, resolve variables, sort, clean.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use flux_tree::{EntryKind, FileTree, TreePath};
use flux_yaml::{Node, Span, YamlError};

use crate::error::{BuildError, Result};
use crate::kustfile::FILE_NAMES;
use crate::load::{LoadRestriction, Loader, ReadKind, ReadSet, Shared};
use crate::origin::{ORIGIN, TRANSFORMATIONS};
use crate::plugin::sort_order;
use crate::remote::Remotes;
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::schema::Schemas;
use crate::spec::FieldSpec;
use crate::target::{Accumulator, Target};
use crate::transform::{SortOrder, add_hashes, add_labels, fix_references, replace_vars, sort};

/// How the objects are ordered where the kustomization does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reorder {
    /// As built: what Flux does.
    #[default]
    None,
    /// By kind and name: what the command does.
    Legacy,
}

/// How to build.
#[derive(Debug, Clone)]
pub struct Options {
    /// The order of the objects.
    pub reorder: Reorder,
    /// From where files may be read.
    pub restriction: LoadRestriction,
    /// Whether every object is labeled as managed by kustomize.
    pub managed_by_label: bool,
    /// The version that label names.
    pub version: String,
    /// A schema that a kustomization brings adds to the built-in one, as in Flux, instead of replacing it (KUS-KZ-009).
    pub schema_adds: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            reorder: Reorder::None,
            restriction: LoadRestriction::RootOnly,
            managed_by_label: false,
            version: "(devel)".to_owned(),
            schema_adds: false,
        }
    }
}

impl Options {
    /// As kustomize-controller builds: input order, files from anywhere in the artifact (KUS-KZ-001).
    pub fn flux() -> Self {
        Self {
            restriction: LoadRestriction::None,
            schema_adds: true,
            ..Self::default()
        }
    }
}

/// One built object and where it comes from.
#[derive(Debug, Clone)]
pub struct BuiltObject {
    /// The object.
    pub node: Node,
    /// The file it was read from, relative to the root of the tree; for generated objects the kustomization file.
    pub file: Arc<str>,
    /// Where it begins in the file.
    pub span: Span,
}

impl BuiltObject {
    /// The object as JSON.
    ///
    /// # Errors
    /// Values that JSON does not have, such as `.inf`.
    pub fn to_json(&self) -> std::result::Result<serde_json::Value, YamlError> {
        self.node.to_json()
    }
}

/// The result of a build.
#[derive(Debug, Clone, Default)]
pub struct Built {
    /// The objects, in order.
    pub objects: Vec<Arc<BuiltObject>>,
    /// What was read or looked for; a change elsewhere cannot change the result.
    pub read_set: ReadSet,
    /// Files of the built directory that look like manifests and were not read.
    pub unread: Vec<TreePath>,
}

impl Built {
    /// All objects as one YAML stream, as `kustomize build` prints it.
    ///
    /// # Errors
    /// A value that cannot be written, with the object and its place.
    pub fn to_yaml(&self) -> Result<String> {
        let mut out = String::new();
        for object in &self.objects {
            if !out.is_empty() {
                out.push_str("---\n");
            }
            let text = object.node.to_yaml().map_err(|e| {
                BuildError::new(format!("yaml: {}", e.go_text()))
                    .at(&object.file, e.span())
                    .object(crate::id::ResId::of_node(&object.node))
            })?;
            out.push_str(&text);
        }
        Ok(out)
    }
}

/// Builds the kustomization of a directory.
///
/// # Errors
/// [`BuildError`] with file, place and object where those are known.
pub fn build(
    tree: &dyn FileTree,
    path: &str,
    options: &Options,
    remotes: &dyn Remotes,
) -> Result<Built> {
    let shared = Shared {
        restriction: options.restriction,
        remotes,
        read: RefCell::default(),
        schemas: RefCell::new(Schemas {
            custom: None,
            adds: options.schema_adds,
        }),
        schema_fixed: Cell::default(),
        foreign_read: Cell::default(),
        entered: Cell::default(),
        objects: Cell::default(),
    };
    let loader = Loader::open(&shared, tree, path)?;
    let root = loader.root().clone();
    let target = Target::open_top(loader)?;
    let map = run(&target, options)?;
    let read_set = shared.read.take();
    let unread = unread(tree, &root, &read_set);
    Ok(Built {
        objects: map.list().iter().map(finished).collect(),
        read_set,
        unread,
    })
}

fn finished(resource: &Resource) -> Arc<BuiltObject> {
    Arc::new(BuiltObject {
        span: resource.node().span,
        file: Arc::clone(&resource.file),
        node: resource.node().clone(),
    })
}

fn run(target: &Target<'_>, options: &Options) -> Result<ResMap> {
    let Accumulator {
        mut map,
        config,
        vars,
    } = target.accumulate(Accumulator::default())?;
    add_hashes(&mut map)?;
    fix_references(&mut map, &config.name_reference)?;
    replace_vars(&mut map, &vars, &config.var_reference)?;
    drop_local(&mut map)?;
    let order = sort_order(target.file.node.get("sortOptions"))
        .map_err(|e| e.at(target.shown(), Span::default()))?;
    match (order, options.reorder) {
        (Some(order), _) => sort(&mut map, &order),
        (None, Reorder::Legacy) => sort(&mut map, &SortOrder::legacy()),
        (None, Reorder::None) => {}
    }
    if options.managed_by_label || target.wants("managedByLabel") {
        let label = (
            "app.kubernetes.io/managed-by".to_owned(),
            format!("kustomize-{}", options.version),
        );
        let spec = FieldSpec::everywhere("metadata/labels", true);
        add_labels(&mut map, &[label], &[spec])?;
    }
    let (keep_origin, keep_transformations) = (
        target.wants("originAnnotations"),
        target.wants("transformerAnnotations"),
    );
    for resource in map.list_mut() {
        resource.finish()?;
        if !keep_origin {
            resource.remove_annotation(ORIGIN);
        }
        if !keep_transformations {
            resource.remove_annotation(TRANSFORMATIONS);
        }
    }
    Ok(map)
}

/// Leaves out objects that exist only for the build.
fn drop_local(map: &mut ResMap) -> Result<()> {
    const LOCAL: &str = "config.kubernetes.io/local-config";
    map.list_mut().retain(|r| !r.is_empty());
    for resource in map.list() {
        crate::read::validate(resource.node()).map_err(|e| {
            e.at(&resource.file, resource.node().span)
                .object(resource.id())
        })?;
    }
    map.list_mut()
        .retain(|r| r.annotation(LOCAL).is_none_or(|value| value == "false"));
    Ok(())
}

/// `.yaml` and `.yml`, in lower case only.
pub(crate) fn is_manifest_name(path: &TreePath) -> bool {
    let extension = path.file_name().and_then(|name| name.rsplit_once('.'));
    extension.is_some_and(|(_, extension)| matches!(extension, "yaml" | "yml"))
}

/// Files beside the kustomization that look like manifests and had no part in the build.
fn unread(tree: &dyn FileTree, root: &TreePath, read: &ReadSet) -> Vec<TreePath> {
    let Ok(found) = flux_tree::walk(tree, root) else {
        return Vec::new();
    };
    let foreign: Vec<TreePath> = found
        .iter()
        .filter(|(path, kind)| {
            kind.is_file()
                && path
                    .file_name()
                    .is_some_and(|name| FILE_NAMES.contains(&name))
                && read.get(path) != Some(&ReadKind::File)
        })
        .filter_map(|(path, _)| path.parent())
        .collect();
    found
        .into_iter()
        .filter(|(path, kind)| {
            matches!(kind, EntryKind::File { .. })
                && is_manifest_name(path)
                && read.get(path) != Some(&ReadKind::File)
                && !foreign.iter().any(|dir| path.starts_with(dir))
        })
        .map(|(path, _)| path)
        .collect()
}
