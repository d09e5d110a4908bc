//! The form of a kustomization file: names and types of its fields, checked once, before anything is done with it.

use flux_yaml::{Kind, Map, Node, Span, Tag};

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Text,
    Bool,
    Int,
    Texts,
    TextMap,
    BoolMap,
    Any,
    List(&'static Shape),
    Object(&'static [(&'static str, Shape)]),
}

use Shape::{Any, Bool, BoolMap, Int, List, Object, Text, TextMap, Texts};

const FIELD_SPEC: Shape = Object(&[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("path", Text),
    ("create", Bool),
]);
const SELECTOR: Shape = Object(&[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("annotationSelector", Text),
    ("labelSelector", Text),
]);
const PATCH: Shape = Object(&[
    ("path", Text),
    ("patch", Text),
    ("target", SELECTOR),
    ("options", BoolMap),
]);
const IMAGE: Shape = Object(&[
    ("name", Text),
    ("newName", Text),
    ("tagSuffix", Text),
    ("newTag", Text),
    ("digest", Text),
]);
const FIELD_OPTIONS: Shape = Object(&[
    ("delimiter", Text),
    ("index", Int),
    ("encoding", Text),
    ("create", Bool),
]);
const SOURCE: Shape = Object(&[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("fieldPath", Text),
    ("options", FIELD_OPTIONS),
]);
const TARGET: Shape = Object(&[
    ("select", SELECTOR),
    ("reject", List(&SELECTOR)),
    ("fieldPaths", Texts),
    ("options", FIELD_OPTIONS),
]);
/// One replacement, inline or by path.
pub(crate) const REPLACEMENT: Shape = Object(&[
    ("source", SOURCE),
    ("sourceValue", Text),
    ("targets", List(&TARGET)),
    ("path", Text),
]);
const GENERATOR_OPTIONS: Shape = Object(&[
    ("labels", TextMap),
    ("annotations", TextMap),
    ("disableNameSuffixHash", Bool),
    ("immutable", Bool),
]);
const CONFIG_MAP: Shape = Object(&[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", Texts),
    ("files", Texts),
    ("envs", Texts),
    ("env", Text),
    ("options", GENERATOR_OPTIONS),
]);
const SECRET: Shape = Object(&[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", Texts),
    ("files", Texts),
    ("envs", Texts),
    ("env", Text),
    ("options", GENERATOR_OPTIONS),
    ("type", Text),
]);
const VAR: Shape = Object(&[
    ("name", Text),
    (
        "objref",
        Object(&[
            ("group", Text),
            ("version", Text),
            ("kind", Text),
            ("apiVersion", Text),
            ("name", Text),
            ("namespace", Text),
        ]),
    ),
    ("fieldref", Object(&[("fieldpath", Text)])),
]);
const LABEL: Shape = Object(&[
    ("pairs", TextMap),
    ("includeSelectors", Bool),
    ("includeTemplates", Bool),
    ("fields", List(&FIELD_SPEC)),
]);
const HELM_CHART: Shape = Object(&[
    ("name", Text),
    ("version", Text),
    ("repo", Text),
    ("releaseName", Text),
    ("namespace", Text),
    ("additionalValuesFiles", Texts),
    ("valuesFile", Text),
    ("valuesInline", Any),
    ("valuesMerge", Text),
    ("includeCRDs", Bool),
    ("skipHooks", Bool),
    ("apiVersions", Texts),
    ("kubeVersion", Text),
    ("nameTemplate", Text),
    ("skipTests", Bool),
    ("debug", Bool),
    ("devel", Bool),
]);

