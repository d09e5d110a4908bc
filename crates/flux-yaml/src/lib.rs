//! YAML and JSON as Kubernetes tooling reads and writes them.
//!
//! Reading: [`parse_documents`] gives [`Node`] trees with positions; [`yaml_to_json`] is the plain conversion that
//! kubectl, Helm and the controllers apply to values. Writing: [`to_yaml_string`] and [`Node::to_yaml`] give the
//! bytes of the Go writer behind `kustomize build`, `kubectl -o yaml` and Helm's `toYaml`.
//!
//! Two sets of scalar rules exist, see [`Rules`]: they differ in the words (`yes`, `on`) and in dates.
//! What does not live here: knowledge of Kubernetes objects (that is `flux-object`).

mod compose;
mod emit;
mod error;
mod json;
mod node;
mod number;
mod order;
mod resolve;
#[cfg(test)]
mod tests;

pub use crate::compose::{
    Duplicates, Limits, ReadOptions, Rules, decode_text, parse_documents, parse_documents_with,
    parse_first, yaml_to_json,
};
pub use crate::emit::{to_yaml_pretty, to_yaml_string};
pub use crate::error::{YamlError, YamlErrorKind};
pub use crate::node::{Entry, Kind, Map, Node, Span, Style, Tag};
pub use crate::order::{compare_keys, sort_keys};
