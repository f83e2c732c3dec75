//! `[mail]`: the rules of both flows, and the spool.

use kim_flow::{Release, Rules, SignerCheck};
use kim_smime::IntegrityMode;
use kim_types::DomainSuffixes;

use super::section::Section;
use crate::spool::SpoolSettings;

pub(crate) fn rules(mut section: Section<'_, '_>, suffixes: DomainSuffixes) -> Rules {
    let default = Rules::default();
    let modes = [
        ("embed", IntegrityMode::Embed),
        ("replace", IntegrityMode::Replace),
        ("deliver", IntegrityMode::Deliver),
    ];
    // Who signed, compared with the owner of the address in From.
    let checks = [
        ("off", SignerCheck::Off),
        ("note", SignerCheck::Note),
        ("mark", SignerCheck::Mark),
        ("refuse", SignerCheck::Refuse),
    ];
    // The release of KIM whose rules count where they differ.
    let releases = [
        ("1.5.2", Release::V1_5_2),
        ("1.5.3", Release::V1_5_3),
        ("1.5.4", Release::V1_5_4),
        ("1.5.5", Release::V1_5_5),
    ];
    let rules = Rules {
        on_integrity_failure: section
            .choice("on_integrity_failure", &modes)
            .unwrap_or(default.on_integrity_failure),
        signer_check: section.choice("signer_check", &checks).unwrap_or(default.signer_check),
        release: section.choice("release", &releases).unwrap_or(default.release),
        kas_hash_text: section.text("kas_hash_text").unwrap_or(default.kas_hash_text),
        early_header: section.flag("early_header").unwrap_or(default.early_header),
        large_threshold: section.number("large_threshold").unwrap_or(default.large_threshold),
        product_version: section
            .text_like("product_version", "ABCDE_1.2.3", kim_smime::is_cm_version)
            .unwrap_or(default.product_version),
        product_type_version: section
            .text_like("product_type_version", "1.5.5", kim_smime::is_pt_version)
            .unwrap_or(default.product_type_version),
        suffixes,
        ..Rules::default()
    };
    section.finish();
    rules
}

/// How much of a mail stays in memory while it comes in, and where the rest goes, encrypted.
pub(crate) fn spool(section: &mut Section<'_, '_>) -> SpoolSettings {
    let default = SpoolSettings::default();
    SpoolSettings {
        memory: section
            .number("spool_memory")
            .map_or(default.memory, |octets| usize::try_from(octets).unwrap_or(usize::MAX)),
        directory: section.folder("spool_dir").unwrap_or(default.directory),
        ..SpoolSettings::default()
    }
}
