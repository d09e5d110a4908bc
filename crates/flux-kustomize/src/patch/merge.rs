//! Strategic merge (KUS-KZ-007): patch over object, lists by key where the schema says so.
//!
//! The oddities of the original are kept where they can be seen in the output; each carries a note.

use std::collections::{BTreeSet, HashSet};

use flux_yaml::{Kind, Map, Node};

use crate::error::{BuildError, Result};
use crate::schema::{FieldSchema, Schema, Schemas};
use crate::transform::expect_kind;

const DIRECTIVE: &str = "$patch";

/// What became of a node.
enum Merged {
    /// It is gone.
    Gone,
    /// The node of the object, changed.
    Kept(Node),
    /// Something from the patch stands in its place.
    New(Node),
}

impl Merged {
    fn node(self) -> Option<Node> {
        match self {
            Self::Gone => None,
            Self::Kept(node) | Self::New(node) => Some(node),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// Merges a patch into an object; `None` where the patch deletes it.
pub(crate) fn merge(object: &Node, patch: &Node, schemas: &Schemas) -> Result<Option<Node>> {
    Ok(walk(Some(object), Some(patch), &Known::new(schemas))?.node())
}

/// The schema of a field, and where whole objects inside it find theirs.
#[derive(Clone)]
struct Known<'s> {
    field: FieldSchema<'s>,
    schemas: &'s Schemas,
}

impl<'s> Known<'s> {
    fn new(schemas: &'s Schemas) -> Self {
        Self {
            field: FieldSchema::UNKNOWN,
            schemas,
        }
    }

    /// The schema of a field of a node with a known type.
    fn below(&self, schema: Schema<'s>, name: &str) -> Self {
        Self {
            field: schema.field(name),
            schemas: self.schemas,
        }
    }

    /// The schema of an item of a list.
    fn item(&self) -> Self {
        Self {
            field: FieldSchema {
                inner: self.field.inner,
                merge: None,
            },
            schemas: self.schemas,
        }
    }
}

/// The schema of a node that is a whole object, where nothing better is known.
fn schema_of<'s>(known: &Known<'s>, nodes: [Option<&Node>; 2]) -> Schema<'s> {
    if !known.field.inner.is_unknown() {
        return known.field.inner;
    }
    nodes
        .into_iter()
        .flatten()
        .find_map(|node| {
            let api_version = node.text_at(&["apiVersion"])?;
            let found = known.schemas.of(api_version, node.text_at(&["kind"])?);
            (!found.is_unknown()).then_some(found)
        })
        .unwrap_or(Schema::Unknown)
}

fn present(node: Option<&Node>) -> Option<&Node> {
    node.filter(|n| !n.is_null())
}

fn walk(object: Option<&Node>, patch: Option<&Node>, known: &Known<'_>) -> Result<Merged> {
    let Some(kind) = present(object).or(present(patch)).map(Node::kind) else {
        return Ok(nothing(object, patch));
    };
    for node in [present(object), present(patch)].into_iter().flatten() {
        expect_kind(node, kind)?;
    }
    match kind {
        Kind::Map => walk_map(object, patch, known),
        Kind::Seq => match &known.field.merge {
            Some(keys) => walk_keyed(object, patch, (known, keys)),
            None => Ok(choose(object, patch)),
        },
        Kind::Scalar => Ok(choose(object, patch)),
    }
}

/// Both are null or missing.
fn nothing(object: Option<&Node>, patch: Option<&Node>) -> Merged {
    match (object, patch) {
        // Parity: a null written as `null` or `~` stays in the object, one written as nothing goes.
        (Some(object), None) if object.text().is_some_and(|t| !t.is_empty()) => {
            Merged::Kept(object.clone())
        }
        _ => Merged::Gone,
    }
}

/// The patch where there is one; null deletes.
fn choose(object: Option<&Node>, patch: Option<&Node>) -> Merged {
    match (object, patch) {
        (_, Some(patch)) if patch.is_null() => Merged::Gone,
        (_, Some(patch)) => Merged::New(patch.clone()),
        (Some(object), None) => Merged::Kept(object.clone()),
        (None, None) => Merged::Gone,
    }
}

