//! The command line: [`Command`].

use std::path::PathBuf;

pub const USAGE: &str = "\
A KIM Clientmodul between mail programs and the provider.

  kim-proxy --config FILE             run
  kim-proxy --check FILE              read FILE and report every problem, with line and key
  kim-proxy --demo [--once]           run against an embedded testbed; --once: self-test, then exit with 0 or 1
  kim-proxy --self-test --config FILE --user NAME --password-file FILE
                                      send a mail to oneself and fetch it; NAME is the SMTP user name,
                                      or SMTP and POP3 user name separated by a blank
  kim-proxy --fetch-certificate URL --out FILE
                                      show the certificate of the Konnektor at https://HOST[:PORT], and write it to a
                                      new FILE to be pinned after an explicit yes";

/// What the program is to do.
pub enum Command {
    Help,
    Run(PathBuf),
    Check(PathBuf),
    Demo { once: bool },
    SelfTest { file: PathBuf, user: String, password_file: PathBuf },
    FetchCertificate { url: String, file: PathBuf },
}

impl Command {
    /// Reads the arguments, without the program's name.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut config, mut user, mut password_file) = (None, None, None);
        let (mut url, mut out) = (None, None);
        let (mut check, mut demo, mut once, mut self_test, mut help) = (false, false, false, false, false);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--config" => config = Some(PathBuf::from(value()?)),
                "--check" => check = true,
                "--demo" => demo = true,
                "--once" => once = true,
                "--self-test" => self_test = true,
                "--user" => user = Some(value()?),
                "--password-file" => password_file = Some(PathBuf::from(value()?)),
                "--fetch-certificate" => url = Some(value()?),
                "--out" => out = Some(PathBuf::from(value()?)),
                "--help" | "-h" => help = true,
                other if check && config.is_none() && !other.starts_with('-') => config = Some(other.into()),
                other => return Err(format!("unknown argument {other}")),
            }
        }
        if url.is_some() || out.is_some() {
            return match (url, out, check || demo || self_test || config.is_some()) {
                (Some(url), Some(file), false) => Ok(Self::FetchCertificate { url, file }),
                _ => {
                    Err("--fetch-certificate and --out belong together, and nothing else to them".to_owned())
                }
            };
        }
        match (help, demo, self_test, config) {
            (true, ..) => Ok(Self::Help),
            (_, true, false, None) if !check => Ok(Self::Demo { once }),
            (_, false, true, Some(file)) if !check => match (user, password_file) {
                (Some(user), Some(password_file)) => Ok(Self::SelfTest { file, user, password_file }),
                _ => Err("--self-test needs --user and --password-file".to_owned()),
            },
            (_, false, false, Some(file)) if check => Ok(Self::Check(file)),
            (_, false, false, Some(file)) => Ok(Self::Run(file)),
            _ => Err("what is to be done?".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn each_command_has_its_arguments() {
        assert!(matches!(parse("--config f"), Ok(Command::Run(_))));
        assert!(matches!(parse("--config f --check"), Ok(Command::Check(_))));
        assert!(matches!(parse("--check f"), Ok(Command::Check(_))));
        assert!(matches!(parse("--demo --once"), Ok(Command::Demo { once: true })));
        assert!(matches!(
            parse("--self-test --config f --user u --password-file p"),
            Ok(Command::SelfTest { .. })
        ));
        assert!(matches!(
            parse("--fetch-certificate https://kon --out f"),
            Ok(Command::FetchCertificate { .. })
        ));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "",
            "--nonsense",
            "--config",
            "--self-test --config f",
            "--demo --config f",
            "--fetch-certificate https://kon",
            "--out f",
            "--fetch-certificate https://kon --out f --demo",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
