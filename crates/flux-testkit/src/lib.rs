//! flux-testkit.
