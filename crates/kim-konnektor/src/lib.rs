//! The Konnektor as typed SOAP requests and responses, without I/O.
