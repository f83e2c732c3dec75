#![no_main]
//! A hostile service directory never panics the reader, nor what is asked of it afterwards.

use kim_konnektor::{EndpointMode, ServiceDirectory};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(directory) = ServiceDirectory::parse(octets) {
        let _ = directory.product().kim_version();
        for mode in [EndpointMode::Published, EndpointMode::RewriteAuthority, EndpointMode::RewritePrefix] {
            if let Ok(services) = directory.services(mode, "https://konnektor.konlan/connector.sds") {
                let _ = services.supports_ecc();
            }
        }
    }
});