/// The whole file.
pub(crate) const KUSTOMIZATION: Shape = Object(&[
    ("apiVersion", Text),
    ("kind", Text),
    (
        "metadata",
        Object(&[
            ("name", Text),
            ("namespace", Text),
            ("labels", TextMap),
            ("annotations", TextMap),
        ]),
    ),
    ("openapi", TextMap),
    ("namePrefix", Text),
    ("nameSuffix", Text),
    ("namespace", Text),
    ("commonLabels", TextMap),
    ("labels", List(&LABEL)),
    ("commonAnnotations", TextMap),
    ("patchesStrategicMerge", Texts),
    ("patchesJson6902", List(&PATCH)),
    ("patches", List(&PATCH)),
    ("images", List(&IMAGE)),
    ("imageTags", List(&IMAGE)),
    ("replacements", List(&REPLACEMENT)),
    ("replicas", List(&Object(&[("name", Text), ("count", Int)]))),
    ("vars", List(&VAR)),
    (
        "sortOptions",
        Object(&[
            ("order", Text),
            (
                "legacySortOptions",
                Object(&[("orderFirst", Texts), ("orderLast", Texts)]),
            ),
        ]),
    ),
    ("resources", Texts),
    ("components", Texts),
    ("crds", Texts),
    ("bases", Texts),
    ("configMapGenerator", List(&CONFIG_MAP)),
    ("secretGenerator", List(&SECRET)),
    (
        "helmGlobals",
        Object(&[("chartHome", Text), ("configHome", Text)]),
    ),
    ("helmCharts", List(&HELM_CHART)),
    ("helmChartInflationGenerator", List(&Any)),
    ("generatorOptions", GENERATOR_OPTIONS),
    ("configurations", Texts),
    ("generators", Texts),
    ("transformers", Texts),
    ("validators", Texts),
    ("buildMetadata", Texts),
]);

/// A file of `configurations`.
pub(crate) const CONFIGURATION: Shape = Object(&[
    ("namePrefix", List(&FIELD_SPEC)),
    ("nameSuffix", List(&FIELD_SPEC)),
    ("namespace", List(&FIELD_SPEC)),
    ("commonLabels", List(&FIELD_SPEC)),
    ("labels", List(&FIELD_SPEC)),
    ("templateLabels", List(&FIELD_SPEC)),
    ("commonAnnotations", List(&FIELD_SPEC)),
    ("varReference", List(&FIELD_SPEC)),
    ("images", List(&FIELD_SPEC)),
    ("replicas", List(&FIELD_SPEC)),
    (
        "nameReference",
        List(&Object(&[
            ("group", Text),
            ("version", Text),
            ("kind", Text),
            ("fieldSpecs", List(&FIELD_SPEC)),
        ])),
    ),
]);

/// The fields of all built-in transformers that are configured as objects.
pub(crate) const TRANSFORMER: Shape = Object(&[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", Any),
    ("labels", TextMap),
    ("annotations", TextMap),
    ("fieldSpecs", List(&FIELD_SPEC)),
    ("prefix", Text),
    ("suffix", Text),
    ("unsetOnly", Bool),
    ("setRoleBindingSubjects", Text),
    ("imageTag", IMAGE),
    ("replica", Object(&[("name", Text), ("count", Int)])),
    ("path", Text),
    ("patch", Text),
    ("paths", Texts),
    ("patches", Text),
    ("jsonOp", Text),
    ("target", SELECTOR),
    ("options", BoolMap),
    ("replacements", List(&REPLACEMENT)),
    ("value", Text),
    ("targetFilePath", Text),
    ("targets", VALUE_TARGETS),
]);

/// Where a value is added.
pub(crate) const VALUE_TARGETS: Shape = List(&Object(&[
    ("selector", SELECTOR),
    ("notSelector", SELECTOR),
    ("fieldPath", Text),
    ("filePathPosition", Int),
]));

/// The fields of both generators that are configured as objects.
pub(crate) const GENERATOR: Shape = Object(&[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", Any),
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", Texts),
    ("files", Texts),
    ("envs", Texts),
    ("env", Text),
    ("options", GENERATOR_OPTIONS),
    ("type", Text),
]);

/// Why a file does not have the form.
#[derive(Debug)]
pub(crate) struct ShapeError {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// Whether unknown fields are refused or dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Refuse,
    Drop,
}

