//! The file `connector.sds`: [`service_directory`].

use std::fmt::Write;

use quick_xml::escape::escape;

use super::clock;
use super::config::KonnektorConfig;
use super::vendor::{Endpoint, Service, Version};

/// Writes the service directory; `authority` is the host and port of all addresses.
///
/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4530 (Dienstverzeichnisdienst), ServiceDirectory v3.1.
pub(super) fn service_directory(config: &KonnektorConfig, authority: &str) -> String {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = write_directory(&mut out, config, authority);
    out
}

fn write_directory(out: &mut String, config: &KonnektorConfig, authority: &str) -> std::fmt::Result {
    let product = config.vendor.product();
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>");
    out.push_str("<ns2:ConnectorServices xmlns=\"http://ws.gematik.de/int/version/ProductInformation/v1.1\"");
    out.push_str(" xmlns:ns2=\"http://ws.gematik.de/conn/ServiceDirectory/v3.1\"");
    out.push_str(" xmlns:ns3=\"http://ws.gematik.de/conn/ServiceInformation/v2.0\">");
    write!(out, "<ProductInformation><InformationDate>{}</InformationDate>", clock::timestamp())?;
    write!(
        out,
        "<ProductTypeInformation><ProductType>Konnektor</ProductType>\
         <ProductTypeVersion>{}</ProductTypeVersion></ProductTypeInformation>\
         <ProductIdentification><ProductVendorID>{}</ProductVendorID><ProductCode>{}</ProductCode>\
         <ProductVersion><Local><HWVersion>{}</HWVersion><FWVersion>{}</FWVersion></Local></ProductVersion>\
         </ProductIdentification><ProductMiscellaneous><ProductVendorName>{}</ProductVendorName>\
         <ProductName>{}</ProductName></ProductMiscellaneous></ProductInformation>",
        product.product_type_version,
        product.vendor_id,
        product.code,
        product.hardware,
        product.firmware,
        escape(product.vendor_name),
        escape(product.name),
    )?;
    write!(
        out,
        "<ns2:TLSMandatory>true</ns2:TLSMandatory><ns2:ClientAutMandatory>{}</ns2:ClientAutMandatory>",
        config.client_login.is_mandatory(),
    )?;
    out.push_str("<ns3:ServiceInformation>");
    let mut written: Vec<Service> = Vec::new();
    for Endpoint { service, .. } in config.vendor.endpoints() {
        if !written.contains(service) {
            written.push(*service);
            write_service(out, config, *service, authority)?;
        }
    }
    out.push_str("</ns3:ServiceInformation></ns2:ConnectorServices>");
    Ok(())
}

fn write_service(
    out: &mut String,
    config: &KonnektorConfig,
    service: Service,
    authority: &str,
) -> std::fmt::Result {
    let name = service.name();
    write!(out, "<ns3:Service Name=\"{name}\"><ns3:Abstract>{name}</ns3:Abstract><ns3:Versions>")?;
    let endpoints = config.vendor.endpoints().iter().filter(|endpoint| endpoint.service == service);
    for Endpoint { version: Version(major, minor, revision), path, .. } in endpoints {
        write!(
            out,
            "<ns3:Version TargetNamespace=\"http://ws.gematik.de/conn/{name}/WSDL/v{major}.{minor}\" \
             Version=\"{major}.{minor}.{revision}\"><ns3:Abstract>{name}</ns3:Abstract>\
             <ns3:EndpointTLS Location=\"https://{}{path}\"/></ns3:Version>",
            escape(authority),
        )?;
    }
    out.push_str("</ns3:Versions></ns3:Service>");
    Ok(())
}
