//! Who asks, on whose behalf, and whether they may.

mod authenticate;
mod authorize;
mod impersonate;
mod rules;

pub(crate) use authenticate::{AUDIENCE, Issue};
pub(crate) use authenticate::{Tokens, User};
pub(crate) use authorize::{
    Attributes, Decision, Rbac, account_exists, account_rules, bound_rules, may,
};
pub(crate) use impersonate::impersonate;
pub(crate) use rules::{Rule, covers_all};
