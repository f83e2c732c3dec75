//! Whatever a client sends, the servers go on, and chunks do not matter.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::directory::{Directory, Entry};
use kim_testbed::fachdienst::{Mailboxes, Mta, MtaConfig, Pop3Config, Pop3Server};
use kim_testbed::{Next, Session};
use kim_types::Secret;
use proptest::prelude::*;

/// Everything a session says to `chunks`, up to the end of the connection.
fn converse<'a>(mut session: impl Session, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    session.greet(&mut out);
    for mut input in chunks {
        while !input.is_empty() {
            if session.receive(&mut input, &mut out).next != Next::Continue {
                return out;
            }
        }
    }
    out
}

fn assert_chunks_do_not_matter<S: Session>(open: impl Fn() -> S, octets: &[u8]) {
    assert_eq!(converse(open(), octets.chunks(1)), converse(open(), [octets]));
}

fn mailboxes() -> Mailboxes {
    let mailboxes = Mailboxes::default();
    mailboxes.open(&"a@b.cc".parse().unwrap(), Secret::from("c")).put("Subject: x\r\n\r\n.\r\n");
    mailboxes
}

/// Lines from the vocabulary of both protocols, and some noise.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "EHLO x",
        "AUTH PLAIN AGFAYi5jYwBj",
        "AUTH LOGIN",
        "YUBiLmNj",
        "Yw==",
        "*",
        "MAIL FROM:<a@b.cc> SIZE=1",
        "RCPT TO:<a@b.cc>",
        "DATA",
        "From: a@b.cc",
        "",
        "..x",
        ".",
        "RSET",
        "QUIT",
        "USER a@b.cc",
        "PASS c",
        "LIST",
        "TOP 1 0",
        "RETR 1",
        "DELE 1",
        "UIDL 1",
        "STAT",
    ]);
    let end = prop::sample::select(vec!["\r\n", "\r\n", "\r\n", "\n", "\r"]);
    prop::collection::vec((prop_oneof![4 => words.prop_map(str::to_owned), 1 => ".{0,20}"], end), 0..24)
        .prop_map(|lines| lines.into_iter().map(|(word, end)| word + end).collect::<String>().into_bytes())
}

/// LDAP messages with an element or two gone wrong.
fn requests() -> impl Strategy<Value = Vec<u8>> {
    let bind = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00".to_vec();
    let search =
        b"\x30\x2d\x02\x01\x02\x63\x28\x04\x0edc=data,dc=vzd\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\
        \x01\x01\x00\x87\x04mail\x30\x00";
    let messages = prop::collection::vec(prop::sample::select(vec![bind, search.to_vec()]), 1..4);
    (messages, prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3)).prop_map(
        |(messages, changes)| {
            let mut octets = messages.concat();
            for (index, octet) in changes {
                let at = index.index(octets.len());
                octets.splice(at..=at, [octet]);
            }
            octets
        },
    )
}

proptest! {
    #[test]
    fn the_mail_servers_answer_whatever_comes(octets in lines()) {
        let now = || std::time::UNIX_EPOCH;
        let config = MtaConfig { now, ..MtaConfig::default() };
        assert_chunks_do_not_matter(|| Mta::new(config.clone(), mailboxes()).session("x"), &octets);
        assert_chunks_do_not_matter(|| Pop3Server::new(Pop3Config::default(), mailboxes()).session(), &octets);
    }

    #[test]
    fn the_directory_answers_whatever_comes(octets in requests()) {
        let directory = Directory::default();
        directory.put(Entry::new("1").with("mail", "a@b.cc"));
        assert_chunks_do_not_matter(|| directory.session(), &octets);
    }

    #[test]
    fn noise_ends_nothing_but_the_connection(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_chunks_do_not_matter(|| Directory::default().session(), &octets);
        assert_chunks_do_not_matter(|| Mta::new(MtaConfig::default(), mailboxes()).session("x"), &octets);
    }
}

/// A filter as deep as a request can be must not exhaust the stack.
#[test]
fn a_deep_filter_is_refused() {
    let wrap = |tag: u8, content: Vec<u8>| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, &content].concat()
    };
    let filter = (0..5_000).fold(b"\x87\x04mail".to_vec(), |filter, _| wrap(0xa0, filter));
    let head = b"\x04\x0edc=data,dc=vzd\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00";
    let search = wrap(0x63, [&head[..], &filter, b"\x30\x00"].concat());
    let message = wrap(0x30, [b"\x02\x01\x02", &search[..]].concat());
    let answer = converse(Directory::default().session(), [&message[..]]);
    assert_eq!(answer, b"\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x35\x04\x00\x04\x00");
}
