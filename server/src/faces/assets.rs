//! The client bundle and public files, embedded in the binary and already compressed.
//!
//! Bundle files live under a path that holds a hash of all of them, so they may be cached for ever:
//! a new build has new addresses.

use app::lazy::Chunks;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

#[derive(RustEmbed)]
#[folder = "../dist"]
struct Dist;

/// The files of the bundle by name, and what each is made of.
static BUNDLE: LazyLock<BTreeMap<String, [u8; 32]>> = LazyLock::new(|| {
    Dist::iter()
        .filter(|path| !path.ends_with(".br") && !path.ends_with(".gz"))
        .filter_map(|path| {
            let name = path.strip_prefix("pkg/")?.to_owned();
            Some((name, Dist::get(&path)?.metadata.sha256_hash()))
        })
        .collect()
});

/// Hash over the bundle, for its path.
pub fn bundle_hash() -> String {
    // Each file is already hashed; what counts is that the sum changes with any of them.
    let mut sum = [0_u8; 8];
    for (n, hash) in BUNDLE.values().enumerate() {
        for (at, byte) in hash.iter().enumerate() {
            let slot = &mut sum[(at + n) % 8];
            *slot = slot.rotate_left(3) ^ byte;
        }
    }
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The addresses of the client's chunks. None are known to a server that was built without a
/// client; then pages name none.
pub fn chunks() -> Chunks {
    let list = Dist::get("pkg/chunks.json");
    let names: HashMap<String, Vec<String>> =
        list.and_then(|file| serde_json::from_slice(&file.data).ok()).unwrap_or_default();
    let hash = bundle_hash();
    let address = |file| format!("/pkg/{hash}/{file}");
    Chunks::new(
        names
            .into_iter()
            .map(|(chunk, files)| (chunk, files.into_iter().map(address).collect()))
            .collect(),
    )
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// Whether one part of `Accept-Encoding` admits an encoding; a weight of nought rules it out.
fn takes(part: &str, encoding: &str) -> bool {
    let (name, weight) = part.split_once(';').unwrap_or((part, ""));
    let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
    name.trim().eq_ignore_ascii_case(encoding) && weight.is_ok_and(|weight| weight > 0.0)
}

/// The file in the best encoding the browser takes.
fn negotiated(path: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    for (name, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepted.split(',').any(|part| takes(part, name))
            && let Some(file) = Dist::get(&format!("{path}.{ending}"))
        {
            return Some((file, Some(name)));
        }
    }
    Some((Dist::get(path)?, None))
}

fn respond(path: &str, headers: &HeaderMap, caching: &'static str) -> Response {
    let Some((file, encoding)) = negotiated(path, headers) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = file.data.into_owned().into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// `/pkg/{hash}/{file}`: for ever, but only under the present hash.
pub(crate) async fn bundle(
    State(hash): State<String>,
    Path((asked, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if asked != hash || !BUNDLE.contains_key(&file) {
        return StatusCode::NOT_FOUND.into_response();
    }
    respond(&format!("pkg/{file}"), &headers, "public, max-age=31536000, immutable")
}

/// Public files at the root that exist: icons and the like.
pub fn public_files() -> Vec<String> {
    Dist::iter()
        .filter(|path| {
            !path.starts_with("pkg/") && !path.ends_with(".br") && !path.ends_with(".gz")
        })
        .filter(|path| path != "index.html")
        .map(|path| path.into_owned())
        .collect()
}

/// Address of a public file, another one when its content is.
pub(crate) fn address(path: &str) -> String {
    let hash = Dist::get(path).map(|file| file.metadata.sha256_hash()).unwrap_or_default();
    let [a, b, c, d, ..] = hash;
    format!("/{path}?v={:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// One public file, revalidated now and then.
pub(crate) async fn public(uri: http::Uri, headers: HeaderMap) -> Response {
    respond(uri.path().trim_start_matches('/'), &headers, "public, max-age=3600")
}
