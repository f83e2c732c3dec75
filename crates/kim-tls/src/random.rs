//! [`random`].

/// Octets from OpenSSL's random number generator, good for keys and for names that must be unique.
///
/// # Panics
/// If the system has no random numbers: nothing that needs some may go on then.
///
/// Spec: none — the protocol crates take random values as arguments; this is where a driver gets them.
#[expect(
    clippy::expect_used,
    reason = "no input leads here, and going on without random numbers would be worse"
)]
pub fn random<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    openssl::rand::rand_bytes(&mut octets).expect("the system has no random numbers");
    octets
}
