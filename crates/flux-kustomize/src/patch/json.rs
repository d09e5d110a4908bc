//! JSON patches (RFC 6902) with the manners of the Go library: negative indexes, its error texts.

use flux_yaml::{Kind, Map, Node};

use crate::error::{BuildError, Result};
use crate::patch::parse_values;

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    verb: String,
    path: Option<String>,
    from: Option<String>,
    value: Option<Node>,
}

/// Reads a list of operations from YAML or JSON.
pub(crate) fn parse(content: &[u8]) -> Result<Vec<Operation>> {
    let node = parse_values(content)?;
    let Some(items) = node.as_ref().and_then(Node::as_seq) else {
        return Err(BuildError::new("a JSON patch is a list of operations"));
    };
    items
        .iter()
        .map(|item| {
            if item.kind() != Kind::Map {
                return Err(BuildError::new("an operation is a mapping").span_only(item.span));
            }
            let text = |key: &str| {
                item.get(key)
                    .filter(|n| !n.is_null())
                    .and_then(Node::text)
                    .map(str::to_owned)
            };
            Ok(Operation {
                verb: text("op").unwrap_or_default(),
                path: text("path"),
                from: text("from"),
                value: item.get("value").map(plain_json),
            })
        })
        .collect()
}

/// A value as it comes out of JSON: words of YAML 1.1 are booleans by now, keys are texts.
fn plain_json(node: &Node) -> Node {
    let spanned = |made: Node| made.at(node.span);
    match node.to_json() {
        Ok(json) => spanned(Node::from_json(&rounded(json))),
        Err(_) => node.clone(),
    }
}

/// Numbers beyond 63 bits lose their last digits, as they do in Go.
fn rounded(json: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match json {
        Value::Number(n) if n.as_i64().is_none() => n.as_f64().map_or(Value::Null, Value::from),
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, rounded(v))).collect(),
        other => other,
    }
}

/// Applies the operations in order.
pub(crate) fn apply(node: &mut Node, operations: &[Operation]) -> Result<()> {
    for operation in operations {
        run(node, operation)?;
    }
    Ok(())
}

fn run(node: &mut Node, operation: &Operation) -> Result<()> {
    let verb = operation.verb.as_str();
    let Some(path) = operation.path.as_deref() else {
        return Err(BuildError::new(format!(
            "{verb} operation failed to decode path: missing value"
        )));
    };
    let value = || operation.value.clone().unwrap_or_else(Node::null);
    let from = || {
        operation.from.as_deref().ok_or_else(|| {
            BuildError::new(format!(
                "{verb} operation failed to decode from: missing value"
            ))
        })
    };
    match verb {
        "add" => add(node, path, value()),
        "remove" => remove(node, path).map(|_| ()),
        "replace" => replace(node, path, value()),
        "move" => {
            let taken = remove(node, from()?)?;
            add(node, path, taken)
        }
        "copy" => {
            let from = from()?;
            let copied = find(node, from).cloned().ok_or_else(|| {
                BuildError::new(format!(
                    "copy operation does not apply: doc is missing from path: \"{from}\": missing value"
                ))
            })?;
            add(node, path, copied)
        }
        "test" => test(node, path, operation.value.as_ref()),
        other => Err(BuildError::new(format!("Unexpected kind: {other}"))),
    }
}

fn keys(path: &str) -> Vec<String> {
    path.split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// The container that a path ends in, and the last key.
fn container<'n>(node: &'n mut Node, path: &str) -> Option<(&'n mut Node, String)> {
    let mut keys = keys(path);
    let last = keys.pop()?;
    let mut at = node;
    for key in keys {
        at = match at.kind() {
            Kind::Map => at.get_mut(&key)?,
            Kind::Seq => {
                let items = at.as_seq_mut()?;
                let index = index_of(&key, items.len())?;
                items.get_mut(index)?
            }
            Kind::Scalar => return None,
        };
    }
    (at.kind() != Kind::Scalar).then_some((at, last))
}

