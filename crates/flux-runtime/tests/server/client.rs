//! The client: operations, errors, watches, discovery, identities.

use flux_kube::{
    Access, Apply, Delete, Error, FieldValidation, Identity, List, PatchOptions, Resource,
    WatchEvent,
};
use flux_object::Gvk;
use serde_json::json;

use crate::world::{World, config_map, object, soon, world};

#[tokio::test(flavor = "multi_thread")]
async fn operations_and_their_errors() {
    let world = world().await;
    let (client, maps) = (&world.client, Resource::config_maps());
    let created = world.create(&maps, &config_map("a", "1")).await;
    assert_eq!(created.kind(), "ConfigMap");

    let options = PatchOptions::default();
    let again = client.create(&maps, &config_map("a", "1"), &options).await;
    assert!(again.unwrap_err().is_already_exists());
    let missing = client.get(&maps, "default", "nope").await.unwrap_err();
    assert!(missing.is_not_found());
    assert_eq!(missing.to_string(), "configmaps \"nope\" not found");

    let apply = Apply {
        field_manager: "one",
        validation: FieldValidation::Strict,
        ..Apply::default()
    };
    let b = client
        .apply(&maps, &config_map("b", "1"), &apply)
        .await
        .unwrap();
    assert_eq!(b.object.get_str(&["data", "k"]), Some("1"));
    let other = Apply {
        field_manager: "two",
        ..Apply::default()
    };
    let conflict = client.apply(&maps, &config_map("b", "2"), &other).await;
    assert!(conflict.unwrap_err().is_conflict());
    let forced = Apply {
        force: true,
        dry_run: true,
        ..other
    };
    let dry = client
        .apply(&maps, &config_map("b", "2"), &forced)
        .await
        .unwrap();
    assert_eq!(dry.object.get_str(&["data", "k"]), Some("2"));
    let stored = client.get(&maps, "default", "b").await.unwrap();
    assert_eq!(stored.get_str(&["data", "k"]), Some("1"));

    let patch = json!([{ "op": "test", "path": "/data/k", "value": "9" }]);
    let refused = client
        .json_patch(&maps, ("default", "b"), &patch, &options)
        .await;
    assert!(refused.unwrap_err().is_invalid());

    let wrong = Delete {
        uid: Some("not-this-one"),
        ..Delete::default()
    };
    let kept = client.delete(&maps, ("default", "b"), &wrong).await;
    assert!(kept.unwrap_err().is_conflict());
    let right = Delete {
        uid: Some(stored.uid()),
        ..Delete::default()
    };
    client
        .delete(&maps, ("default", "b"), &right)
        .await
        .unwrap();
    world.gone(&maps, ("default", "b")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages_and_as_metadata() {
    let world = world().await;
    let maps = Resource::config_maps();
    for n in 0..7 {
        world
            .create(&maps, &config_map(&format!("m{n}"), "x"))
            .await;
    }
    let list = List {
        namespace: "default".to_owned(),
        fields: String::new(),
        metadata_only: true,
        page_size: 3,
        ..List::default()
    };
    let page = world.client.list_page(&maps, &list, "").await.unwrap();
    assert_eq!(page.objects.len(), 3);
    assert!(!page.next.is_empty());
    let all = world.client.list(&maps, &list).await.unwrap();
    let ours = all.objects.iter().filter(|o| o.name().starts_with('m'));
    assert_eq!(ours.count(), 7);
    assert!(
        all.objects
            .iter()
            .all(|o| o.kind() == "ConfigMap" && o.get(&["data"]).is_none())
    );
}

async fn watch_through_trouble(streaming: bool) {
    let world = world().await;
    let maps = Resource::config_maps();
    world.create(&maps, &config_map("a", "1")).await;
    let mut events = world.watch(&maps, streaming);
    assert!(matches!(
        World::next(&mut events).await,
        WatchEvent::Restarted
    ));
    let mut names = Vec::new();
    loop {
        match World::next(&mut events).await {
            WatchEvent::Applied(object) => names.push(object.name().to_owned()),
            WatchEvent::Synced { .. } => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(names.contains(&"a".to_owned()));

    // A cut resumes where it was: nothing is listed again, nothing is lost.
    world.server.faults().cut_watches();
    world.create(&maps, &config_map("b", "1")).await;
    match World::next(&mut events).await {
        WatchEvent::Applied(object) => assert_eq!(object.name(), "b"),
        other => panic!("{other:?}"),
    }

    // Away for longer than the server remembers: a new list.
    world.server.pause().await;
    world.server.faults().compact();
    world.server.resume().await.unwrap();
    world.create(&maps, &config_map("c", "1")).await;
    world.server.faults().compact();
    let mut seen = Vec::new();
    while !seen.contains(&"c".to_owned()) {
        if let WatchEvent::Applied(object) = World::next(&mut events).await {
            seen.push(object.name().to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_with_pages_survives() {
    watch_through_trouble(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_with_streaming_lists_survives() {
    watch_through_trouble(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_asks_twice_and_learns_of_new_kinds() {
    let world = world().await;
    let discovery = world.client.discovery();
    let deployment = Gvk::new("apps", "v1", "Deployment");
    let before = world.server.ledger().total();
    for _ in 0..50 {
        let found = discovery.resource(&deployment).await.unwrap();
        assert_eq!(
            (found.plural.as_str(), found.namespaced),
            ("deployments", true)
        );
    }
    let asked = world.server.ledger().total() - before;
    assert_eq!(asked, 2, "two requests fill the cache");
    let preferred = discovery.preferred("apps", "Deployment").await.unwrap();
    assert_eq!(preferred.version, "v1");

    let repository = Gvk::new("source.toolkit.fluxcd.io", "v1", "GitRepository");
    let missing = discovery.resource(&repository).await.unwrap_err();
    assert!(matches!(missing, Error::NoMatch(_)));
    assert_eq!(
        missing.to_string(),
        "no matches for kind \"GitRepository\" in version \"source.toolkit.fluxcd.io/v1\""
    );
    let world = world.with_repositories().await;
    world.client.discovery().invalidate();
    let found = soon(world.client.discovery().resource(&repository)).await;
    assert_eq!(found.unwrap().plural, "gitrepositories");
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_are_headers_on_one_client() {
    let world = world().await;
    let maps = Resource::config_maps();
    world.create(&maps, &config_map("a", "1")).await;
    let identity = Identity::service_account("default", "tenant").unwrap();
    let tenant = world.client.as_identity(identity.clone());
    let denied = tenant.get(&maps, "default", "a").await.unwrap_err();
    assert!(denied.is_forbidden(), "{denied}");
    let access = Access {
        verb: "get",
        resource: &maps,
        namespace: "default",
        name: "a",
    };
    assert!(!world.client.may_identity(&identity, &access).await.unwrap());
    assert!(world.client.may(&access).await.unwrap());

    let roles = Resource::new("rbac.authorization.k8s.io/v1", "Role", "roles", true);
    let bindings = Resource::new(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        "rolebindings",
        true,
    );
    let role = object(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": { "name": "reader", "namespace": "default" },
        "rules": [{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"] }],
    }));
    let binding = object(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": "reader", "namespace": "default" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader" },
        "subjects": [{ "kind": "ServiceAccount", "name": "tenant", "namespace": "default" }],
    }));
    world.create(&roles, &role).await;
    world.create(&bindings, &binding).await;
    tenant.get(&maps, "default", "a").await.unwrap();
    assert!(world.client.may_identity(&identity, &access).await.unwrap());
    let as_tenant = world
        .server
        .ledger()
        .count(|e| e.impersonated.as_deref() == Some("system:serviceaccount:default:tenant"));
    assert_eq!(as_tenant, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_issued_and_not_shown() {
    let world = world().await;
    let accounts = Resource::service_accounts();
    let account = object(json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": "builder", "namespace": "default" },
    }));
    world.create(&accounts, &account).await;
    let audiences = ["sts.test".to_owned()];
    let token = world
        .client
        .request_token(("default", "builder"), &audiences, Some(600))
        .await
        .unwrap();
    assert!(!token.text.is_empty() && !token.expires_at.is_empty());
    assert!(!format!("{token:?}").contains(&token.text));
}

#[test]
fn an_empty_identity_cannot_be_made() {
    for (namespace, name) in [
        ("", "a"),
        ("a", ""),
        ("a", " "),
        ("a:b", "c"),
        ("a", "b\nc"),
    ] {
        assert!(Identity::service_account(namespace, name).is_err());
    }
    assert!(Identity::user("").is_err());
    assert!(Identity::user("a").unwrap().with_group("").is_err());
}
