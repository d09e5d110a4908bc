//! flux-report.
