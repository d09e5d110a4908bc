//! The three patch formats, case by case.

use serde_json::{Value, json};

use crate::Schema;
use crate::patch::{json_patch, merge_patch, strategic_merge_patch};

fn pod_spec(target: &Value, patch: &Value) -> Result<Value, String> {
    let schema = Schema::builtin();
    let ty = schema.kind("v1", "Pod").expect("a kind");
    strategic_merge_patch(
        schema,
        ty,
        &json!({"spec": target}),
        &json!({"spec": patch}),
    )
    .map(|pod| pod["spec"].clone())
    .map_err(|error| error.to_string())
}

#[test]
fn lists_merge_by_key_and_keep_their_order() {
    let old = json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]});
    let check = |patch: Value, want: Value| assert_eq!(pod_spec(&old, &patch), Ok(want));
    check(
        json!({"containers": [{"name": "b", "image": "3"}]}),
        json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "3"}]}),
    );
    check(
        json!({"containers": [{"name": "c", "image": "3"}]}),
        json!({"containers": [{"name": "c", "image": "3"}, {"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}),
    );
    check(
        json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}, {"name": "c"}], "containers": [{"name": "c"}]}),
        json!({"containers": [{"name": "b", "image": "2"}, {"name": "a", "image": "1"}, {"name": "c"}]}),
    );
    check(
        json!({"containers": [{"name": "a", "$patch": "delete"}]}),
        json!({"containers": [{"name": "b", "image": "2"}]}),
    );
    check(
        json!({"containers": [{"$patch": "replace"}, {"name": "z"}]}),
        json!({"containers": [{"name": "z"}]}),
    );
    check(
        json!({"containers": [{"name": "a", "command": ["x"], "image": null}]}),
        json!({"containers": [{"name": "a", "command": ["x"]}, {"name": "b", "image": "2"}]}),
    );
}

#[test]
fn maps_and_primitive_lists() {
    let old =
        json!({"nodeSelector": {"a": "1", "b": "2"}, "volumes": [{"name": "v", "emptyDir": {}}]});
    assert_eq!(
        pod_spec(
            &old,
            &json!({"nodeSelector": {"$patch": "replace", "c": "3"}})
        ),
        Ok(json!({"nodeSelector": {"c": "3"}, "volumes": [{"name": "v", "emptyDir": {}}]}))
    );
    assert_eq!(
        pod_spec(
            &old,
            &json!({"nodeSelector": {"a": null}, "volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/"}}]})
        ),
        Ok(
            json!({"nodeSelector": {"b": "2"}, "volumes": [{"name": "v", "hostPath": {"path": "/"}}]})
        )
    );
    let schema = Schema::builtin();
    let ty = schema.kind("v1", "Pod").expect("a kind");
    let old = json!({"metadata": {"finalizers": ["a", "b"]}});
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "$setElementOrder/finalizers": ["c", "b"], "finalizers": ["c"]}});
    assert_eq!(
        strategic_merge_patch(schema, ty, &old, &patch),
        Ok(json!({"metadata": {"finalizers": ["c", "b"]}}))
    );
}

#[test]
fn malformed_strategic_patches() {
    let old = json!({"containers": [{"name": "a"}]});
    let check = |patch: Value, want: &str| assert_eq!(pod_spec(&old, &patch), Err(want.to_owned()));
    check(
        json!({"containers": [{"image": "a"}]}),
        "map: {\"image\":\"a\"} does not contain declared merge key: name",
    );
    check(
        json!({"$retainKeys": ["x"], "volumes": []}),
        "invalid patch format of retainKeys",
    );
    check(
        json!({"$setElementOrder": []}),
        "invalid patch format of setElementOrder list",
    );
}

#[test]
fn merge_patches_follow_the_rfc() {
    let check = |mut target: Value, patch: Value, want: Value| {
        merge_patch(&mut target, &patch);
        assert_eq!(target, want);
    };
    check(json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"}));
    check(
        json!({"a": "b", "b": "c"}),
        json!({"a": null}),
        json!({"b": "c"}),
    );
    check(json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"}));
    check(
        json!({"a": {"b": "c"}}),
        json!({"a": {"b": "d", "c": null}}),
        json!({"a": {"b": "d"}}),
    );
    check(
        json!({"e": null}),
        json!({"a": 1}),
        json!({"e": null, "a": 1}),
    );
    check(
        json!([1, 2]),
        json!({"a": "b", "c": null}),
        json!({"a": "b"}),
    );
    check(
        json!({}),
        json!({"a": {"bb": {"ccc": null}}}),
        json!({"a": {"bb": {}}}),
    );
}

#[test]
fn json_patches_follow_the_rfc() {
    let check = |target: Value, patch: Value, want: Result<Value, &str>| {
        let got = json_patch(&target, &patch).map_err(|error| error.to_string());
        assert_eq!(got, want.map_err(str::to_owned));
    };
    let op = |op: &str, path: &str, value: Value| json!([{"op": op, "path": path, "value": value}]);
    check(
        json!({"a": [1, 3]}),
        op("add", "/a/1", json!(2)),
        Ok(json!({"a": [1, 2, 3]})),
    );
    check(
        json!({"a": [1]}),
        op("add", "/a/-", json!(2)),
        Ok(json!({"a": [1, 2]})),
    );
    check(
        json!({"a/b": 1}),
        op("replace", "/a~1b", json!(2)),
        Ok(json!({"a/b": 2})),
    );
    check(
        json!({"a": 1}),
        op("test", "/a", json!(1.0)),
        Ok(json!({"a": 1})),
    );
    check(
        json!({"a": 1}),
        op("test", "/a", json!(2)),
        Err("testing value /a failed: test failed"),
    );
    check(
        json!({}),
        json!([{"op": "remove", "path": "/a"}]),
        Err("remove operation does not apply: doc is missing path: /a: missing value"),
    );
    check(
        json!({"a": {"b": 1}, "c": {}}),
        json!([{"op": "move", "from": "/a/b", "path": "/c/d"}, {"op": "copy", "from": "/c", "path": "/a/e"}]),
        Ok(json!({"a": {"e": {"d": 1}}, "c": {"d": 1}})),
    );
}
