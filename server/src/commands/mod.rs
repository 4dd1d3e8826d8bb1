//! The command line: settings as flags, and what to do.

mod config;
mod healthcheck;
mod setup_token;
mod user;
mod workspaces;

pub(crate) use user::read_password;

use crate::{
    config::{Config, Resolved, SETTINGS, describe},
    serve,
};
use clap::{Arg, ArgAction, ArgMatches, Command};
use domain::Error;
use std::{ffi::OsString, path::PathBuf};

/// Why a command ended badly, and with which exit code.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    text: String,
    help: bool,
}

impl Failure {
    /// Writes the failure where it belongs.
    pub fn print(&self) {
        if self.help && self.code == 0 {
            print!("{}", self.text);
        } else {
            eprint!("{}", self.text);
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut text = format!("slipway: {}\n", error.message);
        for (label, part) in [("detail", &error.detail), ("hint", &error.hint)] {
            if let Some(part) = part {
                text.push_str(&format!("  {label}: {part}\n"));
            }
        }
        Self { code: error.kind.exit_code(), text, help: false }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        let code = u8::try_from(error.exit_code()).unwrap_or(2);
        Self { code, text: error.render().to_string(), help: true }
    }
}

fn command() -> Command {
    let mut command = Command::new("slipway")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A self-hosted console for container workspaces")
        .after_help("Every setting can also be given as SLIPWAY_NAME in the environment or as a key in the settings file.")
        .arg(
            Arg::new("config")
                .long("config")
                .env("SLIPWAY_CONFIG")
                .value_name("FILE")
                .help("Settings file (TOML)")
                .global(true),
        );
    for setting in SETTINGS {
        let mut arg = Arg::new(setting.name)
            .long(setting.flag())
            .value_name("VALUE")
            .help(setting.help)
            .global(true);
        if !setting.default.is_empty() {
            arg = arg.help(format!("{} [default: {}]", setting.help, setting.default));
        }
        command = command.arg(arg);
    }
    command
        .subcommand(Command::new("serve").about("Run the server (the default)"))
        .subcommand(
            Command::new("user")
                .about("Manage accounts")
                .subcommand_required(true)
                .subcommand(
                    Command::new("add")
                        .about(
                            "Make an account; the password is read from a file or standard input",
                        )
                        .arg(Arg::new("name").required(true).value_name("NAME"))
                        .arg(
                            Arg::new("admin")
                                .long("admin")
                                .action(ArgAction::SetTrue)
                                .help("Make an administrator"),
                        )
                        .arg(
                            Arg::new("password_file")
                                .long("password-file")
                                .value_name("FILE")
                                .help("File whose first line is the password"),
                        ),
                )
                .subcommand(
                    Command::new("disable")
                        .about("End a user's sign-ins and streams, and refuse new ones")
                        .arg(Arg::new("name").required(true).value_name("NAME")),
                )
                .subcommand(
                    Command::new("enable")
                        .about("Let a disabled user sign in again")
                        .arg(Arg::new("name").required(true).value_name("NAME")),
                )
                .subcommand(
                    Command::new("reset-second-factor")
                        .about("Let a user who has lost the second factor sign in by password")
                        .arg(Arg::new("name").required(true).value_name("NAME")),
                ),
        )
        .subcommand(workspaces::command())
        .subcommand(Command::new("setup-token").about("Print a new one-time setup link"))
        .subcommand(Command::new("healthcheck").about("Exit with 0 if the server answers"))
        .subcommand(
            Command::new("config")
                .about("Show every setting, its value and where it came from")
                .arg(
                    Arg::new("value")
                        .long("value")
                        .value_name("NAME")
                        .help("Print only this setting's value"),
                ),
        )
}

fn resolve(matches: &ArgMatches) -> Result<Resolved, Error> {
    let file = matches.get_one::<String>("config").map(PathBuf::from);
    Resolved::read(
        file.as_deref(),
        |name| std::env::var(name).ok(),
        |name| matches.get_one::<String>(name).cloned(),
    )
}

/// Runs the command line to its end.
///
/// # Errors
/// [`Failure`] with the text to print and the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let matches = command().try_get_matches_from(args)?;
    let raw = resolve(&matches)?;
    if let Some(("config", matches)) = matches.subcommand() {
        return config::show(&raw, matches.get_one::<String>("value"));
    }
    let config = Config::check(&raw).map_err(|error| Failure {
        code: error.kind.exit_code(),
        text: format!("slipway: these settings cannot be used:\n{}\n", describe(&error, &raw)),
        help: false,
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(2, usize::from).min(4))
        .enable_all()
        .build()
        .map_err(|error| {
            Error::unavailable("No threads can be started.").detail(error.to_string())
        })?;
    runtime.block_on(async {
        match matches.subcommand() {
            Some(("user", matches)) => user::run(&config, matches).await,
            Some(("workspaces", matches)) => workspaces::run(&config, matches).await,
            Some(("setup-token", _)) => setup_token::run(&config).await,
            Some(("healthcheck", _)) => healthcheck::run(&config).await,
            _ => serve::run(config).await,
        }
    })?;
    Ok(())
}
