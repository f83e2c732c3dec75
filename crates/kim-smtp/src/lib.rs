//! The SMTP side of a KIM Clientmodul as a state machine without I/O.
