#![no_main]
//! A user name made of parts, one in each line, is read as those parts.

use kim_types::{Context, DomainSuffixes, KimAddress};
use kim_username::{Layout, UserName};
use libfuzzer_sys::fuzz_target;

fn whole(text: &str) -> Option<UserName> {
    let mut parts = text.split('\n');
    let mut next = || parts.next().unwrap_or_default();
    Some(UserName {
        address: KimAddress::parse(next(), &DomainSuffixes::default()).ok()?,
        server: next().parse().ok(),
        context: Context {
            mandant: next().parse().ok()?,
            client_system: next().parse().ok()?,
            workplace: next().parse().ok()?,
            user: next().parse().ok(),
        },
        konnektor: next().parse().ok(),
    })
}

fuzz_target!(|text: &str| {
    let Some(whole) = whole(text) else { return };
    for layout in [Layout::SMTP, Layout::POP3] {
        let text = whole.to_text(&layout);
        assert!(text.len() <= UserName::MAX_OCTETS);
        assert_eq!(UserName::parse(&text, &layout, &DomainSuffixes::default()).as_ref(), Ok(&whole));
    }
});
