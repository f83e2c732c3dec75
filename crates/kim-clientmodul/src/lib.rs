//! A KIM Clientmodul on tokio: driver, connections, caches, and protect/open without ports.
