//! flux-yaml.
