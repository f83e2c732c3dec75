//! What this crate takes to protect and to open a mail, beside the primitives that nobody gets around.
//!
//! `cargo bench -p kim-smime --bench throughput`. The Konnektor's part is done before: its answers are ready, as BER in segments
//! of 1000 octets. Throughput is in octets of the mail's body. The summary at the end compares with the primitives one after
//! the other, which a Konnektor and this crate need together.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

#[path = "../tests/cms/builder.rs"]
mod builder;

use std::hint::black_box;
use std::time::{Instant, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use builder::{Envelope, Signature};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kim_smime::{
    Draft, Header, HeaderLimits, IntegrityMode, MessageVersion, OuterFields, ReceiveLimits, Received,
    RecipientEmails, SignatureResult,
};
use kim_types::Octets;
use openssl::sha::sha256;
use openssl::symm::{Cipher, encrypt_aead};

/// A mail with a finding, and one with images.
const SIZES: [usize; 2] = [100 * 1000, 10 * 1000 * 1000];

/// A mail and everything that becomes of it.
struct Sample {
    header: Header,
    body: Bytes,
    recipients: RecipientEmails,
    /// What SignDocument gives.
    signed: Bytes,
    /// What DecryptDocument gives.
    plain: Bytes,
    /// What EncryptDocument gives; its content is not encrypted, which nobody here looks at.
    encrypted: Bytes,
    message: Bytes,
}

impl Sample {
    fn new(size: usize) -> Self {
        let mail =
            "From: Karl <karl@x.de>\r\nTo: a@x.de, b@x.de\r\nSubject: Befund\r\nMessage-ID: <1@x.de>\r\n\r\n";
        let (header, _) = Header::split(&mail.into(), &HeaderLimits::default()).unwrap();
        let recipients = RecipientEmails::from_attribute(&builder::recipient_emails()).unwrap();
        let body = Bytes::from(b"0123456789 abcdefghijklmnopqrstuvwxyz\r\n".repeat(size / 39));
        let draft = || Draft::new(header.clone(), body.clone().into()).sign_request(recipients.clone());

        let segments = builder::segments(&draft().document().to_bytes(), 1000);
        let content = builder::indefinite(0xa0, &[&builder::indefinite(0x24, &[&segments])]);
        // Of a signer who may sign: the policy of C.HCI.OSIG.
        let policy = builder::oid(&[0x2a, 0x82, 0x14, 0x00, 0x4c, 0x04, 78]);
        let policies = builder::octets(&builder::seq(&[&builder::seq(&[&policy])]));
        let policies = builder::seq(&[&builder::oid(&[0x55, 0x1d, 0x20]), &policies]);
        let certificates = builder::tlv(0xa0, &[&builder::certificate(5, &[&policies])]);
        let signed = Signature { content, certificates, ..Signature::default() }.ber();
        let request = draft().signed(signed.clone()).unwrap();
        let plain = request.document().to_bytes();
        let content = builder::indefinite(0xa0, &[&builder::segments(&plain, 1000)]);
        let encrypted = Envelope { content, ..Envelope::default() }.ber();
        let message = request.encrypted(encrypted.clone()).unwrap().message(&fields()).to_octets().to_bytes();
        Self { header, body, recipients, signed, plain, encrypted, message }
    }

    /// From the client's mail to what the mail server gets.
    fn protect(&self) -> usize {
        let draft = Draft::new(self.header.clone(), self.body.clone().into());
        let request = draft.sign_request(self.recipients.clone()).signed(self.signed.clone()).unwrap();
        let message = request.encrypted(self.encrypted.clone()).unwrap().message(&fields());
        message.chunks().map(|chunk| black_box(chunk).len()).sum()
    }

    /// From what the mail server has to what the user gets.
    fn open(&self) -> Octets {
        let received = Received::parse(self.message.clone(), &ReceiveLimits::default()).unwrap();
        let request = received.decrypt_request().decrypted(self.plain.clone()).unwrap();
        let user = "a@x.de".parse().unwrap();
        let opened = request.verified(SignatureResult::Valid);
        assert!(opened.verdict.is_intact());
        opened.deliver(IntegrityMode::Embed, &user, [7; 16], UNIX_EPOCH)
    }
}

fn fields() -> OuterFields {
    OuterFields {
        version: MessageVersion::V1_0,
        expires: Some(UNIX_EPOCH),
        cm_version: "VEND_1.2.3".to_owned(),
        pt_version: "1.5.5".to_owned(),
        kon_version: None,
        kas_size: None,
        kas_enc_size: None,
    }
}

/// The shortest of some runs, in seconds.
fn seconds<T>(run: impl Fn() -> T) -> f64 {
    let times = (0..15).map(|_| {
        let start = Instant::now();
        let result = black_box(run());
        let elapsed = start.elapsed().as_secs_f64();
        drop(result);
        elapsed
    });
    times.fold(f64::INFINITY, f64::min)
}

fn encrypted(plain: &[u8]) -> Vec<u8> {
    encrypt_aead(Cipher::aes_256_gcm(), &[7; 32], Some(&[7; 12]), &[], plain, &mut [0; 16]).unwrap()
}

fn throughput(criterion: &mut Criterion) {
    let mut summary = Vec::new();
    for size in SIZES {
        let sample = Sample::new(size);
        let base64 = STANDARD.encode(&sample.body);
        let mut group = criterion.benchmark_group("throughput");
        group.sample_size(20).throughput(Throughput::BytesDecimal(sample.body.len() as u64));
        let id = |name: &str| BenchmarkId::new(name, size);
        group.bench_function(id("protect"), |bencher| bencher.iter(|| sample.protect()));
        group.bench_function(id("open"), |bencher| bencher.iter(|| sample.open()));
        group.bench_function(id("SHA-256"), |bencher| bencher.iter(|| sha256(&sample.body)));
        group.bench_function(id("AES-256-GCM"), |bencher| bencher.iter(|| encrypted(&sample.body)));
        group.bench_function(id("base64 encode"), |bencher| bencher.iter(|| STANDARD.encode(&sample.body)));
        group.bench_function(id("base64 decode"), |bencher| bencher.iter(|| STANDARD.decode(&base64)));
        group.finish();

        let crypto = seconds(|| sha256(&sample.body)) + seconds(|| encrypted(&sample.body));
        let (encode, decode) =
            (seconds(|| STANDARD.encode(&sample.body)), seconds(|| STANDARD.decode(&base64)));
        let times = [seconds(|| sample.protect()), seconds(|| sample.open())];
        for ((name, time), base64) in ["protect", "open"].into_iter().zip(times).zip([encode, decode]) {
            let rate = |time: f64| sample.body.len() as f64 / time / 1e6;
            summary.push(format!(
                "{name:8} {size:9} octets: {:5.0} MB/s, base64 alone {:5.0} MB/s (ratio {:4.2}), \
                 with the crypto {:5.0} of {:5.0} MB/s (ratio {:4.2})",
                rate(time),
                rate(base64),
                base64 / time,
                rate(time + crypto),
                rate(base64 + crypto),
                (base64 + crypto) / (time + crypto)
            ));
        }
    }
    summary.iter().for_each(|line| println!("{line}"));
}

criterion_group!(benches, throughput);
criterion_main!(benches);
