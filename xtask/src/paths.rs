//! Where things are: the clone, its build products, and this user's cache.
//!
//! Kept in one value so that no other module asks the environment or the working directory, which
//! `cargo xtask` may be called from any folder of the clone.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, anyhow};

pub struct Paths {
    /// The clone.
    pub root: PathBuf,
    /// Cargo's build products, where `CARGO_TARGET_DIR` may have moved them.
    pub target: PathBuf,
    /// The bundled client.
    pub dist: PathBuf,
    /// Output of quiet steps.
    pub logs: PathBuf,
    /// Tools of this user, kept across clones.
    pub tools: PathBuf,
}

impl Paths {
    pub fn find() -> Result<Self> {
        // Set by `cargo run`; the compile-time value serves a binary started by hand.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .map(Path::to_path_buf)
            .ok_or_else(|| anyhow!("{} has no parent folder.", manifest.display()))?;
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |given| root.join(given));
        let paths = Self {
            dist: root.join("dist"),
            logs: target.join("xtask-logs"),
            tools: cache()?.join("slipway/tools"),
            target,
            root,
        };
        fs::create_dir_all(&paths.logs)
            .with_context(|| format!("The folder {} cannot be made.", paths.logs.display()))?;
        Ok(paths)
    }

    pub fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// A path as people in the clone would type it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

fn cache() -> Result<PathBuf> {
    if let Some(given) = env::var_os("XDG_CACHE_HOME").filter(|v| Path::new(v).is_absolute()) {
        return Ok(given.into());
    }
    env::home_dir().map(|home| home.join(".cache")).ok_or_else(|| {
        anyhow!("HOME is not set, so there is no place for tools: `export HOME=…` and run again.")
    })
}
