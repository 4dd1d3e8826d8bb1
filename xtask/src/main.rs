//! The project's commands, as `cargo xtask …`.
//!
//! Two promises live here: someone with a fresh clone gets to a running product with one command,
//! and to a full test run with another. Everything those need is found or installed by this crate,
//! so that no shell script, Makefile or wiki page has to be kept in step with the code. What a
//! command cannot do it says in one message that holds the command to type.

mod bench;
mod budget;
mod bundle;
mod check;
mod command;
mod config;
mod css;
mod engine;
mod fingerprint;
mod http;
mod images;
mod lock;
mod machine;
mod paths;
mod precompress;
mod progress;
mod rule;
mod run;
mod split;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::paths::Paths;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Slipway's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up everything Slipway needs, build it, and run it
    Run {
        /// Flags for slipway itself, after `--`
        #[arg(last = true)]
        flags: Vec<String>,
    },
    /// Run every layer of tests, setting up what they need
    Test {
        /// Run one layer only
        #[arg(long, value_enum)]
        only: Option<test::Layer>,
        /// Arguments for Playwright, after `--`
        #[arg(last = true)]
        playwright: Vec<String>,
    },
    /// The quick loop: format, lints for host and WASM, dependency rule, size budget, unit tests
    Check,
    /// Build the client into dist/
    Bundle,
    /// Build the starter workspace images, all of them or by name
    Images {
        names: Vec<String>,
        /// Build even those that are up to date
        #[arg(long)]
        force: bool,
    },
    /// Measure, and print each result as a ratio to its target
    Bench { names: Vec<String> },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = Paths::find().map(Arc::new).and_then(|paths| match cli.command {
        Command::Run { flags } => run::run(&paths, &flags),
        Command::Test { only, playwright } => test::run(&paths, only, &playwright),
        Command::Check => check::run(&paths),
        Command::Bundle => bundle::bundle(&paths).map(|()| ExitCode::SUCCESS),
        Command::Images { names, force } => images::command(&paths, &names, force),
        Command::Bench { names } => bench::run(&paths, &names),
    });
    outcome.unwrap_or_else(|error| {
        progress::fail(&error);
        ExitCode::FAILURE
    })
}
