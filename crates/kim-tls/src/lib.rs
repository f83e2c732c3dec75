//! Keys, trust and TLS for the Telematikinfrastruktur: rustls on OpenSSL, with brainpool.
