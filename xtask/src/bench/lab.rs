//! What measurements share: the binary, the engine, the images.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::{env, fs, thread};

use anyhow::{Context, Result, bail};

use super::docker::Docker;
use super::server::NETWORKS_PREFIX;
use crate::engine::{self, Engine};
use crate::images::{self, Client};
use crate::paths::Paths;
use crate::progress::{say, step};
use crate::{bundle, command};

/// Another binary to measure, such as one of an earlier commit; nothing is built then.
const BINARY: &str = "XTASK_BENCH_BINARY";

pub struct Lab<'a> {
    pub paths: &'a Paths,
    binary: OnceCell<PathBuf>,
    engine: OnceCell<Engine>,
}

impl<'a> Lab<'a> {
    pub fn new(paths: &'a Paths) -> Self {
        Self { paths, binary: OnceCell::new(), engine: OnceCell::new() }
    }

    /// A busy machine makes every number worse, so the reader is told.
    pub fn say_what_else_runs(&self) {
        let cores = cores();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default().to_owned();
        say(&format!("{cores} processors; the load before measuring is {load}."));
    }

    /// The release binary, built if need be.
    pub fn binary(&self) -> Result<PathBuf> {
        once(&self.binary, || {
            if let Some(given) = env::var_os(BINARY) {
                let given = fs::canonicalize(&given)
                    .with_context(|| format!("{BINARY} names no file: {}.", given.display()))?;
                say(&format!("Measuring {} as it is.", given.display()));
                return Ok(given);
            }
            bundle::bundle(self.paths)?;
            step("Building the server", None, || {
                let mut cargo = command::cargo(self.paths);
                cargo.args(["build", "--release", "--package", "server", "--bin", "slipway"]);
                command::quiet(self.paths, "server", &mut cargo)
            })?;
            Ok(self.paths.target.join("release/slipway"))
        })
    }

    pub fn engine(&self) -> Result<Engine> {
        once(&self.engine, || {
            let engine = engine::ready(self.paths, None)?;
            Docker::at(&engine.url)?
                .sweep(NETWORKS_PREFIX)
                .context("What an earlier run left on the engine cannot be removed.")?;
            Ok(engine)
        })
    }

    /// Removes what servers left on the engine; to be called when none runs.
    pub fn clean_up(&self) -> Result<()> {
        match self.engine.get() {
            Some(engine) => Docker::at(&engine.url)?.sweep(NETWORKS_PREFIX),
            None => Ok(()),
        }
    }

    pub fn docker(&self) -> Result<Docker> {
        Docker::at(&self.engine()?.url)
    }

    /// The command that builds images.
    pub fn client(&self) -> Result<Client> {
        Client::find(&self.engine()?)
    }

    /// The smallest starter image, which sessions are made of here.
    pub fn terminal_image(&self) -> Result<String> {
        let tag = images::tag("terminal");
        let client = self.client()?;
        if !client.has(&tag) {
            images::build_all(self.paths, &client, &["terminal".to_owned()], false)?;
        }
        Ok(tag)
    }

    /// A program of the distribution, installed if that is allowed.
    pub fn tool(&self, program: &str, package: &str, purpose: &str) -> Result<PathBuf> {
        if command::on_path(program).is_none() && crate::machine::can_install() {
            crate::machine::install(self.paths, &[package], purpose)?;
        }
        match command::on_path(program) {
            Some(found) => Ok(found),
            None => bail!(
                "`{program}` is needed for {purpose}. Install it (`apt-get install {package}`), \
                 then run this again."
            ),
        }
    }
}

pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn once<T: Clone>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<T> {
    if let Some(made) = cell.get() {
        return Ok(made.clone());
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made).clone())
}
