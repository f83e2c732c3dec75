//! One call of an operation: [`Call`].

use std::sync::Mutex;

use kim_types::Context;

use super::config::KonnektorConfig;
use super::fault::Fault;
use super::namespace::Ns;
use super::request::{Element, Fields};
use super::response::Writer;
use super::state::{CardAccess, State};
use super::vendor::Version;
use crate::lock::lock;
use crate::pki::{KeyType, Pki};

/// What an operation gets to work with.
pub(super) struct Call<'a> {
    pub(super) pki: &'a Pki,
    pub(super) config: &'a KonnektorConfig,
    pub(super) state: &'a Mutex<State>,
    /// The version of the service that was called.
    pub(super) version: Version,
    /// The namespace of the service.
    pub(super) namespace: Ns,
    pub(super) message: &'a Element<'a>,
}

impl Call<'_> {
    /// Reads the element `Context` and checks that such a caller is known.
    pub(super) fn context(&self, fields: &mut Fields<'_, '_>) -> Result<Context, Fault> {
        let element = fields.required(Ns::Cctx, "Context")?;
        let mut ids = element.fields();
        let invalid = |_| Fault::new(4021);
        let context = Context {
            mandant: ids.required(Ns::Conn, "MandantId")?.text().parse().map_err(invalid)?,
            client_system: ids.required(Ns::Conn, "ClientSystemId")?.text().parse().map_err(invalid)?,
            workplace: ids.required(Ns::Conn, "WorkplaceId")?.text().parse().map_err(invalid)?,
            user: match ids.optional(Ns::Conn, "UserId") {
                Some(user) => Some(user.text().parse().map_err(invalid)?),
                None => None,
            },
        };
        ids.end()?;
        let hide = |fault| if self.config.hides_unknown_context { Fault::new(4021) } else { fault };
        lock(self.state).check(&context).map_err(hide)?;
        Ok(context)
    }

    /// The card with this handle.
    pub(super) fn card(&self, handle: &str, context: &Context) -> Result<CardAccess, Fault> {
        lock(self.state).card_for(handle, context)
    }

    /// Starts the response to the operation with this name.
    pub(super) fn response(&self, name: &str) -> Writer {
        Writer::response(self.config.vendor, self.namespace, &format!("{name}Response"))
    }

    /// Reads the document in an element: base64 text, of a length the Konnektor takes.
    pub(super) fn document(&self, element: &Element<'_>) -> Result<Vec<u8>, Fault> {
        let mut choice = element.fields();
        let text = match choice.optional(Ns::Dss, "Base64Data") {
            Some(data) => data,
            None => choice.required(Ns::Conn, "Base64XML")?,
        };
        choice.end()?;
        self.octets(text)
    }

    /// Reads base64 text of a length the Konnektor takes.
    pub(super) fn octets(&self, text: &Element<'_>) -> Result<Vec<u8>, Fault> {
        let octets = text.base64()?;
        if octets.len() > self.config.max_document_octets { Err(Fault::new(4283)) } else { Ok(octets) }
    }
}

/// The key types that a value of `Crypt` stands for, the preferred first.
pub(super) fn key_types(crypt: &str) -> Result<&'static [KeyType], Fault> {
    match crypt {
        "RSA" => Ok(&[KeyType::Rsa]),
        "ECC" => Ok(&[KeyType::Brainpool]),
        "RSA_ECC" => Ok(&[KeyType::Brainpool, KeyType::Rsa]),
        _ => Err(Fault::syntax("unknown value of Crypt")),
    }
}
