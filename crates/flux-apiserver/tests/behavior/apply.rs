//! Server-side apply over the wire.

use serde_json::json;

use crate::support::{Api, CONFIG_MAPS, config_map, message};

#[tokio::test]
async fn managers_own_what_they_apply() {
    let api = Api::start().await;
    let path = format!("{CONFIG_MAPS}/shared");
    let (code, made) = api.apply(&path, "first", &config_map("shared")).await;
    assert_eq!(code, 201);
    assert_eq!(made["metadata"]["managedFields"][0]["operation"], "Apply");
    let (code, same) = api.apply(&path, "first", &config_map("shared")).await;
    assert_eq!(
        (code, &same),
        (200, &made),
        "an apply without change is no write"
    );

    let mut other = config_map("shared");
    other["data"]["key"] = "theirs".into();
    let refused = api.apply(&path, "second", &other).await;
    assert_eq!(refused.0, 409);
    assert_eq!(
        message(&refused),
        "Apply failed with 1 conflict: conflict with \"first\": .data.key"
    );
    assert_eq!(
        refused.1["details"]["causes"][0]["reason"],
        "FieldManagerConflict"
    );
    let (code, forced) = api
        .apply(&format!("{path}?force=true"), "second", &other)
        .await;
    assert_eq!((code, &forced["data"]["key"]), (200, &json!("theirs")));

    let mut nothing = config_map("shared");
    nothing.as_object_mut().expect("an object").remove("data");
    let (_, left) = api.apply(&path, "second", &nothing).await;
    assert!(
        left.get("data").is_none(),
        "what nobody applies any more goes: {left}"
    );
}

#[tokio::test]
async fn an_apply_says_who_applies_and_what() {
    let api = Api::start().await;
    let path = format!("{CONFIG_MAPS}/one");
    let anonymous = api
        .patch(&path, "application/apply-patch+yaml", &config_map("one"))
        .await;
    assert_eq!(
        (anonymous.0, message(&anonymous)),
        (
            422,
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required \
             for apply patch"
        )
    );
    let mut unknown = config_map("one");
    unknown["extra"] = 1.into();
    let unknown = api.apply(&path, "me", &unknown).await;
    assert_eq!(unknown.0, 500);
    assert!(
        message(&unknown).ends_with(".extra: field not declared in schema"),
        "{}",
        message(&unknown)
    );
}
