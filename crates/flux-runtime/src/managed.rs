//! What the chassis needs of a typed object.

use std::fmt::Debug;

use flux_api::meta::{ObjectMeta, annotation};
use flux_api::{Kind, Resource, Status};
use flux_gocompat::GoDuration;
use serde::de::DeserializeOwned;

use crate::key::ObjectKey;

/// A kind of object that is watched or reconciled. Implemented by every [`flux_api::Resource`].
pub trait Managed: Clone + Debug + DeserializeOwned + Send + Sync + 'static {
    /// What the controller reports.
    type Status: Status;
    /// API group.
    const GROUP: &'static str;
    /// API version inside the group.
    const VERSION: &'static str;
    /// Kind.
    const KIND: &'static str;
    /// Plural in lower case.
    const PLURAL: &'static str;

    /// `metadata`.
    fn metadata(&self) -> &ObjectMeta;
    /// `status`, if there is one.
    fn status(&self) -> Option<&Self::Status>;
    /// Whether reconciling is paused.
    fn suspend(&self) -> bool;
    /// The spec's interval.
    fn interval(&self) -> Option<GoDuration>;

    /// Namespace and name.
    fn key(&self) -> ObjectKey {
        let meta = self.metadata();
        ObjectKey::new(meta.namespace.as_deref().unwrap_or_default(), &*meta.name)
    }

    /// The generation of the spec.
    fn generation(&self) -> i64 {
        self.metadata().generation.unwrap_or(0)
    }

    /// Whether deletion was asked for.
    fn is_deleting(&self) -> bool {
        self.metadata().deletion_timestamp.is_some()
    }

    /// The value of the reconcile request annotation.
    fn requested_at(&self) -> Option<&str> {
        let annotations = &self.metadata().annotations;
        annotations
            .get(annotation::RECONCILE_REQUESTED_AT)
            .map(String::as_str)
    }

    /// Where the kind lives in the API.
    fn resource() -> flux_kube::Resource {
        let api_version = format!("{}/{}", Self::GROUP, Self::VERSION);
        flux_kube::Resource::new(&api_version, Self::KIND, Self::PLURAL, true)
    }
}

impl<S: Kind> Managed for Resource<S> {
    type Status = S::Status;
    const GROUP: &'static str = S::GROUP;
    const VERSION: &'static str = S::VERSION;
    const KIND: &'static str = S::KIND;
    const PLURAL: &'static str = S::PLURAL;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn status(&self) -> Option<&S::Status> {
        self.status.as_ref()
    }

    fn suspend(&self) -> bool {
        self.spec.suspend()
    }

    fn interval(&self) -> Option<GoDuration> {
        self.spec.interval()
    }
}
