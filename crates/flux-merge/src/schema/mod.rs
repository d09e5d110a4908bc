//! What a type is to the merge: scalars, lists with or without keys, maps and structs.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

mod builtin;
mod openapi;
#[cfg(test)]
mod tests;

/// Types that refer to each other, and the kinds among them.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    pub(crate) types: Vec<TypeDef>,
    pub(crate) kinds: HashMap<(String, String), TypeRef>,
    /// Kinds that the server keeps in typed form: their absent structs read as empty ones (see [`Schema::zero`]).
    pub(crate) structs_present: bool,
    interned: HashMap<ScalarType, TypeRef>,
}

/// A type of a [`Schema`], with an optional override of whether it is owned as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypeRef {
    pub(crate) id: u32,
    pub(crate) atomic: Option<bool>,
}

/// A type. It may allow several shapes; a value chooses among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TypeDef {
    /// The short name, such as `core.v1.PodSpec`; inline types and types of custom resources have none.
    pub name: Option<Box<str>>,
    /// Set where a scalar is allowed.
    pub scalar: Option<ScalarType>,
    /// Set where a list is allowed.
    pub list: Option<ListType>,
    /// Set where a map or struct is allowed.
    pub map: Option<MapType>,
}

/// A scalar type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScalarType {
    /// What the merge checks.
    pub scalar: Scalar,
    /// What the published schema says beyond that.
    pub format: Format,
}

/// The scalar classes the merge distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// Integers and floats.
    Numeric,
    /// Strings.
    String,
    /// Booleans.
    Boolean,
    /// Any of them.
    Untyped,
}

/// The published form of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Nothing more.
    Plain,
    /// An integer of any width.
    Integer,
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// Bytes, as base64 text.
    Byte,
    /// RFC 3339.
    DateTime,
    /// An integer or a text.
    IntOrString,
    /// A resource quantity.
    Quantity,
}

/// A list type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListType {
    /// The type of its items.
    pub element: TypeRef,
    /// How it is owned.
    pub kind: ListKind,
}

/// How a list is owned and merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKind {
    /// As one value.
    Atomic,
    /// As a set of scalars.
    Set,
    /// As structs told apart by these fields.
    Map(Vec<Box<str>>),
}

/// A map or struct type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MapType {
    /// The declared fields, sorted by name.
    pub fields: Vec<Field>,
    /// The type of the other fields; where there is none they are not allowed.
    pub element: Option<TypeRef>,
    /// Whether it is owned as one value.
    pub atomic: bool,
}

/// A declared field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Box<str>,
    /// Its type.
    pub ty: TypeRef,
    /// Whether it must be present. In built-in kinds: whether the server always writes it.
    pub required: bool,
    /// Whether `null` is a value of it.
    pub nullable: bool,
    /// Its default. In built-in kinds `{}` marks a struct that the server always writes.
    pub default: Option<Value>,
    /// How a strategic merge patch treats it.
    pub patch: Option<PatchStrategy>,
}

/// The strategic merge patch directives of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PatchStrategy {
    /// Lists are merged instead of replaced.
    pub merge: bool,
    /// Fields that the patch does not name are cleared.
    pub retain_keys: bool,
    /// The field that tells the items of a list apart; a list without it is merged as a set.
    pub merge_key: Option<Box<str>>,
}

/// Why a schema could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("schema: {0}")]
pub struct SchemaError(pub(crate) String);

/// Any value, owned as a whole.
pub(crate) const UNTYPED: TypeRef = TypeRef {
    id: 0,
    atomic: None,
};
/// Any value; maps are granular, lists atomic.
pub(crate) const DEDUCED: TypeRef = TypeRef {
    id: 1,
    atomic: None,
};

const ANY_SCALAR: ScalarType = ScalarType {
    scalar: Scalar::Untyped,
    format: Format::Plain,
};

