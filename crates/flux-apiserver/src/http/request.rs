//! What a request is about: its address taken apart, and its query parameters.

use percent_encoding::percent_decode_str;

use crate::error::ApiError;

/// An address taken apart as apimachinery's request info resolver does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The path without the query.
    pub(crate) path: String,
    /// Whether it is below `/api/v1` or `/apis/<group>/<version>` and names a resource.
    pub(crate) resource_request: bool,
    pub(crate) verb: &'static str,
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Target {
    pub(crate) fn new(method: &http::Method, path: &str, params: &Params) -> Self {
        let mut target = Self {
            path: path.to_owned(),
            verb: plain_verb(method),
            ..Self::default()
        };
        let parts: Vec<String> = path
            .split('/')
            .filter(|p| !p.is_empty())
            .map(|p| percent_decode_str(p).decode_utf8_lossy().into_owned())
            .collect();
        let rest = match parts
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            ["api", version, _, ..] => {
                (*version).clone_into(&mut target.version);
                &parts[2..]
            }
            ["apis", group, version, _, ..] => {
                (*group).clone_into(&mut target.group);
                (*version).clone_into(&mut target.version);
                &parts[3..]
            }
            _ => return target,
        };
        target.resource_request = true;
        target.take_resource(rest);
        target.verb = resource_verb(method, !target.name.is_empty(), params);
        target
    }

    fn take_resource(&mut self, parts: &[String]) {
        let parts = if parts[0] == "namespaces" && parts.len() > 2 {
            self.namespace.clone_from(&parts[1]);
            // `namespaces/x/status` and `finalize` are subresources of the namespace itself.
            if matches!(parts[2].as_str(), "status" | "finalize") {
                parts
            } else {
                &parts[2..]
            }
        } else {
            if parts[0] == "namespaces" && parts.len() == 2 {
                self.namespace.clone_from(&parts[1]);
            }
            parts
        };
        self.resource.clone_from(&parts[0]);
        if let Some(name) = parts.get(1) {
            self.name.clone_from(name);
        }
        if parts.len() > 2 {
            self.subresource = parts[2..].join("/");
        }
    }
}

fn plain_verb(method: &http::Method) -> &'static str {
    match *method {
        http::Method::GET => "get",
        http::Method::HEAD => "head",
        http::Method::POST => "post",
        http::Method::PUT => "put",
        http::Method::PATCH => "patch",
        http::Method::DELETE => "delete",
        http::Method::OPTIONS => "options",
        _ => "",
    }
}

fn resource_verb(method: &http::Method, named: bool, params: &Params) -> &'static str {
    match *method {
        http::Method::GET | http::Method::HEAD => match (params.watch, named) {
            (true, _) => "watch",
            (false, true) => "get",
            (false, false) => "list",
        },
        http::Method::POST => "create",
        http::Method::PUT => "update",
        http::Method::PATCH => "patch",
        http::Method::DELETE if named => "delete",
        http::Method::DELETE => "deletecollection",
        _ => "",
    }
}

/// The query parameters of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params {
    pub(crate) dry_run: bool,
    pub(crate) field_manager: String,
    pub(crate) force: Option<bool>,
    pub(crate) field_validation: String,
    pub(crate) limit: usize,
    pub(crate) continue_token: String,
    pub(crate) resource_version: String,
    pub(crate) resource_version_match: String,
    pub(crate) label_selector: String,
    pub(crate) field_selector: String,
    pub(crate) watch: bool,
    pub(crate) timeout_seconds: Option<u64>,
    pub(crate) bookmarks: bool,
    pub(crate) send_initial_events: Option<bool>,
    pub(crate) propagation: String,
    pub(crate) orphan: Option<bool>,
    pub(crate) include_object: String,
    bad_dry_run: Option<String>,
}

impl Params {
    pub(crate) fn parse(query: &str) -> Self {
        let mut params = Self::default();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8_lossy().into_owned();
            params.set(&percent_decode_str(key).decode_utf8_lossy(), value);
        }
        params
    }

    fn set(&mut self, key: &str, value: String) {
        let flag = || matches!(value.as_str(), "true" | "1" | "");
        match key {
            "dryRun" if value == "All" => self.dry_run = true,
            "dryRun" if !value.is_empty() => self.bad_dry_run = Some(value),
            "fieldManager" => self.field_manager = value,
            "force" => self.force = Some(flag()),
            "fieldValidation" => self.field_validation = value,
            "limit" => self.limit = value.parse().unwrap_or(0),
            "continue" => self.continue_token = value,
            "resourceVersion" => self.resource_version = value,
            "resourceVersionMatch" => self.resource_version_match = value,
            "labelSelector" => self.label_selector = value,
            "fieldSelector" => self.field_selector = value,
            "watch" => self.watch = flag(),
            "timeoutSeconds" => self.timeout_seconds = value.parse().ok(),
            "allowWatchBookmarks" => self.bookmarks = flag(),
            "sendInitialEvents" => self.send_initial_events = Some(flag()),
            "propagationPolicy" => self.propagation = value,
            "orphanDependents" => self.orphan = Some(flag()),
            "includeObject" => self.include_object = value,
            _ => {}
        }
    }

    /// Refuses parameter values that upstream refuses before it looks at the body.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        if let Some(value) = &self.bad_dry_run {
            return Err(ApiError::bad_request(format!(
                "dryRun: Unsupported value: \"{value}\": supported values: \"All\""
            )));
        }
        if !matches!(
            self.field_validation.as_str(),
            "" | "Ignore" | "Warn" | "Strict"
        ) {
            return Err(ApiError::bad_request(format!(
                "fieldValidation: Unsupported value: \"{}\": supported values: \"\", \"Ignore\", \
                 \"Strict\", \"Warn\"",
                self.field_validation
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Params, Target};

    fn target(method: &str, path: &str, query: &str) -> Target {
        let method: http::Method = method.parse().expect("a method");
        Target::new(&method, path, &Params::parse(query))
    }

    #[test]
    fn takes_addresses_apart() {
        let t = target(
            "PATCH",
            "/apis/apps/v1/namespaces/web/deployments/shop/scale",
            "",
        );
        assert_eq!(
            (
                t.verb,
                t.group.as_str(),
                t.namespace.as_str(),
                t.resource.as_str()
            ),
            ("patch", "apps", "web", "deployments")
        );
        assert_eq!((t.name.as_str(), t.subresource.as_str()), ("shop", "scale"));

        let t = target("GET", "/api/v1/namespaces/web", "");
        assert_eq!(
            (
                t.verb,
                t.resource.as_str(),
                t.name.as_str(),
                t.namespace.as_str()
            ),
            ("get", "namespaces", "web", "web")
        );
        let t = target("PUT", "/api/v1/namespaces/web/finalize", "");
        assert_eq!(
            (t.resource.as_str(), t.subresource.as_str()),
            ("namespaces", "finalize")
        );

        assert_eq!(target("GET", "/api/v1/pods", "watch=true").verb, "watch");
        assert_eq!(
            target("DELETE", "/api/v1/namespaces/a/pods", "").verb,
            "deletecollection"
        );
        assert!(!target("GET", "/apis/apps/v1", "").resource_request);
        assert!(!target("GET", "/healthz", "").resource_request);
    }
}
