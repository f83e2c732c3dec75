//! End-to-end tests of the KIM crates live in `tests/` of this package.
