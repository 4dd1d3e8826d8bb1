//! Programs that tests run beside the product: found, or installed from the distribution.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::{command, machine};

/// What a journey puts in front of the product.
pub fn nginx(paths: &Paths) -> Result<PathBuf> {
    server(paths, "nginx", "nginx-light", "the journey behind a proxy")
}

/// What images are pushed to.
pub fn registry(paths: &Paths) -> Result<PathBuf> {
    server(paths, "docker-registry", "docker-registry", "pushing images to a registry")
}

/// The second browser of the journeys.
pub fn firefox(paths: &Paths) -> Result<PathBuf> {
    match command::on_path("firefox-esr").or_else(|| command::on_path("firefox")) {
        Some(found) => Ok(found),
        None => program(paths, "firefox-esr", "firefox-esr", "the journey in Firefox"),
    }
}

fn server(paths: &Paths, name: &str, package: &str, why: &str) -> Result<PathBuf> {
    if let Some(found) = command::on_path(name) {
        return Ok(found);
    }
    let installed = program(paths, name, package, why)?;
    if machine::has_systemd() {
        // The package starts a server of its own. Only its program is wanted here.
        command::succeeds(Command::new("systemctl").args(["disable", "--now", name]));
    }
    Ok(installed)
}

fn program(paths: &Paths, name: &str, package: &str, why: &str) -> Result<PathBuf> {
    if !machine::can_install() {
        bail!(
            "`{name}` is not installed and is needed for {why}: `sudo apt-get install \
             --no-install-recommends {package}`, then run this again."
        );
    }
    machine::install(paths, &[package], why)?;
    command::on_path(name).with_context(|| {
        format!(
            "The package {package} was installed but holds no {name}. Install it by hand, then \
             run this again."
        )
    })
}
