//! Whatever is typed: no panic, and what is accepted is understood the same way a second time.

use kim_types::DomainSuffixes;
use kim_username::{Layout, UserName, UserNameError, sasl};
use proptest::collection::vec;
use proptest::prelude::*;

fn check(text: &str) {
    for layout in [Layout::SMTP, Layout::POP3] {
        match UserName::parse(text, &layout, &DomainSuffixes::default()) {
            Ok(user) => {
                let again = UserName::parse(&user.to_text(&layout), &layout, &DomainSuffixes::default());
                assert_eq!(again, Ok(user));
            }
            Err(UserNameError::Part { at, .. }) => assert!(at <= text.len()),
            Err(_) => assert!(text.len() > UserName::MAX_OCTETS),
        }
    }
}

proptest! {
    #[test]
    fn any_text(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn text_that_is_nearly_a_user_name(
        parts in vec(prop_oneof![
            Just("a@x.kim.telematik".to_owned()), Just("*".to_owned()), Just(String::new()),
            "[a-z0-9:.\\[\\]*-]{0,12}", "[äß\\x00-\\x20]{0,4}", "x{60,70}",
        ], 0..10),
    ) {
        check(&parts.join("#"));
    }

    #[test]
    fn any_plain_message(message in vec(prop_oneof![Just(0u8), any::<u8>()], 0..80)) {
        if let Ok((user, password)) = sasl::plain(&message) {
            let written = sasl::plain_message(&user, &password);
            prop_assert_eq!(sasl::plain(written.expose()), Ok((user, password)));
        }
    }
}
