//! The client in `dist/`, as the server embeds it: script, WASM in parts, one style sheet, the
//! public files, and compressed neighbours of each.
//!
//! Skipped when nothing it is made of has changed. The record of that is written last, so that a
//! bundle broken off half-way is made again.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::fingerprint::Fingerprint;
use crate::paths::Paths;
use crate::{budget, command, css, lock, precompress, progress, split, tools};

/// What the client is made of. The domain crate is the only other one compiled into it.
const INPUTS: [&str; 8] =
    [".cargo", "app", "crates/domain", "style", "public", "Cargo.toml", "Cargo.lock", "Trunk.toml"];
/// Raise when this module puts something else into `dist/` from the same inputs.
const FORMAT: &str = "2";

pub fn bundle(paths: &Paths) -> Result<()> {
    let _lock = lock::take(&paths.target.join("xtask-bundle.lock"), "building the client")?;
    let wanted = fingerprint(paths)?;
    if fs::read_to_string(stamp(paths)).is_ok_and(|made| made == wanted) && complete(paths) {
        progress::say("→ The client has not changed since it was built.");
        return Ok(());
    }
    // Gone before anything is touched: what is half-made must not pass for done.
    let _ = fs::remove_file(stamp(paths));
    let folders = tools::for_client(paths)?;
    let first = !paths.target.join(tools::WASM).join("wasm-release").is_dir();
    progress::step(
        "Building the client",
        first.then_some("the first time takes about 5 minutes"),
        || {
            let mut trunk = Command::new("trunk");
            trunk
                .args(["build", "--release", "--offline", "--skip-version-check"])
                .current_dir(&paths.root)
                .env("PATH", command::path_with(&folders)?)
                .env("CARGO_TERM_COLOR", "never")
                // Trunk reads it as a flag that must say `true` or `false`, and stops at the usual 1.
                .env_remove("NO_COLOR");
            command::scrub(&mut trunk);
            command::quiet(paths, "client", &mut trunk)
        },
    )?;
    progress::step("Splitting the client", None, || split::split(paths, &folders))?;
    progress::step("Compressing the client", None, || finish(paths))?;
    // Cargo may have completed the lock file meanwhile, which is one of the inputs.
    fs::write(stamp(paths), fingerprint(paths)?)?;
    let spent = budget::spent(&paths.dist)?;
    progress::say(&format!("  Script and WASM for the first page: {}.", budget::sentence(spent)));
    Ok(())
}

/// What Trunk leaves to us.
fn finish(paths: &Paths) -> Result<()> {
    // Trunk's entry page would be served in place of the real, server-rendered one.
    let page = paths.dist.join("index.html");
    fs::remove_file(&page).with_context(|| format!("{} is missing.", page.display()))?;
    let sheet = css::inline(&paths.root.join("style/app.css"))?;
    fs::write(paths.dist.join("pkg/app.css"), sheet)?;
    precompress::folder(&paths.dist)
}

fn complete(paths: &Paths) -> bool {
    ["app.js.br", "app_bg.wasm.br", "app.css.br", split::LIST]
        .iter()
        .all(|name| paths.dist.join("pkg").join(name).is_file())
}

fn fingerprint(paths: &Paths) -> Result<String> {
    let mut fingerprint = Fingerprint::new();
    fingerprint.text(FORMAT);
    fingerprint.text(&command::output(Command::new("rustc").arg("-vV"))?);
    for input in INPUTS {
        fingerprint.path(&paths.root, input, &[])?;
    }
    Ok(fingerprint.finish())
}

fn stamp(paths: &Paths) -> PathBuf {
    paths.target.join("xtask-bundle.stamp")
}
