//! One at a time, across processes: two terminals may run `cargo xtask` in the same clone, or two
//! clones may install the same tool.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

use crate::progress;

/// Held until dropped; the system releases it too when the process dies.
pub struct Lock(#[expect(dead_code, reason = "dropping the file releases the lock")] File);

pub fn take(path: &Path, what_for: &str) -> Result<Lock> {
    let cannot = || format!("The lock {} cannot be taken.", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    let file =
        File::options().create(true).truncate(false).write(true).open(path).with_context(cannot)?;
    if file.try_lock().is_err() {
        progress::say(&format!("Waiting for another cargo xtask that is {what_for}."));
        file.lock().with_context(cannot)?;
    }
    Ok(Lock(file))
}
