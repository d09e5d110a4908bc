//! Label and field selectors.

use serde_json::Value;

use crate::error::ApiError;
use crate::store::stored::{Doc, meta};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

/// A parsed `labelSelector`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<(String, Operator)>);

impl LabelSelector {
    /// Parses the query form: `a=b,c!=d,e in (f,g),h,!i`.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut requirements = Vec::new();
        for part in split_outside_parentheses(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            requirements.push(requirement(part).ok_or_else(|| {
                ApiError::bad_request(format!(
                    "unable to parse requirement: found '{part}', expected: identifier"
                ))
            })?);
        }
        Ok(Self(requirements))
    }

    /// Reads the object form with `matchLabels` and `matchExpressions`.
    pub(crate) fn from_object(selector: &Value) -> Self {
        let mut requirements = Vec::new();
        if let Some(labels) = selector.get("matchLabels").and_then(Value::as_object) {
            for (key, value) in labels {
                let value = value.as_str().unwrap_or("").to_owned();
                requirements.push((key.clone(), Operator::In(vec![value])));
            }
        }
        for item in selector
            .get("matchExpressions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let key = item
                .get("key")
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned();
            let values: Vec<String> = item
                .get("values")
                .and_then(Value::as_array)
                .map(|v| {
                    v.iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect()
                })
                .unwrap_or_default();
            let operator = match item.get("operator").and_then(Value::as_str) {
                Some("In") => Operator::In(values),
                Some("NotIn") => Operator::NotIn(values),
                Some("DoesNotExist") => Operator::Absent,
                _ => Operator::Exists,
            };
            requirements.push((key, operator));
        }
        Self(requirements)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn accepts(&self, labels: Option<&Value>) -> bool {
        self.0.iter().all(|(key, operator)| {
            let value = labels.and_then(|l| l.get(key)).and_then(Value::as_str);
            match operator {
                Operator::In(values) => value.is_some_and(|v| values.iter().any(|w| w == v)),
                Operator::NotIn(values) => value.is_none_or(|v| values.iter().all(|w| w != v)),
                Operator::Exists => value.is_some(),
                Operator::Absent => value.is_none(),
                Operator::Greater(limit) => number(value).is_some_and(|n| n > *limit),
                Operator::Less(limit) => number(value).is_some_and(|n| n < *limit),
            }
        })
    }
}

fn number(value: Option<&str>) -> Option<i64> {
    value?.parse().ok()
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_i32, 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

fn requirement(part: &str) -> Option<(String, Operator)> {
    let key_ok = |key: &str| {
        !key.is_empty()
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
    };
    let checked = |key: &str, operator: Operator| {
        let key = key.trim();
        key_ok(key).then(|| (key.to_owned(), operator))
    };
    if let Some(key) = part.strip_prefix('!') {
        return checked(key, Operator::Absent);
    }
    if let Some(list) = part.strip_suffix(')') {
        let (head, values) = list.split_once('(')?;
        let values = values.split(',').map(|v| v.trim().to_owned()).collect();
        let head = head.trim();
        if let Some(key) = head.strip_suffix(" notin") {
            return checked(key, Operator::NotIn(values));
        }
        return checked(head.strip_suffix(" in")?, Operator::In(values));
    }
    if let Some((key, value)) = part.split_once("!=") {
        return checked(key, Operator::NotIn(vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return checked(key, Operator::In(vec![value.trim().to_owned()]));
    }
    if let Some((key, value)) = part.split_once('>') {
        return checked(key, Operator::Greater(value.trim().parse().ok()?));
    }
    if let Some((key, value)) = part.split_once('<') {
        return checked(key, Operator::Less(value.trim().parse().ok()?));
    }
    checked(part, Operator::Exists)
}

/// A parsed `fieldSelector`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector(Vec<(String, bool, String)>);

impl FieldSelector {
    /// Parses `a.b=c,d!=e`; `allowed` says which fields this resource can be selected by.
    pub(crate) fn parse(text: &str, allowed: impl Fn(&str) -> bool) -> Result<Self, ApiError> {
        let mut terms = Vec::new();
        for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (key, equal, value) = if let Some((k, v)) = part.split_once("!=") {
                (k, false, v)
            } else if let Some((k, v)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (k, true, v)
            } else {
                return Err(ApiError::bad_request(format!(
                    "invalid selector: '{part}'; can't understand '{part}'"
                )));
            };
            if !allowed(key) {
                return Err(ApiError::bad_request(format!(
                    "field label not supported: {key}"
                )));
            }
            terms.push((
                key.to_owned(),
                equal,
                value.replace("\\,", ",").replace("\\=", "="),
            ));
        }
        Ok(Self(terms))
    }

    fn accepts(&self, doc: &Doc) -> bool {
        self.0.iter().all(|(path, equal, want)| {
            let have = super::at(doc, path);
            let same = match have {
                None | Some(Value::Null) => {
                    want.is_empty() || default_of(path) == Some(want.as_str())
                }
                Some(Value::String(text)) => text == want,
                Some(Value::Bool(flag)) => flag.to_string() == *want,
                Some(Value::Number(number)) => number.to_string() == want.as_str(),
                Some(_) => false,
            };
            same == *equal
        })
    }
}

/// Fields that read as their zero value when absent.
fn default_of(path: &str) -> Option<&'static str> {
    match path {
        "spec.unschedulable" | "spec.hostNetwork" => Some("false"),
        "status.replicas" | "status.successful" => Some("0"),
        _ => None,
    }
}

/// Both selectors of a list or watch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
}

impl Selection {
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.0.is_empty()
    }

    pub(crate) fn accepts(&self, doc: &Doc) -> bool {
        (self.labels.is_empty() || self.labels.accepts(meta(doc).get("labels")))
            && self.fields.accepts(doc)
    }
}

/// Whether the labels of a document satisfy a selector in its object form.
pub(crate) fn labels_match_query(selector: &Value, labels: Option<&Value>) -> bool {
    LabelSelector::from_object(selector).accepts(labels)
}
