//! `notification.toolkit.fluxcd.io`: events out, webhooks in.

mod alert;
mod provider;
mod receiver;
mod reference;

pub mod reason;

pub use alert::{Alert, AlertSpec, EventSeverity};
pub use provider::{Provider, ProviderSpec, ProviderType};
pub use receiver::{
    OidcProvider, OidcValidation, OidcVariable, Receiver, ReceiverResource, ReceiverSpec,
    ReceiverStatus, ReceiverType,
};
pub use reference::{ObjectReference, ReferenceKind};

/// The API group.
pub const GROUP: &str = "notification.toolkit.fluxcd.io";
/// The served version of Alert and Provider.
pub const EVENTS_VERSION: &str = "v1beta3";
/// The served version of Receiver.
pub const VERSION: &str = "v1";
pub(crate) const CATEGORY: &str = "fluxcd-notifications";
