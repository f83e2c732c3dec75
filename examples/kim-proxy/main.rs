//! A KIM Clientmodul as a proxy for mail programs: configuration, logging and `main`. Everything else is in the libraries.

#![expect(unreachable_pub, reason = "nothing of a program can be reached from outside")]

mod config;
#[cfg(test)]
mod config_tests;
mod demo;
mod fetch;
mod manager;
mod notice;
mod options;
mod proxy;
mod section;
mod self_test;

use std::path::Path;
use std::process::ExitCode;

use kim_examples::{Log, LogSettings};

use config::Config;
use options::{Command, USAGE};

fn main() -> ExitCode {
    let command = match Command::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(problem) => return fail(&format!("{problem}\n\n{USAGE}")),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    let result = match command {
        Command::Help => {
            say(USAGE);
            Ok(())
        }
        Command::Check(file) => read(&file).map(|config| config.notes.iter().for_each(|note| say(note))),
        Command::Run(file) => read(&file).and_then(|config| {
            log(&config.log)?;
            runtime.block_on(proxy::run(file, config))
        }),
        Command::FetchCertificate { url, file } => {
            runtime.block_on(fetch::run(&url, &file, std::io::stdin().lock()))
        }
        Command::Demo { once } => {
            let quiet = LogSettings { level: tracing::Level::WARN, ..LogSettings::default() };
            log(&quiet).and_then(|()| runtime.block_on(demo::run(once)))
        }
        Command::SelfTest { file, user, password_file } => read(&file).and_then(|config| {
            log(&config.log)?;
            let password = config::password_file(&password_file).map_err(|error| error.to_string())?;
            runtime.block_on(self_test::configured(config, &user, &password))
        }),
    };
    // Sessions that still run are cut off here; what was promised has been kept by then.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem),
    }
}

/// Reads a configuration, with a sentence for people if that fails.
pub fn read(file: &Path) -> Result<Config, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    Config::read(&text, folder).map_err(|problems| format!("{} is not usable:\n{problems}", file.display()))
}

/// Starts the log, with a sentence for people if that fails.
fn log(settings: &LogSettings) -> Result<(), String> {
    let folder = settings.folder.clone().unwrap_or_default();
    Log::new(settings.clone()).map(Log::start).map_err(|error| format!("{}: {error}", folder.display()))
}

fn fail(problem: &str) -> ExitCode {
    #[expect(clippy::print_stderr, reason = "a program says on stderr why it fails")]
    {
        eprintln!("{}", problem.trim_end());
    }
    ExitCode::FAILURE
}

/// Prints a line for the person at the terminal.
pub fn say(line: &str) {
    #[expect(clippy::print_stdout, reason = "the output of a program")]
    {
        println!("{line}");
    }
}
