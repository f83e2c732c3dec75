//! Writes what the fuzz targets start from: `cargo run -p kim-tests --example fuzz_seeds [FOLDER]`.
//!
//! FOLDER is `fuzz/seeds` if nothing is said; it gets one folder for each target. The seeds are the traces of kim-smtp and
//! kim-pop3, mails, keys, responses and entries of the testbed, and the vectors in `KIM_VECTORS`, if they are there.

mod konnektor;
mod mails;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kim_smime::RecipientEmail;
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType, Pkcs12Encryption};
use kim_testbed::{Account, World};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Between the records of an input, as `fuzz/src/lib.rs` reads them.
const SEPARATOR: [u8; 2] = [0x1e, 0x1f];
/// What stands in the body of a mail, as `fuzz/src/lib.rs` looks for it.
const CANARY: &str = "Kanarienvogel, im Klartext";

fn main() -> Result {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder = std::env::args_os().nth(1).map_or_else(|| root.join("fuzz/seeds"), PathBuf::from);
    let seeds = Seeds { folder };
    let world = World::new(1);
    seeds.user_names(&world)?;
    seeds.dialogues(root)?;
    seeds.mails(&world)?;
    seeds.konnektor(&world)?;
    seeds.fachdienst()?;
    seeds.directory(&world)?;
    seeds.keys(&world)?;
    seeds.vectors()
}

struct Seeds {
    folder: PathBuf,
}

impl Seeds {
    fn put(&self, target: &str, name: &str, octets: impl AsRef<[u8]>) -> Result {
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name), octets)?)
    }

    fn user_names(&self, world: &World) -> Result {
        let server = ([100, 102, 8, 6], 995).into();
        for account in world.accounts() {
            self.put("username", &format!("{}-smtp", account.name), account.smtp_user_name(server))?;
            self.put("username", &format!("{}-pop3", account.name), account.pop3_user_name(server))?;
            let context = &account.context;
            let parts = format!(
                "{}\n[2001:db8::1]:995\n{}\n{}\n{}\n7\nKonn_1",
                account.address, context.mandant, context.client_system, context.workplace
            );
            self.put("username_inverse", account.name, parts)?;
        }
        Ok(())
    }

    /// Each trace as everything that happens in it.
    fn dialogues(&self, root: &Path) -> Result {
        for (protocol, server, content) in [("smtp", "M<:", "D>:"), ("pop3", "P<:", "D:")] {
            for file in files(&root.join(format!("crates/kim-{protocol}/tests/traces")), "trace")? {
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                let mut all = Vec::new();
                for line in lines(&file)? {
                    let (mark, rest) = line.split_once(' ').unwrap_or((&line, ""));
                    let (kind, octets) = match mark {
                        "C:" => (b'C', unescaped(rest)),
                        _ if mark == server => (b'S', unescaped(rest)),
                        _ if mark == content => (b'D', unescaped(rest)),
                        "!" => match act(rest) {
                            Some(act) => act,
                            None => continue,
                        },
                        _ => continue,
                    };
                    all.extend(record(kind, &octets));
                }
                self.put(&format!("{protocol}_ops"), &name, all)?;
            }
        }
        Ok(())
    }

    fn fachdienst(&self) -> Result {
        let base64 = openssl::base64::encode_block(&[7; 32]);
        let link = "https://kas.b.kim.telematik/attachments/v2.4/attachment/1";
        let reference = format!(r#"{{"link":"{link}","k":"{base64}","hash":"{base64}","size":20000000}}"#);
        self.put("kas_json", "reference", reference)?;
        self.put("kas_json", "link", link)?;
        let limits =
            r#"{"dataTimeToLive":90,"maxMailSize":734003200,"quota":-1,"remainQuota":-1,"attachmentTTL":90}"#;
        self.put("kas_json", "limits", limits)?;
        self.put("openapi_error", "limits", limits)?;
        self.put("openapi_error", "error", r#"{"message":"~","traceId":"19aaf69260f63694"}"#)?;
        self.put("openapi_error", "link", r#"{"sharedLink":"https://kas.b.kim.telematik/1"}"#)?;
        let information = r#"{"kimServiceVersion":"1.5.2;1.5.3","passwordPolicyRegEx":"~","jwtExpiration":300,"referenceIDRequired":true}"#;
        self.put("openapi_error", "information", information)
    }

    fn directory(&self, world: &World) -> Result {
        for account in world.accounts() {
            let mut all = Vec::new();
            for entry in world.directory().find(&account.address) {
                all.extend(record(b'#', b"entry"));
                for (kind, name) in (0u8..).zip(kim_vzd::ATTRIBUTES) {
                    let address = account.address.as_str();
                    let values = entry.values(name).iter().map(|value| match std::str::from_utf8(value) {
                        Ok(text) => text.replace(address, "a@b.kim.telematik").into_bytes(),
                        Err(_) => value.clone(),
                    });
                    all.extend(values.flat_map(|value| record(kind, &value)));
                }
            }
            self.put("vzd_entry", account.name, all)?;
        }
        Ok(())
    }

    fn keys(&self, world: &World) -> Result {
        let holder = holder(account(world, "A")?);
        for key in [KeyType::Rsa, KeyType::Brainpool] {
            let identity: Identity = world.pki().issue(CertificateType::HciAut, key, &holder);
            let file = identity.to_pkcs12("fuzz", Pkcs12Encryption::Modern)?;
            self.put("pkcs12", &format!("{key:?}"), file)?;
            self.put("pkcs12", &format!("{key:?}.pem"), identity.certificate_pem())?;
        }
        self.put("pkcs12", "trust.pem", world.pki().trust_pem())
    }

    /// Real data, where somebody has it.
    fn vectors(&self) -> Result {
        let vectors = kim_vectors::folder();
        if !vectors.is_dir() {
            #[expect(clippy::print_stdout, reason = "whoever runs it has to know")]
            {
                println!("{} is not there: seeds of the testbed only", vectors.display());
            }
            return Ok(());
        }
        let read = |name: &str| fs::read(vectors.join(name));
        for (target, name) in [
            ("mime_header", "gematik-smime/inputEmail.txt"),
            ("mime_header", "gematik-smime/inputEmail.txt.05.encryptedwrap"),
            ("cms_enveloped", "gematik-smime/inputEmail.txt.04.encryptedcms"),
            ("cms_signed", "gematik-smime/inputEmail.txt.02.signedcms"),
            ("cms_signed", "cms/VerifyDocument.request.Base64Signature.p7"),
        ] {
            self.put(target, &name.replace('/', "-"), read(name)?)?;
        }
        let outer = read("gematik-smime/inputEmail.txt.05.encryptedwrap")?;
        let plain = read("gematik-smime/inputEmail.txt.03.signedwrap")?;
        let message = [b"X-KOM-LE-Version: 1.0\r\n", outer.as_slice()].concat();
        self.put("outer_message", "gematik", [record(b'm', &message), record(0, &plain)].concat())?;
        for folder in ["konnektor/sds", "konnektor/soap", "konnektor/ehex-6.0.2"] {
            for file in files(&vectors.join(folder), "xml")? {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let octets = fs::read(&file)?;
                if folder.ends_with("sds") || name.contains("connector.sds") {
                    self.put("connector_sds", &name, octets)?;
                } else if text(&octets).contains(":Envelope") {
                    self.put("soap_response", &name, octets)?;
                } else {
                    self.put("cetp_frame", &name, frame(&octets))?;
                }
            }
        }
        Ok(())
    }
}

/// What the driver does in a trace.
fn act(text: &str) -> Option<(u8, Vec<u8>)> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match (word, rest) {
        ("connected" | "deliver", "") => (b'A', vec![0]),
        ("deliver" | "report", length) => {
            let [high, low] = length.parse().unwrap_or(0u16).to_be_bytes();
            (b'A', vec![0, high, low])
        }
        ("refused", _) => (b'A', vec![7]),
        ("reset", _) => (b'A', vec![5]),
        ("reply" | "pass", _) => (b'A', vec![6]),
        ("done", _) => (b'A', vec![7]),
        ("end", _) => (b'E', vec![]),
        ("client", "closed") => (b'c', vec![]),
        ("server", "closed") => (b's', vec![]),
        ("stop", _) => (b'!', vec![]),
        ("wait", _) => (b'W', vec![30]),
        _ => return None,
    })
}

