//! Support shared by the harnesses in this package.
