//! `.br` and `.gz` beside every file of the bundle that shrinks.
//!
//! Done once here at the highest quality, so that the server never compresses an asset and small
//! machines serve the client as fast as large ones.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};

/// Text, and WASM. Pictures and fonts are compressed already.
const KINDS: [&str; 12] =
    ["css", "html", "ico", "js", "json", "map", "mjs", "svg", "txt", "wasm", "webmanifest", "xml"];
const BROTLI_QUALITY: u32 = 11;
/// The largest window every browser accepts.
const BROTLI_WINDOW: u32 = 22;

/// Compresses everything below a folder that is worth it.
pub fn folder(folder: &Path) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} cannot be read.", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            self::folder(&path)?;
        } else if worth_it(&path) {
            file(&path).with_context(|| format!("{} cannot be compressed.", path.display()))?;
        }
    }
    Ok(())
}

/// The name of a file's compressed neighbour.
pub fn neighbour(path: &Path, kind: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(kind);
    name.into()
}

fn worth_it(path: &Path) -> bool {
    path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known))
}

fn file(path: &Path) -> Result<()> {
    let content = fs::read(path)?;
    fs::write(neighbour(path, "br"), brotli(&content)?)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&content)?;
    fs::write(neighbour(path, "gz"), gzip.finish()?)?;
    Ok(())
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut writer =
        brotli::CompressorWriter::new(&mut out, 64 * 1024, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(content)?;
    writer.flush()?;
    drop(writer);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn neighbours_hold_the_same_content() {
        let base = std::env::temp_dir().join(format!("xtask-compress-{}", std::process::id()));
        fs::create_dir_all(base.join("pkg")).unwrap();
        let text = "body { margin: 0 }\n".repeat(100);
        let sheet = base.join("pkg/app.css");
        fs::write(&sheet, &text).unwrap();
        fs::write(base.join("icon.png"), "not really").unwrap();

        folder(&base).unwrap();

        let mut unpacked = String::new();
        brotli::Decompressor::new(&fs::read(neighbour(&sheet, "br")).unwrap()[..], 4096)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, text);
        unpacked.clear();
        flate2::read::GzDecoder::new(&fs::read(neighbour(&sheet, "gz")).unwrap()[..])
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, text);
        assert!(!base.join("icon.png.br").exists());
        fs::remove_dir_all(&base).unwrap();
    }
}
