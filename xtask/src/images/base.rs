//! The image that every starter begins with.
//!
//! How it comes about (pulled, or made from the machine's own Debian mirror) is the script's; it can
//! be run by hand. Here it only gets what it needs to do so.

use std::process::Command;

use anyhow::Result;

use super::client::Client;
use crate::paths::Paths;
use crate::{command, lock, machine, progress};

pub const SCRIPT: &str = "images/bootstrap-base.sh";
const IMAGE: &str = "debian:bookworm-slim";

pub fn ensure(paths: &Paths, client: &Client) -> Result<()> {
    if client.has(IMAGE) {
        return Ok(());
    }
    let _lock = lock::take(&paths.tools.join(".base-image.lock"), "getting the base image")?;
    progress::step(&format!("Getting the base image {IMAGE}"), None, || {
        let run = || {
            let mut script = Command::new("sh");
            script.arg(SCRIPT).current_dir(&paths.root);
            client.lend_to(&mut script);
            command::quiet(paths, "image-base", &mut script)
        };
        match run() {
            // Only where no registry answers does the script need it, and only then is it fetched.
            Err(_) if machine::can_install() && command::on_path("mmdebstrap").is_none() => {
                machine::install(paths, &["mmdebstrap"], "making the base image")?;
                run()
            }
            outcome => outcome,
        }
    })
}
