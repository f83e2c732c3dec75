//! A KIM Clientmodul as a proxy for mail programs: command line, log and `main`. Everything else is in the libraries.

#![expect(unreachable_pub, reason = "nothing of a program can be reached from outside")]

mod demo;
mod fetch;
mod manager;
mod notice;
mod options;
mod proxy;
mod self_test;

use std::error::Error;
use std::process::ExitCode;

use kim_clientmodul::config::{Config, LogSettings};
use kim_examples::Log;
use kim_types::Secret;

use options::{Command, USAGE};

/// What goes wrong in a program is a sentence for the person at the terminal.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let command = match Command::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(problem) => return fail(&format!("{problem}\n\n{USAGE}")),
    };
    match carry_out(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => fail(&problem.to_string()),
    }
}

fn carry_out(command: Command) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Help => say(USAGE),
            Command::Check(file) => {
                Config::read(&file)?.notes.iter().for_each(|note| say(note));
                say(&format!("{} is usable", file.display()));
            }
            Command::Run(file) => {
                let config = Config::read(&file)?;
                log(&config.log)?;
                proxy::run(file, config).await?;
            }
            Command::FetchCertificate { url, file } => {
                fetch::run(&url, &file, std::io::stdin().lock()).await?
            }
            Command::Demo { once } => {
                log(&LogSettings { level: tracing::Level::WARN, ..LogSettings::default() })?;
                demo::run(once).await?;
            }
            Command::SelfTest { file, user, password_file } => {
                let config = Config::read(&file)?;
                log(&config.log)?;
                let password = std::fs::read_to_string(&password_file)?;
                let password = Secret::from(password.trim_end_matches(['\r', '\n']));
                self_test::configured(config, &user, password).await?;
            }
        }
        Ok(())
    });
    // Sessions that still run are cut off here; what was promised has been kept by then.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    outcome
}

/// Starts the log.
fn log(settings: &LogSettings) -> Outcome {
    let folder = settings.folder.clone().unwrap_or_default();
    let log = Log::new(settings.clone()).map_err(|error| format!("{}: {error}", folder.display()))?;
    log.start();
    Ok(())
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
