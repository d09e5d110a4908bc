//! The compact form of a structural schema.

use std::collections::BTreeMap;

use flux_gocompat::regexp::Regexp;
use serde_json::Value;

use super::rules::Rule;
use super::{SchemaError, format};

/// One node of a structural schema: what a value at one place may be.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The allowed JSON types in the words of the schema; empty means any.
    pub(super) types: Vec<&'static str>,
    pub(super) format: Option<Box<str>>,
    pub(super) nullable: bool,
    pub(super) default: Option<Value>,
    pub(super) properties: BTreeMap<String, Node>,
    pub(super) additional: Additional,
    pub(super) items: Option<Box<Node>>,
    pub(super) required: Vec<String>,
    pub(super) bounds: Bounds,
    pub(super) logic: Logic,
    pub(super) preserve_unknown: bool,
    pub(super) embedded: bool,
    pub(super) list: ListKind,
    /// A map that is replaced as a whole; its fields have no predecessors.
    pub(super) atomic_map: bool,
    pub(super) rules: Vec<Rule>,
    /// Whether this node or one below has rules; a walk skips the others.
    pub(super) has_rules: bool,
}

/// What may stand in an object beside its properties.
#[derive(Debug, Default)]
pub(super) enum Additional {
    /// Nothing is said: unknown fields are pruned.
    #[default]
    Unstated,
    /// `true`: any field, pruned below.
    Any,
    /// A schema for all other fields.
    Schema(Box<Node>),
}

/// Bounds on a value.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    pub(super) words: Option<Vec<Value>>,
    pub(super) pattern: Option<Pattern>,
    pub(super) min_length: Option<i64>,
    pub(super) max_length: Option<i64>,
    pub(super) min_items: Option<i64>,
    pub(super) max_items: Option<i64>,
    pub(super) min_properties: Option<i64>,
    pub(super) max_properties: Option<i64>,
    pub(super) minimum: Option<Limit>,
    pub(super) maximum: Option<Limit>,
    pub(super) multiple_of: Option<f64>,
    pub(super) unique_items: bool,
}

/// A numeric bound.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) number: f64,
    pub(super) exclusive: bool,
}

/// A regular expression and its text.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: Box<str>,
    pub(super) regex: Regexp,
}

/// Combinations of schemas; they only restrict.
#[derive(Debug, Default)]
pub(super) struct Logic {
    pub(super) all_of: Vec<Node>,
    pub(super) any_of: Vec<Node>,
    pub(super) one_of: Vec<Node>,
    pub(super) not: Option<Box<Node>>,
}

/// How the items of a list are identified.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum ListKind {
    /// By nothing.
    #[default]
    Atomic,
    /// By their value.
    Set,
    /// By some of their fields.
    Map(Vec<String>),
}

impl Node {
    /// Compiles a schema and everything below it.
    pub(super) fn compile(schema: &Value, path: &str) -> Result<Self, SchemaError> {
        let mut node = Self {
            types: types(schema),
            format: text(schema, "format")
                .filter(|one| format::is_known(one))
                .map(Into::into),
            nullable: flag(schema, "nullable"),
            default: schema.get("default").cloned(),
            required: strings(schema, "required"),
            bounds: bounds(schema, path)?,
            logic: logic(schema, path)?,
            preserve_unknown: flag(schema, "x-kubernetes-preserve-unknown-fields"),
            embedded: flag(schema, "x-kubernetes-embedded-resource"),
            list: list_kind(schema),
            atomic_map: text(schema, "x-kubernetes-map-type") == Some("atomic"),
            ..Self::default()
        };
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let below = Self::compile(property, &format!("{path}.{name}"))?;
            node.has_rules |= below.has_rules;
            node.properties.insert(name.clone(), below);
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(true)) => node.additional = Additional::Any,
            Some(below @ Value::Object(_)) => {
                let below = Self::compile(below, &format!("{path}.*"))?;
                node.has_rules |= below.has_rules;
                node.additional = Additional::Schema(Box::new(below));
            }
            _ => {}
        }
        if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
            let below = Self::compile(items, &format!("{path}[]"))?;
            node.has_rules |= below.has_rules;
            node.items = Some(Box::new(below));
        }
        for rule in array(schema, "x-kubernetes-validations") {
            node.rules.push(Rule::compile(rule, path)?);
        }
        node.has_rules |= !node.rules.is_empty();
        Ok(node)
    }

    /// Whether the schema says `nullable`, or nothing about the type.
    pub(super) fn allows_null(&self) -> bool {
        self.nullable || self.types.is_empty()
    }

    /// The schema of a field of an object, if the schema has one for it.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        self.properties.get(name).or(match &self.additional {
            Additional::Schema(below) => Some(below),
            Additional::Any | Additional::Unstated => None,
        })
    }
}

