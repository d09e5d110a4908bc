//! The kustomization file that the spec asks for (KUS-GEN): from the spec to options of the engine.

use std::sync::Arc;

use flux_api::kustomize::KustomizationSpec;
use flux_tree::{EntryKind, FileTree, MemoryTree, TreePath};

use crate::kustomization::execute::build::BuildFailure;

const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The tree with its kustomization file as the spec asks for it.
pub(crate) fn complete(
    tree: &Arc<MemoryTree>,
    path: &TreePath,
    spec: &KustomizationSpec,
) -> Result<Arc<MemoryTree>, BuildFailure> {
    let present = FILE_NAMES.iter().any(|name| {
        path.child(name)
            .is_ok_and(|file| matches!(tree.kind_of(&file), Ok(Some(EntryKind::File { .. }))))
    });
    let asks = spec.target_namespace.is_some()
        || spec.name_prefix.is_some()
        || spec.name_suffix.is_some()
        || !spec.patches.is_empty()
        || !spec.images.is_empty()
        || !spec.components.is_empty()
        || !spec.build_metadata.is_empty();
    if asks {
        return Err(BuildFailure::Overlay(
            "completing a kustomization.yaml by the spec",
        ));
    }
    if !present {
        return Err(BuildFailure::Overlay("a path without kustomization.yaml"));
    }
    Ok(tree.clone())
}
