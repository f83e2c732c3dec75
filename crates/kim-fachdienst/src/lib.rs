//! The REST services of a KIM Fachdienst as typed requests and responses, without I/O.
