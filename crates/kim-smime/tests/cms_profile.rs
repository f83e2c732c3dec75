//! Every rule of the profile about CMS structures, broken once: in what is received, and in the answer of a Konnektor to what is
//! to be sent.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;

use builder::*;
use kim_smime::{
    BerLimits, ChainError, CmsError, Draft, Enveloped, Header, ProfileViolation, RecipientEmails,
    RecipientEmailsError, SignRequest, Signed,
};

fn enveloped(envelope: &Envelope) -> Result<Enveloped, CmsError> {
    let der = Enveloped::parse(&envelope.der(), &BerLimits::default());
    let ber = Enveloped::parse(&envelope.ber(), &BerLimits::default());
    assert_eq!(der.is_ok(), ber.is_ok(), "DER and BER are judged alike");
    ber
}

fn broken(envelope: &Envelope) -> CmsError {
    let error = enveloped(envelope).unwrap_err();
    let request = sign_request();
    let document = request.document().to_bytes();
    let content = tlv(0xa0, &[&octets(&document)]);
    let request = request.signed(Signature { content, ..Signature::default() }.der()).unwrap();
    assert_eq!(
        request.encrypted(envelope.ber()).err(),
        Some(ChainError::Cms(error.clone())),
        "it is not sent"
    );
    error
}

fn sign_request() -> SignRequest {
    let recipients = RecipientEmails::from_attribute(&recipient_emails()).unwrap();
    Draft::new(Header::default(), "mail".into()).sign_request(recipients)
}

fn signed(signature: &Signature) -> Result<Signed, CmsError> {
    let der = Signed::parse(&signature.der(), &BerLimits::default());
    let ber = Signed::parse(&signature.ber(), &BerLimits::default());
    assert_eq!(der.is_ok(), ber.is_ok(), "DER and BER are judged alike");
    ber
}

fn broken_signature(signature: &Signature) -> CmsError {
    let error = signed(signature).unwrap_err();
    assert_eq!(
        sign_request().signed(signature.ber()).err(),
        Some(ChainError::Cms(error.clone())),
        "it is not sent"
    );
    error
}

fn broken_signer(signer: &Signer) -> CmsError {
    broken_signature(&Signature { signers: vec![signer.der()], ..Signature::default() })
}

fn violation(rule: ProfileViolation) -> CmsError {
    CmsError::Profile(rule)
}

