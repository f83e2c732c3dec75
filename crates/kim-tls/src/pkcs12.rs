//! Opening PKCS#12 files of every age.

use std::sync::Mutex;

use kim_types::Secret;
use openssl::error::ErrorStack;
use openssl::pkcs12::{ParsedPkcs12_2, Pkcs12};
use openssl::provider::Provider;

use crate::identity::IdentityError;

/// The legacy provider is global to the process: one user at a time, so that it is gone when the last one is done.
static LEGACY: Mutex<()> = Mutex::new(());

pub(crate) fn open(der: &[u8], password: &Secret) -> Result<ParsedPkcs12_2, IdentityError> {
    let file = Pkcs12::from_der(der).map_err(|_| IdentityError::Malformed)?;
    let password = std::str::from_utf8(password.expose()).map_err(|_| IdentityError::Password)?;
    if password.contains('\0') {
        return Err(IdentityError::Password);
    }
    match file.parse2(password) {
        Ok(content) => Ok(content),
        Err(error) if is_password(&error) => Err(IdentityError::Password),
        Err(error) if is_unsupported(&error) => open_legacy(&file, password),
        Err(_) => Err(IdentityError::Malformed),
    }
}

fn open_legacy(file: &Pkcs12, password: &str) -> Result<ParsedPkcs12_2, IdentityError> {
    let _alone = LEGACY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    // Retaining the fallbacks keeps the default provider, which the rest of the process uses.
    let _legacy = Provider::try_load(None, "legacy", true).map_err(|_| IdentityError::Unsupported)?;
    file.parse2(password).map_err(|error| match () {
        () if is_password(&error) => IdentityError::Password,
        () if is_unsupported(&error) => IdentityError::Unsupported,
        () => IdentityError::Malformed,
    })
}

/// A password is right if the checksum over the file is; OpenSSL has no other name for a wrong one.
fn is_password(error: &ErrorStack) -> bool {
    has_reason(error, "mac verify failure")
}

fn is_unsupported(error: &ErrorStack) -> bool {
    has_reason(error, "unsupported") || has_reason(error, "unknown")
}

fn has_reason(error: &ErrorStack, text: &str) -> bool {
    error.errors().iter().any(|one| one.reason().is_some_and(|reason| reason.contains(text)))
}