fn types(schema: &Value) -> Vec<&'static str> {
    if flag(schema, "x-kubernetes-int-or-string") {
        return vec!["integer", "string"];
    }
    match text(schema, "type") {
        Some("object") => vec!["object"],
        Some("array") => vec!["array"],
        Some("string") => vec!["string"],
        Some("integer") => vec!["integer"],
        Some("number") => vec!["number"],
        Some("boolean") => vec!["boolean"],
        _ => Vec::new(),
    }
}

fn bounds(schema: &Value, path: &str) -> Result<Bounds, SchemaError> {
    let pattern = match text(schema, "pattern") {
        None | Some("") => None,
        Some(pattern) => Some(Pattern {
            text: pattern.into(),
            regex: Regexp::new(pattern).map_err(|source| SchemaError::Pattern {
                path: path.to_owned(),
                source,
            })?,
        }),
    };
    Ok(Bounds {
        words: schema.get("enum").and_then(Value::as_array).cloned(),
        pattern,
        min_length: number(schema, "minLength"),
        max_length: number(schema, "maxLength"),
        min_items: number(schema, "minItems"),
        max_items: number(schema, "maxItems"),
        min_properties: number(schema, "minProperties"),
        max_properties: number(schema, "maxProperties"),
        minimum: limit(schema, "minimum", "exclusiveMinimum"),
        maximum: limit(schema, "maximum", "exclusiveMaximum"),
        multiple_of: schema.get("multipleOf").and_then(Value::as_f64),
        unique_items: flag(schema, "uniqueItems"),
    })
}

fn limit(schema: &Value, key: &str, exclusive: &str) -> Option<Limit> {
    let bound = schema.get(key)?;
    Some(Limit {
        number: bound.as_f64()?,
        exclusive: flag(schema, exclusive),
    })
}

fn logic(schema: &Value, path: &str) -> Result<Logic, SchemaError> {
    let all = |key: &str| {
        array(schema, key)
            .iter()
            .map(|one| Node::compile(one, path))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(Logic {
        all_of: all("allOf")?,
        any_of: all("anyOf")?,
        one_of: all("oneOf")?,
        not: schema
            .get("not")
            .map(|not| Node::compile(not, path).map(Box::new))
            .transpose()?,
    })
}

fn list_kind(schema: &Value) -> ListKind {
    match text(schema, "x-kubernetes-list-type") {
        Some("set") => ListKind::Set,
        Some("map") => ListKind::Map(strings(schema, "x-kubernetes-list-map-keys")),
        _ => ListKind::Atomic,
    }
}

fn text<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    schema.get(key).and_then(Value::as_str)
}

fn flag(schema: &Value, key: &str) -> bool {
    schema.get(key).and_then(Value::as_bool) == Some(true)
}

fn number(schema: &Value, key: &str) -> Option<i64> {
    schema.get(key).and_then(Value::as_i64)
}

fn array<'a>(schema: &'a Value, key: &str) -> &'a [Value] {
    schema
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn strings(schema: &Value, key: &str) -> Vec<String> {
    array(schema, key)
        .iter()
        .filter_map(|one| one.as_str().map(ToOwned::to_owned))
        .collect()
}
