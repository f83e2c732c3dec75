#![no_main]
//! A hostile mail ends in something to deliver, whatever the Konnektor made of it, and never in a panic. Its results are those of
//! the checks, whatever results the sender wrote.

use std::time::UNIX_EPOCH;

use bytes::Bytes;
use kim_fuzz::{records, sings};
use kim_smime::{Header, IntegrityMode, ReceiveLimits, Received, SignatureResult, Substitute, outer_version};
use kim_types::Address;
use libfuzzer_sys::fuzz_target;

// The message, then what the Konnektor says is in it; the octet before that is the result of its signature check.
fuzz_target!(|octets: &[u8]| {
    let records = records(octets);
    let [(_, message), rest @ ..] = records.as_slice() else { return };
    let (result, plain) = rest.first().copied().unwrap_or_default();
    let message = Bytes::copy_from_slice(message);
    let user: Address = "a@b.kim.telematik".parse().expect("an address");
    let _ = outer_version(&message);
    let signature = match result % 8 {
        0 => SignatureResult::Valid,
        1 => SignatureResult::StatusUnknown,
        id => SignatureResult::Broken(id),
    };
    let opened = Received::parse(message.clone(), &ReceiveLimits::default())
        .and_then(|received| received.decrypt_request().decrypted(Bytes::copy_from_slice(plain)))
        .map(|request| request.verified(signature));
    for mode in [IntegrityMode::Embed, IntegrityMode::Replace, IntegrityMode::Deliver] {
        let mail = match &opened {
            Ok(opened) => opened.deliver(mode, &user, [7; 16], UNIX_EPOCH),
            Err(_) => Substitute::Format.mail(&message, &user, [7; 16], UNIX_EPOCH),
        };
        let (header, body) =
            Header::split(&mail.to_bytes(), &Default::default()).expect("a mail has a header");
        let texts = |name: &str| header.all(name).map(|field| field.text()).collect::<Vec<_>>();
        let integrity = texts("X-KIM-IntegrityCheckResult");
        let Ok(opened) = &opened else {
            assert_eq!(texts("X-KIM-DecryptionResult"), ["02"], "one result, and not the sender's");
            assert!(integrity.is_empty(), "nothing was checked: {integrity:?}");
            continue;
        };
        assert_eq!(texts("X-KIM-DecryptionResult"), ["00"], "one result, and not the sender's");
        match integrity.as_slice() {
            [one] if one == "01" => assert_eq!(signature, SignatureResult::Valid),
            [one] if one == "07" => assert_eq!(signature, SignatureResult::StatusUnknown),
            results => {
                assert!(
                    !results.is_empty() && !results.iter().any(|one| one == "01" || one == "07"),
                    "{results:?}"
                );
                assert!(!opened.verdict.is_intact());
                assert!(mode != IntegrityMode::Replace || !sings(&body), "a body that is not to be shown");
            }
        }
    }
});
