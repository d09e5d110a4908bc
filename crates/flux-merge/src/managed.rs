//! The entries of `metadata.managedFields`: reading, writing, order.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::fields::FieldSet;

/// What identifies an entry. Appliers are the same manager at every API version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ManagerKey {
    pub(crate) manager: String,
    pub(crate) operation: Operation,
    /// Empty for `Apply`.
    pub(crate) api_version: String,
    pub(crate) subresource: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Apply,
    Update,
}

/// What one manager owns, at which version, since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) set: FieldSet,
    pub(crate) api_version: String,
}

/// All entries. Times are kept beside them: an entry may lose its owner and get it back within one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Managed {
    pub(crate) owners: BTreeMap<ManagerKey, Owned>,
    pub(crate) times: BTreeMap<ManagerKey, String>,
}

impl Operation {
    const fn text(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

impl ManagerKey {
    pub(crate) fn new(
        manager: &str,
        operation: Operation,
        api_version: &str,
        subresource: &str,
    ) -> Self {
        let version = match operation {
            Operation::Apply => "",
            Operation::Update => api_version,
        };
        Self {
            manager: if manager.is_empty() {
                "unknown"
            } else {
                manager
            }
            .to_owned(),
            operation,
            api_version: version.to_owned(),
            subresource: subresource.to_owned(),
        }
    }
}

/// As messages name a manager: `"kubectl" with subresource "status" using v1`.
impl fmt::Display for ManagerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.manager)?;
        if !self.subresource.is_empty() {
            write!(f, " with subresource {:?}", self.subresource)?;
        }
        match self.operation {
            Operation::Apply => Ok(()),
            Operation::Update => write!(f, " using {}", self.api_version),
        }
    }
}

impl Managed {
    /// Reads `metadata.managedFields` of an object.
    pub(crate) fn read(object: &Value) -> Result<Self, String> {
        Self::read_entries(object.pointer("/metadata/managedFields"))
    }

    fn read_entries(entries: Option<&Value>) -> Result<Self, String> {
        let mut managed = Self::default();
        let entries = entries
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        for (index, entry) in entries.iter().enumerate() {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            let operation = match text("operation") {
                "Apply" => Operation::Apply,
                "Update" => Operation::Update,
                _ => return Err("operation must be `Apply` or `Update`".to_owned()),
            };
            if text("apiVersion").is_empty() {
                return Err("apiVersion must not be empty".to_owned());
            }
            match text("fieldsType") {
                "FieldsV1" => {}
                "" => {
                    return Err(format!(
                        "missing fieldsType in managed fields entry {index}"
                    ));
                }
                other => {
                    return Err(format!(
                        "invalid fieldsType {other:?} in managed fields entry {index}"
                    ));
                }
            }
            let set = match entry.get("fieldsV1") {
                Some(fields) => FieldSet::from_json(fields)
                    .map_err(|error| format!("error decoding set: {error}"))?,
                None => FieldSet::new(),
            };
            let mut key = ManagerKey::new("", operation, text("apiVersion"), text("subresource"));
            text("manager").clone_into(&mut key.manager);
            if let Some(time) = entry.get("time").and_then(Value::as_str) {
                managed.times.insert(key.clone(), time.to_owned());
            }
            let api_version = text("apiVersion").to_owned();
            managed.owners.insert(key, Owned { set, api_version });
        }
        Ok(managed)
    }

    /// The entries as the server orders them: by operation, time, manager, version, subresource.
    pub(crate) fn write(&self) -> Option<Value> {
        if self.owners.is_empty() {
            return None;
        }
        let mut entries: Vec<_> = self.owners.iter().collect();
        let time = |key: &ManagerKey| self.times.get(key).map_or("", String::as_str);
        entries.sort_by(|(a, x), (b, y)| {
            let rank = |key: &ManagerKey| (key.operation, time(key).to_owned());
            rank(a)
                .cmp(&rank(b))
                .then_with(|| a.manager.cmp(&b.manager))
                .then_with(|| x.api_version.cmp(&y.api_version))
                .then_with(|| a.subresource.cmp(&b.subresource))
        });
        let entries = entries.into_iter().map(|(key, owned)| {
            let mut entry = Map::new();
            let mut put = |name: &str, text: &str| {
                if !text.is_empty() {
                    entry.insert(name.to_owned(), Value::from(text));
                }
            };
            put("manager", &key.manager);
            put("operation", key.operation.text());
            put("apiVersion", &owned.api_version);
            put("time", time(key));
            put("fieldsType", "FieldsV1");
            put("subresource", &key.subresource);
            entry.insert("fieldsV1".to_owned(), owned.set.to_json());
            Value::Object(entry)
        });
        Some(Value::Array(entries.collect()))
    }
}
