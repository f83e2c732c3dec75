//! A mailbox as one POP3 session sees it.

use super::super::{Mail, Mailbox};

/// The mails that were in the mailbox at login, with marks for those to be deleted.
pub(super) struct Maildrop {
    mailbox: Mailbox,
    mails: Vec<(Mail, bool)>,
}

impl Maildrop {
    pub(super) fn open(mailbox: Mailbox) -> Self {
        let mails = mailbox.mails().into_iter().map(|mail| (mail, false)).collect();
        Self { mailbox, mails }
    }

    /// The mails that are not marked, with their numbers.
    pub(super) fn mails(&self) -> impl Iterator<Item = (usize, &Mail)> {
        (1..).zip(&self.mails).filter(|(_, (_, deleted))| !deleted).map(|(number, (mail, _))| (number, mail))
    }

    /// The mail with this number, unless it is marked.
    pub(super) fn mail(&self, number: &str) -> Option<&Mail> {
        let number: usize = number.parse().ok()?;
        self.mails().find(|(found, _)| *found == number).map(|(_, mail)| mail)
    }

    /// Marks the mail with this number; `false` when there is none.
    pub(super) fn delete(&mut self, number: &str) -> bool {
        let index = number.parse().ok().and_then(|number: usize| number.checked_sub(1));
        match index.and_then(|index| self.mails.get_mut(index)) {
            Some((_, deleted)) => !std::mem::replace(deleted, true),
            None => false,
        }
    }

    /// Takes all marks back.
    pub(super) fn reset(&mut self) {
        self.mails.iter_mut().for_each(|(_, deleted)| *deleted = false);
    }

    /// Removes the marked mails from the mailbox.
    pub(super) fn commit(self) {
        for (mail, _) in self.mails.iter().filter(|(_, deleted)| *deleted) {
            self.mailbox.remove(&mail.uid);
        }
    }
}
