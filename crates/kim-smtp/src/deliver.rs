//! PROCESS: one message is given to the MTA.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2019, KOM-LE-A_2176-01; KIM 1.5.3, A_23554; RFC 5321 §3.3, RFC 1870, RFC 3461.

use std::vec;

use kim_types::dots::Stuffer;
use kim_types::{Address, Delivery, Envelope, Recipient, Reply, Ret};

use crate::Output;
use crate::capabilities::Capabilities;
use crate::envelope::{is_notify, is_orcpt, is_xtext};
use crate::server::Fault;

/// A transaction with the MTA.
#[derive(Debug)]
pub(crate) struct Deliver {
    capabilities: Capabilities,
    /// The octets the message has to have.
    size: u64,
    /// Those the MTA was not yet asked for.
    recipients: vec::IntoIter<Recipient>,
    refused: Vec<(Address, Reply)>,
    /// Whether the MTA accepted a recipient.
    accepted: bool,
    stage: Stage,
}

/// Whose turn it is.
#[derive(Debug)]
enum Stage {
    /// The MTA replies to MAIL.
    Mail,
    /// The MTA replies to RCPT with this address.
    Rcpt(Address),
    /// The MTA replies to DATA.
    Data,
    /// The driver gives content; so many octets came.
    Content { stuffer: Stuffer, octets: u64 },
    /// The MTA replies to the message.
    End,
}

/// How a transaction goes on.
pub(crate) enum Outcome {
    /// There is more to do.
    Waiting(Deliver),
    /// The MTA replied to the message.
    Over(Delivery),
    /// The MTA refused before the message; it has to be reset.
    Refused(Delivery),
    /// The MTA refused the message inside it, where it can neither be ended nor reset.
    Interrupted(Delivery),
    /// The MTA cannot be used any more. `in_doubt`: it was given the end of the message, and nobody knows whether it has the
    /// mail.
    Lost { heard: Result<Reply, Fault>, refused: Vec<(Address, Reply)>, in_doubt: bool },
}

impl Deliver {
    /// Begins with MAIL.
    pub(crate) fn begin(envelope: Envelope, size: u64, capabilities: Capabilities, out: &mut Output) -> Self {
        out.command(mail_command(&envelope, size, capabilities));
        Self {
            capabilities,
            size,
            recipients: envelope.recipients.into_iter(),
            refused: Vec::new(),
            accepted: false,
            stage: Stage::Mail,
        }
    }

    pub(crate) fn wants_content(&self) -> bool {
        matches!(self.stage, Stage::Content { .. })
    }

    /// Whether the MTA was given the end of the message.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.stage, Stage::End)
    }

    pub(crate) fn go_on(mut self, heard: Result<Reply, Fault>, out: &mut Output) -> Outcome {
        let complete = self.is_complete();
        let refused = match &heard {
            Ok(reply) if reply.code() != 421 => reply.code() >= 400,
            Ok(_) => return Outcome::Lost { heard, refused: self.refused, in_doubt: false },
            Err(_) => return Outcome::Lost { heard, refused: self.refused, in_doubt: complete },
        };
        match (self.stage, heard) {
            (Stage::Mail | Stage::Data, Ok(reply)) if refused => {
                Outcome::Refused(Delivery { reply, accepted: false, in_doubt: false, refused: self.refused })
            }
            (Stage::Rcpt(address), Ok(reply)) if refused => {
                self.refused.push((address, reply.clone()));
                self.stage = Stage::Mail;
                self.next_recipient(reply, out)
            }
            (Stage::Rcpt(_), Ok(reply)) if reply.is_positive() => {
                self.accepted = true;
                self.stage = Stage::Mail;
                self.next_recipient(reply, out)
            }
            (Stage::Mail, Ok(reply)) if reply.is_positive() => {
                self.stage = Stage::Mail;
                self.next_recipient(reply, out)
            }
            (Stage::Data, Ok(reply)) if reply.code() == 354 => {
                self.stage = Stage::Content { stuffer: Stuffer::new(), octets: 0 };
                Outcome::Waiting(self)
            }
            (Stage::End, Ok(reply)) if refused || reply.is_positive() => {
                Outcome::Over(Delivery { reply, accepted: !refused, in_doubt: false, refused: self.refused })
            }
            (Stage::Content { .. }, Ok(reply)) if reply.code() >= 500 => {
                let refused = self.refused;
                Outcome::Interrupted(Delivery { reply, accepted: false, in_doubt: false, refused })
            }
            // A reply that cannot be one to the command, or another one in the midst of the message.
            (_, heard) => Outcome::Lost { heard, refused: self.refused, in_doubt: complete },
        }
    }

    pub(crate) fn content(&mut self, content: &[u8], out: &mut Output) {
        if let Stage::Content { stuffer, octets } = &mut self.stage {
            stuffer.write(content, &mut out.server);
            *octets = octets.saturating_add(content.len() as u64);
        }
    }

    /// Sends the end of the message, if it is as long as it has to be.
    ///
    /// # Errors
    /// It is not: the connection has to be closed. The recipients that were refused before.
    pub(crate) fn content_end(self, out: &mut Output) -> Result<Self, Vec<(Address, Reply)>> {
        match self.stage {
            Stage::Content { stuffer, octets } if octets == self.size => {
                stuffer.finish(&mut out.server);
                Ok(Self { stage: Stage::End, ..self })
            }
            _ => Err(self.refused),
        }
    }

    /// Goes on with the next recipient or, after the last, with DATA if there is anybody to get it.
    fn next_recipient(mut self, last: Reply, out: &mut Output) -> Outcome {
        if let Some(recipient) = self.recipients.next() {
            out.command(rcpt_command(&recipient, self.capabilities));
            self.stage = Stage::Rcpt(recipient.address);
        } else if self.accepted {
            out.command("DATA");
            self.stage = Stage::Data;
        } else {
            return Outcome::Refused(Delivery {
                reply: last,
                accepted: false,
                in_doubt: false,
                refused: self.refused,
            });
        }
        Outcome::Waiting(self)
    }
}

