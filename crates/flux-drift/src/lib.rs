//! Desired against live: what differs, what to ignore, and what to do about the traces of other field managers.
//!
//! Reading order: [`diff`] (JSON patch with old values), [`compare`] (a live object against the result of a dry run),
//! [`ignore`] (pointers left out of a comparison), [`mask`] (Secrets in what people see), [`managed`] (patches on
//! managed fields), [`immutable`] (errors that only a new object can cure), [`normalize`] (an object as it is sent).
//!
//! Nothing here talks to a cluster; carrying out belongs to `flux-apply`.

pub mod compare;
pub mod diff;
pub mod ignore;
pub mod immutable;
pub mod managed;
pub mod mask;
pub mod normalize;

#[cfg(test)]
mod tests;
