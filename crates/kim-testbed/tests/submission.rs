//! The submission server as a client sees it, in memory.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use kim_testbed::fachdienst::{MailFault, Mailboxes, Mta, MtaConfig, SmtpCommand, SmtpSession};
use kim_testbed::{Next, Session, Times};
use kim_types::Secret;

const A: &str = "Praxis.A@testbed.kim.telematik-test";
const B: &str = "Praxis.B@testbed.kim.telematik-test";

struct Client {
    mailboxes: Mailboxes,
    mta: Mta,
    session: SmtpSession,
}

impl Client {
    fn new(config: MtaConfig) -> Self {
        let mailboxes = Mailboxes::default();
        for (address, password) in [(A, "geheim"), (B, "anders")] {
            mailboxes.open(&address.parse().unwrap(), Secret::from(password));
        }
        let mta = Mta::new(config, mailboxes.clone());
        let mut session = mta.session("127.0.0.1");
        session.greet(&mut Vec::new());
        Self { mailboxes, mta, session }
    }

    fn logged_in(config: MtaConfig) -> Self {
        let mut client = Self::new(config);
        assert!(client.say("EHLO client\r\n").0.starts_with("250"));
        assert!(client.say(&auth_plain("geheim")).0.starts_with("235"));
        client
    }

    /// Everything the server answers to `text`, which is sent octet by octet, and how the connection goes on.
    fn say(&mut self, text: &str) -> (String, Next) {
        let mut out = Vec::new();
        let mut next = Next::Continue;
        for octet in text.as_bytes() {
            if next == Next::Continue {
                next = self.session.receive(&mut std::slice::from_ref(octet), &mut out).next;
            }
        }
        (String::from_utf8(out).unwrap(), next)
    }

    fn codes(&mut self, text: &str) -> Vec<String> {
        let (answer, _) = self.say(text);
        answer
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(code, _)| code.to_owned())
            .filter(|code| code.len() == 3)
            .collect()
    }

    fn mails(&self, address: &str) -> Vec<String> {
        let mails = self.mailboxes.mailbox(&address.parse().unwrap()).unwrap().mails();
        mails.iter().map(|mail| String::from_utf8(mail.octets.to_vec()).unwrap()).collect()
    }
}

fn auth_plain(password: &str) -> String {
    use base64::Engine;
    let response = base64::engine::general_purpose::STANDARD.encode(format!("\0{A}\0{password}"));
    format!("AUTH PLAIN {response}\r\n")
}

fn transaction(message: &str) -> String {
    format!("MAIL FROM:<{A}> SIZE=9 RET=HDRS\r\nRCPT TO:<{B}> NOTIFY=NEVER\r\nDATA\r\n{message}.\r\n")
}

#[test]
fn a_mail_lands_in_the_mailbox_of_its_recipient() {
    let now = || std::time::UNIX_EPOCH;
    let mut client = Client::logged_in(MtaConfig { now, ..MtaConfig::default() });
    let message = format!("From: {A}\r\n\r\n..dot\r\n");
    assert_eq!(client.codes(&transaction(&message)), ["250", "250", "354", "250"]);
    let expected = format!(
        "Return-Path: <{A}>\r\nReceived: from client (127.0.0.1)\r\n\tby mail.testbed.kim.telematik-test with ESMTPSA \
         id 1;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\nFrom: {A}\r\n\r\n.dot\r\n"
    );
    assert_eq!(client.mails(B), [expected]);
    assert_eq!(client.mails(A), [""; 0]);
}

#[test]
fn ehlo_shows_the_configured_keywords_and_only_their_parameters_are_taken() {
    let keywords = vec!["SIZE 100".into(), "AUTH PLAIN".into()];
    let mut client = Client::new(MtaConfig { keywords, ..MtaConfig::default() });
    let (answer, _) = client.say("EHLO client\r\n");
    assert_eq!(answer, "250-mail.testbed.kim.telematik-test\r\n250-SIZE 100\r\n250 AUTH PLAIN\r\n");
    assert_eq!(client.codes("AUTH LOGIN\r\n"), ["504"]);
    assert_eq!(client.codes(&auth_plain("geheim")), ["235"]);
    assert_eq!(client.codes(&format!("MAIL FROM:<{A}> RET=HDRS\r\n")), ["555"]);
    assert_eq!(client.codes(&format!("MAIL FROM:<{A}> SIZE=999999999\r\n")), ["552"]);
    assert_eq!(client.codes(&format!("MAIL FROM:<{A}> SIZE=100\r\n")), ["250"]);
}

