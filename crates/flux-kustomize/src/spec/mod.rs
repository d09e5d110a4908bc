//! Field specs: which fields of which objects a transformer writes to, built in and configured.

mod generated;
mod walk;

use std::sync::{Arc, LazyLock};

use flux_yaml::Node;

use crate::error::{BuildError, Result};
use crate::id::Gvk;

pub(crate) use walk::{Create, apply, apply_all};

/// One place in objects of some kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) path: String,
    pub(crate) create: bool,
    parts: Vec<String>,
}

impl FieldSpec {
    pub(crate) fn new(gvk: (&str, &str, &str), path: &str, create: bool) -> Self {
        Self {
            group: gvk.0.to_owned(),
            version: gvk.1.to_owned(),
            kind: gvk.2.to_owned(),
            path: path.to_owned(),
            create,
            parts: split_path(path, '/'),
        }
    }

    pub(crate) fn everywhere(path: &str, create: bool) -> Self {
        Self::new(("", "", ""), path, create)
    }

    /// A spec as configurations state it.
    pub(crate) fn of_node(node: &Node) -> Self {
        let text = |key: &str| node.text_at(&[key]).unwrap_or_default();
        Self::new(
            (text("group"), text("version"), text("kind")),
            text("path"),
            text("create") == "true",
        )
    }

    pub(crate) fn selects(&self, gvk: &Gvk) -> bool {
        gvk.is_selected(&self.group, &self.version, &self.kind)
    }

    fn covers(&self, other: &Self) -> bool {
        // Parity: the selector of the newcomer must match the one present, not the other way round.
        let part = |mine: &str, theirs: &str| theirs.is_empty() || mine == theirs;
        self.path == other.path
            && part(&self.group, &other.group)
            && part(&self.version, &other.version)
            && part(&self.kind, &other.kind)
    }
}

/// Adds a spec unless it is covered already.
pub(crate) fn merge_one(specs: &mut Vec<FieldSpec>, incoming: &FieldSpec) -> Result<()> {
    match specs.iter().find(|present| present.covers(incoming)) {
        Some(present) if present.create != incoming.create => {
            Err(BuildError::new("conflicting fieldspecs"))
        }
        Some(_) => Ok(()),
        None => {
            specs.push(incoming.clone());
            Ok(())
        }
    }
}

pub(crate) fn merge_all(specs: &mut Vec<FieldSpec>, incoming: &[FieldSpec]) -> Result<()> {
    incoming.iter().try_for_each(|spec| merge_one(specs, spec))
}

/// Objects of one kind and the places that hold their names.
#[derive(Debug, Clone)]
pub(crate) struct BackReference {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) specs: Vec<FieldSpec>,
}

/// All field specs in force for one kustomization. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    pub(crate) name_prefix: Arc<Vec<FieldSpec>>,
    pub(crate) name_suffix: Arc<Vec<FieldSpec>>,
    pub(crate) namespace: Arc<Vec<FieldSpec>>,
    pub(crate) common_labels: Arc<Vec<FieldSpec>>,
    pub(crate) labels: Arc<Vec<FieldSpec>>,
    pub(crate) template_labels: Arc<Vec<FieldSpec>>,
    pub(crate) common_annotations: Arc<Vec<FieldSpec>>,
    pub(crate) name_reference: Arc<Vec<BackReference>>,
    pub(crate) var_reference: Arc<Vec<FieldSpec>>,
    pub(crate) images: Arc<Vec<FieldSpec>>,
    pub(crate) replicas: Arc<Vec<FieldSpec>>,
    /// Something differs from the built-in lists.
    custom: bool,
}

static DEFAULT: LazyLock<Config> = LazyLock::new(|| Config {
    name_prefix: of_table(generated::NAME_PREFIX),
    name_suffix: of_table(generated::NAME_SUFFIX),
    namespace: of_table(generated::NAMESPACE),
    common_labels: of_table(generated::COMMON_LABELS),
    labels: Arc::default(),
    template_labels: of_table(generated::TEMPLATE_LABELS),
    common_annotations: of_table(generated::COMMON_ANNOTATIONS),
    name_reference: Arc::new(
        generated::NAME_REFERENCE
            .iter()
            .map(back_reference)
            .collect(),
    ),
    var_reference: of_table(generated::VAR_REFERENCE),
    images: of_table(generated::IMAGES),
    replicas: of_table(generated::REPLICAS),
    custom: false,
});

fn of_table(specs: &[generated::Spec]) -> Arc<Vec<FieldSpec>> {
    Arc::new(specs.iter().map(spec_of_table).collect())
}

fn spec_of_table(spec: &generated::Spec) -> FieldSpec {
    FieldSpec::new(
        (spec.group, spec.version, spec.kind),
        spec.path,
        spec.create,
    )
}

fn back_reference(row: &generated::Reference) -> BackReference {
    BackReference {
        group: row.group.to_owned(),
        version: row.version.to_owned(),
        kind: row.kind.to_owned(),
        specs: row.specs.iter().map(spec_of_table).collect(),
    }
}

