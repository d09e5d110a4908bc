//! OpenAPI documents, made from the same types that merging uses.

use std::collections::BTreeMap;

use flux_merge::{Format, ListKind, Scalar, Schema, TypeRef};
use serde_json::{Map, Value, json};

use crate::discovery::VERSION;
use crate::error::ApiError;
use crate::http::Reply;
use crate::registry::{Resource, Snapshot, Types};

/// Serves what is below `/openapi`.
pub(crate) fn serve(snapshot: &Snapshot, rest: &[&str], accept: &str) -> Reply {
    match rest {
        ["v3"] => Reply::json(200, &index(snapshot)),
        ["v3", "api", version] => Reply::json(200, &document(snapshot, "", version)),
        ["v3", "apis", group, version] => Reply::json(200, &document(snapshot, group, version)),
        // Clients that can read protobuf only are told so; kubectl then turns to version 3.
        ["v2"] if accept.contains("protobuf") && !accept.contains("json") => {
            Reply::error(&ApiError::new(
                406,
                "NotAcceptable",
                "only JSON is served for OpenAPI version 2",
            ))
        }
        ["v2"] => Reply::json(
            200,
            &json!({
                "swagger": "2.0",
                "info": {"title": "Kubernetes", "version": VERSION},
                "paths": {},
                "definitions": {},
            }),
        ),
        _ => Reply::error(&ApiError::no_such_resource()),
    }
}

fn index(snapshot: &Snapshot) -> Value {
    let mut paths = Map::new();
    for (group, versions) in &snapshot.groups {
        for version in versions {
            let path = if group.is_empty() {
                format!("api/{version}")
            } else {
                format!("apis/{group}/{version}")
            };
            // The hash lets clients keep what they have; it follows what is served.
            let mut mark = 0_usize;
            for resource in snapshot.of_version(group, version) {
                mark = mark
                    .wrapping_mul(31)
                    .wrapping_add(std::sync::Arc::as_ptr(resource) as usize);
            }
            paths.insert(
                path.clone(),
                json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash={mark:016X}")}),
            );
        }
    }
    json!({"paths": paths})
}

