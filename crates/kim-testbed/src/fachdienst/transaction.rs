//! The envelope of a mail on its way through the MTA.

use kim_types::Address;

#[derive(Debug, Clone)]
pub(super) struct Transaction {
    pub(super) sender: Address,
    pub(super) recipients: Vec<Address>,
}

/// The address and the parameters of a MAIL or RCPT command, after its `FROM:` or `TO:`.
///
/// `None` when the path has no angle brackets or holds no address.
pub(super) fn path(argument: &str) -> Option<(Address, Vec<Parameter>)> {
    let (path, parameters) = argument.trim_start().strip_prefix('<')?.split_once('>')?;
    let parameters = parameters.split_ascii_whitespace().map(|word| {
        let (keyword, value) = word.split_once('=').unwrap_or((word, ""));
        Parameter { keyword: keyword.to_ascii_uppercase(), value: value.to_owned() }
    });
    Some((path.parse().ok()?, parameters.collect()))
}

/// An ESMTP parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    /// The keyword in upper case.
    pub(super) keyword: String,
    /// The value, empty when there is none.
    pub(super) value: String,
}

/// What follows `prefix` in `text`, compared without case.
pub(super) fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_brackets_an_address_and_parameters() {
        let (address, parameters) = path("<a@b.de> size=5 RET=HDRS").unwrap();
        assert_eq!(address.to_string(), "a@b.de");
        assert_eq!(parameters[0], Parameter { keyword: "SIZE".into(), value: "5".into() });
        assert_eq!(parameters[1].value, "HDRS");
        assert!(path("a@b.de").is_none() && path("<>").is_none() && path("<a@b.de").is_none());
        assert_eq!(strip_prefix("from:<x>", "FROM:"), Some("<x>"));
    }
}