/// The lines of a trace with those of its parts.
fn lines(file: &Path) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for line in fs::read_to_string(file)?.lines() {
        match line.strip_prefix("@ ") {
            Some(part) => all.extend(lines(&file.with_file_name(format!("{part}.part")))?),
            None => all.push(line.to_owned()),
        }
    }
    Ok(all)
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, (c == '\\').then(|| rest.next())) {
            (_, Some(None)) => return octets,
            (_, Some(Some('r'))) => octets.push(b'\r'),
            (_, Some(Some('n'))) => octets.push(b'\n'),
            (_, Some(Some('t'))) => octets.push(b'\t'),
            (_, Some(Some('0'))) => octets.push(0),
            (_, Some(Some('x'))) => {
                let digits: String = rest.by_ref().take(2).collect();
                octets.extend(u8::from_str_radix(&digits, 16));
            }
            (_, Some(Some(other))) | (other, None) => octets.extend(other.to_string().as_bytes()),
        }
    }
    octets.extend(b"\r\n");
    octets
}

fn record(kind: u8, octets: &[u8]) -> Vec<u8> {
    [&[kind], octets, &SEPARATOR].concat()
}

fn frame(xml: &[u8]) -> Vec<u8> {
    let length = u32::try_from(xml.len()).unwrap_or(u32::MAX);
    [b"CETP", length.to_be_bytes().as_slice(), xml].concat()
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        found.extend(Some(entry?.path()).filter(|path| path.extension().is_some_and(|it| it == extension)));
    }
    Ok(found)
}

fn account<'a>(world: &'a World, name: &str) -> Result<&'a Account> {
    world.account(name).ok_or_else(|| format!("no account {name}").into())
}

fn holder(account: &Account) -> Holder {
    Holder::institution(&format!("Praxis {}", account.name), account.telematik_id.clone())
}

/// The entries of two people, each with a certificate of his own.
fn entries(world: &World, owners: [&Account; 2]) -> Result<Vec<RecipientEmail>> {
    let entry = |owner: &Account| {
        let certificate = world.pki().issue(CertificateType::HciEnc, KeyType::Brainpool, &holder(owner));
        let certificate = kim_smime::Certificate::from_der(certificate.certificate_der().into())?;
        Ok(RecipientEmail::new(&owner.address, certificate.issuer_and_serial().clone()))
    };
    owners.into_iter().map(entry).collect()
}

fn text(octets: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(octets)
}

fn now() -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(1_800_000_000)).unwrap_or(UNIX_EPOCH)
}
