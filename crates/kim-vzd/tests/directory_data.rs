//! A search result of the reference environment, read as an LDAP client would give it.

use kim_types::Address;
use kim_vzd::{Entry, KimVersion, Listing};

/// The attributes of the first entry of an LDIF file; values in base64 stay encoded, one per attribute line.
fn entry(ldif: &str) -> Entry {
    let unfolded = ldif.replace("\r\n", "\n").replace("\n ", "");
    let lines = unfolded.lines().filter_map(|line| line.split_once(": "));
    let attribute = |(name, value): (&str, &str)| {
        (name.trim_end_matches(':').to_owned(), vec![value.as_bytes().to_vec()])
    };
    Entry { attributes: lines.map(attribute).collect() }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022
#[test]
fn an_entry_of_the_reference_environment_is_understood() {
    let Some(ldif) = kim_vectors::text("vzd/ldapsearch-kostentraeger-RU.ldif") else { return };
    let entry = entry(&ldif);
    let address: Address = "TK-dt01@akquinet.kim.telematik-test".parse().unwrap();
    let listing = Listing::from_entries(&address, std::slice::from_ref(&entry));
    assert_eq!(listing.entries, 1);
    assert_eq!(listing.certificates.len(), 2);
    assert_eq!(listing.version, KimVersion::V1_0);
    assert_eq!(listing.telematik_ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["8-01-0000000090"]);

    let stranger: Address = "tk-dt09@akquinet.kim.telematik-test".parse().unwrap();
    assert_eq!(Listing::from_entries(&stranger, &[entry]), Listing::default());
}
