use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use kim_fachdienst::KasLink;
use kim_flow::{Recipe, Rules};
use kim_konnektor::{Crypt, EndpointMode};
use kim_testbed::fachdienst::{KasFault, KasOperation};
use kim_testbed::{Testbed, TestbedConfig, Times};
use kim_tls::{Anchors, Identity, Pins, ServerTrust};
use kim_types::Secret;

use super::*;
use crate::{
    Account, Auth, Caches, Clientmodul, Direction, DirectorySettings, Fachdienst, FachdienstServices,
    Konnektor, KonnektorSettings, Settings, Spool, SpoolSettings,
};

fn clientmodul(testbed: &Testbed) -> Clientmodul {
    let identity = |(file, password): (Vec<u8>, _)| Identity::from_pkcs12(&file, &password).unwrap();
    let konnektor_identity = identity(testbed.konnektor_client_pkcs12());
    let pins = Pins::from_pem(testbed.konnektor_certificate_pem().as_bytes()).unwrap();
    let tls = kim_tls::client_config(ServerTrust::Pins(pins), Some(&konnektor_identity)).unwrap();
    let timeout = Duration::from_secs(20);
    let konnektor = Konnektor {
        id: "Konn_1".parse().unwrap(),
        default: true,
        weight: 1,
        soap: KonnektorSettings {
            url: testbed.konnektor_url(),
            tls: tls.clone(),
            auth: Auth::Certificate,
            endpoints: EndpointMode::Published,
            timeout,
            pin_timeout: timeout,
        },
        directory: DirectorySettings {
            host: testbed.ldap_addr().ip().to_string(),
            port: testbed.ldap_addr().port(),
            base: "dc=data,dc=vzd".to_owned(),
            tls,
            timeout,
            max_entries: 50,
        },
        time_server: None,
        signature: Crypt::RsaEcc,
    };
    let fachdienst = Fachdienst {
        identity: Some(identity(testbed.clientmodul_pkcs12())),
        anchors: Anchors::from_pem(testbed.fachdienst_trust_pem().as_bytes()).unwrap(),
        verify_with_konnektor: true,
        names: HashMap::from([("127.0.0.1".to_owned(), testbed.fachdienst_name().to_owned())]),
        connect_timeout: timeout,
        resolver: None,
        services: FachdienstServices {
            kas_url: Some(testbed.kas_url().parse().unwrap()),
            account_url: Some(testbed.account_url().parse().unwrap()),
            timeout: Duration::from_secs(1),
            ..FachdienstServices::default()
        },
    };
    Clientmodul::new(Settings {
        rules: Rules { kas_link_hosts: vec![testbed.kas_addr().to_string()], ..Rules::default() },
        fachdienst,
        konnektors: vec![konnektor],
        caches: Caches::default(),
        certificates: Vec::new(),
        spool: SpoolSettings { memory: 0, ..SpoolSettings::default() },
        early_interval: timeout,
        smtp: kim_smtp::Config::default(),
        pop3: kim_pop3::Config::default(),
    })
}

fn participant(testbed: &Testbed, clientmodul: &Clientmodul, name: &str) -> Participant {
    let account = testbed.world().account(name).unwrap();
    let account = Account {
        address: account.address.clone(),
        context: account.context.clone(),
        konnektor: None,
        password: Some(account.password.clone()),
    };
    clientmodul.participant(account).unwrap()
}

/// A mail of a megabyte in the spool, and how to upload it.
fn mail(recipient: &Participant) -> (Vec<u8>, MailData, Upload) {
    let mut mail = b"Subject: gro\xc3\x9f\r\n\r\n".to_vec();
    mail.extend(b"0123456789abcde\r\n".iter().cycle().take(1_000_000));
    let mut spool = Spool::new(SpoolSettings { memory: 0, ..SpoolSettings::default() });
    spool.push(&mail).unwrap();
    let upload = Upload {
        mail: Recipe { kept: 0..mail.len() as u64, ..Recipe::default() },
        message_id: "<1@a>".to_owned(),
        recipients: vec![recipient.account.address.clone()],
        expires: UNIX_EPOCH + Duration::from_secs(2_000_000_000),
    };
    (mail, MailData::new(Some(spool.finish().unwrap())), upload)
}

