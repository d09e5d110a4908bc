//! Tokens for service accounts on request.

use serde_json::{Value, json};

use crate::auth::{AUDIENCE, Issue};
use crate::clock;
use crate::error::{ApiError, FieldError};
use crate::http::{Reply, decode_body};
use crate::print;
use crate::verbs::{Call, read};

pub(crate) fn token(call: &Call<'_>) -> Result<Reply, ApiError> {
    let account = read::fetch(call)?;
    let mut body = decode_body(&call.ask.content_type, &call.ask.body)?;
    let spec = body.get("spec").cloned().unwrap_or_else(|| json!({}));
    let seconds = spec
        .get("expirationSeconds")
        .and_then(Value::as_i64)
        .unwrap_or(3600);
    if seconds < 600 {
        let errors = vec![FieldError::invalid(
            "spec.expirationSeconds",
            &seconds.into(),
            "may not specify a duration less than 10 minutes",
        )];
        return Err(ApiError::invalid(
            "authentication.k8s.io",
            "TokenRequest",
            "",
            errors,
        ));
    }
    let list = spec.get("audiences").and_then(Value::as_array);
    let mut audiences: Vec<String> = list
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if audiences.is_empty() {
        audiences.push(AUDIENCE.to_owned());
    }
    let token = call.cluster.tokens.issue(&Issue {
        namespace: account.namespace(),
        name: account.name(),
        uid: account.uid(),
        seconds,
        audiences: &audiences,
    });
    body.insert("kind".to_owned(), "TokenRequest".into());
    body.insert("apiVersion".to_owned(), "authentication.k8s.io/v1".into());
    body.insert(
        "metadata".to_owned(),
        json!({"name": account.name(), "namespace": account.namespace(), "creationTimestamp": clock::now()}),
    );
    body.insert(
        "spec".to_owned(),
        json!({"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": spec.get("boundObjectRef")}),
    );
    body.insert(
        "status".to_owned(),
        json!({"token": token, "expirationTimestamp": clock::after(seconds)}),
    );
    Ok(print::value(call, 201, &Value::Object(body)))
}