impl Config {
    /// What holds where nothing is configured.
    pub(crate) fn built_in() -> Self {
        DEFAULT.clone()
    }

    /// A configuration file.
    pub(crate) fn of_node(node: &Node) -> Self {
        let specs = |key: &str| -> Arc<Vec<FieldSpec>> {
            let items = node.get(key).and_then(Node::as_seq).unwrap_or_default();
            Arc::new(items.iter().map(FieldSpec::of_node).collect())
        };
        let references = node.get("nameReference").and_then(Node::as_seq);
        Self {
            name_prefix: specs("namePrefix"),
            name_suffix: specs("nameSuffix"),
            namespace: specs("namespace"),
            common_labels: specs("commonLabels"),
            labels: specs("labels"),
            template_labels: specs("templateLabels"),
            common_annotations: specs("commonAnnotations"),
            name_reference: Arc::new(
                references
                    .unwrap_or_default()
                    .iter()
                    .map(|row| BackReference {
                        group: row.text_at(&["group"]).unwrap_or_default().to_owned(),
                        version: row.text_at(&["version"]).unwrap_or_default().to_owned(),
                        kind: row.text_at(&["kind"]).unwrap_or_default().to_owned(),
                        specs: row
                            .get("fieldSpecs")
                            .and_then(Node::as_seq)
                            .unwrap_or_default()
                            .iter()
                            .map(FieldSpec::of_node)
                            .collect(),
                    })
                    .collect(),
            ),
            var_reference: specs("varReference"),
            images: specs("images"),
            replicas: specs("replicas"),
            custom: true,
        }
    }

    /// Adds what another configuration has.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        let mut lists = [
            ("NamePrefix", &mut self.name_prefix, &other.name_prefix),
            ("NameSuffix", &mut self.name_suffix, &other.name_suffix),
            ("NameSpace", &mut self.namespace, &other.namespace),
            (
                "CommonLabels",
                &mut self.common_labels,
                &other.common_labels,
            ),
            ("Labels", &mut self.labels, &other.labels),
            (
                "TemplateLabels",
                &mut self.template_labels,
                &other.template_labels,
            ),
            (
                "CommonAnnotations",
                &mut self.common_annotations,
                &other.common_annotations,
            ),
            (
                "VarReference",
                &mut self.var_reference,
                &other.var_reference,
            ),
            ("Images", &mut self.images, &other.images),
            ("Replicas", &mut self.replicas, &other.replicas),
        ];
        for (name, mine, theirs) in &mut lists {
            if mine.is_empty() && !other.custom {
                **mine = Arc::clone(theirs);
            } else if !theirs.is_empty() && !Arc::ptr_eq(mine, theirs) {
                let specs = Arc::make_mut(mine);
                merge_all(specs, theirs)
                    .map_err(|e| e.wrap(format!("failed to merge {name} fieldSpec")))?;
                // Parity: the order decides what the next merge finds covered: specs of one kind come before
                // those of all kinds, and push them out.
                specs.sort_by_cached_key(|spec| {
                    let (g, v, k) = (&spec.group, &spec.version, &spec.kind);
                    (
                        crate::transform::default_rank(k),
                        crate::transform::kind_text(g, v, k),
                    )
                });
            }
        }
        self.custom |= other.custom;
        if self.name_reference.is_empty() {
            self.name_reference = Arc::clone(&other.name_reference);
        } else if !Arc::ptr_eq(&self.name_reference, &other.name_reference) {
            for row in other.name_reference.iter() {
                self.merge_reference(row)?;
            }
        }
        Ok(())
    }

    /// Adds places that hold names of one kind.
    pub(crate) fn merge_reference(&mut self, row: &BackReference) -> Result<()> {
        let rows = Arc::make_mut(&mut self.name_reference);
        let present = rows
            .iter_mut()
            .find(|r| r.group == row.group && r.version == row.version && r.kind == row.kind);
        let Some(present) = present else {
            rows.push(row.clone());
            return Ok(());
        };
        merge_all(&mut present.specs, &row.specs)
            .map_err(|e| e.wrap("failed to merge NameReference fieldSpec"))
    }
}

/// Splits at a delimiter that a back-slash can escape; a leading delimiter counts for nothing.
pub(crate) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut raw: Vec<&str> = path.split(delimiter).collect();
    if raw.len() > 1 && raw[0].is_empty() {
        raw.remove(0);
    }
    let mut parts: Vec<String> = Vec::with_capacity(raw.len());
    for part in raw {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

/// Like [`split_path`] at dots, but `[a.b=c]` stays one part and `[a.b]` is a key with a dot.
pub(crate) fn split_smart(path: &str) -> Vec<String> {
    let mut parts = split_path(path, '.').into_iter();
    let mut result = Vec::new();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            result.push(part);
            continue;
        }
        let mut whole = part;
        for next in parts.by_ref() {
            whole.push('.');
            whole.push_str(&next);
            if next.ends_with(']') {
                break;
            }
        }
        if whole.contains('=') {
            result.push(whole);
        } else {
            result.push(whole.trim_matches(['[', ']']).to_owned());
        }
    }
    result
}
