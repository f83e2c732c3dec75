//! Facts about a mail that are gathered while it passes by.

/// What is measured of a mail while it streams in.
#[derive(Debug, Clone, Default)]
pub struct Measure {
    octets: u64,
    decoded: u64,
    x_kas_parts: u32,
    eight_bit: bool,
    stray_line_ends: u64,
}

impl Measure {
    /// Before the first octet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next octets of the mail.
    pub fn push(&mut self, octets: &[u8]) {
        self.octets = self.octets.saturating_add(octets.len() as u64);
        self.decoded = self.octets;
    }

    /// The length of the mail in octets.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The length of headers and leaf parts in octets, without their transfer encoding.
    pub fn decoded_octets(&self) -> u64 {
        self.decoded
    }

    /// The number of parts with Content-Disposition x-kas.
    pub fn x_kas_parts(&self) -> u32 {
        self.x_kas_parts
    }

    /// Whether there is an octet outside ASCII.
    pub fn has_eight_bit(&self) -> bool {
        self.eight_bit
    }

    /// The number of CR and LF that do not stand together.
    pub fn stray_line_ends(&self) -> u64 {
        self.stray_line_ends
    }
}
