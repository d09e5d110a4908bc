//! flux-tree.
