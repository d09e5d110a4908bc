//! One feature of the engine each; the recorded samples prove the rest.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Column, FieldValidation, JsonPath, SchemaError, Structural, human_duration, join,
    malformed_metadata, repeated_fields,
};

fn compiled(schema: &Value) -> Structural {
    Structural::compile(schema, false).expect("a schema")
}

/// A schema whose only field is `spec`.
fn with_spec(spec: &Value) -> Structural {
    compiled(&json!({ "type": "object", "properties": { "spec": spec } }))
}

fn check(spec: &Value, object: &Value, old: Option<&Value>, want: &str) {
    let schema = with_spec(spec);
    let old = old.map(|old| json!({ "spec": old }));
    let errors = schema.validate(&json!({ "spec": object }), old.as_ref());
    let got = if errors.is_empty() {
        String::new()
    } else {
        join(&errors)
    };
    assert_eq!(got, want, "{spec} {object}");
}

#[test]
fn judges_types_and_bounds() {
    let int = json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": 3 });
    for (spec, value, want) in [
        (&int, json!(2), ""),
        (&int, json!(2.0), ""),
        (
            &int,
            json!(0),
            "spec: Invalid value: 0: spec in body should be greater than or equal to 1",
        ),
        (
            &int,
            json!(4),
            "spec: Invalid value: 4: spec in body should be less than or equal to 3",
        ),
        (
            &int,
            json!("2"),
            "spec: Invalid value: \"string\": spec in body must be of type integer: \"string\"",
        ),
        (
            &int,
            json!(true),
            "spec: Invalid value: \"boolean\": spec in body must be of type integer: \"boolean\"",
        ),
        (
            &json!({ "type": "array", "maxItems": 1, "items": { "type": "string" } }),
            json!(["a", "b"]),
            "spec: Too many: 2: must have at most 1 item",
        ),
        (
            &json!({ "type": "string", "format": "date-time" }),
            json!("yesterday"),
            "spec: Invalid value: \"yesterday\": spec in body must be of type date-time: \"yesterday\"",
        ),
        (
            &json!({ "type": "string", "format": "date-time" }),
            json!("2024-02-29T10:00:00Z"),
            "",
        ),
        (
            &json!({ "x-kubernetes-int-or-string": true }),
            json!("50%"),
            "",
        ),
        (
            &json!({ "x-kubernetes-int-or-string": true }),
            json!([]),
            "spec: Invalid value: \"array\": spec in body must be of type integer,string: \"array\"",
        ),
        (
            &json!({ "type": "string", "nullable": true }),
            Value::Null,
            "",
        ),
        (
            &json!({ "type": "string" }),
            Value::Null,
            "spec: Invalid value: \"null\": spec in body must be of type string: \"null\"",
        ),
    ] {
        check(spec, &value, None, want);
    }
}

