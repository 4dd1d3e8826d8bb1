//! The starter workspace images: which there are, which must be built, and building them.
//!
//! An image carries the fingerprint of its sources as a label, so that whether it is up to date is
//! a question to the engine and not to a file of ours that may disagree with it.

mod base;
mod build_output;
mod client;
pub mod preparing;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Error, Result, bail};

pub use self::client::Client;
use crate::fingerprint::Fingerprint;
use crate::paths::Paths;
use crate::{engine, progress};

/// Built before the others, because a first visitor clicks it.
pub const FIRST: &str = "desktop";
const LABEL: &str = "slipway.source";

/// `cargo xtask images [names] [--force]`.
pub fn command(paths: &Paths, names: &[String], force: bool) -> Result<ExitCode> {
    let all = names_of_all(paths)?;
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        bail!("There is no image `{unknown}`. Build one of: {}.", all.join(", "));
    }
    let wanted = if names.is_empty() { &all } else { names };
    let client = Client::find(&engine::ready(paths, None)?)?;
    build_all(paths, &client, wanted, force)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds those that are not up to date. One that fails does not keep the others from being tried.
pub fn build_all(paths: &Paths, client: &Client, names: &[String], force: bool) -> Result<()> {
    let mut failures = Vec::new();
    for name in names {
        if !force && up_to_date(paths, client, name)? {
            progress::say(&format!("→ The image {} is up to date.", tag(name)));
            continue;
        }
        let outcome = progress::step(&format!("Building the image {}", tag(name)), None, || {
            build(paths, client, name, &mut |_| {})
        });
        failures.extend(outcome.err().map(|error| progress::sentences(&error)));
    }
    if failures.is_empty() { Ok(()) } else { bail!(failures.join("\n\n")) }
}

/// Every folder of `images/` that has a Dockerfile, the first one first.
pub fn names_of_all(paths: &Paths) -> Result<Vec<String>> {
    let folder = paths.root.join("images");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .with_context(|| format!("{} cannot be read.", folder.display()))?
        .flatten()
        .filter(|entry| entry.path().join("Dockerfile").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_by_key(|name| (name != FIRST, name.clone()));
    Ok(names)
}

pub fn tag(name: &str) -> String {
    format!("slipway/{name}:latest")
}

pub fn up_to_date(paths: &Paths, client: &Client, name: &str) -> Result<bool> {
    Ok(client
        .label(&tag(name), LABEL)
        .is_some_and(|made| source(paths, name).is_ok_and(|s| s == made)))
}

/// Builds one image, telling `see` of each step.
pub fn build(
    paths: &Paths,
    client: &Client,
    name: &str,
    see: &mut dyn FnMut(build_output::Step),
) -> Result<()> {
    base::ensure(paths, client)?;
    let log = format!("image-{name}");
    let mut build = client.command();
    build
        .args(["build", "--network", "host"])
        .args(["--label", &format!("{LABEL}={}", source(paths, name)?)])
        .args(["-f", &format!("images/{name}/Dockerfile"), "-t", &tag(name), "images/"])
        .current_dir(&paths.root);
    client.run(paths, &log, &mut build, |line| {
        if let Some(step) = build_output::step(line) {
            see(step);
        }
    })
}

/// What an image is made of. Words about it are not part of it.
fn source(paths: &Paths, name: &str) -> Result<String> {
    let mut fingerprint = Fingerprint::new();
    for input in [format!("images/{name}"), "images/shared".into(), base::SCRIPT.into()] {
        fingerprint.path(&paths.root, &input, &["README.md"])?;
    }
    Ok(fingerprint.finish())
}

/// Why an image is not there, for a tile with little room.
pub fn why_failed(paths: &Paths, name: &str, error: &Error) -> String {
    let error = progress::sentences(error);
    let last = error.lines().next_back().unwrap_or_default().trim();
    let logs = paths.shown(&paths.logs);
    format!(
        "The build ended with “{last}”. Logs are in {logs}; `cargo xtask images {name}` tries again."
    )
}
