//! A short name for the content of files, to tell whether something must be built again.
//!
//! FNV-1a with 128 bits: stable across compilers (the standard hasher is not, and every image would
//! be rebuilt after a Rust update) and without a dependency. It guards against change, not malice.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

pub struct Fingerprint(u128);

impl Fingerprint {
    pub fn new() -> Self {
        Self(OFFSET)
    }

    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Adds a file or everything below a folder: names, whether executable, and content. A missing
    /// path counts as empty, since its later appearance changes the result.
    pub fn path(&mut self, base: &Path, relative: &str, skip: &[&str]) -> Result<()> {
        let mut files = Vec::new();
        collect(&base.join(relative), skip, &mut files)
            .with_context(|| format!("{relative} cannot be read."))?;
        files.sort();
        for file in files {
            let name = file.strip_prefix(base).unwrap_or(&file);
            let content =
                fs::read(&file).with_context(|| format!("{} cannot be read.", file.display()))?;
            let executable = fs::metadata(&file)?.permissions().mode() & 0o111 != 0;
            self.bytes(name.as_os_str().as_encoded_bytes());
            self.bytes(&[u8::from(executable)]);
            self.bytes(&content);
        }
        Ok(())
    }

    pub fn finish(&self) -> String {
        format!("{:032x}", self.0)
    }

    /// Length first, so that text cannot slide from one part into the next unnoticed.
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(PRIME);
        }
    }
}

fn collect(path: &Path, skip: &[&str], into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_file() {
        into.push(path.to_owned());
    } else if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if !skip.contains(&entry.file_name().to_string_lossy().as_ref()) {
                collect(&entry.path(), skip, into)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(base: &Path, skip: &[&str]) -> String {
        let mut fingerprint = Fingerprint::new();
        fingerprint.path(base, "in", skip).unwrap();
        fingerprint.finish()
    }

    #[test]
    fn known_value_of_the_algorithm() {
        // The published FNV-1a test vector for "a", with our length prefix left out.
        let hash = (OFFSET ^ u128::from(b'a')).wrapping_mul(PRIME);
        assert_eq!(format!("{hash:032x}"), "d228cb696f1a8caf78912b704e4a8964");
    }

    #[test]
    fn content_name_mode_and_presence_count_and_skipped_files_do_not() {
        let base = std::env::temp_dir().join(format!("xtask-fingerprint-{}", std::process::id()));
        let folder = base.join("in");
        fs::create_dir_all(&folder).unwrap();
        let missing = of(&base, &[]);
        fs::write(folder.join("a"), "1").unwrap();
        let first = of(&base, &[]);
        assert_ne!(missing, first);
        assert_eq!(first, of(&base, &[]));
        fs::write(folder.join("README.md"), "words").unwrap();
        assert_eq!(first, of(&base, &["README.md"]));
        fs::set_permissions(folder.join("a"), fs::Permissions::from_mode(0o755)).unwrap();
        let executable = of(&base, &["README.md"]);
        assert_ne!(first, executable);
        fs::rename(folder.join("a"), folder.join("b")).unwrap();
        assert_ne!(executable, of(&base, &["README.md"]));
        fs::remove_dir_all(&base).unwrap();
    }
}
