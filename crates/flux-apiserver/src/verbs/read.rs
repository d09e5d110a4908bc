//! Get and list.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::http::Reply;
use crate::print;
use crate::store::{FieldSelector, History, LabelSelector, Listed, Selection, Stored};
use crate::verbs::Call;

pub(crate) fn get(call: &Call<'_>) -> Result<Reply, ApiError> {
    let stored = fetch(call)?;
    Ok(print::object(call, 200, &stored))
}

/// The object a request names.
pub(crate) fn fetch(call: &Call<'_>) -> Result<Arc<Stored>, ApiError> {
    let asked = call.ask.params.resource_version.as_str();
    if !asked.is_empty() {
        let version = parse_version(asked)?;
        let current = call.cluster.store.version();
        if version > current {
            return Err(ApiError::too_large_resource_version(version, current));
        }
    }
    call.cluster
        .store
        .get(&call.resource.table, &call.key())
        .ok_or_else(|| call.not_found())
}

pub(crate) fn parse_version(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| {
        ApiError::bad_request(format!(
            "resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": \
             invalid syntax"
        ))
    })
}

/// Both selectors of a request.
pub(crate) fn selection(call: &Call<'_>) -> Result<Selection, ApiError> {
    let params = &call.ask.params;
    let resource = &call.resource;
    let mut selection = Selection {
        labels: LabelSelector::parse(&params.label_selector)?,
        fields: FieldSelector::parse(&params.field_selector, |field| {
            print::selectable(resource, field)
        })?,
    };
    if !call.ask.target.name.is_empty() {
        // `GET <collection>/<name>?watch=true` is a watch of one object.
        let name = format!("metadata.name={}", call.ask.target.name);
        selection.fields = FieldSelector::parse(&name, |_| true)?;
    }
    Ok(selection)
}

struct Page {
    version: u64,
    after: Option<(String, String)>,
}

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, ApiError> {
    check_match(call)?;
    let params = &call.ask.params;
    let selection = selection(call)?;
    let page = page(call)?;
    let listed = read(call, page.as_ref())?;
    let mut items: Vec<Arc<Stored>> = listed.items;
    if let Some((namespace, name)) = page.and_then(|p| p.after) {
        items.retain(|o| (o.namespace(), o.name()) > (namespace.as_str(), name.as_str()));
    }
    if !selection.is_empty() {
        items.retain(|object| selection.accepts(&object.doc));
    }
    let mut meta = json!({ "resourceVersion": listed.version.to_string() });
    if params.limit > 0 && items.len() > params.limit {
        let rest = items.len() - params.limit;
        items.truncate(params.limit);
        let last = items.last().expect("the limit is above zero");
        meta["continue"] = Value::String(token(listed.version, last));
        if selection.is_empty() {
            meta["remainingItemCount"] = rest.into();
        }
    }
    Ok(print::list(call, &meta, &items))
}

/// The rules for `resourceVersion` and `resourceVersionMatch` on lists.
fn check_match(call: &Call<'_>) -> Result<(), ApiError> {
    let params = &call.ask.params;
    let bad = |text: String| {
        Err(ApiError::new(
            422,
            "Invalid",
            format!("ListOptions.meta.k8s.io \"\" is invalid: {text}"),
        ))
    };
    match params.resource_version_match.as_str() {
        "Exact" | "NotOlderThan" if params.resource_version.is_empty() => bad(
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless \
             resourceVersion is provided"
                .to_owned(),
        ),
        "Exact" if params.resource_version == "0" => bad(
            "resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for \
             resourceVersion \"0\""
                .to_owned(),
        ),
        "" | "Exact" | "NotOlderThan" => Ok(()),
        other => bad(format!(
            "resourceVersionMatch: Unsupported value: \"{other}\": supported values: \"Exact\", \
             \"NotOlderThan\", \"\""
        )),
    }
}

fn page(call: &Call<'_>) -> Result<Option<Page>, ApiError> {
    let params = &call.ask.params;
    if params.continue_token.is_empty() {
        return Ok(None);
    }
    if !params.resource_version.is_empty() && params.resource_version != "0" {
        return Err(ApiError::bad_request(
            "specifying resource version is not allowed when using continue",
        ));
    }
    let parsed = URL_SAFE_NO_PAD
        .decode(params.continue_token.trim_end_matches('='))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let bad = || ApiError::bad_request("continue key is not valid: invalid continue token");
    let parsed = parsed.ok_or_else(bad)?;
    let version = parsed.get("rv").and_then(Value::as_u64).ok_or_else(bad)?;
    let start = parsed
        .get("start")
        .and_then(Value::as_str)
        .ok_or_else(bad)?;
    let (namespace, name) = start
        .trim_end_matches('\0')
        .split_once('/')
        .ok_or_else(bad)?;
    Ok(Some(Page {
        version,
        after: Some((namespace.to_owned(), name.to_owned())),
    }))
}

fn token(version: u64, last: &Stored) -> String {
    let start = format!("{}/{}\0", last.namespace(), last.name());
    let token = json!({"v": "meta.k8s.io/v1", "rv": version, "start": start});
    URL_SAFE_NO_PAD.encode(token.to_string())
}

fn read(call: &Call<'_>, page: Option<&Page>) -> Result<Listed, ApiError> {
    let store = &call.cluster.store;
    let table = &call.resource.table;
    let params = &call.ask.params;
    let exact = params.resource_version_match == "Exact"
        || (params.limit > 0
            && params.resource_version_match.is_empty()
            && !matches!(params.resource_version.as_str(), "" | "0"));
    let at = match page {
        Some(page) => Some(page.version),
        None if exact => Some(parse_version(&params.resource_version)?),
        None => None,
    };
    let Some(version) = at else {
        let listed = store.list(table, call.namespace());
        if !params.resource_version.is_empty() {
            let asked = parse_version(&params.resource_version)?;
            if asked > listed.version {
                return Err(ApiError::too_large_resource_version(asked, listed.version));
            }
        }
        return Ok(listed);
    };
    store.list_at(table, call.namespace(), version).map_err(|history| match history {
        History::Future(current) => ApiError::too_large_resource_version(version, current),
        History::Gone(_) if page.is_some() => ApiError::expired(
            "The provided continue parameter is too old to display a consistent list result. You \
             can start a new list without the continue parameter, or use the continue token in \
             this response to retrieve the remainder of the results. Continuing with the provided \
             token results in an inconsistent list - objects that were created, modified, or \
             deleted between the time the first chunk was returned and now may show up in the \
             list.",
        ),
        History::Gone(_) => {
            ApiError::expired(format!("The resourceVersion for the provided list is too old: {version}"))
        }
    })
}
