//! A kustomization file, read and checked.

use flux_yaml::{Node, ReadOptions, Span, parse_first};

use crate::error::{BuildError, Result};
use crate::load::Loader;
use crate::shape::{self, Unknown};

/// The names a kustomization file may have, in order of preference.
pub(crate) const FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

const KIND: &str = "Kustomization";
const COMPONENT: &str = "Component";
const VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// A checked kustomization file.
#[derive(Debug, Clone)]
pub(crate) struct Kustomization {
    /// The fields under their right names, of the right types.
    pub(crate) node: Node,
    /// The name of the file in its directory.
    pub(crate) file_name: &'static str,
    /// The path of the file from the root of the tree.
    pub(crate) path: String,
}

impl Kustomization {
    /// Reads the file of a directory.
    pub(crate) fn load(loader: &Loader<'_>) -> Result<Self> {
        let found: Vec<(&'static str, Vec<u8>)> = FILE_NAMES
            .iter()
            .filter_map(|name| Some((*name, loader.try_read(name)?)))
            .collect();
        let (file_name, content) = match found.as_slice() {
            [one] => one,
            [] => {
                return Err(BuildError::new(format!(
                    "unable to find one of 'kustomization.yaml', 'kustomization.yml' or \
                     'Kustomization' in directory '{}'",
                    loader.root_text()
                )));
            }
            _ => {
                return Err(BuildError::new(format!(
                    "Found multiple kustomization files under: {}",
                    loader.root_text()
                )));
            }
        };
        let path = loader.shown(file_name).to_string();
        let node = decode(content, Unknown::Refuse).map_err(|e| e.at(&path, Span::default()))?;
        let kustomization = Self {
            node,
            file_name,
            path,
        };
        kustomization.enforce(&loader.root_text())?;
        Ok(kustomization)
    }

    fn enforce(&self, root: &str) -> Result<()> {
        let counts = self.node.as_map().into_iter().flatten().filter(|e| {
            let name = e.key.text().unwrap_or_default();
            let empty = e.value.text().is_some_and(str::is_empty);
            // Parity: an empty list counts as content, an empty mapping of labels, too; only zero texts do not.
            !matches!(name, "apiVersion" | "kind") && !empty
        });
        if counts.count() == 0 {
            return Err(self.refuse("kustomization.yaml is empty".to_owned()));
        }
        let (kind, version) = (self.text("kind"), self.text("apiVersion"));
        let mut wrong = Vec::new();
        if !matches!(kind, "" | KIND | COMPONENT) {
            wrong.push(format!("kind should be {KIND} or {COMPONENT}"));
        }
        let wanted = if kind == COMPONENT {
            COMPONENT_VERSION
        } else {
            VERSION
        };
        if !version.is_empty() && version != wanted {
            let kind = if kind.is_empty() { KIND } else { kind };
            wrong.push(format!("apiVersion for {kind} should be {wanted}"));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(self.refuse(format!(
            "Failed to read kustomization file under {root}:\n{}",
            wrong.join("\n")
        )))
    }

    fn refuse(&self, text: String) -> BuildError {
        BuildError::new(text).at(&self.path, Span::default())
    }

    pub(crate) fn is_component(&self) -> bool {
        self.text("kind") == COMPONENT
    }

    /// `Kustomization` where the file names no kind.
    pub(crate) fn kind(&self) -> &str {
        match self.text("kind") {
            "" => KIND,
            kind => kind,
        }
    }

    /// The text of a field; empty where it is missing.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.node.text_at(&[field]).unwrap_or_default()
    }

    /// The items of a list field.
    pub(crate) fn list(&self, field: &str) -> &[Node] {
        self.node
            .get(field)
            .and_then(Node::as_seq)
            .unwrap_or_default()
    }

    /// The texts of a list field.
    pub(crate) fn texts(&self, field: &str) -> impl Iterator<Item = (&str, Span)> {
        self.list(field)
            .iter()
            .map(|n| (n.text().unwrap_or_default(), n.span))
    }

    /// The entries of a mapping of texts, sorted by key.
    pub(crate) fn map(&self, field: &str) -> Vec<(String, String)> {
        text_map(self.node.get(field))
    }

    /// The items of a list that has an older name, too.
    pub(crate) fn list_with(&self, field: &str, legacy: &str) -> Vec<Node> {
        [self.list(field), self.list(legacy)].concat()
    }
}

/// The entries of a mapping of texts, sorted by key.
pub(crate) fn text_map(node: Option<&Node>) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = node
        .and_then(Node::as_map)
        .into_iter()
        .flatten()
        .filter_map(|e| Some((e.key.text()?.to_owned(), e.value.text()?.to_owned())))
        .collect();
    entries.sort();
    entries
}

/// Parses and checks the text of a kustomization file.
pub(crate) fn decode(content: &[u8], unknown: Unknown) -> Result<Node> {
    // Who completes a file before the build reads it with another library than the build.
    let what = match unknown {
        Unknown::Drop => "error converting YAML to JSON",
        Unknown::Refuse => "invalid Kustomization",
    };
    let parsed = parse_first(content, &ReadOptions::values()).map_err(|error| {
        let mut located = BuildError::new(format!("{what}: yaml: {}", error.go_text()));
        located = located.span_only(error.span());
        located
    })?;
    let Some(node) = parsed.filter(|n| !n.is_null()) else {
        return Ok(Node::empty_map());
    };
    shape::check(&node, shape::KUSTOMIZATION, "Kustomization", unknown).map_err(|error| {
        BuildError::new(format!("invalid Kustomization: {}", error.text)).span_only(error.span)
    })
}
