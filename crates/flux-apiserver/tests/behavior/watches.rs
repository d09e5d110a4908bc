//! Watches: changes in order, selections, bookmarks, lost history.

use std::time::Duration;

use flux_apiserver::Options;
use serde_json::json;

use crate::support::{Api, CONFIG_MAPS, config_map};

#[tokio::test]
async fn a_watch_resumes_where_a_list_ended() {
    let api = Api::start().await;
    api.post(CONFIG_MAPS, &config_map("before")).await;
    let (_, list) = api.get(CONFIG_MAPS).await;
    let version = list["metadata"]["resourceVersion"]
        .as_str()
        .expect("a version");
    let (_, made) = api.post(CONFIG_MAPS, &config_map("one")).await;
    api.merge(
        &format!("{CONFIG_MAPS}/one"),
        &json!({"data": {"key": "two"}}),
    )
    .await;
    api.delete(&format!("{CONFIG_MAPS}/one"), &json!({})).await;

    let mut watch = api
        .watch(&format!(
            "{CONFIG_MAPS}?watch=true&resourceVersion={version}"
        ))
        .await;
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let event = watch.next().await.expect("an event");
        assert_eq!(event["object"]["metadata"]["uid"], made["metadata"]["uid"]);
        assert_eq!(event["object"]["kind"], "ConfigMap");
        kinds.push(event["type"].as_str().expect("a type").to_owned());
    }
    assert_eq!(kinds, ["ADDED", "MODIFIED", "DELETED"]);
}

#[tokio::test]
async fn objects_enter_and_leave_a_selection() {
    let api = Api::start().await;
    let mut watch = api
        .watch(&format!("{CONFIG_MAPS}?watch=true&labelSelector=in%3Dyes"))
        .await;
    api.post(CONFIG_MAPS, &config_map("one")).await;
    let path = format!("{CONFIG_MAPS}/one");
    api.merge(&path, &json!({"metadata": {"labels": {"in": "yes"}}}))
        .await;
    assert_eq!(watch.next().await.expect("an event")["type"], "ADDED");
    let (_, left) = api
        .merge(&path, &json!({"metadata": {"labels": {"in": "no"}}}))
        .await;
    let event = watch.next().await.expect("an event");
    assert_eq!(event["type"], "DELETED");
    assert_eq!(event["object"]["metadata"]["labels"]["in"], "yes");
    assert_eq!(
        event["object"]["metadata"]["resourceVersion"],
        left["metadata"]["resourceVersion"]
    );
}

#[tokio::test]
async fn a_streaming_list_ends_with_a_bookmark() {
    let options = Options {
        bookmark_interval: Duration::from_millis(20),
        ..Options::default()
    };
    let api = Api::with(options).await;
    api.post(CONFIG_MAPS, &config_map("one")).await;
    let query = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true\
                 &resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name%3Done";
    let mut watch = api.watch(&format!("{CONFIG_MAPS}?{query}")).await;
    assert_eq!(watch.next().await.expect("an event")["type"], "ADDED");
    let end = watch.next().await.expect("an event");
    assert_eq!(end["type"], "BOOKMARK");
    assert_eq!(
        end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
    let later = watch.next().await.expect("an event");
    assert_eq!(later["type"], "BOOKMARK");
    assert!(later["object"]["metadata"].get("annotations").is_none());
}

#[tokio::test]
async fn lost_history_is_gone() {
    let api = Api::start().await;
    let (_, list) = api.get(CONFIG_MAPS).await;
    let version = list["metadata"]["resourceVersion"]
        .as_str()
        .expect("a version")
        .to_owned();
    api.post(CONFIG_MAPS, &config_map("one")).await;
    api.server.faults().compact();
    let mut watch = api
        .watch(&format!(
            "{CONFIG_MAPS}?watch=true&resourceVersion={version}"
        ))
        .await;
    let event = watch.next().await.expect("an event");
    assert_eq!(
        (&event["type"], &event["object"]["code"]),
        (&json!("ERROR"), &json!(410))
    );
    assert_eq!(event["object"]["reason"], "Expired");
    assert!(watch.next().await.is_none(), "the stream ends");
}

#[tokio::test]
async fn a_watch_ends_when_its_time_is_over() {
    let api = Api::start().await;
    let query = "watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dnone";
    let mut watch = api.watch(&format!("{CONFIG_MAPS}?{query}")).await;
    assert!(watch.next().await.is_none());
}
