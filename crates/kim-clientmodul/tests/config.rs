//! The configuration file is a contract: every key of it is read, and every problem is told with its line.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use kim_flow::{Release, SignerCheck};
use kim_konnektor::Crypt;
use kim_smime::IntegrityMode;
use kim_testbed::World;
use kim_testbed::pki::{CertificateType, Holder, KeyType, Pkcs12Encryption, Role};

use kim_clientmodul::Auth;
use kim_clientmodul::config::Config;

/// A folder with the files a configuration names, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("kim-proxy-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let world = World::new(1);
        let holder = Holder::service("clientmodul", Role::CLIENTMODUL);
        let identity = world.pki().issue(CertificateType::CmTlsCs, KeyType::Rsa, &holder);
        let file = |name: &str, content: &[u8]| std::fs::write(folder.join(name), content).unwrap();
        file("client.p12", &identity.to_pkcs12("geheim", Pkcs12Encryption::Modern).unwrap());
        file("client.pass", b"geheim\n");
        file("wrong.pass", b"falsch\n");
        file("ca.pem", world.pki().trust_pem().as_bytes());
        file("konnektor.pem", identity.certificate_pem().as_bytes());
        Self(folder)
    }

    fn read(&self, text: &str) -> Result<Config, String> {
        Config::parse(text, &self.0).map_err(|problems| problems.to_string())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const SMALLEST: &str = r#"
[fachdienst]
identity = "client.p12"
identity_password_file = "client.pass"
trust = "ca.pem"

[[konnektor]]
id = "Konn_1"
default = true
url = "https://192.0.2.10/connector.sds"
pins = ["konnektor.pem"]
identity = "client.p12"
identity_password_file = "client.pass"
"#;

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2184, KOM-LE-A_2091-01
#[test]
fn the_smallest_file_has_the_defaults_of_the_specification() {
    let config = Folder::new("smallest").read(SMALLEST).unwrap();
    assert_eq!(config.smtp.addresses, ["127.0.0.1:10025".parse().unwrap()]);
    assert_eq!(config.pop3.addresses, ["127.0.0.1:10995".parse().unwrap()]);
    assert!(config.smtp.tls.is_none() && config.pop3.tls.is_none(), "TLS is for other machines");
    let (minutes, days) = (|n: u64| Duration::from_secs(60 * n), |n: u64| Duration::from_secs(86_400 * n));
    let konnektor = config.settings.konnektors.first().unwrap();
    assert_eq!(konnektor.soap.auth, Auth::Certificate, "TLS_AUTH_KONNEKTOR");
    assert_eq!(konnektor.soap.timeout, minutes(1), "KONNEKTOR_TIMEOUT");
    assert_eq!(konnektor.signature, Crypt::RsaEcc);
    assert_eq!(konnektor.time_server, Some(("192.0.2.10".to_owned(), 123)));
    assert_eq!((konnektor.directory.host.as_str(), konnektor.directory.port), ("192.0.2.10", 636));
    assert!(konnektor.directory.tls.client_auth_cert_resolver.has_certs(), "A_21223");
    let (smtp, pop3) = (&config.settings.smtp, &config.settings.pop3);
    assert_eq!((smtp.timeout_server, smtp.timeout_client), (minutes(5), minutes(5)), "SMTP_TIMEOUT_...");
    assert_eq!((pop3.timeout_server, pop3.timeout_client), (minutes(5), minutes(5)), "POP3_TIMEOUT_...");
    assert_eq!(smtp.size, 734_003_200);
    let caches = &config.settings.caches;
    assert_eq!(caches.certificates, days(1) / 2, "TTL_ENC_CERT");
    assert_eq!(caches.cards, days(30), "TTL_EMAIL_ICCSN");
    assert_eq!(caches.limits, days(1), "A_22416");
    assert_eq!((config.log.days, config.log.flow), (30, false), "TTL_PROTS, flow log");
    assert_eq!(config.settings.fachdienst.services.timeout, Duration::from_secs(30), "CM_KAS_TIMEOUT");
    assert!(config.settings.fachdienst.verify_with_konnektor);
    let rules = &config.settings.rules;
    assert_eq!((rules.large_threshold, rules.konnektor_limit), (15_728_640, 26_214_400));
    assert_eq!((rules.on_integrity_failure, rules.kas_hash_text.as_str()), (IntegrityMode::Embed, ""));
    assert_eq!(rules.release, Release::V1_5_5, "no notes in bodies");
    assert!(config.notes.is_empty() && config.events.is_none());
    let watched: Vec<&str> = config.settings.certificates.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(
        watched,
        [
            "fachdienst.identity in line 3",
            "konnektor.pins, certificate 1, in line 11",
            "konnektor.identity in line 12",
        ]
    );
}

#[test]
fn every_key_of_the_contract_is_known() {
    let everything = r#"
[smtp]
listen = ["127.0.0.1:10025", "[::1]:10025"]
tls = "implicit"
identity = "client.p12"
identity_password_file = "client.pass"
client_auth = "required"
client_trust = "ca.pem"
timeout_client = "5m"
timeout_server = "30s"

[pop3]
listen = "0.0.0.0:10995"
tls = "implicit"
identity = "client.p12"
identity_password_file = "client.pass"
client_auth = "off"
timeout_client = "5m"
timeout_server = "5m"

[fachdienst]
identity = "client.p12"
identity_password_file = "client.pass"
trust = "ca.pem"
verify_with_konnektor = false
names = { "100.102.8.6" = "mail.example.kim.telematik" }
domains = ["example.kim.telematik"]
kas_url = "https://kas.example.kim.telematik/"
account_url = "https://am.example.kim.telematik/"
kas_timeout = "30s"
kas_link_hosts = ["127.0.0.1:4443"]
resolver = "192.0.2.10:53"

[[konnektor]]
id = "Konn_1"
default = true
weight = 3
url = "https://konnektor.konlan:8443/kon7/connector.sds"
trust = "ca.pem"
expected_name = "konnektor.konlan"
auth = "basic"
username = "praxis"
password_file = "client.pass"
endpoints = "rewrite-prefix"
timeout = "1m"
pin_timeout = "5m"
signature = "ECC"
ldap = "192.0.2.10:1636"
ldap_client_certificate = false
ldap_base = "dc=data,dc=vzd"
time_server = "192.0.2.10:123"

[[konnektor]]
id = "Konn_1"
weight = 0
url = "https://192.0.2.11/connector.sds"
pins = ["konnektor.pem"]
identity = "client.p12"
identity_password_file = "client.pass"

[events]
address = "192.0.2.5:10999"
listen = "0.0.0.0:10999"
tls = "implicit"
identity = "client.p12"
identity_password_file = "client.pass"
mandant = "M1"
client_system = "PVS"
workplace = "Empfang"

[cache]
certificates = "12h"
cards = "30d"
versions = "24h"
limits = "24h"

[mail]
on_integrity_failure = "replace"
signer_check = "refuse"
release = "1.5.2"
kas_hash_text = "Fragen beantwortet Ihr Anbieter."
early_header = false
large_threshold = 15728640
product_version = "ABCDE_1.0.0"
product_type_version = "1.5.5"
trusted_domain_suffixes = [".kim.telematik"]

[log]
format = "json"
level = "debug"
dir = "log"
keep = "30d"
flow = false
"#;
    let config = Folder::new("everything").read(everything).unwrap();
    assert_eq!(config.smtp.addresses.len(), 2);
    assert!(config.smtp.tls.is_some() && config.pop3.tls.is_some());
    assert_eq!(config.settings.smtp.timeout_server, Duration::from_secs(30));
    let rules = &config.settings.rules;
    assert_eq!((rules.product_version.as_str(), rules.early_header), ("ABCDE_1.0.0", false));
    assert_eq!((rules.signer_check, rules.release), (SignerCheck::Refuse, Release::V1_5_2));
    assert_eq!(rules.kas_hash_text, "Fragen beantwortet Ihr Anbieter.");
    assert_eq!(config.settings.konnektors.first().unwrap().directory.port, 1636);
    let weights: Vec<u32> = config.settings.konnektors.iter().map(|konnektor| konnektor.weight).collect();
    assert_eq!(weights, [3, 0]);
    let time_server = config.settings.konnektors.first().unwrap().time_server.clone();
    assert_eq!(time_server, Some(("192.0.2.10".to_owned(), 123)));
    let events = config.events.unwrap();
    assert_eq!((events.sink.to_string().as_str(), events.tls.is_some()), ("cetp://192.0.2.5:10999", true));
    assert!(config.log.json && config.log.days == 30 && config.log.folder.is_some());
    // What is read and not used yet is said, not hidden.
    assert!(
        config.notes.iter().all(|note| note.ends_with("has no effect in this version")),
        "{:?}",
        config.notes
    );
}

#[test]
fn all_problems_are_told_at_once_each_with_line_and_key() {
    let text = r#"[smtp]
listen = "192.0.2.1:25"
tls = "sometimes"
timeout_client = "5 minutes"
colour = "blue"

[fachdienst]
identity = "client.p12"
identity_password_file = "wrong.pass"
trust = "missing.pem"

[[konnektor]]
id = "Konn#1"
url = "https://192.0.2.10/connector.sds"
pins = "konnektor.pem"
auth = "basic"
password = "geheim"
weight = 1001

[events]
address = "192.0.2.5"
listen = "192.0.2.5:10999"

[tls]

[mail]
product_version = "1.0.0"
product_type_version = "1.5"
"#;
    let problems = Folder::new("problems").read(text).err().unwrap();
    for expected in [
        "line 3: smtp.tls: off is for loopback addresses only",
        "line 3: smtp.tls: one of off, implicit is wanted",
        "line 4: smtp.timeout_client: a duration",
        "line 5: smtp.colour: unknown key",
        "line 8: fachdienst.identity: ",
        "line 10: fachdienst.trust: ",
        "line 13: konnektor.id: ",
        "line 17: konnektor.password: a password never stands in this file",
        "line 12: konnektor.username: auth = \"basic\" needs",
        "line 18: konnektor.weight: a number from 0 to 1000",
        "line 20: events.tls: off is for loopback addresses only",
        "line 21: events.address: ",
        "line 24: tls: unknown key",
        "line 27: mail.product_version: a text like \"ABCDE_1.2.3\" is wanted",
        "line 28: mail.product_type_version: a text like \"1.5.5\" is wanted",
    ] {
        assert!(problems.contains(expected), "{expected}\nis missing in\n{problems}");
    }
    assert!(!problems.contains("geheim") && !problems.contains("falsch"), "{problems}");
}

/// What would refuse every login, or switch something off without a word, is told before anybody tries.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21457, KOM-LE-A_2091-01
#[test]
fn what_cannot_be_meant_is_refused() {
    let folder = Folder::new("not-meant");
    let second = |id: &str, default: bool| {
        let konnektor = SMALLEST.split_once("[[konnektor]]").unwrap().1;
        let konnektor =
            konnektor.replace("Konn_1", id).replace("default = true", &format!("default = {default}"));
        format!("{SMALLEST}[[konnektor]]{konnektor}")
    };
    let events = "[events]\nlisten = [\"127.0.0.1:1\", \"[::1]:1\"]\n";
    for (text, problem) in [
        (second("Konn_2", true), "line 16: konnektor.default: another id is marked as default already"),
        (format!("[smtp]\nlisten = []\n{SMALLEST}"), "line 2: smtp.listen: at least one address is wanted"),
        (format!("{events}{SMALLEST}"), "line 2: events.listen: one address is wanted"),
        (
            format!("[pop3]\ntimeout_client = \"0s\"\n{SMALLEST}"),
            "line 2: pop3.timeout_client: a duration above",
        ),
        (
            format!("[smtp]\ntimeout_server = \"0m\"\n{SMALLEST}"),
            "line 2: smtp.timeout_server: a duration above",
        ),
        (format!("{SMALLEST}timeout = \"0s\"\n"), "line 14: konnektor.timeout: a duration above"),
        (format!("{SMALLEST}pin_timeout = \"0h\"\n"), "line 14: konnektor.pin_timeout: a duration above"),
        (
            SMALLEST.replace("trust = \"ca.pem\"", "trust = \"ca.pem\"\nkas_timeout = \"0s\""),
            "line 6: fachdienst.kas_timeout: a duration above",
        ),
    ] {
        let problems = folder.read(&text).err().unwrap();
        assert!(problems.starts_with(problem), "{problem}\nis missing in\n{problems}");
        assert_eq!(problems.lines().count(), 1, "{problems}");
    }
    // The same id twice is one Konnektor that has help; of several ids none needs to be the default.
    for (text, notes) in [(second("Konn_1", true), 0), (second("Konn_2", false), 0)] {
        assert_eq!(folder.read(&text).unwrap().notes.len(), notes);
    }
    let none = second("Konn_2", false).replace("default = true", "default = false");
    let [note] = <[String; 1]>::try_from(folder.read(&none).unwrap().notes).unwrap();
    assert!(note.starts_with("konnektor.default: no id is marked"), "{note}");
    assert!(folder.read(&SMALLEST.replace("default = true\n", "")).unwrap().notes.is_empty());
}

/// A file that is not there is one problem, told where it is named: not also that its key is missing or its content wrong.
///
/// Spec: none — a file of our own.
#[test]
fn a_missing_file_is_one_problem() {
    let folder = Folder::new("missing-files");
    let tls = "tls = \"implicit\"\nidentity = \"gone.p12\"\nclient_auth = \"required\"\nclient_trust = \"gone.pem\"\n";
    let basic = "auth = \"basic\"\nusername = \"praxis\"\npassword_file = \"gone.pass\"\n";
    for (text, lines) in [
        (
            SMALLEST.replace("client.p12", "gone.p12"),
            vec!["3: fachdienst.identity", "12: konnektor.identity"],
        ),
        (
            SMALLEST.replace("client.pass", "gone.pass"),
            vec!["4: fachdienst.identity_password_file", "13: konnektor.identity_password_file"],
        ),
        (SMALLEST.replace("ca.pem", "gone.pem"), vec!["5: fachdienst.trust"]),
        (SMALLEST.replace("konnektor.pem", "gone.pem"), vec!["11: konnektor.pins"]),
        (format!("{SMALLEST}{basic}"), vec!["16: konnektor.password_file"]),
        (format!("[smtp]\n{tls}{SMALLEST}"), vec!["3: smtp.identity", "5: smtp.client_trust"]),
    ] {
        let problems = folder.read(&text).err().unwrap();
        let told: Vec<&str> = problems.lines().collect();
        assert_eq!(told.len(), lines.len(), "{problems}");
        for (told, line) in told.iter().zip(lines) {
            let gone = format!("line {line}: {}", folder.0.join("gone.").display());
            assert!(told.starts_with(&gone), "{gone}\nis missing in\n{problems}");
        }
    }
}

/// A value that cannot be read is there: nobody is told to add it.
///
/// Spec: none — a file of our own.
#[test]
fn a_wrong_value_is_not_called_missing() {
    let folder = Folder::new("wrong-values");
    for (text, problem) in [
        (SMALLEST.replace("Konn_1", "Konn#1"), "line 8: konnektor.id: "),
        (
            SMALLEST.replace("identity_password_file = \"client.pass\"", "identity_password = \"geheim\""),
            "identity_password: ",
        ),
        (
            format!(
                "[events]\naddress = \"192.0.2.5:10999\"\nmandant = \"\"\nclient_system = \"P\"\nworkplace = \"W\"\n{SMALLEST}"
            ),
            "line 3: events.mandant: ",
        ),
    ] {
        let problems = folder.read(&text).err().unwrap();
        assert!(problems.contains(problem), "{problem}\nis missing in\n{problems}");
        let others: Vec<&str> = problems.lines().filter(|told| !told.contains(problem)).collect();
        assert!(others.is_empty(), "{others:?}");
    }
}

/// The configuration is refused, and the port does not become a plain one.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2066, KOM-LE-A_2181
#[test]
fn a_listener_whose_key_is_missing_does_not_start() {
    let folder = Folder::new("no-key");
    for (keys, problem) in [
        ("", "identity: tls = \"implicit\" needs an identity"),
        ("identity = \"gone.p12\"", "identity: "),
        ("identity = \"client.p12\"\nidentity_password_file = \"wrong.pass\"", "identity: "),
        (
            "identity = \"client.p12\"\nidentity_password_file = \"client.pass\"\nclient_auth = \"required\"",
            "client_trust: client_auth needs",
        ),
    ] {
        for port in ["smtp", "pop3"] {
            let text =
                format!("[{port}]\nlisten = \"127.0.0.1:10000\"\ntls = \"implicit\"\n{keys}\n{SMALLEST}");
            let problems = folder.read(&text).err().unwrap();
            assert!(problems.contains(&format!("{port}.{problem}")), "{keys}: {problems}");
        }
    }
}

/// Whoever wants to use a mailbox has to bring its name and password.
#[test]
fn no_account_stands_in_the_file() {
    for key in
        ["[account]", "[[account]]", "[mailbox]", "user = \"a@b.kim.telematik\"", "password = \"geheim\""]
    {
        let problems = Folder::new("account").read(&format!("{key}\n{SMALLEST}")).err().unwrap();
        assert!(problems.contains("unknown key") && !problems.contains("geheim"), "{key}: {problems}");
    }
}

#[test]
fn a_file_that_is_not_toml_is_told_with_its_line() {
    let problems = Folder::new("syntax").read("[smtp]\nlisten = \n").err().unwrap();
    assert!(problems.starts_with("line 2: "), "{problems}");
}

/// Spec: none — keeps the page true.
#[test]
fn every_key_that_is_read_is_documented() {
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let page = std::fs::read_to_string(source.join("config.rs")).unwrap();
    let (documentation, _) = page.split_once("\nmod ").unwrap();
    let mut code = page.clone();
    for file in std::fs::read_dir(source.join("config")).unwrap() {
        code.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    let readers = [
        "text",
        "text_like",
        "flag",
        "parsed",
        "number",
        "duration",
        "timeout",
        "choice",
        "list",
        "map",
        "folder",
        "file",
    ];
    let mut keys = Vec::new();
    for reader in readers.iter().chain(&["files", "password", "section", "sections"]) {
        let call = format!(".{reader}(\"");
        keys.extend(code.split(&call).skip(1).filter_map(|rest| rest.split('"').next()));
    }
    assert!(keys.len() > 50, "{} keys", keys.len());
    let is_there = |key: &str| {
        let names = [key.to_owned(), format!("{key}_file"), format!("[{key}]"), format!("[[{key}]]")];
        names.iter().any(|name| documentation.contains(&format!("`{name}`")))
    };
    keys.retain(|key| !is_there(key));
    assert!(keys.is_empty(), "the table of keys in src/config.rs lacks {keys:?}");
}

/// What a person is told who starts a proxy with the wrong file.
#[test]
fn a_file_is_named_that_cannot_be_used() {
    let folder = Folder::new("files");
    let missing = folder.0.join("missing.toml");
    let told = Config::read(&missing).err().unwrap().to_string();
    assert!(told.starts_with(&format!("{}: ", missing.display())), "{told}");
    let wrong = folder.0.join("wrong.toml");
    std::fs::write(&wrong, "[smtp]\nlisten = \n").unwrap();
    let told = Config::read(&wrong).err().unwrap().to_string();
    assert!(told.starts_with(&format!("{} is not usable:\nline 2: ", wrong.display())), "{told}");
    let good = folder.0.join("good.toml");
    std::fs::write(&good, SMALLEST).unwrap();
    assert!(Config::read(&good).is_ok(), "paths start at the folder of the file");
}
