//! From the text of a file to its objects, as kustomize splits, checks and expands them.

use std::borrow::Cow;
use std::sync::Arc;

use flux_yaml::{Kind, Node, ReadOptions, Span, Tag, parse_first};

use crate::error::{BuildError, Result};
use crate::resource::{Resource, is_nil_or_empty};

/// The objects of a file. `file` is how errors and origins name it.
pub(crate) fn objects(content: &[u8], file: &Arc<str>) -> Result<Vec<Resource>> {
    let nodes = nodes(content).map_err(|e| e.at(file, Span::default()))?;
    Ok(nodes
        .into_iter()
        .map(|node| Resource::new(node, Arc::clone(file)))
        .collect())
}

/// The objects of a text.
pub(crate) fn nodes(content: &[u8]) -> Result<Vec<Node>> {
    let documents = documents(content)?;
    let single = documents.len() == 1;
    let mut found = Vec::new();
    for document in documents {
        let Some(node) = document else { continue };
        let is_list = matches!(node.text_at(&["kind"]), Some("List" | "ResourceList"));
        if single && is_list && node.get("items").is_some() {
            found.extend_from_slice(node.get("items").and_then(Node::as_seq).unwrap_or_default());
        } else {
            found.push(node);
        }
    }
    expand_lists(checked(found)?)
}

/// The documents of a text; `None` for each that is empty.
fn documents(content: &[u8]) -> Result<Vec<Option<Node>>> {
    let text = decoded(content);
    let mut documents = Vec::new();
    for (line, part) in split(&text)? {
        let options = ReadOptions::objects().from_line(line);
        let node = parse_first(part, &options).map_err(|error| {
            // Upstream's text has the line only, and often the one after; ours names the place.
            BuildError::new(format!("MalformedYAMLError: yaml: {error}")).span_only(error.span())
        })?;
        documents.push(node.filter(|n| !n.is_null()));
    }
    Ok(documents)
}

/// UTF-8 with plain line ends.
fn decoded(content: &[u8]) -> Cow<'_, [u8]> {
    let content = flux_yaml::decode_text(content);
    if !content.windows(2).any(|pair| pair == b"\r\n") {
        return content;
    }
    let mut out = Vec::with_capacity(content.len());
    for (at, byte) in content.iter().enumerate() {
        if *byte != b'\r' || content.get(at + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    Cow::Owned(out)
}

/// Cuts at lines that begin with `---`; each part with the number of its first line.
///
/// Parity: this is done on the text, before YAML is read, so a separator ends block scalars, too.
fn split(text: &[u8]) -> Result<Vec<(u32, &[u8])>> {
    let mut parts = Vec::new();
    let (mut start, mut start_line, mut line) = (0, 1_u32, 1_u32);
    let mut at = 0;
    while let Some(found) = text[at..].iter().position(|b| *b == b'\n') {
        let end = at + found;
        line += 1;
        at = end + 1;
        if !text[at..].starts_with(b"---") {
            continue;
        }
        let Some(length) = text[at..].iter().position(|b| *b == b'\n') else {
            continue;
        };
        let rest = String::from_utf8_lossy(&text[at + 3..at + length])
            .trim()
            .to_owned();
        if !rest.is_empty() && !rest.starts_with('#') {
            return Err(
                BuildError::new(format!("invalid document separator: ---{rest}"))
                    .span_only(Span { line, column: 1 }),
            );
        }
        parts.push((start_line, &text[start..at]));
        start = at + length + 1;
        line += 1;
        start_line = line;
        at = start;
    }
    parts.push((start_line, &text[start..]));
    Ok(parts)
}

/// Leaves out what is empty; refuses what is no object.
fn checked(nodes: Vec<Node>) -> Result<Vec<Node>> {
    let mut kept = Vec::with_capacity(nodes.len());
    for node in nodes {
        if is_nil_or_empty(&node) {
            continue;
        }
        validate(&node)?;
        kept.push(node);
    }
    Ok(kept)
}

/// Every object has a kind and, unless it is a list, a name.
pub(crate) fn validate(node: &Node) -> Result<()> {
    let refuse = |text: String| Err(BuildError::new(text).span_only(node.span));
    let known = ["apiVersion", "kind", "metadata"];
    if node.kind() != Kind::Map || known.iter().all(|key| node.get(key).is_none()) {
        return refuse("missing Resource metadata".to_owned());
    }
    for key in ["apiVersion", "kind"] {
        if node.get(key).is_some_and(|n| n.kind() != Kind::Scalar) {
            return refuse(format!("{key} is not a text"));
        }
    }
    let kind = node.text_at(&["kind"]).unwrap_or_default();
    let name = node.text_at(&["metadata", "name"]).unwrap_or_default();
    let api_version = node.text_at(&["apiVersion"]).unwrap_or_default();
    let namespace = node.text_at(&["metadata", "namespace"]).unwrap_or_default();
    if kind.is_empty() {
        return refuse(format!(
            "missing kind in object {{{{{api_version} }} {{{{{name} {namespace}}} map[] map[]}}}}"
        ));
    }
    if kind.ends_with("List") {
        return Ok(());
    }
    if name.is_empty() {
        return refuse(format!(
            "missing metadata.name in object {{{{{api_version} {kind}}} {{{{ {namespace}}} map[] map[]}}}}"
        ));
    }
    Ok(())
}

/// Replaces lists by their items.
///
/// Parity: the items come after everything else that was read, not where the list stood.
fn expand_lists(nodes: Vec<Node>) -> Result<Vec<Node>> {
    let mut queue = std::collections::VecDeque::from(nodes);
    let mut out = Vec::with_capacity(queue.len());
    while let Some(node) = queue.pop_front() {
        let kind = node.text_at(&["kind"]).unwrap_or_default();
        if !kind.ends_with("List") {
            out.push(node);
            continue;
        }
        let Some(items) = node.get("items") else {
            out.push(node);
            continue;
        };
        if items.is_null() {
            continue;
        }
        let Some(items) = items.as_seq() else {
            return Err(
                BuildError::new(format!("expected array in {kind}/items")).span_only(items.span)
            );
        };
        queue.extend(checked(items.iter().map(as_json).collect())?);
    }
    Ok(out)
}

/// Items of lists go through JSON: dates become text.
fn as_json(node: &Node) -> Node {
    let mut node = node.clone();
    if node.tag == Tag::Timestamp
        && let Ok(serde_json::Value::String(text)) = node.to_json()
    {
        node.set_text(text, Tag::Str);
    }
    node
}