#[test]
fn what_keeps_all_rules_is_read() {
    let envelope = enveloped(&Envelope::default()).unwrap();
    assert_eq!(envelope.recipients().len(), 2);
    assert_eq!(envelope.recipient_emails().entries().len(), 2);
    let signature = signed(&Signature::default()).unwrap();
    assert_eq!(signature.content().to_bytes(), "content");
    assert_eq!(signature.signer().issuer_and_serial().serial().as_ref(), [5]);
    assert!(signature.recipient_emails().same_as(envelope.recipient_emails()));
    assert_eq!(signature.digest_algorithm().to_string(), "2.16.840.1.101.3.4.2.1");
    assert_eq!(signature.signature_algorithm().to_string(), "1.2.840.10045.4.3.2");
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104 (received and sent)
#[test]
fn enveloped_data_is_not_decrypted() {
    assert_eq!(
        broken(&Envelope { kind: ID_ENVELOPED_DATA, ..Envelope::default() }),
        CmsError::NotAuthenticated
    );
    assert_eq!(broken(&Envelope { kind: ID_SIGNED_DATA, ..Envelope::default() }), CmsError::ContentType);
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2106 (received and sent)
#[test]
fn originator_info() {
    let envelope = Envelope { originator_info: tlv(0xa0, &[]), ..Envelope::default() };
    assert_eq!(broken(&envelope), violation(ProfileViolation::OriginatorInfo));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2107 (received and sent)
#[test]
fn no_unauth_attrs() {
    let envelope = Envelope { unauth_attrs: Vec::new(), ..Envelope::default() };
    assert_eq!(broken(&envelope), violation(ProfileViolation::NoUnauthAttrs));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2108 (received and sent)
#[test]
fn recipients_without_key_transport() {
    let with = |recipients| broken(&Envelope { recipients, ..Envelope::default() });
    assert_eq!(with(vec![]), violation(ProfileViolation::NoRecipient));
    assert_eq!(with(vec![tlv(0xa1, &[&int(&[3])])]), violation(ProfileViolation::KeyAgreement));
    for other in [0xa2, 0xa3, 0xa4] {
        assert_eq!(with(vec![tlv(other, &[])]), violation(ProfileViolation::RecipientType));
    }
    let pkcs1_v15 = recipient(2, RSA_ENCRYPTION);
    assert_eq!(with(vec![recipient(1, RSAES_OAEP), pkcs1_v15]), violation(ProfileViolation::KeyEncryption));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2109 (received and sent)
#[test]
fn a_recipient_by_key_identifier() {
    let by_key = seq(&[&int(&[2]), &tlv(0x80, &[b"key id"]), &seq(&[&oid(RSAES_OAEP)]), &octets(b"key")]);
    let envelope = Envelope { recipients: vec![by_key], ..Envelope::default() };
    assert_eq!(broken(&envelope), violation(ProfileViolation::RecipientId));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2112 (received and sent)
#[test]
fn encrypted_content_is_missing_or_something_else() {
    let envelope = Envelope { content: Vec::new(), ..Envelope::default() };
    assert_eq!(broken(&envelope), violation(ProfileViolation::NoEncryptedContent));
    let envelope = Envelope { content_type: ID_SIGNED_DATA, ..Envelope::default() };
    assert_eq!(broken(&envelope), violation(ProfileViolation::ContentType));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2112 (received and sent)
#[test]
fn a_cipher_with_less_protection() {
    let with = |algorithm| broken(&Envelope { algorithm, ..Envelope::default() });
    let expected = violation(ProfileViolation::ContentEncryption);
    assert_eq!(with(aes_gcm(AES_128_GCM, 12, 16)), expected);
    assert_eq!(with(aes_gcm(AES_256_GCM, 8, 16)), expected);
    assert_eq!(with(aes_gcm(AES_256_GCM, 12, 15)), expected);
    assert_eq!(with(seq(&[&oid(AES_256_GCM), &seq(&[&octets(&[7; 12])])])), expected, "the default is 12");
    assert_eq!(with(seq(&[&oid(AES_256_GCM)])), expected);
    for mac in [vec![], vec![9], vec![9; 15], vec![9; 17]] {
        let envelope = Envelope { mac: octets(&mac), ..Envelope::default() };
        assert_eq!(broken(&envelope), violation(ProfileViolation::MacLength));
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2114-01 (received and sent)
#[test]
fn recipient_emails_not_there_exactly_once() {
    let with = |attributes: &[&[u8]]| {
        broken(&Envelope { unauth_attrs: tlv(0xa2, attributes), ..Envelope::default() })
    };
    let other = attribute(ID_MESSAGE_DIGEST, &[&octets(b"x")]);
    assert_eq!(with(&[&other]), violation(ProfileViolation::NoRecipientEmails));
    let emails = recipient_emails();
    assert_eq!(with(&[&emails, &emails]), violation(ProfileViolation::Attribute));
    let empty = attribute(RECIPIENT_EMAILS, &[]);
    assert_eq!(with(&[&empty]), CmsError::RecipientEmails(RecipientEmailsError::Empty));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2115-02 (received and sent)
#[test]
fn recipients_and_recipient_emails_differ() {
    let expected = violation(ProfileViolation::RecipientEmailsMismatch);
    let (one, two, three) = (recipient(1, RSAES_OAEP), recipient(2, TI_ECIES), recipient(3, TI_ECIES));
    for recipients in [vec![one.clone()], vec![one.clone(), three.clone()], vec![one, two, three]] {
        assert_eq!(broken(&Envelope { recipients, ..Envelope::default() }), expected);
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2117 (received and sent)
#[test]
fn recipient_emails_by_key_identifier() {
    let entry = seq(&[&tlv(0x16, &[b"a@x.de"]), &tlv(0x80, &[b"key id"])]);
    let unauth_attrs = tlv(0xa2, &[&attribute(RECIPIENT_EMAILS, &[&entry])]);
    let error = broken(&Envelope { unauth_attrs, ..Envelope::default() });
    assert_eq!(error, CmsError::RecipientEmails(RecipientEmailsError::RecipientId));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2118 (received and sent)
#[test]
fn crls() {
    let signature = Signature { crls: tlv(0xa1, &[]), ..Signature::default() };
    assert_eq!(broken_signature(&signature), violation(ProfileViolation::Crls));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2119 (received and sent)
#[test]
fn no_certificate() {
    for certificates in [Vec::new(), tlv(0xa0, &[])] {
        let signature = Signature { certificates, ..Signature::default() };
        assert_eq!(broken_signature(&signature), violation(ProfileViolation::NoCertificate));
    }
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2121 (received and sent)
#[test]
fn content_is_missing_or_something_else() {
    let signature = Signature { content: Vec::new(), ..Signature::default() };
    assert_eq!(broken_signature(&signature), violation(ProfileViolation::NoContent));
    let signature = Signature { content_type: ID_SIGNED_DATA, ..Signature::default() };
    assert_eq!(broken_signature(&signature), violation(ProfileViolation::ContentType));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2122 (received and sent)
#[test]
fn another_certificate() {
    let certificates = tlv(0xa0, &[&certificate(5, &[]), &certificate(6, &[])]);
    let signature = Signature { certificates, ..Signature::default() };
    assert_eq!(broken_signature(&signature), violation(ProfileViolation::OtherCertificate));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2123 (received and sent)
#[test]
fn not_one_signer() {
    let signer = Signer::default().der();
    let with = |signers| broken_signature(&Signature { signers, ..Signature::default() });
    assert_eq!(with(vec![]), violation(ProfileViolation::NoSigner));
    assert_eq!(with(vec![signer.clone(), signer]), violation(ProfileViolation::SignerCount));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2124 (received and sent)
#[test]
fn a_signer_by_key_identifier() {
    let signer = Signer { sid: tlv(0x80, &[b"key id"]), ..Signer::default() };
    assert_eq!(broken_signer(&signer), violation(ProfileViolation::SignerId));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2125 (received and sent)
#[test]
fn the_certificate_of_somebody_else() {
    let signer = Signer { sid: issuer_and_serial(6), ..Signer::default() };
    assert_eq!(broken_signer(&signer), violation(ProfileViolation::SignerMismatch));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2126 (received and sent)
#[test]
fn unsigned_attributes() {
    let signer = Signer { unsigned_attrs: tlv(0xa1, &[]), ..Signer::default() };
    assert_eq!(broken_signer(&signer), violation(ProfileViolation::UnsignedAttrs));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127 (received and sent)
#[test]
fn signature_without_recipient_emails() {
    let mut signer = Signer::default();
    signer.attributes.pop();
    assert_eq!(broken_signer(&signer), violation(ProfileViolation::NoRecipientEmails));
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2096 (received and sent)
#[test]
fn the_attributes_every_signature_has() {
    let with = |at: usize, attribute: Vec<u8>| {
        let mut signer = Signer::default();
        signer.attributes[at] = attribute;
        broken_signer(&signer)
    };
    let missing = violation(ProfileViolation::Attribute);
    let unknown = attribute(&[0x2a, 0x03], &[]);
    assert_eq!(with(0, unknown.clone()), missing);
    assert_eq!(with(1, unknown), missing);
    assert_eq!(with(0, attribute(ID_CONTENT_TYPE, &[])), missing);
    assert_eq!(with(0, attribute(ID_CONTENT_TYPE, &[&oid(ID_DATA), &oid(ID_DATA)])), missing);
    let other = attribute(ID_CONTENT_TYPE, &[&oid(ID_SIGNED_DATA)]);
    assert_eq!(with(0, other), violation(ProfileViolation::ContentType));
}

#[test]
fn what_the_profile_leaves_open_is_accepted() {
    let envelope = Envelope {
        auth_attrs: tlv(0xa1, &[&attribute(ID_CONTENT_TYPE, &[&oid(ID_DATA)])]),
        unauth_attrs: tlv(0xa2, &[&recipient_emails(), &attribute(&[0x2a, 0x03], &[&int(&[1])])]),
        ..Envelope::default()
    };
    assert!(enveloped(&envelope).is_ok());
    let mut signer = Signer::default();
    signer.attributes.insert(0, attribute(&[0x2a, 0x03], &[&int(&[1])]));
    assert!(signed(&Signature { signers: vec![signer.der()], ..Signature::default() }).is_ok());
}
