//! Namespace, name prefix and name suffix.

use std::collections::HashMap;
use std::sync::Arc;

use flux_yaml::{Kind, Node};

use crate::error::{BuildError, Result};
use crate::id::IdKey;
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::spec::{Create, FieldSpec, apply, apply_all};
use crate::transform::expect_kind;

/// Which subjects of role bindings get the namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Subjects {
    /// Service accounts named `default`.
    #[default]
    DefaultOnly,
    /// All service accounts.
    AllServiceAccounts,
    /// None.
    None,
}

/// How the namespace is set.
#[derive(Debug)]
pub(crate) struct NamespaceOptions<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) specs: &'a [FieldSpec],
    pub(crate) subjects: Subjects,
    pub(crate) unset_only: bool,
}

/// Puts every object that can have a namespace into one.
pub(crate) fn set_namespace(map: &mut ResMap, options: &NamespaceOptions<'_>) -> Result<()> {
    if options.namespace.is_empty() {
        return Ok(());
    }
    // Objects are judged against the ids that all others have at that moment, as upstream does, by counting.
    let mut counts: HashMap<IdKey, usize> = HashMap::new();
    for resource in map.list() {
        *counts.entry(resource.id().key()).or_default() += 1;
    }
    let fields: Vec<FieldSpec> = options
        .specs
        .iter()
        .filter(|spec| spec.path != "metadata/namespace")
        .cloned()
        .collect();
    for resource in map.list_mut() {
        if resource.is_empty()
            || resource.annotation("internal.config.kubernetes.io/helm-generated") == Some("true")
        {
            continue;
        }
        if let Some(count) = counts.get_mut(&resource.id().key()) {
            *count -= 1;
        }
        resource.store_previous_id();
        let cluster_scoped = resource.id().cluster_scoped;
        let file = Arc::clone(&resource.file);
        resource
            .edit(|node| set_in(node, cluster_scoped, &fields, options))
            .map_err(|e| e.at(&file, flux_yaml::Span::default()))?;
        let count = counts.entry(resource.id().key()).or_default();
        *count += 1;
        if *count != 1 {
            return Err(BuildError::new(format!(
                "namespace transformation produces ID conflict: {}",
                resource.id()
            ))
            .at(&resource.file, resource.node().span)
            .object(resource.id()));
        }
    }
    Ok(())
}

fn set_in(
    node: &mut Node,
    cluster_scoped: bool,
    fields: &[FieldSpec],
    options: &NamespaceOptions<'_>,
) -> Result<()> {
    let mut set = |field: &mut Node| set_text(field, options.namespace, options.unset_only);
    if !cluster_scoped {
        let own = FieldSpec::everywhere("metadata/namespace", true);
        apply(node, &own, Create::Scalar, &mut set)?;
    }
    let binding = matches!(
        node.text_at(&["kind"]),
        Some("RoleBinding" | "ClusterRoleBinding")
    );
    if binding {
        set_subjects(node, options);
    }
    // Parity: the name of a namespace object is a field spec that only core v1 objects get.
    let core = node.text_at(&["apiVersion"]) == Some("v1");
    for spec in fields {
        let subject = matches!(&*spec.kind, "RoleBinding" | "ClusterRoleBinding")
            && spec.path == "subjects/namespace";
        if (binding && subject) || (!core && spec.path == "metadata/name") {
            continue;
        }
        apply(node, spec, Create::Scalar, &mut set).map_err(|error| {
            if error.text().contains("wrong node kind") {
                error.wrap("namespace field specs must target scalar nodes")
            } else {
                error.wrap("namespace transformation failed")
            }
        })?;
    }
    Ok(())
}

fn set_text(field: &mut Node, text: &str, unset_only: bool) -> Result<()> {
    expect_kind(field, Kind::Scalar)?;
    if unset_only && !field.is_null() && field.text().is_some_and(|t| !t.is_empty()) {
        return Ok(());
    }
    *field = Node::string(text).at(field.span);
    Ok(())
}

fn set_subjects(node: &mut Node, options: &NamespaceOptions<'_>) {
    let Some(subjects) = node.get_mut("subjects").and_then(Node::as_seq_mut) else {
        return;
    };
    for subject in subjects {
        let chosen = match options.subjects {
            Subjects::None => false,
            Subjects::DefaultOnly => subject.text_at(&["name"]) == Some("default"),
            Subjects::AllServiceAccounts => subject.text_at(&["kind"]) == Some("ServiceAccount"),
        };
        if !chosen {
            continue;
        }
        let before = subject.text_at(&["namespace"]).unwrap_or_default();
        if !options.unset_only || before.is_empty() {
            subject.set("namespace", Node::string(options.namespace));
        }
    }
}

/// Which end of a name is extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Affix {
    Prefix,
    Suffix,
}

/// Adds a prefix or suffix to names.
pub(crate) fn add_affix(
    map: &mut ResMap,
    affix: Affix,
    text: &str,
    specs: &[FieldSpec],
) -> Result<()> {
    for resource in map.list_mut() {
        affix_one(resource, affix, text, specs)?;
    }
    Ok(())
}

fn affix_one(resource: &mut Resource, affix: Affix, text: &str, specs: &[FieldSpec]) -> Result<()> {
    let original = resource.original_id();
    let exempt = match &*original.gvk.kind {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => *original.gvk.group == *"apiregistration.k8s.io",
        _ => false,
    };
    if exempt || text.is_empty() {
        return Ok(());
    }
    for spec in specs {
        if !spec.selects(&original.gvk) {
            continue;
        }
        if spec.path == "metadata/name" {
            match affix {
                Affix::Prefix => resource.prefixes.push(text.into()),
                Affix::Suffix => resource.suffixes.push(text.into()),
            }
            resource.store_previous_id();
        }
        let mut set = |field: &mut Node| {
            expect_kind(field, Kind::Scalar)?;
            let name = field.text().unwrap_or_default();
            let name = match affix {
                Affix::Prefix => format!("{text}{name}"),
                Affix::Suffix => format!("{name}{text}"),
            };
            *field = Node::string(name).at(field.span);
            Ok(())
        };
        let specs = std::slice::from_ref(spec);
        resource
            .edit(|node| apply_all(node, specs, Create::Scalar, &mut set))
            .map_err(|e| e.at(&resource.file, flux_yaml::Span::default()))?;
    }
    Ok(())
}
