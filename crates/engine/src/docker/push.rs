//! From the engine to a registry.
//!
//! Not by bollard, which leaves out of the engine's lines which layer they are about, and writes
//! credentials in the one alphabet of base64 where engines read the other.

use super::connect::Docker;
use super::errors::Failure;
use crate::{PushProgress, RegistryLogin};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use bytes::Bytes;
use domain::{Error, ErrorKind, Result, image::ImageRef};
use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Incoming};
use serde::Deserialize;
use std::collections::HashMap;
use std::io;
use std::time::Duration;

/// Longest silence in a push before the engine is taken to be lost.
const SILENCE: Duration = Duration::from_secs(5 * 60);
/// The header that carries a registry's credentials.
const CREDENTIALS: &str = "x-registry-auth";
/// Longest line of an engine, in bytes.
const LONGEST_LINE: usize = 1 << 20;

impl Docker {
    pub(super) async fn push_tag(
        &self,
        reference: &str,
        login: Option<&RegistryLogin>,
        told: &(dyn Fn(PushProgress) + Send + Sync),
    ) -> Result<String> {
        let failed = |failure: Failure| match failure {
            // The engine itself has gone, and what it would have said of the registry.
            lost @ Failure::Lost(_) => lost.into_error("push", "image", reference),
            refused => classify(refused.into_error("push", "image", reference), reference),
        };
        let body = self.begin_push(reference, login).await.map_err(failed)?;
        let mut lines = Lines { body, rest: Vec::new() };
        let mut layers = Layers::default();
        loop {
            let line = match tokio::time::timeout(SILENCE, lines.next()).await {
                Ok(Ok(Some(line))) => line,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(failed(self.broken(error))),
                Err(_) => return Err(failed(self.silent_for(SILENCE))),
            };
            if let Some(message) = line.error {
                return Err(failed(Failure::Refused { status: 500, message }));
            }
            let before = layers.progress();
            layers.hear(line);
            let now = layers.progress();
            if now != before {
                told(now);
            }
        }
        layers.digest.ok_or_else(|| {
            Error::unavailable(format!("The engine did not say how the push of {reference} ended."))
                .hint("Try again.")
        })
    }

    async fn begin_push(
        &self,
        reference: &str,
        login: Option<&RegistryLogin>,
    ) -> std::result::Result<Incoming, Failure> {
        let (repository, tag) = match reference.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, tag),
            _ => (reference, "latest"),
        };
        let request = Request::post("/")
            .header(CREDENTIALS, credentials(login))
            .body(Full::new(Bytes::new()))
            .map_err(|error| self.broken(io::Error::other(error)))?;
        let path = format!("/images/{repository}/push?tag={tag}");
        let response = tokio::time::timeout(SILENCE, self.send(&path, request))
            .await
            .map_err(|_| self.silent_for(SILENCE))??;
        if response.status().is_success() {
            Ok(response.into_body())
        } else {
            Err(Self::refused(response).await)
        }
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

#[derive(Debug, Default)]
struct Layer {
    sent: u64,
    total: u64,
    there: bool,
}

/// What is known of an image's layers.
#[derive(Debug, Default)]
struct Layers {
    known: HashMap<String, Layer>,
    digest: Option<String>,
}

impl Layers {
    fn hear(&mut self, line: Line) {
        let Line { status, id, progress_detail: Detail { current, total }, .. } = line;
        let there = matches!(status.as_str(), "Pushed" | "Layer already exists")
            || status.starts_with("Mounted from");
        let of_a_layer = there || matches!(status.as_str(), "Preparing" | "Waiting" | "Pushing");
        if id.is_empty() || !of_a_layer {
            self.digest = digest_in(&status).or(self.digest.take());
            return;
        }
        let layer = self.known.entry(id).or_default();
        // More may go over the line than was said at first.
        layer.sent = layer.sent.max(current);
        layer.total = layer.total.max(total).max(layer.sent);
        if there {
            layer.there = true;
            layer.sent = layer.total;
        }
    }

    fn progress(&self) -> PushProgress {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let all = || self.known.values();
        PushProgress {
            there: count(all().filter(|layer| layer.there).count()),
            layers: count(self.known.len()),
            sent_bytes: all().map(|layer| layer.sent).sum(),
            total_bytes: all().map(|layer| layer.total).sum(),
        }
    }
}

