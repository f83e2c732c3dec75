//! The POP3 server as a client sees it, in memory.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::fachdienst::{
    MailFault, Mailbox, Mailboxes, Pop3Command, Pop3Config, Pop3Server, Pop3Session,
};
use kim_testbed::{Next, Session, Times};
use kim_types::Secret;

const A: &str = "Praxis.A@testbed.kim.telematik-test";

fn server() -> (Pop3Server, Mailbox) {
    let mailboxes = Mailboxes::default();
    let mailbox = mailboxes.open(&A.parse().unwrap(), Secret::from("geheim"));
    mailbox.put("Subject: 1\r\n\r\none\r\n.two\r\n");
    mailbox.put("Subject: 2\r\n\r\n");
    (Pop3Server::new(Pop3Config::default(), mailboxes), mailbox)
}

fn say(session: &mut Pop3Session, text: &str) -> (String, Next) {
    let (mut out, mut next, mut input) = (Vec::new(), Next::Continue, text.as_bytes());
    while !input.is_empty() && next == Next::Continue {
        next = session.receive(&mut input, &mut out).next;
    }
    (String::from_utf8(out).unwrap(), next)
}

fn logged_in(server: &Pop3Server) -> Pop3Session {
    let mut session = server.session();
    session.greet(&mut Vec::new());
    let (answer, _) = say(&mut session, &format!("USER {}\r\nPASS geheim\r\n", A.to_uppercase()));
    assert_eq!(answer.lines().filter(|line| line.starts_with("+OK")).count(), 2);
    session
}

#[test]
fn the_mails_are_listed_and_fetched_with_dot_stuffing() {
    let (server, _) = server();
    let mut session = logged_in(&server);
    let mut answer = |command: &str| say(&mut session, command).0;
    assert_eq!(answer("STAT\r\n"), "+OK 2 39\r\n");
    assert_eq!(answer("LIST\r\n"), "+OK\r\n1 25\r\n2 14\r\n.\r\n");
    assert_eq!(answer("LIST 2\r\n"), "+OK 2 14\r\n");
    assert_eq!(answer("UIDL\r\n"), "+OK\r\n1 kim-00000001\r\n2 kim-00000002\r\n.\r\n");
    assert_eq!(answer("RETR 1\r\n"), "+OK\r\nSubject: 1\r\n\r\none\r\n..two\r\n.\r\n");
    assert_eq!(answer("TOP 1 0\r\n"), "+OK\r\nSubject: 1\r\n\r\n.\r\n");
    assert_eq!(answer("TOP 1 1\r\n"), "+OK\r\nSubject: 1\r\n\r\none\r\n.\r\n");
    for wrong in ["RETR 0\r\n", "RETR 3\r\n", "RETR x\r\n", "TOP 1\r\n", "DELE\r\n", "XYZ\r\n", "\r\n"] {
        assert!(answer(wrong).starts_with("-ERR"), "{wrong:?}");
    }
}

#[test]
fn mails_are_deleted_by_quit_only_and_keep_their_uids() {
    let (server, mailbox) = server();
    let mut session = logged_in(&server);
    assert!(say(&mut session, "DELE 1\r\n").0.starts_with("+OK"));
    assert!(say(&mut session, "DELE 1\r\nRETR 1\r\n").0.starts_with("-ERR"));
    assert_eq!(say(&mut session, "RSET\r\nSTAT\r\n").0, "+OK Reset\r\n+OK 2 39\r\n");
    assert!(say(&mut session, "DELE 1\r\n").0.starts_with("+OK"));
    drop(session);
    assert_eq!(mailbox.mails().len(), 2);
    let mut session = logged_in(&server);
    assert_eq!(say(&mut session, "DELE 1\r\nQUIT\r\n").1, Next::Close);
    let uids: Vec<String> = mailbox.mails().into_iter().map(|mail| mail.uid).collect();
    assert_eq!(uids, ["kim-00000002"]);
}

#[test]
fn only_the_right_password_opens_a_mailbox() {
    let (server, _) = server();
    let mut session = server.session();
    let mut answer = |text: &str| say(&mut session, text).0;
    assert!(answer("STAT\r\n").starts_with("-ERR"));
    assert!(answer("PASS geheim\r\n").starts_with("-ERR"));
    assert!(answer(&format!("USER {A}\r\nPASS falsch\r\n")).contains("-ERR"));
    assert!(answer("AUTH CRAM-MD5\r\n").starts_with("-ERR"));
    assert_eq!(answer("CAPA\r\n"), "+OK\r\nTOP\r\nUSER\r\nSASL PLAIN\r\nUIDL\r\n.\r\n");
    use base64::Engine;
    let plain = base64::engine::general_purpose::STANDARD.encode(format!("\0{A}\0geheim"));
    assert_eq!(answer(&format!("AUTH PLAIN\r\n{plain}\r\n")), "+ \r\n+OK Welcome\r\n");
    let transcript = server.transcript();
    assert_eq!(transcript.lines(Pop3Command::Pass), ["PASS", "PASS"], "no password in the transcript");
}

#[test]
fn planned_faults_cut_answers_and_connections() {
    let (server, _) = server();
    let mut session = logged_in(&server);
    server.faults().add(Pop3Command::Retr, Times::ONCE, MailFault::Cut(12));
    server.faults().add(Pop3Command::Stat, Times::ONCE, MailFault::Silence);
    assert_eq!(say(&mut session, "STAT\r\n"), (String::new(), Next::Silence));
    assert_eq!(say(&mut session, "RETR 1\r\n"), ("+OK\r\nSubject".into(), Next::Close));
}
