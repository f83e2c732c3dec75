//! [`Blocking`]: runs the flows in one thread, without sockets, clock or runtime.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use kim_flow::receive::{self, Delivered};
use kim_flow::{
    Call, CardMemory, DownloadError, FromKonnektor, LookUpError, Protected, Purpose, Refused, Rules, Run,
    UploadError, send,
};
use kim_konnektor::{
    CertRef, Crypt, DecryptDocument, EncryptDocument, EndpointMode, Error, GetCards, GetJobNumber,
    GetPinStatus, Limits, Operation, ReadCardCertificate, Reason, ResponseReader, ServiceDirectory, Services,
    SignDocument, VerifyCertificate, VerifyDocument, VerifyPin,
};
use kim_testbed::konnektor::HttpRequest;
use kim_testbed::{Account, World};
use kim_types::{Address, Envelope, Octets};
use kim_vzd::{Entry, Listing};

/// What a vendor's own driver looks like: one `match` over [`Call`].
///
/// Here the Konnektor and the directory are the testbed's, called as functions. A real driver sends `Request`s over HTTPS
/// and filters over LDAP at the same places.
///
/// Spec: none — an example.
pub struct Blocking<'a> {
    world: &'a World,
    account: &'a Account,
    services: Services,
    rules: Arc<Rules>,
    now: SystemTime,
    cards: RefCell<Vec<CardMemory>>,
}

impl<'a> Blocking<'a> {
    /// A driver for one account; `now` is the time of everything it does.
    ///
    /// # Errors
    /// The service directory of the Konnektor could not be read.
    pub fn new(world: &'a World, account: &'a Account, rules: Rules, now: SystemTime) -> Result<Self, Error> {
        let answer = world.konnektor().handle(&HttpRequest::get("/connector.sds"));
        let directory = ServiceDirectory::parse(&answer.body)?;
        let services =
            directory.services(EndpointMode::Published, "https://konnektor.konlan/connector.sds")?;
        let rules = Rules {
            konnektor_version: Some(directory.product().kim_version()),
            konnektor_ecc: services.supports_ecc(),
            ..rules
        };
        Ok(Self { world, account, services, rules: Arc::new(rules), now, cards: RefCell::default() })
    }

    /// Signs and encrypts a mail.
    ///
    /// # Errors
    /// The mail must not be sent; the reply says why.
    pub fn protect(
        &self,
        envelope: Envelope,
        mail: Octets,
        unique: [u8; 16],
    ) -> Result<Box<Protected>, Refused> {
        let mut step = send::start(self.run(unique), envelope, mail.into());
        loop {
            step = match step {
                send::Step::Call(call) => self.answer(call),
                send::Step::Protected(protected) => return Ok(protected),
                send::Step::Refused(refused) => return Err(refused),
            }
        }
    }

    /// Decrypts and checks a message.
    pub fn open(&self, message: Bytes, unique: [u8; 16]) -> Delivered {
        let mut step = receive::start(self.run(unique), Octets::from(message).into());
        loop {
            step = match step {
                receive::Step::Call(call) => self.answer(call),
                receive::Step::Done(delivered) => return *delivered,
            }
        }
    }

    /// What the flows need besides the mail.
    pub fn run(&self, unique: [u8; 16]) -> Run {
        Run { rules: self.rules.clone(), account: self.account.address.clone(), now: self.now, unique }
    }