/// Parameters that are not what they should be are left out: no text may end the line early.
fn mail_command(envelope: &Envelope, size: u64, capabilities: Capabilities) -> String {
    let mut line = format!("MAIL FROM:<{}>", envelope.sender);
    if capabilities.size {
        line.push_str(&format!(" SIZE={size}"));
    }
    if capabilities.dsn {
        line.push_str(match envelope.ret {
            Some(Ret::Full) => " RET=FULL",
            Some(Ret::Headers) => " RET=HDRS",
            None => "",
        });
        parameter(&mut line, "ENVID", envelope.envid.as_ref().map(|envid| envid.0.as_str()), is_xtext);
    }
    line
}

fn rcpt_command(recipient: &Recipient, capabilities: Capabilities) -> String {
    let mut line = format!("RCPT TO:<{}>", recipient.address);
    if capabilities.dsn {
        parameter(&mut line, "NOTIFY", recipient.notify.as_deref(), is_notify);
        parameter(&mut line, "ORCPT", recipient.orcpt.as_ref().map(|orcpt| orcpt.0.as_str()), is_orcpt);
    }
    line
}

fn parameter(line: &mut String, keyword: &str, value: Option<&str>, is_valid: fn(&str) -> bool) {
    if let Some(value) = value.filter(|value| is_valid(value)) {
        line.push_str(&format!(" {keyword}={value}"));
    }
}

#[cfg(test)]
mod tests {
    use kim_types::Pii;

    use super::*;

    const ALL: Capabilities = Capabilities { size: true, dsn: true, plain: true, login: true };

    fn recipient(orcpt: &str) -> Recipient {
        let address = "c@d".parse().unwrap();
        Recipient { address, notify: Some("NEVER".into()), orcpt: Some(Pii(orcpt.into())) }
    }

    fn envelope(envid: &str) -> Envelope {
        Envelope {
            sender: "a@b".parse().unwrap(),
            ret: Some(Ret::Full),
            envid: Some(Pii(envid.into())),
            recipients: Vec::new(),
        }
    }

    #[test]
    fn parameters_are_sent_if_the_mta_knows_them() {
        assert_eq!(mail_command(&envelope("x"), 7, ALL), "MAIL FROM:<a@b> SIZE=7 RET=FULL ENVID=x");
        assert_eq!(mail_command(&envelope("x"), 7, Capabilities::default()), "MAIL FROM:<a@b>");
        assert_eq!(
            rcpt_command(&recipient("rfc822;c@d"), ALL),
            "RCPT TO:<c@d> NOTIFY=NEVER ORCPT=rfc822;c@d"
        );
        assert_eq!(rcpt_command(&recipient("rfc822;c@d"), Capabilities::default()), "RCPT TO:<c@d>");
    }

    #[test]
    fn no_parameter_ends_the_line() {
        assert_eq!(mail_command(&envelope("x\r\nDATA"), 7, ALL), "MAIL FROM:<a@b> SIZE=7 RET=FULL");
        assert_eq!(rcpt_command(&recipient("rfc822;c\r\nDATA"), ALL), "RCPT TO:<c@d> NOTIFY=NEVER");
    }
}
