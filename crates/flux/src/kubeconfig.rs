//! The kubeconfig that the flags and `KUBECONFIG` name, with the flags' overrides, as kubectl reads it (CLI-GLB-008).

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::Fail;
use crate::cli::flag::Values;

/// A kubeconfig with one cluster, one user and one context.
pub(crate) struct Loaded {
    /// YAML.
    pub(crate) text: String,
    /// The address of the API server.
    pub(crate) server: String,
    /// The namespace of the context; may be empty.
    pub(crate) namespace: String,
}

/// Reads it. `None` stands for the service account of the pod that this runs in.
pub(crate) fn load(flags: &Values) -> Result<Option<Loaded>, Fail> {
    let merged = read(flags)?;
    let explicit = flags.some("server").is_some() || flags.some("context").is_some();
    if merged.is_none() && !explicit && std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        return Ok(None);
    }
    let merged = merged.unwrap_or_else(|| json!({}));
    let context = context(&merged, flags)?;
    let named = |list: &str, flag: &str, kind: &str| {
        let name = flags
            .some(flag)
            .or_else(|| context[kind].as_str())
            .unwrap_or_default()
            .to_owned();
        let found = find(&merged, list, &name).map(|entry| entry[kind].clone());
        match found {
            None if flags.some(flag).is_some() => {
                Err(Fail::plain(format!("{kind} {name:?} does not exist")))
            }
            found => Ok(found.unwrap_or(Value::Null)),
        }
    };
    let mut cluster = object(named("clusters", "cluster", "cluster")?);
    let mut user = object(named("users", "user", "user")?);
    override_with(&mut cluster, &mut user, flags);
    if cluster["server"].as_str().is_none_or(str::is_empty) {
        cluster["server"] = "http://localhost:8080".into();
    }
    let server = cluster["server"].as_str().unwrap_or_default();
    let server = server.trim_end_matches('/').to_owned();
    let namespace = context["namespace"].as_str().unwrap_or_default().to_owned();
    let whole = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "flux",
        "clusters": [{"name": "flux", "cluster": cluster}],
        "users": [{"name": "flux", "user": user}],
        "contexts": [{"name": "flux", "context": {"cluster": "flux", "user": "flux"}}],
    });
    Ok(Some(Loaded {
        text: whole.to_string(),
        server,
        namespace,
    }))
}

/// The namespace of the context, where the flags ask to follow it (CLI-GLB-007).
pub(crate) fn followed(flags: &Values) -> Option<String> {
    let follows = flags.on("ns-follows-kube-context")
        || std::env::var_os("FLUX_NS_FOLLOWS_KUBE_CONTEXT").is_some_and(|v| !v.is_empty());
    if !follows {
        return None;
    }
    let namespace = load(flags).ok()??.namespace;
    Some(namespace).filter(|name| !name.is_empty())
}

fn object(value: Value) -> Value {
    if value.is_object() { value } else { json!({}) }
}

/// The context to use: the flag's, else the current one; none at all is no error.
fn context(merged: &Value, flags: &Values) -> Result<Value, Fail> {
    let flag = flags.some("context");
    let name = flag.or_else(|| merged["current-context"].as_str().filter(|n| !n.is_empty()));
    let Some(name) = name else {
        return Ok(Value::Null);
    };
    match find(merged, "contexts", name) {
        Some(entry) => Ok(entry["context"].clone()),
        None => Err(Fail::plain(format!("context {name:?} does not exist"))),
    }
}

fn find<'a>(merged: &'a Value, list: &str, name: &str) -> Option<&'a Value> {
    merged[list]
        .as_array()?
        .iter()
        .find(|entry| entry["name"] == name)
}

/// What flags say about the cluster and the user counts more than the file.
fn override_with(cluster: &mut Value, user: &mut Value, flags: &Values) {
    for (flag, field) in [
        ("server", "server"),
        ("certificate-authority", "certificate-authority"),
        ("tls-server-name", "tls-server-name"),
    ] {
        if let Some(text) = flags.some(flag) {
            cluster[field] = text.into();
        }
    }
    if flags.some("certificate-authority").is_some()
        && let Some(fields) = cluster.as_object_mut()
    {
        fields.remove("certificate-authority-data");
    }
    if flags.on("insecure-skip-tls-verify") {
        cluster["insecure-skip-tls-verify"] = true.into();
    }
    for (flag, field) in [
        ("token", "token"),
        ("client-certificate", "client-certificate"),
        ("client-key", "client-key"),
    ] {
        if let Some(text) = flags.some(flag) {
            user[field] = text.into();
        }
    }
    if flags.some("token").is_some()
        && let Some(fields) = user.as_object_mut()
    {
        fields.remove("tokenFile");
    }
}

/// The files that count, merged: the first that names something wins. `None` when there is none.
fn read(flags: &Values) -> Result<Option<Value>, Fail> {
    if let Some(path) = flags.some("kubeconfig") {
        let text = std::fs::read(path).map_err(|error| {
            Fail::plain(format!("stat {path}: {}", crate::files::words(&error)))
        })?;
        return parse(Path::new(path), &text).map(Some);
    }
    let paths: Vec<PathBuf> = match std::env::var_os("KUBECONFIG").filter(|list| !list.is_empty()) {
        Some(list) => std::env::split_paths(&list).collect(),
        None => match std::env::var_os("HOME") {
            Some(home) => vec![Path::new(&home).join(".kube").join("config")],
            None => Vec::new(),
        },
    };
    let mut merged: Option<Value> = None;
    for path in paths {
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(Fail::plain(format!(
                    "error loading config file {:?}: open {}: {}",
                    path.display().to_string(),
                    path.display(),
                    crate::files::words(&error)
                )));
            }
        };
        let next = parse(&path, &text)?;
        match &mut merged {
            None => merged = Some(next),
            Some(first) => merge(first, &next),
        }
    }
    Ok(merged)
}

fn merge(first: &mut Value, next: &Value) {
    if first["current-context"].as_str().is_none_or(str::is_empty) {
        first["current-context"] = next["current-context"].clone();
    }
    for list in ["clusters", "users", "contexts"] {
        let mut all = first[list].as_array().cloned().unwrap_or_default();
        for entry in next[list].as_array().into_iter().flatten() {
            if !all.iter().any(|known| known["name"] == entry["name"]) {
                all.push(entry.clone());
            }
        }
        first[list] = Value::Array(all);
    }
}

/// One file; paths in it are relative to its folder.
fn parse(path: &Path, text: &[u8]) -> Result<Value, Fail> {
    let malformed = || {
        // The parser's own words may quote credentials.
        Fail::plain(format!(
            "error loading config file {:?}: it is not a kubeconfig",
            path.display().to_string()
        ))
    };
    let text = std::str::from_utf8(text).map_err(|_| malformed())?;
    let mut config: Value = flux_yaml::yaml_to_json(text).map_err(|_| malformed())?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for (list, kind, fields) in [
        ("clusters", "cluster", &["certificate-authority"][..]),
        (
            "users",
            "user",
            &["client-certificate", "client-key", "tokenFile"],
        ),
    ] {
        for entry in config[list].as_array_mut().into_iter().flatten() {
            for field in fields {
                if let Some(file) = entry[kind][*field].as_str().filter(|file| !file.is_empty()) {
                    let whole = folder.join(file).display().to_string();
                    entry[kind][*field] = whole.into();
                }
            }
        }
    }
    Ok(config)
}
