//! What a Fachdienst says about itself: [`ServiceInformationRequest`], [`ServiceInformation`].

use serde::Deserialize;
use thiserror::Error;

use kim_types::Secret;

use crate::http::{HttpRequest, Method};
use crate::json::{self, Whole};
use crate::{BaseUrl, Failure};

/// Asks what the Fachdienst is (getServiceInformation); it needs no account.
///
/// Spec: api-kim, ServiceInformation.yaml 1.0.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceInformationRequest {
    /// The base of the service, its server path (by the YAML file `/ServiceInformation/v1.0/`) included.
    pub base: BaseUrl,
}

/// What the Fachdienst says about itself; everything may be missing.
///
/// Spec: api-kim, ServiceInformation.yaml 1.0.3.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceInformation {
    /// The versions of KIM it speaks, for instance `1.5.5`.
    pub versions: Vec<String>,
    /// Its rule for passwords as a regular expression in the style of Java.
    pub password_policy: Option<String>,
    /// Its rule for passwords in words.
    pub password_policy_text: Option<String>,
    /// How long its tokens are valid, in seconds.
    pub jwt_expiration: Option<u64>,
    /// Whether a first registration needs a reference id.
    pub reference_id_required: Option<bool>,
    /// Whether a first registration needs an initial password.
    pub initial_password_required: Option<bool>,
}

/// Why there is no information.
///
/// Spec: none — the errors of parsing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServiceInformationError {
    /// Another status than 200: try later.
    #[error("the information service answers with status {status} ({failure})")]
    Status {
        /// The status.
        status: u16,
        /// What the service says.
        failure: Failure,
    },
    /// The body is larger than [`ServiceInformation::MAX_BODY_OCTETS`].
    #[error("the answer of the information service has {len} octets")]
    TooLarge {
        /// Its length in octets.
        len: usize,
    },
    /// The body is no JSON object, or a member has the wrong type.
    #[error("the answer of the information service is malformed at octet {at}")]
    Malformed {
        /// The offset of the fault in octets.
        at: usize,
    },
}

impl ServiceInformationRequest {
    /// The request: GET of `serviceinfo`.
    pub fn to_http(&self) -> HttpRequest {
        HttpRequest {
            method: Method::Get,
            url: self.base.join("serviceinfo"),
            headers: vec![("Accept", Secret::from("application/json"))],
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    kim_service_version: Option<String>,
    #[serde(rename = "passwordPolicyRegEx")]
    password_policy: Option<String>,
    password_policy_display: Option<String>,
    jwt_expiration: Option<Whole>,
    reference_id_required: Option<bool>,
    initial_password_required: Option<bool>,
}

impl ServiceInformation {
    /// The greatest body that is read, in octets: 64 KiB.
    pub const MAX_BODY_OCTETS: usize = 64 * 1024;

    /// Reads the answer; unknown members are ignored.
    ///
    /// # Errors
    /// [`ServiceInformationError`] for another status than 200, and for a body that cannot be understood.
    pub fn from_response(status: u16, octets: &[u8]) -> Result<Self, ServiceInformationError> {
        if octets.len() > Self::MAX_BODY_OCTETS {
            return Err(ServiceInformationError::TooLarge { len: octets.len() });
        }
        if status != 200 {
            return Err(ServiceInformationError::Status { status, failure: Failure::read(octets) });
        }
        let body: Body = json::object(octets).map_err(|at| ServiceInformationError::Malformed { at })?;
        let versions = body.kim_service_version.unwrap_or_default();
        let versions = versions.split(';').map(str::trim).filter(|version| !version.is_empty());
        Ok(Self {
            versions: versions.map(str::to_owned).collect(),
            password_policy: body.password_policy,
            password_policy_text: body.password_policy_display,
            jwt_expiration: body
                .jwt_expiration
                .and_then(|whole| whole.0)
                .and_then(|seconds| u64::try_from(seconds).ok()),
            reference_id_required: body.reference_id_required,
            initial_password_required: body.initial_password_required,
        })
    }
}
