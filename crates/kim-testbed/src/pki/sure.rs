//! Calls into OpenSSL whose input this crate made itself: [`sure`].

use openssl::error::ErrorStack;

/// The value of a call that cannot fail for a reason a test could do anything about.
#[expect(
    clippy::expect_used,
    reason = "the input is our own; what remains is no memory, or an OpenSSL without brainpool curves"
)]
pub(crate) fn sure<T>(result: Result<T, ErrorStack>) -> T {
    result.expect("OpenSSL works and knows brainpoolP256r1")
}
