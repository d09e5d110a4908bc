//! The life of a request: authenticate, impersonate, authorise, fault, serve, record.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use crate::auth::{Attributes, Decision, User, account_exists, impersonate};
use crate::clock;
use crate::cluster::Cluster;
use crate::error::ApiError;
use crate::http::{Body, Params, Reply, Target};
use crate::ledger::Entry;
use crate::{discovery, verbs};

/// Upstream's limit of a request's body.
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// A request on its way, past the wire.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) target: Target,
    pub(crate) params: Params,
    pub(crate) user: User,
    pub(crate) accept: String,
    pub(crate) content_type: String,
    pub(crate) user_agent: String,
    pub(crate) body: Bytes,
}

pub(crate) async fn handle(cluster: Arc<Cluster>, request: Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let params = Params::parse(parts.uri.query().unwrap_or(""));
    let target = Target::new(&parts.method, parts.uri.path(), &params);
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("")
            .to_owned()
    };
    let mut entry = entry(&target, &params, header("user-agent"));
    entry.patch = verbs::patch_name(&header("content-type"), &parts.method);

    let outcome = identify(&cluster, &parts.headers, &target, &mut entry);
    let reply = match outcome {
        Err(error) => Reply::error(&error),
        Ok(user) => match Limited::new(body, BODY_LIMIT).collect().await {
            Err(_) => Reply::error(&ApiError::new(
                413,
                "RequestEntityTooLarge",
                format!("limit is {BODY_LIMIT}"),
            )),
            Ok(body) => {
                let ask = Ask {
                    accept: header("accept"),
                    content_type: header("content-type"),
                    user_agent: header("user-agent"),
                    body: body.to_bytes(),
                    target,
                    params,
                    user,
                };
                entry.request_bytes = ask.body.len();
                answer(&cluster, ask, &entry).await
            }
        },
    };
    entry.code = reply.code;
    cluster.ledger.record(entry);
    let flow = (cluster.flow.0.as_str(), cluster.flow.1.as_str());
    let mut response = reply.into_response(&clock::uid(), flow);
    if parts.method == http::Method::HEAD {
        *response.body_mut() = crate::http::empty_body();
    }
    response
}

fn entry(target: &Target, params: &Params, user_agent: String) -> Entry {
    Entry {
        verb: target.verb.to_owned(),
        group: target.group.clone(),
        version: target.version.clone(),
        resource: target.resource.clone(),
        subresource: target.subresource.clone(),
        namespace: target.namespace.clone(),
        name: target.name.clone(),
        path: target.path.clone(),
        dry_run: params.dry_run,
        field_manager: params.field_manager.clone(),
        user_agent,
        ..Entry::default()
    }
}

/// Authentication, impersonation and authorisation.
fn identify(
    cluster: &Cluster,
    headers: &HeaderMap,
    target: &Target,
    entry: &mut Entry,
) -> Result<User, ApiError> {
    let authorization = headers.get("authorization").and_then(|v| v.to_str().ok());
    let real = match authorization.map(|v| v.split_once(' ').unwrap_or((v, ""))) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => cluster
            .tokens
            .user(token.trim())
            .filter(|user| account_exists(&cluster.store, user))
            .ok_or_else(ApiError::unauthorized)?,
        _ => User::anonymous(),
    };
    entry.user.clone_from(&real.name);
    let user = match impersonate(cluster, &real, headers)? {
        None => real,
        Some(user) => {
            entry.impersonated = Some(user.name.clone());
            user
        }
    };
    authorize(cluster, &user, target)?;
    Ok(user)
}

fn authorize(cluster: &Cluster, user: &User, target: &Target) -> Result<(), ApiError> {
    if !cluster.options.rbac && user.name != "system:anonymous" {
        return Ok(());
    }
    let ask = if target.resource_request {
        Attributes {
            verb: target.verb,
            group: &target.group,
            resource: &target.resource,
            subresource: &target.subresource,
            namespace: &target.namespace,
            name: &target.name,
            path: &target.path,
        }
    } else {
        Attributes {
            verb: target.verb,
            path: &target.path,
            ..Attributes::default()
        }
    };
    match cluster.rbac.decide(&cluster.store, user, &ask) {
        Decision::Allowed => Ok(()),
        Decision::Denied(why) => Err(ask.refusal(user, &why)),
    }
}

async fn answer(cluster: &Arc<Cluster>, ask: Ask, entry: &Entry) -> Reply {
    cluster.faults.held(entry).await;
    if let Some((code, message)) = cluster.faults.refusal(entry) {
        let mut error = ApiError::new(code, reason_of(code), message);
        if code == 429 {
            error.details.get_or_insert_default().retry_after_seconds = 1;
        }
        return Reply::error(&error);
    }
    if !ask.target.resource_request {
        return discovery::serve(cluster, &ask);
    }
    match verbs::serve(cluster, &ask) {
        Ok(reply) => reply,
        Err(error) => Reply::error(&error),
    }
}

fn reason_of(code: u16) -> &'static str {
    match code {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        409 => "Conflict",
        410 => "Gone",
        422 => "Invalid",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "",
    }
}
