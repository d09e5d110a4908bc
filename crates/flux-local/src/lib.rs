//! flux-local.
