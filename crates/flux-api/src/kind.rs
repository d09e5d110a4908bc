//! What every kind has: its names, and the object around its spec and status.

use std::fmt::Debug;

use flux_gocompat::GoDuration;
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::meta::{Condition, ObjectMeta};

/// A custom resource kind, implemented by the type of its spec.
pub trait Kind:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// What the controller reports; [`NoStatus`] for kinds without one.
    type Status: Status;

    /// API group, such as `source.toolkit.fluxcd.io`.
    const GROUP: &'static str;
    /// What the kind is for, in one sentence.
    const PURPOSE: &'static str;
    /// The served and stored version, such as `v1`.
    const VERSION: &'static str;
    /// Kind, such as `GitRepository`.
    const KIND: &'static str;
    /// Lower-case plural, the last part of the REST path.
    const PLURAL: &'static str;
    /// Lower-case singular, as users type it.
    const SINGULAR: &'static str;
    /// Abbreviations that clients accept.
    const SHORT_NAMES: &'static [&'static str];
    /// The group of kinds in `kubectl get <category>`, beside `all` and `fluxcd`.
    const CATEGORY: &'static str;
    /// What clients print in a table, in order.
    const COLUMNS: &'static [Column];
    /// Whether objects have a status, and whether the API server creates it.
    const STATUS: StatusShape;

    /// Whether reconciling is paused by the user.
    fn suspend(&self) -> bool {
        false
    }

    /// The cadence that the user asked for, if the kind has one.
    fn interval(&self) -> Option<GoDuration> {
        None
    }
}

/// One column of the table that clients print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub name: &'static str,
    /// Path into the object.
    pub json_path: &'static str,
    /// `string` or `date`.
    pub kind: &'static str,
    /// Above zero: only in wide output.
    pub priority: i64,
    /// What the column says.
    pub description: &'static str,
}

impl Column {
    /// A text column.
    pub const fn text(
        name: &'static str,
        json_path: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            json_path,
            kind: "string",
            priority: 0,
            description,
        }
    }

    /// The same column in wide output only.
    #[must_use]
    pub const fn wide(self) -> Self {
        Self {
            priority: 1,
            ..self
        }
    }

    /// Time since the object was created.
    pub const AGE: Self = Self {
        name: "Age",
        json_path: ".metadata.creationTimestamp",
        kind: "date",
        priority: 0,
        description: "Time since creation.",
    };
    /// Status of the Ready condition.
    pub const READY: Self = Self::text(
        "Ready",
        r#".status.conditions[?(@.type=="Ready")].status"#,
        "Whether the last reconcile succeeded.",
    );
    /// Message of the Ready condition.
    pub const MESSAGE: Self = Self::text(
        "Status",
        r#".status.conditions[?(@.type=="Ready")].message"#,
        "Outcome of the last reconcile in words.",
    );
}

/// Whether the objects of a kind have a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusShape {
    /// None at all.
    Absent,
    /// A status subresource, absent until the controller writes it.
    Plain,
    /// A status subresource that starts as `observedGeneration: -1`.
    Unobserved,
}

/// The parts of a status that every controller keeps in the same way.
pub trait Status:
    Clone
    + Debug
    + Default
    + PartialEq
    + Serialize
    + DeserializeOwned
    + JsonSchema
    + Send
    + Sync
    + 'static
{
    /// The conditions, in stored order.
    fn conditions(&self) -> &[Condition];
    /// The conditions for writing; `None` where the kind has none.
    fn conditions_mut(&mut self) -> Option<&mut Vec<Condition>>;
    /// The generation of the spec that was last reconciled.
    fn observed_generation(&self) -> Option<i64> {
        None
    }
    /// Records the generation; does nothing where the kind does not report it.
    fn set_observed_generation(&mut self, _generation: i64) {}
    /// The last handled value of the reconcile request annotation.
    fn last_handled_reconcile_at(&self) -> Option<&str> {
        None
    }
    /// Records the handled reconcile request; does nothing where the kind does not report it.
    fn set_last_handled_reconcile_at(&mut self, _token: String) {}
}

/// The status of a kind that has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoStatus {}

impl Status for NoStatus {
    fn conditions(&self) -> &[Condition] {
        &[]
    }

