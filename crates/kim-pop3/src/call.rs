//! Questions to the driver: [`Call`], and what it says: [`Answer`].

use kim_types::Secret;
use kim_username::{LoginRefusal, UserName};

/// A question the session cannot go on without. Consuming it is the only way to make an [`Answer`].
///
/// Spec: none — the seam between protocol and business rules.
#[derive(Debug)]
pub enum Call {
    /// A client wants to log in.
    Login(Login),
    /// A message was fetched.
    Open(Open),
}

/// A client gave a well-formed user name and a password: check the call context and connect to its POP3 server.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2032, KOM-LE-A_2033-01, A_21517.
#[derive(Debug)]
pub struct Login {
    id: CallId,
    user: Box<UserName>,
    password: Secret,
}

impl Login {
    pub(crate) fn new(id: CallId, user: UserName, password: Secret) -> Self {
        Self { id, user: Box::new(user), password }
    }

    /// Who logs in: the server to connect to, the call context to check, the Konnektor to use.
    pub fn user(&self) -> &UserName {
        &self.user
    }

    /// The password of the account. Nobody has checked it yet, and the session passes it to the POP3 server by itself: it is
    /// here for the other services of the Fachdienst, which take the same one.
    ///
    /// Spec: api-kim, AccountLimit.yaml 1.1.4, AttachmentService.yaml 2.4.0 (HTTP Basic with the account).
    pub fn password(&self) -> &Secret {
        &self.password
    }

    /// There is a TLS connection to the POP3 server; its octets follow as [`Input::Server`](crate::Input::Server).
    ///
    /// The session logs in by itself, with the address and password of the client.
    pub fn connected(self) -> Answer {
        Answer { id: self.id, verdict: Verdict::Connected }
    }

    /// There is no connection. The client gets -ERR and may try again.
    pub fn refused(self, why: LoginRefusal) -> Answer {
        Answer { id: self.id, verdict: Verdict::Refused(why) }
    }
}

/// A message was fetched and handed out complete in [`Output::content`](crate::Output::content): decrypt and check it.
///
/// Whatever went wrong with it, something is delivered: the message, or a mail that stands for it. While that takes time, the
/// first octets of it may be put in as [`Input::Content`](crate::Input::Content) as soon as they are known, so that a client
/// that waits for a few seconds only sees that something comes.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2042, KOM-LE-A_2046-02.
#[derive(Debug)]
pub struct Open {
    id: CallId,
    number: u32,
}

impl Open {
    pub(crate) fn new(id: CallId, number: u32) -> Self {
        Self { id, number }
    }

    /// The number of the message, as in the RETR of the client.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What the client shall get, apart from what it got already, follows as [`Input::Content`](crate::Input::Content), without
    /// dot-stuffing, up to [`Input::ContentEnd`](crate::Input::ContentEnd).
    pub fn deliver(self) -> Answer {
        Answer { id: self.id, verdict: Verdict::Deliver }
    }
}

/// The answer to a [`Call`].
///
/// Spec: none — the seam between protocol and business rules.
#[derive(Debug)]
pub struct Answer {
    pub(crate) id: CallId,
    pub(crate) verdict: Verdict,
}

/// What an [`Answer`] says.
#[derive(Debug)]
pub(crate) enum Verdict {
    Connected,
    Refused(LoginRefusal),
    Deliver,
}

/// Tells the answer to the open call from one that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CallId(u64);

impl CallId {
    pub(crate) fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}
