//! Follows a field spec through an object and changes what is there.

use flux_yaml::{Kind, Node, Tag};

use crate::error::{BuildError, Result};
use crate::id::{Gvk, ResId};
use crate::spec::FieldSpec;

/// What to make where the field is missing and the spec allows to make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Create {
    Never,
    Scalar,
    Map,
}

impl Create {
    fn node(self) -> Node {
        match self {
            Self::Map => Node::empty_map(),
            Self::Scalar | Self::Never => Node::scalar("", Tag::Str),
        }
    }
}

/// The change made at the end of a path.
pub(crate) type Setter<'a> = dyn FnMut(&mut Node) -> Result<()> + 'a;

/// Applies a change at every place that the spec leads to. Objects of other kinds are left alone.
pub(crate) fn apply(
    node: &mut Node,
    spec: &FieldSpec,
    create: Create,
    set: &mut Setter<'_>,
) -> Result<()> {
    let kind = node.text_at(&["kind"]).unwrap_or_default();
    let (group, version) =
        crate::id::split_api_version(node.text_at(&["apiVersion"]).unwrap_or_default());
    let part = |want: &str, have: &str| want.is_empty() || want == have;
    if !part(&spec.kind, kind) || !part(&spec.group, group) || !part(&spec.version, version) {
        return Ok(());
    }
    let create = if spec.create { create } else { Create::Never };
    if create == Create::Never && !has_field(node, &spec.parts) {
        return Ok(());
    }
    walk(node, &spec.parts, create, set).map_err(|error| {
        let id = ResId::of_node(node);
        error
            .wrap(format!("considering field '{}' of object {id}", spec.path))
            .object(id)
    })
}

/// [`apply`] for each of several specs.
pub(crate) fn apply_all(
    node: &mut Node,
    specs: &[FieldSpec],
    create: Create,
    set: &mut Setter<'_>,
) -> Result<()> {
    specs
        .iter()
        .try_for_each(|spec| apply(node, spec, create, set))
}

/// Whether the walk would meet anything; a cheap look that copies nothing. May say yes where an error waits.
pub(crate) fn has_field(node: &Node, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return true;
    };
    match node.kind() {
        Kind::Seq => node
            .as_seq()
            .unwrap_or_default()
            .iter()
            .any(|item| has_field(item, parts)),
        Kind::Map => {
            let (name, is_list) = field_name(first);
            name.is_empty()
                || node
                    .get(name)
                    .is_some_and(|field| (is_list && field.is_null()) || has_field(field, rest))
        }
        Kind::Scalar => !node.is_null(),
    }
}

impl FieldSpec {
    /// Whether an object of this kind has the field.
    pub(crate) fn is_present(&self, gvk: &Gvk, node: &Node) -> bool {
        self.selects(gvk) && has_field(node, &self.parts)
    }
}

fn field_name(part: &str) -> (&str, bool) {
    match part.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (part, false),
    }
}

fn walk(node: &mut Node, parts: &[String], create: Create, set: &mut Setter<'_>) -> Result<()> {
    let Some((first, rest)) = parts.split_first() else {
        return set(node);
    };
    if node.is_null() {
        return Ok(());
    }
    match node.kind() {
        Kind::Seq => {
            for item in node.as_seq_mut().into_iter().flatten() {
                walk(item, parts, create, set)?;
            }
            Ok(())
        }
        Kind::Map => {
            let (name, is_list) = field_name(first);
            if name.is_empty() {
                return Err(BuildError::new("cannot set or create an empty field name"));
            }
            let make = match create {
                Create::Never => None,
                _ if is_list => None,
                kind if rest.is_empty() => Some(kind.node()),
                _ => Some(Node::empty_map()),
            };
            let present = node.get(name).map(Node::is_null);
            match (present, make) {
                (None, None) => return Ok(()),
                (Some(true), None) if is_list => {
                    node.set(name, Node::seq(Vec::new()));
                }
                (None | Some(true), Some(new)) => {
                    node.set(name, new);
                }
                (Some(true), None) | (Some(false), _) => {}
            }
            match node.get_mut(name) {
                Some(field) => walk(field, rest, create, set),
                None => Ok(()),
            }
        }
        Kind::Scalar => Err(BuildError::new("expected sequence or mapping node")),
    }
}
