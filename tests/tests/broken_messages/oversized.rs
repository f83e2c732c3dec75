//! Messages that are meant to exhaust their reader. Each is refused, soon.

use crate::Office;
use crate::office::SIGNED;
use crate::tree::{Tree, changed, element};

const RECIPIENTS: &[usize] = &[1, 0, 1];
const ENTRIES: &[usize] = &[1, 0, 4, 0, 1];

/// Sequences within each other.
pub(crate) fn nested(levels: usize) -> Vec<u8> {
    (0..levels).fold(Vec::new(), |inner, _| element(0x30, &inner))
}

#[test]
fn ten_thousand_nested_sequences_are_a_wrong_format() {
    let office = Office::new();
    let endless = [0x30, 0x80].repeat(10_000);
    let closed = [endless.clone(), vec![0; 20_000]].concat();
    let segments = [0x24, 0x80].repeat(10_000);
    for (name, nested) in
        [("definite", nested(10_000)), ("indefinite", closed), ("not closed", endless), ("strings", segments)]
    {
        office.refuses(name, &office.with_cms(&nested), "02");
        office.refuses(&format!("{name}, inside"), &office.with_signature(&nested), "02");
        let document = [SIGNED.as_bytes(), &nested].concat();
        office.refuses(&format!("{name}, as signature"), &office.with_cms(&office.encrypt(&document)), "02");
    }
}

#[test]
fn nested_sequences_in_attributes_are_a_wrong_format() {
    let office = Office::new();
    let deep = nested(10_000);
    let cms = changed(&office.right_cms(), &[1, 0], |tree| {
        *tree.at(&[4, 0, 1, 0, 0]) = Tree::parse(&[0x04, 0]);
    });
    // The tree would recurse: what is nested goes in as octets, under the tag of a sequence.
    let cms = changed(&cms, &[1, 0, 4, 0, 1, 0, 0], |tree| {
        *tree.octets() = deep;
        tree.tag = 0x30;
    });
    office.refuses("attribute", &office.with_cms(&cms), "02");
}

#[test]
fn a_hundred_thousand_recipients_are_a_wrong_format() {
    let office = Office::new();
    let right = office.right_cms();
    let recipients = changed(&right, RECIPIENTS, |tree| {
        let one = tree.elements()[1].clone();
        tree.elements().resize(100_000, one);
    });
    office.refuses("recipients", &office.with_cms(&recipients), "02");
    let entries = changed(&right, ENTRIES, |tree| {
        let one = tree.elements()[1].clone();
        tree.elements().resize(100_000, one);
    });
    office.refuses("entries", &office.with_cms(&entries), "02");
}

#[test]
fn two_thousand_and_one_different_recipients_are_a_wrong_format() {
    let office = Office::new();
    let cms = changed(&office.right_cms(), &[1, 0], |tree| {
        for (path, serial) in [(&[1][..], &[1, 1][..]), (&[4, 0, 1], &[1, 1])] {
            let one = tree.at(path).elements()[0].clone();
            for number in 0..2_000_u16 {
                let mut other = one.clone();
                *other.at(serial).octets() = [&[1], number.to_be_bytes().as_slice()].concat();
                tree.at(path).elements().push(other);
            }
        }
    });
    office.refuses("different recipients", &office.with_cms(&cms), "02");
}

#[test]
fn a_header_of_endless_fields_is_a_wrong_format() {
    let office = Office::new();
    let cms = office.right_cms();
    for outer in ["X: y\r\n".repeat(20_000), format!("X: {}\r\n", "y".repeat(2 << 20))] {
        let message = office.with_header(&format!("{outer}{}", office.header()), &cms);
        office.refuses("outer header", &message, "02");
    }
}

#[test]
fn a_signed_header_of_endless_fields_is_a_wrong_format() {
    let office = Office::new();
    let mail = String::from_utf8(office.mail())
        .unwrap()
        .replace("Subject: ", &format!("{}Subject: ", "X: y\r\n".repeat(20_000)));
    let signature = office.sign(mail.as_bytes(), &[office.right_attribute()]);
    office.refuses("signed header", &office.with_signature(&signature), "02");
}
