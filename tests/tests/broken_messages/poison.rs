//! Two hundred messages, each made to stop whoever reads it: [`poison`].

use crate::Office;
use crate::envelopes::wrong_formats;
use crate::office::{ANNOUNCED, SIGNED};
use crate::oversized::nested;
use crate::tree::{changed, structural_points};

/// A message under a name for whoever has to look for it.
pub(crate) type Poison = (String, Vec<u8>);

/// All of them, of every kind that was found by reading, by fuzzing and in the field.
pub(crate) fn poison(office: &Office) -> Vec<Poison> {
    let all = [
        encrypted_contents(office),
        bombs(office),
        headers(office),
        announcements(office),
        signatures(office),
        mails(office),
        references(office),
        plain_mails(),
    ];
    all.concat()
}

fn named(kind: &str, cases: Vec<(impl AsRef<str>, Vec<u8>)>) -> Vec<Poison> {
    cases.into_iter().map(|(name, message)| (format!("{kind}: {}", name.as_ref()), message)).collect()
}

/// CMS with one thing wrong, cut off, or with a bit flipped.
fn encrypted_contents(office: &Office) -> Vec<Poison> {
    let right = office.right_cms();
    let mut cases: Vec<Poison> = wrong_formats()
        .into_iter()
        .map(|(name, path, change)| (name.to_owned(), office.with_cms(&changed(&right, path, change))))
        .collect();
    let points = structural_points(&right);
    for &end in points.iter().step_by(points.len() / 15) {
        cases.push((format!("cut off after {end}"), office.with_cms(&right[..end])));
    }
    for &at in points.iter().skip(1).step_by(points.len() / 20).filter(|at| **at < right.len()) {
        let mut flipped = right.clone();
        flipped[at] ^= 0x80;
        cases.push((format!("bit flipped at {at}"), office.with_cms(&flipped)));
    }
    named("cms", cases)
}

/// Structures that grow in whoever takes them apart.
fn bombs(office: &Office) -> Vec<Poison> {
    let right = office.right_cms();
    let mut cases = Vec::new();
    for (name, octets) in [
        ("sequences", nested(10_000)),
        ("indefinite sequences", [[0x30, 0x80].repeat(10_000), vec![0; 20_000]].concat()),
        ("sequences without end", [0x30, 0x80].repeat(50_000)),
        ("strings of strings", [0x24, 0x80].repeat(50_000)),
        ("sets", [0x31, 0x80].repeat(50_000)),
        ("lengths beyond the end", [&right[..1], &[0x84, 0x7f, 0xff, 0xff, 0xff], &right[4..]].concat()),
        ("a length of 126 octets", [&right[..1], &[0xfe], &[0xff; 126]].concat()),
        ("a tag without end", vec![0x3f; 100_000]),
        ("nothing but zeros", vec![0; 100_000]),
    ] {
        cases.push((name.to_owned(), office.with_cms(&octets)));
        cases.push((format!("{name}, encrypted"), office.with_signature(&octets)));
    }
    let many = |path: &'static [usize]| {
        changed(&right, path, |tree| {
            let one = tree.elements()[1].clone();
            tree.elements().resize(20_000, one);
        })
    };
    cases.push(("20,000 recipients".to_owned(), office.with_cms(&many(&[1, 0, 1]))));
    cases.push(("20,000 entries of recipient-emails".to_owned(), office.with_cms(&many(&[1, 0, 4, 0, 1]))));
    named("bomb", cases)
}