fn walk_map(object: Option<&Node>, patch: Option<&Node>, known: &Known<'_>) -> Result<Merged> {
    if present(object).is_some() && patch.is_some_and(Node::is_null) {
        return Ok(Merged::Gone);
    }
    let at = (known, schema_of(known, [object, patch]));
    let stripped = patch.map(strip_directive).transpose()?;
    let (directive, patch) = match &stripped {
        Some((directive, patch)) => (*directive, Some(patch)),
        None => (Directive::Merge, None),
    };
    if directive == Directive::Delete {
        return Ok(Merged::Gone);
    }
    match (present(object), patch) {
        (Some(object), None) => Ok(Merged::Kept(walk_fields(object, None, at)?)),
        (Some(object), Some(patch)) if directive == Directive::Merge => {
            Ok(Merged::Kept(walk_fields(object, Some(patch), at)?))
        }
        // The patch stands alone: it is merged with itself, which removes nulls and directives from it.
        (_, Some(patch)) => Ok(Merged::New(walk_fields(patch, Some(patch), at)?)),
        (None, None) => Ok(Merged::Gone),
    }
}

fn walk_fields<'s>(
    object: &Node,
    patch: Option<&Node>,
    (known, schema): (&Known<'s>, Schema<'s>),
) -> Result<Node> {
    let (Some(mine), theirs) = (object.as_map(), patch.and_then(Node::as_map)) else {
        return Ok(object.clone());
    };
    let itself = patch.is_some_and(|patch| std::ptr::eq(object, patch));
    let mut result: Option<Node> = None;
    let names: BTreeSet<&str> = theirs
        .into_iter()
        .flat_map(Map::iter)
        .filter_map(|e| e.key.text())
        .collect();
    for name in &names {
        let their = theirs.and_then(|map| map.get(name));
        let my = if itself { their } else { mine.get(name) };
        let merged = walk(my, their, &known.below(schema, name)).map_err(|e| {
            if e.text().contains("patch strategy") {
                e
            } else {
                e.wrap(name)
            }
        })?;
        let key = theirs.and_then(|map| map.iter().find(|e| e.key.text() == Some(name)));
        set(&mut result, object, (name, key.map(|e| &e.key)), merged);
    }
    // Fields that the patch does not mention only lose what the merge cannot see.
    for entry in mine {
        let name = entry.key.text().unwrap_or_default();
        if names.contains(name) || !needs_visit(&entry.value, &known.below(schema, name)) {
            continue;
        }
        let merged = walk(Some(&entry.value), None, &known.below(schema, name))?;
        set(&mut result, object, (name, None), merged);
    }
    Ok(result.unwrap_or_else(|| object.clone()))
}

/// Sets a field. A key that is new is written as the patch wrote it: with its quotes, or without.
fn set(
    result: &mut Option<Node>,
    object: &Node,
    (name, key): (&str, Option<&Node>),
    merged: Merged,
) {
    let target = result.get_or_insert_with(|| object.clone());
    let Some(node) = merged.node() else {
        target.remove(name);
        return;
    };
    if let Some(map) = target.as_map_mut() {
        match (map.get_mut(name), key) {
            (Some(present), _) => *present = node,
            (None, Some(key)) => map.push(key.clone(), node),
            (None, None) => map.set(name, node),
        }
    }
}

/// Whether a part that the patch leaves alone could still change: empty nulls, and lists by key.
fn needs_visit(node: &Node, known: &Known<'_>) -> bool {
    match node.kind() {
        Kind::Scalar => node.is_null() && node.text().is_some_and(str::is_empty),
        Kind::Seq => known.field.merge.is_some(),
        Kind::Map => {
            let schema = schema_of(known, [Some(node), None]);
            node.as_map().into_iter().flatten().any(|e| {
                needs_visit(
                    &e.value,
                    &known.below(schema, e.key.text().unwrap_or_default()),
                )
            })
        }
    }
}

fn strategy(text: &str) -> Result<Directive> {
    match text {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        other => Err(BuildError::new(format!("unknown patch strategy '{other}'"))),
    }
}

/// What a mapping or list of a patch asks for, and the rest of it.
fn strip_directive(patch: &Node) -> Result<(Directive, Node)> {
    match patch.kind() {
        Kind::Scalar => Ok((Directive::Merge, patch.clone())),
        Kind::Map => match patch.get(DIRECTIVE) {
            None => Ok((Directive::Merge, patch.clone())),
            Some(value) => {
                let directive = strategy(value.text().unwrap_or_default())
                    .map_err(|e| e.span_only(value.span))?;
                let mut rest = patch.clone();
                rest.remove(DIRECTIVE);
                Ok((directive, rest))
            }
        },
        Kind::Seq => {
            let items = patch.as_seq().unwrap_or_default();
            let found = items.iter().find_map(|item| {
                let alone = item.as_map()?.len() == 1;
                let value = item.get(DIRECTIVE)?;
                Some((alone, value))
            });
            // Parity: only the first item with a directive counts, and only where it has nothing else.
            let Some((true, value)) = found else {
                return Ok((Directive::Merge, patch.clone()));
            };
            let text = value.text().unwrap_or_default();
            let directive = strategy(text).map_err(|e| e.span_only(value.span))?;
            let mut rest = patch.clone();
            if let Some(items) = rest.as_seq_mut() {
                items.retain(|item| item.text_at(&[DIRECTIVE]) != Some(text));
            }
            Ok((directive, rest))
        }
    }
}

