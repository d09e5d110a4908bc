//! A live object against the result of a dry run: is there drift, and which.

use std::collections::BTreeMap;

use flux_object::Object;
use serde_json::{Map, Value};

use crate::diff::{Op, Operation, diff};
use crate::{ignore, mask};

/// What a comparison leaves out and how it shows the rest.
#[derive(Debug, Clone, Default)]
pub struct Options<'a> {
    /// JSON pointers that do not count.
    pub ignore_paths: &'a [String],
    /// Labels or annotations that exclude an object altogether.
    pub exclusion: BTreeMap<String, String>,
    /// Whether the data of Secrets is masked in the patch.
    pub mask_secrets: bool,
    /// Whether many small operations may become one.
    pub rationalize: bool,
}

/// The answer of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Drift {
    /// The object does not exist.
    Create,
    /// It differs, by these operations.
    Update(Vec<Operation>),
    /// It is as it would be.
    None,
    /// It is not to be compared.
    Exclude,
}

/// Compares. `live` is `None` where the object does not exist.
///
/// # Errors
/// When a Secret has to be masked and cannot.
pub fn compare(
    live: Option<&Object>,
    dry_run: &Object,
    options: &Options<'_>,
) -> Result<Drift, mask::MaskError> {
    if is_excluded(dry_run, &options.exclusion) {
        return Ok(Drift::Exclude);
    }
    // Parity: a pointer to the root leaves out the object, not its content.
    if options.ignore_paths.iter().any(String::is_empty) {
        return Ok(Drift::Exclude);
    }
    let Some(live) = live.filter(|_| !dry_run.resource_version().is_empty()) else {
        return Ok(Drift::Create);
    };
    let (mut live, mut dry_run) = (live.clone(), dry_run.clone());
    let operations = if options.mask_secrets {
        // What is equal once masked may differ all the same; the masks show a change, and never what it was.
        mask::secrets(&mut live, &mut dry_run)?;
        operations(&live, &dry_run, options)
    } else {
        operations(&live, &dry_run, options)
    };
    Ok(if operations.is_empty() {
        Drift::None
    } else {
        Drift::Update(operations)
    })
}

/// The part of an object that is compared: labels, annotations, and all fields but `metadata` and `status`.
pub fn content(object: &Object) -> (Value, Value) {
    let mut metadata = Map::new();
    for field in ["labels", "annotations"] {
        if let Some(value) = object.get(&["metadata", field]) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    let mut rest = object.as_map().clone();
    rest.remove("metadata");
    rest.remove("status");
    let mut root = Map::new();
    root.insert("metadata".to_owned(), Value::Object(metadata));
    (Value::Object(root), Value::Object(rest))
}

fn operations(live: &Object, dry_run: &Object, options: &Options<'_>) -> Vec<Operation> {
    let prepare = |object: &Object| {
        let mut value = object.as_value();
        for path in options.ignore_paths {
            ignore::remove(&mut value, path);
        }
        let object = Object::from_value(value).unwrap_or_else(|_| object.clone());
        content(&object)
    };
    let (live_metadata, live_rest) = prepare(live);
    let (new_metadata, new_rest) = prepare(dry_run);
    let mut all = diff(&live_metadata, &new_metadata, options.rationalize);
    // Parity: labels and annotations that would go are not drift; controllers of the cluster add such.
    all.retain(|operation| operation.op != Op::Remove);
    all.extend(diff(&live_rest, &new_rest, options.rationalize));
    all
}

fn is_excluded(object: &Object, exclusion: &BTreeMap<String, String>) -> bool {
    exclusion.iter().any(|(key, value)| {
        [object.label(key), object.annotation(key)]
            .into_iter()
            .flatten()
            .any(|found| found.eq_ignore_ascii_case(value))
    })
}
