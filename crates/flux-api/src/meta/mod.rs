//! What the kinds share: object metadata, conditions, references, artifacts, and the keys and words of the contract.

mod artifact;
mod condition;
mod object;
mod reference;

pub mod annotation;
pub mod finalizer;
pub mod label;
pub mod reason;

pub use artifact::Artifact;
pub use condition::{Condition, ConditionStatus, condition_type};
pub use object::{ObjectMeta, OwnerReference};
pub use reference::{
    AccessFrom, CommonMetadata, DependencyReference, KubeConfigReference, LabelSelector,
    LabelSelectorRequirement, LocalObjectReference, NamespaceSelector,
    NamespacedObjectKindReference, NamespacedObjectReference, OidcIdentityMatch,
    SecretKeyReference,
};
