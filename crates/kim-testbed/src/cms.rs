//! What a Konnektor makes of documents: CMS, written and read here once more and on its own.

pub(crate) mod der;
