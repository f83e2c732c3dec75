//! What the directory says about one address: [`Listing`].

use bytes::Bytes;
use kim_types::{Address, TelematikId};

use crate::KimVersion;

/// The most entries that are read for one address; more is a directory that does not work.
const MAX_ENTRIES: usize = 50;
/// The most certificates that are read for one address.
const MAX_CERTIFICATES: usize = 100;

/// An entry as an LDAP client gives it: attribute names with their values.
///
/// Spec: RFC 4511 §4.5.2 (SearchResultEntry).
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Names as the directory writes them, each with all its values.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({} attributes)", self.attributes.len())
    }
}

impl Entry {
    /// The values of an attribute, found without regard to case and to the option `;binary`.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.attributes
            .iter()
            .filter(move |(found, _)| found.split(';').next().unwrap_or_default().eq_ignore_ascii_case(name))
            .flat_map(|(_, values)| values.iter().map(Vec::as_slice))
    }

    fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name).filter_map(|value| std::str::from_utf8(value).ok()).map(str::trim)
    }
}

/// Everything the directory says about one address.
///
/// Several entries are merged: whether their owners agree shows in the certificates. Nothing is checked here but the
/// address; certificates are handed on as they are.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022, KOM-LE-A_2178, A_22340; gemSpec_VZD 1.15.0.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The certificates of all entries in DER, without duplicates, unparsed. At most 100.
    pub certificates: Vec<Bytes>,
    /// What the participant can receive; 1.0 if nothing is said.
    pub version: KimVersion,
    /// The owners of the entries, without duplicates.
    pub telematik_ids: Vec<TelematikId>,
    /// How many entries have the address. At most 50.
    pub entries: usize,
}

impl std::fmt::Debug for Listing {
    /// Of the certificates, which have names in them, their number only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { certificates, version, telematik_ids, entries } = self;
        f.debug_struct("Listing")
            .field("certificates", &certificates.len())
            .field("version", version)
            .field("telematik_ids", telematik_ids)
            .field("entries", entries)
            .finish()
    }
}

impl Default for KimVersion {
    fn default() -> Self {
        Self::V1_0
    }
}

impl Listing {
    /// Reads the entries that have the address, compared without case. Others are passed over.
    ///
    /// The version is that of komLeData; kimData counts where komLeData has no row for the address (deltas Q11). With
    /// several entries the lowest version counts.
    pub fn from_entries(address: &Address, entries: &[Entry]) -> Self {
        let mut listing = Self::default();
        let mut version: Option<KimVersion> = None;
        let matching = entries.iter().filter(|entry| entry.texts("mail").any(|mail| is(mail, address)));
        for entry in matching.take(MAX_ENTRIES) {
            listing.entries = listing.entries.saturating_add(1);
            for der in entry.values("userCertificate").filter(|der| !der.is_empty()) {
                if listing.certificates.len() < MAX_CERTIFICATES
                    && !listing.certificates.iter().any(|found| found == der)
                {
                    listing.certificates.push(Bytes::copy_from_slice(der));
                }
            }
            for id in entry.texts("telematikID").filter_map(|id| id.parse().ok()) {
                if !listing.telematik_ids.contains(&id) {
                    listing.telematik_ids.push(id);
                }
            }
            let found =
                kom_le_version(entry, address).or_else(|| kim_version(entry, address)).unwrap_or_default();
            version = Some(version.map_or(found, |lowest| lowest.min(found)));
        }
        listing.version = version.unwrap_or_default();
        listing
    }
}

fn is(mail: &str, address: &Address) -> bool {
    mail.eq_ignore_ascii_case(address.as_str())
}

/// `komLeData: VERSION,ADDRESS`
fn kom_le_version(entry: &Entry, address: &Address) -> Option<KimVersion> {
    let rows = entry.texts("komLeData").filter_map(|row| row.split_once(','));
    rows.filter(|(_, mail)| is(mail.trim(), address)).find_map(|(version, _)| version.trim().parse().ok())
}

