//! Labels and annotations.

use flux_yaml::{Kind, Node, Span};

use crate::error::Result;
use crate::resmap::ResMap;
use crate::spec::{Create, FieldSpec, apply_all};
use crate::transform::expect_kind;

/// Sets labels wherever the specs lead.
pub(crate) fn add_labels(
    map: &mut ResMap,
    labels: &[(String, String)],
    specs: &[FieldSpec],
) -> Result<()> {
    add_entries(map, labels, specs)
}

/// Sets annotations wherever the specs lead.
pub(crate) fn add_annotations(
    map: &mut ResMap,
    annotations: &[(String, String)],
    specs: &[FieldSpec],
) -> Result<()> {
    add_entries(map, annotations, specs)
}

fn add_entries(map: &mut ResMap, entries: &[(String, String)], specs: &[FieldSpec]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let pairs: Vec<(&str, Node)> = entries
        .iter()
        .map(|(key, value)| (key.as_str(), Node::string(value.as_str())))
        .collect();
    for resource in map.list_mut() {
        let mut set = |field: &mut Node| {
            expect_kind(field, Kind::Map)?;
            for (key, value) in &pairs {
                set_key(field, key, value);
            }
            Ok(())
        };
        resource
            .edit(|node| apply_all(node, specs, Create::Map, &mut set))
            .map_err(|e| e.at(&resource.file, Span::default()))?;
    }
    Ok(())
}

/// Sets an entry. A key that is new is written as it is: one that reads as a number or a truth word cannot be
/// printed later, as upstream.
fn set_key(field: &mut Node, key: &str, value: &Node) {
    if let Some(map) = field.as_map_mut() {
        match map.get_mut(key) {
            Some(present) => *present = value.clone(),
            None => map.push(Node::resolved_key(key), value.clone()),
        }
    }
}
