//! An untyped Kubernetes object: identity, metadata, and everything that can be said of it without asking a cluster.
//!
//! An [`Object`] is a JSON map known to have an `apiVersion` and a `kind`. Reading order: [`object`](Object) itself,
//! then [`inventory`] (how we remember what we applied), [`order`] and [`stage`] (in which order it is applied),
//! [`health`] (is it ready), [`selector`] (does it match), [`read`] (where it comes from).
//!
//! What differs between two objects belongs to `flux-drift`.

pub mod health;
mod identity;
pub mod inventory;
mod object;
pub mod order;
pub mod read;
pub mod selector;
pub mod stage;

pub use identity::{Gvk, ObjectId};
pub use object::{Object, ObjectError, OwnerReference};