/// Checks a node against a shape. The result has the fields under their right names; nulls are gone.
pub(crate) fn check(
    node: &Node,
    shape: Shape,
    path: &str,
    unknown: Unknown,
) -> Result<Node, ShapeError> {
    let wrong = |want: &str| Err(wrong_type(node, path, want));
    match shape {
        Any => Ok(node.clone()),
        Text if node.is_null() => Ok(Node::string("").at(node.span)),
        Text => match node.tag {
            Tag::Str | Tag::Merge | Tag::Timestamp if node.text().is_some() => Ok(node.clone()),
            // Parity: where unknown fields are dropped, numbers and truth words are taken as text.
            Tag::Bool | Tag::Int | Tag::Float if unknown == Unknown::Drop => match node.to_json() {
                Ok(json) if !json.is_object() && !json.is_array() => {
                    Ok(Node::string(json.to_string()).at(node.span))
                }
                _ => wrong("string"),
            },
            _ => wrong("string"),
        },
        Bool if node.is_null() => Ok(Node::bool(false)),
        Bool => match node.tag {
            Tag::Bool if node.text().is_some() => match node.to_json() {
                Ok(serde_json::Value::Bool(value)) => Ok(Node::bool(value).at(node.span)),
                _ => wrong("bool"),
            },
            _ => wrong("bool"),
        },
        Int if node.is_null() => Ok(Node::int(0)),
        Int => match node.to_json() {
            Ok(serde_json::Value::Number(n)) if n.is_i64() => {
                Ok(Node::int(n.as_i64().unwrap_or_default()).at(node.span))
            }
            _ => wrong("int64"),
        },
        Texts => check(node, List(&Text), path, unknown),
        TextMap => map_of(node, (Text, "map[string]string"), path, unknown),
        BoolMap => map_of(node, (Bool, "map[string]bool"), path, unknown),
        List(item) => {
            let Some(items) = node.as_seq() else {
                return wrong("[]string");
            };
            let checked: Result<Vec<Node>, ShapeError> = items
                .iter()
                .map(|n| {
                    if n.is_null() && matches!(item, Object(_)) {
                        return Ok(Node::empty_map().at(n.span));
                    }
                    check(n, *item, path, unknown)
                })
                .collect();
            Ok(Node::seq(checked?).at(node.span))
        }
        Object(fields) => object(node, fields, path, unknown),
    }
}

fn wrong_type(node: &Node, path: &str, want: &str) -> ShapeError {
    ShapeError {
        text: format!(
            "json: cannot unmarshal {} into Go struct field {path} of type {want}",
            kind_of(node)
        ),
        span: node.span,
    }
}

fn map_of(
    node: &Node,
    (item, want): (Shape, &str),
    path: &str,
    unknown: Unknown,
) -> Result<Node, ShapeError> {
    let Some(map) = node.as_map() else {
        return Err(wrong_type(node, path, want));
    };
    let checked: Result<Map, ShapeError> = map
        .iter()
        .map(|e| Ok((key_text(&e.key)?, check(&e.value, item, path, unknown)?)))
        .collect();
    Ok(Node::map(checked?).at(node.span))
}

fn object(
    node: &Node,
    fields: &[(&'static str, Shape)],
    path: &str,
    unknown: Unknown,
) -> Result<Node, ShapeError> {
    let Some(map) = node.as_map() else {
        return Err(ShapeError {
            text: format!(
                "json: cannot unmarshal {} into Go value of type {path}",
                kind_of(node)
            ),
            span: node.span,
        });
    };
    let mut out = Map::with_capacity(map.len());
    for entry in map {
        let key = key_text(&entry.key)?;
        let name = key.text().unwrap_or_default();
        // Parity: field names match in any letter case, the exact one first.
        let found = fields.iter().find(|(field, _)| *field == name).or_else(|| {
            fields
                .iter()
                .find(|(field, _)| field.eq_ignore_ascii_case(name))
        });
        let Some((field, shape)) = found else {
            if unknown == Unknown::Refuse {
                return Err(ShapeError {
                    text: format!("json: unknown field \"{name}\""),
                    span: entry.key.span,
                });
            }
            continue;
        };
        if entry.value.is_null() {
            continue;
        }
        let value = check(&entry.value, *shape, &format!("{path}.{field}"), unknown)?;
        out.set(field, value);
    }
    Ok(Node::map(out).at(node.span))
}

fn key_text(key: &Node) -> Result<Node, ShapeError> {
    if key.is_string() {
        return Ok(key.clone());
    }
    // Keys of other types become text as JSON spells them.
    match key.to_json() {
        Ok(serde_json::Value::Bool(b)) => Ok(Node::string(b.to_string()).at(key.span)),
        Ok(serde_json::Value::Number(n)) => Ok(Node::string(n.to_string()).at(key.span)),
        Ok(serde_json::Value::String(s)) => Ok(Node::string(s).at(key.span)),
        _ => Err(ShapeError {
            text: "yaml: invalid map key".to_owned(),
            span: key.span,
        }),
    }
}

fn kind_of(node: &Node) -> &'static str {
    match (node.kind(), node.tag) {
        (Kind::Seq, _) => "array",
        (Kind::Map, _) => "object",
        (_, Tag::Bool) => "bool",
        (_, Tag::Int | Tag::Float) => "number",
        _ => "string",
    }
}
