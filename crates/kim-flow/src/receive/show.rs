//! What the user gets (R12, R14, R15, form E).

use bytes::Bytes;
use kim_smime::{KasFailure, MailFrame, Opened, Substitute};

use super::{Delivered, Outcome, Receiving, Step, Trouble};
use crate::{Content, DownloadError, Recipe, Run};

fn done(mail: impl Into<Recipe>, outcome: Outcome) -> Step {
    Step::Done(Box::new(Delivered { mail: mail.into(), outcome }))
}

/// R3: octet for octet.
pub(super) fn plain(message: Content) -> Step {
    match message {
        Content::Whole(message) => done(message, Outcome::Plain),
        Content::Kept(kept) => {
            done(Recipe { kept: 0..kept.measure.octets(), ..Recipe::default() }, Outcome::Plain)
        }
    }
}

/// Form E: the received message inside a mail that says what is wrong. Nothing is lost.
pub(super) fn substitute(run: &Run, head: &Bytes, message: &Content, trouble: Trouble) -> Step {
    let kind = match &trouble {
        Trouble::Version => Substitute::Version,
        Trouble::Format | Trouble::TooLarge => Substitute::Format,
        Trouble::Key(_) => Substitute::Key,
        Trouble::Konnektor(_) => Substitute::Konnektor,
        Trouble::NotWelcome => Substitute::Large,
        Trouble::Download(DownloadError::TooOften) => Substitute::KasTooOften,
        Trouble::Download(DownloadError::Gone) => Substitute::KasGone,
        Trouble::Directory | Trouble::Reference(_) | Trouble::Link(_) => Substitute::KasDownload,
        // Those that the decrypted message is at fault for end in `Receiving::without_data`.
        Trouble::Ambiguous | Trouble::Download(_) => Substitute::KasDownload,
    };
    let (account, unique, now) = (&run.account, run.unique, run.now);
    let mail = match message {
        Content::Whole(_) => kind.mail(head, account, unique, now).into(),
        Content::Kept(kept) => {
            let MailFrame { head, tail, .. } =
                kind.frame(head, kept.measure.has_eight_bit(), account, unique, now);
            Recipe { head, kept: 0..kept.measure.octets(), tail }
        }
    };
    done(mail, Outcome::Substituted(trouble))
}

impl Receiving {
    /// Form E.
    pub(super) fn substitute(self, trouble: Trouble) -> Step {
        let message = Content::Whole(self.message.clone().into());
        substitute(&self.run, &self.message, &message, trouble)
    }

    /// The decrypted message, a text in place of the pointer to its data (L1, L5, L6).
    pub(super) fn without_data(self, opened: &Opened, failure: &KasFailure, trouble: Trouble) -> Step {
        done(opened.kas_failure(failure), Outcome::Substituted(trouble))
    }

    /// R12, R14: a mail that is at hand.
    pub(super) fn deliver(self, opened: Opened) -> Step {
        let Run { rules, account, now, unique } = &self.run;
        let opened = if rules.release.differences().notes_in_text { opened.noted() } else { opened };
        let mail = opened.deliver(rules.on_integrity_failure, account, *unique, *now);
        done(mail, Outcome::Opened(Box::new(opened.verdict)))
    }

    /// R12, R14: a mail whose body the driver keeps, from `body` to `end`.
    pub(super) fn deliver_kept(self, opened: Opened, body: u64, end: u64) -> Step {
        let Run { rules, account, now, unique } = &self.run;
        let MailFrame { head, content, tail } =
            opened.frame(true, rules.on_integrity_failure, account, *unique, *now);
        let kept = if content { body..end } else { 0..0 };
        done(Recipe { head, kept, tail }, Outcome::Opened(Box::new(opened.verdict)))
    }
}
