//! Validation rules in CEL (`x-kubernetes-validations`).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use kube_cel::KubeCelExt as _;
use kube_cel::cel::{Context, Program, Value as CelValue};
use serde_json::Value;

use super::error::{FieldError, SchemaError};
use super::lists::{child, counterpart, is_same};
use super::node::{Additional, Node};

/// One rule.
pub(super) struct Rule {
    text: String,
    program: Program,
    message: Option<String>,
    message_program: Option<Program>,
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

thread_local! {
    /// The functions that rules may call. They are not shareable between threads.
    static FUNCTIONS: Context<'static> = functions();
}

/// The functions of the API server. `type` and the names of types are not among those of the library; here a type is
/// its name.
fn functions() -> Context<'static> {
    let mut context = Context::default().with_all();
    context.add_function("type", |value: CelValue| {
        Arc::new(type_name(&value).to_owned())
    });
    for name in [
        "bool",
        "bytes",
        "double",
        "int",
        "list",
        "map",
        "null_type",
        "string",
        "uint",
    ] {
        context.add_variable_from_value(name, CelValue::String(Arc::new(name.to_owned())));
    }
    context
}

fn type_name(value: &CelValue) -> &'static str {
    match value {
        CelValue::Bool(_) => "bool",
        CelValue::Bytes(_) => "bytes",
        CelValue::Float(_) => "double",
        CelValue::Int(_) => "int",
        CelValue::List(_) => "list",
        CelValue::Map(_) => "map",
        CelValue::Null => "null_type",
        CelValue::String(_) => "string",
        CelValue::UInt(_) => "uint",
        _ => "dyn",
    }
}

impl Rule {
    pub(super) fn compile(rule: &Value, path: &str) -> Result<Self, SchemaError> {
        let text_of = |key: &str| rule.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        let compile = |expression: &str| {
            Program::compile(expression).map_err(|error| SchemaError::Rule {
                path: path.to_owned(),
                rule: expression.to_owned(),
                detail: error.to_string(),
            })
        };
        let text = text_of("rule").unwrap_or_default();
        let program = compile(&text)?;
        Ok(Self {
            is_transition: program.references().has_variable("oldSelf"),
            program,
            message: text_of("message"),
            message_program: text_of("messageExpression")
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
            if rule.is_transition && place.old.is_none() {
                if !rule.optional_old {
                    continue;
                }
                context.add_variable_from_value("oldSelf", CelValue::Null);
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
    match rule.program.execute(context) {
        Ok(CelValue::Bool(true)) => None,
        // What has not changed may break a rule that came later.
        Ok(_) if place.unchanged && !rule.is_transition => None,
        Ok(_) => {
            let words = match rule
                .message_program
                .as_ref()
                .map(|program| program.execute(context))
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

/// A JSON value as CEL sees it: fields under their escaped names, formatted texts as what they stand for.
fn to_cel(value: &Value, node: Option<&Node>) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(truth) => CelValue::Bool(*truth),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (_, Some(float)) if node.is_some_and(|node| node.types.contains(&"number")) => {
                CelValue::Float(float)
            }
            (Some(whole), _) => CelValue::Int(whole),
            (None, Some(float)) => CelValue::Float(float),
            (None, None) => CelValue::Null,
        },
        Value::String(text) => formatted(text, node),
        Value::Array(items) => {
            let below = node.and_then(|node| node.items.as_deref());
            CelValue::List(Arc::new(
                items.iter().map(|item| to_cel(item, below)).collect(),
            ))
        }
        Value::Object(fields) => {
            let fields: HashMap<String, CelValue> = fields
                .iter()
                .map(|(name, value)| {
                    let stated = node.is_some_and(|node| node.properties.contains_key(name));
                    let below = node.and_then(|node| node.field(name));
                    let name = if stated { escaped(name) } else { name.clone() };
                    (name, to_cel(value, below))
                })
                .collect();
            CelValue::Map(fields.into())
        }
    }
}

/// A text of a format that has a CEL type; one that cannot be read stays a text.
fn formatted(text: &str, node: Option<&Node>) -> CelValue {
    static TIMESTAMP: LazyLock<Option<Program>> =
        LazyLock::new(|| Program::compile("timestamp(text)").ok());
    static DURATION: LazyLock<Option<Program>> =
        LazyLock::new(|| Program::compile("duration(text)").ok());
    let plain = CelValue::String(Arc::new(text.to_owned()));
    let program = match node.and_then(|node| node.format.as_deref()) {
        Some("date-time") => &TIMESTAMP,
        Some("duration") => &DURATION,
        _ => return plain,
    };
    FUNCTIONS.with(|functions| {
        let mut context = functions.new_inner_scope();
        context.add_variable_from_value("text", plain.clone());
        program
            .as_ref()
            .and_then(|program| program.execute(&context).ok())
            .unwrap_or(plain)
    })
}

/// A field name as an identifier of CEL.
fn escaped(name: &str) -> String {
    const KEYWORDS: [&str; 21] = [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    ];
    if KEYWORDS.contains(&name) {
        return format!("__{name}__");
    }
    name.replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__")
}
