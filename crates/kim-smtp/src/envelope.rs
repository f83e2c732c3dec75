//! The arguments of MAIL and RCPT.
//!
//! Spec: RFC 5321 §4.1.1.2-3, RFC 1870 (SIZE), RFC 6152 (BODY), RFC 4954 §5 (AUTH), RFC 3461 (RET, ENVID, NOTIFY, ORCPT).

use kim_types::{Address, Envelope, Pii, Recipient, Ret};

use crate::replies::{self, Text};

/// The greatest length of an ENVID in octets.
const MAX_ENVID_OCTETS: usize = 100;
/// The greatest length of an ORCPT in octets.
const MAX_ORCPT_OCTETS: usize = 500;

/// Reads the argument of MAIL into an envelope without recipients; `max_size` is what a mail may have at most.
pub(crate) fn mail(argument: &str, max_size: u64) -> Result<Envelope, Text> {
    let (path, parameters) = path(argument, "FROM:")?;
    if path.is_empty() {
        return Err(replies::NO_SENDER);
    }
    let sender: Address = path.parse().map_err(|_| replies::BAD_SENDER)?;
    let mut envelope = Envelope { sender, ret: None, envid: None, recipients: Vec::new() };
    let mut seen = Vec::new();
    for parameter in parameters.split_ascii_whitespace() {
        let (keyword, value) = keyword(parameter, &mut seen)?;
        match (keyword.as_str(), value) {
            // The MTA is told the size of the message that the mail becomes.
            ("SIZE", Some(value)) => check_size(value, max_size)?,
            ("BODY", Some(value)) if one_of(value, &["7BIT", "8BITMIME"]) => {}
            ("RET", Some(value)) if one_of(value, &["FULL"]) => envelope.ret = Some(Ret::Full),
            ("RET", Some(value)) if one_of(value, &["HDRS"]) => envelope.ret = Some(Ret::Headers),
            ("ENVID", Some(value)) if value.len() <= MAX_ENVID_OCTETS && is_xtext(value) => {
                envelope.envid = Some(Pii(value.to_owned()));
            }
            // Who submitted the mail first: a submission server may ignore it, and the MTA knows the user.
            ("AUTH", Some(value)) if value == "<>" || is_xtext(value) => {}
            ("SMTPUTF8", _) => return Err(replies::UTF8_ADDRESS),
            ("SIZE" | "BODY" | "RET" | "ENVID" | "AUTH", _) => return Err(replies::ARGUMENT),
            _ => return Err(replies::PARAMETER),
        }
    }
    Ok(envelope)
}

/// Reads the argument of RCPT.
pub(crate) fn rcpt(argument: &str) -> Result<Recipient, Text> {
    let (path, parameters) = path(argument, "TO:")?;
    let mut recipient = Recipient::new(path.parse().map_err(|_| replies::BAD_RECIPIENT)?);
    let mut seen = Vec::new();
    for parameter in parameters.split_ascii_whitespace() {
        let (keyword, value) = keyword(parameter, &mut seen)?;
        match (keyword.as_str(), value) {
            ("NOTIFY", Some(value)) if is_notify(value) => recipient.notify = Some(value.to_owned()),
            ("ORCPT", Some(value)) if is_orcpt(value) => recipient.orcpt = Some(Pii(value.to_owned())),
            ("NOTIFY" | "ORCPT", _) => return Err(replies::ARGUMENT),
            _ => return Err(replies::PARAMETER),
        }
    }
    Ok(recipient)
}

/// Whether `value` is a value of NOTIFY.
pub(crate) fn is_notify(value: &str) -> bool {
    one_of(value, &["NEVER"]) || value.split(',').all(|word| one_of(word, &["SUCCESS", "FAILURE", "DELAY"]))
}

/// Whether `value` is a value of ORCPT: a type of address, `;`, an address in xtext.
pub(crate) fn is_orcpt(value: &str) -> bool {
    let parts = value.split_once(';');
    value.len() <= MAX_ORCPT_OCTETS
        && parts.is_some_and(|(kind, address)| is_xtext(kind) && !kind.is_empty() && is_xtext(address))
}

/// Whether `value` is xtext: printable ASCII in which `+` begins two hexadecimal digits, without `=`.
///
/// Spec: RFC 3461 §4.
pub(crate) fn is_xtext(value: &str) -> bool {
    let hex = |digit: &u8| matches!(digit, b'0'..=b'9' | b'A'..=b'F');
    let mut octets = value.bytes();
    while let Some(octet) = octets.next() {
        let good = match octet {
            b'+' => octets.next().as_ref().is_some_and(hex) && octets.next().as_ref().is_some_and(hex),
            _ => octet.is_ascii_graphic() && octet != b'=',
        };
        if !good {
            return false;
        }
    }
    true
}

