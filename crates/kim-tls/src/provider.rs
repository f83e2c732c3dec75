//! The cryptography under rustls: [`provider`].

use std::sync::Arc;

use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;
use rustls_openssl::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS13_AES_128_GCM_SHA256,
    TLS13_AES_256_GCM_SHA384,
};
use rustls_openssl::kx_group::{SECP256R1, SECP384R1};

use crate::brainpool_exchange::{BRAINPOOL_P256R1, BRAINPOOL_P384R1, BRAINPOOL_P512R1};

/// ECDSA before RSA, so that ECC is used where a peer offers both.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_17239, KOM-LE-A_2064-02.
const SUITES: [SupportedCipherSuite; 6] = [
    TLS13_AES_256_GCM_SHA384,
    TLS13_AES_128_GCM_SHA256,
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
];

/// rustls on OpenSSL with the cipher suites and curves of the Telematikinfrastruktur.
///
/// TLS 1.3 and 1.2 with AES-GCM; key exchange on P-256, P-384 and, in TLS 1.2, brainpoolP256r1, P384r1 and P512r1. A
/// server shows a brainpool certificate only to a client that lists its curve, so the curves are always listed.
///
/// Brainpool certificates are checked by the verifiers of [`client_config`](crate::client_config) and
/// [`server_config`](crate::server_config), and brainpool keys sign through them. The certificate verifiers that rustls
/// itself builds from a provider know no brainpool.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02, A_17239; RFC 7027.
pub fn provider() -> Arc<CryptoProvider> {
    let groups = vec![SECP256R1, SECP384R1, BRAINPOOL_P256R1, BRAINPOOL_P384R1, BRAINPOOL_P512R1];
    Arc::new(rustls_openssl::custom_provider(SUITES.to_vec(), groups))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_17239
    #[test]
    fn ecdsa_is_preferred_and_every_curve_is_listed() {
        let provider = provider();
        let suites: Vec<u16> = provider.cipher_suites.iter().map(|suite| suite.suite().into()).collect();
        assert_eq!(suites, [0x1302, 0x1301, 0xc02c, 0xc02b, 0xc030, 0xc02f]);
        let groups: Vec<u16> = provider.kx_groups.iter().map(|group| group.name().into()).collect();
        assert_eq!(groups, [0x0017, 0x0018, 0x001a, 0x001b, 0x001c]);
    }
}
