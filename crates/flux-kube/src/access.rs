//! Asking the API server about rights, and for tokens.

use http::Method;
use serde_json::{Value, json};

use crate::client::{Call, Client};
use crate::error::Error;
use crate::identity::Identity;
use crate::resource::Resource;

/// What is asked of an access review.
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// Such as `get`, `patch`, `delete`.
    pub verb: &'a str,
    /// The resource.
    pub resource: &'a Resource,
    /// Empty for all namespaces or a cluster-scoped resource.
    pub namespace: &'a str,
    /// Empty for all names.
    pub name: &'a str,
}

/// A token of a service account. Its text never shows in `Debug`.
#[derive(Clone)]
pub struct Token {
    /// The JSON web token.
    pub text: String,
    /// When it ends, RFC 3339.
    pub expires_at: String,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Whether this client's identity may do something (`SelfSubjectAccessReview`).
    ///
    /// # Errors
    /// Any request error; a denial is `Ok(false)`.
    pub async fn may(&self, access: &Access<'_>) -> Result<bool, Error> {
        let spec = json!({ "resourceAttributes": attributes(access) });
        self.review("SelfSubjectAccessReview", "selfsubjectaccessreviews", spec)
            .await
    }

    /// Whether another identity may do something (`SubjectAccessReview`).
    ///
    /// # Errors
    /// Any request error; a denial is `Ok(false)`.
    pub async fn may_identity(
        &self,
        identity: &Identity,
        access: &Access<'_>,
    ) -> Result<bool, Error> {
        let spec = json!({
            "user": identity.user_name(),
            "groups": identity.groups(),
            "resourceAttributes": attributes(access),
        });
        self.review("SubjectAccessReview", "subjectaccessreviews", spec)
            .await
    }

    async fn review(&self, kind: &str, plural: &str, spec: Value) -> Result<bool, Error> {
        let path = format!("/apis/authorization.k8s.io/v1/{plural}");
        let body = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec });
        let answer = self.question(path, &body).await?;
        Ok(answer["status"]["allowed"].as_bool().unwrap_or(false))
    }

    /// Issues a token for a service account (`TokenRequest`). No audience means the API server's own.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such an account; any other request error.
    pub async fn request_token(
        &self,
        (namespace, name): (&str, &str),
        audiences: &[String],
        expiration_seconds: Option<u64>,
    ) -> Result<Token, Error> {
        let path = Resource::service_accounts().path(namespace, name, "token");
        let mut spec = json!({ "audiences": audiences });
        if let Some(seconds) = expiration_seconds {
            spec["expirationSeconds"] = seconds.into();
        }
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": spec,
        });
        let answer = self.question(path.clone(), &body).await?;
        let text = |key: &str| answer["status"][key].as_str().map(str::to_owned);
        match (text("token"), text("expirationTimestamp")) {
            (Some(text), Some(expires_at)) => Ok(Token { text, expires_at }),
            _ => Err(Error::Decode {
                method: "POST".to_owned(),
                path,
                source: "token or expiry is missing".into(),
            }),
        }
    }

    /// A POST that stores nothing.
    async fn question(&self, path: String, body: &Value) -> Result<Value, Error> {
        let mut call = Call::with_body(Method::POST, path.clone(), body.to_string().into_bytes());
        call.writes = false;
        let answer = self.call(call).await?;
        serde_json::from_slice(&answer.body).map_err(|e| Error::Decode {
            method: "POST".to_owned(),
            path,
            source: Box::new(e),
        })
    }
}

fn attributes(access: &Access<'_>) -> Value {
    json!({
        "verb": access.verb,
        "group": access.resource.group,
        "version": access.resource.version,
        "resource": access.resource.plural,
        "namespace": access.namespace,
        "name": access.name,
    })
}
