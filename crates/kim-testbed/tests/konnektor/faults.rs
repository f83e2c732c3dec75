//! What a test plans goes wrong, and what happened can be counted.

use std::time::Duration;

use kim_testbed::Times;
use kim_testbed::konnektor::{ClientLogin, Delivery, Fault, HttpRequest, Injection, Operation};
use kim_types::Secret;

use super::rig::{CONTEXT, Rig, fault_code};

fn get_cards(rig: &Rig) -> kim_testbed::konnektor::HttpResponse {
    rig.event(&format!("<evt:GetCards>{CONTEXT}</evt:GetCards>"))
}

/// Spec: gemSpec_Kon 5.18.0, A_14159 (the last trace is gematik's).
#[test]
fn a_planned_fault_hits_the_planned_calls() {
    let rig = Rig::new();
    let fault = Fault::new(4001).with_vendor_trace(10815, "internal queue");
    rig.konnektor.inject(Operation::GetCards, Times::nth(2), Injection::Fault(fault));
    assert_eq!(get_cards(&rig).status, 200);
    let answer = get_cards(&rig);
    assert_eq!(fault_code(&answer), 4001);
    assert!(answer.text().find("10815").unwrap() < answer.text().find("4001</").unwrap());
    assert_eq!(get_cards(&rig).status, 200);
    assert_eq!(rig.konnektor.count(Operation::GetCards), 3);
}

#[test]
fn a_fault_may_lack_its_detail() {
    let rig = Rig::new();
    let fault = Fault { without_detail: true, ..Fault::new(4001) };
    rig.konnektor.inject(Operation::GetCards, Times::ONCE, Injection::Fault(fault));
    let answer = get_cards(&rig);
    assert!(answer.status == 500 && !answer.text().contains("detail"));
}

#[test]
fn the_connection_may_be_the_trouble() {
    let rig = Rig::new();
    let delay = Duration::from_secs(7);
    for (injection, delivery) in [
        (Injection::Close, Delivery::Close),
        (Injection::Silence, Delivery::Never),
        (Injection::Delay(delay), Delivery::After(delay)),
        (Injection::HttpStatus(503), Delivery::Now),
    ] {
        rig.konnektor.inject(Operation::GetCards, Times::ONCE, injection);
        assert_eq!(get_cards(&rig).delivery, delivery);
    }
    assert_eq!(rig.konnektor.operations(), [Operation::GetCards; 4]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2071.
#[test]
fn clients_have_to_show_who_they_are() {
    let rig = Rig::new();
    let request = HttpRequest::get("/connector.sds");
    rig.konnektor.configure(|config| config.client_login = ClientLogin::Certificate);
    assert_eq!(rig.konnektor.handle(&request).status, 403);
    assert_eq!(rig.konnektor.handle(&request.clone().with_client_certificate(vec![1])).status, 200);

    let login = ClientLogin::Basic { user: "pvs".to_owned(), password: Secret::from("geheim") };
    rig.konnektor.configure(|config| config.client_login = login);
    assert_eq!(rig.konnektor.handle(&request).status, 401);
    let wrong = request.clone().with_header("Authorization", "Basic cHZzOmZhbHNjaA==");
    assert_eq!(rig.konnektor.handle(&wrong).status, 401);
    let right = request.with_header("authorization", "Basic cHZzOmdlaGVpbQ==");
    assert_eq!(rig.konnektor.handle(&right).status, 200);
}
