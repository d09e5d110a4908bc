//! Validation, comparison, merge and removal by type.

use serde_json::{Value, json};

use crate::fields::FieldSet;
use crate::schema::{Schema, TypeRef};
use crate::typed::{TypedValue, compare, merge, reconcile, remove};

/// `set` is a set, `map` a list keyed by `name`, `whole` an atomic struct, `open` a free-form map.
fn schema() -> (Schema, TypeRef) {
    Schema::from_crd(&json!({"type": "object", "properties": {
        "set": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
        "map": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "v": {"type": "integer"}}}},
        "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "string"}}},
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        "scalar": {"type": "string"},
    }}))
    .expect("a schema")
}

fn check_merge(left: &Value, right: &Value, want: Value) {
    let (schema, ty) = schema();
    assert_eq!(
        merge(&schema, ty, left, right),
        Some(want),
        "{left} with {right}"
    );
}

#[test]
fn lists_are_merged_in_the_order_of_the_right() {
    let check = |left: &[&str], right: &[&str], want: &[&str]| {
        check_merge(
            &json!({"set": left}),
            &json!({"set": right}),
            json!({"set": want}),
        );
    };
    check(&["a", "b", "c"], &["c", "a"], &["b", "c", "a"]);
    check(&["a", "b"], &["c"], &["a", "b", "c"]);
    check(&["a", "b", "c"], &["x", "b"], &["a", "x", "b", "c"]);
    check(&[], &["a"], &["a"]);
}

#[test]
fn wholes_are_replaced_and_empty_ones_kept() {
    check_merge(
        &json!({"whole": {"a": "1", "b": "2"}, "open": {"x": {"y": 1}}}),
        &json!({"whole": {"a": "2"}, "open": {"x": {"z": [1]}}}),
        json!({"whole": {"a": "2"}, "open": {"x": {"y": 1, "z": [1]}}}),
    );
    check_merge(
        &json!({"open": {}}),
        &json!({"set": []}),
        json!({"open": {}, "set": []}),
    );
    check_merge(
        &json!({"map": [{"name": "a", "v": 1}]}),
        &json!({"map": [{"name": "b"}, {"name": "a", "v": 2}]}),
        json!({"map": [{"name": "b"}, {"name": "a", "v": 2}]}),
    );
}

#[test]
fn comparison_names_what_changed() {
    let (schema, ty) = schema();
    let left = json!({"set": ["a", "b"], "map": [{"name": "x", "v": 1}], "open": {"p": "1"}, "whole": {"a": "1"}});
    let right = json!({"set": ["b", "c"], "map": [{"name": "x", "v": 2}], "open": {"p": {"q": 1}}, "scalar": "s"});
    let change = compare(&schema, ty, &left, &right);
    assert_eq!(
        change.removed.to_json(),
        json!({"f:set": {"v:\"a\"": {}}, "f:whole": {}})
    );
    assert_eq!(
        change.added.to_json(),
        json!({"f:open": {"f:p": {"f:q": {}}}, "f:scalar": {}, "f:set": {"v:\"c\"": {}}})
    );
    assert_eq!(
        change.modified.to_json(),
        json!({"f:map": {"k:{\"name\":\"x\"}": {"f:v": {}}}, "f:open": {"f:p": {}}})
    );
}

#[test]
fn duplicates_are_owned_as_one() {
    let (schema, ty) = schema();
    let value = json!({"map": [{"name": "a", "v": 1}, {"name": "a"}, {"name": "b"}]});
    let typed = TypedValue::new(&schema, ty, &value);
    assert_eq!(
        typed.validate(false).map_err(|error| error.to_string()),
        Err(".map: duplicate entries for key [name=\"a\"]".to_owned())
    );
    assert_eq!(typed.validate(true), Ok(()));
    assert_eq!(
        typed.field_set().to_json(),
        json!({"f:map": {"k:{\"name\":\"a\"}": {}, "k:{\"name\":\"b\"}": {".": {}, "f:name": {}}}})
    );
}

#[test]
fn removal_leaves_null_where_nothing_is_left() {
    let (schema, ty) = schema();
    let value = json!({"map": [{"name": "a", "v": 1}, {"name": "b"}], "scalar": "s", "set": ["x"]});
    let gone = FieldSet::from_json(
        &json!({"f:map": {"k:{\"name\":\"a\"}": {"f:v": {}}, "k:{\"name\":\"b\"}": {}}, "f:set": {"v:\"x\"": {}}}),
    );
    let left = remove(&schema, ty, &value, &gone.expect("fields"));
    assert_eq!(
        left,
        json!({"map": [{"name": "a"}], "scalar": "s", "set": null})
    );
}

#[test]
fn what_became_a_whole_is_owned_as_one() {
    let (schema, ty) = schema();
    let check = |set: Value, want: Option<Value>| {
        let set = FieldSet::from_json(&set).expect("fields");
        assert_eq!(reconcile(&schema, ty, &set).map(|set| set.to_json()), want);
    };
    check(
        json!({"f:whole": {"f:a": {}, "f:b": {}}, "f:scalar": {}}),
        Some(json!({"f:scalar": {}, "f:whole": {}})),
    );
    check(json!({"f:whole": {}, "f:open": {"f:x": {}}}), None);
}

#[test]
fn items_without_keys_are_refused() {
    let (schema, ty) = schema();
    let check = |value: Value, want: &str| {
        let error = TypedValue::new(&schema, ty, &value)
            .validate(true)
            .expect_err("refused");
        assert_eq!(error.to_string(), want);
    };
    check(
        json!({"map": [{"v": 1}]}),
        ".map: element 0: associative list with keys has an element that omits all key fields [\"name\"] (and doesn't have default values for any key fields)",
    );
    check(
        json!({"map": ["a"], "set": [null]}),
        "errors:\n  .map: element 0: associative list with keys may not have non-map elements\n  .set: element 0: associative list without keys has an element that's an explicit null",
    );
    check(
        json!({"scalar": ["a"]}),
        ".scalar: expected string, got &value.valueUnstructured{Value:[]interface {}{\"a\"}}",
    );
    check(json!({"open": "a"}), ".open: expected map, got &{a}");
}