fn download_of(uploaded: &Uploaded, reader: &Participant) -> Download {
    let reference = uploaded.reference.clone();
    Download {
        link: KasLink::parse(&reference.link, &reader.shared.rules.links()).unwrap(),
        recipient: reader.account.address.clone(),
        key: reference.key,
        hash: reference.hash,
        size: reference.size,
        enc_size: Some(uploaded.enc_size),
        most: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_comes_back_octet_for_octet_and_an_orphan_is_removed() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let clientmodul = clientmodul(&testbed);
    let (a, b) = (participant(&testbed, &clientmodul, "A"), participant(&testbed, &clientmodul, "B"));
    let (plain, data, upload) = mail(&b);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let observed = a.observed(move |progress| sink.lock().unwrap().push(progress));
    let uploaded = data.upload(&observed, &upload).await.unwrap();
    let last = *seen.lock().unwrap().last().unwrap();
    assert!(last.direction == Direction::Upload && last.total == Some(last.done), "{last:?}");
    assert!(last.done > uploaded.enc_size, "the form counts, too");
    assert_eq!(uploaded.enc_size, plain.len() as u64 + 28);
    let stored = testbed.world().kas().stored();
    assert_eq!((stored.len(), stored[0].data.len()), (1, plain.len() + 28));
    assert_eq!(stored[0].expires, "Wed, 18 May 2033 03:33:20 +0000");

    let reader = MailData::default();
    let downloaded = reader.download(&b, &download_of(&uploaded, &b)).await.unwrap();
    assert_eq!(downloaded.head.to_bytes(), &plain[..18]);
    let (kept, _) = reader.into_parts();
    let recipe = Recipe { kept: 0..downloaded.size, ..Recipe::default() };
    assert!(Pieces::of_recipe(&recipe, kept).whole().await.unwrap().to_bytes() == plain);

    // Another hash, and another key.
    let reader = MailData::default();
    let other = Download { hash: [0; 32], ..download_of(&uploaded, &b) };
    assert_eq!(reader.download(&b, &other).await.err(), Some(DownloadError::Hash));
    let other = Download { key: Secret::new(vec![0; 32]), ..download_of(&uploaded, &b) };
    assert_eq!(reader.download(&b, &other).await.err(), Some(DownloadError::Decryption));
    // More than the user asked for, says the message, or the service.
    let most = Some(plain.len() as u64 - 1);
    for enc_size in [Some(uploaded.enc_size), None] {
        let other = Download { most, enc_size, ..download_of(&uploaded, &b) };
        assert_eq!(reader.download(&b, &other).await.err(), Some(DownloadError::TooLarge));
    }
    assert!(reader.into_parts().0.is_none());
    let exactly = Download { most: Some(plain.len() as u64), ..download_of(&uploaded, &b) };
    MailData::default().download(&b, &exactly).await.unwrap();

    // The kept mail is still there for another attempt, after the first one was removed.
    data.remove(&uploaded.reference.link).await;
    assert!(testbed.world().kas().stored().is_empty());
    data.upload(&a, &upload).await.unwrap();
    drop(data);
    while !testbed.world().kas().stored().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_an_upload_has_its_meaning() {
    let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
    let clientmodul = clientmodul(&testbed);
    let (a, b) = (participant(&testbed, &clientmodul, "A"), participant(&testbed, &clientmodul, "B"));
    let failed = [400, 401, 413, 429, 500].map(KasFault::Status).into_iter();
    let failed =
        failed.chain([KasFault::Silence, KasFault::Redirect(testbed.kas_url()), KasFault::Truncated(3)]);
    let failed = failed.map(|fault| (fault, UploadError::Failed));
    for (fault, meaning) in failed.chain([(KasFault::Status(507), UploadError::Full)]) {
        testbed.world().kas().faults().add(KasOperation::Add, Times::ONCE, fault.clone());
        let (_, data, upload) = mail(&b);
        assert_eq!(data.upload(&a, &upload).await.err(), Some(meaning), "{fault:?}");
    }
}
