//! Impersonation headers, and the right to send them.

use http::HeaderMap;
use percent_encoding::percent_decode_str;

use crate::auth::authenticate::{User, service_account_groups, split_service_account};
use crate::auth::authorize::{Attributes, Decision};
use crate::cluster::Cluster;
use crate::error::ApiError;

const AUTHENTICATION: &str = "authentication.k8s.io";

/// The user to act as, or `None` without impersonation headers.
pub(crate) fn impersonate(
    cluster: &Cluster,
    real: &User,
    headers: &HeaderMap,
) -> Result<Option<User>, ApiError> {
    let Some(user) = requested(headers)? else {
        return Ok(None);
    };
    let check = |group: &str, resource: &str, subresource: &str, namespace: &str, name: &str| {
        let ask = Attributes {
            verb: "impersonate",
            group,
            resource,
            subresource,
            namespace,
            name,
            path: "",
        };
        if !cluster.options.rbac {
            return Ok(());
        }
        match cluster.rbac.decide(&cluster.store, real, &ask) {
            Decision::Allowed => Ok(()),
            Decision::Denied(why) => Err(ask.refusal(real, &why)),
        }
    };
    match split_service_account(&user.name) {
        Some((namespace, name)) => check("", "serviceaccounts", "", namespace, name)?,
        None => check("", "users", "", "", &user.name)?,
    }
    for group in &user.groups {
        check("", "groups", "", "", group)?;
    }
    if !user.uid.is_empty() {
        check(AUTHENTICATION, "uids", "", "", &user.uid)?;
    }
    for (key, values) in &user.extra {
        for value in values {
            check(AUTHENTICATION, "userextras", key, "", value)?;
        }
    }
    Ok(Some(completed(user)))
}

fn requested(headers: &HeaderMap) -> Result<Option<User>, ApiError> {
    let one = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let mut user = User {
        name: one("impersonate-user"),
        ..User::default()
    };
    user.uid = one("impersonate-uid");
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        if name == "impersonate-group" {
            user.groups.push(value.to_owned());
        } else if let Some(key) = name.as_str().strip_prefix("impersonate-extra-") {
            let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
            user.extra.entry(key).or_default().push(value.to_owned());
        }
    }
    if !user.name.is_empty() {
        return Ok(Some(user));
    }
    if user.groups.is_empty() && user.extra.is_empty() && user.uid.is_empty() {
        return Ok(None);
    }
    Err(ApiError::internal(
        "requested groups, uid or extra without impersonating a user",
    ))
}

fn completed(mut user: User) -> User {
    if user.groups.is_empty()
        && let Some((namespace, _)) = split_service_account(&user.name)
    {
        user.groups.extend(service_account_groups(namespace));
    }
    if user.name == "system:anonymous" {
        user.groups.push("system:unauthenticated".to_owned());
    }
    user.close();
    user
}
