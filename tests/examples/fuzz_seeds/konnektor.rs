//! What the Konnektor of the testbed answers to every operation, its directory and its events.

use kim_konnektor::{
    CertRef, CheckCertificateExpiration, Crypt, DecryptDocument, EncryptDocument, EndpointMode, EventSink,
    ExternalAuthenticate, GetCardTerminals, GetCards, GetJobNumber, GetPinStatus, GetResourceInformation,
    GetSubscription, Limits, Operation, PinKind, ReadCardCertificate, RenewSubscriptions, ResponseReader,
    ServiceDirectory, Services, SignDocument, SignatureScheme, Subscribe, Unsubscribe, VerifyCertificate,
    VerifyDocument, VerifyPin,
};
use kim_smime::RecipientEmails;
use kim_testbed::World;
use kim_testbed::konnektor::HttpRequest;
use kim_types::{Context, Octets};

use super::{Result, Seeds, account, entries, frame};

/// What the testbed has no answer to.
const TERMINALS: &str = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
    <e:GetCardTerminalsResponse xmlns:e=\"http://ws.gematik.de/conn/EventService/v7.2\" \
    xmlns:c=\"http://ws.gematik.de/conn/ConnectorCommon/v5.0\" xmlns:t=\"http://ws.gematik.de/conn/CardTerminalInfo/v8.0\" \
    xmlns:i=\"http://ws.gematik.de/conn/CardServiceCommon/v2.0\"><c:Status><c:Result>OK</c:Result></c:Status><t:CardTerminals>\
    <t:CardTerminal><i:CtId>T1</i:CtId><t:Name>Empfang</t:Name><t:IS_PHYSICAL>true</t:IS_PHYSICAL><t:Connected>true</t:Connected>\
    </t:CardTerminal></t:CardTerminals></e:GetCardTerminalsResponse></s:Body></s:Envelope>";

impl Seeds {
    pub(super) fn konnektor(&self, world: &World) -> Result {
        let account = account(world, "A")?;
        let directory = world.konnektor().handle(&HttpRequest::get("/connector.sds")).body;
        self.put("connector_sds", "testbed", &directory)?;
        let directory = ServiceDirectory::parse(&directory)?;
        let services =
            directory.services(EndpointMode::Published, "https://konnektor.konlan/connector.sds")?;
        let card = world.konnektor().card_handle(&account.iccsn).ok_or("no card")?;
        let (sink, context) = (EventSink(([127, 0, 0, 1], 4711).into()), &account.context);
        let ask = Ask { seeds: self, world, services: &services, context };
        ask.about("cards", &GetCards::default())?;
        ask.keep("terminals", &GetCardTerminals { mandant_wide: true }, TERMINALS.as_bytes())?;
        ask.about("resources", &GetResourceInformation)?;
        let subscription = ask.about("subscribe", &Subscribe { sink, topic: "CARD".to_owned() })?;
        ask.about("renew", &RenewSubscriptions { ids: vec![subscription.id] })?;
        ask.about("subscriptions", &GetSubscription { mandant_wide: false })?;
        ask.about("unsubscribe", &Unsubscribe { sink })?;
        ask.about("pin", &GetPinStatus { card: card.clone(), pin: PinKind::Smc })?;
        ask.about("verify-pin", &VerifyPin { card: card.clone(), pin: PinKind::Smc })?;
        let gone = GetPinStatus { card: "gone".parse()?, pin: PinKind::Smc };
        self.put("soap_response", "fault", ask.response(&gone)?)?;
        ask.about(
            "expiration",
            &CheckCertificateExpiration { card: Some(card.clone()), crypt: Some(Crypt::Ecc) },
        )?;
        let read =
            ReadCardCertificate { card: card.clone(), reference: CertRef::Enc, crypt: Some(Crypt::Ecc) };
        let certificate = ask.about("certificate", &read)?.ok_or("no certificate")?;
        ask.about("verify-certificate", &VerifyCertificate { certificate: certificate.clone(), at: None })?;
        let scheme = SignatureScheme::Ecdsa;
        ask.about("login", &ExternalAuthenticate { card: card.clone(), scheme, hash: [7; 32] })?;
        let attribute = RecipientEmails::new(entries(world, [account, account])?)?.to_attribute();
        let document = Octets::from(b"Content-Type: text/plain\r\n\r\nText\r\n".to_vec());
        let job = ask.about("job", &GetJobNumber)?;
        let (crypt, card_of, of) = (Crypt::RsaEcc, card.clone(), document.clone());
        let sign = SignDocument { card: card_of, crypt, job, document: of, attribute: attribute.clone() };
        let signed = ask.about("sign", &sign)?.cms;
        ask.about("verify", &VerifyDocument { cms: signed.into() })?;
        let encrypt = EncryptDocument { document, certificates: vec![certificate], attribute };
        let encrypted = ask.about("encrypt", &encrypt)?;
        ask.about("decrypt", &DecryptDocument { card, document: encrypted.into() })?;

        let event = "<EVT:Event xmlns:EVT=\"http://ws.gematik.de/conn/EventService/v7.2\"><EVT:Topic>CARD/INSERTED</EVT:Topic>\
                     <EVT:Type>Operation</EVT:Type><EVT:Severity>Info</EVT:Severity><EVT:SubscriptionID>1</EVT:SubscriptionID>\
                     <EVT:Message><EVT:Parameter><EVT:Key>CardHandle</EVT:Key><EVT:Value>x</EVT:Value></EVT:Parameter>\
                     </EVT:Message></EVT:Event>";
        self.put("cetp_frame", "two", [frame(event.as_bytes()), frame(event.as_bytes())].concat())
    }
}

/// Asks the Konnektor of the testbed.
struct Ask<'a> {
    seeds: &'a Seeds,
    world: &'a World,
    services: &'a Services,
    context: &'a Context,
}

impl Ask<'_> {
    /// Keeps the answer of an operation, which must be no fault, and reads it.
    fn about<O: Operation>(&self, name: &str, operation: &O) -> Result<O::Response> {
        let octets = self.response(operation)?;
        self.keep(name, operation, &octets)
    }

    fn keep<O: Operation>(&self, name: &str, operation: &O, octets: &[u8]) -> Result<O::Response> {
        self.seeds.put("soap_response", name, octets)?;
        let mut reader = ResponseReader::new(Limits::default());
        reader.push(octets)?;
        operation.response(reader.finish(200)?).map_err(|error| format!("{name}: {error}").into())
    }

    fn response<O: Operation>(&self, operation: &O) -> Result<Vec<u8>> {
        let request = operation.request(self.services, self.context)?;
        let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
        let body: Vec<u8> = request.body.chunks().flatten().collect();
        let request = HttpRequest::soap(&format!("/{path}"), &request.action, body);
        Ok(self.world.konnektor().handle(&request).body)
    }
}
