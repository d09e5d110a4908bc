//! Types, bounds and required fields, in the order and words of the API server.

use flux_gocompat::number::format_float;
use flux_gocompat::quote::quote;
use serde_json::{Map, Value};

use super::error::FieldError;
use super::format;
use super::lists::{child, counterpart, is_same};
use super::node::{Additional, Limit, Node};

/// Adds what is wrong with a value. What equals its predecessor is accepted as it is, so that a schema may become
/// stricter without locking stored objects.
pub(super) fn check(
    value: &Value,
    old: Option<&Value>,
    node: &Node,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if is_same(value, old, node) {
        return;
    }
    if let Err(error) = type_of(value, node, path) {
        errors.push(error);
    }
    if value.is_null() {
        words(value, node, path, errors);
        return;
    }
    combinations(value, node, path, errors);
    match value {
        Value::String(text) => string(text, node, path, errors),
        Value::Number(number) => bounds(number, node, path, errors),
        Value::Array(items) => list(items, old, node, path, errors),
        _ => {}
    }
    words(value, node, path, errors);
    if let Value::Object(fields) = value {
        object(fields, old, node, path, errors);
    }
}

/// The JSON type of a value and the format that the API server assumes for it.
fn kind_of(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Null => ("null", ""),
        Value::Bool(_) => ("boolean", ""),
        Value::Number(number) if number.is_f64() => ("number", "float64"),
        Value::Number(_) => ("integer", "int64"),
        Value::String(_) => ("string", ""),
        Value::Array(_) => ("array", ""),
        Value::Object(_) => ("object", ""),
    }
}

fn type_of(value: &Value, node: &Node, path: &str) -> Result<(), FieldError> {
    let wrong = |want: &str, got: &str| {
        let detail = format!("{path} in body must be of type {want}: {}", quote(got));
        Err(FieldError::type_invalid(path, &got.into(), &detail))
    };
    if value.is_null() {
        return if node.allows_null() {
            Ok(())
        } else {
            wrong(&node.types.join(","), "null")
        };
    }
    let (kind, assumed) = kind_of(value);
    let allowed = |one: &str| node.types.contains(&one);
    let whole = kind == "number" && allowed("integer") && value.as_f64().is_some_and(is_whole);
    let widened = kind == "integer" && allowed("number");
    let fits = node.types.is_empty() || allowed(kind) || whole || widened;
    let textual = matches!(value, Value::String(_) | Value::Array(_));
    match &node.format {
        // Parity: where a format is stated, the API server says nothing about the type of texts and lists,
        Some(_) if textual && !allowed("number") && !allowed("integer") => Ok(()),
        // and names the format instead of the type for all others.
        Some(want) if !textual && !fits => wrong(want, assumed),
        _ if fits => Ok(()),
        _ => wrong(&node.types.join(","), kind),
    }
}

fn words(value: &Value, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    if let Some(words) = &node.bounds.words
        && !words
            .iter()
            .any(|word| word == value || same_number(word, value))
    {
        errors.push(FieldError::not_supported(path, value, words));
    }
}

/// Parity: the API server converts a number to the type of the word before it compares, so that fractions are cut.
fn same_number(word: &Value, value: &Value) -> bool {
    match (word.as_i64(), value.as_f64()) {
        (Some(whole), Some(number)) => !number.is_nan() && whole_part(number) == Some(whole),
        _ => word.is_number() && word.as_f64() == value.as_f64(),
    }
}

fn string(text: &str, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    let invalid =
        |what: String| FieldError::invalid(path, &text.into(), &format!("{path} in body {what}"));
    let length = text.chars().count();
    // The first broken bound is reported.
    if let Some(most) = node.bounds.max_length.filter(|most| above(length, *most)) {
        errors.push(FieldError::too_long(path, most));
    } else if let Some(least) = node.bounds.min_length.filter(|least| below(length, *least)) {
        errors.push(invalid(format!("should be at least {least} chars long")));
    } else if let Some(pattern) = &node.bounds.pattern
        && !pattern.regex.is_match(text)
    {
        errors.push(invalid(format!("should match '{}'", pattern.text)));
    }
    if let Some(format) = &node.format
        && !format::matches(format, text)
    {
        let detail = format!("{path} in body must be of type {format}: {}", quote(text));
        errors.push(FieldError::type_invalid(path, &text.into(), &detail));
    }
}

fn bounds(number: &serde_json::Number, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    let value = Value::Number(number.clone());
    let Some(have) = number.as_f64() else { return };
    // Parity: a whole number is compared with the whole part of a bound.
    let bound = |limit: &Limit| {
        if number.is_f64() {
            limit.number
        } else {
            limit.number.trunc()
        }
    };
    let mut invalid = |what: String| {
        errors.push(FieldError::invalid(
            path,
            &value,
            &format!("{path} in body {what}"),
        ));
    };
    if let Some(factor) = node.bounds.multiple_of
        && !is_whole(have / factor)
    {
        invalid(format!("should be a multiple of {}", format_float(factor)));
    }
    if let Some(limit) = &node.bounds.maximum {
        let most = bound(limit);
        let text = format_float(most);
        if limit.exclusive && have >= most {
            invalid(format!("should be less than {text}"));
        } else if have > most {
            invalid(format!("should be less than or equal to {text}"));
        }
    }
    if let Some(limit) = &node.bounds.minimum {
        let least = bound(limit);
        let text = format_float(least);
        if limit.exclusive && have <= least {
            invalid(format!("should be greater than {text}"));
        } else if have < least {
            invalid(format!("should be greater than or equal to {text}"));
        }
    }
}

