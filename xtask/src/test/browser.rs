//! What the journeys need: Node packages, two browsers, and servers beside the product.
//!
//! Playwright's own browser comes from a host that many machines cannot reach, so the
//! distribution's is preferred, and its own is the last resort.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::engine::Engine;
use crate::fingerprint::Fingerprint;
use crate::paths::Paths;
use crate::test::tools;
use crate::{command, machine, progress};

const CHROMIUMS: [&str; 4] =
    ["chromium", "google-chrome-stable", "google-chrome", "chromium-browser"];

/// The command that runs the journeys, with everything set up for it.
pub fn journeys(paths: &Paths, engine: &Engine, arguments: &[String]) -> Result<Command> {
    let folder = paths.root.join("end2end");
    packages(paths, &folder)?;
    let mut playwright = playwright(&folder);
    playwright
        .arg("test")
        .args(arguments)
        .env("SLIPWAY_BIN", paths.target.join("debug/slipway"))
        .env("SLIPWAY_ENGINE", &engine.url);
    if let Some(chromium) = chromium(paths, &folder)? {
        playwright.env("CHROMIUM", chromium);
    }
    playwright.env("NGINX", tools::nginx(paths)?);
    playwright.env("REGISTRY", tools::registry(paths)?);
    playwright.env("FIREFOX", tools::firefox(paths)?);
    Ok(playwright)
}

fn playwright(folder: &Path) -> Command {
    let mut playwright = Command::new(folder.join("node_modules/.bin/playwright"));
    playwright.current_dir(folder).env("FORCE_COLOR", "0").env_remove("NO_COLOR");
    playwright
}

/// `npm ci`, if the lock file has changed since the last one.
fn packages(paths: &Paths, folder: &Path) -> Result<()> {
    let mut fingerprint = Fingerprint::new();
    fingerprint.path(folder, "package-lock.json", &[])?;
    let wanted = fingerprint.finish();
    // Inside, so that it goes when somebody deletes the packages.
    let stamp = folder.join("node_modules/.slipway-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    if command::on_path("npm").is_none() {
        bail!(
            "The journeys need Node.js with npm: `apt-get install nodejs npm`, or get it from \
             https://nodejs.org, then run this again."
        );
    }
    progress::step("Installing the Node packages of the journeys", None, || {
        let mut npm = Command::new("npm");
        npm.arg("ci").current_dir(folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        command::quiet(paths, "npm-ci", &mut npm)
    })?;
    fs::write(&stamp, wanted).with_context(|| format!("{} cannot be written.", stamp.display()))
}

/// The browser to drive; none where Playwright finds its own.
fn chromium(paths: &Paths, folder: &Path) -> Result<Option<PathBuf>> {
    if let Some(given) = std::env::var_os("CHROMIUM").filter(|value| !value.is_empty()) {
        return Ok(Some(given.into()));
    }
    let installed = || CHROMIUMS.iter().find_map(|name| command::on_path(name));
    if let Some(chromium) = installed() {
        return Ok(Some(chromium));
    }
    if machine::can_install() && machine::offers("chromium") {
        machine::install(paths, &["chromium"], "the journeys")?;
        // Ubuntu's package of this name is only a pointer to another store.
        if let Some(chromium) = installed().filter(|program| works(program)) {
            return Ok(Some(chromium));
        }
    }
    let own = progress::step("Getting Playwright's Chromium", None, || {
        command::quiet(paths, "playwright", playwright(folder).args(["install", "chromium"]))
    });
    own.context(
        "The journeys need a Chromium and none could be had. Install one (`sudo apt-get install \
         chromium`), or name one: `CHROMIUM=/path/to/chromium cargo xtask test`.",
    )?;
    Ok(None)
}

fn works(program: &Path) -> bool {
    command::succeeds(Command::new(program).arg("--version"))
}
