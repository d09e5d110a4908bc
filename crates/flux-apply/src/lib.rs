//! flux-apply.
