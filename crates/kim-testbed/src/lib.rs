//! A whole Telematikinfrastruktur in one process, for tests: PKI, Konnektor, directory and Fachdienst.