/// Splits `FROM:<path> parameters`. Blanks before the path are tolerated: many mail programs send one.
fn path<'a>(argument: &'a str, introduction: &str) -> Result<(&'a str, &'a str), Text> {
    let (start, rest) = argument.split_at_checked(introduction.len()).ok_or(replies::SYNTAX)?;
    if !start.eq_ignore_ascii_case(introduction) {
        return Err(replies::SYNTAX);
    }
    let rest = rest.trim_start_matches(' ').strip_prefix('<').ok_or(replies::SYNTAX)?;
    let (path, parameters) = rest.split_once('>').ok_or(replies::SYNTAX)?;
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return Err(replies::SYNTAX);
    }
    Ok((path, parameters))
}

/// Splits `KEYWORD=value`; each keyword may occur once.
fn keyword<'a>(parameter: &'a str, seen: &mut Vec<String>) -> Result<(String, Option<&'a str>), Text> {
    let (keyword, value) = match parameter.split_once('=') {
        Some((keyword, value)) => (keyword, Some(value)),
        None => (parameter, None),
    };
    let keyword = keyword.to_ascii_uppercase();
    if seen.contains(&keyword) {
        return Err(replies::ARGUMENT);
    }
    seen.push(keyword.clone());
    Ok((keyword, value))
}

/// Spec: RFC 1870 §6.1 (552); KIM 1.5.4, A_19355 (5.3.4).
fn check_size(value: &str, max: u64) -> Result<(), Text> {
    if value.is_empty() || value.len() > 20 || !value.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(replies::ARGUMENT);
    }
    match value.parse::<u64>() {
        Ok(size) if size <= max => Ok(()),
        _ => Err(replies::TOO_LARGE),
    }
}

fn one_of(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = 1000;

    fn mail_error(argument: &str) -> Text {
        mail(argument, MAX).unwrap_err()
    }

    #[test]
    fn mail_parameters_are_kept_except_those_of_one_hop() {
        let argument = "from: <A@b.kim.telematik> SIZE=1000 body=8bitmime RET=hdrs ENVID=a+2Bb AUTH=<>";
        let envelope = mail(argument, MAX).unwrap();
        assert_eq!(envelope.sender.to_string(), "A@b.kim.telematik");
        assert_eq!(envelope.ret, Some(Ret::Headers));
        assert_eq!(envelope.envid, Some(Pii("a+2Bb".to_owned())));
    }

    #[test]
    fn rcpt_parameters_are_kept() {
        let recipient = rcpt("TO:<c@d> NOTIFY=Success,DELAY ORCPT=rfc822;c@d").unwrap();
        assert_eq!(recipient.notify.as_deref(), Some("Success,DELAY"));
        assert_eq!(recipient.orcpt, Some(Pii("rfc822;c@d".to_owned())));
    }

    #[test]
    fn what_is_wrong_with_mail_has_its_own_code() {
        for argument in
            ["", "FROM", "FROM:", "FROM:a@b", "FROM:<a@b", "FROM:<a@b>x", "TO:<a@b>", "FR\u{e4}:<>"]
        {
            assert_eq!(mail_error(argument), replies::SYNTAX, "{argument}");
        }
        assert_eq!(mail_error("FROM:<>"), replies::NO_SENDER);
        assert_eq!(mail_error("FROM:<a>"), replies::BAD_SENDER);
        assert_eq!(mail_error("FROM:<a@b> SMTPUTF8"), replies::UTF8_ADDRESS);
        for size in ["1001", "18446744073709551616"] {
            assert_eq!(mail_error(&format!("FROM:<a@b> SIZE={size}")), replies::TOO_LARGE);
        }
        for wrong in [
            "SIZE",
            "SIZE=",
            "SIZE=-1",
            "SIZE=+1",
            "BODY=BINARYMIME",
            "RET=ALL",
            "ENVID=+",
            "ENVID==",
            "RET",
            "RET=FULL RET=FULL",
        ] {
            assert_eq!(mail_error(&format!("FROM:<a@b> {wrong}")), replies::ARGUMENT, "{wrong}");
        }
        assert_eq!(mail_error("FROM:<a@b> NOTIFY=NEVER"), replies::PARAMETER);
        assert_eq!(mail_error(&format!("FROM:<a@b> ENVID={}", "x".repeat(101))), replies::ARGUMENT);
    }

    #[test]
    fn what_is_wrong_with_rcpt_has_its_own_code() {
        for path in ["", "a", "a@b@c", "@x:a@b", "a b@c", "*@x,y"] {
            assert_eq!(rcpt(&format!("TO:<{path}>")), Err(replies::BAD_RECIPIENT), "{path}");
        }
        for wrong in
            ["NOTIFY", "NOTIFY=", "NOTIFY=NEVER,DELAY", "NOTIFY=DELAY,", "ORCPT=x", "ORCPT=;x", "ORCPT=a;+x"]
        {
            assert_eq!(rcpt(&format!("TO:<a@b> {wrong}")), Err(replies::ARGUMENT), "{wrong}");
        }
        for unknown in ["SIZE=1", "X", "=", "RRVS=x"] {
            assert_eq!(rcpt(&format!("TO:<a@b> {unknown}")), Err(replies::PARAMETER), "{unknown}");
        }
    }
}
