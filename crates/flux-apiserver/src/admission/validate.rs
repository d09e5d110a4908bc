//! Checks of built-in kinds and of the metadata of all kinds, with the messages of the real server.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::error::FieldError;
use crate::registry::Resource;
use crate::store::{Doc, Stored, at, labels_match_query, meta, str_at};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
    or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
    regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or \
    '-', start with an alphabetic character, and end with an alphanumeric character (e.g. \
    'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
    characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and \
    must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
    '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or \
    '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is \
    '[-._a-zA-Z0-9]+')";
const PORT: &str = "must be between 1 and 65535, inclusive";

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern written here")
}

static SUBDOMAIN_RE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"));
static LABEL_RE: LazyLock<Regex> = LazyLock::new(|| regex(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"));
static LABEL_1035_RE: LazyLock<Regex> = LazyLock::new(|| regex(r"^[a-z]([-a-z0-9]*[a-z0-9])?$"));
static QUALIFIED_RE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$"));
static VALUE_RE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"));
static CONFIG_KEY_RE: LazyLock<Regex> = LazyLock::new(|| regex(r"^[-._a-zA-Z0-9]+$"));

fn too_long(field: &str, limit: usize) -> FieldError {
    FieldError {
        reason: "FieldValueTooLong",
        field: field.to_owned(),
        message: format!("Too long: may not be more than {limit} bytes"),
    }
}

fn named(field: &str, value: &str, pattern: &Regex, limit: usize, text: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if value.len() > limit {
        let detail = format!("must be no more than {limit} bytes");
        errors.push(FieldError::invalid(field, &value.into(), &detail));
    }
    if !pattern.is_match(value) {
        errors.push(FieldError::invalid(field, &value.into(), text));
    }
    errors
}

/// Names, labels, annotations, owners and finalizers.
pub(crate) fn metadata(resource: &Resource, doc: &Doc) -> Vec<FieldError> {
    let fields = meta(doc);
    let name = str_at(fields, "name");
    let mut errors = match resource.table.as_ref() {
        "namespaces" => named("metadata.name", name, &LABEL_RE, 63, LABEL),
        "services" => named("metadata.name", name, &LABEL_1035_RE, 63, LABEL_1035),
        table if table.ends_with(".rbac.authorization.k8s.io") => path_segment(name),
        _ => named("metadata.name", name, &SUBDOMAIN_RE, 253, SUBDOMAIN),
    };
    for (key, value) in map(fields, "labels") {
        errors.extend(qualified("metadata.labels", key));
        errors.extend(label_value("metadata.labels", value.as_str().unwrap_or("")));
    }
    let mut total = 0;
    for (key, value) in map(fields, "annotations") {
        errors.extend(qualified("metadata.annotations", &key.to_lowercase()));
        total += key.len() + value.as_str().map_or(0, str::len);
    }
    if total > 256 * 1024 {
        errors.push(too_long("metadata.annotations", 256 * 1024));
    }
    errors.extend(owners(fields));
    errors
}

fn path_segment(name: &str) -> Vec<FieldError> {
    let field = "metadata.name";
    let bad = |detail: &str| vec![FieldError::invalid(field, &name.into(), detail)];
    match name {
        "." | ".." => bad(&format!("may not be '{name}'")),
        _ if name.contains('/') => bad("may not contain '/'"),
        _ if name.contains('%') => bad("may not contain '%'"),
        _ => Vec::new(),
    }
}

fn owners(fields: &Doc) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut controllers = 0;
    let list = fields.get("ownerReferences").and_then(Value::as_array);
    for (i, owner) in list.into_iter().flatten().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or("")
                .is_empty()
            {
                let path = format!("metadata.ownerReferences[{i}].{field}");
                errors.push(FieldError::invalid(&path, &"".into(), "must not be empty"));
            }
        }
        controllers += i32::from(owner.get("controller") == Some(&Value::Bool(true)));
    }
    if controllers > 1 {
        errors.push(FieldError::invalid(
            "metadata.ownerReferences",
            &fields["ownerReferences"],
            "Only one reference can have Controller set to true",
        ));
    }
    errors
}

