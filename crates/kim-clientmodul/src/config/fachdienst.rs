//! `[fachdienst]`: the servers of the provider.

use std::time::Duration;

use kim_tls::Anchors;

use super::pem;
use super::section::Section;
use crate::settings::{Fachdienst, FachdienstServices};

pub(crate) fn read(mut section: Section<'_, '_>) -> Option<Fachdienst> {
    let identity = pem::identity(&mut section);
    if !section.has(&["trust"]) {
        section.problem("trust", "a PEM file of the authorities of the mail servers is needed");
    }
    let anchors = section.file("trust").and_then(|pem| section.usable("trust", Anchors::from_pem(&pem)));
    let verify_with_konnektor = section.flag("verify_with_konnektor").unwrap_or(true);
    let names = section.map("names").into_iter().collect();
    let services = FachdienstServices::default();
    let services = FachdienstServices {
        kas_url: section.parsed("kas_url"),
        account_url: section.parsed("account_url"),
        domains: section.list("domains").unwrap_or_default(),
        kas_service: section.text("kas_service").unwrap_or(services.kas_service),
        account_service: section.text("account_service").unwrap_or(services.account_service),
        timeout: section.timeout("kas_timeout").unwrap_or(services.timeout),
    };
    let resolver = section.parsed("resolver");
    section.finish();
    Some(Fachdienst {
        identity,
        anchors: anchors?,
        verify_with_konnektor,
        names,
        connect_timeout: Duration::from_secs(30),
        resolver,
        services,
    })
}
