//! flux-object.
