//! The wire form of sets of fields, and the laws of sets.

use serde_json::{Value, json};

use crate::fields::{FieldSet, KeyValue, PathElement};

fn set(json: &Value) -> FieldSet {
    FieldSet::from_json(json).expect("fields")
}

/// Every set of up to three of a few paths that overlap in every way.
fn some_sets() -> Vec<FieldSet> {
    let paths: [&[&str]; 6] = [
        &["a"],
        &["a", "b"],
        &["a", "b", "c"],
        &["a", "d"],
        &["e"],
        &["e", "b"],
    ];
    (0_u32..64)
        .map(|bits| {
            let chosen = paths
                .iter()
                .enumerate()
                .filter(|(index, _)| bits >> index & 1 == 1);
            FieldSet::of_fields(&chosen.map(|(_, path)| *path).collect::<Vec<_>>())
        })
        .collect()
}

#[test]
fn wire_form_round_trips() {
    for fields in [
        json!({}),
        json!({"f:spec": {".": {}, "f:replicas": {}}}),
        json!({"f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}}),
        json!({"f:metadata": {"f:finalizers": {"v:\"a/b\"": {}, "v:1": {}, "v:true": {}}}}),
        json!({"f:list": {"i:3": {}, "i:10": {}}}),
    ] {
        assert_eq!(set(&fields).to_json(), fields);
    }
}

#[test]
fn text_has_the_order_and_the_escapes_of_the_server() {
    let mut fields = FieldSet::new();
    let key = |value: Value| PathElement::Key(vec![("n".into(), KeyValue(value))]);
    for element in [
        PathElement::Index(1),
        PathElement::Value(KeyValue(json!("x"))),
        key(json!("<a>")),
        key(json!(2.0)),
        key(json!(10)),
        PathElement::field("z"),
    ] {
        fields.insert(&[PathElement::field("l"), element]);
    }
    assert_eq!(
        fields.to_json_text(),
        r#"{"f:l":{"f:z":{},"k:{\"n\":2}":{},"k:{\"n\":10}":{},"k:{\"n\":\"\\u003ca\\u003e\"}":{},"v:\"x\"":{},"i:1":{}}}"#
    );
}

#[test]
fn unknown_elements_are_dropped_and_malformed_ones_refused() {
    assert_eq!(
        set(&json!({"x:y": {}, "f:a": {}})),
        FieldSet::of_fields(&[&["a"]])
    );
    let error = |json: Value| FieldSet::from_json(&json).expect_err("refused").to_string();
    assert_eq!(error(json!({"f": {}})), "key must be 2 characters long: f");
    assert_eq!(error(json!({"name": {}})), "missing colon: name");
    assert_eq!(error(json!({"f:a": 1})), "managed fields are not an object");
}

#[test]
fn paths_list_members_before_what_is_deeper() {
    let fields = FieldSet::of_fields(&[&["b", "c"], &["a"], &["d"]]);
    let paths: Vec<String> = fields.paths().iter().map(ToString::to_string).collect();
    assert_eq!(paths, [".a", ".d", ".b.c"]);
}

#[test]
fn sets_obey_the_laws_of_sets() {
    let sets = some_sets();
    for a in &sets {
        assert_eq!(a.difference(a), FieldSet::new());
        assert_eq!(&a.union(a), a);
        for b in &sets {
            let both = a.intersection(b);
            assert_eq!(a.union(b), b.union(a));
            assert_eq!(both, b.intersection(a));
            assert_eq!(a.difference(b).union(&both), *a);
            assert_eq!(a.difference(b).intersection(b), FieldSet::new());
            assert_eq!(a.union(b).len() + both.len(), a.len() + b.len());
            for path in a.paths() {
                let below_other = (1..=path.0.len()).any(|end| b.has(&path.0[..end]));
                assert_eq!(a.recursive_difference(b).has(&path.0), !below_other);
            }
        }
    }
}