impl Schema {
    /// The kinds of Kubernetes 1.35 at their stable versions.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Schema> = OnceLock::new();
        BUILTIN.get_or_init(builtin::read)
    }

    /// Reads `schema.openAPIV3Schema` of one version of a custom resource definition; gives the type of the kind, too.
    /// `metadata` gets the type that every kind has.
    ///
    /// # Errors
    /// When a part of the schema contradicts itself (a list of type map without keys, an unknown list type).
    pub fn from_crd(open_api_v3_schema: &Value) -> Result<(Self, TypeRef), SchemaError> {
        openapi::read_crd(open_api_v3_schema)
    }

    /// A schema that knows nothing: maps are granular, lists atomic.
    pub fn schemaless() -> (Self, TypeRef) {
        (Self::empty(), DEDUCED)
    }

    /// The type of a kind, for example `("apps/v1", "Deployment")`.
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<TypeRef> {
        // A map of pairs of owned strings cannot be asked with borrowed ones.
        self.kinds
            .get(&(api_version.to_owned(), kind.to_owned()))
            .copied()
    }

    /// Every kind this schema has a type for: API version and kind.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        self.kinds
            .keys()
            .map(|(version, kind)| (version.as_str(), kind.as_str()))
    }

    /// The definition of a type.
    ///
    /// # Panics
    /// When the reference comes from another schema and is out of range.
    pub fn resolve(&self, ty: TypeRef) -> &TypeDef {
        &self.types[ty.id as usize]
    }

    /// Whether a map of this type is owned as a whole.
    pub fn is_atomic_map(&self, ty: TypeRef) -> bool {
        let map = self.resolve(ty).map.as_ref();
        map.is_some_and(|map| ty.atomic.unwrap_or(map.atomic))
    }

    /// The declared field `name` of a struct.
    pub fn field(&self, ty: TypeRef, name: &str) -> Option<&Field> {
        self.resolve(ty).map.as_ref()?.field(name)
    }

    /// What the server holds for an object of this type before anything is set: in built-in kinds the structs that
    /// are always written (`spec: {}`) and `null` or zero for what is required; for others an empty map.
    pub fn zero(&self, ty: TypeRef) -> Value {
        let mut object = serde_json::Map::new();
        if !self.structs_present {
            return Value::Object(object);
        }
        let fields = self.resolve(ty).map.iter().flat_map(|map| &map.fields);
        for field in fields {
            if field.is_present_struct() {
                object.insert(field.name.to_string(), self.zero(field.ty));
            } else if field.required {
                let zero = field.default.clone().unwrap_or(Value::Null);
                object.insert(field.name.to_string(), zero);
            }
        }
        Value::Object(object)
    }

    /// Adds the structs that the server always writes (`resources: {}`) wherever a built-in object lacks them.
    pub fn fill_structs(&self, ty: TypeRef, value: &mut Value) {
        if !self.structs_present {
            return;
        }
        let def = self.resolve(ty);
        match value {
            Value::Object(object) => {
                let Some(map) = &def.map else { return };
                for field in map.fields.iter().filter(|field| field.is_present_struct()) {
                    let slot = object.entry(field.name.to_string()).or_insert(Value::Null);
                    if slot.is_null() {
                        *slot = Value::Object(serde_json::Map::new());
                    }
                }
                for (name, child) in object {
                    if let Some(ty) = map.type_of(name) {
                        self.fill_structs(ty, child);
                    }
                }
            }
            Value::Array(items) => {
                let Some(list) = &def.list else { return };
                for item in items {
                    self.fill_structs(list.element, item);
                }
            }
            _ => {}
        }
    }

    /// Removes `null` from declared fields of which it is no value, as decoding and encoding on the server does.
    pub fn drop_nulls(&self, ty: TypeRef, value: &mut Value) {
        let def = self.resolve(ty);
        match value {
            Value::Object(object) => {
                let Some(map) = &def.map else { return };
                object.retain(|name, child| {
                    let keeps_null = |field: &Field| field.nullable || self.is_any(field.ty);
                    !child.is_null() || map.field(name).is_none_or(keeps_null)
                });
                for (name, child) in object {
                    if let Some(ty) = map.type_of(name) {
                        self.drop_nulls(ty, child);
                    }
                }
            }
            Value::Array(items) => {
                let Some(list) = &def.list else { return };
                for item in items {
                    self.drop_nulls(list.element, item);
                }
            }
            _ => {}
        }
    }

    /// Whether a type allows values of every shape.
    fn is_any(&self, ty: TypeRef) -> bool {
        let def = self.resolve(ty);
        def.scalar.is_some() && def.list.is_some() && def.map.is_some()
    }

    pub(crate) fn empty() -> Self {
        let map = |element, atomic| MapType {
            fields: Vec::new(),
            element: Some(element),
            atomic,
        };
        let list = ListType {
            element: UNTYPED,
            kind: ListKind::Atomic,
        };
        let any = |map| TypeDef {
            name: None,
            scalar: Some(ANY_SCALAR),
            list: Some(list.clone()),
            map: Some(map),
        };
        Self {
            types: vec![any(map(UNTYPED, true)), any(map(DEDUCED, false))],
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, def: TypeDef) -> TypeRef {
        let id = u32::try_from(self.types.len()).unwrap_or(u32::MAX);
        self.types.push(def);
        TypeRef { id, atomic: None }
    }

    pub(crate) fn scalar(&mut self, scalar: Scalar, format: Format) -> TypeRef {
        let scalar = ScalarType { scalar, format };
        if let Some(known) = self.interned.get(&scalar) {
            return *known;
        }
        let ty = self.add(TypeDef {
            scalar: Some(scalar),
            ..TypeDef::default()
        });
        self.interned.insert(scalar, ty);
        ty
    }
}

impl MapType {
    /// The declared field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        let at = self
            .fields
            .binary_search_by(|field| field.name.as_ref().cmp(name))
            .ok()?;
        self.fields.get(at)
    }

    /// The type of the values under `name`, where such a field is allowed.
    pub(crate) fn type_of(&self, name: &str) -> Option<TypeRef> {
        self.field(name).map(|field| field.ty).or(self.element)
    }
}

impl Field {
    /// Whether the server always writes this field as a struct.
    pub fn is_present_struct(&self) -> bool {
        matches!(&self.default, Some(Value::Object(object)) if object.is_empty())
    }
}
