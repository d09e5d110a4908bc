//! flux-verify.