#[test]
fn tells_repeated_items() {
    let set =
        json!({ "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "string" } });
    check(
        &set,
        &json!(["a", "b", "a"]),
        None,
        "spec[2]: Duplicate value: \"a\"",
    );
    let map = json!({
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
        "items": { "type": "object", "properties": { "k": { "type": "string" } } },
    });
    check(
        &map,
        &json!([{ "k": "a" }, { "k": "a" }]),
        None,
        "spec[1]: Duplicate value: {\"k\":\"a\"}",
    );
}

#[test]
fn accepts_what_has_not_changed() {
    let spec = json!({
        "type": "object",
        "properties": { "a": { "type": "string", "maxLength": 1 }, "b": { "type": "string" } },
    });
    let old = json!({ "a": "long", "b": "x" });
    check(&spec, &json!({ "a": "long", "b": "y" }), Some(&old), "");
    let longer = json!({ "a": "longer", "b": "x" });
    check(
        &spec,
        &longer,
        Some(&old),
        "spec.a: Too long: may not be more than 1 byte",
    );
}

#[test]
fn evaluates_rules() {
    let rule = |rule: &str| {
        json!({
            "type": "object",
            "properties": {
                "namespace": { "type": "string" },
                "size": { "type": "integer" },
                "since": { "type": "string", "format": "date-time" },
                "items": {
                    "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
                    "items": { "type": "object", "properties": { "k": { "type": "string" } } },
                },
            },
            "x-kubernetes-validations": [{ "rule": rule, "message": "no" }],
        })
    };
    let no = "spec: Invalid value: no";
    let object = json!({
        "namespace": "a", "size": 2, "since": "2024-01-01T00:00:00Z", "items": [{ "k": "x" }],
    });
    for (text, want) in [
        ("self.size > 1", ""),
        ("self.size > 2", no),
        ("self.__namespace__ == 'a'", ""),
        ("self.since < timestamp('2024-01-02T00:00:00Z')", ""),
        ("self.items.exists(i, i.k == 'x')", ""),
        ("self.size >= oldSelf.size", ""),
        ("self.?missing.orValue(1) == 1", ""),
        ("self.?size.orValue(1) == 2", ""),
        ("self.?missing.hasValue() || 'it\\'s .?a' == \"\"", no),
        ("type(self.size) == int && dyn(self.size) == 2", ""),
        ("'é'.size() == 1", ""),
    ] {
        check(&rule(text), &object, None, want);
    }
    let old = json!({ "size": 3 });
    check(
        &rule("self.size >= oldSelf.size"),
        &json!({ "size": 2 }),
        Some(&old),
        no,
    );
}

#[test]
fn compares_with_what_may_be_absent() {
    let spec = json!({
        "type": "string",
        "x-kubernetes-validations": [{
            "rule": "oldSelf.orValue('a') == self",
            "message": "no",
            "optionalOldSelf": true,
        }],
    });
    check(&spec, &json!("a"), None, "");
    check(&spec, &json!("b"), None, "spec: Invalid value: \"b\": no");
    check(
        &spec,
        &json!("b"),
        Some(&json!("a")),
        "spec: Invalid value: \"b\": no",
    );
}

#[test]
fn words_rules_as_they_ask() {
    let spec = json!({
        "type": "object",
        "properties": { "size": { "type": "integer" } },
        "x-kubernetes-validations": [{
            "rule": "self.size < 3",
            "messageExpression": "'size is ' + string(self.size)",
            "reason": "FieldValueForbidden",
            "fieldPath": ".size",
        }],
    });
    check(
        &spec,
        &json!({ "size": 3 }),
        None,
        "spec.size: Forbidden: size is 3",
    );
}

#[test]
fn refuses_schemas_that_cannot_be_used() {
    let rule = json!({ "type": "object", "x-kubernetes-validations": [{ "rule": "self.a ==" }] });
    assert!(matches!(
        Structural::compile(&rule, false),
        Err(SchemaError::Rule { .. })
    ));
    let pattern = json!({ "type": "string", "pattern": "(" });
    assert!(matches!(
        Structural::compile(&pattern, false),
        Err(SchemaError::Pattern { .. })
    ));
}

#[test]
fn prunes_and_fills_in() {
    let schema = with_spec(&json!({
        "type": "object",
        "properties": {
            "known": { "type": "object", "default": {}, "properties": { "mode": { "type": "string", "default": "on" } } },
            "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
            "pod": { "type": "object", "x-kubernetes-embedded-resource": true },
        },
    }));
    let mut object = json!({
        "apiVersion": "g/v1",
        "kind": "K",
        "metadata": { "name": "n", "color": "red" },
        "spec": {
            "free": { "a": 1 },
            "labels": { "b": "c", "d": null },
            "pod": { "apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {} },
            "unknown": true,
        },
    });
    let warnings = schema.decode(
        &mut object,
        &["spec.free".to_owned()],
        FieldValidation::Warn,
    );
    let want = [
        "duplicate field \"spec.free\"",
        "unknown field \"metadata.color\"",
        "unknown field \"spec.pod.spec\"",
        "unknown field \"spec.unknown\"",
    ];
    assert_eq!(warnings, Ok(want.map(str::to_owned).to_vec()));
    let want = json!({
        "apiVersion": "g/v1",
        "kind": "K",
        "metadata": { "name": "n" },
        "spec": {
            "free": { "a": 1 },
            "known": { "mode": "on" },
            "labels": { "b": "c" },
            "pod": { "apiVersion": "v1", "kind": "Pod", "metadata": {} },
        },
    });
    assert_eq!(object, want);
}

#[test]
fn finds_repeated_fields() {
    let text = br#"{"a": 1, "b": {"c": 1, "c": 2}, "l": [{"d": 1, "d": 2}], "a": {"e": 1}}"#;
    assert_eq!(repeated_fields(text), ["b.c", "l[0].d", "a"]);
    assert!(repeated_fields(b"{").is_empty());
}

#[test]
fn finds_by_path() {
    let object = json!({
        "spec": { "a.b": 1, "list": [{ "n": "x", "v": 1 }, { "n": "y", "v": 2 }] },
    });
    for (path, want) in [
        (".spec.list[?(@.n==\"y\")].v", json!([2])),
        (".spec.list[?(@.v>=1)].n", json!(["x", "y"])),
        (".spec.list[-1].n", json!(["y"])),
        (".spec.list[*].n", json!(["x", "y"])),
        (".spec['a.b']", json!([1])),
        (r".spec.a\.b", json!([1])),
        ("{.spec.missing}", json!([])),
    ] {
        let found = JsonPath::parse(path)
            .expect(path)
            .find(&object)
            .into_iter()
            .cloned()
            .collect();
        assert_eq!(Value::Array(found), want, "{path}");
    }
    assert!(JsonPath::parse(".a[").is_err());
}

#[test]
fn fills_cells() {
    let version = json!({ "additionalPrinterColumns": [
        { "name": "Image", "type": "string", "jsonPath": ".spec.image" },
        { "name": "Tags", "type": "string", "jsonPath": ".status.tags" },
        { "name": "Count", "type": "integer", "jsonPath": ".status.tags" },
        { "name": "None", "type": "string", "jsonPath": ".status.none" },
        { "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" },
    ]});
    let object = json!({
        "metadata": { "creationTimestamp": "2024-01-01T00:00:00Z" },
        "spec": { "image": "app" },
        "status": { "tags": 3 },
    });
    let now: Timestamp = "2024-01-01T00:05:30Z".parse().expect("a moment");
    let columns = Column::read_all(&version).expect("columns");
    let cells: Vec<Value> = columns
        .iter()
        .map(|column| column.cell(&object, now))
        .collect();
    assert_eq!(Value::Array(cells), json!(["app", "3", 3, null, "5m30s"]));
    assert_eq!(Column::read_all(&json!({})).expect("the age").len(), 1);
}

#[test]
fn prints_spans_as_tables_do() {
    for (seconds, want) in [
        (-2, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (10_799, "179m"),
        (10_860, "3h1m"),
        (28_800, "8h"),
        (172_800, "2d"),
        (176_400, "2d1h"),
        (691_200, "8d"),
        (63_072_000, "2y"),
        (252_288_000, "8y"),
    ] {
        assert_eq!(human_duration(seconds), want);
    }
}

#[test]
fn tells_metadata_that_cannot_be_read() {
    for (metadata, want) in [
        (
            json!({ "name": "n", "labels": { "a": "b" }, "generation": 1, "creationTimestamp": null }),
            "",
        ),
        (
            json!({ "labels": { "a": 1 } }),
            "number into Go struct field ObjectMeta.labels of type string",
        ),
        (
            json!({ "labels": ["a"] }),
            "array into Go struct field ObjectMeta.labels of type map[string]string",
        ),
        (
            json!({ "finalizers": "f" }),
            "string into Go struct field ObjectMeta.finalizers of type []string",
        ),
        (
            json!({ "ownerReferences": [{ "kind": true }] }),
            "bool into Go struct field OwnerReference.ownerReferences.kind of type string",
        ),
        (json!("text"), "string into Go value of type v1.ObjectMeta"),
    ] {
        let got = malformed_metadata(&metadata).unwrap_or_default();
        assert_eq!(got.trim_start_matches("json: cannot unmarshal "), want);
    }
}
