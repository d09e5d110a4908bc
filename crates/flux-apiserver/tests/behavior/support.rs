//! A client that knows nothing of Kubernetes but paths and JSON.

use std::time::Duration;

use flux_apiserver::{Options, Server};
use serde_json::{Value, json};

/// A server and a client with the token of one user.
pub(crate) struct Api {
    pub(crate) server: std::sync::Arc<Server>,
    client: reqwest::Client,
    token: String,
}

/// A status code and a body.
pub(crate) type Answer = (u16, Value);

/// Deadline of everything that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

impl Api {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let server = Server::start(options).await.expect("start");
        let ca = reqwest::Certificate::from_pem(server.ca_pem().as_bytes()).expect("a CA");
        let client = reqwest::Client::builder()
            .tls_certs_only([ca])
            .no_proxy()
            .user_agent("behavior/1.0")
            .build()
            .expect("a client");
        let token = server.token("admin");
        Self {
            server: std::sync::Arc::new(server),
            client,
            token,
        }
    }

    /// The same server as another user.
    pub(crate) fn as_user(&self, user: &str) -> Self {
        Self {
            server: std::sync::Arc::clone(&self.server),
            client: self.client.clone(),
            token: self.server.token(user),
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        let url = format!("{}{path}", self.server.url());
        self.client.request(method, url).bearer_auth(&self.token)
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let code = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (
            code,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("PUT", path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str, options: &Value) -> Answer {
        self.send(self.request("DELETE", path).json(options)).await
    }

    pub(crate) async fn patch(&self, path: &str, media: &str, body: &Value) -> Answer {
        let request = self
            .request("PATCH", path)
            .header("content-type", media)
            .body(body.to_string());
        self.send(request).await
    }

    pub(crate) async fn merge(&self, path: &str, body: &Value) -> Answer {
        self.patch(path, "application/merge-patch+json", body).await
    }

    pub(crate) async fn apply(&self, path: &str, manager: &str, body: &Value) -> Answer {
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{joint}fieldManager={manager}");
        self.patch(&path, "application/apply-patch+yaml", body)
            .await
    }

    /// Watches a collection from a version.
    pub(crate) async fn watch(&self, path: &str) -> Watch {
        let response = self.request("GET", path).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "{path}");
        Watch {
            response,
            buffer: Vec::new(),
        }
    }

    /// Waits by watch until the object at `path` satisfies `done`.
    pub(crate) async fn until(&self, path: &str, done: impl Fn(&Value) -> bool) -> Value {
        let (collection, name) = path.rsplit_once('/').expect("a name");
        let url = format!("{collection}?watch=true&fieldSelector=metadata.name%3D{name}");
        let mut watch = self.watch(&url).await;
        loop {
            let event = watch.next().await.expect("the watch goes on");
            if event["type"] != "DELETED" && done(&event["object"]) {
                return event["object"].clone();
            }
        }
    }

    /// Waits until there is no object at `path`.
    pub(crate) async fn until_gone(&self, path: &str) {
        let (collection, name) = path.rsplit_once('/').expect("a name");
        let (_, list) = self.get(collection).await;
        let version = list["metadata"]["resourceVersion"]
            .as_str()
            .expect("a version");
        let there = list["items"].as_array().expect("a list");
        if !there.iter().any(|o| o["metadata"]["name"] == name) {
            return;
        }
        let url = format!(
            "{collection}?watch=true&resourceVersion={version}&fieldSelector=metadata.name%3D{name}"
        );
        let mut watch = self.watch(&url).await;
        while watch.next().await.expect("the watch goes on")["type"] != "DELETED" {}
    }
}

/// An open watch.
pub(crate) struct Watch {
    response: reqwest::Response,
    buffer: Vec<u8>,
}

impl Watch {
    /// The next event; nothing when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("an event"));
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk());
            match chunk.await.expect("an event in time") {
                Ok(Some(chunk)) => self.buffer.extend_from_slice(&chunk),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

pub(crate) const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
pub(crate) const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

pub(crate) fn config_map(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
        "data": {"key": "value"},
    })
}

pub(crate) fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "registry.example/main:1"}]},
            },
        },
    })
}

pub(crate) fn message(answer: &Answer) -> &str {
    answer.1["message"].as_str().unwrap_or("")
}
