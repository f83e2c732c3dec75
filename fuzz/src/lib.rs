//! What the targets share: [`records`], the form of an input that has several parts, and [`CANARY`].

/// Between two records of an input. Octets that no test data has beside each other by chance.
pub const SEPARATOR: [u8; 2] = [0x1e, 0x1f];

/// The parts of an input, each with the octet it begins with.
///
/// Separators instead of lengths: an input stays in order when the fuzzer inserts or removes octets, and the seeds can be
/// written by anyone.
pub fn records(input: &[u8]) -> Vec<(u8, &[u8])> {
    let (mut records, mut start, mut at) = (Vec::new(), 0, 0);
    while at <= input.len() {
        let rest = &input[at..];
        if rest.is_empty() || rest.starts_with(&SEPARATOR) {
            records.extend(input[start..at].split_first().map(|(kind, octets)| (*kind, octets)));
            at += SEPARATOR.len();
            start = at;
        } else {
            at += 1;
        }
    }
    records
}

/// What the seeds write into the body of a mail, so that it can be looked for where nothing of the mail may be. No address, field
/// name or base64 text has it in it by chance.
pub const CANARY: &[u8] = b"Kanarienvogel, im Klartext";

/// Whether the [`CANARY`] is among the octets.
pub fn sings(octets: &[u8]) -> bool {
    octets.windows(CANARY.len()).any(|window| window == CANARY)
}

/// The octets after all, as a text for what insists on text.
pub fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
