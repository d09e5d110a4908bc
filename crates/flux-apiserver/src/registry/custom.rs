//! Resources of custom resource definitions: from the definition's object to what is served.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value;

use crate::error::GroupResource;
use crate::registry::compiled::Compiled;
use crate::registry::{Registry, Resource, ScalePaths, Types};
use crate::store::{Doc, Stored};

/// What is particular to one version of a custom resource.
#[derive(Debug)]
pub(crate) struct CustomVersion {
    /// Name of the definition, `<plural>.<group>`.
    pub(crate) definition: String,
    /// Prunes, defaults, validates and prints.
    pub(crate) schema: Compiled,
    /// Fields besides name and namespace that select.
    pub(crate) selectable: Vec<String>,
}

/// Serves the versions of an accepted definition.
pub(crate) fn install(registry: &Registry, definition: &Stored) {
    let resources = resources(definition);
    registry.replace(definition.name(), resources);
}

/// Stops serving a definition.
pub(crate) fn remove(registry: &Registry, definition: &str) {
    registry.replace(definition, Vec::new());
}

fn resources(definition: &Stored) -> Vec<Arc<Resource>> {
    let Some(spec) = definition.doc.get("spec") else {
        return Vec::new();
    };
    let versions = spec.get("versions").and_then(Value::as_array);
    let served = versions
        .into_iter()
        .flatten()
        .filter(|v| v.get("served").and_then(Value::as_bool).unwrap_or(false));
    served
        .map(|version| Arc::new(resource(definition, spec, version)))
        .collect()
}

fn text(value: &Value, path: &str) -> String {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_owned()
}

fn texts(value: &Value, path: &str) -> Vec<String> {
    let list = value.pointer(path).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn resource(definition: &Stored, spec: &Value, version: &Value) -> Resource {
    let (group, name) = (text(spec, "/group"), text(version, "/name"));
    let (kind, plural) = (text(spec, "/names/kind"), text(spec, "/names/plural"));
    let or = |value: String, other: String| if value.is_empty() { other } else { value };
    let path = |p: &str| text(version, p).trim_start_matches('.').to_owned();
    let scale = version.pointer("/subresources/scale").map(|_| ScalePaths {
        spec: path("/subresources/scale/specReplicasPath"),
        status: path("/subresources/scale/statusReplicasPath"),
        selector: Some(path("/subresources/scale/labelSelectorPath")).filter(|p| !p.is_empty()),
    });
    let deprecated = version
        .get("deprecated")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let warning = text(version, "/deprecationWarning");
    let deprecation =
        deprecated.then(|| or(warning, format!("{group}/{name} {kind} is deprecated")));
    let selectable = version
        .get("selectableFields")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|f| text(f, "/jsonPath").trim_start_matches('.').to_owned())
        .collect();
    Resource {
        head: Resource::make_head(&group, &name, &kind, true),
        table: GroupResource::new(&group, &plural).to_string().into(),
        list_kind: or(text(spec, "/names/listKind"), format!("{kind}List")),
        singular: or(text(spec, "/names/singular"), kind.to_lowercase()),
        short_names: texts(spec, "/names/shortNames"),
        categories: texts(spec, "/names/categories"),
        namespaced: text(spec, "/scope") == "Namespaced",
        status: version.pointer("/subresources/status").is_some(),
        scale,
        generation: true,
        subresources: Vec::new(),
        review: false,
        types: Types::custom(version.pointer("/schema/openAPIV3Schema")),
        custom: Some(Arc::new(CustomVersion {
            definition: definition.name().to_owned(),
            schema: Compiled::new(spec, version),
            selectable,
        })),
        deprecation,
        version: name,
        group,
        kind,
        plural,
    }
}

/// Kubernetes' order of versions: `v2 > v1 > v1beta2 > v1alpha1 > others`.
pub(crate) fn compare_versions(a: &str, b: &str) -> Ordering {
    match (rank(a), rank(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => b.cmp(a),
    }
}

fn rank(version: &str) -> Option<(u8, u32, u32)> {
    let rest = version.strip_prefix('v')?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let major: u32 = rest[..digits].parse().ok()?;
    match &rest[digits..] {
        "" => Some((2, major, 0)),
        other => {
            let (stage, number) = other
                .strip_prefix("beta")
                .map(|n| (1, n))
                .or_else(|| other.strip_prefix("alpha").map(|n| (0, n)))?;
            Some((stage, major, number.parse().ok()?))
        }
    }
}

/// The version of a definition that objects are stored in.
pub(crate) fn storage_version(spec: &Doc) -> Option<String> {
    let versions = spec.get("versions")?.as_array()?;
    let stored = versions
        .iter()
        .find(|v| v.get("storage").and_then(Value::as_bool) == Some(true));
    Some(text(stored?, "/name"))
}
