//! Images on their way between the engine and a registry.
//!
//! Not by bollard, which leaves out of the engine's lines which layer they are about, and writes
//! credentials in the one alphabet of base64 where engines read the other.

use super::connect::Docker;
use super::errors::Failure;
use crate::{LayerTransfer, RegistryLogin, Transfer};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use bytes::Bytes;
use domain::job::LayerState;
use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Incoming};
use serde::Deserialize;
use std::io;
use std::time::Duration;

/// Longest silence in a transfer before the engine is taken to be lost.
const SILENCE: Duration = Duration::from_secs(5 * 60);
/// The header that carries a registry's credentials.
const CREDENTIALS: &str = "x-registry-auth";
/// Longest line of an engine, in bytes.
const LONGEST_LINE: usize = 1 << 20;

impl Docker {
    /// Has the engine move an image, and tells how far it is; returns the digest it ends with.
    pub(super) async fn transfer(
        &self,
        path: &str,
        login: Option<&RegistryLogin>,
        told: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<Option<String>, Failure> {
        let body = self.begin_transfer(path, login).await?;
        let mut lines = Lines { body, rest: Vec::new() };
        let mut layers = Layers::default();
        loop {
            let line = match tokio::time::timeout(SILENCE, lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) => return Ok(layers.digest),
                Ok(Err(error)) => return Err(self.broken(error)),
                Err(_) => return Err(self.silent_for(SILENCE)),
            };
            if let Some(message) = line.error {
                return Err(Failure::Refused { status: 500, message });
            }
            if layers.hear(line) {
                told(layers.progress());
            }
        }
    }

    async fn begin_transfer(
        &self,
        path: &str,
        login: Option<&RegistryLogin>,
    ) -> Result<Incoming, Failure> {
        let request = Request::post("/")
            .header(CREDENTIALS, credentials(login))
            .body(Full::new(Bytes::new()))
            .map_err(|error| self.broken(io::Error::other(error)))?;
        let response = tokio::time::timeout(SILENCE, self.send(path, request))
            .await
            .map_err(|_| self.silent_for(SILENCE))??;
        if response.status().is_success() {
            Ok(response.into_body())
        } else {
            Err(Self::refused(response).await)
        }
    }

    pub(super) fn silent_for(&self, limit: Duration) -> Failure {
        Failure::Lost(super::errors::silent(&self.address, limit))
    }
}

/// Repository and tag of a reference; what comes after the last colon may also be a port.
pub(super) fn split(reference: &str) -> (&str, &str) {
    match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (reference, "latest"),
    }
}

/// The engine's answer, a line of JSON at a time.
struct Lines {
    body: Incoming,
    rest: Vec<u8>,
}

/// One line of it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Line {
    status: String,
    /// The layer it is about.
    id: String,
    progress_detail: Detail,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Detail {
    current: u64,
    total: u64,
}

impl Lines {
    async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                match line.trim_ascii() {
                    [] => continue,
                    text => {
                        return serde_json::from_slice(text).map(Some).map_err(io::Error::other);
                    }
                }
            }
            if self.rest.len() > LONGEST_LINE {
                return Err(io::Error::other("the engine's line has no end"));
            }
            match self.body.frame().await {
                None if self.rest.trim_ascii().is_empty() => return Ok(None),
                None => self.rest.push(b'\n'),
                Some(frame) => {
                    let data = frame.map_err(io::Error::other)?.into_data().unwrap_or_default();
                    self.rest.extend_from_slice(&data);
                }
            }
        }
    }
}

/// What the engine's words say of a layer, if they are about one.
fn state_in(status: &str) -> Option<LayerState> {
    Some(match status {
        "Preparing" | "Waiting" | "Pulling fs layer" => LayerState::Waiting,
        // Layers are unpacked one after the other, and wait for their turn.
        "Verifying Checksum" | "Download complete" => LayerState::Waiting,
        "Pushing" | "Downloading" => LayerState::Moving,
        "Extracting" => LayerState::Unpacking,
        "Pushed" | "Layer already exists" | "Pull complete" | "Already exists" => LayerState::There,
        mounted if mounted.starts_with("Mounted from") => LayerState::There,
        _ => return None,
    })
}

/// What is known of an image's layers.
#[derive(Debug, Default)]
struct Layers {
    known: Vec<LayerTransfer>,
    digest: Option<String>,
}

impl Layers {
    /// Takes in what the engine says; tells whether a layer is new or has come further.
    fn hear(&mut self, line: Line) -> bool {
        let Line { status, id, progress_detail: Detail { current, total }, .. } = line;
        let Some(state) = state_in(&status).filter(|_| !id.is_empty()) else {
            self.digest = digest_in(&status).or(self.digest.take());
            return false;
        };
        let before = self.known.iter().find(|layer| layer.id == id).cloned();
        let layer = self.layer(id);
        if layer.state != LayerState::There {
            layer.state = state;
        }
        if state == LayerState::Moving {
            // More may go over the line than was said at first.
            layer.sent_bytes = layer.sent_bytes.max(current);
            layer.total_bytes = layer.total_bytes.max(total).max(layer.sent_bytes);
        }
        if state == LayerState::There {
            layer.sent_bytes = layer.total_bytes;
        }
        before.as_ref() != Some(&*layer)
    }

