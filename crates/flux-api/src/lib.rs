//! The custom resource kinds of Flux as declarations: fields, defaults, bounds, reasons and annotation keys. No behaviour.
//!
//! A kind is a spec type that implements [`Kind`]; the object itself is [`Resource`] of that spec, under the kind's own name:
//! `GitRepository` is `Resource<GitRepositorySpec>`. The types are the one source of the definitions in `manifests/crds`;
//! their documentation becomes the descriptions there.
//!
//! Reading order: [`kind`], [`meta`], then the groups.

pub mod crd;
pub mod extensions;
pub mod helm;
pub mod image;
pub mod kind;
pub mod kustomize;
pub mod meta;
pub mod notification;
pub mod source;

mod schema;

pub use kind::{Kind, NoStatus, Resource, Status};
