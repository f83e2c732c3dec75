//! Requirements that are not met, with the reason.

/// What no code here does. A row of it counts as open, also where a `Spec:` line names it for a part that is there.
///
/// Whoever implements one removes it here; the test wants one for every testable requirement that no test names.
pub(crate) const OPEN: [(&str, &str); 14] = [
    ("A_19453", ACCOUNT_MANAGER),
    ("A_19457", ACCOUNT_MANAGER),
    ("A_19458", ACCOUNT_MANAGER),
    ("A_19459", ACCOUNT_MANAGER),
    ("A_19463", ACCOUNT_MANAGER),
    (
        "A_19468",
        "The Account Manager is another program's task; the PKCS#12 file it brings is read, also without a password.",
    ),
    ("A_19523", ACCOUNT_MANAGER),
    ("A_20773", ACCOUNT_MANAGER),
    ("A_21380", ACCOUNT_MANAGER),
    (
        "A_21381",
        "The log names certificates that end soon; a new one is fetched by the program that talks to the Account Manager.",
    ),
    ("A_21382", ACCOUNT_MANAGER),
    ("A_21396", ACCOUNT_MANAGER),
    ("A_23505", "The switch is the Account Manager's; what the directory says of it is read and heeded."),
    (
        "A_23541",
        "No source we have names the records of mail servers (deltas Q16): a user name without a server is read and refused.",
    ),
];

const ACCOUNT_MANAGER: &str =
    "The Account Manager is another program's task: see README.md, \"What is not there\".";
