//! flux-conformance.
