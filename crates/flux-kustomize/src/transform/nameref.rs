//! Repairs the names by which objects refer to others whose names were changed.
//!
//! kustomize looks at every pair of objects. Here only objects that ever changed their name are candidates, found by
//! that name, so the cost follows the number of references.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use flux_yaml::{Kind, Node, Span};

use crate::error::{BuildError, Result};
use crate::id::{Gvk, NO_NAMESPACE, ResId};
use crate::resmap::ResMap;
use crate::resource::Resource;
use crate::spec::{BackReference, Create, FieldSpec, apply};

/// What is known of all objects before the first reference is touched.
struct Known<'a> {
    list: &'a [Resource],
    /// Objects by each name they had before.
    by_previous: HashMap<Arc<str>, Vec<usize>>,
    previous: Vec<Vec<ResId>>,
    /// Original namespace to the present namespaces (effective and as written) of the objects from it.
    origins: HashMap<String, HashSet<(String, Arc<str>)>>,
}

type Accept<'f> = dyn Fn(&Resource) -> bool + 'f;
type Identical = dyn Fn(&Resource, &Resource) -> bool;

/// The object whose references are being repaired.
struct Referrer<'a> {
    resource: &'a Resource,
    namespaces: HashSet<String>,
    role: Option<Gvk>,
}

/// Repairs all references.
pub(crate) fn fix_references(map: &mut ResMap, rows: &[BackReference]) -> Result<()> {
    let list = map.list().to_vec();
    for resource in list.iter().filter(|r| &*r.gvk().kind == "RoleBinding") {
        Referrer::new(resource)?;
    }
    if list.iter().all(|r| r.previous.is_empty()) {
        return Ok(());
    }
    let known = Known::new(&list);
    for (at, resource) in map.list_mut().iter_mut().enumerate() {
        let original = resource.original_id().gvk;
        let mut referrer = None;
        for row in rows {
            for spec in &row.specs {
                if !spec.is_present(&original, resource.node()) {
                    continue;
                }
                let referrer = match &referrer {
                    Some(known) => known,
                    None => referrer.insert(Referrer::new(&list[at])?),
                };
                repair(resource, &known, referrer, (row, spec)).map_err(|error| {
                    error
                        .wrap(format!(
                            "updating name reference in '{}' field of '{}'",
                            spec.path,
                            list[at].id()
                        ))
                        .at(&list[at].file, list[at].node().span)
                        .object(list[at].id())
                })?;
            }
        }
    }
    Ok(())
}

fn repair(
    resource: &mut Resource,
    known: &Known<'_>,
    referrer: &Referrer<'_>,
    (row, spec): (&BackReference, &FieldSpec),
) -> Result<()> {
    // The spec was chosen by the original kind; it applies whatever the kind is now.
    let gvk = resource.gvk().clone();
    let spec = FieldSpec::new(
        (&gvk.group, &gvk.version, &gvk.kind),
        &spec.path,
        spec.create,
    );
    let is_role = spec.path.ends_with("roleRef/name");
    let mut set = |field: &mut Node| set_reference(field, known, referrer, (row, is_role));
    resource.edit(|node| apply(node, &spec, Create::Never, &mut set))
}

fn set_reference(
    field: &mut Node,
    known: &Known<'_>,
    referrer: &Referrer<'_>,
    target: (&BackReference, bool),
) -> Result<()> {
    if field.is_null() {
        return Ok(());
    }
    match field.kind() {
        Kind::Scalar => set_scalar(field, known, referrer, target),
        Kind::Map => set_mapping(field, known, referrer, target),
        Kind::Seq => {
            for item in field.as_seq_mut().into_iter().flatten() {
                match item.kind() {
                    Kind::Scalar => set_scalar(item, known, referrer, target)?,
                    Kind::Map => set_mapping(item, known, referrer, target)?,
                    Kind::Seq => {
                        return Err(
                            BuildError::new("unknown kind of a list item").span_only(item.span)
                        );
                    }
                }
            }
            Ok(())
        }
    }
}

fn set_scalar(
    field: &mut Node,
    known: &Known<'_>,
    referrer: &Referrer<'_>,
    target: (&BackReference, bool),
) -> Result<()> {
    let old = field.text().unwrap_or_default();
    let found = known.select(
        old,
        referrer,
        target,
        (&|_| true, &|a, b| a.id().name == b.id().name),
    )?;
    if let Some(name) = found.map(|r| &r.id().name)
        && &**name != old
    {
        *field = Node::resolved(name).at(field.span);
    }
    Ok(())
}