/// `kimData: ADDRESS,VERSION[,TAG|TAG]`: the other way round.
fn kim_version(entry: &Entry, address: &Address) -> Option<KimVersion> {
    let rows = entry.texts("kimData").filter_map(|row| {
        let mut parts = row.split(',');
        Some((parts.next()?, parts.next()?))
    });
    rows.filter(|(mail, _)| is(mail.trim(), address)).find_map(|(_, version)| version.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(attributes: &[(&str, &[&str])]) -> Entry {
        let values = |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect();
        Entry { attributes: attributes.iter().map(|(name, all)| ((*name).to_owned(), values(all))).collect() }
    }

    fn listing(entries: &[Entry]) -> Listing {
        Listing::from_entries(&"Praxis@a.kim.telematik".parse().unwrap(), entries)
    }

    fn version(attributes: &[(&str, &[&str])]) -> String {
        let mut all = vec![("mail", &["praxis@A.kim.telematik"][..])];
        all.extend_from_slice(attributes);
        listing(&[entry(&all)]).version.to_string()
    }

    /// Spec: deltas Q11
    #[test]
    fn q11_kom_le_data_wins_and_nothing_means_1_0() {
        let kom_le = ("komLeData", &["1.0,other@a.kim.telematik", " 1.5+ , PRAXIS@a.kim.telematik"][..]);
        let kim = ("kimData", &["praxis@a.kim.telematik,1.5,tag|tag"][..]);
        assert_eq!(version(&[kom_le, kim]), "1.5+");
        assert_eq!(version(&[kim]), "1.5");
        assert_eq!(version(&[("komLeData", &["1.5+,other@a.kim.telematik"])]), "1.0");
        assert_eq!(version(&[("komLeData", &["nonsense,praxis@a.kim.telematik"])]), "1.0");
        assert_eq!(version(&[]), "1.0");
    }

    #[test]
    fn entries_of_other_addresses_do_not_count() {
        let other = entry(&[("mail", &["x.praxis@a.kim.telematik"]), ("userCertificate;binary", &["cert"])]);
        assert_eq!(listing(&[other]), Listing::default());
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2178
    #[test]
    fn several_entries_are_merged_and_the_lowest_version_counts() {
        let mail = ("MAIL", &["praxis@a.kim.telematik", "second@a.kim.telematik"][..]);
        let one = entry(&[
            mail,
            ("telematikID", &["1-a"]),
            ("userCertificate;binary", &["x", "y"]),
            ("komLeData", &["1.5+,praxis@a.kim.telematik"]),
        ]);
        let two = entry(&[mail, ("telematikID", &["1-b"]), ("userCertificate;binary", &["y", "z", ""])]);
        let found = listing(&[one, two]);
        assert_eq!(found.certificates, ["x", "y", "z"].map(Bytes::from));
        assert_eq!(found.telematik_ids, ["1-a", "1-b"].map(|id| id.parse().unwrap()));
        assert_eq!((found.entries, found.version), (2, KimVersion::V1_0));
    }

    #[test]
    fn no_octet_of_a_certificate_is_printed() {
        let found =
            listing(&[entry(&[("mail", &["praxis@a.kim.telematik"]), ("userCertificate", &["Karla"])])]);
        let printed = format!("{found:?} {found:#?}");
        assert!(printed.contains("certificates: 1"), "{printed}");
        assert!(
            ["Karla", "[75, 97", "75, 97, 114", "4b61"].iter().all(|text| !printed.contains(text)),
            "{printed}"
        );
    }

    #[test]
    fn a_flood_of_entries_and_certificates_is_cut_off() {
        let certificates: Vec<String> = (0..300).map(|n| n.to_string()).collect();
        let certificates: Vec<&str> = certificates.iter().map(String::as_str).collect();
        let flood = entry(&[("mail", &["praxis@a.kim.telematik"]), ("userCertificate", &certificates)]);
        let found = listing(&vec![flood; 200]);
        assert_eq!((found.entries, found.certificates.len()), (50, 100));
    }
}
