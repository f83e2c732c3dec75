//! The KIM user name: what a mail program types, as a struct and back.
