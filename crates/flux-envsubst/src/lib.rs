//! flux-envsubst.
