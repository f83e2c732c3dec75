#![no_main]
//! A hostile mail ends in something to deliver, whatever the Konnektor made of it, and never in a panic.

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use kim_smime::{IntegrityMode, ReceiveLimits, Received, SignatureResult, Substitute, outer_version};
use kim_types::Address;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<u8>, Vec<u8>, u8)| {
    let (message, plain, result) = input;
    let message = Bytes::from(message);
    let Ok(user) = "a@b.kim.telematik".parse::<Address>() else { return };
    let _ = outer_version(&message);
    let opened = Received::parse(message.clone(), &ReceiveLimits::default())
        .and_then(|received| received.decrypt_request().decrypted(Bytes::from(plain)))
        .map(|request| request.verified(SignatureResult::Broken(result)));
    let mail = match opened {
        Ok(opened) => opened.deliver(IntegrityMode::default(), &user, [7; 16], UNIX_EPOCH),
        Err(_) => Substitute::Format.mail(&message, &user, [7; 16], UNIX_EPOCH),
    };
    assert!(!mail.is_empty());
});
