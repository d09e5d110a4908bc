//! Authentication, RBAC, impersonation, tokens.

use serde_json::{Value, json};

use crate::support::{Api, CONFIG_MAPS, config_map, message};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

async fn allow(api: &Api, account: &str, verbs: &[&str], resources: &[&str]) {
    let role = json!({
        "metadata": {"name": "some"},
        "rules": [{"apiGroups": [""], "resources": resources, "verbs": verbs}],
    });
    let (code, _) = api
        .post(&format!("{RBAC}/namespaces/default/roles"), &role)
        .await;
    assert_eq!(code, 201);
    let binding = json!({
        "metadata": {"name": "some"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "some"},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "default"}],
    });
    let (code, _) = api
        .post(&format!("{RBAC}/namespaces/default/rolebindings"), &binding)
        .await;
    assert_eq!(code, 201);
}

#[tokio::test]
async fn rights_are_enforced_and_refusals_worded() {
    let api = Api::start().await;
    let account = "system:serviceaccount:default:robot";
    let robot = api.as_user(account);
    let refused = robot.post(CONFIG_MAPS, &config_map("one")).await;
    assert_eq!(
        (refused.0, message(&refused)),
        (
            403,
            "configmaps is forbidden: User \"system:serviceaccount:default:robot\" cannot create \
             resource \"configmaps\" in API group \"\" in the namespace \"default\""
        )
    );
    allow(&api, "robot", &["create", "get"], &["configmaps"]).await;
    assert_eq!(robot.post(CONFIG_MAPS, &config_map("one")).await.0, 201);
    assert_eq!(robot.get(&format!("{CONFIG_MAPS}/one")).await.0, 200);
    assert_eq!(robot.get(CONFIG_MAPS).await.0, 403, "list was not granted");
    assert_eq!(
        robot
            .get("/api/v1/namespaces/kube-system/configmaps/a")
            .await
            .0,
        403
    );
    assert_eq!(robot.get("/apis").await.0, 200, "discovery is for all");
}

#[tokio::test]
async fn unknown_tokens_are_refused() {
    let api = Api::start().await;
    let url = format!("{}{CONFIG_MAPS}", api.server.url());
    let ca = reqwest::Certificate::from_pem(api.server.ca_pem().as_bytes()).expect("a CA");
    let client = reqwest::Client::builder()
        .tls_certs_only([ca])
        .no_proxy()
        .build()
        .expect("a client");
    let response = client
        .get(&url)
        .bearer_auth("wrong")
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status().as_u16(), 401);
    let body: Value = response.json().await.expect("a status");
    assert_eq!(body["reason"], "Unauthorized");
    let response = client.get(&url).send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 403);
    let body: Value = response.json().await.expect("a status");
    assert!(
        body["message"]
            .as_str()
            .is_some_and(|m| m.contains("system:anonymous"))
    );
    let probe = format!("{}/readyz", api.server.url());
    let response = client.get(probe).send().await.expect("an answer");
    assert!(
        response
            .headers()
            .contains_key("x-kubernetes-pf-flowschema-uid")
    );
    assert_eq!(response.text().await.expect("text"), "ok");
}

#[tokio::test]
async fn impersonation_needs_the_right_to_it() {
    let api = Api::start().await;
    let other = "system:serviceaccount:default:other";
    let as_other = |api: &Api| {
        api.request("GET", CONFIG_MAPS)
            .header("impersonate-user", other)
    };
    let (code, refusal) = api.send(as_other(&api)).await;
    assert_eq!(code, 403);
    assert!(
        refusal["message"]
            .as_str()
            .is_some_and(|m| m.contains(other)),
        "acts as the other"
    );
    allow(&api, "other", &["list"], &["configmaps"]).await;
    assert_eq!(api.send(as_other(&api)).await.0, 200);
    let last = api.server.ledger().entries().pop().expect("an entry");
    assert_eq!(
        (last.user.as_str(), last.impersonated.as_deref()),
        ("admin", Some(other))
    );

    let robot = api.as_user("system:serviceaccount:default:robot");
    let (code, refusal) = robot.send(as_other(&robot)).await;
    assert_eq!(code, 403);
    assert_eq!(
        refusal["message"],
        "serviceaccounts \"other\" is forbidden: User \
         \"system:serviceaccount:default:robot\" cannot impersonate resource \
         \"serviceaccounts\" in API group \"\" in the namespace \"default\""
    );
}

