//! What is large is measured on the decoded mail, whatever its encoding.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::office::{LARGE, Office};

/// The header every mail of this file has, apart from what describes its body.
fn header(office: &Office, description: &str) -> String {
    format!(
        "From: <{}>\r\nTo: <{}>\r\nSubject: x\r\nMIME-Version: 1.0\r\n{description}\r\n",
        office.a, office.e
    )
}

/// Text of so many octets in lines, the last one complete: a mail on the wire ends in CRLF.
fn text(octets: usize) -> String {
    let line = "abcdefghijklmnopqrstuvwxyz0123456789=?\r\n";
    let mut text = line.repeat(octets / line.len() + 1);
    text.truncate(octets - 2);
    // No line end is cut in two.
    if text.ends_with('\r') {
        text.replace_range(octets - 3.., "x");
    }
    text + "\r\n"
}

fn plain(office: &Office, octets: usize) -> String {
    let header = header(office, "Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n");
    let body = text(octets - header.len());
    header + &body
}

fn quoted_printable(office: &Office, octets: usize) -> String {
    let header =
        header(office, "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n");
    let body = text(octets - header.len());
    let encoded = body.chars().map(|c| match c {
        '=' => "=3D".to_owned(),
        // Two lines on the wire, one in the text.
        'm' => "m=\r\n".to_owned(),
        c => c.to_string(),
    });
    let encoded: String = encoded.collect();
    header + &encoded
}

fn base64(office: &Office, octets: usize) -> String {
    let header = header(office, "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n");
    let body = text(octets - header.len());
    header + &in_lines(&STANDARD.encode(body))
}

fn in_lines(encoded: &str) -> String {
    let lines = encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned() + "\r\n");
    lines.collect()
}

/// Many small parts; boundaries do not count.
fn many_parts(office: &Office, octets: usize) -> String {
    let mut mail = header(office, "Content-Type: multipart/mixed; boundary=b\r\n");
    let mut left = octets - mail.len();
    let head = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    while left > 0 {
        let content = if left < 3 * head.len() { left - head.len() } else { 50 };
        mail += &format!("--b\r\n{head}{}", in_lines(&STANDARD.encode(vec![7; content])));
        left -= head.len() + content;
    }
    mail + "--b--\r\n"
}

type Make = fn(&Office, usize) -> String;

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004-01, A_19357-02
/// Spec: deltas Q4 (the decoded mail is measured)
#[tokio::test(flavor = "multi_thread")]
async fn the_limit_itself_is_not_large_and_one_octet_more_is() {
    let makers: [(&str, Make); 4] =
        [("7bit", plain), ("quoted-printable", quoted_printable), ("base64", base64), ("parts", many_parts)];
    let limit = usize::try_from(LARGE).unwrap();
    for (name, make) in makers {
        for (octets, large) in [(limit - 1, false), (limit, false), (limit + 1, true)] {
            let office = Office::open().await;
            let mail = make(&office, octets);
            let reply = office.send(mail.as_bytes()).await;
            assert!(reply.starts_with("250"), "{name}, {octets}: {reply}");
            assert_eq!(office.stored(), usize::from(large), "{name}, {octets} octets");
            let fetched = office.practice.fetch_all("E").await.unwrap();
            assert_eq!(fetched.len(), 1);
            let (_, body) = mail.split_once("\r\n\r\n").unwrap();
            assert!(
                String::from_utf8_lossy(&fetched[0]).contains(body.trim_end()),
                "{name}, {octets} octets"
            );
        }
    }
}

/// The real limit, once.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004-01, A_19357-02
#[tokio::test(flavor = "multi_thread")]
async fn fifteen_mebibytes_and_one_octet_go_to_the_attachment_service() {
    let office = Office::with(|settings| {
        settings.rules.large_threshold = kim_flow::Rules::default().large_threshold;
        settings.fachdienst.services.timeout = std::time::Duration::from_secs(30);
    });
    let office = office.await;
    let limit = 15 * 1024 * 1024;
    assert!(office.send(base64(&office, limit + 1).as_bytes()).await.starts_with("250"));
    assert_eq!(office.stored(), 1);
    assert!(office.send(base64(&office, limit).as_bytes()).await.starts_with("250"));
    assert_eq!(office.stored(), 1);
    assert_eq!(office.practice.fetch_all("E").await.unwrap().len(), 2);
}
