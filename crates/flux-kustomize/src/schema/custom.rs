//! A schema that a kustomization brings along: OpenAPI definitions as JSON or YAML.

use std::collections::HashMap;

use flux_yaml::{Node, ReadOptions, parse_first};

use crate::error::{BuildError, Result};
use crate::schema::{FieldSchema, Schema};

/// The definitions of one file.
#[derive(Debug)]
pub(crate) struct Custom {
    definitions: Node,
    /// API version and kind to the name of a definition.
    types: HashMap<(String, String), String>,
    /// References may lead to built-in definitions.
    adds: bool,
}

impl Custom {
    pub(crate) fn parse(content: &[u8], adds: bool) -> Result<Self> {
        let node = parse_first(content, &ReadOptions::values())
            .map_err(|e| BuildError::new(format!("yaml: {}", e.go_text())).span_only(e.span()))?
            .unwrap_or_else(Node::empty_map);
        let definitions = node
            .get("definitions")
            .cloned()
            .unwrap_or_else(Node::empty_map);
        let mut types = HashMap::new();
        for entry in definitions.as_map().into_iter().flatten() {
            let name = entry.key.text().unwrap_or_default();
            let kinds = entry.value.get("x-kubernetes-group-version-kind");
            for kind in kinds.and_then(Node::as_seq).unwrap_or_default() {
                let text = |key: &str| kind.text_at(&[key]).unwrap_or_default();
                let api_version = match text("group") {
                    "" => text("version").to_owned(),
                    group => format!("{group}/{}", text("version")),
                };
                types.insert((api_version, text("kind").to_owned()), name.to_owned());
            }
        }
        Ok(Self {
            definitions,
            types,
            adds,
        })
    }

    pub(crate) fn of(&self, api_version: &str, kind: &str) -> Option<&Node> {
        let name = self.types.get(&(api_version.to_owned(), kind.to_owned()))?;
        self.definitions.get(name).map(|node| self.resolved(node))
    }

    /// The node itself, or what it refers to.
    fn resolved<'s>(&'s self, node: &'s Node) -> &'s Node {
        let mut at = node;
        // References may form a ring; no honest schema nests them this deep.
        for _ in 0..32 {
            let target = at
                .text_at(&["$ref"])
                .and_then(|reference| reference.rsplit('/').next())
                .and_then(|name| self.definitions.get(name));
            match target {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    pub(crate) fn field<'s>(&'s self, node: &'s Node, name: &str) -> FieldSchema<'s> {
        let property = node.get_path(&["properties", name]).or_else(|| {
            node.get("additionalProperties")
                .filter(|n| n.as_map().is_some())
        });
        let Some(property) = property else {
            return FieldSchema::UNKNOWN;
        };
        // How a list is merged stands beside the reference, not in what it refers to.
        let strategy = property.text_at(&["x-kubernetes-patch-strategy"]);
        let merges = strategy.is_some_and(|text| text.split(',').any(|part| part == "merge"));
        let keys = property
            .get("x-kubernetes-list-map-keys")
            .and_then(Node::as_seq);
        let merge = merges.then(|| match keys {
            Some(keys) => keys.iter().filter_map(Node::text).collect(),
            None => property
                .text_at(&["x-kubernetes-patch-merge-key"])
                .into_iter()
                .collect(),
        });
        let target = self.resolved(property);
        let inner = match target.get("items") {
            Some(items) => self.resolved(items),
            None => target,
        };
        let built_in = inner
            .text_at(&["$ref"])
            .filter(|_| self.adds)
            .and_then(|reference| reference.rsplit('/').next())
            .map(Schema::of_name);
        FieldSchema {
            inner: built_in.unwrap_or(Schema::Custom(self, inner)),
            merge,
        }
    }
}