#[tokio::test]
async fn nobody_grants_more_than_they_have() {
    let api = Api::start().await;
    let robot = api.as_user("system:serviceaccount:default:robot");
    let binding = json!({
        "metadata": {"name": "edits"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": "default"}],
    });
    let (_, admin) = api.get(&format!("{RBAC}/clusterroles/admin")).await;
    assert!(
        admin["rules"].as_array().is_some_and(|r| r.len() > 10),
        "made of other roles"
    );
    let (code, _) = api
        .post(&format!("{RBAC}/namespaces/default/rolebindings"), &binding)
        .await;
    assert_eq!(code, 201);
    let greedy = json!({
        "metadata": {"name": "greedy"},
        "rules": [{"apiGroups": ["source.toolkit.fluxcd.io"], "resources": ["buckets"], "verbs": ["get"]}],
    });
    let refused = robot
        .post(&format!("{RBAC}/namespaces/default/roles"), &greedy)
        .await;
    assert_eq!(refused.0, 403);
    assert!(
        message(&refused).contains("is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"source.toolkit.fluxcd.io\"], Resources:[\"buckets\"], Verbs:[\"get\"]}"),
        "{}",
        message(&refused)
    );
    let modest = json!({
        "metadata": {"name": "modest"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}],
    });
    assert_eq!(
        robot
            .post(&format!("{RBAC}/namespaces/default/roles"), &modest)
            .await
            .0,
        201
    );
}

#[tokio::test]
async fn service_account_tokens_work_until_the_account_goes() {
    let api = Api::start().await;
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    api.post(accounts, &json!({"metadata": {"name": "robot"}}))
        .await;
    let body = json!({"spec": {"expirationSeconds": 3600}});
    let (code, answer) = api.post(&format!("{accounts}/robot/token"), &body).await;
    assert_eq!(code, 201);
    let token = answer["status"]["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}});
    let reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
    let (_, seen) = api.post(reviews, &review).await;
    assert_eq!(
        seen["status"]["user"]["username"],
        "system:serviceaccount:default:robot"
    );
    api.delete(&format!("{accounts}/robot"), &json!({})).await;
    let (_, seen) = api.post(reviews, &review).await;
    assert!(seen["status"].get("authenticated").is_none());
    let access = json!({"spec": {
        "user": "system:serviceaccount:default:robot",
        "resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "default"},
    }});
    let (_, seen) = api
        .post(
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            &access,
        )
        .await;
    assert_eq!(seen["status"]["allowed"], false);
}

#[tokio::test]
async fn a_secret_can_ask_for_a_token() {
    let api = Api::start().await;
    let secrets = "/api/v1/namespaces/default/secrets";
    let secret = json!({
        "metadata": {"name": "robot", "annotations": {"kubernetes.io/service-account.name": "default"}},
        "type": "kubernetes.io/service-account-token",
    });
    assert_eq!(api.post(secrets, &secret).await.0, 201);
    let filled = api
        .until(&format!("{secrets}/robot"), |s| {
            s["data"]["token"].is_string()
        })
        .await;
    assert!(filled["data"]["ca.crt"].is_string());
}

#[tokio::test]
async fn writers_of_the_same_object_do_not_lose_each_other() {
    let api = Api::start().await;
    api.post(CONFIG_MAPS, &config_map("shared")).await;
    let path = format!("{CONFIG_MAPS}/shared");
    let mut writes = tokio::task::JoinSet::new();
    for i in 0..16 {
        let (api, path) = (api.as_user("admin"), path.clone());
        writes.spawn(async move {
            let change = json!({"data": {format!("key-{i}"): "value"}});
            api.merge(&path, &change).await.0
        });
    }
    assert!(writes.join_all().await.into_iter().all(|code| code == 200));
    let (_, object) = api.get(&path).await;
    assert_eq!(
        object["data"].as_object().map(serde_json::Map::len),
        Some(17)
    );
}
