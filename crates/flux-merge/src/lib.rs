//! flux-merge.
