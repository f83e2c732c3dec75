//! The KOM-LE S/MIME profile: from a client mail to a KOM-LE message and back.
