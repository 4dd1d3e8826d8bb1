//! `slipway workspaces`: definitions as a text, for those who have the machine and for pipelines.

use crate::{assemble, config::Config};
use clap::{Arg, ArgAction, ArgMatches, Command};
use domain::{
    Error, Result,
    workspace::{DefinitionEntry, DefinitionFate, DefinitionsReport},
};
use services::Chosen;
use std::io::Read as _;

pub(super) fn command() -> Command {
    let file = || Arg::new("file").value_name("FILE");
    Command::new("workspaces")
        .about("Take definitions of workspaces out and in")
        .subcommand_required(true)
        .subcommand(
            Command::new("export")
                .about("Write all definitions as YAML")
                .arg(file().help("Where to; standard output without it")),
        )
        .subcommand(
            Command::new("import")
                .about("Save what a YAML file says, all of it or nothing")
                .arg(file().required(true).help("The file; - for standard input"))
                .arg(
                    Arg::new("dry_run")
                        .long("dry-run")
                        .action(ArgAction::SetTrue)
                        .help("Only say what would change"),
                ),
        )
}

pub(super) async fn run(config: &Config, matches: &ArgMatches) -> Result<()> {
    let services = assemble::services(config).await?;
    let workspaces = &services.workspaces;
    let file = |matches: &ArgMatches| matches.get_one::<String>("file").cloned();
    match matches.subcommand() {
        Some(("export", matches)) => {
            let text = workspaces.export_as_operator(&Chosen::All).await?;
            match file(matches) {
                None => print!("{text}"),
                Some(path) => std::fs::write(&path, text).map_err(|error| {
                    Error::unavailable(format!("{path} cannot be written."))
                        .detail(error.to_string())
                })?,
            }
        }
        Some((_, matches)) => {
            let text = read(&file(matches).unwrap_or_default())?;
            let report = workspaces.look_as_operator(&text).await?;
            print!("{}", told(&report));
            if report.count(DefinitionFate::Refused) > 0 {
                return Err(Error::at("file", "The file has problems. Nothing was saved."));
            }
            if !matches.get_flag("dry_run") {
                let done = workspaces.import_as_operator(&text).await?;
                println!("Saved: {} new, {} changed.", done.new, done.changed);
            }
        }
        None => {}
    }
    Ok(())
}

fn read(path: &str) -> Result<String> {
    let mut text = String::new();
    let read = match path {
        "-" => std::io::stdin().read_to_string(&mut text).map(|_| text),
        path => std::fs::read_to_string(path),
    };
    read.map_err(|error| {
        Error::at("file", format!("{path} cannot be read.")).detail(error.to_string())
    })
}

fn told(report: &DefinitionsReport) -> String {
    report.entries.iter().map(line).collect()
}

fn line(entry: &DefinitionEntry) -> String {
    let fate = match entry.fate {
        DefinitionFate::New => "new",
        DefinitionFate::Changed => "changed",
        DefinitionFate::Unchanged => "unchanged",
        DefinitionFate::Refused => "cannot be saved",
    };
    let mut text = format!("{}: {fate}\n", entry.name);
    // Values may be secret, and what a pipeline prints is kept.
    for change in &entry.changes {
        text.push_str(&format!("  {}\n", change.field));
    }
    for problem in &entry.problems {
        text.push_str(&format!("  {}\n", problem.message));
    }
    for note in &entry.notes {
        text.push_str(&format!("  {note}\n"));
    }
    text
}
