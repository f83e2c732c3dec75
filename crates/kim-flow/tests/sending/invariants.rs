//! What holds for every mail, whoever it is for and whatever goes wrong.

use std::collections::HashSet;

use bytes::Bytes;
use kim_flow::UploadError;
use kim_konnektor::CertificateResult;
use kim_types::{Address, Envelope, Recipient, Reply};
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::practice::{Practice, SENDER, address, delivery, ecc, fault, listing, mail, text};

/// An address in RCPT, what the directory says about it, and what the MTA does.
#[derive(Debug, Clone)]
struct Person {
    number: u8,
    never: bool,
    upper_case: bool,
    version: &'static str,
    cached: Option<&'static str>,
    /// The owners of the certificates.
    owners: Vec<u8>,
    refused_by_mta: bool,
}

impl Person {
    fn mail(&self) -> String {
        let mail = format!("p{}@b.kim.telematik", self.number);
        if self.upper_case { mail.to_uppercase() } else { mail }
    }

    fn certificates(&self) -> Vec<Bytes> {
        self.owners.iter().map(|owner| ecc(&format!("1-{}", self.number * 3 + owner))).collect()
    }
}

#[derive(Debug, Clone)]
struct Faults {
    sign: Vec<u32>,
    encrypt: Vec<u32>,
    upload: Vec<bool>,
    /// Persons whose first certificate the Konnektor does not like.
    invalid: Vec<u8>,
    end: u16,
}

fn person() -> impl Strategy<Value = Person> {
    let version = prop_oneof![Just("1.0"), Just("1.5"), Just("1.5+"), Just("1.5+")];
    let owners = prop_oneof![
        6 => Just(vec![0]),
        1 => Just(vec![]),
        1 => Just(vec![0, 1]),
    ];
    let mta = prop::bool::weighted(0.2);
    let never = prop::bool::weighted(0.2);
    (0..8u8, never, any::<bool>(), version.clone(), prop::option::of(version), owners, mta).prop_map(
        |(number, never, upper_case, version, cached, owners, refused_by_mta)| Person {
            number,
            never,
            upper_case,
            version,
            cached,
            owners,
            refused_by_mta,
        },
    )
}

fn faults() -> impl Strategy<Value = Faults> {
    let code = prop_oneof![Just(4001u32), Just(4085), Just(4101), Just(4105), Just(4123)];
    let codes = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(code, 1..4)];
    let upload = prop_oneof![4 => Just(vec![]), 1 => prop::collection::vec(any::<bool>(), 1)];
    let invalid = prop_oneof![2 => Just(vec![]), 1 => subsequence((0..8u8).collect::<Vec<_>>(), 0..3)];
    let end = prop_oneof![5 => Just(250u16), 1 => Just(451), 1 => Just(554)];
    (codes.clone(), codes, upload, invalid, end).prop_map(|(sign, encrypt, upload, invalid, end)| Faults {
        sign,
        encrypt,
        upload,
        invalid,
        end,
    })
}

