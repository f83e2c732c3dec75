//! `ARCHITECTURE.md` as a test: who may use whom, and that the pure crates know nothing of the system they run on.
//!
//! `clippy.toml` forbids the calls; this looks at names, so that nothing behind a `cfg` for another system slips through.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};

/// The pure crates, with the crates of this workspace and those of others that each may use.
const PURE: [(&str, &str); 9] = [
    ("kim-types", "bytes memchr thiserror zeroize"),
    ("kim-username", "kim-types thiserror"),
    ("kim-smtp", "kim-types kim-username base64 zeroize"),
    ("kim-pop3", "kim-types kim-username base64 zeroize"),
    (
        "kim-smime",
        "kim-types base64 bytes cms const-oid der mail-builder mail-parser memchr spki thiserror time x509-cert",
    ),
    ("kim-konnektor", "kim-types base64 bytes der quick-xml thiserror time yaserde"),
    ("kim-vzd", "kim-types bytes thiserror"),
    ("kim-fachdienst", "kim-types base64 serde serde_json thiserror"),
    (
        "kim-flow",
        "kim-types kim-smime kim-vzd kim-konnektor kim-fachdienst bytes mail-builder thiserror time",
    ),
];

/// What a pure crate has no business with. Addresses of the network are values and may be named.
const OF_THE_SYSTEM: [&str; 16] = [
    "std::os",
    "std::fs",
    "std::env",
    "std::io",
    "std::process",
    "std::thread",
    "std::net::Tcp",
    "std::net::Udp",
    "std::net::ToSocketAddrs",
    "Instant::now",
    "SystemTime::now",
    "OffsetDateTime::now",
    "RandomState",
    "cfg(unix",
    "cfg(windows",
    "target_os",
];

fn root() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).to_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without comments and without its tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The names in a table of a manifest.
fn dependencies(package: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join("crates").join(package).join("Cargo.toml")).unwrap();
    let (_, table) = manifest.split_once("[dependencies]\n").unwrap();
    let lines = table.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| Some(line.split(['.', ' ', '=']).next()?.to_owned()))
        .filter(|name| !name.is_empty())
        .collect()
}

/// Spec: none — DESIGN of this workspace: no network, files, clock, threads or randomness.
#[test]
fn pure_crates_build_on_nothing_of_the_system() {
    let mut seen = 0;
    for (package, _) in PURE {
        for file in rust_files(&root().join("crates").join(package).join("src")) {
            let code = code(&file);
            let found: Vec<_> = OF_THE_SYSTEM.into_iter().filter(|name| code.contains(name)).collect();
            assert!(found.is_empty(), "{}: {found:?}", file.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} files");
}

/// Spec: none — the dependencies that ARCHITECTURE.md allows.
#[test]
fn crates_use_whom_they_may() {
    for (package, allowed) in PURE {
        let allowed: Vec<_> = allowed.split(' ').collect();
        let others: Vec<_> =
            dependencies(package).into_iter().filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(
            others.is_empty(),
            "{package} uses {others:?}: is it pure? Then say so here and in ARCHITECTURE.md"
        );
    }
    let of_testbed = dependencies("kim-testbed").into_iter().filter(|name| name.starts_with("kim-"));
    assert_eq!(
        of_testbed.collect::<Vec<_>>(),
        ["kim-types"],
        "a misreading could hide on both sides of a test"
    );
    let of_tls = dependencies("kim-tls").into_iter().filter(|name| name.starts_with("kim-"));
    assert_eq!(of_tls.collect::<Vec<_>>(), ["kim-smime", "kim-types"]);
    let of_trace = fs::read_to_string(root().join("tests/trace/Cargo.toml")).unwrap();
    assert!(!of_trace.contains("dependencies"), "kim-trace replays text and needs nobody");
}

/// The types and public functions that a file has behind a condition.
fn behind(condition: &str, code: &str) -> Vec<String> {
    let line = format!("\n#[cfg({condition})]\n");
    let items = code.split(&line).skip(1).filter_map(|rest| rest.lines().next());
    let items = items.filter(|item| item.starts_with("pub ") || item.contains("struct "));
    let name = |item: &str| {
        item.split(['(', ' ', ';', '<']).rfind(|word| !word.is_empty() && *word != "{").map(str::to_owned)
    };
    items.filter_map(|item| name(item.split(['(', '<', '{']).next().unwrap_or_default())).collect()
}

/// What is there for one system only has its counterpart for the others in the same file.
///
/// Spec: none — runs on Linux, macOS and Windows.
#[test]
fn what_one_system_only_has_stands_beside_its_counterpart() {
    let folders = ["crates/kim-tls/src", "crates/kim-clientmodul/src", "crates/kim-testbed/src", "examples"];
    let mut seen = 0;
    for file in folders.iter().flat_map(|folder| rust_files(&root().join(folder))) {
        let code = code(&file);
        for condition in ["unix", "windows", "target_os = \"linux\""] {
            let here = behind(condition, &code);
            assert_eq!(here, behind(&format!("not({condition})"), &code), "{}: {condition}", file.display());
            seen += here.len();
        }
        let guarded = code.contains("#[cfg(unix)]");
        assert!(guarded || !code.contains("std::os::unix"), "{}: std::os::unix", file.display());
    }
    assert!(seen > 0, "signals are heard on Unix only");
}
