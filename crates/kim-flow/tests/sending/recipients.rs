//! For whom a mail is encrypted, and who is left out.

use std::collections::HashSet;

use bytes::Bytes;
use kim_flow::{DropReason, Protected};
use kim_smime::{RecipientEmails, SharedKey};
use kim_testbed::pki::{CertificateType, Holder, KeyType, Validity};
use kim_types::Recipient;
use kim_vzd::Listing;

use crate::practice::{
    Practice, SENDER, address, ecc, envelope, institution, issued, listing, mail, outer, renamed, reply, rsa,
};

const B: &str = "b@b.kim.telematik";
const X: &str = "x@b.kim.telematik";

/// Sends to `b`, whom nothing is wrong with, and to `x`, about whom the directory says this.
fn with(found: Listing) -> (Practice, Box<Protected>) {
    let mut practice = Practice::default();
    practice.directory.insert(address(X), found);
    let protected = practice.send_to(&[B, X]).unwrap();
    (practice, protected)
}

/// Why `x` does not get the mail.
fn reason(found: Listing) -> Option<DropReason> {
    let (_, protected) = with(found);
    protected.dropped().first().map(|dropped| dropped.reason.clone())
}

fn of_holder(kind: CertificateType, holder: &Holder) -> Bytes {
    issued(kind, KeyType::Brainpool, holder).certificate_der().into()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022, KOM-LE-A_2027, KOM-LE-A_2111, KOM-LE-A_2115
#[test]
fn a_mail_is_encrypted_for_recipients_and_sender_and_both_attributes_say_so() {
    let mut practice = Practice::default();
    practice.send_to(&[B, "c@b.kim.telematik"]).unwrap();
    let certificates: HashSet<Bytes> = practice.encrypted[0].certificates.iter().cloned().collect();
    assert_eq!(certificates, HashSet::from(["1-B", "1-C", "1-A"].map(ecc)));
    assert_eq!(practice.encrypted[0].attribute, practice.signed[0].attribute);
    let emails = RecipientEmails::from_attribute(&practice.signed[0].attribute).unwrap();
    let emails: HashSet<&str> = emails.entries().iter().map(|entry| entry.address.0.as_str()).collect();
    assert_eq!(emails, HashSet::from([B, "c@b.kim.telematik", SENDER]));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2176-01, KOM-LE-A_2024, KOM-LE-A_2028, A_23174
#[test]
fn who_has_no_certificate_is_left_out_of_envelope_and_header_and_the_others_get_the_mail() {
    for nothing in
        [Listing::default(), listing("1-X", "1.5", []), listing("1-X", "1.5", ["no certificate".into()])]
    {
        let (practice, protected) = with(nothing);
        assert_eq!(protected.dropped()[0].reason, DropReason::NoCertificate);
        assert_eq!(protected.envelope.recipients, [Recipient::new(address(B))]);
        assert!(practice.inner().contains("To: b@b.kim.telematik\r\n") && !practice.inner().contains(X));
        assert!(!outer(&protected).contains(X));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2128
#[test]
fn certificates_that_expired_or_are_not_yet_valid_or_of_another_type_do_not_count() {
    let holder = institution("1-X");
    for useless in [
        of_holder(CertificateType::HciEnc, &holder.clone().with_validity(Validity::EXPIRED)),
        of_holder(CertificateType::HciEnc, &holder.clone().with_validity(Validity::FUTURE)),
        of_holder(CertificateType::HciOsig, &holder),
        of_holder(CertificateType::HciAut, &holder),
    ] {
        assert_eq!(reason(listing("1-X", "1.5", [useless.clone()])), Some(DropReason::NoCertificate));
        let (practice, _) = with(listing("1-X", "1.5", [useless.clone(), ecc("1-X")]));
        assert!(!practice.encrypted[0].certificates.contains(&useless));
        assert!(practice.encrypted[0].certificates.contains(&ecc("1-X")));
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2128
#[test]
fn the_certificate_of_a_person_counts_like_that_of_an_institution() {
    let person = Holder::person("Erika", "Muster", "1-X".parse().unwrap());
    assert_eq!(reason(listing("1-X", "1.5", [of_holder(CertificateType::HpEnc, &person)])), None);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2178, KOM-LE-A_2192 (4005)
#[test]
fn certificates_of_two_owners_are_none() {
    assert_eq!(reason(listing("1-X", "1.5", [ecc("1-X"), ecc("1-Y")])), Some(DropReason::SeveralOwners));
    let expired = of_holder(CertificateType::HciEnc, &institution("1-Y").with_validity(Validity::EXPIRED));
    assert_eq!(
        reason(listing("1-X", "1.5", [ecc("1-X"), expired])),
        None,
        "an old one of another owner is no doubt"
    );
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_20650 (4003); deltas Q12
#[test]
fn q12_an_owner_who_is_not_clear_is_4003() {
    let mut nameless = institution("1-X");
    nameless.telematik_id = None;
    let nameless = of_holder(CertificateType::HciEnc, &nameless);
    assert_eq!(reason(listing("1-X", "1.5", [nameless])), Some(DropReason::NoOwner));
    let mut several = listing("1-X", "1.5", [ecc("1-X")]);
    several.telematik_ids.push("1-Y".parse().unwrap());
    several.entries = 2;
    assert_eq!(reason(several), Some(DropReason::NoOwner));
    let agreeing = Listing { entries: 2, ..listing("1-X", "1.5", [ecc("1-X")]) };
    assert_eq!(reason(agreeing), None, "several entries of one owner are no doubt");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022, A_17464
#[test]
fn all_ecc_certificates_are_used_and_rsa_only_without_them() {
    let renewed = of_holder(CertificateType::HciEnc, &institution("1-X").with_edition(1));
    let (practice, _) = with(listing("1-X", "1.5", [rsa("1-X"), ecc("1-X"), renewed.clone()]));
    let used = &practice.encrypted[0].certificates;
    assert!(used.contains(&ecc("1-X")) && used.contains(&renewed) && !used.contains(&rsa("1-X")));
    let (practice, _) = with(listing("1-X", "1.5", [rsa("1-X")]));
    assert!(practice.encrypted[0].certificates.contains(&rsa("1-X")));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_17472, A_17464
#[test]
fn a_konnektor_without_ecc_gets_rsa_certificates_and_who_has_none_is_left_out() {
    let mut practice = Practice::default();
    practice.rules(|rules| rules.konnektor_ecc = false);
    practice.directory.insert(address(SENDER), listing("1-A", "1.5", [ecc("1-A"), rsa("1-A")]));
    practice.directory.insert(address(X), listing("1-X", "1.5", [ecc("1-X"), rsa("1-X")]));
    let protected = practice.send_to(&[B, X]).unwrap();
    assert_eq!(protected.dropped()[0].reason, DropReason::NoCertificate);
    assert_eq!(protected.dropped()[0].recipient.address, address(B));
    let used: HashSet<Bytes> = practice.encrypted[0].certificates.iter().cloned().collect();
    assert_eq!(used, HashSet::from([rsa("1-A"), rsa("1-X")]));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022
#[test]
fn the_same_rules_hold_for_the_sender() {
    for useless in [
        listing("1-A", "1.5", [ecc("1-A"), ecc("1-Y")]),
        listing(
            "1-A",
            "1.5",
            [of_holder(CertificateType::HciEnc, &institution("1-A").with_validity(Validity::EXPIRED))],
        ),
        listing("1-A", "1.5", [of_holder(CertificateType::HciOsig, &institution("1-A"))]),
    ] {
        let mut practice = Practice::default();
        practice.directory.insert(address(SENDER), useless);
        assert!(reply(practice.send_to(&[B])).starts_with("553 5.7.5 "));
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2025
#[test]
fn with_nobody_left_the_reply_names_the_recipients_within_the_length_of_a_reply() {
    let mut practice = Practice::default();
    let text = reply(practice.send_to(&["n1@b.kim.telematik", "n2@b.kim.telematik"]));
    assert_eq!(
        text,
        "451 4.7.5 Die Nachricht konnte nicht verschluesselt werden, weil Verschluesselungszertifikate fuer \
         n1@b.kim.telematik, n2@b.kim.telematik nicht zugaenglich sind\r\n"
    );
    assert!(practice.signed.is_empty());
    let many: Vec<String> = (0..100).map(|n| format!("nobody.{n}@b.kim.telematik")).collect();
    let text = reply(practice.send_to(&many.iter().map(String::as_str).collect::<Vec<_>>()));
    assert!(text.len() <= 512 && text.contains("nobody.0@") && text.contains(" und weitere nicht"), "{text}");
}

#[test]
fn an_address_given_twice_gets_the_mail_once_with_the_wishes_that_came_first() {
    let mut practice = Practice::default();
    let mut envelope = envelope(&[B, "B@b.kim.telematik"]);
    envelope.recipients[0].notify = Some("NEVER".to_owned());
    let protected = practice.send(envelope, mail(B, "Text\r\n")).unwrap();
    let [only] = protected.envelope.recipients.as_slice() else { panic!("{:?}", protected.envelope) };
    assert_eq!((only.address.as_str(), only.notify.as_deref()), (B, Some("NEVER")));
    assert_eq!(practice.looked_up[0].addresses.len(), 2);
}

#[test]
fn a_sender_who_is_a_recipient_too_is_looked_up_and_encrypted_for_once() {
    let mut practice = Practice::default();
    let protected = practice.send_to(&[SENDER, B]).unwrap();
    assert_eq!(protected.envelope.recipients.len(), 2);
    assert_eq!(practice.looked_up[0].addresses, [SENDER, B].map(address));
    assert_eq!(practice.encrypted[0].certificates.len(), 2);
}

#[test]
fn two_addresses_with_one_certificate_are_one_recipient_of_the_encryption_and_two_of_the_attribute() {
    let (practice, _) = with(listing("1-B", "1.5", [ecc("1-B")]));
    assert_eq!(practice.encrypted[0].certificates.len(), 2);
    let emails = RecipientEmails::from_attribute(&practice.signed[0].attribute).unwrap();
    assert_eq!(emails.entries().len(), 3);
}

#[test]
fn a_key_that_two_owners_share_is_reported_and_no_reason_to_stop() {
    let of_b = issued(CertificateType::HciEnc, KeyType::Brainpool, &institution("1-B"));
    let (_, protected) = with(listing("1-X", "1.5", [renamed(&of_b, "1-B", "1-X")]));
    assert_eq!(protected.envelope.recipients.len(), 2);
    let owners = ["1-B", "1-X"].map(|id| id.parse().unwrap());
    assert_eq!(protected.shared_keys, [SharedKey { owners }]);
}

/// Two mails one after the other have nothing in common.
#[test]
fn recipients_of_one_mail_never_reach_the_next() {
    let mut practice = Practice::default();
    let first = practice.send_to(&[B, "nobody@b.kim.telematik"]).unwrap();
    assert_eq!(first.dropped().len(), 1);
    let second = practice.send_to(&["c@b.kim.telematik"]).unwrap();
    assert!(second.dropped().is_empty());
    let used: HashSet<Bytes> = practice.encrypted[1].certificates.iter().cloned().collect();
    assert_eq!(used, HashSet::from(["1-C", "1-A"].map(ecc)));
    assert!(!practice.inner().contains(B));
}
