//! How much memory a mail of 25 MiB takes, counted by the allocator: its content is copied once at most.
//!
//! One test, so that nothing else allocates meanwhile.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;

use std::alloc::System;
use std::time::UNIX_EPOCH;

use builder::{Envelope, Signature};
use bytes::Bytes;
use kim_smime::{
    Draft, Header, HeaderLimits, IntegrityMode, MessageVersion, OuterFields, ReceiveLimits, Received,
    RecipientEmails, SignatureResult,
};
use kim_types::Octets;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MIB: usize = 1024 * 1024;
/// What a Konnektor takes.
const CONTENT: usize = 25 * MIB;
/// What there may be besides copies of the content: lists of its 26,000 segments, above all.
const LISTS: usize = 8 * MIB;

/// The result of a step and the octets allocated for it, those freed again included.
fn counted<T>(step: &str, run: impl FnOnce() -> T) -> (T, usize) {
    let region = Region::new(ALLOCATOR);
    let result = run();
    let change = region.change();
    let octets = change.bytes_allocated + usize::try_from(change.bytes_reallocated.max(0)).unwrap();
    println!("{step}: {:.1} MiB allocated for a mail of 25 MiB", octets as f64 / MIB as f64);
    (result, octets)
}

/// As a Konnektor signs: in DER, or cut into segments of 1000 octets.
fn signed(document: &Octets, segmented: bool) -> Bytes {
    let document = document.to_bytes();
    let content = if segmented {
        builder::indefinite(0xa0, &[&builder::indefinite(0x24, &[&builder::segments(&document, 1000)])])
    } else {
        builder::tlv(0xa0, &[&builder::octets(&document)])
    };
    Signature { content, ..Signature::default() }.ber()
}

fn fields() -> OuterFields {
    OuterFields {
        version: MessageVersion::V1_0,
        expires: None,
        cm_version: "VEND_1.2.3".to_owned(),
        pt_version: "1.5.5".to_owned(),
        kon_version: None,
        kas_size: None,
        kas_enc_size: None,
    }
}

#[test]
fn the_content_is_copied_once_at_most() {
    let recipients = RecipientEmails::from_attribute(&builder::recipient_emails()).unwrap();
    let mail = "From: a@x.de\r\nTo: b@x.de\r\nMessage-ID: <1@x.de>\r\n\r\n";
    let (header, _) = Header::split(&mail.into(), &HeaderLimits::default()).unwrap();
    let body = Bytes::from(b"0123456789 abcdefghijklmnopqrstuvwxyz\r\n".repeat(CONTENT / 39));

    for (form, segmented, copies) in [("DER", false, 0), ("segments", true, 1)] {
        let (request, octets) = counted(&format!("{form}: to the signature"), || {
            Draft::new(header.clone(), body.clone().into()).in_utf8().sign_request(recipients.clone())
        });
        assert!(octets < MIB);
        let cms = signed(request.document(), segmented);
        let (request, octets) =
            counted(&format!("{form}: to the encryption"), || request.signed(cms).unwrap());
        assert!(octets < LISTS, "the signed content is compared where it is");
        let plain = request.document().to_bytes();
        let content = builder::indefinite(0xa0, &[&builder::segments(&plain, 1000)]);
        let cms = Envelope { content, ..Envelope::default() }.ber();
        let (message, octets) = counted(&format!("{form}: to the message"), || {
            request.encrypted(cms).unwrap().message(&fields())
        });
        assert!(octets < LISTS, "the encrypted content is looked at where it is");
        assert!(message.chunks().all(|chunk| chunk.len() <= 64 * 1024), "base64 is never there as a whole");

        let message = message.to_octets().to_bytes();
        let (received, octets) = counted(&format!("{form}: to the decryption"), || {
            Received::parse(message, &ReceiveLimits::default()).unwrap()
        });
        let decoded = CONTENT * 11 / 10;
        assert!(octets < decoded + LISTS, "base64 is decoded, nothing else");
        let (request, octets) = counted(&format!("{form}: to the verification"), || {
            received.decrypt_request().decrypted(plain).unwrap()
        });
        assert!(octets < copies * decoded + LISTS, "segments are joined, nothing else");
        let (delivered, octets) = counted(&format!("{form}: to the user"), || {
            let opened = request.verified(SignatureResult::Valid);
            opened.deliver(IntegrityMode::Embed, &"a@x.de".parse().unwrap(), [7; 16], UNIX_EPOCH)
        });
        assert!(octets < MIB && delivered.len() > CONTENT);
    }
}
