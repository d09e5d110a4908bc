//! Fields that a kind does not have, and values of the wrong type: what strict decoding finds.

use flux_merge::{Format, Scalar, Schema, TypeRef};
use serde_json::Value;

use crate::error::ApiError;
use crate::schema::{self, FieldValidation};
use crate::store::Doc;
use crate::verbs::Call;

/// Drops or refuses unknown fields as `fieldValidation` asks; refuses values of the wrong type.
pub(crate) fn check_fields(call: &Call<'_>, doc: &mut Doc) -> Result<(), ApiError> {
    let resource = &call.resource;
    let mut unknown = Vec::new();
    if let Some(custom) = &resource.custom {
        if let Some(why) = doc.get("metadata").and_then(schema::malformed_metadata) {
            let text = schema::decoding_error(&resource.kind, &resource.version, &why);
            return Err(ApiError::bad_request(text));
        }
        unknown = custom.schema.prune(doc);
    } else if resource.types.is_builtin() {
        let schema = resource.types.schema();
        let mut walk = Walk {
            schema,
            unknown: Vec::new(),
            wrong: None,
            owner: (resource.kind.clone(), String::new()),
        };
        walk.structure(resource.types.ty(), doc, "");
        unknown = walk.unknown;
        if let Some(wrong) = walk.wrong {
            return Err(ApiError::bad_request(format!(
                "{} in version \"{}\" cannot be handled as a {}: json: cannot unmarshal {wrong}",
                resource.kind, resource.version, resource.kind
            )));
        }
    }
    let unknown = unknown.iter().map(|path| schema::unknown_field(path));
    let findings: Vec<String> = unknown.chain(repeated(call)).collect();
    report(call, findings)
}

/// Fields that occur twice in the text of a request.
pub(crate) fn repeated(call: &Call<'_>) -> Vec<String> {
    let mode = FieldValidation::parse(&call.ask.params.field_validation);
    if mode == Some(FieldValidation::Ignore) || call.ask.target.verb == "patch" {
        return Vec::new();
    }
    let found = schema::repeated_fields(&call.ask.body);
    found
        .iter()
        .map(|path| schema::duplicate_field(path))
        .collect()
}

fn report(call: &Call<'_>, findings: Vec<String>) -> Result<(), ApiError> {
    if findings.is_empty() {
        return Ok(());
    }
    match FieldValidation::parse(&call.ask.params.field_validation) {
        Some(FieldValidation::Strict) => {
            let resource = &call.resource;
            let text = schema::strict_decoding_error(&resource.kind, &resource.version, &findings);
            Err(ApiError::bad_request(text))
        }
        Some(FieldValidation::Ignore) => Ok(()),
        _ => {
            for text in findings {
                call.warn(text);
            }
            Ok(())
        }
    }
}

struct Walk<'a> {
    schema: &'a Schema,
    unknown: Vec<String>,
    /// The first value of a wrong type, as the Go decoder words it.
    wrong: Option<String>,
    /// Name of the struct the walk is in, and its path.
    owner: (String, String),
}

impl Walk<'_> {
    fn structure(&mut self, ty: TypeRef, map: &mut Doc, path: &str) {
        let def = self.schema.resolve(ty);
        let Some(known) = &def.map else { return };
        let owner = def
            .name
            .as_deref()
            .and_then(|n| n.rsplit('.').next())
            .map(str::to_owned);
        let outer = owner.map(|name| std::mem::replace(&mut self.owner, (name, path.to_owned())));
        let mut extra = Vec::new();
        for (name, value) in map.iter_mut() {
            let child = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            if let Some(field) = known.field(name) {
                self.value(field.ty, value, &child);
            } else if let Some(element) = known.element {
                self.value(element, value, &child);
            } else if !known.fields.is_empty() {
                extra.push((name.clone(), child));
            }
        }
        for (name, child) in extra {
            map.remove(&name);
            self.unknown.push(child);
        }
        if let Some(outer) = outer {
            self.owner = outer;
        }
    }

    fn value(&mut self, ty: TypeRef, value: &mut Value, path: &str) {
        let def = self.schema.resolve(ty);
        match value {
            Value::Null => {}
            Value::Object(map) if def.map.is_some() => self.structure(ty, map, path),
            Value::Array(items) if def.list.is_some() => {
                let element = def.list.as_ref().map(|l| l.element);
                for (i, item) in items.iter_mut().enumerate() {
                    if let Some(element) = element {
                        self.value(element, item, &format!("{path}[{i}]"));
                    }
                }
            }
            other => {
                if let Some(wanted) = mismatch(def, other) {
                    let kind = go_kind(other);
                    let field = dotted(&self.owner, path);
                    self.wrong.get_or_insert_with(|| {
                        format!("{kind} into Go struct field {field} of type {wanted}")
                    });
                }
            }
        }
    }
}

/// The Go decoder names the struct, then the path without indexes and without keys of maps.
fn dotted(owner: &(String, String), path: &str) -> String {
    let (name, start) = owner;
    let rest = path
        .strip_prefix(start.as_str())
        .unwrap_or(path)
        .trim_start_matches('.');
    let field = rest.split(['.', '[']).next().unwrap_or(rest);
    let full = if start.is_empty() {
        field.to_owned()
    } else {
        format!("{start}.{field}")
    };
    let mut out = format!("{name}.");
    let mut inside = false;
    for c in full.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The Go type wanted in the place of a value that does not fit.
fn mismatch(def: &flux_merge::TypeDef, value: &Value) -> Option<String> {
    let Some(scalar) = def.scalar else {
        if def.map.is_some() {
            return Some(
                def.name
                    .as_deref()
                    .unwrap_or("map[string]string")
                    .to_owned(),
            );
        }
        return def.list.is_some().then(|| "[]interface {}".to_owned());
    };
    let fits = match (scalar.scalar, scalar.format) {
        (_, Format::IntOrString) => value.is_string() || value.is_number(),
        (_, Format::Int32 | Format::Int64 | Format::Integer) => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|f| f.fract() == 0.0)
        }
        (Scalar::Numeric, _) => value.is_number(),
        (Scalar::String, _) => value.is_string(),
        (Scalar::Boolean, _) => value.is_boolean(),
        _ => true,
    };
    (!fits).then(|| {
        match (scalar.scalar, scalar.format) {
            (_, Format::Int32) => "int32",
            (_, Format::Int64 | Format::Integer) => "int64",
            (Scalar::Numeric, _) => "float64",
            (Scalar::Boolean, _) => "bool",
            _ => "string",
        }
        .to_owned()
    })
}