#[test]
fn both_mechanisms_log_in_and_wrong_passwords_do_not() {
    use base64::Engine;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let mut client = Client::new(MtaConfig::default());
    assert_eq!(client.codes(&format!("MAIL FROM:<{A}>\r\n")), ["530"]);
    assert_eq!(client.codes(&auth_plain("falsch")), ["535"]);
    assert_eq!(client.codes("AUTH PLAIN\r\n*\r\n"), ["334", "501"]);
    let login = format!("AUTH LOGIN\r\n{}\r\n{}\r\n", base64(A), base64("geheim"));
    assert_eq!(client.codes(&login), ["334", "334", "235"]);
    assert_eq!(client.codes(&auth_plain("geheim")), ["503"]);
    let lines = client.mta.transcript().lines(SmtpCommand::Auth);
    assert_eq!(lines, ["AUTH PLAIN", "AUTH", "AUTH LOGIN", "AUTH"], "no credentials in the transcript");
}

/// Spec: api-kim FAQ, A_23421, A_23422
#[test]
fn only_mails_of_the_login_are_taken_over() {
    let mut client = Client::logged_in(MtaConfig::default());
    assert_eq!(client.codes(&format!("MAIL FROM:<{B}>\r\n")), ["553"]);
    assert_eq!(client.codes("MAIL FROM:<>\r\n"), ["501"]);
    assert_eq!(client.codes(&transaction("From: x@y.kim.telematik\r\n\r\n")).last().unwrap(), "550");
    assert_eq!(client.mails(B), [""; 0]);
    let to_self = format!("MAIL FROM:<{A}>\r\nRCPT TO:<{A}>\r\nDATA\r\nFrom: {B}\r\n\r\n.\r\n");
    assert_eq!(client.codes(&to_self).last().unwrap(), "250");
}

#[test]
fn unknown_recipients_are_refused_and_the_others_get_the_mail() {
    let mut client = Client::logged_in(MtaConfig::default());
    let nobody = "nobody@testbed.kim.telematik-test";
    assert_eq!(client.codes("DATA\r\n"), ["503"]);
    assert_eq!(
        client.codes(&format!("MAIL FROM:<{A}>\r\nRCPT TO:<{nobody}>\r\nDATA\r\n")),
        ["250", "550", "554"]
    );
    let rest = format!("RCPT TO:<{B}>\r\nDATA\r\nFrom: {A}\r\n\r\n.\r\n");
    assert_eq!(client.codes(&rest), ["250", "354", "250"]);
    assert_eq!(client.mails(B).len(), 1);
}

#[test]
fn planned_faults_happen_and_the_transcript_tells() {
    let mut client = Client::logged_in(MtaConfig::default());
    client.mta.faults().add(SmtpCommand::Message, Times::ONCE, MailFault::Reply("451 4.3.0 Later".into()));
    client.mta.faults().add(SmtpCommand::Noop, Times::nth(2), MailFault::Close);
    let mail = transaction(&format!("From: {A}\r\n\r\n"));
    assert_eq!(client.codes(&mail).last().unwrap(), "451");
    assert_eq!(client.mails(B), [""; 0]);
    assert_eq!(client.codes("RSET\r\n"), ["250"]);
    assert_eq!(client.codes(&mail).last().unwrap(), "250");
    assert_eq!(client.say("NOOP\r\n").1, Next::Continue);
    assert_eq!(client.say("NOOP\r\n"), (String::new(), Next::Close));
    let transcript = client.mta.transcript();
    assert_eq!(transcript.lines(SmtpCommand::Mail)[0], format!("MAIL FROM:<{A}> SIZE=9 RET=HDRS"));
    assert_eq!(transcript.lines(SmtpCommand::Rcpt)[0], format!("RCPT TO:<{B}> NOTIFY=NEVER"));
    assert_eq!((transcript.count(SmtpCommand::Rset), transcript.count(SmtpCommand::Message)), (1, 2));
}

#[test]
fn a_mail_above_the_limit_is_refused_after_its_end() {
    let mut client = Client::logged_in(MtaConfig { max_size: 100, ..MtaConfig::default() });
    let message = format!("From: {A}\r\n\r\n{}\r\n", "x".repeat(200));
    assert_eq!(client.codes(&transaction(&message)).last().unwrap(), "552");
    assert_eq!(client.codes("NOOP\r\nBDAT 3\r\nQUIT\r\n"), ["250", "502", "221"]);
}
