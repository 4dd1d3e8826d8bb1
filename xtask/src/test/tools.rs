//! Servers that tests run beside the product: found, or installed from the distribution.

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

fn server(paths: &Paths, program: &str, package: &str, why: &str) -> Result<PathBuf> {
    if let Some(found) = command::on_path(program) {
        return Ok(found);
    }
    if !machine::can_install() {
        bail!(
            "`{program}` is not installed and is needed for {why}: `sudo apt-get install \
             --no-install-recommends {package}`, then run this again."
        );
    }
    machine::install(paths, &[package], why)?;
    if machine::has_systemd() {
        // The package starts a server of its own. Only its program is wanted here.
        command::succeeds(Command::new("systemctl").args(["disable", "--now", program]));
    }
    command::on_path(program).with_context(|| {
        format!(
            "The package {package} was installed but holds no {program}. Install it by hand, then \
             run this again."
        )
    })
}
