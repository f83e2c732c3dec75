//! The attachment service (KAS) and the account limits of a Fachdienst: [`Kas`].

mod form;
mod server;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kim_types::{Address, Secret};

use super::Mailboxes;
use crate::fault::FaultPlan;
use crate::lock::lock;
use form::Form;
pub(crate) use server::KasServer;

/// An operation of the attachment service, or the question for an account's limits.
///
/// Spec: api-kim, AttachmentService.yaml 2.4.0, AccountLimit.yaml 1.1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KasOperation {
    /// addMailData.
    Add,
    /// HEAD.
    Check,
    /// readMailData.
    Read,
    /// deleteMailData.
    Delete,
    /// getLimits.
    Limits,
}

/// What the service does instead of what it should.
///
/// An upload whose answer is hit is not kept: nobody could know its link.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KasFault {
    /// Answers with this status and an error object; nothing is carried out.
    Status(u16),
    /// Leads to this URL.
    Redirect(String),
    /// Closes the connection after this many octets of the body.
    Truncated(usize),
    /// Changes the last octet of the body.
    Corrupted,
    /// Answers with one octet too many.
    WrongLength,
    /// Never answers.
    Silence,
    /// Answers with this status and an error object before it has read the body of the request.
    Early(u16),
    /// Takes this long before every 16 KiB it reads or sends.
    Slow(Duration),
    /// Takes this long before every octet it sends.
    Trickle(Duration),
}

/// Mail data the service keeps.
///
/// Spec: api-kim, AttachmentService.yaml 2.4.0 (addMailData).
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// The last part of its link: `1`, `2` and so on, in the order of the uploads.
    pub id: String,
    /// Who put it there.
    pub account: Address,
    /// The Message-ID of the mail.
    pub message_id: String,
    /// Who may fetch it.
    pub recipients: Vec<String>,
    /// When it is to be removed.
    pub expires: String,
    /// The encrypted mail.
    pub data: Bytes,
}

/// The attachment service and the account limits of the Fachdienst. Clones share everything.
///
/// Spec: api-kim, AttachmentService.yaml 2.4.0, AccountLimit.yaml 1.1.4.
#[derive(Clone)]
pub struct Kas(Arc<Inner>);

struct Inner {
    mailboxes: Mailboxes,
    state: Mutex<State>,
    faults: FaultPlan<KasOperation, KasFault>,
}

#[derive(Default)]
struct State {
    uploads: u64,
    quota: Option<u64>,
    stored: Vec<Stored>,
    asked: Vec<KasOperation>,
}

/// A request whose body is complete.
struct Request {
    path: String,
    authorization: Option<String>,
    recipient: Option<String>,
    content_type: Option<String>,
    body: Bytes,
}

/// An answer, with the fault that hits its delivery.
struct Answer {
    status: u16,
    body: Bytes,
    fault: Option<KasFault>,
}

/// Where the attachments of version 2.4 are.
const ATTACHMENTS: &str = "/attachments/v2.4/attachment/";

/// Where the limits are.
const LIMITS: &str = "/AccountLimit/v1.1/limit";

/// The greatest mail, as the limits say it.
const MAX_MAIL: u64 = 734_003_200;

impl Kas {
    pub(crate) fn new(mailboxes: Mailboxes) -> Self {
        Self(Arc::new(Inner { mailboxes, state: Mutex::default(), faults: FaultPlan::default() }))
    }

    /// What is kept, in the order of the uploads.
    pub fn stored(&self) -> Vec<Stored> {
        lock(&self.0.state).stored.clone()
    }

    /// How many octets all mail data together may have from now on; beyond that uploads fail with 507.
    pub fn limit_storage(&self, octets: u64) {
        lock(&self.0.state).quota = Some(octets);
    }

    /// The faults that are still to come.
    pub fn faults(&self) -> &FaultPlan<KasOperation, KasFault> {
        &self.0.faults
    }

    /// How often an operation was asked for.
    pub fn count(&self, operation: KasOperation) -> usize {
        lock(&self.0.state).asked.iter().filter(|asked| **asked == operation).count()
    }

