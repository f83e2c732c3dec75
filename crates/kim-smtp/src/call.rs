//! What a session asks its driver: [`Call`], and the typed answers.

use kim_types::{Delivery, Envelope, Reply, Secret};
use kim_username::{LoginRefusal, UserName};

/// A question to the driver, answered by consuming it. A session has at most one that is open.
///
/// Spec: none — the seam between protocol and rules.
#[derive(Debug)]
#[must_use = "the session waits for the answer"]
pub enum Call {
    /// A client wants to log in.
    Login(Login),
    /// A mail is being processed.
    Process(Process),
}

/// A client gave its credentials: check the context, find the MTA, connect to it with TLS.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2010, KOM-LE-A_2011, KOM-LE-A_2015-01.
#[derive(Debug)]
pub struct Login {
    id: CallId,
    user: UserName,
    password: Secret,
}

impl Login {
    pub(crate) fn new(id: CallId, user: UserName, password: Secret) -> Self {
        Self { id, user, password }
    }

    /// What the user name of the client says.
    pub fn user(&self) -> &UserName {
        &self.user
    }

    /// The password of the account. Nobody has checked it yet, and the session passes it to the MTA by itself: it is here
    /// for the other services of the Fachdienst, which take the same one.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416-01, A_19363-03 (HTTP Basic with the account).
    pub fn password(&self) -> &Secret {
        &self.password
    }

    /// There is a TLS connection to the MTA; its octets follow as [`Input::Server`](crate::Input::Server).
    pub fn connected(self) -> Answer {
        Answer { id: self.id, order: Order::Connected }
    }

    /// There is none, and the client may try again.
    pub fn refused(self, why: LoginRefusal) -> Answer {
        Answer { id: self.id, order: Order::Refused(why) }
    }
}

/// The next step for a mail is asked for, until [`Process::done`].
///
/// The usual course: protect the mail and [`deliver`](Self::deliver) it, pass the reply of the MTA on with
/// [`reply`](Self::reply), deliver a report about recipients that were left out, [`done`](Self::done). A mail that cannot
/// be protected: [`reset`](Self::reset), `reply`, `done`.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2021, KOM-LE-A_2024, KOM-LE-A_2025, KOM-LE-A_2176-01.
#[derive(Debug)]
pub struct Process {
    id: CallId,
    subject: Subject,
}

/// What a [`Process`] is about.
#[derive(Debug)]
pub(crate) enum Subject {
    Mail(Envelope),
    Delivery(Delivery),
    Rest,
}

impl Process {
    pub(crate) fn new(id: CallId, subject: Subject) -> Self {
        Self { id, subject }
    }

    /// From whom to whom; only in the first call for a mail, whose content is complete in
    /// [`Output::content`](crate::Output::content).
    pub fn envelope(&self) -> Option<&Envelope> {
        match &self.subject {
            Subject::Mail(envelope) => Some(envelope),
            Subject::Delivery(_) | Subject::Rest => None,
        }
    }

    /// What became of a [`deliver`](Self::deliver); only in the call that follows it.
    pub fn delivery(&self) -> Option<&Delivery> {
        match &self.subject {
            Subject::Delivery(delivery) => Some(delivery),
            Subject::Mail(_) | Subject::Rest => None,
        }
    }

    /// Give a message of `size` octets to the MTA. [`Wait`](crate::Wait) then asks for its content; the next call has the
    /// [`delivery`](Self::delivery).
    ///
    /// SIZE is sent if the MTA announced it; RET, ENVID, NOTIFY and ORCPT if it announced DSN; BODY never.
    /// If the content ends at another size, the connection to the MTA is closed without the end of the message.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019; KIM 1.5.3, A_23554.
    pub fn deliver(self, envelope: Envelope, size: u64) -> Answer {
        Answer { id: self.id, order: Order::Deliver { envelope, size } }
    }

    /// Give the client its reply now. A second one for the same mail is ignored.
    pub fn reply(self, reply: Reply) -> Answer {
        Answer { id: self.id, order: Order::Reply(reply) }
    }

    /// Send RSET to the MTA; the next call comes after its reply.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2021, KOM-LE-A_2025.
    pub fn reset(self) -> Answer {
        Answer { id: self.id, order: Order::Reset }
    }

    /// Nothing remains to be done for this mail. A client that got no reply gets 451 4.3.0.
    pub fn done(self) -> Answer {
        Answer { id: self.id, order: Order::Done }
    }
}

/// The answer to a [`Call`], made by consuming it: there is no wrong one and no second one.
///
/// An answer to a call that is not open any more is ignored.
///
/// Spec: none — the seam between protocol and rules.
#[derive(Debug)]
#[must_use = "it does nothing until it is put in"]
pub struct Answer {
    pub(crate) id: CallId,
    pub(crate) order: Order,
}

/// What an answer says.
#[derive(Debug)]
pub(crate) enum Order {
    Connected,
    Refused(LoginRefusal),
    Deliver { envelope: Envelope, size: u64 },
    Reply(Reply),
    Reset,
    Done,
}

/// Which call of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CallId(u64);

impl CallId {
    pub(crate) fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}
