//! Attributes of which there must be one, with one value.

use const_oid::ObjectIdentifier;
use der::{Decode, FixedTag};

use crate::asn1::{Attribute, SetOf};
use crate::cms_error::{CmsError, ProfileViolation};

/// The values of the attribute with that type, `None` when there is none, and an error when it is there twice.
pub(crate) fn attribute(attributes: SetOf<'_>, oid: ObjectIdentifier) -> Result<Option<SetOf<'_>>, CmsError> {
    let mut found = None;
    for attribute in attributes.elements::<Attribute<'_>>()? {
        let attribute = attribute?;
        if attribute.oid == oid && found.replace(attribute.values).is_some() {
            return Err(ProfileViolation::Attribute.into());
        }
    }
    Ok(found)
}

/// The value of an attribute that must be there and has exactly one.
pub(crate) fn value<'a, T>(attributes: SetOf<'a>, oid: ObjectIdentifier) -> Result<T, CmsError>
where
    T: Decode<'a, Error = der::Error> + FixedTag,
{
    let mut values = attribute(attributes, oid)?.ok_or(ProfileViolation::Attribute)?.elements::<T>()?;
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value?),
        _ => Err(ProfileViolation::Attribute.into()),
    }
}