    /// What a request asks for, and the fault that hits it.
    fn begin(&self, method: &str, path: &str) -> Option<(KasOperation, Option<KasFault>)> {
        let id = path.strip_prefix(ATTACHMENTS);
        let operation = match (method, id) {
            ("POST", Some("")) => KasOperation::Add,
            ("HEAD", Some(_)) => KasOperation::Check,
            ("GET", Some(_)) => KasOperation::Read,
            ("DELETE", Some(_)) => KasOperation::Delete,
            ("GET", None) if path == LIMITS => KasOperation::Limits,
            _ => return None,
        };
        lock(&self.0.state).asked.push(operation);
        Some((operation, self.0.faults.next(operation)))
    }

    /// Answers a request; `host` is what links begin with.
    fn carry_out(
        &self,
        operation: KasOperation,
        fault: Option<KasFault>,
        host: &str,
        request: &Request,
    ) -> Answer {
        match fault {
            Some(KasFault::Status(status) | KasFault::Early(status)) => return Answer::error(status),
            Some(KasFault::Redirect(_)) => return Answer { status: 307, body: Bytes::new(), fault },
            _ => {}
        }
        let id = request.path.strip_prefix(ATTACHMENTS).unwrap_or_default();
        let answer = match operation {
            KasOperation::Add => self.add(host, request, fault.is_none() || is_slow(&fault)),
            KasOperation::Check | KasOperation::Read => self.read(id, request),
            KasOperation::Delete => self.delete(id, request),
            KasOperation::Limits => self.limits(request),
        };
        Answer { fault, ..answer }
    }

