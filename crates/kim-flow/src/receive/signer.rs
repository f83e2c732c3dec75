//! Whether the signer of a mail is whom its From says: a check that nobody else makes.

use kim_smime::{Certificate, CertificateKind, IntegrityId, Opened, Ownership, Verdict};
use kim_types::Address;
use kim_vzd::Listing;

use super::{Receiving, Step};
use crate::{Ask, Call, LookUp, LookUpError, SignerCheck};

impl Receiving {
    /// Completes the verdict by what the directory says about From, as far as [`SignerCheck`] wants it.
    ///
    /// Spec: none — the signature names an institution, the header an address; nobody else compares them.
    pub(super) fn check_signer(self, opened: Opened) -> Step {
        let verdict = &opened.verdict;
        let wanted = self.run.rules.signer_check != SignerCheck::Off
            && verdict.is_intact()
            && verdict.signer.is_some();
        let Some(from) = from(&opened).filter(|_| wanted) else { return self.checked(opened) };
        let question = LookUp { addresses: vec![from], cache: true };
        Call::LookUp(Ask::new(question, move |listings: Vec<Result<Listing, LookUpError>>| {
            let mut opened = opened;
            // A directory that does not answer leaves the owner unknown, not the mail unread.
            if let Some(Ok(listing)) = listings.into_iter().next() {
                compare(&mut opened.verdict, listing);
                doubt(&mut opened.verdict, self.run.rules.signer_check);
            }
            self.checked(opened)
        }))
        .into()
    }
}

/// The address in From, if there is exactly one.
fn from(opened: &Opened) -> Option<Address> {
    match opened.header().addresses("From").as_slice() {
        [only] => only.address.parse().ok(),
        _ => None,
    }
}

/// The card of an institution signs, also for a person who works there, and the directory does not say who works where. So
/// only an address of an institution has an owner to compare with.
fn compare(verdict: &mut Verdict, listing: Listing) {
    let Listing { certificates, telematik_ids, .. } = listing;
    let certificates: Vec<Certificate> =
        certificates.into_iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    let of_institution =
        certificates.iter().filter(|certificate| certificate.kind() == CertificateKind::HciEnc);
    let mut owners: Vec<_> =
        of_institution.filter_map(|certificate| certificate.telematik_id().cloned()).collect();
    if !owners.is_empty() {
        owners.extend(telematik_ids);
    }
    verdict.compare_owner(&owners);
    verdict.compare_keys(&certificates);
}

fn doubt(verdict: &mut Verdict, check: SignerCheck) {
    let owner = (verdict.owner == Ownership::No).then_some(IntegrityId::Owner);
    let key = (!verdict.shared_keys.is_empty()).then_some(IntegrityId::SharedKey);
    for id in owner.into_iter().chain(key) {
        match check {
            SignerCheck::Off | SignerCheck::Note => {}
            SignerCheck::Mark => verdict.mark(id),
            SignerCheck::Refuse => verdict.refuse(id),
        }
    }
}
