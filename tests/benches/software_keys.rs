//! Protecting and opening a mail with everything in it, signature and encryption too, beside the primitives alone.
//!
//! `cargo bench -p kim-tests --bench software_keys`. The keys are software keys, so that all the work is done in this process on
//! one core. Throughput is in octets of the mail's body. The summary at the end compares with the primitives one after the
//! other: SHA-256, AES-256-GCM, base64 and, for a small mail, what the keys of signer and recipient cost.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may fail loudly")]

use std::hint::black_box;
use std::time::{Duration, Instant, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kim_smime::{
    Certificate, DocumentCrypto as _, Draft, Header, HeaderLimits, IntegrityMode, MessageVersion,
    OuterFields, ReceiveLimits, Received, RecipientEmail, RecipientEmails,
};
use kim_testbed::pki::{CertificateType, Holder, KeyType, Pkcs12Encryption, Pki};
use kim_tls::{Anchors, Identity, SoftwareKeys};
use kim_types::{Address, Octets, Secret};
use openssl::sha::sha256;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};

/// A mail with a finding, one with images, and nearly the largest a Konnektor takes.
const SIZES: [usize; 3] = [100 * 1000, 10 * 1000 * 1000, 25 * 1000 * 1000];

/// A mail, the keys of its only reader, and what becomes of it.
struct Sample {
    keys: SoftwareKeys,
    reader: (Address, Certificate),
    header: Header,
    body: Bytes,
    message: Bytes,
}

impl Sample {
    fn new(size: usize) -> Self {
        let (pki, practice) = (Pki::new(1), Holder::institution("Praxis A", "9-TESTBED-1".parse().unwrap()));
        let identity = |kind| {
            let file = pki.issue(kind, KeyType::Brainpool, &practice);
            let file = file.to_pkcs12("00", Pkcs12Encryption::Modern).unwrap();
            Identity::from_pkcs12(&file, &Secret::from("00")).unwrap()
        };
        let reader = identity(CertificateType::HciEnc);
        let certificate = Certificate::from_der(reader.certificate().to_vec().into()).unwrap();
        let anchors = Anchors::from_pem(pki.trust_pem().as_bytes()).unwrap();
        let signer = identity(CertificateType::HciOsig);
        let keys = SoftwareKeys::new(anchors).with_signer(signer).unwrap().with_reader(reader).unwrap();
        let mail = "From: a@x.de\r\nTo: a@x.de\r\nSubject: Befund\r\nMessage-ID: <1@x.de>\r\n\r\n";
        let (header, _) = Header::split(&mail.into(), &HeaderLimits::default()).unwrap();
        let body = Bytes::from(b"0123456789 abcdefghijklmnopqrstuvwxyz\r\n".repeat(size / 39));
        let keys = keys.at(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let reader = ("a@x.de".parse().unwrap(), certificate);
        let mut sample = Self { keys, reader, header, body, message: Bytes::new() };
        sample.message = sample.message().to_bytes();
        sample
    }

    fn protect(&self) -> kim_smime::OuterMessage {
        let fields = OuterFields {
            version: MessageVersion::V1_0,
            expires: None,
            cm_version: "VEND_1.2.3".to_owned(),
            pt_version: "1.5.5".to_owned(),
            kon_version: None,
            kas_size: None,
            kas_enc_size: None,
        };
        let draft = Draft::new(self.header.clone(), self.body.clone().into()).in_utf8();
        draft.protect(&self.keys, std::slice::from_ref(&self.reader), &fields).unwrap()
    }

    fn message(&self) -> Octets {
        self.protect().to_octets()
    }

    /// From the client's mail to what the mail server gets.
    fn send(&self) -> usize {
        self.protect().chunks().map(|chunk| black_box(chunk).len()).sum()
    }

    /// From what the mail server has to what the user gets.
    fn receive(&self) -> Octets {
        let received = Received::parse(self.message.clone(), &ReceiveLimits::default()).unwrap();
        let opened = received.open(&self.keys, &self.reader.0).unwrap();
        opened.deliver(IntegrityMode::Embed, &self.reader.0, [7; 16], UNIX_EPOCH)
    }

    /// What the keys cost: everything for a mail of nothing.
    fn keys(&self) -> (f64, f64) {
        let entry = RecipientEmail::new(&self.reader.0, self.reader.1.issuer_and_serial().clone());
        let attribute = RecipientEmails::new([entry]).unwrap().to_attribute();
        let certificates = [self.reader.1.clone()];
        let write = || {
            let signature = self.keys.sign(&"x".into(), &attribute).unwrap();
            (signature, self.keys.encrypt(&"x".into(), &certificates, &attribute).unwrap())
        };
        let (signature, envelope) = write();
        let read = || {
            let names = [self.reader.1.issuer_and_serial().clone()];
            let plain = self.keys.decrypt(&envelope.clone().into(), &names).unwrap();
            (plain, self.keys.verify(&signature.clone().into()).unwrap())
        };
        (seconds(write), seconds(read))
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

fn encrypted(plain: &[u8]) -> (Vec<u8>, [u8; 16]) {
    let mut tag = [0; 16];
    let made = encrypt_aead(Cipher::aes_256_gcm(), &[7; 32], Some(&[7; 12]), &[], plain, &mut tag);
    (made.unwrap(), tag)
}

fn decrypted((ciphertext, tag): &(Vec<u8>, [u8; 16])) -> Vec<u8> {
    decrypt_aead(Cipher::aes_256_gcm(), &[7; 32], Some(&[7; 12]), &[], ciphertext, tag).unwrap()
}

fn throughput(criterion: &mut Criterion) {
    let mut summary = Vec::new();
    for size in SIZES {
        let sample = Sample::new(size);
        let (base64, sealed) = (STANDARD.encode(&sample.body), encrypted(&sample.body));
        let mut group = criterion.benchmark_group("software keys");
        group.sample_size(10).throughput(Throughput::BytesDecimal(sample.body.len() as u64));
        let id = |name: &str| BenchmarkId::new(name, size);
        group.bench_function(id("protect"), |bencher| bencher.iter(|| sample.send()));
        group.bench_function(id("open"), |bencher| bencher.iter_with_large_drop(|| sample.receive()));
        group.bench_function(id("SHA-256"), |bencher| bencher.iter(|| sha256(&sample.body)));
        group.bench_function(id("AES-256-GCM"), |bencher| bencher.iter(|| encrypted(&sample.body)));
        group.bench_function(id("base64 encode"), |bencher| bencher.iter(|| STANDARD.encode(&sample.body)));
        group.bench_function(id("base64 decode"), |bencher| bencher.iter(|| STANDARD.decode(&base64)));
        group.finish();

        let (write, read) = sample.keys();
        let hash = seconds(|| sha256(&sample.body));
        let limits = [
            hash + seconds(|| encrypted(&sample.body)) + seconds(|| STANDARD.encode(&sample.body)) + write,
            hash + seconds(|| decrypted(&sealed)) + seconds(|| STANDARD.decode(&base64)) + read,
        ];
        let times = [seconds(|| sample.send()), seconds(|| sample.receive())];
        for ((name, time), limit) in ["protect", "open"].into_iter().zip(times).zip(limits) {
            let rate = |time: f64| sample.body.len() as f64 / time / 1e6;
            summary.push(format!(
                "{name:8} {size:9} octets: {:5.0} MB/s, primitives alone {:5.0} MB/s, ratio {:4.2}",
                rate(time),
                rate(limit),
                limit / time
            ));
        }
    }
    summary.iter().for_each(|line| println!("{line}"));
}

criterion_group!(benches, throughput);
criterion_main!(benches);
