//! The directory (VZD) behind the Konnektor.
