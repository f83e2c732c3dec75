//! The rules of sending and receiving KIM mail as pure machines.