fn set_mapping(
    field: &mut Node,
    known: &Known<'_>,
    referrer: &Referrer<'_>,
    target: (&BackReference, bool),
) -> Result<()> {
    let Some(name) = field.get("name") else {
        return Err(
            BuildError::new("path config error; no 'name' field in node").span_only(field.span),
        );
    };
    let old = name.text().unwrap_or_default();
    let namespace = field
        .get("namespace")
        .map(|n| n.text().unwrap_or_default().to_owned());
    let by_origin = namespace
        .as_ref()
        .is_some_and(|ns| known.has_origin(ns, referrer));
    let accept = |resource: &Resource| match &namespace {
        None => true,
        Some(ns) => {
            let id = if by_origin {
                &resource.original_id()
            } else {
                resource.id()
            };
            let theirs = id.effective_namespace();
            theirs != NO_NAMESPACE && theirs == ns
        }
    };
    let found = known.select(
        old,
        referrer,
        target,
        (&accept, &|a, b| {
            a.id().name == b.id().name && a.id().namespace == b.id().namespace
        }),
    )?;
    let Some(id) = found.map(|r| r.id().clone()) else {
        return Ok(());
    };
    if &*id.name == old && id.namespace.is_empty() {
        return Ok(());
    }
    if &*id.name != old {
        field.set("name", Node::resolved(&id.name));
    }
    if !id.namespace.is_empty() && namespace.as_deref() != Some(&*id.namespace) {
        field.set("namespace", Node::resolved(&id.namespace));
    }
    Ok(())
}

impl<'a> Referrer<'a> {
    fn new(resource: &'a Resource) -> Result<Self> {
        let node = resource.node();
        let mut namespaces = HashSet::new();
        if &*resource.gvk().kind == "RoleBinding" {
            let subjects = node.get("subjects").and_then(Node::as_seq);
            for subject in subjects.unwrap_or_default() {
                if subject.text_at(&["kind"]) != Some("ServiceAccount") {
                    continue;
                }
                match subject.get("namespace") {
                    None => {}
                    Some(ns) if ns.is_string() => {
                        namespaces.insert(ns.text().unwrap_or_default().to_owned());
                    }
                    Some(ns) => {
                        return Err(BuildError::new(format!(
                            "Invalid Input: namespace is blank for resource {:?}",
                            resource.id().to_string()
                        ))
                        .at(&resource.file, ns.span));
                    }
                }
            }
        }
        let role = node.get("roleRef").and_then(|role| {
            let group = role.get("apiGroup")?.text()?;
            Some(Gvk::new(group, "", role.get("kind")?.text()?))
        });
        Ok(Self {
            resource,
            namespaces,
            role,
        })
    }
}

impl<'a> Known<'a> {
    fn new(list: &'a [Resource]) -> Self {
        let mut by_previous: HashMap<Arc<str>, Vec<usize>> = HashMap::new();
        let mut origins: HashMap<String, HashSet<(String, Arc<str>)>> = HashMap::new();
        for (at, resource) in list.iter().enumerate() {
            for previous in &resource.previous {
                let places = by_previous.entry(Arc::clone(&previous.name)).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
            origins
                .entry(resource.original_id().effective_namespace().to_owned())
                .or_default()
                .insert((
                    resource.id().effective_namespace().to_owned(),
                    Arc::clone(&resource.id().namespace),
                ));
        }
        Self {
            list,
            by_previous,
            previous: list.iter().map(|r| r.previous_ids().collect()).collect(),
            origins,
        }
    }

    /// Whether some object that the referrer may refer to came from this namespace.
    fn has_origin(&self, namespace: &str, referrer: &Referrer<'_>) -> bool {
        let id = referrer.resource.id();
        namespace != NO_NAMESPACE
            && self.origins.get(namespace).is_some_and(|present| {
                present.iter().any(|(effective, written)| {
                    id.cluster_scoped
                        || effective == NO_NAMESPACE
                        || effective == id.effective_namespace()
                        || referrer.namespaces.contains(&**written)
                })
            })
    }

    /// The object that a name means.
    fn select(
        &self,
        old: &str,
        referrer: &Referrer<'_>,
        (row, is_role): (&BackReference, bool),
        (accept, identical): (&Accept<'_>, &Identical),
    ) -> Result<Option<&'a Resource>> {
        let Some(places) = self.by_previous.get(old) else {
            return Ok(None);
        };
        let own = referrer.resource.id();
        let mut candidates: Vec<&'a Resource> = places
            .iter()
            .filter(|at| {
                let of_kind = |g: &str, v: &str, k: &str| {
                    self.previous[**at]
                        .iter()
                        .any(|id| id.gvk.is_selected(g, v, k))
                };
                of_kind(&row.group, &row.version, &row.kind)
                    && match (&referrer.role, is_role) {
                        (Some(role), true) => of_kind(&role.group, "", &role.kind),
                        _ => true,
                    }
            })
            .map(|at| &self.list[*at])
            .filter(|r| {
                let id = r.id();
                let near = own.cluster_scoped
                    || id.cluster_scoped
                    || id.effective_namespace() == own.effective_namespace();
                // In reach at all, and then: service accounts of other namespaces may be meant.
                (near
                    || (referrer.namespaces.contains(&*id.namespace)
                        && &*id.gvk.kind == "ServiceAccount"))
                    && accept(r)
            })
            .collect();
        if candidates.len() != 1 {
            candidates.retain(|r| r.same_affixes(referrer.resource, true));
            if candidates.len() > 1 {
                candidates.retain(|r| r.same_affixes(referrer.resource, false));
            }
        }
        match candidates.as_slice() {
            [] => Ok(None),
            [first, rest @ ..] if rest.iter().all(|r| identical(first, r)) => Ok(Some(first)),
            _ => {
                let ids: Vec<String> = candidates.iter().map(|r| r.id().to_string()).collect();
                Err(BuildError::new(format!(
                    "found multiple possible referrals: {}",
                    ids.join(", ")
                ))
                .span_only(Span::default()))
            }
        }
    }
}