    /// Carries out one call.
    pub fn answer<S>(&self, call: Call<S>) -> S {
        match call {
            Call::LookUp(ask) => {
                let listings = ask.question().addresses.iter().map(|address| self.look_up(address)).collect();
                ask.answer(listings)
            }
            Call::Limits(ask) => ask.answer(None),
            Call::Cards(ask) => ask.answer(self.call(&GetCards::default())),
            Call::CardCertificates(ask) => {
                let reference = match ask.question().purpose {
                    Purpose::Encryption => CertRef::Enc,
                    Purpose::Signature => CertRef::Sig,
                };
                let card = ask.question().card.clone();
                let read = |crypt| {
                    self.call(&ReadCardCertificate { card: card.clone(), reference, crypt: Some(crypt) })
                };
                let certificates =
                    [Crypt::Ecc, Crypt::Rsa].into_iter().filter_map(|crypt| read(crypt).ok().flatten());
                ask.answer(Ok(certificates.collect()))
            }
            Call::PinStatus(ask) => {
                let operation = GetPinStatus { card: ask.question().card.clone(), pin: ask.question().pin };
                ask.answer(self.call(&operation))
            }
            Call::VerifyPin(ask) => {
                let operation = VerifyPin { card: ask.question().card.clone(), pin: ask.question().pin };
                ask.answer(self.call(&operation))
            }
            Call::Sign(ask) => ask.answer_with(|question| {
                let operation = SignDocument {
                    card: question.card.clone(),
                    crypt: Crypt::RsaEcc,
                    job: self.call(&GetJobNumber)?,
                    document: question.document.clone(),
                    attribute: question.attribute.clone(),
                };
                self.call(&operation).map(|signed| signed.cms)
            }),
            Call::Encrypt(ask) => ask.answer_with(|question| {
                self.call(&EncryptDocument {
                    document: question.document.clone(),
                    certificates: question.certificates.clone(),
                    attribute: question.attribute.clone(),
                })
            }),
            Call::CheckCertificates(ask) => ask.answer_with(|certificates| {
                let check =
                    |certificate: &Bytes| VerifyCertificate { certificate: certificate.clone(), at: None };
                certificates.0.iter().map(|certificate| self.call(&check(certificate))).collect()
            }),
            Call::KnownCard(ask) => ask.answer_with(|search| {
                let known = |memory: &&CardMemory| {
                    memory.address == search.address && search.certificates.contains(&memory.certificate)
                };
                self.cards.borrow().iter().find(known).map(|memory| memory.card.clone())
            }),
            Call::RememberCard(ask) => ask.answer_with(|memory| self.cards.borrow_mut().push(memory.clone())),
            Call::Decrypt(ask) => ask.answer_with(|question| {
                self.call(&DecryptDocument {
                    card: question.card.clone(),
                    document: question.document.clone(),
                })
            }),
            // This practice has no attachment service.
            Call::Upload(ask) => ask.answer(Err(UploadError::Failed)),
            Call::RemoveUpload(ask) => ask.answer(()),
            Call::Download(ask) => ask.answer(Err(DownloadError::Failed)),
            // One mail, one notice: a program that sends more remembers for a day whom it told.
            Call::NoticeDue(ask) => ask.answer(true),
            Call::Verify(ask) => ask.answer_with(|cms| self.call(&VerifyDocument { cms: cms.clone() })),
        }
    }

    /// One operation of the Konnektor: request out, response in.
    ///
    /// # Errors
    /// What the Konnektor answered instead.
    pub fn call<O: Operation>(&self, operation: &O) -> FromKonnektor<O::Response> {
        let request = operation.request(&self.services, &self.account.context)?;
        let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
        let body: Vec<u8> = request.body.chunks().flatten().collect();
        let answer =
            self.world.konnektor().handle(&HttpRequest::soap(&format!("/{path}"), &request.action, body));
        if answer.delivery == kim_testbed::konnektor::Delivery::Close {
            return Err(Error::Unavailable { reason: Reason::Closed });
        }
        let mut reader = ResponseReader::new(Limits::default());
        reader.push(&answer.body)?;
        operation.response(reader.finish(answer.status)?)
    }

    fn look_up(&self, address: &Address) -> Result<Listing, LookUpError> {
        let entries: Vec<Entry> = self.world.directory().find(address).iter().map(entry).collect();
        Ok(Listing::from_entries(address, &entries))
    }
}

/// An entry as an LDAP client would have given it.
fn entry(found: &kim_testbed::directory::Entry) -> Entry {
    let attribute = |name: &&str| ((*name).to_owned(), found.values(name).to_vec());
    Entry { attributes: kim_vzd::ATTRIBUTES.iter().map(attribute).collect() }
}
