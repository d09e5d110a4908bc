//! Reasons of notification-controller.

/// The token of a receiver is not there.
pub const TOKEN_NOT_FOUND: &str = "TokenNotFound";