    /// What it cannot say the link of it does not keep.
    fn add(&self, host: &str, request: &Request, keep: bool) -> Answer {
        let Some(account) = self.account(request) else { return Answer::error(401) };
        let Some(form) = Form::parse(request.content_type.as_deref(), &request.body) else {
            return Answer::error(400);
        };
        let mut state = lock(&self.0.state);
        if state.quota.is_some_and(|quota| octets(&state.stored).saturating_add(form.size()) > quota) {
            return Answer::error(507);
        }
        state.uploads = state.uploads.saturating_add(1);
        let id = state.uploads.to_string();
        let link = format!("https://{host}{ATTACHMENTS}{id}");
        let Form { message_id, recipients, expires, data } = form;
        if !keep {
            return Answer::new(201, format!(r#"{{"sharedLink": "{link}"}}"#));
        }
        state.stored.push(Stored { id, account, message_id, recipients, expires, data });
        Answer::new(201, format!(r#"{{"sharedLink": "{link}"}}"#).into_bytes())
    }

    fn read(&self, id: &str, request: &Request) -> Answer {
        let state = lock(&self.0.state);
        let Some(stored) = state.stored.iter().find(|stored| stored.id == id) else {
            return Answer::error(404);
        };
        let is_recipient = |recipient: &String| {
            stored.recipients.iter().any(|allowed| allowed.eq_ignore_ascii_case(recipient))
        };
        match &request.recipient {
            None => Answer::error(400),
            Some(recipient) if !is_recipient(recipient) => Answer::error(403),
            Some(_) => Answer::new(200, stored.data.clone()),
        }
    }

    fn delete(&self, id: &str, request: &Request) -> Answer {
        let Some(account) = self.account(request) else { return Answer::error(401) };
        let mut state = lock(&self.0.state);
        let before = state.stored.len();
        state.stored.retain(|stored| stored.id != id || stored.account != account);
        if state.stored.len() == before { Answer::error(404) } else { Answer::new(200, Bytes::new()) }
    }

    fn limits(&self, request: &Request) -> Answer {
        if self.account(request).is_none() {
            return Answer::error(401);
        }
        let state = lock(&self.0.state);
        let left = state.quota.map(|quota| quota.saturating_sub(octets(&state.stored)).to_string());
        let quota = state.quota.map_or_else(|| "-1".to_owned(), |quota| quota.to_string());
        let left = left.unwrap_or_else(|| "-1".to_owned());
        let body = format!(
            r#"{{"dataTimeToLive": 90, "maxMailSize": {MAX_MAIL}, "quota": {quota}, "remainQuota": {left}}}"#
        );
        Answer::new(200, body.into_bytes())
    }

    /// The account that logs in with HTTP Basic.
    fn account(&self, request: &Request) -> Option<Address> {
        let credentials = request.authorization.as_deref()?.strip_prefix("Basic ")?;
        let credentials = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
        let (account, password) = credentials.split_once(':')?;
        let mailbox = self.0.mailboxes.log_in(account, &Secret::from(password))?;
        Some(mailbox.address().clone())
    }
}

impl Answer {
    fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), fault: None }
    }

    fn error(status: u16) -> Self {
        Self::new(
            status,
            format!(r#"{{"message": "planned or real", "traceId": "kas-{status}"}}"#).into_bytes(),
        )
    }
}

fn is_slow(fault: &Option<KasFault>) -> bool {
    matches!(fault, Some(KasFault::Slow(_)))
}

fn octets(stored: &[Stored]) -> u64 {
    stored.iter().fold(0, |sum, stored| sum.saturating_add(stored.data.len() as u64))
}

impl std::fmt::Debug for Kas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kas").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored")
            .field("id", &self.id)
            .field("octets", &self.data.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"messageID\"\r\n\r\n<1@a>\r\n\
        --b\r\nContent-Disposition: form-data; name=\"recipients\"\r\n\r\nb@b.de\r\n\
        --b\r\nContent-Disposition: form-data; name=\"expires\"\r\n\r\nnever\r\n\
        --b\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"attachment.enc\"\r\n\
        Content-Length: 4\r\n\r\nmail\r\n--b--\r\n";

    fn kas() -> Kas {
        let mailboxes = Mailboxes::default();
        mailboxes.open(&"a@b.de".parse().unwrap(), Secret::from("x"));
        Kas::new(mailboxes)
    }

    fn ask(kas: &Kas, method: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
        let request = Request {
            path: path.to_owned(),
            authorization: Some(format!("Basic {}", STANDARD.encode("a@b.de:x"))),
            recipient: Some("B@b.de".to_owned()),
            content_type: Some("multipart/form-data; boundary=b".to_owned()),
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        let (operation, fault) = kas.begin(method, path).unwrap();
        let answer = kas.carry_out(operation, fault, "kas", &request);
        (answer.status, answer.body.to_vec())
    }

    #[test]
    fn mail_data_is_put_fetched_and_removed() {
        let kas = kas();
        let (status, body) = ask(&kas, "POST", ATTACHMENTS, FORM);
        assert_eq!(status, 201);
        assert_eq!(body, br#"{"sharedLink": "https://kas/attachments/v2.4/attachment/1"}"#);
        let link = format!("{ATTACHMENTS}1");
        assert_eq!(ask(&kas, "GET", &link, ""), (200, b"mail".to_vec()));
        assert_eq!(ask(&kas, "HEAD", &link, "").0, 200);
        assert_eq!(kas.stored().first().unwrap().message_id, "<1@a>");
        assert_eq!(ask(&kas, "DELETE", &link, "").0, 200);
        assert_eq!((ask(&kas, "GET", &link, "").0, kas.stored().len()), (404, 0));
    }

    #[test]
    fn forms_must_be_complete_and_lengths_right() {
        let kas = kas();
        for (right, wrong) in
            [("Content-Length: 4", "Content-Length: 5"), ("recipients", "x"), ("--b--", "--")]
        {
            assert_eq!(ask(&kas, "POST", ATTACHMENTS, &FORM.replace(right, wrong)).0, 400, "{wrong}");
        }
        assert!(kas.stored().is_empty());
    }

    #[test]
    fn storage_ends_and_faults_come_as_planned() {
        let kas = kas();
        kas.limit_storage(5);
        kas.faults().add(KasOperation::Add, crate::Times::ONCE, KasFault::Status(413));
        let statuses: Vec<u16> = (0..3).map(|_| ask(&kas, "POST", ATTACHMENTS, FORM).0).collect();
        assert_eq!(statuses, [413, 201, 507]);
        let (status, limits) = ask(&kas, "GET", LIMITS, "");
        let limits = String::from_utf8(limits).unwrap();
        assert!(status == 200 && limits.contains("\"quota\": 5, \"remainQuota\": 1"), "{limits}");
    }
}