    /// The layer of this name, after the others if it is new.
    fn layer(&mut self, id: String) -> &mut LayerTransfer {
        let known = self.known.iter().position(|layer| layer.id == id);
        let at = known.unwrap_or_else(|| {
            self.known.push(LayerTransfer { id, ..LayerTransfer::default() });
            self.known.len() - 1
        });
        &mut self.known[at]
    }

    fn progress(&self) -> Transfer {
        Transfer::of(self.known.clone())
    }
}

/// The digest in `tag: digest: sha256:… size: 123`, or in `Digest: sha256:…`.
fn digest_in(status: &str) -> Option<String> {
    let (_, rest) = status.split_once("digest: ").or_else(|| status.split_once("Digest: "))?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// Engines want the header also where there is nobody to name.
fn credentials(login: Option<&RegistryLogin>) -> String {
    let named = login.map(|login| {
        serde_json::json!({
            "username": login.username,
            "password": login.password,
            "serveraddress": login.server,
        })
    });
    URL_SAFE.encode(named.unwrap_or_else(|| serde_json::json!({})).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_found_in_the_last_line() {
        let line = "1.2: digest: sha256:0f size: 1778";
        assert_eq!(digest_in(line).as_deref(), Some("sha256:0f"));
        assert_eq!(digest_in("Digest: sha256:0f").as_deref(), Some("sha256:0f"));
        assert_eq!(digest_in("Pushed"), None);
    }

    #[test]
    fn credentials_are_written_in_the_alphabet_that_engines_read() {
        let login = RegistryLogin {
            server: "r.example".into(),
            username: "ada".into(),
            password: "~?>éÿ hunter2".into(),
        };
        let header = credentials(Some(&login));
        assert!(!header.contains(['+', '/']), "{header}");
        let read: serde_json::Value =
            serde_json::from_slice(&URL_SAFE.decode(header).unwrap()).unwrap();
        assert_eq!(read["password"], login.password);
        assert_eq!(credentials(None), "e30=");
        assert!(!format!("{login:?}").contains("hunter2"));
    }

    fn sums(transfer: &Transfer) -> (u32, u32, u64, u64) {
        (transfer.there, transfer.layers, transfer.sent_bytes, transfer.total_bytes)
    }

    #[test]
    fn bytes_are_summed_over_layers_and_what_is_there_counts_whole() {
        let mut layers = Layers::default();
        let mut hear = |text: &str| {
            layers.hear(serde_json::from_str(text).unwrap());
            layers.progress()
        };
        hear(r#"{"status":"The push refers to repository [localhost:5000/app]"}"#);
        hear(r#"{"status":"Preparing","id":"a"}"#);
        hear(r#"{"status":"Preparing","progressDetail":{},"id":"b"}"#);
        hear(r#"{"status":"Layer already exists","id":"b"}"#);
        let half = r#"{"status":"Pushing","progressDetail":{"current":5,"total":10},"id":"a"}"#;
        assert_eq!(sums(&hear(half)), (1, 2, 5, 10));
        assert_eq!(sums(&hear(r#"{"status":"Pushed","id":"a"}"#)), (2, 2, 10, 10));
        hear(r#"{"status":"1: digest: sha256:0f size: 1778"}"#);
        assert_eq!(layers.digest.as_deref(), Some("sha256:0f"));
    }

    #[test]
    fn what_is_pulled_is_counted_by_what_is_downloaded() {
        let mut layers = Layers::default();
        for text in [
            r#"{"status":"Pulling from team/app","id":"1"}"#,
            r#"{"status":"Pulling fs layer","progressDetail":{},"id":"a"}"#,
            r#"{"status":"Already exists","progressDetail":{},"id":"b"}"#,
            r#"{"status":"Downloading","progressDetail":{"current":4,"total":10},"id":"a"}"#,
            r#"{"status":"Extracting","progressDetail":{"current":1,"total":10},"id":"a"}"#,
        ] {
            layers.hear(serde_json::from_str(text).unwrap());
        }
        assert_eq!(sums(&layers.progress()), (1, 2, 4, 10));
    }

    #[test]
    fn layers_are_told_one_by_one_in_the_order_in_which_the_engine_named_them() {
        let mut layers = Layers::default();
        let mut hear = |text: &str| layers.hear(serde_json::from_str(text).unwrap());
        assert!(hear(r#"{"status":"Pulling fs layer","progressDetail":{},"id":"c"}"#));
        assert!(hear(r#"{"status":"Already exists","progressDetail":{},"id":"a"}"#));
        assert!(hear(r#"{"status":"Pulling fs layer","progressDetail":{},"id":"b"}"#));
        assert!(!hear(r#"{"status":"Waiting","progressDetail":{},"id":"b"}"#), "that is no news");
        assert!(hear(
            r#"{"status":"Downloading","progressDetail":{"current":4,"total":10},"id":"c"}"#
        ));
        assert!(hear(r#"{"status":"Pull complete","progressDetail":{},"id":"c"}"#));
        assert!(!hear(r#"{"status":"Waiting","id":"a"}"#), "what is there stays there");
        assert!(hear(
            r#"{"status":"Extracting","progressDetail":{"current":1,"total":8},"id":"b"}"#
        ));
        let part = |id: &str, state, bytes| LayerTransfer {
            id: id.into(),
            state,
            sent_bytes: bytes,
            total_bytes: bytes,
        };
        let expected = [
            part("c", LayerState::There, 10),
            part("a", LayerState::There, 0),
            part("b", LayerState::Unpacking, 0),
        ];
        assert_eq!(layers.progress().parts, expected);
    }
}
