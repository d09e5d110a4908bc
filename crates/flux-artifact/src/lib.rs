//! flux-artifact.
