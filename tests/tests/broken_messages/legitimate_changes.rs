//! What mail programs, gateways and mail servers do to a message on its way is no forgery.

use crate::Office;

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01; deltas Q10
#[test]
fn what_servers_do_to_the_outer_header_is_not_result_08() {
    let office = Office::new();
    let (a, b) = (office.account("A").address.as_str(), office.account("B").address.as_str());
    let (header, cms) = (office.header(), office.right_cms());
    let replaced = |from: &str, to: &str| {
        let changed = header.replace(from, to);
        assert_ne!(changed, header, "{from}");
        changed
    };
    let lower = |address: &str| address.to_ascii_lowercase();
    let cases = [
        (
            "Received",
            format!("Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\nReceived: x\r\n{header}"),
        ),
        ("Return-Path and Delivered-To", format!("Return-Path: <{a}>\r\nDelivered-To: {b}\r\n{header}")),
        (
            "results of other filters",
            format!("Authentication-Results: mx; spf=pass\r\nX-Spam-Flag: NO\r\n{header}"),
        ),
        ("a signature of the server", format!("DKIM-Signature: v=1; h=from:to; b=abc\r\n{header}")),
        ("a list", format!("List-Id: <x.y>\r\nPrecedence: list\r\n{header}")),
        ("folded", replaced("From: \"Praxis A\" ", "From: \"Praxis A\"\r\n ")),
        ("folded in the name", replaced("Praxis A", "Praxis\r\n A")),
        ("folded with a tab", replaced("To: Praxis B ", "To: Praxis B\r\n\t")),
        ("folded after the colon", replaced("Cc: ", "Cc:\r\n ")),
        ("blanks at the end", replaced(">\r\n", "> \t\r\n")),
        ("no blank after the colon", replaced("Sender: ", "Sender:")),
        ("field names in another case", replaced("Reply-To: ", "REPLY-TO: ").replace("From: ", "from: ")),
        ("addresses in another case", header.replace(a, &lower(a)).replace(b, &lower(b))),
        ("quotes removed", replaced("\"Praxis A\"", "Praxis A")),
        ("quotes added", replaced("To: Praxis B", "To: \"Praxis B\"")),
        ("encoded word in UTF-8", replaced("\"Praxis A\"", "=?utf-8?q?Praxis_A?=")),
        ("encoded word in base64", replaced("\"Praxis A\"", "=?UTF-8?B?UHJheGlzIEE=?=")),
        ("encoded word in Latin-1", replaced("To: Praxis B", "To: =?iso-8859-1?Q?Praxis=20B?=")),
        ("two encoded words", replaced("\"Praxis A\"", "=?utf-8?q?Praxis?= =?utf-8?q?_A?=")),
        ("angle brackets removed", replaced(&format!("Sender: <{a}>"), &format!("Sender: {a}"))),
        ("fields in another order", header.lines().rev().map(|line| format!("{line}\r\n")).collect()),
        ("LF at the ends of lines", header.replace("\r\n", "\n")),
        ("another Subject, Date and Message-ID", format!("Date: today\r\n{}", replaced("<1@", "<2@"))),
        ("Bcc", format!("Bcc: somebody@example.com\r\n{header}")),
        ("fields of a Fachdienst", format!("X-KIM-Dienstkennung: x\r\nX-KIM-CMVersion: y\r\n{header}")),
    ];
    for (name, outer) in cases {
        office.delivers(name, &office.with_header(&outer, &cms));
    }
}

/// Names with letters outside ASCII, as one program writes them and another server writes them anew.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01; deltas Q10
#[test]
fn encoded_names_may_be_encoded_anew() {
    let office = Office::new();
    let header = |name: &str| office.header().replace("\"Praxis A\"", name);
    let spellings = [
        "=?utf-8?q?J=C3=B6rg_M=C3=BCller?=",
        "=?UTF-8?B?SsO2cmcgTcO8bGxlcg==?=",
        "=?iso-8859-1?q?J=F6rg_M=FCller?=",
        "=?windows-1252?Q?J=F6rg?= =?windows-1252?Q?_M=FCller?=",
        "=?utf-8?q?J=C3=B6rg?=\r\n =?utf-8?q?_M=C3=BCller?=",
        "=?utf-8*de?q?J=C3=B6rg_M=C3=BCller?=",
        "\"Jörg Müller\"",
        "Jörg Müller",
    ];
    for inner in [spellings[0], spellings[2], spellings[6]] {
        let mail =
            format!("Content-Type: message/rfc822\r\n\r\n{}\r\nGeheimer-Befund-4711\r\n", header(inner));
        let signature = office.sign(mail.as_bytes(), &[office.right_attribute()]);
        let cms = office.encrypt(&[crate::office::SIGNED.as_bytes(), &signature].concat());
        for outer in spellings {
            office.delivers(&format!("{inner} as {outer}"), &office.with_header(&header(outer), &cms));
        }
        let other = header("=?utf-8?q?J=C3=B6rg_M=C3=BCIler?=");
        office.doubts(inner, &office.with_header(&other, &cms), &["08"]);
    }
}

/// Gateways break base64 into other lines and write the announcement anew.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2104, KOM-LE-A_2299
#[test]
fn the_transfer_encoding_may_be_written_anew() {
    let office = Office::new();
    let right = String::from_utf8(office.with_cms(&office.right_cms())).unwrap();
    let (head, base64) = right.split_once("\r\n\r\n").unwrap();
    let digits: String = base64.split_whitespace().collect();
    let in_lines = |width: usize, end: &str| {
        let lines: Vec<_> = digits.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
        format!("{head}\r\n\r\n{}{end}", lines.join(end))
    };
    let cases = [
        ("one line", in_lines(usize::MAX, "\r\n")),
        ("lines of 64", in_lines(64, "\r\n")),
        ("lines that end in LF", in_lines(76, "\n")),
        ("blank lines at the end", format!("{right}\r\n\r\n")),
        ("no line end at the end", right.trim_end().to_owned()),
        ("parameters on lines of their own", right.replace("; ", ";\r\n\t")),
        (
            "parameters quoted",
            right.replace(
                "smime-type=authenticated-enveloped-data",
                "smime-type=\"authenticated-enveloped-data\"",
            ),
        ),
        (
            "parameters in another order",
            right.replace(
                "; smime-type=authenticated-enveloped-data; name=smime.p7m",
                "; name=smime.p7m; smime-type=authenticated-enveloped-data",
            ),
        ),
        ("no smime-type", right.replace("; smime-type=authenticated-enveloped-data", "")),
        (
            "upper case",
            right.replace("application/pkcs7-mime", "APPLICATION/PKCS7-MIME").replace("base64", "BASE64"),
        ),
    ];
    for (name, message) in cases {
        office.delivers(name, message.as_bytes());
    }
}
