//! The programs that must be installed: [`available`], [`run`].

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Everything `tests/setup-peers` installs.
const PROGRAMS: [&str; 11] = [
    "postfix",
    "dovecot",
    "slapd",
    "slapadd",
    "swaks",
    "msmtp",
    "mpop",
    "fetchmail",
    "curl",
    "python3",
    "timeout",
];

/// How long one run of a program may take, in seconds: longer than a Konnektor needs.
const PATIENCE: &str = "90";

/// Whether the tests with real programs can run here. If not, one line on standard error says so.
///
/// # Errors
/// They cannot, and `KIM_PEERS=required` says they have to.
pub(super) fn available() -> Result<bool, String> {
    static OBSTACLE: OnceLock<Option<String>> = OnceLock::new();
    without(OBSTACLE.get_or_init(|| obstacle().inspect(|obstacle| say(obstacle))).as_deref())
}

/// Whether one program is installed, for tests that need no other. If not, a line on standard error says so.
///
/// # Errors
/// It is not, and `KIM_PEERS=required` says it has to.
pub(super) fn has(program: &str) -> Result<bool, String> {
    let obstacle = (!is_installed(program)).then(|| format!("{program} not installed"));
    without(obstacle.inspect(|obstacle| say(obstacle)).as_deref())
}

fn without(obstacle: Option<&str>) -> Result<bool, String> {
    match obstacle {
        None => Ok(true),
        Some(_) if !required() => Ok(false),
        Some(obstacle) => Err(format!("KIM_PEERS=required, but {obstacle}")),
    }
}

fn required() -> bool {
    env::var_os("KIM_PEERS").is_some_and(|value| value == "required")
}

fn say(obstacle: &str) {
    if !required() {
        // Not `eprintln!`, whose lines a passing test does not show.
        let _ = writeln!(io::stderr(), "skipped: {obstacle}; see tests/setup-peers");
    }
}

fn obstacle() -> Option<String> {
    let missing: Vec<&str> = PROGRAMS.into_iter().filter(|program| !is_installed(program)).collect();
    if !missing.is_empty() {
        return Some(format!("{} not installed", missing.join(", ")));
    }
    let user = Command::new("id").arg("-u").output().ok()?;
    (user.stdout != b"0\n").then(|| "Postfix needs root".to_owned())
}

fn is_installed(program: &str) -> bool {
    env::split_paths(&path()).any(|directory| directory.join(program).is_file())
}

/// The search path with the directories where Debian keeps servers.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default())
}

/// Runs a program to its end with `input` as its standard input, for [`PATIENCE`] at most.
///
/// # Errors
/// It failed; the error is what it wrote.
pub(super) fn run(
    program: &str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    input: &[u8],
) -> Result<Vec<u8>, String> {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", PATIENCE, program]).args(arguments).env("PATH", path());
    // What somebody configured for himself has no say.
    command.env("HOME", "/").env_remove("FETCHMAILHOME").env_remove("XDG_CONFIG_HOME");
    let output = output(command, input).map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    Err(format!("{program}, {}: {}{}", output.status, text(&output.stdout), text(&output.stderr)))
}

fn output(mut command: Command, input: &[u8]) -> io::Result<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // A program may end without having read everything; its exit status tells.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        child.wait_with_output()
    })
}
