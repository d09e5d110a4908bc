//! flux-drift.
