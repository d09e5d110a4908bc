//! The kustomization file that the spec asks for (KUS-GEN), and what lies outside of the artifact.

use std::sync::Arc;

use flux_api::kustomize::KustomizationSpec;
use flux_kustomize::flux::{GenerateOptions, Overlay, complete as complete_tree};
use flux_kustomize::{BuildError, RemoteSpec, Remotes};
use flux_tree::{FileTree, MemoryTree, TreePath};
use serde_json::Value;

/// The tree with its kustomization file generated, or completed by the spec.
pub(crate) fn complete(
    tree: &MemoryTree,
    path: &TreePath,
    spec: &KustomizationSpec,
) -> Result<MemoryTree, BuildError> {
    // A spec is plain data with text keys, which always serialises.
    let spec = serde_json::to_value(spec).unwrap_or(Value::Null);
    let options = GenerateOptions {
        overlay: Overlay::from_spec(&spec)?,
        ..GenerateOptions::default()
    };
    complete_tree(tree, path, &options).map(|(_, tree)| tree)
}

/// Bases outside of the artifact: forbidden by the operator (`--no-remote-bases`), or not to be had yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outside {
    pub(crate) forbidden: bool,
}

impl Outside {
    fn refusal(self) -> String {
        if self.forbidden {
            "remote bases are disabled".to_owned()
        } else {
            "remote bases are not supported yet".to_owned()
        }
    }
}

impl Remotes for Outside {
    fn repository(&self, _spec: &RemoteSpec) -> Result<Arc<dyn FileTree>, String> {
        Err(self.refusal())
    }

    fn file(&self, _url: &str) -> Result<Vec<u8>, String> {
        Err(self.refusal())
    }
}