/// Outer headers that a mail server lets through.
fn headers(office: &Office) -> Vec<Poison> {
    let (cms, right) = (office.right_cms(), office.header());
    let from = right.lines().next().unwrap();
    let with = |header: String| office.with_header(&header, &cms);
    let instead = |field: &str| with(right.replace(from, field));
    let mut cases = vec![
        ("none of the compared fields", with(String::new())),
        ("NUL in a field", instead("From: Praxis\0A <a@b.kim.telematik-test>")),
        ("NUL in a name", instead("Fr\0om: <a@b.kim.telematik-test>")),
        ("bare CR", instead("From: Praxis\rSubject: x\r <a@b.kim.telematik-test>")),
        ("bare LF", instead("From: Praxis\nX-KIM-DecryptionResult: 00")),
        ("LF CR", instead("From: Praxis\n\rSubject: x")),
        ("no colon", instead("From Praxis A")),
        ("nothing but a colon", instead(":")),
        ("blanks before the colon", instead("From   : <a@b.kim.telematik-test>")),
        ("folded without a start", with(format!(" x\r\n\t y\r\n{right}"))),
        ("folded blanks", instead(&format!("From: {}", "\r\n ".repeat(20_000)))),
        ("20,000 fields", with(format!("{}{right}", "X: y\r\n".repeat(20_000)))),
        ("a field of 1 MiB", instead(&format!("From: {}", "x".repeat(1 << 20)))),
        ("a name of 1 MiB", instead(&format!("{}: x", "X".repeat(1 << 20)))),
        ("20,000 From", with(format!("{}{right}", "From: <a@b.kim.telematik-test>\r\n".repeat(20_000)))),
        ("nested comments", instead(&format!("From: {}a@b.kim.telematik-test", "(".repeat(50_000)))),
        ("nested brackets", instead(&format!("From: {}", "<".repeat(50_000)))),
        ("nested groups", instead(&format!("From: {}", "a:".repeat(50_000)))),
        ("an open quotation", instead(&format!("From: \"{}", "\\".repeat(50_000)))),
        ("nothing but commas", instead(&format!("From: {}", ",".repeat(100_000)))),
        ("50,000 addresses", instead(&format!("From: {}", "a@b.kim.telematik-test, ".repeat(50_000)))),
        ("encoded words", instead(&format!("From: {}", "=?utf-8?q?=C3=A4?= ".repeat(20_000)))),
        ("an encoded word without end", instead(&format!("From: =?utf-8?b?{}", "w6T".repeat(50_000)))),
        ("words without end", instead(&format!("From: {}", "=?ab?q? ".repeat(120_000)))),
        (
            "a group as long as its addresses are many",
            instead(&format!("From: {}: {}", "g".repeat(400_000), "a@b, ".repeat(100_000))),
        ),
        ("an unknown character set", instead("From: =?x-bomb?b?w6Q=?= <a@b.kim.telematik-test>")),
        (
            "an encoded line end",
            instead("From: =?utf-8?q?a=0D=0AX-KIM-Fehlermeldung:_1?= <a@b.kim.telematik-test>"),
        ),
        ("routes", instead("From: <@a,@b:c@d.kim.telematik-test>")),
        ("an address literal", instead("From: <a@[127.0.0.1]>")),
    ];
    for octet in [0x01, 0x08, 0x1a, 0x1b, 0x7f, 0x80, 0xfe, 0xff] {
        let mut field = instead("From: Praxis@ <a@b.kim.telematik-test>");
        let at = field.windows(7).position(|word| word == b"Praxis@").unwrap() + 6;
        field[at] = octet;
        cases.push(("an odd octet", field));
    }
    named("header", cases)
}

