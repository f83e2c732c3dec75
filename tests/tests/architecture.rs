//! `ARCHITECTURE.md` as a test: who may use whom, and that the pure crates know nothing of the system they run on.
//!
//! `clippy.toml` forbids the calls; this looks at names, so that nothing behind a `cfg` for another system slips through.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test may fail loudly")]

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

/// What a pure crate may have of the standard library: values and what is done with them. Addresses of the network are values; of
/// time only what is an argument.
const OF_STD: [&str; 27] = [
    "any",
    "array",
    "borrow",
    "cmp",
    "collections",
    "convert",
    "error",
    "fmt",
    "hash::Hash",
    "hash::Hasher",
    "iter",
    "marker",
    "mem",
    "net::IpAddr",
    "net::Ipv4Addr",
    "net::Ipv6Addr",
    "net::SocketAddr",
    "num",
    "ops",
    "slice",
    "str",
    "string",
    "sync::Arc",
    "time::Duration",
    "time::Instant",
    "time::SystemTime",
    "vec",
];

/// What a pure crate has no business with, by whatever path it comes.
const OF_THE_SYSTEM: [&str; 6] =
    ["::now", ".elapsed(", "RandomState", "cfg(unix", "cfg(windows", "target_os"];

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
    without_comments(fs::read_to_string(file).unwrap().split("#[cfg(test)]").next().unwrap_or_default())
}

fn without_comments(code: &str) -> String {
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

/// The paths that a text begins with, groups in braces taken apart: `{fs, time::{Duration, Instant}}` are three.
fn paths(text: &str) -> (Vec<String>, &str) {
    let Some(mut rest) = text.strip_prefix('{') else {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let Some(below) = rest.strip_prefix("::") else { return (vec![name.to_owned()], rest) };
        // A turbofish.
        if below.starts_with('<') {
            return (vec![name.to_owned()], below);
        }
        let (found, rest) = paths(below);
        return (found.into_iter().map(|path| format!("{name}::{path}")).collect(), rest);
    };
    let mut all = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        if rest.is_empty() || rest.starts_with('}') {
            return (all, rest.get(1..).unwrap_or_default());
        }
        let (found, after) = paths(rest);
        all.extend(found);
        // What is left of an item is another name for it.
        rest = &after[after.find([',', '}']).unwrap_or(after.len())..];
    }
}

/// What a code names that a pure crate must not.
fn impure(code: &str) -> Vec<String> {
    let of_the_system = OF_THE_SYSTEM.into_iter().filter(|name| code.contains(name)).map(str::to_owned);
    let std = code.match_indices("std").filter_map(|(at, name)| {
        let whole = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"' || c == '-');
        let after = code[at + name.len()..].strip_prefix("::");
        // `use std as other;` gives all of it another name.
        let renamed = code[at + name.len()..].starts_with(" as ");
        (whole && (renamed || after.is_some()))
            .then(|| after.map_or(vec!["as".to_owned()], |after| paths(after).0))
    });
    let may = |path: &String| {
        OF_STD.iter().any(|allowed| {
            path.strip_prefix(allowed).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    };
    of_the_system.chain(std.flatten().filter(|path| !may(path))).collect()
}

#[test]
fn no_spelling_hides_what_is_of_the_system() {
    for code in [
        "use std::{fs, fmt};",
        "use std::{fmt, sync::{Arc, Mutex}};",
        "use std::{\n    collections::HashSet,\n    thread,\n};",
        "use std as other;",
        "use std::{self as other};",
        "use std::*;",
        "use std::net::*;",
        "use std::{net::{IpAddr, TcpStream}};",
        "use std::time::Instant as Other;\nlet now = Other::now();",
        "let waited = since.elapsed();",
        "::std::env::var(name)",
        "let random = std::hash::RandomState::new();",
    ] {
        assert!(!impure(code).is_empty(), "{code}");
    }
    for code in [
        "use std::{fmt, sync::Arc, time::{Duration, Instant}};",
        "std::mem::take(&mut all);",
        "std::iter::empty::<u8>()",
        "use std::net::{IpAddr, SocketAddr};",
        "impl<T> std::fmt::Debug for Pii<T>",
    ] {
        assert_eq!(impure(code), Vec::<String>::new(), "{code}");
    }
}

/// Spec: none — DESIGN of this workspace: no network, files, clock, threads or randomness.
#[test]
fn pure_crates_build_on_nothing_of_the_system() {
    let mut seen = 0;
    for (package, _) in PURE {
        for file in rust_files(&root().join("crates").join(package).join("src")) {
            let code = code(&file);
            let found = impure(&code);
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
    for helper in ["trace", "vectors"] {
        let manifest = fs::read_to_string(root().join("tests").join(helper).join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("dependencies"), "kim-{helper} needs nobody");
    }
}

/// A test that finds its data itself is one that passes unseen without it.
///
/// Spec: none — keeps the evidence true.
#[test]
fn tests_find_real_data_in_one_way_and_do_not_hide_what_they_skip() {
    let root = root();
    let mut files = rust_files(&root.join("tests"));
    for package in fs::read_dir(root.join("crates")).unwrap() {
        files.extend(rust_files(&package.unwrap().path()));
    }
    let others =
        ["tests/vectors", "tests/tests/architecture.rs", "crates/kim-konnektor"].map(|path| root.join(path));
    for file in files.iter().filter(|file| !others.iter().any(|path| file.starts_with(path))) {
        let code = without_comments(&fs::read_to_string(file).unwrap());
        let on_its_own = ["\"KIM_VECTORS", "println!(\"skipped"].into_iter().any(|word| code.contains(word));
        assert!(!on_its_own, "{}: kim-vectors finds it and says what is missing", file.display());
    }
    assert!(files.len() > 400, "{} files", files.len());
}

/// Spec: none — each dependency earns one line in ARCHITECTURE.md.
#[test]
fn the_page_names_every_dependency_and_no_other() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, table) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let lines = table.lines().take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty());
    let mut used: Vec<&str> = lines.filter_map(|line| line.split([' ', '=']).next()).collect();
    used.retain(|name| !name.starts_with("kim-"));
    used.sort_unstable();
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, table) = page.split_once("## Dependencies\n").unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows = rows.take_while(|line| line.starts_with('|')).filter_map(|line| line.split('|').nth(1));
    let mut named: Vec<&str> = rows.flat_map(|names| names.split(',')).map(str::trim).collect();
    named.sort_unstable();
    assert_eq!(named, used);
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
