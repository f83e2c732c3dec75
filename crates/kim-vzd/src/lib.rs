//! The directory of the Telematikinfrastruktur: entries to recipient certificates and versions.
