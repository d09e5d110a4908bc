//! Secrets in what people see: values become stars, and a change stays visible as one.

use flux_object::{Object, stage};
use serde_json::{Map, Value};

const HIDDEN: &str = "***";
const BEFORE: &str = "*** (before)";
const AFTER: &str = "*** (after)";

/// The data of a Secret is no map, so that it cannot be masked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unable to get data from {which} object: .data accessor error: it is not a map")]
pub struct MaskError {
    /// `old` or `new`.
    which: &'static str,
}

/// Masks the data of two versions of an object, where it is a Secret.
///
/// # Errors
/// When `data` is no map: such an object must not be shown at all.
pub fn secrets(old: &mut Object, new: &mut Object) -> Result<(), MaskError> {
    if stage::is_secret(&old.id()) {
        for field in ["data", "stringData"] {
            let (mut from, mut to) = (take(old, field, "old")?, take(new, field, "new")?);
            mask(from.as_mut(), to.as_mut());
            put(old, field, from);
            put(new, field, to);
        }
    }
    Ok(())
}

fn mask(old: Option<&mut Map<String, Value>>, new: Option<&mut Map<String, Value>>) {
    let (mut none_old, mut none_new) = (Map::new(), Map::new());
    let old = old.unwrap_or(&mut none_old);
    let new = new.unwrap_or(&mut none_new);
    for (key, value) in new.iter_mut() {
        let masks = match old.get(key) {
            Some(before) if before != value => (BEFORE, AFTER),
            _ => (HIDDEN, HIDDEN),
        };
        *value = masks.1.into();
        if let Some(before) = old.get_mut(key) {
            *before = masks.0.into();
        }
    }
    for (key, value) in old.iter_mut() {
        if !new.contains_key(key) {
            *value = HIDDEN.into();
        }
    }
}

fn take(
    object: &mut Object,
    field: &str,
    which: &'static str,
) -> Result<Option<Map<String, Value>>, MaskError> {
    match object.as_map_mut().remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err(MaskError { which }),
    }
}

fn put(object: &mut Object, field: &str, map: Option<Map<String, Value>>) {
    if let Some(map) = map {
        object.as_map_mut().insert(field.to_owned(), map.into());
    }
}