    fn conditions_mut(&mut self) -> Option<&mut Vec<Condition>> {
        None
    }
}

/// An object of kind `S`.
///
/// Reading ignores unknown fields and does not look at `apiVersion` and `kind`; writing states them.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource<S: Kind> {
    /// Name, namespace, labels and so on.
    pub metadata: ObjectMeta,
    /// What the user wants.
    pub spec: S,
    /// What the controller reports.
    pub status: Option<S::Status>,
}

impl<S: Kind> Resource<S> {
    /// API group.
    pub const GROUP: &'static str = S::GROUP;
    /// API version without the group.
    pub const VERSION: &'static str = S::VERSION;
    /// Kind.
    pub const KIND: &'static str = S::KIND;
    /// Lower-case plural.
    pub const PLURAL: &'static str = S::PLURAL;

    /// A named object in a namespace, without status.
    pub fn new(namespace: &str, name: &str, spec: S) -> Self {
        Self {
            metadata: ObjectMeta {
                name: name.to_owned(),
                namespace: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            spec,
            status: None,
        }
    }

    /// `group/version`.
    pub fn api_version() -> String {
        format!("{}/{}", S::GROUP, S::VERSION)
    }

    /// Name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Namespace; empty where none is set.
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// The conditions; empty without a status.
    pub fn conditions(&self) -> &[Condition] {
        self.status.as_ref().map_or(&[], Status::conditions)
    }

    /// The condition of a type.
    pub fn condition(&self, r#type: &str) -> Option<&Condition> {
        self.conditions().iter().find(|c| c.r#type == r#type)
    }
}

impl<S: Kind> Serialize for Resource<S> {
    fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
        let mut out = serializer.serialize_struct("Resource", 5)?;
        out.serialize_field("apiVersion", &Self::api_version())?;
        out.serialize_field("kind", S::KIND)?;
        out.serialize_field("metadata", &self.metadata)?;
        out.serialize_field("spec", &self.spec)?;
        match &self.status {
            Some(status) => out.serialize_field("status", status)?,
            None => out.skip_field("status")?,
        }
        out.end()
    }
}

impl<'de, S: Kind> Deserialize<'de> for Resource<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "S: Kind"))]
        struct Wire<S: Kind> {
            #[serde(default)]
            metadata: ObjectMeta,
            spec: Option<S>,
            #[serde(default)]
            status: Option<S::Status>,
        }
        let wire = Wire::<S>::deserialize(deserializer)?;
        // The API server accepts an object without a spec; it means an empty one, which most kinds refuse.
        let spec = match wire.spec {
            Some(spec) => spec,
            None => serde_json::from_value(serde_json::Value::Object(serde_json::Map::new()))
                .map_err(|error| D::Error::custom(format_args!("no spec: {error}")))?,
        };
        Ok(Self {
            metadata: wire.metadata,
            spec,
            status: wire.status,
        })
    }
}

/// Implements [`Status`] by the fields of the same names.
macro_rules! status {
    ($type:ty) => {
        impl $crate::kind::Status for $type {
            $crate::kind::status!(@conditions);
        }
    };
    ($type:ty, reconcile_requests) => {
        impl $crate::kind::Status for $type {
            $crate::kind::status!(@conditions);
            $crate::kind::status!(@requests);
        }
    };
    ($type:ty, generations, reconcile_requests) => {
        impl $crate::kind::Status for $type {
            $crate::kind::status!(@conditions);
            $crate::kind::status!(@requests);

            fn observed_generation(&self) -> Option<i64> {
                self.observed_generation
            }

            fn set_observed_generation(&mut self, generation: i64) {
                self.observed_generation = Some(generation);
            }
        }
    };
    (@conditions) => {
        fn conditions(&self) -> &[$crate::meta::Condition] {
            &self.conditions
        }

        fn conditions_mut(&mut self) -> Option<&mut Vec<$crate::meta::Condition>> {
            Some(&mut self.conditions)
        }
    };
    (@requests) => {
        fn last_handled_reconcile_at(&self) -> Option<&str> {
            self.last_handled_reconcile_at.as_deref()
        }

        fn set_last_handled_reconcile_at(&mut self, token: String) {
            self.last_handled_reconcile_at = Some(token);
        }
    };
}
pub(crate) use status;