/// Messages that announce what they are not.
fn announcements(office: &Office) -> Vec<Poison> {
    let right = String::from_utf8(office.with_cms(&office.right_cms())).unwrap();
    let (_, base64) = right.split_once("\r\n\r\n").unwrap();
    let version =
        |text: &str| right.replacen("X-KOM-LE-Version: 1.0", &format!("X-KOM-LE-Version: {text}"), 1);
    let parameters = "x*0=y; ".repeat(20_000);
    let cases = vec![
        ("no version", version("")),
        ("a version of the future", version("99.0")),
        ("a version of 100,000 digits", version(&"9".repeat(100_000))),
        ("two versions", version("1.0\r\nX-KOM-LE-Version: 2.0")),
        ("a version that answers itself", version("1.0\r\n X-KIM-DecryptionResult: 00")),
        ("no body", right.replace(base64, "")),
        ("no blank line", right.replace("\r\n\r\n", "\r\n")),
        ("no announcement", right.replace(ANNOUNCED, "")),
        ("base64 that is none", right.replace(base64, "\u{e4}!\r\n")),
        ("base64 in one line", right.replace(base64, &base64.replace("\r\n", ""))),
        ("base64 without padding", right.replace('=', "")),
        ("nothing but padding", right.replace(base64, &"=".repeat(100_000))),
        ("blank lines", right.replace(base64, &"\r\n".repeat(100_000))),
        ("dots", right.replace(base64, &".\r\n..\r\n.\r.\n".repeat(1000))),
        ("multipart", right.replace("application/pkcs7-mime", "multipart/mixed; boundary=\"\"")),
        ("many parameters", right.replace("smime-type=", &format!("{parameters}smime-type="))),
        (
            "continued parameters",
            right.replace("smime-type=", &format!("{}smime-type=", "a*1=xxxxx;".repeat(100_000))),
        ),
        ("an open quotation", right.replace("name=smime.p7m", "name=\"smime")),
        ("uuencoded", right.replace("base64\r\n", "x-uuencode\r\n")),
    ];
    named("announcement", cases.into_iter().map(|(name, text)| (name, text.into_bytes())).collect())
}

/// Right envelopes around wrong signatures.
fn signatures(office: &Office) -> Vec<Poison> {
    let right = office.signature();
    let mut cases = vec![
        ("nothing".to_owned(), office.with_cms(&office.encrypt(b""))),
        ("no signature".to_owned(), office.with_cms(&office.encrypt(&office.mail()))),
        ("signed nothing".to_owned(), office.with_signature(&office.sign(b"", &[office.right_attribute()]))),
        ("encrypted twice".to_owned(), office.with_signature(&office.right_cms())),
        ("no recipients signed".to_owned(), office.with_signature(&office.sign(&office.mail(), &[]))),
    ];
    let points = structural_points(&right);
    for &at in points.iter().skip(1).step_by(points.len() / 20).filter(|at| **at < right.len()) {
        let mut flipped = right.clone();
        flipped[at] ^= 0x01;
        cases.push((format!("bit flipped at {at}"), office.with_signature(&flipped)));
        cases.push((format!("cut off after {at}"), office.with_signature(&right[..at])));
    }
    named("signature", cases)
}

/// Right messages with hostile mails in them: what an insider can send.
fn mails(office: &Office) -> Vec<Poison> {
    let signed = |mail: String| {
        let mail = [b"Content-Type: message/rfc822\r\n\r\n", mail.as_bytes()].concat();
        let signature = office.sign(&mail, &[office.right_attribute()]);
        office.with_cms(&office.encrypt(&[SIGNED.as_bytes(), &signature].concat()))
    };
    let header = office.header();
    let cases = vec![
        ("nothing", signed(String::new())),
        ("no header", signed("\r\n".to_owned())),
        ("no body", signed(header.clone())),
        (
            "words without end",
            signed(header.replace("From: ", &format!("From: {}", "=?ab?q? ".repeat(120_000)))),
        ),
        (
            "continued parameters",
            signed(format!("{header}Content-Type: text/plain; {}\r\n\r\nx", "a*1=xxxxx;".repeat(100_000))),
        ),
        ("other sender", signed(header.replace("From: ", "From: evil@example.com, "))),
        (
            "mails in mails",
            signed(format!("{header}{}", "Content-Type: message/rfc822\r\n\r\n".repeat(30_000))),
        ),
        (
            "multiparts in multiparts",
            signed(format!(
                "{header}{}",
                "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n".repeat(10_000)
            )),
        ),
        (
            "100,000 parts",
            signed(format!(
                "{header}Content-Type: multipart/mixed; boundary=x\r\n\r\n{}",
                "--x\r\n\r\n".repeat(100_000)
            )),
        ),
        ("a line of 1 MiB", signed(format!("{header}\r\n{}", "x".repeat(1 << 20)))),
        ("ends of mails", signed(format!("{header}\r\n.\r\n..\r\n+OK\r\n.\r\nRETR 1\r\n"))),
        ("bare line ends", signed(format!("{header}\r\na\nb\rc\n.\n\r.\r"))),
        ("a header of 20,000 fields", signed(format!("{}{header}\r\nx\r\n", "X: y\r\n".repeat(20_000)))),
        (
            "results of its own",
            signed(format!(
                "X-KIM-DecryptionResult: 00\r\nX-KIM-IntegrityCheckResult: 01\r\n{header}\r\nx\r\n"
            )),
        ),
        (
            "the way it took",
            signed(format!("Received: x\r\nReturn-Path: <evil@example.com>\r\n{header}\r\nx\r\n")),
        ),
    ];
    named("mail", cases)
}