fn find<'n>(node: &'n Node, path: &str) -> Option<&'n Node> {
    keys(path).iter().try_fold(node, |at, key| match at.kind() {
        Kind::Map => at.get(key),
        Kind::Seq => {
            let items = at.as_seq()?;
            items.get(index_of(key, items.len())?)
        }
        Kind::Scalar => None,
    })
}

/// An index into a list; negative ones count from the end.
fn index_of(key: &str, len: usize) -> Option<usize> {
    let index: i64 = key.parse().ok()?;
    if index >= 0 {
        return usize::try_from(index).ok();
    }
    usize::try_from(i64::try_from(len).ok()? + index).ok()
}

fn invalid_index(path: &str, key: &str) -> BuildError {
    BuildError::new(format!(
        "error for path: '{path}': Unable to access invalid index: {key}: invalid index referenced"
    ))
}

fn add(node: &mut Node, path: &str, value: Node) -> Result<()> {
    if path.is_empty() {
        *node = value;
        return Ok(());
    }
    let Some((into, key)) = container(node, path) else {
        return Err(BuildError::new(format!(
            "add operation does not apply: doc is missing path: \"{path}\": missing value"
        )));
    };
    match into.as_seq_mut() {
        None => {
            into.set(&key, value);
        }
        Some(items) if key == "-" => items.push(value),
        Some(items) => {
            // Parity: a negative index counts from behind the end, so -1 appends.
            let len = items.len();
            let negative = key.starts_with('-');
            let index = index_of(&key, len + usize::from(negative))
                .filter(|index| *index <= len)
                .ok_or_else(|| invalid_index(path, &key).wrap("error in add"))?;
            items.insert(index, value);
        }
    }
    Ok(())
}

fn remove(node: &mut Node, path: &str) -> Result<Node> {
    let Some((from, key)) = container(node, path) else {
        return Err(BuildError::new(format!(
            "remove operation does not apply: doc is missing path: \"{path}\": missing value"
        )));
    };
    match from.as_seq_mut() {
        None => from.remove(&key).ok_or_else(|| {
            BuildError::new(format!(
                "error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value"
            ))
        }),
        Some(items) => {
            let index = index_of(&key, items.len())
                .filter(|index| *index < items.len())
                .ok_or_else(|| invalid_index(path, &key).wrap("error in remove"))?;
            Ok(items.remove(index))
        }
    }
}

fn replace(node: &mut Node, path: &str, value: Node) -> Result<()> {
    if path.is_empty() {
        *node = value;
        return Ok(());
    }
    let missing = || {
        BuildError::new(format!(
            "replace operation does not apply: doc is missing key: {path}: missing value"
        ))
    };
    let Some((into, key)) = container(node, path) else {
        return Err(BuildError::new(format!(
            "replace operation does not apply: doc is missing path: {path}: missing value"
        )));
    };
    match into.as_seq_mut() {
        // Parity: the Go library sets a key that is not there.
        None => {
            into.set(&key, value);
        }
        Some(items) => {
            let index = index_of(&key, items.len());
            *index.and_then(|i| items.get_mut(i)).ok_or_else(missing)? = value;
        }
    }
    Ok(())
}

fn test(node: &Node, path: &str, value: Option<&Node>) -> Result<()> {
    let found = find(node, path);
    let same = match (found, value) {
        (None, None) => true,
        (None, Some(value)) => value.is_null(),
        (Some(found), None) => found.is_null(),
        (Some(found), Some(value)) => same(found, value),
    };
    if same {
        return Ok(());
    }
    Err(BuildError::new(format!(
        "testing value {path} failed: test failed"
    )))
}

/// Equality of values; the order of keys does not count.
fn same(a: &Node, b: &Node) -> bool {
    match (a.as_map(), b.as_map()) {
        (Some(a), Some(b)) => same_map(a, b),
        (None, None) => match (a.as_seq(), b.as_seq()) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
            (None, None) => match (a.to_json(), b.to_json()) {
                (Ok(a), Ok(b)) => a == b,
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

fn same_map(a: &Map, b: &Map) -> bool {
    a.len() == b.len()
        && a.iter().all(|entry| {
            let key = entry.key.text().unwrap_or_default();
            b.get(key).is_some_and(|value| same(&entry.value, value))
        })
}