fn map<'a>(doc: &'a Doc, field: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    doc.get(field)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn qualified(field: &str, key: &str) -> Vec<FieldError> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let mut errors = Vec::new();
    let mut bad = |detail: &str| errors.push(FieldError::invalid(field, &key.into(), detail));
    if let Some(prefix) = prefix {
        if prefix.is_empty() {
            bad("prefix part must be non-empty");
        } else if !SUBDOMAIN_RE.is_match(prefix) {
            bad(&format!("prefix part {SUBDOMAIN}"));
        }
    }
    if name.is_empty() {
        bad("name part must be non-empty");
    } else if name.len() > 63 {
        bad("name part must be no more than 63 bytes");
    }
    if !QUALIFIED_RE.is_match(name) {
        bad(QUALIFIED);
    }
    errors
}

fn label_value(field: &str, value: &str) -> Vec<FieldError> {
    named(field, value, &VALUE_RE, 63, LABEL_VALUE)
}

/// While an object is being deleted no finalizer may be added.
pub(crate) fn finalizers_only_shrink(live: &Stored, doc: &Doc) -> Vec<FieldError> {
    let old = live.finalizers();
    let new = meta(doc).get("finalizers").and_then(Value::as_array);
    let added: Vec<&str> = new
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|f| !old.contains(f))
        .collect();
    if added.is_empty() {
        return Vec::new();
    }
    let quoted: Vec<String> = added.iter().map(|f| format!("\"{f}\"")).collect();
    vec![FieldError::forbidden(
        "metadata.finalizers",
        &format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers \
             []string{{{}}}",
            quoted.join(", ")
        ),
    )]
}

/// Required fields and ranges of the built-in kinds.
pub(crate) fn object(resource: &Resource, doc: &Doc) -> Vec<FieldError> {
    match resource.table.as_ref() {
        "configmaps" => data_keys(doc, &["data", "binaryData"]),
        "secrets" => secret(doc),
        "deployments.apps" | "replicasets.apps" | "statefulsets.apps" | "daemonsets.apps" => {
            workload(doc)
        }
        "jobs.batch" => template(doc, "spec.template", &["OnFailure", "Never"]),
        "cronjobs.batch" => cron_job(doc),
        "pods" => pod_spec(doc, "spec"),
        "services" => service(doc),
        "ingresses.networking.k8s.io" => ingress(doc),
        "rolebindings.rbac.authorization.k8s.io"
        | "clusterrolebindings.rbac.authorization.k8s.io" => role_ref(resource, doc),
        "customresourcedefinitions.apiextensions.k8s.io" => definition(doc),
        _ => Vec::new(),
    }
}

fn data_keys(doc: &Doc, fields: &[&str]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in fields {
        for (key, _) in map(doc, field) {
            if !CONFIG_KEY_RE.is_match(key) {
                let path = format!("{field}[{key}]");
                errors.push(FieldError::invalid(&path, &key.as_str().into(), CONFIG_KEY));
            }
        }
    }
    errors
}

fn secret(doc: &Doc) -> Vec<FieldError> {
    let mut errors = data_keys(doc, &["data"]);
    let needed: &[&str] = match str_at(doc, "type") {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    let data = doc.get("data");
    for key in needed {
        if data.and_then(|d| d.get(key)).is_none() {
            errors.push(FieldError::required(&format!("data[{key}]"), ""));
        }
    }
    errors
}

fn workload(doc: &Doc) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let replicas = at(doc, "spec.replicas")
        .and_then(Value::as_i64)
        .unwrap_or(0);
    if replicas < 0 {
        errors.push(FieldError::invalid(
            "spec.replicas",
            &replicas.into(),
            "must be greater than or equal to 0",
        ));
    }
    let selector = at(doc, "spec.selector").filter(|s| !s.is_null());
    let labels = at(doc, "spec.template.metadata.labels");
    match selector {
        None => errors.push(FieldError::required("spec.selector", "")),
        Some(selector) if selector.as_object().is_some_and(Doc::is_empty) => {
            errors.push(FieldError::invalid(
                "spec.selector",
                selector,
                "empty selector is invalid for deployment",
            ));
        }
        Some(selector) if !labels_match_query(selector, labels) => {
            errors.push(FieldError::invalid(
                "spec.template.metadata.labels",
                labels.unwrap_or(&Value::Null),
                "`selector` does not match template `labels`",
            ));
        }
        Some(_) => {}
    }
    errors.extend(template(doc, "spec.template", &["Always"]));
    errors
}

