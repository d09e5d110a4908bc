//! Reads the structural schema of a custom resource.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::schema::{
    ANY_SCALAR, DEDUCED, Field, Format, ListKind, ListType, MapType, Scalar, Schema, SchemaError,
    TypeDef, TypeRef, UNTYPED,
};

const OBJECT_META: &str = "meta.v1.ObjectMeta";

pub(super) fn read_crd(open_api: &Value) -> Result<(Schema, TypeRef), SchemaError> {
    let mut reader = Reader {
        schema: Schema::empty(),
        metadata: None,
    };
    let mut root = reader.define(open_api, false, "")?;
    reader.add_object_fields(&mut root);
    let ty = reader.schema.add(root);
    Ok((reader.schema, ty))
}

struct Reader {
    schema: Schema,
    metadata: Option<TypeRef>,
}

impl Reader {
    /// `preserve`: whether an enclosing node keeps unknown fields, which everything below inherits.
    fn read(&mut self, node: &Value, preserve: bool, path: &str) -> Result<TypeRef, SchemaError> {
        let simple = match text(node, "type") {
            Some("integer") => Some((Scalar::Numeric, integer_format(node))),
            Some("number") => Some((Scalar::Numeric, Format::Plain)),
            Some("boolean") => Some((Scalar::Boolean, Format::Plain)),
            Some("string") => Some(string_format(node)),
            _ => None,
        };
        if let Some((scalar, format)) = simple {
            return Ok(self.schema.scalar(scalar, format));
        }
        let mut def = self.define(node, preserve, path)?;
        if flag(node, "x-kubernetes-embedded-resource") {
            self.add_object_fields(&mut def);
        }
        Ok(self.schema.add(def))
    }

    fn define(&mut self, node: &Value, preserve: bool, path: &str) -> Result<TypeDef, SchemaError> {
        let preserve = preserve || flag(node, "x-kubernetes-preserve-unknown-fields");
        let mut def = TypeDef::default();
        match text(node, "type") {
            Some("object") => def.map = Some(self.map(node, preserve, path)?),
            Some("array") => def.list = Some(self.list(node, preserve, path)?),
            None => {
                def.scalar = Some(ANY_SCALAR);
                if flag(node, "x-kubernetes-int-or-string") {
                    def.scalar = Some(crate::schema::ScalarType {
                        scalar: Scalar::Untyped,
                        format: Format::IntOrString,
                    });
                }
                def.list = Some(self.list(node, preserve, path)?);
                def.map = Some(self.map(node, preserve, path)?);
            }
            Some(other) => return Err(SchemaError(format!("{path}: unknown type {other:?}"))),
        }
        Ok(def)
    }

    fn map(&mut self, node: &Value, preserve: bool, path: &str) -> Result<MapType, SchemaError> {
        let empty = Map::new();
        let properties = node
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let required: Vec<&str> = node
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let mut fields = Vec::with_capacity(properties.len());
        for (name, member) in properties {
            fields.push(Field {
                name: name.as_str().into(),
                ty: self.read(member, preserve, &format!("{path}.{name}"))?,
                required: required.contains(&name.as_str()),
                nullable: flag(member, "nullable"),
                default: member.get("default").cloned(),
                patch: None,
            });
        }
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        let element = match node.get("additionalProperties") {
            None | Some(Value::Null) if preserve || fields.is_empty() => Some(DEDUCED),
            None | Some(Value::Null | Value::Bool(false)) => None,
            Some(Value::Bool(true)) => Some(DEDUCED),
            Some(element) => Some(self.read(element, preserve, &format!("{path}.*"))?),
        };
        let atomic = match text(node, "x-kubernetes-map-type") {
            None | Some("granular") => false,
            Some("atomic") => true,
            Some(other) => return Err(SchemaError(format!("{path}: unknown map type {other}"))),
        };
        Ok(MapType {
            fields,
            element,
            atomic,
        })
    }

