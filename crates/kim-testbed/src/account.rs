//! Somebody with a KIM address: [`Account`].

use std::net::SocketAddr;

use kim_types::{Address, Context, Iccsn, Secret, TelematikId};

/// A KIM address with everything its owner types into a mail program, and what the testbed knows of the owner.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2032 (parts of the user name).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The short name of the owner: `A`, `B`, `R`, `E` or `H`.
    pub name: &'static str,
    /// The address, which is the login at the Fachdienst too.
    pub address: Address,
    /// The password at the Fachdienst.
    pub password: Secret,
    /// With what the Konnektor lets the owner's card be used.
    pub context: Context,
    /// The Telematik-ID of the owner.
    pub telematik_id: TelematikId,
    /// The card of the owner.
    pub iccsn: Iccsn,
    /// The uid of the owner's entry in the directory.
    pub uid: String,
    /// The KOM-LE version of the address in the directory: `1.0`, `1.5` or `1.5+`.
    pub version: &'static str,
}

impl Account {
    /// The user name for SMTP with the submission server at `server`.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010.
    pub fn smtp_user_name(&self, server: SocketAddr) -> String {
        match &self.context.user {
            None => self.user_name(server),
            // Position 5 is the Konnektor, which stays the default one.
            Some(user) => format!("{}#*#{user}", self.user_name(server)),
        }
    }

    /// The user name for POP3 with the POP3 server at `server`.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2032.
    pub fn pop3_user_name(&self, server: SocketAddr) -> String {
        match &self.context.user {
            None => self.user_name(server),
            Some(user) => format!("{}#{user}", self.user_name(server)),
        }
    }

    fn user_name(&self, server: SocketAddr) -> String {
        let Context { mandant, client_system, workplace, .. } = &self.context;
        format!("{}#{server}#{mandant}#{client_system}#{workplace}", self.address)
    }
}
