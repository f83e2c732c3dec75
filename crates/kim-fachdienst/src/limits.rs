//! The limits of an account: [`LimitsRequest`], [`Limits`].

use std::time::Duration;

use kim_types::{Address, Secret};
use serde::Deserialize;
use thiserror::Error;

use crate::http::{self, HttpRequest, Method};
use crate::json::{self, Whole};
use crate::{BaseUrl, Failure};

/// Asks for the limits of an account (getLimits).
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416-01; api-kim, AccountLimit.yaml 1.1.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsRequest {
    /// The base of the service, its server path (by the YAML file `/AccountLimit/v1.1/`) included.
    pub base: BaseUrl,
    /// The account.
    pub account: Address,
    /// Its password at the Fachdienst.
    pub password: Secret,
}

impl LimitsRequest {
    /// The request: GET of `limit` with HTTP Basic.
    pub fn to_http(&self) -> HttpRequest {
        HttpRequest {
            method: Method::Get,
            url: self.base.join("limit"),
            headers: vec![
                ("Accept", Secret::from("application/json")),
                ("Authorization", http::basic(&self.account, &self.password)),
            ],
        }
    }
}

/// The limits of an account.
///
/// The default is what holds when the Fachdienst could not be asked: 90 days, 734003200 octets, quota unknown.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22416-01, A_19355-01; api-kim, AccountLimit.yaml 1.1.4; deltas Q14.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The greatest mail in octets, as received from the mail program; default 734003200.
    pub max_mail_size: u64,
    /// How long mails and mail data are kept; default 90 days.
    pub data_time_to_live: Days,
    /// The storage of the account in octets; `None` when it is unlimited (−1) or not said.
    pub quota: Option<u64>,
    /// What is left of it in octets; `None` when it is unlimited (−1) or not said.
    pub remain_quota: Option<u64>,
}

/// A number of days from 10 to 365; default 90.
///
/// Spec: api-kim, AccountLimit.yaml 1.1.4 (dataTimeToLive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Days(u16);

/// Why there are no limits.
///
/// Spec: api-kim AccountLimit 1.1.4, getLimits (responses).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LimitsError {
    /// The account and its password were refused (401): ask the user, do not repeat.
    #[error("the account limit service refuses the credentials ({0})")]
    Credentials(Failure),
    /// The Fachdienst does not know the account (404).
    #[error("the account limit service does not know the account ({0})")]
    NoAccount(Failure),
    /// Another status than 200: try later.
    #[error("the account limit service answers with status {status} ({failure})")]
    Status {
        /// The status.
        status: u16,
        /// What the service says.
        failure: Failure,
    },
    /// The body is larger than [`Limits::MAX_BODY_OCTETS`].
    #[error("the answer of the account limit service has {len} octets")]
    TooLarge {
        /// Its length in octets.
        len: usize,
    },
    /// The body is no JSON object, or a member has the wrong type.
    #[error("the answer of the account limit service is malformed at octet {at}")]
    Malformed {
        /// The offset of the fault in octets.
        at: usize,
    },
    /// A member has a value that makes no sense, for instance a negative size.
    #[error("the answer of the account limit service has an impossible {member}")]
    Value {
        /// The name of the member.
        member: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    data_time_to_live: Option<Whole>,
    max_mail_size: Option<Whole>,
    quota: Option<Whole>,
    remain_quota: Option<Whole>,
}

impl Limits {
    /// The greatest body that is read, in octets: 64 KiB.
    pub const MAX_BODY_OCTETS: usize = 64 * 1024;

    /// Reads the answer.
    ///
    /// Members that are missing or null have their default, unknown members are ignored, numbers may be written as floats or
    /// in quotes. A time to live out of range becomes the nearest number of [`Days`].
    ///
    /// # Errors
    /// [`LimitsError`] for another status than 200, and for a body that cannot be understood.
    pub fn from_response(status: u16, body: &[u8]) -> Result<Self, LimitsError> {
        if body.len() > Self::MAX_BODY_OCTETS {
            return Err(LimitsError::TooLarge { len: body.len() });
        }
        match status {
            200 => Self::from_body(body),
            401 => Err(LimitsError::Credentials(Failure::read(body))),
            404 => Err(LimitsError::NoAccount(Failure::read(body))),
            _ => Err(LimitsError::Status { status, failure: Failure::read(body) }),
        }
    }

    fn from_body(octets: &[u8]) -> Result<Self, LimitsError> {
        let body: Body = json::object(octets).map_err(|at| LimitsError::Malformed { at })?;
        let default = Self::default();
        Ok(Self {
            max_mail_size: match number(body.max_mail_size) {
                None => default.max_mail_size,
                Some(size) => positive(size, "maxMailSize")?,
            },
            data_time_to_live: match number(body.data_time_to_live) {
                None => default.data_time_to_live,
                Some(days) => Days::nearest(days),
            },
            quota: quota(body.quota, "quota")?,
            remain_quota: quota(body.remain_quota, "remainQuota")?,
        })
    }
}

fn number(member: Option<Whole>) -> Option<i64> {
    member.and_then(|whole| whole.0)
}

fn positive(number: i64, member: &'static str) -> Result<u64, LimitsError> {
    u64::try_from(number).ok().filter(|number| *number > 0).ok_or(LimitsError::Value { member })
}

fn quota(value: Option<Whole>, member: &'static str) -> Result<Option<u64>, LimitsError> {
    match number(value) {
        None | Some(-1) => Ok(None),
        Some(octets) => u64::try_from(octets).map(Some).map_err(|_| LimitsError::Value { member }),
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_mail_size: 734_003_200,
            data_time_to_live: Days::default(),
            quota: None,
            remain_quota: None,
        }
    }
}

impl Days {
    /// This many days; `None` below 10 and above 365.
    pub const fn new(days: u16) -> Option<Self> {
        if 10 <= days && days <= 365 { Some(Self(days)) } else { None }
    }

    /// The number of days.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The days as a span of 24 hours each.
    pub const fn as_duration(self) -> Duration {
        Duration::from_secs(86_400_u64.saturating_mul(self.0 as u64))
    }

    fn nearest(days: i64) -> Self {
        Self(u16::try_from(days.clamp(10, 365)).unwrap_or(90))
    }
}

impl Default for Days {
    fn default() -> Self {
        Self(90)
    }
}
