//! The patch formats besides apply.
