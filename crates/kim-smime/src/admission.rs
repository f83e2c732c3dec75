//! The extension Admission: who owns a certificate and in which role.

use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Decode, DecodeValue, Sequence, Tag, Tagged};
use kim_types::TelematikId;

use crate::asn1::elements;

/// `id-isismtt-at-admission`.
pub(crate) const ADMISSION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.36.8.3.3");

/// What the extension says about the owner.
#[derive(Default)]
pub(crate) struct Admission {
    pub(crate) telematik_id: Option<TelematikId>,
    pub(crate) profession_oids: Vec<ObjectIdentifier>,
}

/// Why the extension cannot be used.
pub(crate) enum AdmissionFault {
    Malformed(der::Error),
    /// A registration number that is no Telematik-ID, or two that differ.
    TelematikId,
}

impl Admission {
    /// Reads the value of the extension: every profession of every admission in it.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, AdmissionFault> {
        let mut owner = Self::default();
        for part in elements::<AnyRef<'_>>(AnyRef::from_der(der)?.value())? {
            let part = part?;
            // In front of the admissions there may be a GeneralName, which is context-specific in each of its forms.
            if part.tag() == Tag::Sequence {
                for admissions in elements::<Admissions<'_>>(part.value())? {
                    admissions?.professions.into_iter().try_for_each(|profession| owner.add(profession))?;
                }
            }
        }
        Ok(owner)
    }

    /// Adds a `ProfessionInfo`: lists of texts and of OIDs, then the registration number.
    ///
    /// The number should be a `PrintableString`, but a certificate authority that chose another one is understood.
    fn add(&mut self, profession: AnyRef<'_>) -> Result<(), AdmissionFault> {
        for field in elements::<AnyRef<'_>>(profession.value())? {
            let field = field?;
            match field.tag() {
                Tag::Sequence => {
                    for item in elements::<AnyRef<'_>>(field.value())? {
                        self.profession_oids.extend(item?.decode_as::<ObjectIdentifier>().ok());
                    }
                }
                Tag::PrintableString | Tag::Utf8String | Tag::Ia5String => self.name(field.value())?,
                _ => {}
            }
        }
        Ok(())
    }

    fn name(&mut self, registration_number: &[u8]) -> Result<(), AdmissionFault> {
        let text = std::str::from_utf8(registration_number).map_err(|_| AdmissionFault::TelematikId)?;
        let id: TelematikId = text.parse().map_err(|_| AdmissionFault::TelematikId)?;
        if self.telematik_id.as_ref().is_some_and(|other| *other != id) {
            return Err(AdmissionFault::TelematikId);
        }
        self.telematik_id = Some(id);
        Ok(())
    }
}

impl From<der::Error> for AdmissionFault {
    fn from(error: der::Error) -> Self {
        Self::Malformed(error)
    }
}

#[derive(DecodeValue)]
struct Admissions<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    _authority: Option<AnyRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    _naming_authority: Option<AnyRef<'a>>,
    professions: Vec<AnyRef<'a>>,
}

impl<'a> Sequence<'a> for Admissions<'a> {}
