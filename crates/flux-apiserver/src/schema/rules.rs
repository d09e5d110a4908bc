//! Validation rules in CEL (`x-kubernetes-validations`).

use kube_cel::cel::parser::Expression;
use kube_cel::cel::{Context, Value as CelValue};
use serde_json::Value;

use super::cel::{FUNCTIONS, optional, parse, to_cel};
use super::error::{FieldError, SchemaError};
use super::lists::{child, counterpart, is_same};
use super::node::{Additional, Node};

/// One rule.
pub(super) struct Rule {
    text: String,
    expression: Expression,
    message: Option<String>,
    message_expression: Option<Expression>,
    reason: Option<String>,
    field_path: Option<String>,
    optional_old: bool,
    is_transition: bool,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule")
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

impl Rule {
    pub(super) fn compile(rule: &Value, path: &str) -> Result<Self, SchemaError> {
        let text_of = |key: &str| rule.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        let compile = |expression: &str| {
            parse(expression).map_err(|detail| SchemaError::Rule {
                path: path.to_owned(),
                rule: expression.to_owned(),
                detail,
            })
        };
        let text = text_of("rule").unwrap_or_default();
        let expression = compile(&text)?;
        Ok(Self {
            is_transition: expression.references().has_variable("oldSelf"),
            expression,
            message: text_of("message"),
            message_expression: text_of("messageExpression")
                .as_deref()
                .map(compile)
                .transpose()?,
            reason: text_of("reason"),
            field_path: text_of("fieldPath"),
            optional_old: rule.get("optionalOldSelf").and_then(Value::as_bool) == Some(true),
            text,
        })
    }

    fn words(&self) -> String {
        match self.message.as_deref().map(str::trim) {
            Some(message) if !message.is_empty() => message.to_owned(),
            _ => format!("failed rule: {}", self.text.trim()),
        }
    }

    fn error(&self, path: &str, value: &Value, words: &str) -> FieldError {
        let path = match self.field_path.as_deref() {
            Some(field) => child(path, field.trim_start_matches('.')),
            None => path.to_owned(),
        };
        let small = !value.is_object() && !value.is_array();
        match self.reason.as_deref() {
            Some("FieldValueForbidden") => FieldError::forbidden(&path, words),
            Some("FieldValueRequired") => FieldError::required(&path, words),
            Some("FieldValueDuplicate") if small => FieldError::duplicate(&path, value),
            Some("FieldValueDuplicate") => FieldError::repeated(&path),
            _ if small => FieldError::invalid(&path, value, words),
            _ => FieldError::broken(&path, words),
        }
    }
}

/// A value, its predecessor if it has one, and whether it or what it stands in is as it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    value: &'a Value,
    old: Option<&'a Value>,
    unchanged: bool,
}

impl<'a> Place<'a> {
    pub(super) fn root(value: &'a Value, old: Option<&'a Value>, node: &Node) -> Self {
        Self {
            value,
            old,
            unchanged: is_same(value, old, node),
        }
    }

    fn below(self, value: &'a Value, old: Option<&'a Value>, node: &Node) -> Self {
        Self {
            value,
            old,
            unchanged: self.unchanged || is_same(value, old, node),
        }
    }
}

/// Adds an error for every rule that does not hold, from the root down.
pub(super) fn check(place: Place<'_>, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    if !node.has_rules || place.value.is_null() {
        return;
    }
    if !node.rules.is_empty() {
        here(place, node, path, errors);
    }
    match place.value {
        Value::Array(items) => {
            let Some(below) = node.items.as_deref() else {
                return;
            };
            for (index, item) in items.iter().enumerate() {
                let old = counterpart(item, place.old, &node.list);
                check(
                    place.below(item, old, below),
                    below,
                    &format!("{path}[{index}]"),
                    errors,
                );
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let old = place
                    .old
                    .filter(|_| !node.atomic_map)
                    .and_then(|old| old.get(name));
                let (below, path) = match (node.properties.get(name), &node.additional) {
                    (Some(below), _) => (below, child(path, name)),
                    (None, Additional::Schema(below)) => (&**below, format!("{path}[{name}]")),
                    (None, Additional::Any | Additional::Unstated) => continue,
                };
                check(place.below(value, old, below), below, &path, errors);
            }
        }
        _ => {}
    }
}

fn here(place: Place<'_>, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    FUNCTIONS.with(|functions| {
        let mut context = functions.new_inner_scope();
        context.add_variable_from_value("self", to_cel(place.value, Some(node)));
        if let Some(old) = place.old {
            context.add_variable_from_value("oldSelf", to_cel(old, Some(node)));
        }
        for rule in &node.rules {
            if rule.optional_old {
                let mut context = context.new_inner_scope();
                let old = place.old.map(|old| to_cel(old, Some(node)));
                context.add_variable_from_value("oldSelf", optional(old));
                errors.extend(outcome(rule, &context, place, node, path));
                continue;
            }
            // A rule that compares has nothing to say about what is new.
            if rule.is_transition && place.old.is_none() {
                continue;
            }
            errors.extend(outcome(rule, &context, place, node, path));
        }
    });
}

fn outcome(
    rule: &Rule,
    context: &Context<'_>,
    place: Place<'_>,
    node: &Node,
    path: &str,
) -> Option<FieldError> {
    match CelValue::resolve(&rule.expression, context) {
        Ok(CelValue::Bool(true)) => None,
        // What has not changed may break a rule that came later.
        Ok(_) if place.unchanged && !rule.is_transition => None,
        Ok(_) => {
            let words = match rule
                .message_expression
                .as_ref()
                .map(|expression| CelValue::resolve(expression, context))
            {
                Some(Ok(CelValue::String(text))) if is_message(&text) => text.trim().to_owned(),
                _ => rule.words(),
            };
            Some(rule.error(path, place.value, &words))
        }
        Err(error) => {
            let kind = node.types.first().copied().unwrap_or_default();
            Some(FieldError::invalid(
                path,
                &kind.into(),
                &failure(rule, &error.to_string()),
            ))
        }
    }
}

/// A failed evaluation in words.
fn failure(rule: &Rule, error: &str) -> String {
    let said = rule.message.as_deref().unwrap_or(&rule.text).trim();
    let mut letters = error.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    let error: String = first.into_iter().chain(letters).collect();
    if error.starts_with("no such overload") {
        return format!(
            "'{error}': call arguments did not match a supported operator, function or macro \
             signature for rule: {said}"
        );
    }
    format!("{error} evaluating rule: {said}")
}

/// Whether a computed message may be shown: one line that says something.
fn is_message(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains('\n')
}
