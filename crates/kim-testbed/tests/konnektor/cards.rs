//! Cards are listed for those who may see them, and their handles live for one plug cycle.

use kim_types::Context;

use super::rig::{CONTEXT, Rig, fault_code};

fn get_cards(rig: &Rig, filter: &str) -> String {
    rig.event(&format!("<evt:GetCards>{CONTEXT}{filter}</evt:GetCards>")).text().to_owned()
}

/// Spec: gemSpec_Kon 5.18.0, GetCards.
#[test]
fn cards_are_filtered_by_type() {
    let rig = Rig::new();
    let all = get_cards(&rig, "");
    assert!(all.contains(&rig.handle()) && all.contains(&rig.doctor_handle()));
    assert!(all.contains("CertificateExpirationDate>2044-12-31Z<") && all.contains("Praxis A TEST-ONLY"));
    let institutions = get_cards(&rig, "<ccmn:CardType>SM-B</ccmn:CardType>");
    assert!(institutions.contains("CardType>SMC-B<") && !institutions.contains(&rig.doctor_handle()));
    let persons = get_cards(&rig, "<ccmn:CardType>HBAx</ccmn:CardType>");
    assert!(persons.contains("CardType>HBA<") && !persons.contains(&rig.handle()));
    assert!(!get_cards(&rig, "<ccmn:CardType>EGK</ccmn:CardType>").contains("CardHandle"));
}

#[test]
fn another_mandant_sees_its_own_cards() {
    let rig = Rig::new();
    let answer = rig.event(&format!("<evt:GetCards>{}</evt:GetCards>", CONTEXT.replace("M1", "M2")));
    assert!(answer.text().contains(&rig.handle()) && !answer.text().contains(&rig.doctor_handle()));
}

/// Spec: gemSpec_Kon 5.18.0, fault 4101.
#[test]
fn a_handle_dies_when_the_card_is_pulled() {
    let rig = Rig::new();
    let old = rig.handle();
    let new = rig.konnektor.replug(rig.practice.iccsn()).unwrap();
    assert_ne!(old, new.to_string());
    assert_eq!(fault_code(&rig.pin("GetPinStatus", &old, "PIN.SMC")), 4101);
    rig.konnektor.remove(rig.practice.iccsn());
    assert!(!get_cards(&rig, "").contains("SMC-B"));
    assert_eq!(fault_code(&rig.pin("GetPinStatus", new.as_str(), "PIN.SMC")), 4101);
}

/// Spec: gemSpec_Kon 5.18.0, faults 4004, 4005, 4006, 4021.
#[test]
fn unknown_callers_are_told_what_is_unknown_or_not() {
    let rig = Rig::new();
    for (known, code) in [("M1", 4004), ("PVS", 4005), ("Empfang", 4006)] {
        let body = format!("<evt:GetCards>{}</evt:GetCards>", CONTEXT.replace(known, "unknown"));
        for (hidden, code) in [(false, code), (true, 4021)] {
            rig.konnektor.configure(|config| config.hides_unknown_context = hidden);
            assert_eq!(fault_code(&rig.event(&body)), code);
        }
    }
}

/// Spec: gemSpec_Kon 5.18.0, fault 4003.
#[test]
fn an_hba_needs_a_user() {
    let rig = Rig::new();
    let context = CONTEXT.replace("<c:UserId>hanna</c:UserId>", "");
    let body = format!(
        "<card:GetPinStatus>{context}<c:CardHandle>{}</c:CardHandle><ccmn:PinTyp>PIN.CH</ccmn:PinTyp></card:GetPinStatus>",
        rig.doctor_handle()
    );
    assert_eq!(fault_code(&rig.send("/ws/CardService", "CardService/v8.1#GetPinStatus", &body)), 4003);
}

/// Spec: gemSpec_Kon 5.18.0, faults 4010, 4011, 4012, 4014.
#[test]
fn what_is_known_has_to_belong_together() {
    let rig = Rig::new();
    let known = |mandant: &str, client_system: &str, workplace: &str| {
        rig.konnektor.add_context(Context {
            mandant: mandant.parse().unwrap(),
            client_system: client_system.parse().unwrap(),
            workplace: workplace.parse().unwrap(),
            user: None,
        });
    };
    known("M3", "Labor", "Keller");
    known("M1", "Archiv", "Dach");
    for (from, to, code) in [("PVS", "Labor", 4010), ("Empfang", "Keller", 4011), ("Empfang", "Dach", 4014)] {
        let body = format!("<evt:GetCards>{}</evt:GetCards>", CONTEXT.replace(from, to));
        assert_eq!(fault_code(&rig.event(&body)), code);
    }
    let body = format!(
        "<card:GetPinStatus>{}<c:CardHandle>{}</c:CardHandle><ccmn:PinTyp>PIN.CH</ccmn:PinTyp></card:GetPinStatus>",
        CONTEXT.replace("M1", "M2"),
        rig.doctor_handle()
    );
    assert_eq!(fault_code(&rig.send("/ws/CardService", "CardService/v8.1#GetPinStatus", &body)), 4012);
}
