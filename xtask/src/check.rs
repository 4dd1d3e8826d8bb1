//! `cargo xtask check`: what one wants to know every few minutes, without a browser or an engine.
//!
//! Everything is run even when something fails, so that one pass shows all there is to mend.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::paths::Paths;
use crate::{budget, command, progress, rule, tools};

/// Beyond this a log is read in an editor.
const MOST_LINES: usize = 200;

type Part = (&'static str, fn(&Paths) -> Result<()>);

pub fn run(paths: &Paths) -> Result<ExitCode> {
    let parts: [Part; 7] = [
        ("Format", format),
        ("Dependency rule", dependency_rule),
        ("Size budget", size_budget),
        ("Lints for the host", lints_for_host),
        ("Lints for WASM", lints_for_wasm),
        ("Unit tests", unit_tests),
        ("Tests of the pages", page_tests),
    ];
    let mut failed = Vec::new();
    for (title, part) in parts {
        if let Err(error) = progress::step(title, None, || part(paths)) {
            progress::fail(&error);
            failed.push(title);
        }
    }
    if failed.is_empty() {
        progress::say("Everything is in order.");
        return Ok(ExitCode::SUCCESS);
    }
    bail!("Not in order: {}.", failed.join(", "))
}

pub fn format(paths: &Paths) -> Result<()> {
    let mut cargo = command::cargo(paths);
    if shown(paths, "format", cargo.args(["fmt", "--all", "--check"])).is_err() {
        bail!("Some files are not formatted: `cargo fmt --all`.");
    }
    Ok(())
}

pub fn dependency_rule(paths: &Paths) -> Result<()> {
    let violations = rule::violations(paths)?;
    if violations.is_empty() { Ok(()) } else { bail!(violations.join("\n")) }
}

fn size_budget(paths: &Paths) -> Result<()> {
    if !paths.dist.join("pkg").is_dir() {
        progress::say("  No client has been built yet (`cargo xtask bundle`).");
        return Ok(());
    }
    let spent = budget::spent(&paths.dist)?;
    if spent > budget::MOST {
        bail!(
            "Script and WASM are {} on the wire. See what grew with `cargo xtask bench size`, and \
             keep server-side code and large crates out of the client.",
            budget::sentence(spent)
        );
    }
    Ok(())
}

fn lints_for_host(paths: &Paths) -> Result<()> {
    clippy(paths, "clippy", &["--workspace", "--exclude", "app", "--all-targets"])?;
    clippy(paths, "clippy-app", &["--package", "app", "--features", "ssr", "--all-targets"])
}

fn lints_for_wasm(paths: &Paths) -> Result<()> {
    tools::wasm_target(paths)?;
    let selection = ["--package", "app", "--features", "hydrate", "--target", tools::WASM];
    clippy(paths, "clippy-wasm", &selection)
}

fn clippy(paths: &Paths, log: &str, selection: &[&str]) -> Result<()> {
    let mut cargo = command::cargo(paths);
    shown(paths, log, cargo.arg("clippy").args(selection).args(["--", "-D", "warnings"]))
}

fn unit_tests(paths: &Paths) -> Result<()> {
    let selection = ["--workspace", "--exclude", "app", "--lib", "--bins"];
    shown(paths, "unit-tests", command::cargo(paths).arg("test").args(selection))
}

fn page_tests(paths: &Paths) -> Result<()> {
    let selection = ["--package", "app", "--features", "ssr"];
    shown(paths, "page-tests", command::cargo(paths).arg("test").args(selection))
}

/// Quiet while it succeeds, and all it said when it does not: here the output is the result.
fn shown(paths: &Paths, log: &str, command: &mut Command) -> Result<()> {
    let Err(error) = command::quiet(paths, log, command) else { return Ok(()) };
    let text = fs::read_to_string(paths.log(log)).unwrap_or_default();
    let told: Vec<&str> = text.lines().filter(|line| told(line)).collect();
    if told.is_empty() {
        return Err(error);
    }
    let more = told.len().saturating_sub(MOST_LINES);
    let mut message = told[..told.len() - more].join("\n");
    if more > 0 {
        message.push_str(&format!("\n… and {more} more lines in {}", paths.shown(&paths.log(log))));
    }
    bail!(message)
}

/// Leaves out what only says that Cargo is at work.
fn told(line: &str) -> bool {
    const WORKING: [&str; 10] = [
        "Compiling",
        "Checking",
        "Blocking",
        "Downloading",
        "Downloaded",
        "Finished",
        "Running",
        "Fresh",
        "Locking",
        "Updating",
    ];
    let line = line.trim_start();
    let passed = line.starts_with("test ") && line.ends_with(" ... ok");
    !passed && !WORKING.iter().any(|word| line.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_findings_are_shown() {
        assert!(!told("   Compiling domain v0.1.0 (/x/crates/domain)"));
        assert!(!told("test limits::none_is_no_limit ... ok"));
        assert!(told("test limits::none_is_no_limit ... FAILED"));
        assert!(told("error: unused variable: `x`"));
        assert!(told("  --> crates/domain/src/lib.rs:1:1"));
    }
}