fn document(snapshot: &Snapshot, group: &str, version: &str) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    let mut wanted = Wanted::new();
    for resource in snapshot.of_version(group, version) {
        let name = component(resource);
        schemas.insert(name.clone(), root_schema(resource, &mut wanted));
        let (path, item) = operations(resource, &name);
        paths.insert(path, item);
    }
    let builtin = Schema::builtin();
    while let Some((name, ty)) = wanted.pop_first() {
        if !schemas.contains_key(&name) {
            let schema = structure(builtin, ty, &mut wanted, true);
            schemas.insert(name, schema);
        }
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn component(resource: &Resource) -> String {
    if resource.custom.is_some() {
        let mut parts: Vec<&str> = resource.group.split('.').collect();
        parts.reverse();
        return format!("{}.{}.{}", parts.join("."), resource.version, resource.kind);
    }
    let short = resource.group.split('.').next().unwrap_or("");
    let short = if short.is_empty() { "core" } else { short };
    format!("io.k8s.api.{short}.{}.{}", resource.version, resource.kind)
}

fn root_schema(resource: &Resource, wanted: &mut Wanted) -> Value {
    let gvk = json!([{
        "group": resource.group, "version": resource.version, "kind": resource.kind,
    }]);
    let mut schema = match (&resource.custom, &resource.types) {
        (Some(custom), _) => {
            let mut schema = custom.schema.open_api.clone().unwrap_or_else(
                || json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
            );
            if let Some(properties) = schema
                .as_object_mut()
                .map(|s| s.entry("properties").or_insert_with(|| json!({})))
                .and_then(Value::as_object_mut)
            {
                properties.insert("apiVersion".to_owned(), json!({"type": "string"}));
                properties.insert("kind".to_owned(), json!({"type": "string"}));
                properties.insert("metadata".to_owned(), object_meta(wanted));
            }
            schema
        }
        (None, Types::Builtin(ty)) => structure(Schema::builtin(), *ty, wanted, true),
        (None, Types::Custom(..)) => json!({"type": "object"}),
    };
    schema["x-kubernetes-group-version-kind"] = gvk;
    schema
}

fn operations(resource: &Resource, name: &str) -> (String, Value) {
    let gvk = json!({
        "group": resource.group, "version": resource.version, "kind": resource.kind,
    });
    let prefix = if resource.group.is_empty() {
        format!("/api/{}", resource.version)
    } else {
        format!("/apis/{}/{}", resource.group, resource.version)
    };
    let scope = if resource.namespaced {
        "/namespaces/{namespace}"
    } else {
        ""
    };
    let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation", "force"]
        .iter()
        .map(|p| json!({"in": "query", "name": p, "schema": {"type": "string"}}))
        .collect();
    let answer = json!({"200": {"description": "OK", "content": {"application/json": {
        "schema": {"$ref": format!("#/components/schemas/{name}")},
    }}}});
    let operation = |action: &str| {
        json!({
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": gvk,
            "parameters": parameters,
            "responses": answer,
        })
    };
    let item = json!({
        "get": operation("get"), "put": operation("put"), "patch": operation("patch"),
        "delete": operation("delete"),
    });
    (
        format!("{prefix}{scope}/{}/{{name}}", resource.plural),
        item,
    )
}

/// Named types that a document refers to and has to contain.
type Wanted = BTreeMap<String, TypeRef>;

fn reference(name: &str, ty: TypeRef, wanted: &mut Wanted) -> Value {
    wanted.insert(name.to_owned(), ty);
    json!({"allOf": [{"$ref": format!("#/components/schemas/{name}")}]})
}

/// The metadata that every kind has.
fn object_meta(wanted: &mut Wanted) -> Value {
    let schema = Schema::builtin();
    let meta = schema
        .kind("v1", "ConfigMap")
        .and_then(|ty| schema.field(ty, "metadata"));
    match meta {
        Some(field) => reference("meta.v1.ObjectMeta", field.ty, wanted),
        None => json!({"type": "object"}),
    }
}

/// A type as OpenAPI; named types inside become references.
fn structure(schema: &Schema, ty: TypeRef, wanted: &mut Wanted, root: bool) -> Value {
    let def = schema.resolve(ty);
    if let Some(name) = def.name.as_deref().filter(|_| !root) {
        return reference(name, ty, wanted);
    }
    if def.map.is_some() && def.list.is_some() {
        // Anything goes: such types contain themselves.
        return json!({"x-kubernetes-preserve-unknown-fields": true});
    }
    if let Some(map) = &def.map {
        let mut out = json!({"type": "object"});
        let properties: Map<String, Value> = map
            .fields
            .iter()
            .map(|f| (f.name.to_string(), structure(schema, f.ty, wanted, false)))
            .collect();
        if !properties.is_empty() {
            out["properties"] = properties.into();
        }
        if let Some(element) = map.element {
            out["additionalProperties"] = structure(schema, element, wanted, false);
        }
        if map.atomic {
            out["x-kubernetes-map-type"] = "atomic".into();
        }
        return out;
    }
    if let Some(list) = &def.list {
        let items = structure(schema, list.element, wanted, false);
        let mut out = json!({"type": "array", "items": items});
        match &list.kind {
            ListKind::Atomic => out["x-kubernetes-list-type"] = "atomic".into(),
            ListKind::Set => out["x-kubernetes-list-type"] = "set".into(),
            ListKind::Map(keys) => {
                out["x-kubernetes-list-type"] = "map".into();
                out["x-kubernetes-list-map-keys"] = keys.iter().map(ToString::to_string).collect();
            }
        }
        return out;
    }
    def.scalar.map_or_else(
        || json!({}),
        |scalar| match (scalar.scalar, scalar.format) {
            (_, Format::Int32) => json!({"type": "integer", "format": "int32"}),
            (_, Format::Int64) => json!({"type": "integer", "format": "int64"}),
            (_, Format::Integer) => json!({"type": "integer"}),
            (_, Format::IntOrString) => json!({"x-kubernetes-int-or-string": true}),
            (_, Format::DateTime) => json!({"type": "string", "format": "date-time"}),
            (Scalar::Numeric, _) => json!({"type": "number"}),
            (Scalar::Boolean, _) => json!({"type": "boolean"}),
            (Scalar::String, _) | (_, Format::Quantity) => json!({"type": "string"}),
            _ => json!({}),
        },
    )
}
