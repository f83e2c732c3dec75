//! What is in the outer header of a mail as it leaves.

use std::time::{Duration, UNIX_EPOCH};

use kim_examples::Blocking;
use kim_flow::Rules;
use kim_testbed::World;
use kim_types::{Envelope, Recipient};

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2098-03; deltas Q22 (operating data)
#[test]
fn q22_nothing_about_the_people_is_added_to_the_outer_header() {
    let world = World::new(1);
    let (from, to) = (world.account("A").unwrap(), world.account("B").unwrap());
    let mail = format!(
        "From: <{}>\r\nTo: <{}>\r\nSubject: Befund\r\nX-KIM-Sendersystem: Praxis;1.0\r\n\r\nInhalt\r\n",
        from.address, to.address
    );
    let recipients = vec![Recipient::new(to.address.clone())];
    let envelope = Envelope { sender: from.address.clone(), ret: None, envid: None, recipients };
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let driver = Blocking::new(&world, from, Rules::default(), now).unwrap();
    let protected = driver.protect(envelope, mail.into_bytes().into(), [7; 16]).unwrap();
    let outer = String::from_utf8(protected.message.whole().unwrap().to_bytes().to_vec()).unwrap();
    let (header, _) = outer.split_once("\r\n\r\n").unwrap();
    let mut names: Vec<_> = header
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("X-"))
        .collect();
    names.sort_unstable();
    let known = [
        "X-KIM-CMVersion",
        "X-KIM-Dienstkennung",
        "X-KIM-KONVersion",
        "X-KIM-PTVersion",
        "X-KIM-Sendersystem",
        "X-KOM-LE-Version",
    ];
    assert_eq!(names, known);
}
