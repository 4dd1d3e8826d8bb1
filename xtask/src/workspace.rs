//! What Cargo says about the crates of this workspace, as their manifests have it.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command;
use crate::paths::Paths;

pub fn packages(paths: &Paths) -> Result<Vec<Value>> {
    let mut cargo = command::cargo(paths);
    let text = command::output(cargo.args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value =
        serde_json::from_str(&text).context("`cargo metadata` printed no JSON.")?;
    Ok(list(&metadata["packages"]).to_vec())
}

/// The items of a list; none if it is no list.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