/// The digest in `tag: digest: sha256:… size: 123`.
fn digest_in(status: &str) -> Option<String> {
    let (_, rest) = status.split_once("digest: ")?;
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

/// What a registry's refusal means, and what to do about it.
fn classify(error: Error, reference: &str) -> Error {
    let said = error.detail.clone().unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| said.to_lowercase().contains(word));
    let refused =
        |kind, message: &str, hint: &str| Error::new(kind, message).hint(hint).detail(said.clone());
    if has(&["toomanyrequests", "too many requests", "rate limit"]) {
        refused(
            ErrorKind::Unavailable,
            "The registry takes no more requests for now.",
            "Signing in, or another account, often has a higher limit.",
        )
    } else if has(&[
        "no basic auth",
        "unauthorized",
        "authentication required",
        "incorrect username",
    ]) {
        refused(
            ErrorKind::Forbidden,
            "The registry does not know this user name and password.",
            "Correct them and push again. The image and its workspace can be used meanwhile.",
        )
    } else if has(&["denied", "insufficient_scope", "forbidden"]) {
        refused(
            ErrorKind::Forbidden,
            "The registry does not let this user push to this repository.",
            "Use a repository that the user may write to, or have the right given at the registry.",
        )
    } else if has(&["x509", "certificate", "tls:"]) {
        let host = reference.parse::<ImageRef>().ok().and_then(|image| image.host);
        let host = host.unwrap_or_else(|| "docker.io".to_owned());
        refused(
            ErrorKind::Conflict,
            "The engine does not trust the registry's certificate.",
            &format!(
                "Put the registry's CA certificate into /etc/docker/certs.d/{host}/ca.crt on the engine's host, then push again."
            ),
        )
    } else if has(&["server gave http response to https client"]) {
        refused(
            ErrorKind::Conflict,
            "The registry speaks plain HTTP, and the engine insists on HTTPS.",
            "Give the registry a certificate, or list it under `insecure-registries` in the engine's configuration.",
        )
    } else if has(&["no space left"]) {
        refused(
            ErrorKind::Exhausted,
            "There is no space left where the image is to go.",
            "Free space at the registry, then push again.",
        )
    } else if has(&["no such host", "connection refused", "i/o timeout", "dial tcp", ": eof"]) {
        refused(
            ErrorKind::Unavailable,
            "The engine cannot reach the registry.",
            "Check the host in the image's name, and that the registry runs.",
        )
    } else {
        error
    }
}

impl Docker {
    pub(super) fn silent_for(&self, limit: Duration) -> Failure {
        Failure::Lost(super::errors::silent(&self.address, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_found_in_the_last_line() {
        let line = "1.2: digest: sha256:0f size: 1778";
        assert_eq!(digest_in(line).as_deref(), Some("sha256:0f"));
        assert_eq!(digest_in("Pushed"), None);
    }

    #[test]
    fn a_registrys_refusals_are_told_apart() {
        let told = |said: &str| {
            classify(Error::conflict("refused").detail(said), "r.example.org:5000/team/app:1")
        };
        let of = |said: &str| told(said).kind;
        assert_eq!(of("unauthorized: authentication required"), ErrorKind::Forbidden);
        assert_eq!(of("no basic auth credentials"), ErrorKind::Forbidden);
        assert_eq!(of("denied: requested access to the resource is denied"), ErrorKind::Forbidden);
        assert_eq!(of("toomanyrequests: slow down"), ErrorKind::Unavailable);
        assert_eq!(of("dial tcp: lookup x: no such host"), ErrorKind::Unavailable);
        assert_eq!(of("x509: certificate signed by unknown authority"), ErrorKind::Conflict);
        assert_eq!(of("something else"), ErrorKind::Conflict);
        let hint = told("x509: certificate signed by unknown authority").hint.unwrap();
        assert!(hint.contains("/etc/docker/certs.d/r.example.org:5000/ca.crt"), "{hint}");
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
        let expected =
            |there, sent_bytes| PushProgress { there, layers: 2, sent_bytes, total_bytes: 10 };
        assert_eq!(hear(half), expected(1, 5));
        assert_eq!(hear(r#"{"status":"Pushed","id":"a"}"#), expected(2, 10));
        hear(r#"{"status":"1: digest: sha256:0f size: 1778"}"#);
        assert_eq!(layers.digest.as_deref(), Some("sha256:0f"));
    }
}
