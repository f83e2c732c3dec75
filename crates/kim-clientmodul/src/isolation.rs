//! One message that breaks the module breaks nothing else: [`open`].

use std::panic::AssertUnwindSafe;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::FutureExt as _;
use kim_flow::Content;
use kim_flow::receive::{Outcome, Trouble};
use kim_smime::Substitute;
use kim_types::Octets;
use tracing::error;

use crate::incoming::Stored;
use crate::outgoing::Opened;
use crate::participant::Participant;
use crate::pieces::Pieces;

/// What became of a message.
pub(crate) enum Isolated {
    /// It was opened, or a mail stands for it.
    Opened(Opened),
    /// Opening it panicked: a mistake of the module, and a mail that stands for the message.
    Broken(Opened),
    /// The same, but the message was not in memory and is gone: it has to be fetched again.
    Lost,
}

/// Opens a message. If it was found `broken` before it is not tried again: the mail that stands for it comes at once.
///
/// Spec: none — own rule (DESIGN: no input may end a session); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02 (the mail).
pub(crate) async fn open(participant: Participant, message: Stored, broken: bool) -> Isolated {
    let received = match &message.content {
        Content::Whole(message) => Some(message.to_bytes()),
        Content::Kept(_) => None,
    };
    if !broken && let Some(opened) = guarded(participant.open(message)).await {
        return Isolated::Opened(opened);
    }
    match received {
        Some(received) => Isolated::Broken(substitute(&participant, &received)),
        None => Isolated::Lost,
    }
}

/// What a future comes to; `None` if it panics. What it worked on is not looked at again.
async fn guarded<T>(work: impl Future<Output = T>) -> Option<T> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.map_err(|_| error!("opening a message panicked: this is a mistake of the module, please report it"))
        .ok()
}

/// The message inside a mail that says it could not be decrypted (02, 4010), or the message itself.
fn substitute(participant: &Participant, received: &Bytes) -> Opened {
    let make = || {
        let user = &participant.account().address;
        Substitute::Format.mail(received, user, kim_tls::random(), SystemTime::now())
    };
    let mail =
        std::panic::catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| Octets::from(received.clone()));
    Opened { outcome: Outcome::Substituted(Trouble::Format), mail: Pieces::from(mail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_where_it_began() {
        assert_eq!(guarded(async { 3 }).await, Some(3));
        let broken = async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        };
        assert_eq!(guarded::<u8>(broken).await, None);
    }
}