fn template(doc: &Doc, path: &str, restart: &[&str]) -> Vec<FieldError> {
    let spec = format!("{path}.spec");
    let mut errors = pod_spec(doc, &spec);
    let field = format!("{spec}.restartPolicy");
    let policy = at(doc, &field).and_then(Value::as_str).unwrap_or("");
    if policy.is_empty() {
        errors.push(FieldError::required(
            &field,
            &format!(
                "valid values: {}",
                restart
                    .iter()
                    .map(|r| format!("\"{r}\""))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        ));
    } else if !restart.contains(&policy) {
        errors.push(FieldError::not_supported(&field, &policy.into(), restart));
    }
    errors
}

fn cron_job(doc: &Doc) -> Vec<FieldError> {
    let mut errors = template(
        doc,
        "spec.jobTemplate.spec.template",
        &["OnFailure", "Never"],
    );
    if at(doc, "spec.schedule")
        .and_then(Value::as_str)
        .unwrap_or("")
        .is_empty()
    {
        errors.push(FieldError::required("spec.schedule", ""));
    }
    errors
}

fn pod_spec(doc: &Doc, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let list = format!("{path}.containers");
    let containers = at(doc, &list)
        .and_then(Value::as_array)
        .filter(|c| !c.is_empty());
    let Some(containers) = containers else {
        return vec![FieldError::required(&list, "")];
    };
    let mut seen = std::collections::HashSet::new();
    for (i, container) in containers.iter().enumerate() {
        let text = |field: &str| container.get(field).and_then(Value::as_str).unwrap_or("");
        let at = format!("{list}[{i}]");
        let name = text("name");
        if name.is_empty() {
            errors.push(FieldError::required(&format!("{at}.name"), ""));
        } else {
            errors.extend(named(&format!("{at}.name"), name, &LABEL_RE, 63, LABEL));
            if !seen.insert(name) {
                errors.push(FieldError::duplicate(&format!("{at}.name"), &name.into()));
            }
        }
        if text("image").is_empty() {
            errors.push(FieldError::required(&format!("{at}.image"), ""));
        }
        let ports = container.get("ports").and_then(Value::as_array);
        for (j, port) in ports.into_iter().flatten().enumerate() {
            let field = format!("{at}.ports[{j}].containerPort");
            errors.extend(port_number(&field, port.get("containerPort")));
        }
        errors.extend(mounts(doc, path, &at, container));
    }
    errors
}

fn mounts(doc: &Doc, path: &str, container: &str, value: &Value) -> Vec<FieldError> {
    let volumes = at(doc, &format!("{path}.volumes")).and_then(Value::as_array);
    let known: Vec<&str> = volumes
        .into_iter()
        .flatten()
        .filter_map(|v| v.get("name").and_then(Value::as_str))
        .collect();
    let list = value.get("volumeMounts").and_then(Value::as_array);
    let mut errors = Vec::new();
    for (i, mount) in list.into_iter().flatten().enumerate() {
        let name = mount.get("name").and_then(Value::as_str).unwrap_or("");
        if !known.contains(&name) {
            errors.push(FieldError {
                reason: "FieldValueNotFound",
                field: format!("{container}.volumeMounts[{i}].name"),
                message: format!("Not found: \"{name}\""),
            });
        }
    }
    errors
}

fn port_number(field: &str, value: Option<&Value>) -> Vec<FieldError> {
    match value.and_then(Value::as_i64) {
        None | Some(0) => vec![FieldError::required(field, "")],
        Some(port) if !(1..=65535).contains(&port) => {
            vec![FieldError::invalid(field, &port.into(), PORT)]
        }
        Some(_) => Vec::new(),
    }
}

fn service(doc: &Doc) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let kind = at(doc, "spec.type").and_then(Value::as_str).unwrap_or("");
    let types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    if !types.contains(&kind) {
        errors.push(FieldError::not_supported("spec.type", &kind.into(), &types));
    }
    let headless = at(doc, "spec.clusterIP") == Some(&Value::from("None"));
    let ports = at(doc, "spec.ports")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if ports.is_empty() && kind != "ExternalName" && !headless {
        errors.push(FieldError::required("spec.ports", ""));
    }
    for (i, port) in ports.iter().enumerate() {
        let field = format!("spec.ports[{i}].port");
        match port.get("port").and_then(Value::as_i64).unwrap_or(0) {
            n if (1..=65535).contains(&n) => {}
            n => errors.push(FieldError::invalid(&field, &n.into(), PORT)),
        }
        let name = port.get("name").and_then(Value::as_str).unwrap_or("");
        if name.is_empty() && ports.len() > 1 {
            errors.push(FieldError::required(&format!("spec.ports[{i}].name"), ""));
        }
        let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("");
        if !matches!(protocol, "TCP" | "UDP" | "SCTP") {
            errors.push(FieldError::not_supported(
                &format!("spec.ports[{i}].protocol"),
                &protocol.into(),
                &["SCTP", "TCP", "UDP"],
            ));
        }
    }
    errors
}

