//! The connection to the MTA and the replies that come over it: [`Server`].

use std::fmt;

use kim_types::lines::Line;
use kim_types::{Inbox, Reply};

use crate::Event;
use crate::replies::{self, Text};

/// The longest line of a reply in octets, without its CRLF. An MTA that sends more is broken.
///
/// Spec: none — RFC 5321 §4.5.3.1.5 asks for 512.
pub const MAX_REPLY_LINE_OCTETS: usize = 4096;

/// The greatest number of lines in a reply. An MTA that sends more is broken.
///
/// Spec: none — RFC 5321 has no limit.
pub const MAX_REPLY_LINES: usize = 200;

/// The MTA as it is heard.
#[derive(Default)]
pub(crate) struct Server {
    connection: Option<Inbox>,
    /// The lines of a reply that is not complete.
    wire: Vec<u8>,
    lines: usize,
    silent: bool,
}

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is gone.
    Closed,
    /// The time is over.
    Silent,
    /// What came is no reply.
    Broken,
}

impl Server {
    /// Begins to listen to a new connection.
    pub(crate) fn open(&mut self) {
        *self = Self { connection: Some(Inbox::new(MAX_REPLY_LINE_OCTETS)), ..Self::default() };
    }

    /// Forgets the connection and what came over it. Whether there was one.
    pub(crate) fn forget(&mut self) -> bool {
        std::mem::take(self).connection.is_some()
    }

    /// Whether there is a connection that can be read and written.
    pub(crate) fn is_open(&self) -> bool {
        self.connection.as_ref().is_some_and(|inbox| !inbox.is_closed())
    }

    /// Appends what the MTA sent; octets of a connection that was given up are nobody's.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        if let Some(inbox) = &mut self.connection {
            inbox.push(octets);
        }
    }

    /// Notes that nothing more will come.
    pub(crate) fn close(&mut self) {
        if let Some(inbox) = &mut self.connection {
            inbox.close();
        }
    }

    /// Notes that nothing came in time.
    pub(crate) fn time_out(&mut self) {
        self.silent = true;
    }

    /// The next reply, or why there will be none. `None`: it may still come.
    pub(crate) fn reply(&mut self) -> Option<Result<Reply, Fault>> {
        let inbox = self.connection.as_mut()?;
        while let Some(line) = inbox.line() {
            let Line::Whole(line) = line else { return Some(Err(Fault::Broken)) };
            let Some((_, last)) = Reply::line(&line) else { return Some(Err(Fault::Broken)) };
            let same_code = self.wire.is_empty() || self.wire.get(..3) == line.get(..3);
            if self.lines >= MAX_REPLY_LINES || !same_code {
                return Some(Err(Fault::Broken));
            }
            self.lines = self.lines.saturating_add(1);
            self.wire.extend_from_slice(&line);
            self.wire.extend_from_slice(b"\r\n");
            if last {
                self.lines = 0;
                return Some(Reply::received(std::mem::take(&mut self.wire)).ok_or(Fault::Broken));
            }
        }
        match (self.silent, inbox.is_closed()) {
            (_, true) => Some(Err(Fault::Closed)),
            (true, _) => Some(Err(Fault::Silent)),
            _ => None,
        }
    }
}

/// What an MTA that cannot be used any more means: to those who watch, and to the client, which gets `gone` unless there
/// is something better to say.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2016.
pub(crate) fn end(heard: Result<Reply, Fault>, gone: Text) -> (Event, Reply) {
    match heard {
        Ok(reply) if reply.code() == 421 => (Event::ServerLost, reply),
        Ok(_) | Err(Fault::Broken) => (Event::ServerBroken, gone.into()),
        Err(Fault::Closed) => (Event::ServerLost, gone.into()),
        Err(Fault::Silent) => (Event::ServerTimeout, replies::SERVER_SILENT.into()),
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("connection", &self.connection).field("lines", &self.lines).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(octets: &[u8]) -> Option<Result<Reply, Fault>> {
        let mut server = Server::default();
        server.open();
        server.push(octets);
        server.reply()
    }

    #[test]
    fn a_reply_is_kept_octet_for_octet() {
        for wire in [&b"250 ok \xff\r\n"[..], b"250\r\n", b"250-a\r\n250-\r\n250 b\r\n"] {
            assert_eq!(reply(wire), Some(Ok(Reply::received(wire.to_vec()).unwrap())));
        }
    }

    #[test]
    fn a_reply_needs_its_last_line() {
        assert_eq!(reply(b"250-a\r\n250 b\r"), None);
    }

    #[test]
    fn what_is_no_reply_is_broken() {
        let broken = [
            "\r\n",
            "25\r\n",
            "2500\r\n",
            "+OK\r\n",
            "150 x\r\n",
            "600 x\r\n",
            "250-a\r\n251 b\r\n",
            "250 a\n\r\n",
        ];
        for wire in broken {
            assert_eq!(reply(wire.as_bytes()), Some(Err(Fault::Broken)), "{wire:?}");
        }
        let long = format!("250 {}\r\n", "x".repeat(MAX_REPLY_LINE_OCTETS));
        assert_eq!(reply(long.as_bytes()), Some(Err(Fault::Broken)));
        assert_eq!(reply("250-x\r\n".repeat(MAX_REPLY_LINES + 1).as_bytes()), Some(Err(Fault::Broken)));
    }

    #[test]
    fn what_was_said_before_the_end_is_heard() {
        let mut server = Server::default();
        server.open();
        server.push(b"421 x\r\n");
        server.close();
        assert!(matches!(server.reply(), Some(Ok(reply)) if reply.code() == 421));
        assert_eq!(server.reply(), Some(Err(Fault::Closed)));
        assert!(server.forget());
        assert_eq!(server.reply(), None);
    }
}
