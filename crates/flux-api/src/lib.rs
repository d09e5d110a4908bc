//! flux-api.
