//! The built-in kinds, from `builtin.txt` (written by the example `schema` from the published OpenAPI documents).
//!
//! A line `=name expression [apiVersion kind]` begins a type; the lines after it are its fields,
//! ` name[*] expression [~strategy:key] [=default]`, `*` for required. Expressions:
//!
//! | text | type |
//! |---|---|
//! | `s y t a` | string; base64; time; string of another format |
//! | `i l j n b` | int32; int64; integer; number; boolean |
//! | `x q` | integer or string; quantity |
//! | `? @` | anything, maps granular; anything, owned as a whole |
//! | `{E}` | map of `E`; `{E}!` owned as a whole |
//! | `[E]` | atomic list; `[E]=` a set; `[E]=a,b` told apart by fields |
//! | `.name` | the type of that name; `!` and `~` override: whole, granular |
//! | `struct` | (after `=name` only) a struct of the fields that follow; `struct!` owned as a whole |

use std::collections::HashMap;

use crate::schema::{
    DEDUCED, Field, Format, ListKind, ListType, MapType, PatchStrategy, Scalar, Schema, TypeDef,
    TypeRef, UNTYPED,
};

const TEXT: &str = include_str!("builtin.txt");

pub(super) fn read() -> Schema {
    let mut reader = Reader {
        schema: Schema::empty(),
        names: HashMap::new(),
    };
    reader.schema.structs_present = true;
    for line in TEXT.lines() {
        if let Some((name, _)) = line.strip_prefix('=').and_then(|rest| rest.split_once(' ')) {
            let ty = reader.schema.add(TypeDef {
                name: Some(name.into()),
                ..TypeDef::default()
            });
            reader.names.insert(name, ty);
        }
    }
    let mut current = UNTYPED;
    for line in TEXT.lines() {
        if let Some(head) = line.strip_prefix('=') {
            current = reader.head(head);
        } else if let Some(field) = reader.field(line.trim_start()) {
            let def = &mut reader.schema.types[current.id as usize];
            if let Some(map) = &mut def.map {
                map.fields.push(field);
            }
        }
    }
    for def in &mut reader.schema.types {
        if let Some(map) = &mut def.map {
            map.fields.sort_by(|a, b| a.name.cmp(&b.name));
        }
    }
    reader.schema
}

struct Reader {
    schema: Schema,
    names: HashMap<&'static str, TypeRef>,
}

impl Reader {
    fn head(&mut self, head: &'static str) -> TypeRef {
        let mut parts = head.split(' ');
        let (name, expression) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let ty = self.names.get(name).copied().unwrap_or(UNTYPED);
        let mut def = match expression {
            "struct" | "struct!" => TypeDef {
                map: Some(MapType {
                    atomic: expression.ends_with('!'),
                    ..MapType::default()
                }),
                ..TypeDef::default()
            },
            _ => {
                let (inline, _) = self.expression(expression);
                self.schema.resolve(inline).clone()
            }
        };
        def.name = Some(name.into());
        self.schema.types[ty.id as usize] = def;
        if let (Some(version), Some(kind)) = (parts.next(), parts.next()) {
            self.schema
                .kinds
                .insert((version.to_owned(), kind.to_owned()), ty);
        }
        ty
    }

    fn field(&mut self, line: &'static str) -> Option<Field> {
        let (name, rest) = line.split_once(' ')?;
        let (ty, rest) = self.expression(rest);
        let mut rest = rest.trim_start();
        let mut patch = None;
        if let Some(directive) = rest.strip_prefix('~') {
            let (directive, after) = directive.split_once(' ').unwrap_or((directive, ""));
            let (strategies, key) = directive.split_once(':')?;
            patch = Some(PatchStrategy {
                merge: strategies.split(',').any(|strategy| strategy == "merge"),
                retain_keys: strategies
                    .split(',')
                    .any(|strategy| strategy == "retainKeys"),
                merge_key: (!key.is_empty()).then(|| key.into()),
            });
            rest = after;
        }
        let default = rest
            .strip_prefix('=')
            .and_then(|text| serde_json::from_str(text).ok());
        Some(Field {
            name: name.trim_end_matches('*').into(),
            ty,
            required: name.ends_with('*'),
            nullable: false,
            default,
            patch,
        })
    }

    /// Reads one expression from the front of `text`: the type, and what follows.
    fn expression(&mut self, text: &'static str) -> (TypeRef, &'static str) {
        let (first, rest) = text.split_at(text.len().min(1));
        let (scalar, format) = match first {
            "s" => (Scalar::String, Format::Plain),
            "y" => (Scalar::String, Format::Byte),
            "t" => (Scalar::Untyped, Format::DateTime),
            "a" => (Scalar::Untyped, Format::Plain),
            "x" => (Scalar::Untyped, Format::IntOrString),
            "q" => (Scalar::Untyped, Format::Quantity),
            "i" => (Scalar::Numeric, Format::Int32),
            "l" => (Scalar::Numeric, Format::Int64),
            "j" => (Scalar::Numeric, Format::Integer),
            "n" => (Scalar::Numeric, Format::Plain),
            "b" => (Scalar::Boolean, Format::Plain),
            "{" => return self.map(rest),
            "[" => return self.list(rest),
            "." => return self.named(rest),
            "@" => return (UNTYPED, rest),
            _ => return (DEDUCED, rest),
        };
        (self.schema.scalar(scalar, format), rest)
    }

    fn map(&mut self, text: &'static str) -> (TypeRef, &'static str) {
        let (element, rest) = self.expression(text);
        let rest = rest.strip_prefix('}').unwrap_or(rest);
        let (atomic, rest) = relationship(rest);
        let map = MapType {
            fields: Vec::new(),
            element: Some(element),
            atomic: atomic.unwrap_or(false),
        };
        let def = TypeDef {
            map: Some(map),
            ..TypeDef::default()
        };
        (self.schema.add(def), rest)
    }

    fn list(&mut self, text: &'static str) -> (TypeRef, &'static str) {
        let (element, rest) = self.expression(text);
        let rest = rest.strip_prefix(']').unwrap_or(rest);
        let (kind, rest) = match rest.strip_prefix('=') {
            None => (ListKind::Atomic, rest),
            Some(keys) => {
                let end = keys.find([' ', ']', '}']).unwrap_or(keys.len());
                let (keys, rest) = keys.split_at(end);
                if keys.is_empty() {
                    (ListKind::Set, rest)
                } else {
                    (
                        ListKind::Map(keys.split(',').map(Box::from).collect()),
                        rest,
                    )
                }
            }
        };
        let def = TypeDef {
            list: Some(ListType { element, kind }),
            ..TypeDef::default()
        };
        (self.schema.add(def), rest)
    }

    fn named(&self, text: &'static str) -> (TypeRef, &'static str) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '_';
        let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let (atomic, rest) = relationship(rest);
        let ty = self.names.get(name).copied().unwrap_or(DEDUCED);
        (TypeRef { id: ty.id, atomic }, rest)
    }
}

fn relationship(text: &'static str) -> (Option<bool>, &'static str) {
    if let Some(rest) = text.strip_prefix('!') {
        return (Some(true), rest);
    }
    // A granular override is not followed by a strategy, which begins with a space.
    match text.strip_prefix('~') {
        Some(rest) => (Some(false), rest),
        None => (None, text),
    }
}
