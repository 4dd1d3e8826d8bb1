//! Cuts the client into the part everybody loads and the chunks that pages ask for.
//!
//! Trunk cannot do it: the cut comes between Cargo and wasm-bindgen, which then only ties up the
//! main part. So what Trunk has put into `dist/pkg` is replaced here. Where to cut is marked in the
//! code (`app/src/lazy.rs`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::{command, tools};

/// Loads the chunks, and is loaded with the main part.
pub const LOADER: &str = "__wasm_split.js";
/// Which files make up which chunk, for the server.
pub const LIST: &str = "chunks.json";

/// Replaces the client in `dist/pkg` by its parts.
pub fn split(paths: &Paths, tools: &[PathBuf]) -> Result<()> {
    let whole = paths.target.join(tools::WASM).join("wasm-release/app.wasm");
    let parts = paths.target.join("wasm-split");
    let pkg = paths.dist.join("pkg");
    // Chunks have numbers, and an old one would stay.
    let _ = fs::remove_dir_all(&parts);
    fs::create_dir_all(&parts)
        .with_context(|| format!("The folder {} cannot be made.", parts.display()))?;
    let path = command::path_with(tools)?;
    let mut cut = Command::new(tools::SPLITTER);
    cut.args(["--out-name", "app"]).arg(&whole).arg(&parts).env("PATH", &path);
    command::quiet(paths, "split", &mut cut)?;
    let mut tie_up = Command::new("wasm-bindgen");
    tie_up
        .args(["--target", "web", "--no-typescript", "--out-name", "app", "--out-dir"])
        .arg(&pkg)
        // Chunks call the main part by names that it would not keep otherwise.
        .arg("--keep-lld-exports")
        .args(["--remove-name-section", "--remove-producers-section"])
        .arg(parts.join("app.wasm"))
        .env("PATH", &path);
    command::quiet(paths, "split", &mut tie_up)?;
    for entry in fs::read_dir(&parts)? {
        let (file, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if name != "app.wasm" && file.extension().is_some_and(|kind| kind == "wasm") {
            let bare = without_names(&fs::read(&file)?)
                .with_context(|| format!("{} is not a WASM file.", file.display()))?;
            fs::write(pkg.join(name), bare)?;
        }
    }
    let loader = fs::read_to_string(parts.join(LOADER))?;
    fs::write(pkg.join(LIST), serde_json::to_vec(&list(&loader, &pkg)?)?)?;
    fs::write(pkg.join(LOADER), loader)?;
    Ok(())
}

/// The files of each chunk, as the loader names them.
fn list(loader: &str, pkg: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let chunks = read(loader);
    let missing = chunks.values().flatten().find(|file| !pkg.join(file).is_file());
    match missing {
        Some(file) => bail!("{LOADER} asks for {file}, which was not made."),
        None if chunks.is_empty() => bail!("{LOADER} names no chunk."),
        None => Ok(chunks),
    }
}

/// An entry is `export const __wasm_split_load_NAME = …("./split_NAME.wasm"…, [__chunk_1, …]))`;
/// the first file is missing if all of the chunk is shared with others.
fn read(loader: &str) -> BTreeMap<String, Vec<String>> {
    let entries = loader.split("export const __wasm_split_load_").skip(1);
    entries
        .filter_map(|entry| {
            let (name, rest) = entry.split_once(" = ")?;
            let rest = rest.split_once("]))")?.0;
            let own = rest.split_once("\"./").and_then(|(_, file)| file.split_once('"'));
            let shared = rest.rsplit_once('[')?.1.split(", ");
            let shared = shared.filter_map(|variable| variable.strip_prefix("__"));
            let files = shared.map(|file| format!("{file}.wasm"));
            Some((name.to_owned(), files.chain(own.map(|(file, _)| file.to_owned())).collect()))
        })
        .collect()
}

/// A module without its custom sections, which only tools read. None if it is not a module.
fn without_names(module: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = module.split_at_checked(8)?;
    let mut out = head.to_vec();
    while let Some((kind, after)) = rest.split_first() {
        let (size, body) = number(after)?;
        let next = body.get(size..)?;
        if *kind != 0 {
            out.extend_from_slice(&rest[..rest.len() - next.len()]);
        }
        rest = next;
    }
    Some(out)
}

/// A LEB128 number and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let (digits, rest) = bytes.split_at(length);
    let value = digits.iter().rev().try_fold(0_usize, |value, digit| {
        Some(value.checked_mul(0x80)? | usize::from(digit & 0x7f))
    })?;
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_names_the_files_of_each_chunk() {
        let loader = "/* desk, images */\nconst __chunk_6 = makeLoad(() => {\n    const src = \
                      fetch(new URL(\"./chunk_6.wasm\", import.meta.url));\n}\n, []);\n\
                      export const __wasm_split_load_desk = wrapAsyncCb(makeLoad(() => {\n    \
                      const src = fetch(new URL(\"./split_desk.wasm\", import.meta.url));\n}\n, \
                      [__chunk_6, __chunk_7]));\n\
                      export const __wasm_split_load_images = wrapAsyncCb(makeLoad(() => async \
                      (_imp) => ({}), [__chunk_6]));\n\
                      export const __wasm_split_load_alone = wrapAsyncCb(makeLoad(() => {\n    \
                      const src = fetch(new URL(\"./split_alone.wasm\", import.meta.url));\n}\n, \
                      []));\n";
        let chunks = read(loader);
        assert_eq!(chunks.len(), 3);
        assert_eq!(chunks["desk"], ["chunk_6.wasm", "chunk_7.wasm", "split_desk.wasm"]);
        assert_eq!(chunks["images"], ["chunk_6.wasm"]);
        assert_eq!(chunks["alone"], ["split_alone.wasm"]);
    }

    #[test]
    fn custom_sections_are_dropped_and_nothing_else() {
        let head = b"\0asm\x01\0\0\0";
        let module = [&head[..], &[1, 2, 7, 8], &[0, 0x83, 0, 1, b'n', 9], &[10, 1, 5]].concat();
        let bare = [&head[..], &[1, 2, 7, 8], &[10, 1, 5]].concat();
        assert_eq!(without_names(&module), Some(bare));
        assert_eq!(without_names(&module[..module.len() - 1]), None);
        assert_eq!(without_names(b"text"), None);
    }
}
