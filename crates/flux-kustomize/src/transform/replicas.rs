//! Replica counts.

use flux_yaml::{Node, Span, Tag};

use crate::error::{BuildError, Result};
use crate::id::Gvk;
use crate::resmap::ResMap;
use crate::spec::{Create, FieldSpec, apply_all};

/// Sets the replica count of the objects that have, or had, a name.
pub(crate) fn set_replicas(
    map: &mut ResMap,
    name: &str,
    count: &str,
    specs: &[FieldSpec],
) -> Result<()> {
    let mut found = false;
    for spec in specs {
        for resource in map.list_mut() {
            let matches = resource
                .all_ids()
                .iter()
                .any(|id| &*id.name == name && spec.selects(&id.gvk));
            if !matches {
                continue;
            }
            found = true;
            let mut set = |field: &mut Node| {
                *field = Node::scalar(count, Tag::Int).at(field.span);
                Ok(())
            };
            let specs = std::slice::from_ref(spec);
            resource
                .edit(|node| apply_all(node, specs, Create::Scalar, &mut set))
                .map_err(|e| e.at(&resource.file, Span::default()))?;
        }
    }
    if found {
        return Ok(());
    }
    let kinds: Vec<String> = specs
        .iter()
        .map(|s| Gvk::new(&s.group, &s.version, &s.kind).to_string())
        .collect();
    Err(BuildError::new(format!(
        "resource with name {name} does not match a config with the following GVK [{}]",
        kinds.join(" ")
    )))
}
