//! No file of the vectors is left out.

use kim_konnektor::{Error, GetCards};

use crate::fixtures::{is_set, result, skipped, vector, vectors};

/// The tests that read files and say what is in them.
const TESTS: [&str; 5] = [
    include_str!("events.rs"),
    include_str!("recorded_directories.rs"),
    include_str!("recorded_requests.rs"),
    include_str!("recorded_responses.rs"),
    include_str!("resources.rs"),
];

/// The paths of all files, as tests write them; empty, with a line that says so, when the vectors are not there.
fn files() -> Vec<String> {
    let root = format!("{}/konnektor", vectors());
    let (mut files, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(format!("{root}/{folder}")) else {
            skipped(&format!("{root} is not there"), is_set("KIM_VECTORS_REQUIRED", "1"));
            return Vec::new();
        };
        for entry in entries {
            let entry = entry.unwrap();
            let path = format!("{folder}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(format!("{path}/"));
            } else {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn every_file_is_read_by_a_test_that_says_what_is_in_it() {
    let files = files();
    let read = |file: &String| TESTS.iter().any(|test| test.contains(&format!("\"{file}\"")));
    let unread: Vec<&String> = files.iter().filter(|file| !read(file)).collect();
    assert!(unread.is_empty(), "{unread:?}");
}

/// Whatever else it is, it is no list of cards.
#[test]
fn a_message_of_another_operation_is_refused() {
    for file in files() {
        let name = file.to_lowercase().replace('-', "");
        match result(&GetCards::default(), &vector(&file).unwrap()) {
            Ok(_) => assert!(name.contains("getcards"), "{file}"),
            Err(Error::Fault(_)) => assert!(name.contains("error"), "{file}"),
            Err(error) => {
                assert!(matches!(error, Error::Response(_)) && !name.contains("getcards"), "{file}")
            }
        }
    }
}
