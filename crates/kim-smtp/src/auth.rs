//! AUTH towards the client: from the command to the credentials.
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2009; RFC 4954, RFC 4616.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kim_types::{Pii, Secret};
use kim_username::sasl::{self, SaslError};
use zeroize::Zeroizing;

use crate::LoginFailure;
use crate::replies::{self, Text};

/// What a client typed: the whole user name, and the password.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) user: Pii<String>,
    pub(crate) password: Secret,
}

/// Which response of the client comes next.
#[derive(Debug)]
pub(crate) enum Challenge {
    /// The message of PLAIN.
    Plain,
    /// The user name of LOGIN.
    UserName,
    /// The password of LOGIN, after the user name.
    Password(Pii<String>),
}

/// How the dialogue goes on.
pub(crate) enum Progress {
    Ask(Challenge),
    Done(Credentials),
}

/// Begins with the argument of AUTH: a mechanism and maybe an initial response, `=` if that is empty.
pub(crate) fn begin(argument: &str) -> Result<Progress, LoginFailure> {
    let (mechanism, initial) = match argument.split_once(' ') {
        Some((mechanism, initial)) => (mechanism, Some(initial.trim_matches(' '))),
        None => (argument, None),
    };
    let challenge = match mechanism.to_ascii_uppercase().as_str() {
        "" => return Err(LoginFailure::Argument),
        "PLAIN" => Challenge::Plain,
        "LOGIN" => Challenge::UserName,
        _ => return Err(LoginFailure::Mechanism),
    };
    match initial {
        None => Ok(Progress::Ask(challenge)),
        Some("=") => challenge.respond(b""),
        Some(response) => challenge.respond(response.as_bytes()),
    }
}

impl Challenge {
    /// What the client is asked with.
    pub(crate) fn prompt(&self) -> Text {
        match self {
            Self::Plain => replies::RESPONSE_PLEASE,
            Self::UserName => replies::USER_NAME_PLEASE,
            Self::Password(_) => replies::PASSWORD_PLEASE,
        }
    }

    /// Takes the response of the client, in base64.
    pub(crate) fn respond(self, response: &[u8]) -> Result<Progress, LoginFailure> {
        if response == b"*" {
            return Err(LoginFailure::Cancelled);
        }
        let response = STANDARD.decode(response).map(Zeroizing::new).map_err(|_| LoginFailure::Encoding)?;
        match self {
            Self::Plain => {
                let (user, password) = sasl::plain(&response).map_err(|error| match error {
                    SaslError::Nul { .. } => LoginFailure::Encoding,
                    _ => LoginFailure::Credentials,
                })?;
                Ok(Progress::Done(Credentials { user: Pii(user), password }))
            }
            Self::UserName => {
                let user = String::from_utf8(response.to_vec()).map_err(|_| LoginFailure::Credentials)?;
                Ok(Progress::Ask(Self::Password(Pii(user))))
            }
            // PLAIN towards the MTA cannot carry a NUL.
            Self::Password(_) if response.is_empty() || response.contains(&0) => {
                Err(LoginFailure::Credentials)
            }
            Self::Password(user) => {
                Ok(Progress::Done(Credentials { user, password: Secret::new(response.to_vec()) }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(argument: &str) -> LoginFailure {
        begin(argument).err().unwrap()
    }

    #[test]
    fn both_mechanisms_come_to_the_same_credentials() {
        let plain = begin("plain AHUAcA==").unwrap();
        let login = begin("LOGIN dQ==");
        let Ok(Progress::Ask(password)) = login else { panic!() };
        for progress in [plain, password.respond(b"cA==").unwrap()] {
            let Progress::Done(credentials) = progress else { panic!() };
            assert_eq!((credentials.user.0.as_str(), credentials.password.expose()), ("u", &b"p"[..]));
        }
    }

    #[test]
    fn without_an_initial_response_the_client_is_asked() {
        for (argument, prompt) in
            [("PLAIN", "334 "), ("LOGIN", "334 VXNlcm5hbWU6"), ("LOGIN =", "334 UGFzc3dvcmQ6")]
        {
            let Ok(Progress::Ask(challenge)) = begin(argument) else { panic!() };
            let Text(code, text) = challenge.prompt();
            assert_eq!(format!("{code} {text}"), prompt);
        }
    }

    #[test]
    fn what_is_wrong_has_its_own_code() {
        assert_eq!(refusal(""), LoginFailure::Argument);
        assert_eq!(refusal("CRAM-MD5"), LoginFailure::Mechanism);
        assert_eq!(refusal("PLAIN ="), LoginFailure::Encoding);
        assert_eq!(refusal("PLAIN %"), LoginFailure::Encoding);
        assert_eq!(refusal("PLAIN AHUAcA"), LoginFailure::Encoding);
        assert_eq!(refusal("PLAIN AAA="), LoginFailure::Credentials);
        assert_eq!(refusal("PLAIN *"), LoginFailure::Cancelled);
        assert_eq!(refusal("LOGIN /w=="), LoginFailure::Credentials);
        for password in ["", "AA=="] {
            let challenge = Challenge::Password(Pii(String::new()));
            assert_eq!(challenge.respond(password.as_bytes()).err(), Some(LoginFailure::Credentials));
        }
    }
}
