//! `flux version` and the version that is reported.

/// The upstream release whose command line and manifests these are.
pub(crate) const VERSION: &str = "2.9.4";
