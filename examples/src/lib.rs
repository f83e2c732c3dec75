//! The examples live in `examples/` of this package.