type Keys<'k> = &'k [&'k str];

/// A list whose items are found by key.
fn walk_keyed(
    object: Option<&Node>,
    patch: Option<&Node>,
    (known, keys): (&Known<'_>, Keys<'_>),
) -> Result<Merged> {
    if present(object).is_some() && patch.is_some_and(Node::is_null) {
        return Ok(Merged::Gone);
    }
    let itself = matches!((object, patch), (Some(a), Some(b)) if std::ptr::eq(a, b));
    let (directive, patch) = match patch {
        None => (Directive::Merge, None),
        // Parity: directives are looked at only where the object has the list, too.
        Some(patch) if present(object).is_none() => (Directive::Merge, Some(patch.clone())),
        Some(patch) => {
            let (directive, rest) = strip_directive(patch)?;
            (directive, Some(rest))
        }
    };
    let items = |node: Option<&Node>| node.and_then(Node::as_seq).unwrap_or_default().to_vec();
    match (directive, present(object)) {
        (Directive::Delete, Some(_)) => Ok(Merged::Gone),
        (Directive::Merge, Some(object)) => {
            let object = if itself {
                patch.as_ref().unwrap_or(object)
            } else {
                object
            };
            let merged = merge_items(items(Some(object)), &items(patch.as_ref()), (known, keys))?;
            Ok(Merged::Kept(relist(object, merged)))
        }
        _ => match patch {
            None => Ok(Merged::Gone),
            Some(patch) => {
                let own = items(Some(&patch));
                let merged = merge_items(own.clone(), &own, (known, keys))?;
                Ok(Merged::New(relist(&patch, merged)))
            }
        },
    }
}

fn relist(like: &Node, items: Vec<Node>) -> Node {
    Node::seq(items).at(like.span).styled(like.style)
}

fn merge_items(
    mut object: Vec<Node>,
    patch: &[Node],
    (known, keys): (&Known<'_>, Keys<'_>),
) -> Result<Vec<Node>> {
    if keys.is_empty() {
        return Ok(merge_values(&object, patch));
    }
    let mut values = key_values(patch, &object, keys);
    if values.is_empty() {
        return Ok(object);
    }
    if keys.len() > 1 {
        unite(&mut values);
    }
    let (used, at_use) = used_keys(&values, keys);
    let mut merged: Vec<Node> = Vec::new();
    for tuple in &values {
        let wanted: Vec<&str> = at_use.iter().map(|at| tuple[*at].as_str()).collect();
        let (find_keys, find_values) = stated(&used, &wanted);
        let mine = position(&object, &find_keys, &find_values);
        let theirs = position(patch, &find_keys, &find_values);
        let outcome = walk(
            mine.map(|at| &object[at]),
            theirs.map(|at| &patch[at]),
            &known.item(),
        )?;
        let in_place = matches!(outcome, Merged::Kept(_));
        let Some(mut node) = outcome.node().filter(|n| !empty(n)) else {
            set_element(&mut object, None, &used, &wanted);
            continue;
        };
        for (key, value) in used.iter().zip(&wanted) {
            if node.get(key).is_none() && !value.is_empty() {
                node.set(key, Node::resolved(value));
            }
        }
        // Parity: an item that the patch replaces whole is put back by its old form when the list is joined below.
        if let (true, Some(at)) = (in_place, mine) {
            object[at] = node.clone();
        }
        set_element(&mut merged, Some(node), &used, &wanted);
    }
    join(&mut merged, object, &used);
    Ok(merged)
}

/// Appends what only the object has, behind what the patch names.
fn join(merged: &mut Vec<Node>, object: Vec<Node>, keys: &[&str]) {
    for item in object {
        let values: Vec<String> = keys
            .iter()
            .filter_map(|key| {
                let found = item.get(key).and_then(Node::text).map(str::to_owned);
                if found.is_none() {
                    merged.push(item.clone());
                }
                found
            })
            .collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        if keys.len() > 1 {
            set_element(merged, None, keys, &values);
        }
        set_element(merged, Some(item), keys, &values);
    }
}

/// A list of plain values: those of the patch first, each once.
fn merge_values(object: &[Node], patch: &[Node]) -> Vec<Node> {
    let mut seen = HashSet::new();
    patch
        .iter()
        .chain(object)
        .filter(|item| seen.insert(item.text().unwrap_or_default().to_owned()))
        .cloned()
        .collect()
}

/// The key values of all items, those of the patch first, each combination once.
fn key_values(patch: &[Node], object: &[Node], keys: Keys<'_>) -> Vec<Vec<String>> {
    let mut seen = HashSet::new();
    patch
        .iter()
        .chain(object)
        .map(|item| {
            keys.iter()
                .map(|key| {
                    let field = item.get(key).filter(|n| !n.is_null());
                    field.and_then(Node::text).unwrap_or_default().to_owned()
                })
                .collect::<Vec<String>>()
        })
        .filter(|values| seen.insert(values.clone()))
        .collect()
}

/// Combinations that agree in one key and contradict each other in none become the same.
fn unite(values: &mut [Vec<String>]) {
    for i in 0..values.len() {
        // Parity: what the first one becomes on the way does not count before the next round.
        let a = values[i].clone();
        for j in 0..values.len() {
            let b = &values[j];
            let common = a.iter().zip(b).any(|(x, y)| x == y);
            let clash = a
                .iter()
                .zip(b)
                .any(|(x, y)| x != y && !x.is_empty() && !y.is_empty());
            if common && !clash {
                let united: Vec<String> = a
                    .iter()
                    .zip(b)
                    .map(|(x, y)| if x.is_empty() { y.clone() } else { x.clone() })
                    .collect();
                values[i].clone_from(&united);
                values[j] = united;
            }
        }
    }
}

/// The keys that any item states, all of them where none does; and where they stand in the combinations.
fn used_keys<'k>(values: &[Vec<String>], keys: Keys<'k>) -> (Vec<&'k str>, Vec<usize>) {
    let used: Vec<usize> = (0..keys.len())
        .filter(|at| values.iter().any(|tuple| !tuple[*at].is_empty()))
        .collect();
    let used = if used.is_empty() {
        (0..keys.len()).collect()
    } else {
        used
    };
    (used.iter().map(|at| keys[*at]).collect(), used)
}

