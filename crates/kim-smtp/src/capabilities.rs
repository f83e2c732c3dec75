//! What an MTA says it can do: [`Capabilities`].

use kim_types::Reply;

/// The keywords of an EHLO reply that matter here. BODY is never sent, so 8BITMIME does not.
///
/// Spec: RFC 5321 §4.1.1.1, RFC 1870 (SIZE), RFC 3461 (DSN), RFC 4954 (AUTH).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Capabilities {
    pub(crate) size: bool,
    pub(crate) dsn: bool,
    pub(crate) plain: bool,
    pub(crate) login: bool,
}

impl Capabilities {
    /// Reads the reply to EHLO; its first line is a greeting.
    pub(crate) fn read(reply: &Reply) -> Self {
        let mut found = Self::default();
        for line in reply.wire().split(|&octet| octet == b'\n').skip(1) {
            found.add(&line.get(4..).unwrap_or_default().to_ascii_uppercase());
        }
        found
    }

    fn add(&mut self, line: &[u8]) {
        // "AUTH=PLAIN" is an old spelling that servers still send for old mail programs.
        let mut words =
            line.split(|octet| matches!(octet, b' ' | b'=' | b'\r')).filter(|word| !word.is_empty());
        match words.next() {
            Some(b"SIZE") => self.size = true,
            Some(b"DSN") => self.dsn = true,
            Some(b"AUTH") => words.for_each(|mechanism| match mechanism {
                b"PLAIN" => self.plain = true,
                b"LOGIN" => self.login = true,
                _ => {}
            }),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wire: &str) -> Capabilities {
        Capabilities::read(&Reply::received(wire.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn keywords_are_read_whatever_their_case() {
        let found = read("250-mail.example SIZE\r\n250-size 1000\r\n250-Auth CRAM-MD5 login\r\n250 dsn\r\n");
        assert_eq!(found, Capabilities { size: true, dsn: true, plain: false, login: true });
        assert!(read("250-x\r\n250 AUTH=PLAIN\r\n").plain);
    }

    #[test]
    fn the_greeting_and_longer_words_are_no_keywords() {
        assert_eq!(read("250 DSN\r\n"), Capabilities::default());
        assert_eq!(read("250-x\r\n250-DSNX\r\n250-\r\n250 AUTH PLAINER\r\n"), Capabilities::default());
    }
}
