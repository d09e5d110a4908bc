//! What objects become on upstream's way from its tree through text to JSON: three oddities of its writer.

use flux_yaml::{Kind, Map, Node, Style, Tag};

use crate::error::{BuildError, Result};

/// The node as it comes out; `None` where nothing changes. `in_flow` tells whether a flow collection is around it.
pub(crate) fn settle(node: &Node, in_flow: bool) -> Result<Option<Node>> {
    let in_flow = in_flow || node.style == Style::Flow;
    match node.kind() {
        Kind::Scalar => settle_scalar(node, in_flow),
        Kind::Seq => {
            let items = node.as_seq().unwrap_or_default();
            let mut changed: Option<Vec<Node>> = None;
            for (at, item) in items.iter().enumerate() {
                if let Some(new) = settle(item, in_flow)? {
                    changed.get_or_insert_with(|| items.to_vec())[at] = new;
                }
            }
            Ok(changed.map(|items| Node::seq(items).at(node.span).styled(node.style)))
        }
        Kind::Map => {
            let Some(map) = node.as_map() else {
                return Ok(None);
            };
            let mut changed: Option<Map> = None;
            for (at, entry) in map.iter().enumerate() {
                if let Some(new) = settle(&entry.value, in_flow)? {
                    changed.get_or_insert_with(|| map.clone()).entries_mut()[at].value = new;
                }
            }
            Ok(changed.map(|map| Node::map(map).at(node.span).styled(node.style)))
        }
    }
}

fn settle_scalar(node: &Node, in_flow: bool) -> Result<Option<Node>> {
    let text = node.text().unwrap_or_default();
    // Parity: a null written as nothing inside a flow collection is written as an empty text.
    if in_flow && node.tag == Tag::Null && text.is_empty() {
        return Ok(Some(Node::string("").at(node.span)));
    }
    if node.tag != Tag::Str || !text.contains('\n') {
        return Ok(None);
    }
    // Parity: a block scalar that begins with a tab is written such that it cannot be read again.
    let quoted = matches!(node.style, Style::Double | Style::Single);
    if text.starts_with('\t') && !quoted && !in_flow {
        return Err(BuildError::new(
            "yaml: found a tab character where an indentation space is expected",
        )
        .span_only(node.span));
    }
    if node.style != Style::Folded {
        return Ok(None);
    }
    let folded = refolded(text);
    Ok((folded != text).then(|| Node::string(folded).at(node.span).styled(Style::Folded)))
}

/// Parity: the writer of folded scalars decides about each line end by the beginning of the whole text. What is read
/// back gains a line before an indented one and at the end, or loses line ends where the text begins with a blank.
fn refolded(text: &str) -> String {
    let doubles = !text.trim_start_matches('\n').starts_with([' ', '\t']);
    let mut out = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('\n').unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        out.push_str(line);
        if tail.is_empty() {
            return out;
        }
        let next = tail.trim_start_matches('\n');
        let breaks = tail.len() - next.len();
        let indented = line.starts_with([' ', '\t']);
        let next_indented = next.starts_with([' ', '\t']);
        let written = breaks + usize::from(doubles && !indented && !line.is_empty());
        let read = match (
            indented || next_indented || line.is_empty(),
            next.is_empty(),
        ) {
            // One line end at the end of the text stays one, however many are written.
            (_, true) if breaks == 1 => 1,
            (_, true) | (true, false) => written,
            (false, false) => written - 1,
        };
        if read == 0 {
            out.push(' ');
        }
        out.extend(std::iter::repeat_n('\n', read));
        rest = next;
        if rest.is_empty() {
            return out;
        }
    }
}
