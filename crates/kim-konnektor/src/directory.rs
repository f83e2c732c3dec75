//! [`ServiceDirectory`]: what a Konnektor says about itself in `connector.sds`.

use yaserde::YaDeserialize;

use crate::document::{Document, at_most_one, one};
use crate::endpoint::EndpointMode;
use crate::error::Error;
use crate::namespace::DIRECTORY;
use crate::normal_form;
use crate::services::{Endpoint, Service, Services};
use crate::version::Version;

/// Octets of a service directory that are read; real ones have about 12,000.
///
/// Spec: none — a bound of our own; real ones have 20 KiB.
pub const MAX_DIRECTORY_OCTETS: usize = 256 * 1024;

/// The service directory of a Konnektor.
///
/// Read it at start, and again after connection problems and after the Konnektor restarted.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDirectory {
    product: Product,
    offers: Vec<Offer>,
}

/// The product behind the service directory, in the Konnektor's own words.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388-01
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The id of the vendor, as in `SECUN`.
    pub vendor_id: String,
    /// The code of the product.
    pub code: String,
    /// The name of the product.
    pub name: String,
    /// The product type, `Konnektor` in practice.
    pub product_type: String,
    /// The version of the product type; 4.80 and later 4.x are PTV4+, 5.x PTV5, 6.x PTV6.
    pub type_version: String,
    /// The version of the hardware.
    pub hardware: String,
    /// The version of the firmware.
    pub firmware: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Offer {
    service: Service,
    version: Version,
    location: String,
}

impl ServiceDirectory {
    /// Reads a service directory of at most [`MAX_DIRECTORY_OCTETS`] octets.
    ///
    /// Unknown services, versions without TLS endpoint and further elements are skipped.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`]; [`Error::Response`] when it is not well-formed or says nothing about the product.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070 (TLS only) and KOM-LE-A_2076
    pub fn parse(xml: &[u8]) -> Result<Self, Error> {
        if xml.len() > MAX_DIRECTORY_OCTETS {
            return Err(Error::TooLarge);
        }
        let message = normal_form::of_document(xml).map_err(Error::Response)?;
        let root: ConnectorServices = Document::new(message).read(DIRECTORY, "ConnectorServices")?;
        let product = one("ProductInformation", root.product)?.value()?;
        let list = one("ServiceInformation", root.services)?;
        let offers = list.services.into_iter().flat_map(ServiceElement::offers).collect();
        Ok(Self { product, offers })
    }

    /// The product.
    pub fn product(&self) -> &Product {
        &self.product
    }

    /// Chooses version and endpoint of every service.
    ///
    /// The newest version we speak wins, whatever the order of the list; absolute https URLs only. Missing
    /// services show when an operation needs them. `directory_url` is the URL this directory was read from.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] with [`Unsupported::Url`](crate::Unsupported::Url) when `mode` rewrites and `directory_url` is no
    /// absolute https URL.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2077
    pub fn services(&self, mode: EndpointMode, directory_url: &str) -> Result<Services, Error> {
        mode.check(directory_url).map_err(Error::Unsupported)?;
        let endpoint = |offer: &Offer| {
            let url = mode.url(&offer.location, directory_url)?;
            Some((offer.service, Endpoint { url, version: offer.version }))
        };
        let offers: Vec<(Service, Endpoint)> = self.offers.iter().filter_map(endpoint).collect();
        Ok(Services::choose(&offers))
    }
}

impl Product {
    /// The value of the header X-KIM-KONVersion.
    ///
    /// ```text
    /// <secunet konnektor 2.0.0><Konnektor><5.54.1><2.0.0><5.50.4>
    /// ```
    ///
    /// The values come from a document of the local network; characters that cannot stand in a header are left
    /// out.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388-01
    pub fn kim_version(&self) -> String {
        let values = [&self.name, &self.product_type, &self.type_version, &self.hardware, &self.firmware];
        let printable = |text: &String| text.chars().filter(|c| *c == ' ' || c.is_ascii_graphic()).collect();
        values.into_iter().map(printable).map(|value: String| format!("<{value}>")).collect()
    }
}

#[derive(Debug, YaDeserialize)]
#[yaserde(
    prefix = "SD",
    namespaces = {
        "SD" = "http://ws.gematik.de/conn/ServiceDirectory/v3.1",
        "PI" = "http://ws.gematik.de/int/version/ProductInformation/v1.1",
        "SI" = "http://ws.gematik.de/conn/ServiceInformation/v2.0",
    }
)]
struct ConnectorServices {
    #[yaserde(rename = "ProductInformation", prefix = "PI")]
    product: Vec<ProductInformation>,
    #[yaserde(rename = "ServiceInformation", prefix = "SI")]
    services: Vec<ServiceInformation>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "PI", namespaces = { "PI" = "http://ws.gematik.de/int/version/ProductInformation/v1.1" })]