fn list(
    items: &[Value],
    old: Option<&Value>,
    node: &Node,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if let Some(below) = node.items.as_deref() {
        for (index, item) in items.iter().enumerate() {
            let old = counterpart(item, old, &node.list);
            check(item, old, below, &format!("{path}[{index}]"), errors);
        }
    }
    if let Some(least) = node
        .bounds
        .min_items
        .filter(|least| below(items.len(), *least))
    {
        let detail = format!("{path} in body should have at least {least} items");
        errors.push(FieldError::invalid(path, &items.len().into(), &detail));
    }
    if let Some(most) = node
        .bounds
        .max_items
        .filter(|most| above(items.len(), *most))
    {
        errors.push(FieldError::too_many(path, items.len(), most));
    }
    if node.bounds.unique_items
        && items
            .iter()
            .enumerate()
            .any(|(index, item)| items[..index].contains(item))
    {
        let detail = format!("{path} in body shouldn't contain duplicates");
        errors.push(FieldError::invalid(path, &"".into(), &detail));
    }
}

fn object(
    fields: &Map<String, Value>,
    old: Option<&Value>,
    node: &Node,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if let Some(least) = node
        .bounds
        .min_properties
        .filter(|least| below(fields.len(), *least))
    {
        let detail = format!("{path} in body should have at least {least} properties");
        errors.push(FieldError::invalid(path, &fields.len().into(), &detail));
    }
    if let Some(most) = node
        .bounds
        .max_properties
        .filter(|most| above(fields.len(), *most))
    {
        errors.push(FieldError::too_many(path, fields.len(), most));
    }
    for (name, value) in fields {
        let below = match (node.properties.get(name), &node.additional) {
            (Some(below), _) => below,
            (None, Additional::Schema(below)) => below,
            (None, Additional::Any | Additional::Unstated) => continue,
        };
        let old = old.and_then(|old| old.get(name));
        check(value, old, below, &child(path, name), errors);
    }
    for name in &node.required {
        if !fields.contains_key(name) {
            errors.push(FieldError::required(&child(path, name), ""));
        }
    }
}

/// `allOf`, `anyOf`, `oneOf` and `not`. Their errors concern the object as a whole, as in the API server.
fn combinations(value: &Value, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    let quoted = quote(path);
    let mut failed = |text: String| {
        errors.push(FieldError::invalid("", &"".into(), &text));
    };
    let logic = &node.logic;
    let outcomes = |nodes: &[Node]| -> Vec<Vec<FieldError>> {
        nodes
            .iter()
            .map(|one| errors_of(value, one, path))
            .collect()
    };
    let any = outcomes(&logic.any_of);
    let one = outcomes(&logic.one_of);
    let fitting = one.iter().filter(|errors| errors.is_empty()).count();
    let mut best = Vec::new();
    if !any.is_empty() && any.iter().all(|errors| !errors.is_empty()) {
        failed(format!(
            "{quoted} must validate at least one schema (anyOf)"
        ));
        best.extend(any.into_iter().min_by_key(Vec::len).unwrap_or_default());
    }
    if !one.is_empty() && fitting != 1 {
        let found = if fitting == 0 {
            "Found none valid".to_owned()
        } else {
            format!("Found {fitting} valid alternatives")
        };
        failed(format!(
            "{quoted} must validate one and only one schema (oneOf). {found}"
        ));
        if fitting == 0 {
            best.extend(one.into_iter().min_by_key(Vec::len).unwrap_or_default());
        }
    }
    let all = outcomes(&logic.all_of);
    let fitting_all = all.iter().filter(|errors| errors.is_empty()).count();
    let all: Vec<FieldError> = all.into_iter().flatten().collect();
    if !all.is_empty() {
        let none = if fitting_all == 0 {
            ". None validated"
        } else {
            ""
        };
        failed(format!(
            "{quoted} must validate all the schemas (allOf){none}"
        ));
    }
    if logic
        .not
        .as_ref()
        .is_some_and(|not| errors_of(value, not, path).is_empty())
    {
        failed(format!("{quoted} must not validate the schema (not)"));
    }
    errors.extend(best);
    errors.extend(all);
}

fn errors_of(value: &Value, node: &Node, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check(value, None, node, path, &mut errors);
    errors
}

/// Whether a number is whole, and so small that all of its digits are known.
fn is_whole(number: f64) -> bool {
    const MOST: f64 = 9_007_199_254_740_991.0;
    number.fract() == 0.0 && number.abs() <= MOST
}

/// A number without its fraction.
fn whole_part(number: f64) -> Option<i64> {
    format!("{:.0}", number.trunc()).parse().ok()
}

fn above(count: usize, most: i64) -> bool {
    i64::try_from(count).is_ok_and(|count| count > most)
}

fn below(count: usize, least: i64) -> bool {
    i64::try_from(count).is_ok_and(|count| count < least)
}
