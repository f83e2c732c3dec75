//! Facts about a mail that are gathered while it passes by.

pub(crate) mod parts;

use std::fmt;
use std::ops::Range;

use parts::{Forwarded, Parts};

/// What is measured of a mail while it streams in: nothing is kept of it but the line and the header just being read.
///
/// How the mail is cut into pieces makes no difference. `Debug` prints the length only.
///
/// ```
/// use kim_smime::Measure;
///
/// let mut measure = Measure::new();
/// measure.push(b"Content-Transfer-Encoding: base64\r\n\r\n");
/// measure.push(b"SGFsbG8=\r\n");
/// assert_eq!(measure.octets(), 47);
/// assert_eq!(measure.decoded_octets(), 42); // the header, the blank line, and "Hallo"
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004-01, A_22341, KOM-LE-A_2029; deltas Q4, Q9, Q23.
#[derive(Clone, Default)]
pub struct Measure {
    octets: u64,
    eight_bit: bool,
    stray_line_ends: u64,
    /// The last octet of the piece before.
    last: u8,
    /// The beginning of a line whose end is not there yet.
    line: Vec<u8>,
    /// Whether it follows a fragment of the same line.
    within_line: bool,
    parts: Parts,
}

impl Measure {
    /// Longer lines are read in fragments of this length; no boundary and no field of interest is as long.
    ///
    /// Spec: none — bounds what is kept; RFC 5322 §2.1.1 allows 998 octets.
    pub const MAX_LINE: usize = 8 * 1024;

    /// Before the first octet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next octets of the mail.
    pub fn push(&mut self, octets: &[u8]) {
        self.octets = self.octets.saturating_add(octets.len() as u64);
        self.eight_bit |= !octets.is_ascii();
        self.count_stray(octets);
        let mut rest = octets;
        while !rest.is_empty() {
            if self.line.is_empty() && !self.within_line {
                rest = self.parts.lines(rest);
            }
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
            let (line, after) = rest.split_at_checked(end).unwrap_or_default();
            self.add(line);
            rest = after;
        }
    }

    /// The length of the mail in octets.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The length of headers and leaf parts in octets, base64 and quoted-printable decoded: what the 15 MiB for direct
    /// processing are measured on.
    ///
    /// Boundaries and what stands before the first and after the last of them do not count.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2004-01; deltas Q4.
    pub fn decoded_octets(&self) -> u64 {
        let mut parts = self.parts.clone();
        parts.line(&self.line, !self.within_line);
        parts.decoded_octets()
    }

    /// The number of parts with Content-Disposition x-kas, at any depth.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_22341, A_19359.
    pub fn x_kas_parts(&self) -> u32 {
        self.parts.x_kas_parts()
    }

    /// Where the KOM-LE messages within the mail are that a user forwards to have them opened again: the octets of each
    /// message/rfc822 entity with X-KOM-LE-Version and application/pkcs7-mime, without a Return-Path in front.
    ///
    /// At most [`Measure::MAX_KOM_LE_MESSAGES`] are given. Ask after the last octet.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2029; deltas Q9.
    pub fn kom_le_messages(&self) -> Vec<Range<u64>> {
        self.parts.forwarded(Forwarded::KomLe, self.octets)
    }

    /// Where the message/rfc822 entities are that somebody encoded in base64: the octets of each, encoded. What is in them is
    /// looked at by [`forwarded`](crate::forwarded) only.
    ///
    /// RFC 2046 §5.2.1 forbids it; some programs do it when they forward a mail. At most [`Measure::MAX_KOM_LE_MESSAGES`] are
    /// given. Ask after the last octet.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2029; deltas Q9.
    pub fn encoded_messages(&self) -> Vec<Range<u64>> {
        self.parts.forwarded(Forwarded::Encoded, self.octets)
    }

    /// More forwarded messages than these are not told apart: no user means more than one.
    pub const MAX_KOM_LE_MESSAGES: usize = 8;

    /// Whether there is an octet outside ASCII.
    pub fn has_eight_bit(&self) -> bool {
        self.eight_bit
    }

    /// The number of CR and LF that do not stand together.
    ///
    /// Spec: RFC 5321 §2.3.8; no mail with one must reach a mail server.
    pub fn stray_line_ends(&self) -> u64 {
        self.stray_line_ends.saturating_add(u64::from(self.last == b'\r'))
    }

    fn count_stray(&mut self, octets: &[u8]) {
        let ([first, ..], [.., last]) = (octets, octets) else { return };
        let singles = count(octets, |octet| (octet == b'\r') | (octet == b'\n'));
        // A CR at the end is judged with the next piece.
        let (pending, open) = (u64::from(self.last == b'\r'), u64::from(*last == b'\r'));
        let line_end_between = u64::from(self.last == b'\r' && *first == b'\n');
        let line_ends = count_line_ends(octets).saturating_add(line_end_between);
        let stray = singles.saturating_add(pending).saturating_sub(open);
        let stray = stray.saturating_sub(line_ends.saturating_mul(2));
        self.stray_line_ends = self.stray_line_ends.saturating_add(stray);
        self.last = *last;
    }

    /// Adds what is at most the rest of one line, cut into fragments of the same length whatever the pieces are.
    fn add(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() {
            let room = Self::MAX_LINE.saturating_sub(self.line.len());
            let (fits, rest) = piece.split_at_checked(room).unwrap_or((piece, &[]));
            piece = rest;
            let ends = fits.ends_with(b"\n");
            if !ends && fits.len() < room {
                self.line.extend_from_slice(fits);
            } else if self.line.is_empty() {
                self.parts.line(fits, !self.within_line);
                self.within_line = !ends;
            } else {
                self.line.extend_from_slice(fits);
                self.parts.line(&self.line, !self.within_line);
                self.line.clear();
                self.within_line = !ends;
            }
        }
    }
}

/// How many octets are so; in a form in which the compiler looks at many of them at once.
fn count(octets: &[u8], is: impl Fn(u8) -> bool) -> u64 {
    let few = |few: &[u8]| few.iter().map(|octet| u8::from(is(*octet))).sum::<u8>();
    octets.chunks(FEW).map(few).map(u64::from).sum()
}

/// How many CR have an LF behind them; in such a form, too.
fn count_line_ends(octets: &[u8]) -> u64 {
    let next = octets.get(1..).unwrap_or_default();
    let few = |(few, next): (&[u8], &[u8])| {
        few.iter().zip(next).map(|(one, next)| u8::from(*one == b'\r') & u8::from(*next == b'\n')).sum::<u8>()
    };
    octets.chunks(FEW).zip(next.chunks(FEW)).map(few).map(u64::from).sum()
}

/// As many octets as a `u8` can count.
const FEW: usize = 255;

impl fmt::Debug for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} octets]", self.octets)
    }
}
