#![no_main]
//! Whatever parses can be written and parsed again, to the same value.

use kim_types::DomainSuffixes;
use kim_username::{Layout, UserName};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for layout in [Layout::SMTP, Layout::POP3] {
        if let Ok(user) = UserName::parse(text, &layout, &DomainSuffixes::default()) {
            let again = UserName::parse(&user.to_text(&layout), &layout, &DomainSuffixes::default());
            assert_eq!(again.as_ref(), Ok(&user));
        }
    }
});