struct ProductInformation {
    #[yaserde(rename = "ProductTypeInformation", prefix = "PI")]
    product_type: Vec<ProductTypeInformation>,
    #[yaserde(rename = "ProductIdentification", prefix = "PI")]
    identification: Vec<ProductIdentification>,
    #[yaserde(rename = "ProductMiscellaneous", prefix = "PI")]
    miscellaneous: Vec<ProductMiscellaneous>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "PI", namespaces = { "PI" = "http://ws.gematik.de/int/version/ProductInformation/v1.1" })]
struct ProductTypeInformation {
    #[yaserde(rename = "ProductType", prefix = "PI")]
    name: Vec<String>,
    #[yaserde(rename = "ProductTypeVersion", prefix = "PI")]
    version: Vec<String>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "PI", namespaces = { "PI" = "http://ws.gematik.de/int/version/ProductInformation/v1.1" })]
struct ProductIdentification {
    #[yaserde(rename = "ProductVendorID", prefix = "PI")]
    vendor: Vec<String>,
    #[yaserde(rename = "ProductCode", prefix = "PI")]
    code: Vec<String>,
    #[yaserde(rename = "ProductVersion", prefix = "PI")]
    version: Vec<ProductVersion>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "PI", namespaces = { "PI" = "http://ws.gematik.de/int/version/ProductInformation/v1.1" })]
struct ProductVersion {
    #[yaserde(rename = "Local", prefix = "PI")]
    local: Vec<LocalVersion>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "PI", namespaces = { "PI" = "http://ws.gematik.de/int/version/ProductInformation/v1.1" })]
struct LocalVersion {
    #[yaserde(rename = "HWVersion", prefix = "PI")]
    hardware: Vec<String>,
    #[yaserde(rename = "FWVersion", prefix = "PI")]
    firmware: Vec<String>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "PI", namespaces = { "PI" = "http://ws.gematik.de/int/version/ProductInformation/v1.1" })]
struct ProductMiscellaneous {
    #[yaserde(rename = "ProductName", prefix = "PI")]
    name: Vec<String>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "SI", namespaces = { "SI" = "http://ws.gematik.de/conn/ServiceInformation/v2.0" })]
struct ServiceInformation {
    #[yaserde(rename = "Service", prefix = "SI")]
    services: Vec<ServiceElement>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "SI", namespaces = { "SI" = "http://ws.gematik.de/conn/ServiceInformation/v2.0" })]
struct ServiceElement {
    #[yaserde(rename = "Name", attribute = true)]
    name: Option<String>,
    #[yaserde(rename = "Versions", prefix = "SI")]
    versions: Vec<Versions>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "SI", namespaces = { "SI" = "http://ws.gematik.de/conn/ServiceInformation/v2.0" })]
struct Versions {
    #[yaserde(rename = "Version", prefix = "SI")]
    versions: Vec<VersionElement>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "SI", namespaces = { "SI" = "http://ws.gematik.de/conn/ServiceInformation/v2.0" })]
struct VersionElement {
    #[yaserde(rename = "TargetNamespace", attribute = true)]
    namespace: Option<String>,
    #[yaserde(rename = "Version", attribute = true)]
    version: Option<String>,
    #[yaserde(rename = "EndpointTLS", prefix = "SI")]
    endpoint: Vec<EndpointElement>,
}

#[derive(Debug, YaDeserialize)]
#[yaserde(prefix = "SI", namespaces = { "SI" = "http://ws.gematik.de/conn/ServiceInformation/v2.0" })]
struct EndpointElement {
    #[yaserde(rename = "Location", attribute = true)]
    location: Option<String>,
}

impl ProductInformation {
    fn value(self) -> Result<Product, Error> {
        let product_type = one("ProductTypeInformation", self.product_type)?;
        let identification = one("ProductIdentification", self.identification)?;
        let miscellaneous = one("ProductMiscellaneous", self.miscellaneous)?;
        let version = one("ProductVersion", identification.version)?;
        // A central product has a single version; a Konnektor is always a local one.
        let local = one("Local", version.local)?;
        Ok(Product {
            vendor_id: one("ProductVendorID", identification.vendor)?,
            code: one("ProductCode", identification.code)?,
            name: one("ProductName", miscellaneous.name)?,
            product_type: one("ProductType", product_type.name)?,
            type_version: one("ProductTypeVersion", product_type.version)?,
            hardware: one("HWVersion", local.hardware)?,
            firmware: one("FWVersion", local.firmware)?,
        })
    }
}

impl ServiceElement {
    fn offers(self) -> Vec<Offer> {
        let name = self.name.unwrap_or_default();
        let Some(service) = Service::ALL.into_iter().find(|service| service.name() == name) else {
            return Vec::new();
        };
        let versions = self.versions.into_iter().flat_map(|list| list.versions);
        versions.filter_map(|version| version.offer(service)).collect()
    }
}

impl VersionElement {
    /// The offer, if it has a TLS endpoint and a version, which one real directory gives in the namespace only.
    fn offer(self, service: Service) -> Option<Offer> {
        let endpoint = at_most_one("EndpointTLS", self.endpoint).ok()??;
        let version = match self.version {
            Some(version) => version.parse().ok()?,
            None => Version::of_namespace(&self.namespace?)?,
        };
        Some(Offer { service, version, location: endpoint.location? })
    }
}
