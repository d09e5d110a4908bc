//! Questions about identity and rights, answered and not stored.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::auth::{Attributes, Decision, User};
use crate::error::ApiError;
use crate::http::{Reply, decode_body};
use crate::print;
use crate::store::Doc;
use crate::verbs::{Call, decode};

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ApiError> {
    let mut body = decode_body(&call.ask.content_type, &call.ask.body)?;
    let checked = decode::object(call, body.clone(), decode::Named::Free)?;
    let spec = checked.get("spec").cloned().unwrap_or_else(|| json!({}));
    let user = &call.ask.user;
    let status = match call.resource.kind.as_str() {
        "SelfSubjectReview" => json!({"userInfo": user_value(user)}),
        "TokenReview" => token_review(call, &spec),
        "SelfSubjectAccessReview" => access(call, user, &spec),
        "SubjectAccessReview" | "LocalSubjectAccessReview" => access(call, &subject(&spec), &spec),
        "SelfSubjectRulesReview" => rules(call, &spec),
        _ => return Err(ApiError::method_not_allowed()),
    };
    body.insert("kind".to_owned(), call.resource.kind.clone().into());
    body.insert("apiVersion".to_owned(), call.resource.api_version().into());
    body.entry("metadata").or_insert_with(|| json!({}));
    body.insert("status".to_owned(), status);
    Ok(print::value(call, 201, &Value::Object(body)))
}

fn user_value(user: &User) -> Value {
    let mut value = json!({"username": user.name, "groups": user.groups});
    if !user.uid.is_empty() {
        value["uid"] = user.uid.clone().into();
    }
    if !user.extra.is_empty() {
        value["extra"] = json!(user.extra);
    }
    value
}

fn token_review(call: &Call<'_>, spec: &Value) -> Value {
    let token = text(spec, "token");
    let list = spec.get("audiences").and_then(Value::as_array);
    let wanted: Vec<&str> = list
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match call.cluster.tokens.review(token) {
        None => json!({"user": {}, "error": "[invalid bearer token]"}),
        Some((user, audiences)) => {
            let common: Vec<&String> = audiences
                .iter()
                .filter(|a| wanted.is_empty() || wanted.contains(&a.as_str()))
                .collect();
            if common.is_empty() {
                return json!({"user": {}, "error": "[invalid bearer token, token audiences do not match]"});
            }
            json!({"authenticated": true, "user": user_value(&user), "audiences": common})
        }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("")
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let list = value.get(field).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn subject(spec: &Value) -> User {
    let mut extra = BTreeMap::new();
    for (key, _) in spec
        .get("extra")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        extra.insert(key.clone(), texts(&spec["extra"], key));
    }
    User {
        name: text(spec, "user").to_owned(),
        uid: text(spec, "uid").to_owned(),
        groups: texts(spec, "groups"),
        extra,
    }
}

fn access(call: &Call<'_>, user: &User, spec: &Value) -> Value {
    let empty = json!({});
    let of_resource = spec.get("resourceAttributes");
    let ask = if let Some(r) = of_resource {
        Attributes {
            verb: text(r, "verb"),
            group: text(r, "group"),
            resource: text(r, "resource"),
            subresource: text(r, "subresource"),
            namespace: text(r, "namespace"),
            name: text(r, "name"),
            path: "",
        }
    } else {
        let r = spec.get("nonResourceAttributes").unwrap_or(&empty);
        Attributes {
            verb: text(r, "verb"),
            path: text(r, "path"),
            ..Attributes::default()
        }
    };
    if !call.cluster.options.rbac {
        return json!({"allowed": true});
    }
    match call.cluster.rbac.decide(&call.cluster.store, user, &ask) {
        Decision::Allowed => json!({"allowed": true}),
        Decision::Denied(why) if why.is_empty() => json!({"allowed": false}),
        Decision::Denied(why) => json!({"allowed": false, "reason": why}),
    }
}

fn rules(call: &Call<'_>, spec: &Value) -> Value {
    let cluster = call.cluster;
    let rules = cluster
        .rbac
        .rules(&cluster.store, &call.ask.user, text(spec, "namespace"));
    let (mut resources, mut urls) = (Vec::new(), Vec::new());
    for rule in rules {
        if rule.urls.is_empty() || !rule.resources.is_empty() {
            let mut item = Doc::new();
            item.insert("verbs".to_owned(), rule.verbs.clone().into());
            item.insert("apiGroups".to_owned(), rule.groups.into());
            item.insert("resources".to_owned(), rule.resources.into());
            if !rule.names.is_empty() {
                item.insert("resourceNames".to_owned(), rule.names.into());
            }
            resources.push(Value::Object(item));
        }
        if !rule.urls.is_empty() {
            urls.push(json!({"verbs": rule.verbs, "nonResourceURLs": rule.urls}));
        }
    }
    json!({"resourceRules": resources, "nonResourceRules": urls, "incomplete": false})
}