    fn list(&mut self, node: &Value, preserve: bool, path: &str) -> Result<ListType, SchemaError> {
        let element = match node.get("items") {
            Some(items) => self.read(items, preserve, &format!("{path}[]"))?,
            None => UNTYPED,
        };
        let kind = match text(node, "x-kubernetes-list-type") {
            None | Some("atomic") => ListKind::Atomic,
            Some("set") => ListKind::Set,
            Some("map") => {
                let keys: Vec<Box<str>> = node
                    .get("x-kubernetes-list-map-keys")
                    .and_then(Value::as_array)
                    .map(|keys| {
                        keys.iter()
                            .filter_map(Value::as_str)
                            .map(Box::from)
                            .collect()
                    })
                    .unwrap_or_default();
                if keys.is_empty() {
                    return Err(SchemaError(format!("{path}: missing map keys")));
                }
                ListKind::Map(keys)
            }
            Some(other) => return Err(SchemaError(format!("{path}: unknown list type {other}"))),
        };
        Ok(ListType { element, kind })
    }

    /// `apiVersion`, `kind` and `metadata` have the same types in every object, whatever the schema says of them.
    fn add_object_fields(&mut self, def: &mut TypeDef) {
        let string = self.schema.scalar(Scalar::String, Format::Plain);
        let metadata = self.metadata();
        let Some(map) = &mut def.map else { return };
        for (name, ty) in [
            ("apiVersion", string),
            ("kind", string),
            ("metadata", metadata),
        ] {
            map.fields.retain(|field| field.name.as_ref() != name);
            map.fields.push(Field {
                name: name.into(),
                ty,
                required: false,
                nullable: false,
                default: None,
                patch: None,
            });
        }
        map.fields.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn metadata(&mut self) -> TypeRef {
        if let Some(known) = self.metadata {
            return known;
        }
        let builtin = Schema::builtin();
        let named = |def: &TypeDef| def.name.as_deref() == Some(OBJECT_META);
        let found = builtin
            .types
            .iter()
            .position(named)
            .and_then(|at| u32::try_from(at).ok());
        let ty = match found {
            Some(id) => {
                self.schema
                    .import(builtin, TypeRef { id, atomic: None }, &mut HashMap::new())
            }
            None => DEDUCED,
        };
        self.metadata = Some(ty);
        ty
    }
}

impl Schema {
    /// Copies a type and all it refers to from another schema.
    fn import(&mut self, from: &Self, ty: TypeRef, done: &mut HashMap<u32, u32>) -> TypeRef {
        // The two open types have the same number in every schema.
        if ty.id <= DEDUCED.id {
            return ty;
        }
        if let Some(id) = done.get(&ty.id) {
            return TypeRef {
                id: *id,
                atomic: ty.atomic,
            };
        }
        let new = self.add(TypeDef::default());
        done.insert(ty.id, new.id);
        let mut def = from.resolve(ty).clone();
        if let Some(list) = &mut def.list {
            list.element = self.import(from, list.element, done);
        }
        if let Some(map) = &mut def.map {
            map.element = map.element.map(|element| self.import(from, element, done));
            for field in &mut map.fields {
                field.ty = self.import(from, field.ty, done);
            }
        }
        self.types[new.id as usize] = def;
        TypeRef {
            id: new.id,
            atomic: ty.atomic,
        }
    }
}

fn text<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    node.get(key)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

fn flag(node: &Value, key: &str) -> bool {
    node.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn integer_format(node: &Value) -> Format {
    match text(node, "format") {
        Some("int32") => Format::Int32,
        Some("int64") => Format::Int64,
        _ => Format::Integer,
    }
}

/// Texts of a format other than bytes may be written as any scalar as far as the merge is concerned.
fn string_format(node: &Value) -> (Scalar, Format) {
    match text(node, "format") {
        None => (Scalar::String, Format::Plain),
        Some("byte") => (Scalar::String, Format::Byte),
        Some("date-time") => (Scalar::Untyped, Format::DateTime),
        Some("int-or-string") => (Scalar::Untyped, Format::IntOrString),
        Some(_) => (Scalar::Untyped, Format::Plain),
    }
}
