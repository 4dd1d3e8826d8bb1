//! The WASM target, Trunk, wasm-bindgen and the splitter, each in exactly the version the client
//! needs.
//!
//! Trunk would fetch missing tools itself, from hosts that many machines cannot reach; so it runs
//! offline and finds them here. They are compiled once per version into the user's cache. What is
//! on `PATH` in the right version is used as it is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::{command, lock, progress};

pub const WASM: &str = "wasm32-unknown-unknown";
const TRUNK: &str = "0.21.14";
/// Cuts the client into chunks (`split.rs`).
pub const SPLITTER: &str = "wasm-split-cli";
/// Reads the marks that `wasm_split_macros` of this minor version leaves.
const SPLITTER_VERSION: &str = "0.2.4";

/// Everything the client needs; returns the folders to put in front of `PATH`.
pub fn for_client(paths: &Paths) -> Result<Vec<PathBuf>> {
    wasm_target(paths)?;
    let lock_file = fs::read_to_string(paths.root.join("Cargo.lock")).context(
        "Cargo.lock cannot be read. It comes with the clone; `cargo generate-lockfile` writes a \
         new one.",
    )?;
    let bindgen = locked_version(&lock_file, "wasm-bindgen")?;
    let trunk = Tool { name: "trunk", package: "trunk", version: TRUNK, told: true };
    let splitter = Tool {
        name: SPLITTER,
        package: "wasm_split_cli_support",
        version: SPLITTER_VERSION,
        told: false,
    };
    // Its own schema is checked against the library's, so the two must match to the digit.
    let bindgen = Tool {
        name: "wasm-bindgen",
        package: "wasm-bindgen-cli",
        version: bindgen.as_str(),
        told: true,
    };
    let folders = [trunk.folder(paths)?, bindgen.folder(paths)?, splitter.folder(paths)?];
    Ok(folders.into_iter().flatten().collect())
}

/// Adds Rust's WASM target to the toolchain in use if it is not there.
pub fn wasm_target(paths: &Paths) -> Result<()> {
    // The files tell, whoever installed them; rustup is only asked to add what is missing.
    let sysroot = command::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    if command::on_path("rustup").is_none() {
        bail!(
            "Rust's {WASM} target is missing, and there is no rustup to add it. Install your \
             distribution's package for it (Debian: `apt-get install libstd-rust-dev-wasm32`), or \
             get Rust from https://rustup.rs."
        );
    }
    progress::step(&format!("Adding Rust's {WASM} target"), None, || {
        command::quiet(
            paths,
            "rustup",
            Command::new("rustup").args(["target", "add", WASM]).current_dir(&paths.root),
        )
    })
}

struct Tool<'a> {
    /// The program, and the folder it gets in the cache.
    name: &'static str,
    /// The package that holds it.
    package: &'static str,
    version: &'a str,
    /// Whether the program tells its version. One that does not is only used from the cache, where
    /// the folder's name tells it.
    told: bool,
}

impl Tool<'_> {
    /// Where the tool is; none if it is on `PATH` already.
    fn folder(&self, paths: &Paths) -> Result<Option<PathBuf>> {
        if self.told && self.answers(Path::new(self.name)) {
            return Ok(None);
        }
        let home = paths.tools.join(format!("{}-{}", self.name, self.version));
        let folder = home.join("bin");
        let program = folder.join(self.name);
        if !self.answers(&program) {
            let _lock = lock::take(&paths.tools.join(".lock"), "installing tools")?;
            // The other one may just have installed it.
            if !self.answers(&program) {
                self.install(paths, &home)?;
            }
        }
        Ok(Some(folder))
    }

    fn answers(&self, program: &Path) -> bool {
        if !self.told {
            return command::succeeds(Command::new(program).arg("--help"));
        }
        command::output(Command::new(program).arg("--version"))
            .is_ok_and(|text| text.split_whitespace().any(|word| word == self.version))
    }

    fn install(&self, paths: &Paths, home: &Path) -> Result<()> {
        let title = format!("Installing {} {}", self.name, self.version);
        progress::step(&title, Some("once, takes some minutes"), || {
            // Not in the clone's target folder, which would keep hundreds of megabytes nobody needs
            // again, nor in /tmp, which may be small.
            let build = paths.tools.join(format!(".build-{}", self.name));
            let log = format!("install-{}", self.name);
            let first = command::quiet(paths, &log, &mut self.command(home, &build, true));
            let outcome = match first {
                // A lock file can name a release that a registry mirror does not have yet.
                Err(_) if self.name == "wasm-bindgen" => {
                    command::quiet(paths, &log, &mut self.command(home, &build, false))
                }
                other => other,
            };
            let _ = fs::remove_dir_all(&build);
            outcome
        })
    }

    fn command(&self, home: &Path, build: &Path, locked: bool) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command::scrub(&mut cargo);
        cargo
            .args(["install", self.package, "--bin", self.name])
            .args((self.name == SPLITTER).then_some("--features=build-binary"))
            .args(["--version", &format!("={}", self.version)])
            .arg("--root")
            .arg(home)
            .args(locked.then_some("--locked"))
            // Not in the clone, whose own Cargo configuration would apply.
            .current_dir(build.parent().unwrap_or(build))
            .env("CARGO_TARGET_DIR", build)
            .env("CARGO_TERM_COLOR", "never")
            // These run for seconds a day: how soon they are there matters more than their speed.
            .env("CARGO_PROFILE_RELEASE_LTO", "false")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        cargo
    }
}

/// The version of a package in a Cargo.lock.
fn locked_version(lock_file: &str, package: &str) -> Result<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock_file.lines();
    lines
        .by_ref()
        .find(|line| *line == name)
        .and_then(|_| lines.next()?.strip_prefix("version = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .with_context(|| format!("Cargo.lock names no version of `{package}`."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_of_the_package_with_exactly_that_name() {
        let lock_file = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.60\"\n\n\
                         [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock_file, "wasm-bindgen").unwrap(), "0.2.130");
        assert!(locked_version(lock_file, "trunk").is_err());
    }
}
