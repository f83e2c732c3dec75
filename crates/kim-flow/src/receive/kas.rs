//! Large mails: whether they are welcome (R5), and from the pointer to the mail data (R13, L1 to L7).

use kim_fachdienst::{KasLink, KasReference};
use kim_smime::{Header, HeaderLimits, KasFailure, KasPart, Opened, OuterVersion};
use kim_types::Octets;
use kim_vzd::Listing;

use super::{Receiving, Step, Trouble};
use crate::{Ask, Call, Download, DownloadError, Downloaded, LookUp, LookUpError};

/// What the outer header says about mail data.
pub(super) struct KasFields {
    /// Whether the version of the message knows mail data at all.
    pub(super) known: bool,
    /// X-KIM-KAS-Size.
    size: Option<u64>,
    /// X-KIM-KAS-EncSize.
    enc_size: Option<u64>,
}

impl KasFields {
    /// A field that is missing, repeated or no number says nothing.
    pub(super) fn read(version: &OuterVersion, outer: &Header) -> Self {
        let number = |name: &str| outer.only(name).and_then(|field| field.text().trim().parse().ok());
        Self {
            known: version.knows_kas(),
            size: number("X-KIM-KAS-Size"),
            enc_size: number("X-KIM-KAS-EncSize"),
        }
    }
}

type WhenWelcome = Box<dyn FnOnce(Receiving) -> Step + Send>;

impl Receiving {
    /// R5: whether the outer header announces mail data that the user must have asked for.
    pub(super) fn is_large(&self) -> bool {
        self.kas.known && self.kas.size.is_some_and(|size| size > self.run.rules.large_threshold)
    }

    /// R5: goes on if the version of the user ends in `+`.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_23512, A_22340.
    pub(super) fn if_welcome(self, next: impl FnOnce(Self) -> Step + Send + 'static) -> Step {
        self.look_up_version(true, Box::new(next))
    }

    fn look_up_version(mut self, cache: bool, next: WhenWelcome) -> Step {
        let question = LookUp { addresses: vec![self.run.account.clone()], cache };
        Call::LookUp(Ask::new(question, move |listings: Vec<Result<Listing, LookUpError>>| {
            match (listings.into_iter().next(), cache) {
                (Some(Ok(listing)), _) if listing.version.accepts_large() => {
                    self.welcome = true;
                    next(self)
                }
                // The user may have changed his mind since.
                (Some(Ok(_)), true) => self.look_up_version(false, next),
                (None | Some(Err(_)), true) => self.substitute(Trouble::Directory),
                (_, false) => self.substitute(Trouble::NotWelcome),
            }
        }))
        .into()
    }

    /// R13, L1, L2
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19369-02, A_23512.
    pub(super) fn unpack(self, opened: Opened) -> Step {
        let description = match opened.kas_part() {
            KasPart::None => return self.deliver(opened),
            KasPart::One(description) => description,
            KasPart::Several => {
                return self.without_data(&opened, &KasFailure::Ambiguous, Trouble::Ambiguous);
            }
        };
        let reference = match KasReference::parse(description.expose()) {
            Ok(reference) => reference,
            Err(error) => return self.substitute(Trouble::Reference(error)),
        };
        let link = match KasLink::parse(&reference.link, &self.run.rules.links()) {
            Ok(link) => link,
            Err(error) => return self.substitute(Trouble::Link(error)),
        };
        if reference.size > self.run.rules.large_threshold && !self.welcome {
            return self.if_welcome(move |receiving| receiving.download(opened, link, reference));
        }
        self.download(opened, link, reference)
    }

    /// L3 to L6: until it is known that the user asked for large mails none is fetched, whatever size it says it has.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05, A_19371, A_19372, A_22412, A_23512; deltas Q5, Q6, Q15.
    fn download(self, opened: Opened, link: KasLink, reference: KasReference) -> Step {
        let most = (!self.welcome).then_some(self.run.rules.large_threshold);
        let question = Download {
            link: link.clone(),
            recipient: self.run.account.clone(),
            key: reference.key.clone(),
            hash: reference.hash,
            size: reference.size,
            enc_size: self.kas.enc_size,
            most,
        };
        Call::Download(Ask::new(question, move |data: Result<Downloaded, DownloadError>| {
            let error = match data {
                Ok(data) if most.is_none_or(|most| data.size <= most) => return self.replace(opened, &data),
                Ok(_) => DownloadError::TooLarge,
                Err(error) => error,
            };
            // The message made it smaller than it is.
            if error == DownloadError::TooLarge && !self.welcome {
                return self.if_welcome(move |receiving| receiving.download(opened, link, reference));
            }
            let failure = match error {
                DownloadError::Decryption => KasFailure::Decryption,
                DownloadError::Hash => {
                    KasFailure::Hash { provider_text: self.run.rules.kas_hash_text.clone() }
                }
                _ => return self.substitute(Trouble::Download(error)),
            };
            self.without_data(&opened, &failure, Trouble::Download(error))
        }))
        .into()
    }

    /// L7: the mail data in the place of the mail that pointed to it.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19374.
    fn replace(self, opened: Opened, data: &Downloaded) -> Step {
        let head = data.head.to_bytes();
        let Ok((header, rest)) = Header::split(&head, &HeaderLimits::default()) else {
            return self.substitute(Trouble::Format);
        };
        let body = head.len().saturating_sub(rest.len()) as u64;
        // Without an empty line in what is at hand nobody knows where the header ends.
        let cut_off = rest.is_empty() && body < data.size && !ends_in_empty_line(&head);
        if cut_off || body > data.size {
            return self.substitute(Trouble::Format);
        }
        self.deliver_kept(opened.unpacked(header, Octets::new()), body, data.size)
    }
}

fn ends_in_empty_line(head: &[u8]) -> bool {
    head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n") || matches!(head, b"\r\n" | b"\n")
}
