//! How far the starter images are, for the tiles of a server that already runs.
//!
//! The server knows nothing of builds done from outside; it reads `preparing.json` in its data
//! folder. An image is in it from the moment it is known to be missing until it is there. The file
//! is replaced in one step, so that a reader never sees half of it, and it goes with this process:
//! what nobody builds any more must not look like being built.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::build_output::Step;

pub struct Preparing {
    file: PathBuf,
    /// None once closed: a build that ends later has nobody to tell.
    entries: Mutex<Option<BTreeMap<String, Value>>>,
}

impl Preparing {
    /// Starts empty, without what an earlier run may have left.
    pub fn start(data_dir: &Path) -> Result<Self> {
        let file = data_dir.join("preparing.json");
        let preparing = Self { file, entries: Mutex::new(Some(BTreeMap::new())) };
        preparing.change(BTreeMap::clear)?;
        Ok(preparing)
    }

    pub fn waiting(&self, tag: &str) -> Result<()> {
        self.set(tag, entry("waiting", None, "Waiting its turn"))
    }

    pub fn building(&self, tag: &str, step: &Step) -> Result<()> {
        self.set(tag, entry("building", Some(step), &step.instruction))
    }

    pub fn failed(&self, tag: &str, message: &str) -> Result<()> {
        self.set(tag, entry("failed", None, message))
    }

    pub fn done(&self, tag: &str) -> Result<()> {
        self.change(|entries| {
            entries.remove(tag);
        })
    }

    /// Takes the file away for good.
    pub fn close(&self) -> Result<()> {
        let outcome = self.change(BTreeMap::clear);
        *self.entries() = None;
        outcome
    }

    fn entries(&self) -> MutexGuard<'_, Option<BTreeMap<String, Value>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, tag: &str, entry: Value) -> Result<()> {
        self.change(|entries| {
            entries.insert(tag.to_owned(), entry);
        })
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Value>)) -> Result<()> {
        let mut entries = self.entries();
        let Some(entries) = entries.as_mut() else { return Ok(()) };
        change(entries);
        self.write(entries).with_context(|| {
            format!("The state of the images cannot be written to {}.", self.file.display())
        })
    }

    fn write(&self, entries: &BTreeMap<String, Value>) -> Result<()> {
        if entries.is_empty() {
            return match fs::remove_file(&self.file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            };
        }
        let fresh = self.file.with_extension("json.new");
        fs::write(&fresh, serde_json::to_vec(entries)?)?;
        fs::rename(&fresh, &self.file)?;
        Ok(())
    }
}

fn entry(state: &str, step: Option<&Step>, message: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    json!({
        "state": state,
        "step": step.map_or(0, |step| step.number),
        "steps": step.map_or(0, |step| step.of),
        "message": message,
        "at": now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_follows_the_builds_and_goes_with_the_last() {
        let folder = std::env::temp_dir().join(format!("xtask-preparing-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("preparing.json");
        fs::write(&file, "left by a run that was killed").unwrap();
        let read = || serde_json::from_slice::<Value>(&fs::read(&file).unwrap()).unwrap();

        let preparing = Preparing::start(&folder).unwrap();
        assert!(!file.exists());

        preparing.waiting("a").unwrap();
        preparing.waiting("b").unwrap();
        let step = Step { number: 3, of: 12, instruction: "RUN make".into() };
        preparing.building("a", &step).unwrap();
        let state = read();
        assert_eq!(state["b"]["state"], "waiting");
        assert_eq!(state["a"]["state"], "building");
        assert_eq!((&state["a"]["step"], &state["a"]["steps"]), (&json!(3), &json!(12)));
        assert_eq!(state["a"]["message"], "RUN make");
        assert!(state["a"]["at"].as_u64().unwrap() > 1_600_000_000_000);

        preparing.done("a").unwrap();
        assert!(read().get("a").is_none());
        preparing.failed("b", "no space left").unwrap();
        assert_eq!(read()["b"]["message"], "no space left");
        preparing.close().unwrap();
        preparing.waiting("c").unwrap();
        assert!(!file.exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
