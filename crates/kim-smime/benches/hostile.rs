//! What hostile input costs: the time for some of it and for twice as much.
//!
//! `cargo bench -p kim-smime --bench hostile`. The last column says how much longer twice as much takes; 2 is linear.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may fail loudly")]
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

#[path = "../tests/cms/builder.rs"]
mod builder;

use std::hint::black_box;
use std::time::Instant;

use builder::*;
use bytes::Bytes;
use kim_smime::{
    BerLimits, Draft, Enveloped, Header, HeaderLimits, Measure, ReceiveLimits, Received, RecipientEmails,
    Signed, header_differences,
};

/// The shortest of some runs, in seconds.
fn seconds(run: impl Fn()) -> f64 {
    let times = (0..7).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min)
}

/// Without the limits that would end the work early.
fn limits() -> BerLimits {
    BerLimits { octets: usize::MAX, depth: usize::MAX, elements: usize::MAX }
}

fn envelope(cms: &Bytes) {
    let _ = black_box(Enveloped::parse(cms, &limits()));
}

fn nested(levels: usize) -> Bytes {
    [[0x30, 0x80].repeat(levels), vec![0; levels * 2]].concat().into()
}

fn many_recipients(number: usize) -> Bytes {
    Envelope { recipients: vec![recipient(1, TI_ECIES); number], ..Envelope::default() }.ber()
}

fn many_entries(number: usize) -> Bytes {
    let entries: Vec<u8> = (0..number).flat_map(|n| recipient_email(&format!("{n}@x.de"), 1)).collect();
    Envelope { unauth_attrs: tlv(0xa2, &[&attribute(RECIPIENT_EMAILS, &[&entries])]), ..Envelope::default() }
        .ber()
}

fn many_attributes(number: usize) -> Bytes {
    let mut signer = Signer::default();
    signer.attributes.extend(vec![attribute(&[0x2a, 0x03], &[&int(&[1])]); number]);
    Signature { signers: vec![signer.der()], ..Signature::default() }.ber()
}

fn segments_of_one_octet(number: usize) -> Bytes {
    Envelope { content: indefinite(0xa0, &[&segments(&vec![7; number], 1)]), ..Envelope::default() }.ber()
}

fn message(header: &str) -> Bytes {
    let head = "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    format!("{header}{head}").into()
}

fn received(message: &Bytes) {
    let header = HeaderLimits { octets: usize::MAX, fields: usize::MAX };
    let _ = black_box(Received::parse(message.clone(), &ReceiveLimits { header, cms: limits() }));
}

fn compared(mail: &Bytes) {
    let limits = HeaderLimits { octets: usize::MAX, fields: usize::MAX };
    let (header, _) = Header::split(mail, &limits).unwrap();
    let (other, _) = Header::split(&Bytes::from([mail.as_ref(), b" "].concat()), &limits).unwrap();
    black_box(header_differences(&header, &other).count());
}

fn measured(mail: &Bytes) {
    let mut measure = Measure::new();
    measure.push(mail);
    black_box(measure.decoded_octets());
}

/// Multiparts within each other, each with its own boundary.
fn multiparts(lines: usize) -> Bytes {
    let mut mail = String::new();
    for level in 0..60 {
        mail.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"));
    }
    [mail.into_bytes(), b"\r\n--\xe4 not a boundary\r\n".repeat(lines)].concat().into()
}

/// As many addresses as the name of their group has octets.
fn long_group(octets: usize) -> Bytes {
    format!("To: {}: {}\r\n", "g".repeat(octets), "a@x.de, ".repeat(octets)).into()
}

fn continuations(number: usize) -> String {
    format!("Content-Type: application/pkcs7-mime; {}\r\n", "a*1=xxxxx;".repeat(number))
}

/// Parts whose Content-Type has words that do not end.
fn words_in_parts(number: usize) -> Bytes {
    let part = format!("--b\r\nContent-Type: text/plain; a=\"{}\"\r\n\r\n", "=?ab?q? ".repeat(110));
    format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", part.repeat(number)).into()
}

fn in_utf8(mail: &Bytes) {
    let (header, body) = Header::split(mail, &HeaderLimits::default()).unwrap();
    let recipients = RecipientEmails::from_attribute(&recipient_emails()).unwrap();
    black_box(Draft::new(header, body.into()).in_utf8().sign_request(recipients));
}

fn main() {
    let row = |name: &str, number: usize, make: &dyn Fn(usize) -> Bytes, read: &dyn Fn(&Bytes)| {
        let [once, twice] = [number, number * 2].map(|number| {
            let input = make(number);
            seconds(|| read(&input))
        });
        println!("{name:32} {number:9} {:9.2} ms {:9.2} ms {:6.2}", once * 1e3, twice * 1e3, twice / once);
    };
    println!("{:32} {:>9} {:>12} {:>12} {:>6}", "input", "number", "time", "twice", "factor");
    let signature = |cms: &Bytes| {
        let _ = black_box(Signed::parse(cms, &limits()));
    };
    row("sequences within each other", 10_000, &nested, &envelope);
    row("recipients", 100_000, &many_recipients, &envelope);
    row("entries of recipient-emails", 100_000, &many_entries, &envelope);
    row("signed attributes", 100_000, &many_attributes, &signature);
    row("segments of one octet", 1_000_000, &segments_of_one_octet, &envelope);
    row("fields of a header", 100_000, &|n| message(&"X: y\r\n".repeat(n)), &received);
    row("lines of a field", 100_000, &|n| message(&format!("X: y\r\n{}", " y\r\n".repeat(n))), &received);
    row("blanks in base64", 1_000_000, &|n| [message(""), " A".repeat(n).into()].concat().into(), &received);
    row("addresses in To", 50_000, &|n| format!("To: {}\r\n", "a@x.de, ".repeat(n)).into(), &compared);
    row("open comments in To", 50_000, &|n| format!("To: {}\r\n", "(".repeat(n)).into(), &compared);
    row("open groups in To", 50_000, &|n| format!("To: {}\r\n", "a:".repeat(n)).into(), &compared);
    row("encoded words in To", 50_000, &|n| format!("To: {}\r\n", "=?utf-8?q?".repeat(n)).into(), &compared);
    row(
        "words without end in To",
        50_000,
        &|n| format!("To: {}\r\n", "=?ab?q? ".repeat(n)).into(),
        &compared,
    );
    row("addresses in a long group", 50_000, &long_group, &compared);
    row("continuations", 50_000, &|n| message(&format!("X: y\r\n{}", continuations(n))), &received);
    row("words in parts", 5_000, &words_in_parts, &measured);
    row("lines in 60 multiparts", 50_000, &multiparts, &measured);
    row("lines in 60 multiparts, to UTF-8", 50_000, &multiparts, &in_utf8);
}
