//! The part of JSONPath that printer columns use: fields, indexes, wildcards and equality filters.

use serde_json::Value;

/// A path into an object, compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    Index(i64),
    All,
    /// Items whose value at a path compares so with a value.
    Filter(Vec<Step>, Comparison, Value),
    /// Items that have something at a path.
    Exists(Vec<Step>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the path {path} at {rest}")]
pub struct JsonPathError {
    /// The whole path.
    pub path: String,
    /// What could not be read.
    pub rest: String,
}

impl JsonPath {
    /// Reads a path such as `.status.conditions[?(@.type=="Ready")].status`, with or without braces around it.
    pub fn parse(text: &str) -> Result<Self, JsonPathError> {
        let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
        let inner = inner.strip_prefix('$').unwrap_or(inner);
        steps(inner).map(Self).map_err(|rest| JsonPathError {
            path: text.to_owned(),
            rest,
        })
    }

    /// The values at the path, in order.
    pub fn find<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        find(&self.0, value)
    }
}

fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (step, after) = if let Some(inside) = rest.strip_prefix('[') {
            let end = closing(inside).ok_or_else(|| rest.to_owned())?;
            (
                bracket(&inside[..end]).ok_or_else(|| rest.to_owned())?,
                &inside[end + 1..],
            )
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            if name.starts_with('[') {
                rest = name;
                continue;
            }
            field(name).ok_or_else(|| rest.to_owned())?
        };
        out.push(step);
        rest = after;
    }
    Ok(out)
}

/// A field name up to the next dot or bracket; a backslash takes away the meaning of the next character.
fn field(text: &str) -> Option<(Step, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    let mut end = text.len();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.push(chars.next()?.1),
            '.' | '[' => {
                end = at;
                break;
            }
            _ => name.push(c),
        }
    }
    let step = match name.as_str() {
        "" => return None,
        "*" => Step::All,
        _ => Step::Field(name),
    };
    Some((step, &text[end..]))
}

/// Where the bracket that is already open closes, outside of quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            (Some(_) | None, _) => {}
        }
    }
    None
}

fn bracket(inside: &str) -> Option<Step> {
    let inside = inside.trim();
    if inside == "*" {
        return Some(Step::All);
    }
    if let Some(condition) = inside
        .strip_prefix("?(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        return filter(condition.trim());
    }
    if let Some(name) = quoted(inside) {
        return Some(Step::Field(name));
    }
    inside.parse().ok().map(Step::Index)
}

fn filter(condition: &str) -> Option<Step> {
    let (at, (sign, comparison)) = COMPARISONS
        .iter()
        .filter_map(|one| Some((condition.find(one.0)?, one)))
        .min_by_key(|(at, (sign, _))| (*at, std::cmp::Reverse(sign.len())))
        .map_or((condition.len(), ("", None)), |(at, (sign, comparison))| {
            (at, (*sign, Some(*comparison)))
        });
    let path = steps(condition[..at].trim().strip_prefix('@')?).ok()?;
    let Some(comparison) = comparison else {
        return Some(Step::Exists(path));
    };
    let right = condition[at + sign.len()..].trim();
    let value = match quoted(right) {
        Some(text) => Value::String(text),
        None => serde_json::from_str(right).ok()?,
    };
    Some(Step::Filter(path, comparison, value))
}

fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(
        inside
            .replace("\\\"", "\"")
            .replace("\\'", "'")
            .replace("\\.", "."),
    )
}

fn find<'a>(steps: &[Step], value: &'a Value) -> Vec<&'a Value> {
    let Some((step, rest)) = steps.split_first() else {
        return vec![value];
    };
    let children: Vec<&Value> = match (step, value) {
        (Step::Field(name), Value::Object(fields)) => fields.get(name).into_iter().collect(),
        (Step::Index(index), Value::Array(items)) => {
            let from_end = if *index < 0 {
                i64::try_from(items.len()).unwrap_or(0)
            } else {
                0
            };
            usize::try_from(index + from_end)
                .ok()
                .and_then(|at| items.get(at))
                .into_iter()
                .collect()
        }
        (Step::All, Value::Array(items)) => items.iter().collect(),
        (Step::All, Value::Object(fields)) => fields.values().collect(),
        (Step::Filter(path, comparison, wanted), Value::Array(items)) => items
            .iter()
            .filter(|item| {
                find(path, item)
                    .first()
                    .is_some_and(|have| compares(have, *comparison, wanted))
            })
            .collect(),
        (Step::Exists(path), Value::Array(items)) => items
            .iter()
            .filter(|item| !find(path, item).is_empty())
            .collect(),
        _ => Vec::new(),
    };
    children
        .into_iter()
        .flat_map(|child| find(rest, child))
        .collect()
}

fn compares(have: &Value, comparison: Comparison, wanted: &Value) -> bool {
    let order = match (have, wanted) {
        (Value::String(have), Value::String(wanted)) => Some(have.cmp(wanted)),
        _ => match (have.as_f64(), wanted.as_f64()) {
            (Some(have), Some(wanted)) => have.partial_cmp(&wanted),
            _ => None,
        },
    };
    match comparison {
        Comparison::Equal => have == wanted || order.is_some_and(std::cmp::Ordering::is_eq),
        Comparison::NotEqual => have != wanted && !order.is_some_and(std::cmp::Ordering::is_eq),
        Comparison::Less => order.is_some_and(std::cmp::Ordering::is_lt),
        Comparison::LessOrEqual => order.is_some_and(std::cmp::Ordering::is_le),
        Comparison::Greater => order.is_some_and(std::cmp::Ordering::is_gt),
        Comparison::GreaterOrEqual => order.is_some_and(std::cmp::Ordering::is_ge),
    }
}