fn ingress(doc: &Doc) -> Vec<FieldError> {
    let rules = at(doc, "spec.rules")
        .and_then(Value::as_array)
        .is_some_and(|r| !r.is_empty());
    if rules || at(doc, "spec.defaultBackend").is_some_and(|b| !b.is_null()) {
        return Vec::new();
    }
    vec![FieldError::invalid(
        "spec",
        &Value::Array(Vec::new()),
        "either `defaultBackend` or `rules` must be specified",
    )]
}

fn role_ref(resource: &Resource, doc: &Doc) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let text = |path: &str| {
        at(doc, path)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let kind = text("roleRef.kind");
    let valid: &[&str] = if resource.kind == "RoleBinding" {
        &["ClusterRole", "Role"]
    } else {
        &["ClusterRole"]
    };
    if !valid.contains(&kind.as_str()) {
        errors.push(FieldError::not_supported(
            "roleRef.kind",
            &kind.into(),
            valid,
        ));
    }
    if text("roleRef.name").is_empty() {
        errors.push(FieldError::required("roleRef.name", ""));
    }
    let subjects = doc.get("subjects").and_then(Value::as_array);
    for (i, subject) in subjects.into_iter().flatten().enumerate() {
        let get = |field: &str| subject.get(field).and_then(Value::as_str).unwrap_or("");
        if get("name").is_empty() {
            errors.push(FieldError::required(&format!("subjects[{i}].name"), ""));
        }
        match get("kind") {
            "User" | "Group" => {}
            "ServiceAccount" => {
                if get("namespace").is_empty() {
                    errors.push(FieldError::required(
                        &format!("subjects[{i}].namespace"),
                        "",
                    ));
                }
            }
            kind => errors.push(FieldError::not_supported(
                &format!("subjects[{i}].kind"),
                &kind.into(),
                &["Group", "ServiceAccount", "User"],
            )),
        }
    }
    errors
}

fn definition(doc: &Doc) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let text = |path: &str| {
        at(doc, path)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let (group, plural) = (text("spec.group"), text("spec.names.plural"));
    let wanted = format!("{plural}.{group}");
    let name = str_at(meta(doc), "name");
    if name != wanted {
        errors.push(FieldError::invalid(
            "metadata.name",
            &name.into(),
            "must be spec.names.plural+\".\"+spec.group",
        ));
    }
    for (path, value) in [("spec.group", &group), ("spec.names.plural", &plural)] {
        if value.is_empty() {
            errors.push(FieldError::required(path, ""));
        }
    }
    if text("spec.names.kind").is_empty() {
        errors.push(FieldError::required("spec.names.kind", ""));
    }
    let scope = text("spec.scope");
    if !matches!(scope.as_str(), "Cluster" | "Namespaced") {
        errors.push(FieldError::not_supported(
            "spec.scope",
            &scope.into(),
            &["Cluster", "Namespaced"],
        ));
    }
    let versions = at(doc, "spec.versions").and_then(Value::as_array);
    let versions = versions.map_or(&[][..], Vec::as_slice);
    let storage = versions
        .iter()
        .filter(|v| v.get("storage") == Some(&Value::Bool(true)))
        .count();
    if storage != 1 {
        errors.push(FieldError::invalid(
            "spec.versions",
            &Value::Array(Vec::new()),
            "must have exactly one version marked as storage version",
        ));
    }
    for (i, version) in versions.iter().enumerate() {
        if version.pointer("/schema/openAPIV3Schema").is_none() {
            errors.push(FieldError::required(
                &format!("spec.versions[{i}].schema.openAPIV3Schema"),
                "schemas are required",
            ));
        }
    }
    errors.extend(crate::registry::schema_errors(doc));
    errors
}
