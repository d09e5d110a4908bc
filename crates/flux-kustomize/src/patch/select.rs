//! Choosing objects by anchored patterns and by labels and annotations (KUS-KZ-007).

use flux_gocompat::regexp::Regexp;
use flux_yaml::Node;

use crate::error::{BuildError, Result};
use crate::id::{Gvk, ResId};
use crate::resource::Resource;

/// A compiled selector. An empty part selects everything.
#[derive(Debug)]
pub(crate) struct Selector {
    group: Option<Regexp>,
    version: Option<Regexp>,
    kind: Option<Regexp>,
    name: Option<Regexp>,
    namespace: Option<Regexp>,
    labels: String,
    annotations: String,
}

impl Selector {
    pub(crate) fn of_node(node: &Node) -> Result<Self> {
        let text = |key: &str| node.text_at(&[key]).unwrap_or_default();
        let pattern = |key: &str| -> Result<Option<Regexp>> {
            let text = text(key);
            if text.is_empty() {
                return Ok(None);
            }
            Regexp::new(&format!("^(?:{text})$"))
                .map(Some)
                .map_err(|why| {
                    BuildError::new(format!(
                        "unable to find patch target \"{}\" in `resources`: {why} ({key})",
                        crate::patch::exact_id(node)
                    ))
                    .span_only(node.span)
                })
        };
        Ok(Self {
            group: pattern("group")?,
            version: pattern("version")?,
            kind: pattern("kind")?,
            name: pattern("name")?,
            namespace: pattern("namespace")?,
            labels: text("labelSelector").to_owned(),
            annotations: text("annotationSelector").to_owned(),
        })
    }

    /// Whether no part but the selectors of labels and annotations is stated.
    pub(crate) fn names_nothing(&self) -> bool {
        let parts = [
            &self.group,
            &self.version,
            &self.kind,
            &self.name,
            &self.namespace,
        ];
        parts.iter().all(|part| part.is_none())
    }

    pub(crate) fn has_label_parts(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    pub(crate) fn matches_gvk(&self, gvk: &Gvk) -> bool {
        is_match(self.group.as_ref(), &gvk.group)
            && is_match(self.version.as_ref(), &gvk.version)
            && is_match(self.kind.as_ref(), &gvk.kind)
    }

    /// Whether an id fits, with its namespace as written.
    pub(crate) fn matches_id(&self, id: &ResId) -> bool {
        self.matches_gvk(&id.gvk)
            && is_match(self.name.as_ref(), &id.name)
            && is_match(self.namespace.as_ref(), &id.namespace)
    }

    /// Whether labels and annotations fit.
    pub(crate) fn matches_metadata(&self, resource: &Resource) -> Result<bool> {
        Ok(matches_labels(&self.labels, &resource.labels())?
            && matches_labels(&self.annotations, &resource.annotations())?)
    }

    /// Where the chosen objects are. Names and namespaces may be the first or the present ones.
    pub(crate) fn select(&self, list: &[Resource]) -> Result<Vec<usize>> {
        let mut chosen = Vec::new();
        for (at, resource) in list.iter().enumerate() {
            let (now, first) = (resource.id(), resource.original_id());
            let either = |pattern: Option<&Regexp>, a: &str, b: &str| {
                is_match(pattern, a) || is_match(pattern, b)
            };
            if either(
                self.namespace.as_ref(),
                first.effective_namespace(),
                now.effective_namespace(),
            ) && either(self.name.as_ref(), &first.name, &now.name)
                && self.matches_gvk(&now.gvk)
                && self.matches_metadata(resource)?
            {
                chosen.push(at);
            }
        }
        Ok(chosen)
    }
}

fn is_match(pattern: Option<&Regexp>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.is_match(text))
}

/// Evaluates a label selector as the Kubernetes API does: `a=b,c!=d,e in (f,g),h,!i`.
pub(crate) fn matches_labels(selector: &str, labels: &[(&str, &str)]) -> Result<bool> {
    for term in terms(selector) {
        if !matches_term(term.trim(), labels, selector)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Splits at commas outside of parentheses.
fn terms(selector: &str) -> Vec<&str> {
    if selector.trim().is_empty() {
        return Vec::new();
    }
    let (mut out, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, c) in selector.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                out.push(&selector[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&selector[start..]);
    out
}

fn matches_term(term: &str, labels: &[(&str, &str)], selector: &str) -> Result<bool> {
    let value_of = |key: &str| labels.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
    let refuse = || {
        Err(BuildError::new(format!(
            "unable to parse requirement '{term}' of selector '{selector}'"
        )))
    };
    if let Some(key) = term.strip_prefix('!') {
        return Ok(value_of(key.trim()).is_none());
    }
    if let Some((key, value)) = term.split_once("!=") {
        return Ok(value_of(key.trim()) != Some(value.trim()));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return Ok(value_of(key.trim()) == Some(value.trim()));
    }
    let mut words = term.splitn(2, char::is_whitespace);
    let key = words.next().unwrap_or_default();
    let Some(rest) = words.next().map(str::trim) else {
        if key.is_empty() {
            return refuse();
        }
        return Ok(value_of(key).is_some());
    };
    let (negated, set) = match (rest.strip_prefix("notin"), rest.strip_prefix("in")) {
        (Some(set), _) => (true, set),
        (None, Some(set)) => (false, set),
        _ => return refuse(),
    };
    let Some(set) = set
        .trim()
        .strip_prefix('(')
        .and_then(|s| s.strip_suffix(')'))
    else {
        return refuse();
    };
    let present = value_of(key).is_some_and(|value| set.split(',').any(|v| v.trim() == value));
    Ok(present != negated)
}
