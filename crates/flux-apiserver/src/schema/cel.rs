//! CEL as the API server speaks it: its functions, and JSON values by their schema.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use kube_cel::KubeCelExt as _;
use kube_cel::cel::extractors::This;
use kube_cel::cel::objects::OptionalValue;
use kube_cel::cel::parser::{Expression, Parser};
use kube_cel::cel::{Context, ExecutionError, FunctionContext, Value as CelValue};
use serde_json::Value;

use super::node::Node;

thread_local! {
    /// The functions that rules may call. They are not shareable between threads.
    pub(super) static FUNCTIONS: Context<'static> = functions();
}

/// The functions of the API server, with what the library lacks: `dyn`, `type` with the names of types (a type is its
/// name here), and a `size` of texts that counts characters.
fn functions() -> Context<'static> {
    let mut context = Context::default().with_all();
    context.add_function("type", |value: CelValue| {
        Arc::new(type_name(&value).to_owned())
    });
    context.add_function("dyn", |value: CelValue| Ok::<_, ExecutionError>(value));
    context.add_function("size", size);
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

/// Reads an expression; the error is in the words of the library.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let parser = Parser::new().enable_optional_syntax(true);
    parser
        .parse(&with_indexes(text))
        .map_err(|error| error.to_string())
}

/// Spells `a.?b` as `a[?'b']`, which means the same; the library fails on the first where `b` is absent.
fn with_indexes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if quote.is_none()
            && let Some(after) = rest.strip_prefix(".?")
        {
            let name = after.trim_start();
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = name.find(|c| !is_part(c)).unwrap_or(name.len());
            out.extend(["[?'", &name[..end], "']"]);
            rest = &name[end..];
            continue;
        }
        let escaped = quote.is_some() && c == '\\';
        let length = c.len_utf8()
            + if escaped {
                rest[1..].chars().next().map_or(0, char::len_utf8)
            } else {
                0
            };
        if matches!(c, '"' | '\'') {
            quote = match quote {
                None => Some(c),
                Some(open) if open == c => None,
                other => other,
            };
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// A value that may be absent, as the expression `oldSelf` of rules that ask for it.
pub(super) fn optional(value: Option<CelValue>) -> CelValue {
    CelValue::Opaque(Arc::new(
        value.map_or_else(OptionalValue::none, OptionalValue::of),
    ))
}

fn size(context: &FunctionContext, This(this): This<CelValue>) -> Result<i64, ExecutionError> {
    let count = match &this {
        CelValue::List(items) => items.len(),
        CelValue::Map(fields) => fields.map.len(),
        CelValue::String(text) => text.chars().count(),
        CelValue::Bytes(bytes) => bytes.len(),
        _ => return Err(context.error("no such overload")),
    };
    i64::try_from(count).map_err(|_| context.error("integer overflow"))
}

/// A JSON value as CEL sees it: fields under their escaped names, formatted texts as what they stand for.
pub(super) fn to_cel(value: &Value, node: Option<&Node>) -> CelValue {
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
    static TIMESTAMP: LazyLock<Option<Expression>> =
        LazyLock::new(|| parse("timestamp(text)").ok());
    static DURATION: LazyLock<Option<Expression>> = LazyLock::new(|| parse("duration(text)").ok());
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
            .and_then(|program| CelValue::resolve(program, &context).ok())
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