fn practice(people: &[Person], faults: &Faults, large: bool) -> Practice {
    let mut practice = Practice {
        sign_faults: faults.sign.iter().copied().map(fault).collect(),
        encrypt_faults: faults.encrypt.iter().copied().map(fault).collect(),
        upload_faults: faults
            .upload
            .iter()
            .map(|full| if *full { UploadError::Full } else { UploadError::Failed })
            .collect(),
        ..Practice::default()
    };
    if large {
        practice.rules(|rules| rules.large_threshold = 10);
    }
    for person in people {
        let id = format!("1-{}", person.number * 3);
        let says = |version| listing(&id, version, person.certificates());
        practice.directory.insert(address(&person.mail()), says(person.version));
        if let Some(cached) = person.cached {
            practice.cached.insert(address(&person.mail()), says(cached));
        }
    }
    for number in &faults.invalid {
        practice.refused.insert(ecc(&format!("1-{}", number * 3)), CertificateResult::Invalid);
    }
    practice
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2022, KOM-LE-A_2024, KOM-LE-A_2025, KOM-LE-A_2027, KOM-LE-A_2176-01, A_19365
    #[test]
    fn nobody_is_forgotten_and_nobody_gets_what_is_for_others(
        people in prop::collection::vec(person(), 1..6),
        faults in faults(),
        large in any::<bool>(),
    ) {
        let mut practice = practice(&people, &faults, large);
        let recipients: Vec<Recipient> = people.iter().map(|person| Recipient {
            notify: person.never.then(|| "NEVER".to_owned()),
            ..Recipient::new(address(&person.mail()))
        }).collect();
        // An address given twice has the wishes, and the MTA the opinion, that came first.
        let first = |to: &Address| people.iter().find(|person| address(&person.mail()) == *to);
        let mut seen = HashSet::new();
        let distinct: Vec<&Recipient> = recipients.iter().filter(|to| seen.insert(to.address.clone())).collect();
        let to: Vec<String> = people.iter().map(Person::mail).collect();
        let envelope =
            Envelope { sender: address(SENDER), ret: None, envid: None, recipients: recipients.clone() };

        let protected = match practice.send(envelope, mail(&to.join(", "), "Inhalt der Nachricht\r\n")) {
            Ok(protected) => protected,
            Err(refused) => {
                // The client knows that nobody got it.
                prop_assert!(refused.reply.code() >= 400);
                prop_assert!(practice.stored.is_empty(), "{:?}", practice.stored);
                return Ok(());
            }
        };

        // Whoever gets the message can read it, and nobody else but the sender.
        let encrypted = practice.encrypted.last().unwrap();
        let readers: HashSet<Bytes> = encrypted.certificates.iter().cloned().collect();
        let mut expected = HashSet::from([ecc("1-A")]);
        for to in &protected.envelope.recipients {
            // An address that is there twice may be in the cache with another certificate than in the directory.
            let said = [&practice.directory, &practice.cached].into_iter().filter_map(|one| one.get(&to.address));
            let own: Vec<&Bytes> = said.flat_map(|listing| &listing.certificates).collect();
            prop_assert!(own.iter().any(|certificate| readers.contains(*certificate)));
            expected.extend(own.into_iter().cloned());
        }
        prop_assert!(readers.is_subset(&expected));
        prop_assert!(readers.is_disjoint(&practice.refused.keys().cloned().collect()));
        prop_assert_eq!(&encrypted.attribute, &practice.signed.last().unwrap().attribute);
        let inner = practice.inner().to_lowercase();
        for to in &distinct {
            let named = inner.contains(&to.address.to_key());
            let kept = protected.envelope.recipients.iter().any(|kept| kept.address == to.address);
            prop_assert_eq!(named, kept);
        }
        if large {
            let stored = practice.uploads.last().unwrap();
            prop_assert!(stored.recipients.iter().eq(protected.envelope.recipients.iter().map(|to| &to.address)));
            prop_assert!(stored.recipients.iter().all(|to| practice.directory[to].version.accepts_large()
                || practice.cached.get(to).is_some_and(|listing| listing.version.accepts_large())));
        }
        prop_assert_eq!(practice.stored.len(), usize::from(large));

        // Each is delivered, or named in the report, or never wanted to be.
        let rcpt = |to: &Address| first(to).filter(|person| person.refused_by_mta).map(|_| Reply::new(550, "5.1.1 nein"));
        let said = delivery(&protected, rcpt, Reply::new(faults.end, "2.0.0 so ist es"));
        let (accepted, refused) = (said.accepted, said.refused.clone());
        let kept = protected.envelope.recipients.clone();
        let conclusion = protected.delivered(said.clone());
        prop_assert_eq!(&conclusion.reply, &said.reply);
        prop_assert_eq!(conclusion.reply.code() == 250, accepted);
        if !accepted {
            prop_assert!(conclusion.report.is_none());
            prop_assert_eq!(conclusion.orphan.map(|link| link.0), practice.stored.iter().next().cloned());
            return Ok(());
        }
        prop_assert!(conclusion.orphan.is_none());
        let report = conclusion.report.as_ref().map(text).unwrap_or_default().to_lowercase();
        for to in distinct {
            let delivered = kept.iter().any(|kept| kept.address == to.address)
                && !refused.iter().any(|(address, _)| *address == to.address);
            let named = report.contains(&format!("final-recipient: rfc822; {}\r\n", to.address.to_key()));
            prop_assert_eq!(named, !delivered && to.notify.is_none());
        }
    }
}
