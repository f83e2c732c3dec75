#![no_main]
//! Whatever the directory answers, nothing panics, and what is kept stays within its bounds.

use kim_fuzz::records;
use kim_types::Address;
use kim_vzd::{ATTRIBUTES, Entry, Listing};
use libfuzzer_sys::fuzz_target;

/// The octet that begins another entry; each other one names an attribute.
const ENTRY: u8 = b'#';

fuzz_target!(|octets: &[u8]| {
    let address: Address = "a@b.kim.telematik".parse().expect("an address");
    let mut entries: Vec<Entry> = Vec::new();
    for (kind, value) in records(octets) {
        if kind == ENTRY || entries.is_empty() {
            // Every entry has the address, so that none is left out for being somebody else's.
            let mail = ("mail".to_owned(), vec![address.as_str().as_bytes().to_vec()]);
            entries.push(Entry { attributes: vec![mail] });
        }
        let name = ATTRIBUTES[usize::from(kind) % ATTRIBUTES.len()];
        if let Some(attributes) = entries.last_mut().map(|entry| &mut entry.attributes) {
            match attributes.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value.to_vec()),
                None => attributes.push((name.to_owned(), vec![value.to_vec()])),
            }
        }
    }
    let listing = Listing::from_entries(&address, &entries);
    assert!(listing.certificates.len() <= 100 && listing.entries <= entries.len().min(50));
});
