//! The switches for tests, and the ledger.

use flux_apiserver::Match;

use crate::support::{Api, CONFIG_MAPS, config_map};

#[tokio::test]
async fn the_next_requests_fail_as_told() {
    let api = Api::start().await;
    api.server
        .faults()
        .fail_next(Match::new("create", "configmaps"), 2, 503);
    assert_eq!(api.post(CONFIG_MAPS, &config_map("one")).await.0, 503);
    assert_eq!(api.get(CONFIG_MAPS).await.0, 200, "another verb");
    assert_eq!(api.post(CONFIG_MAPS, &config_map("one")).await.0, 503);
    assert_eq!(api.post(CONFIG_MAPS, &config_map("one")).await.0, 201);
    let codes: Vec<u16> = api
        .server
        .ledger()
        .matching(|e| e.verb == "create")
        .iter()
        .map(|e| e.code)
        .collect();
    assert_eq!(codes, [503, 503, 201]);
}

#[tokio::test]
async fn watches_can_be_cut() {
    let api = Api::start().await;
    let mut watch = api
        .watch(&format!("{CONFIG_MAPS}?watch=true&resourceVersion=0"))
        .await;
    api.post(CONFIG_MAPS, &config_map("one")).await;
    while watch.next().await.expect("an event")["object"]["metadata"]["name"] != "one" {}
    api.server.faults().cut_watches();
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_restart_keeps_objects_address_and_tokens() {
    let api = Api::start().await;
    api.post(CONFIG_MAPS, &config_map("one")).await;
    let address = api.server.addr();
    let mut watch = api
        .watch(&format!(
            "{CONFIG_MAPS}?watch=true&fieldSelector=metadata.name%3Dnone"
        ))
        .await;
    api.server.restart().await.expect("restart");
    assert!(watch.next().await.is_none());
    assert_eq!(api.server.addr(), address);
    assert_eq!(api.get(&format!("{CONFIG_MAPS}/one")).await.0, 200);
}

#[tokio::test]
async fn a_stall_holds_requests_until_released() {
    let api = Api::start().await;
    let guard = api.server.faults().stall(Match::new("get", "configmaps"));
    let path = format!("{CONFIG_MAPS}/one");
    let request = api.get(&path);
    tokio::pin!(request);
    tokio::select! {
        biased;
        _ = &mut request => panic!("the request is held"),
        (code, _) = api.get(CONFIG_MAPS) => assert_eq!(code, 200),
    }
    drop(guard);
    assert_eq!(request.await.0, 404);
}
