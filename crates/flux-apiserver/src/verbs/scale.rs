//! The scale subresource.

use serde_json::{Value, json};

use crate::error::{ApiError, FieldError};
use crate::http::Reply;
use crate::print;
use crate::registry::ScalePaths;
use crate::store::{Doc, Stored, at, meta, str_at};
use crate::verbs::{Call, patch, read};

pub(crate) fn serve(call: &Call<'_>, paths: &ScalePaths) -> Result<Reply, ApiError> {
    match call.ask.target.verb {
        "get" => Ok(print::value(
            call,
            200,
            &scale(call, paths, &*read::fetch(call)?),
        )),
        "update" => {
            let body = crate::http::decode_body(&call.ask.content_type, &call.ask.body)?;
            write(call, paths, &mut |_| Ok(body.clone()))
        }
        "patch" => write(call, paths, &mut |live| {
            let current = scale(call, paths, live);
            patch::plain(call, current)
        }),
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// The `autoscaling/v1` view of an object.
fn scale(call: &Call<'_>, paths: &ScalePaths, live: &Stored) -> Value {
    let number = |path: &str| at(&live.doc, path).and_then(Value::as_i64).unwrap_or(0);
    let mut meta = json!({
        "name": live.name(),
        "uid": live.uid(),
        "resourceVersion": str_at(live.meta(), "resourceVersion"),
        "creationTimestamp": live.meta().get("creationTimestamp"),
    });
    if call.resource.namespaced {
        meta["namespace"] = live.namespace().into();
    }
    let mut status = json!({"replicas": number(&paths.status)});
    let selector = match &paths.selector {
        Some(path) => at(&live.doc, path)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned(),
        None => selector_text(at(&live.doc, "spec.selector")),
    };
    if !selector.is_empty() {
        status["selector"] = selector.into();
    }
    let mut spec = json!({});
    if number(&paths.spec) != 0 {
        spec["replicas"] = number(&paths.spec).into();
    }
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status})
}

/// `a=b,c in (d,e)` from the object form of a selector.
pub(crate) fn selector_text(selector: Option<&Value>) -> String {
    let Some(selector) = selector else {
        return String::new();
    };
    let mut parts = Vec::new();
    let plain = selector.get("matchLabels").is_none() && selector.get("matchExpressions").is_none();
    let labels = if plain {
        Some(selector)
    } else {
        selector.get("matchLabels")
    };
    for (key, value) in labels.and_then(Value::as_object).into_iter().flatten() {
        parts.push(format!("{key}={}", value.as_str().unwrap_or("")));
    }
    for item in selector
        .get("matchExpressions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let key = item.get("key").and_then(Value::as_str).unwrap_or("");
        let list = item.get("values").and_then(Value::as_array);
        let values: Vec<&str> = list
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        parts.push(
            match item.get("operator").and_then(Value::as_str).unwrap_or("") {
                "In" => format!("{key} in ({})", values.join(",")),
                "NotIn" => format!("{key} notin ({})", values.join(",")),
                "DoesNotExist" => format!("!{key}"),
                _ => key.to_owned(),
            },
        );
    }
    parts.join(",")
}

fn write(
    call: &Call<'_>,
    paths: &ScalePaths,
    wanted: &mut dyn FnMut(&Stored) -> Result<Doc, ApiError>,
) -> Result<Reply, ApiError> {
    let object = call.writer().update(&call.key(), |live| {
        let scale = wanted(live)?;
        let replicas = at(&scale, "spec.replicas")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        if replicas < 0 {
            let errors = vec![FieldError::invalid(
                "spec.replicas",
                &replicas.into(),
                "must be greater than or equal to 0",
            )];
            return Err(ApiError::invalid(
                "autoscaling",
                "Scale",
                live.name(),
                errors,
            ));
        }
        let mut doc = live.doc.clone();
        let fields = crate::store::meta_mut(&mut doc);
        match meta(&scale).get("resourceVersion") {
            Some(version) => fields.insert("resourceVersion".to_owned(), version.clone()),
            None => fields.remove("resourceVersion"),
        };
        set(&mut doc, &paths.spec, replicas.into());
        Ok(doc)
    })?;
    Ok(print::value(call, 200, &scale(call, paths, &object)))
}

fn set(doc: &mut Doc, path: &str, value: Value) {
    let parts: Vec<&str> = path.split('.').collect();
    let Some((last, parents)) = parts.split_last() else {
        return;
    };
    let mut current = doc;
    for part in parents {
        let next = current
            .entry((*part).to_owned())
            .or_insert_with(|| json!({}));
        let Some(map) = next.as_object_mut() else {
            return;
        };
        current = map;
    }
    current.insert((*last).to_owned(), value);
}
