//! How much a browser loads before the console is live, and the most it may be.
//!
//! Size is lost a few kilobytes at a time and never comes back by itself; so each bundle says where
//! it stands and `check` fails when the budget is spent.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::{precompress, split};

/// Script and WASM for the launcher or the sign-in page, as brotli sends them. The aim is 250 KB.
/// Both pages are in the main part, so no chunk counts.
pub const MOST: u64 = 325_000;
pub const COUNTED: [&str; 3] = ["app.js", split::LOADER, "app_bg.wasm"];

/// What is spent, in bytes on the wire.
pub fn spent(dist: &Path) -> Result<u64> {
    COUNTED.iter().map(|name| wire_size(&dist.join("pkg").join(name))).sum()
}

pub fn wire_size(file: &Path) -> Result<u64> {
    let compressed = precompress::neighbour(file, "br");
    let size = fs::metadata(&compressed).with_context(|| {
        format!("{} is missing: run `cargo xtask bundle`.", compressed.display())
    })?;
    Ok(size.len())
}

/// `198.4 KB of 500 KB (39 %)`
pub fn sentence(spent: u64) -> String {
    format!("{} of {} ({} %)", kilobytes(spent), kilobytes(MOST), spent * 100 / MOST)
}

pub fn kilobytes(bytes: u64) -> String {
    let tenths = (bytes + 50) / 100;
    if tenths.is_multiple_of(10) {
        format!("{} KB", tenths / 10)
    } else {
        format!("{}.{} KB", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_in_kilobytes() {
        assert_eq!(sentence(198_449), "198.4 KB of 325 KB (61 %)");
    }
}
