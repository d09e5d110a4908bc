//! flux-runtime.
