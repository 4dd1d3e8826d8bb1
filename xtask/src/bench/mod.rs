//! `cargo xtask bench`: how the product stands to its targets.
//!
//! What is measured is measured beside what it is compared with, in turns and in one run, so that a
//! number means something without knowing the machine. A missed target is shown and never fails the
//! command: machines are slow for reasons that are not ours. One file for each measurement.

mod client;
mod commit;
mod crowd;
mod docker;
mod idle;
mod images;
mod lab;
mod launch;
mod lists;
mod process;
mod proxy;
mod refresh;
mod registry;
mod server;
mod session;
mod size;
mod stats;
mod table;
mod watching;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use self::lab::Lab;
use self::table::Row;
use crate::paths::Paths;
use crate::{lock, progress};

type Bench = (&'static str, fn(&Lab) -> Result<Vec<Row>>);

const ALL: [Bench; 9] = [
    ("size", size::run),
    ("lists", lists::run),
    ("launch", launch::run),
    ("commit", commit::run),
    ("images", images::run),
    ("refresh", refresh::run),
    ("watching", watching::run),
    ("proxy", proxy::run),
    ("idle", idle::run),
];

pub fn run(paths: &Paths, names: &[String]) -> Result<ExitCode> {
    let known: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("There is no measurement `{unknown}`. Take one of: {}.", known.join(", "));
    }
    let _alone = lock::take(&std::env::temp_dir().join("slipway-bench.lock"), "measuring")?;
    let lab = Lab::new(paths);
    lab.say_what_else_runs();
    let mut rows = Vec::new();
    let mut broken = false;
    for (name, bench) in ALL {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let measured = bench(&lab);
        let cleaned = lab.clean_up();
        let outcome = measured.and_then(|rows| cleaned.map(|()| rows));
        match outcome.with_context(|| format!("Measuring `{name}` did not come to its end.")) {
            Ok(measured) => rows.extend(measured),
            Err(error) => {
                progress::fail(&error);
                broken = true;
            }
        }
    }
    progress::say("");
    table::lines(&rows).iter().for_each(|line| progress::say(line));
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