/// The keys with a value, all of them where none has one.
fn stated<'k, 'v>(keys: &[&'k str], values: &[&'v str]) -> (Vec<&'k str>, Vec<&'v str>) {
    let pairs: Vec<(&'k str, &'v str)> = keys
        .iter()
        .copied()
        .zip(values.iter().copied())
        .filter(|(_, value)| !value.is_empty())
        .collect();
    if pairs.is_empty() {
        return (keys.to_vec(), values.to_vec());
    }
    pairs.into_iter().unzip()
}

fn position(items: &[Node], keys: &[&str], values: &[&str]) -> Option<usize> {
    items.iter().position(|item| has_keys(item, keys, values))
}

/// Whether an item has these key values; an empty value asks only for the key.
///
/// Parity: keys beyond the values given count as found where the last one that was looked at is.
fn has_keys(item: &Node, keys: &[&str], values: &[&str]) -> bool {
    !values.is_empty()
        && keys.iter().zip(values).all(|(key, value)| {
            let field = item.get(key);
            if value.is_empty() {
                field.is_some()
            } else {
                field.and_then(Node::text) == Some(*value)
            }
        })
}

fn empty(node: &Node) -> bool {
    node.is_null() || (node.kind() == Kind::Map && node.is_empty_collection())
}

/// Replaces the items with these keys by `element`, appends it where there are none, or removes them.
fn set_element(items: &mut Vec<Node>, element: Option<Node>, keys: &[&str], values: &[&str]) {
    let mut found = false;
    let mut kept = Vec::with_capacity(items.len() + 1);
    for item in items.drain(..) {
        if empty(&item) {
            continue;
        }
        let stated = values.first().is_some_and(|value| !value.is_empty());
        if item.kind() != Kind::Map && stated {
            kept.push(item);
            continue;
        }
        if !has_keys(&item, keys, values) {
            // Parity: without any value to look for, everything else in the list is lost.
            if !values.is_empty() {
                kept.push(item);
            }
            continue;
        }
        found = true;
        kept.extend(element.clone());
    }
    if !found {
        kept.extend(element);
    }
    *items = kept;
}
