#![no_main]
//! Whatever the directory answers, nothing panics, and what is kept stays within its bounds.

use kim_types::Address;
use kim_vzd::{ATTRIBUTES, Entry, Listing};
use libfuzzer_sys::fuzz_target;

/// For each entry and attribute: which of the known names, and its values.
type Entries = Vec<Vec<(u8, Vec<Vec<u8>>)>>;

fuzz_target!(|entries: Entries| {
    let Ok(address) = "a@b.kim.telematik".parse::<Address>() else { return };
    let name =
        |index: u8| ATTRIBUTES.get(usize::from(index) % ATTRIBUTES.len()).map_or("", |name| *name).to_owned();
    let entries: Vec<Entry> = entries
        .into_iter()
        .map(|attributes| Entry {
            attributes: attributes
                .into_iter()
                .map(|(index, values)| (name(index), with_address(values)))
                .collect(),
        })
        .collect();
    let listing = Listing::from_entries(&address, &entries);
    assert!(listing.certificates.len() <= 100 && listing.entries <= entries.len().min(50));
});

/// The address stands for every empty value, so that entries are not all of somebody else.
fn with_address(values: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    values
        .into_iter()
        .map(|value| if value.is_empty() { b"a@b.kim.telematik".to_vec() } else { value })
        .collect()
}
