//! `cargo xtask test`: every layer that CI runs, and what each needs set up before it.
//!
//! All layers run even when one fails, since each tells something else. What is slow to get (the
//! starter images) is fetched while the tests compile. The last line adds all layers up.

mod browser;
mod rust;
mod summary;
mod tools;

use std::fs;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::ValueEnum;

use self::summary::Tally;
use crate::engine::{self, Engine};
use crate::images::{self, Client};
use crate::paths::Paths;
use crate::{bundle, check, command, progress};

/// How long tests may say nothing: more than the longest of them takes, and far less than CI gives.
const SILENCE: Duration = Duration::from_secs(10 * 60);

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Layer {
    /// Unit and integration tests that need nothing
    Rust,
    /// The contract and crash suites, on a real engine
    Engine,
    /// The journeys in a browser
    E2e,
}

pub fn run(paths: &Arc<Paths>, only: Option<Layer>, playwright: &[String]) -> Result<ExitCode> {
    let wanted = |layer| only.is_none_or(|only| only == layer);
    let mut report = Report::new(paths);

    report.part("format", || check::format(paths));
    report.part("dependency rule", || check::dependency_rule(paths));

    let mut engine = None;
    let mut images = None;
    if wanted(Layer::Engine) || wanted(Layer::E2e) {
        engine = report.part("engine", || engine::ready(paths, None));
        images = engine.clone().map(|engine| prepare_images(paths, engine));
        report.part("client", || bundle::bundle(paths));
    }
    report.part("test programs", || rust::build(paths));
    // Before anything is measured by a clock: builds would slow down what waits for the product.
    if let Some(images) = images {
        report.part("images", || {
            images.join().unwrap_or_else(|_| Err(anyhow!("The image builds broke off.")))
        });
    }

    if wanted(Layer::Rust) {
        report.layer("rust tests", &mut rust::plain(paths)?);
        report.layer("page tests", &mut rust::pages(paths));
        report.layer("examples", &mut rust::examples(paths));
    }
    if wanted(Layer::Engine)
        && let Some(engine) = &engine
        && let Some(mut tests) = rust::on_engine(paths, engine)?
    {
        report.layer("engine tests", &mut tests);
    }
    if wanted(Layer::E2e)
        && let Some(engine) = &engine
        && let Some(mut tests) =
            report.part("browser", || browser::journeys(paths, engine, playwright))
    {
        report.layer("journeys", &mut tests);
    }
    Ok(report.close())
}

fn prepare_images(paths: &Arc<Paths>, engine: Engine) -> JoinHandle<Result<()>> {
    let paths = Arc::clone(paths);
    thread::spawn(move || {
        let client = Client::find(&engine)?;
        images::build_all(&paths, &client, &images::names_of_all(&paths)?, false)
    })
}

/// Collects what happened, to be added up at the end.
struct Report<'a> {
    paths: &'a Paths,
    total: Tally,
    lines: Vec<String>,
}

impl<'a> Report<'a> {
    fn new(paths: &'a Paths) -> Self {
        Self { paths, total: Tally::default(), lines: Vec::new() }
    }

    /// Something that is no test, but without which a run is no success.
    fn part<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        match work() {
            Ok(value) => Some(value),
            Err(error) => {
                progress::fail(&error);
                self.total.failed += 1;
                self.lines.push(format!("{name}: failed"));
                None
            }
        }
    }

    /// Runs tests, shows what failed among them, and counts.
    fn layer(&mut self, name: &str, command: &mut Command) {
        let started = Instant::now();
        let log = self.paths.log(&name.replace(' ', "-"));
        // CI keeps only what it sees, and shows where a run hangs; people want the outcome.
        let stream = std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false");
        if stream {
            progress::say(&format!("→ Running the {name}: {}", command::shown(command)));
        }
        let mut tally = Tally::default();
        let mut run = || {
            command::follow(
                &log,
                command,
                Some(SILENCE),
                |_| {},
                |line| {
                    tally.read(line);
                    if stream {
                        progress::say(line);
                    }
                },
            )
        };
        let outcome =
            if stream { run() } else { progress::step(&format!("Running the {name}"), None, run) };
        let failure = match outcome {
            Ok(status) if status.success() => None,
            Ok(status) => Some(format!(
                "The {name} failed ({status}). All they said is in {}.",
                self.paths.shown(&log)
            )),
            Err(error) => Some(progress::sentences(&error)),
        };
        if let Some(failure) = failure {
            // Something must have failed, even if no test got so far as to be counted.
            tally.failed = tally.failed.max(1);
            let said = fs::read_to_string(&log).unwrap_or_default();
            let told = if stream { String::new() } else { summary::failures(&said) };
            progress::fail(&anyhow!("{told}{failure}"));
        }
        let time = progress::seconds(started.elapsed());
        self.lines.push(format!("{name}: {tally} in {time}"));
        self.total.add(&tally);
    }

    fn close(self) -> ExitCode {
        progress::say("");
        for line in &self.lines {
            progress::say(&format!("  {line}"));
        }
        progress::say(&self.total.to_string());
        if self.total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
