//! A server, a client, and ways to wait for what becomes true.

use std::time::Duration;

use flux_apiserver::{Options, Server};
use flux_kube::{Client, Credentials, Endpoint, PatchOptions, Resource, Watch, WatchEvent};
use flux_object::Object;
use futures::StreamExt;
use serde_json::{Value, json};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) client: Client,
}

pub(crate) async fn world() -> World {
    let server = Server::start(Options::default()).await.unwrap();
    let client = client_of(&server, "admin").await;
    World { server, client }
}

pub(crate) async fn client_of(server: &Server, user: &str) -> Client {
    let endpoint = Endpoint {
        server: server.url(),
        ca_pem: Some(server.ca_pem().to_owned()),
        token: Some(server.token(user)),
        proxy_url: None,
    };
    let options = flux_kube::Options {
        user_agent: "tests".to_owned(),
        ..flux_kube::Options::default()
    };
    Client::connect(Credentials::Endpoint(endpoint), &options)
        .await
        .unwrap()
}

pub(crate) fn object(value: Value) -> Object {
    Object::from_value(value).unwrap()
}

pub(crate) fn config_map(name: &str, value: &str) -> Object {
    object(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": "default" },
        "data": { "k": value },
    }))
}

pub(crate) fn repositories() -> Resource {
    let api = "source.toolkit.fluxcd.io/v1";
    Resource::new(api, "GitRepository", "gitrepositories", true)
}

pub(crate) fn repository(name: &str) -> Object {
    object(json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": { "name": name, "namespace": "default" },
        "spec": { "url": format!("https://git.test/{name}.git"), "interval": "10m" },
    }))
}

impl World {
    /// Makes the kind known, with a schema that takes anything: what is wrong must reach the controller.
    pub(crate) async fn with_repositories(self) -> Self {
        let definition = object(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "gitrepositories.source.toolkit.fluxcd.io" },
            "spec": {
                "group": "source.toolkit.fluxcd.io", "scope": "Namespaced",
                "names": { "kind": "GitRepository", "listKind": "GitRepositoryList",
                    "plural": "gitrepositories", "singular": "gitrepository" },
                "versions": [{
                    "name": "v1", "served": true, "storage": true,
                    "subresources": { "status": {} },
                    "schema": { "openAPIV3Schema": {
                        "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                    }},
                }],
            },
        }));
        let crds = Resource::new(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            false,
        );
        self.create(&crds, &definition).await;
        let name = "gitrepositories.source.toolkit.fluxcd.io";
        self.until(&crds, ("", name), |crd| {
            let conditions = crd.get_list(&["status", "conditions"]);
            conditions
                .iter()
                .any(|c| c["type"] == "Established" && c["status"] == "True")
        })
        .await;
        self
    }

    pub(crate) async fn create(&self, resource: &Resource, object: &Object) -> Object {
        let options = PatchOptions::default();
        self.client
            .create(resource, object, &options)
            .await
            .unwrap()
    }

    pub(crate) async fn patch(&self, resource: &Resource, name: &str, patch: Value) {
        let options = PatchOptions::default();
        let target = ("default", name);
        let patched = self.client.merge_patch(resource, target, &patch, &options);
        patched.await.unwrap();
    }

    /// Follows an object until it is as wanted.
    pub(crate) async fn until(
        &self,
        resource: &Resource,
        target: (&str, &str),
        wanted: impl Fn(&Object) -> bool,
    ) -> Object {
        let mut states = self.client.watch_one(resource, target);
        let mut last = None;
        let found = async {
            while let Some(state) = states.next().await {
                let Some(object) = state.unwrap() else {
                    continue;
                };
                if wanted(&object) {
                    return object;
                }
                last = Some(object);
            }
            unreachable!("a watch does not end")
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("{target:?} never became as wanted: {last:?}"))
    }

    /// Waits until an object is gone.
    pub(crate) async fn gone(&self, resource: &Resource, target: (&str, &str)) {
        let mut states = self.client.watch_one(resource, target);
        let gone = async {
            while let Some(state) = states.next().await {
                if state.unwrap().is_none() {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.unwrap();
    }

    /// Waits for the Ready condition of a GitRepository.
    pub(crate) async fn ready(&self, name: &str, status: &str) -> Object {
        let target = ("default", name);
        let is = |o: &Object| condition(o, "Ready").is_some_and(|c| c["status"] == status);
        self.until(&repositories(), target, is).await
    }

    /// The next event that is no bookmark.
    pub(crate) async fn next(events: &mut flux_kube::WatchStream) -> WatchEvent {
        loop {
            let next = tokio::time::timeout(PATIENCE, events.next()).await;
            match next.unwrap().unwrap() {
                Ok(WatchEvent::Bookmark { .. }) | Err(_) => {}
                Ok(event) => return event,
            }
        }
    }

    pub(crate) fn watch(
        &self,
        resource: &Resource,
        streaming_lists: bool,
    ) -> flux_kube::WatchStream {
        let watch = Watch {
            namespace: "default".to_owned(),
            streaming_lists,
            ..Watch::default()
        };
        self.client.watch(resource, watch)
    }
}

pub(crate) fn condition<'a>(object: &'a Object, r#type: &str) -> Option<&'a Value> {
    let conditions = object.get_list(&["status", "conditions"]);
    conditions.iter().find(|c| c["type"] == r#type)
}

pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("in time")
}