/// References to large mails that lead elsewhere or nowhere.
fn references(office: &Office) -> Vec<Poison> {
    let key = openssl::base64::encode_block(&[7; 32]);
    let reference =
        |link: &str, size: &str| format!(r#"{{"link":"{link}","k":"{key}","hash":"{key}","size":{size}}}"#);
    let link = "https://kas.testbed.kim.telematik-test/attachments/v2.4/attachment/1";
    let bodies = [
        ("a link to oneself", reference("https://127.0.0.1/x", "20000000")),
        ("a link to a file", reference("file:///etc/passwd", "20000000")),
        ("a link without TLS", reference(&link.replace("https", "http"), "20000000")),
        ("a link with a user", reference(&link.replace("//", "//user:x@"), "20000000")),
        ("a link that is none", reference("\\u0000", "20000000")),
        ("a size below zero", reference(link, "-1")),
        ("an endless size", reference(link, "1e999")),
        ("a size of 100,000 digits", reference(link, &"9".repeat(100_000))),
        ("lists in lists", "[".repeat(200_000)),
        ("objects in objects", r#"{"a":"#.repeat(100_000)),
        ("no object", "null".to_owned()),
        ("nothing", String::new()),
    ];
    let message = |body: String| {
        let mail = format!(
            "Content-Type: message/rfc822\r\n\r\n{}Content-Type: text/plain; charset=utf-8\r\n\
             Content-Disposition: x-kas\r\n\r\n{body}\r\n",
            office.header()
        );
        let signature = office.sign(mail.as_bytes(), &[office.right_attribute()]);
        let cms = office.encrypt(&[SIGNED.as_bytes(), &signature].concat());
        let outer = String::from_utf8(office.with_cms(&cms)).unwrap();
        outer.replacen("X-KOM-LE-Version: 1.0", "X-KOM-LE-Version: 1.5", 1).into_bytes()
    };
    named("reference", bodies.into_iter().map(|(name, body)| (name, message(body))).collect())
}

/// What is no KOM-LE message goes through as it is, and must not stop anybody either.
fn plain_mails() -> Vec<Poison> {
    let cases = vec![
        ("one octet", b"x".to_vec()),
        ("an empty line", b"\r\n".to_vec()),
        ("a line end", b"\n".to_vec()),
        ("dots", b".\r\n.\r\n..\r\n".to_vec()),
        ("no line end", b"Subject: x\r\n\r\nno line end".to_vec()),
        ("octets", (0..=255).cycle().take(10_000).collect()),
        ("mails in mails", b"Content-Type: message/rfc822\r\n\r\n".repeat(30_000)),
        ("a line of 1 MiB", vec![b'x'; 1 << 20]),
    ];
    named("plain", cases)
}
