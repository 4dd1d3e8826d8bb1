//! From the engine to a registry.
//!
//! The engine tells one line for each layer and each step of it, and not which layer a line is
//! about; layers can still be counted, because each is announced once and done once.

use super::connect::Docker;
use crate::{PushProgress, RegistryLogin};
use bollard::auth::DockerCredentials;
use bollard::errors::Error as Raw;
use bollard::query_parameters::PushImageOptionsBuilder;
use domain::{Error, ErrorKind, Result, image::ImageRef};
use futures_util::StreamExt;
use std::time::Duration;

/// Longest silence in a push before the engine is taken to be lost.
const SILENCE: Duration = Duration::from_secs(5 * 60);
/// The header that carries a registry's credentials.
const CREDENTIALS: &str = "x-registry-auth";

impl Docker {
    pub(super) async fn push_tag(
        &self,
        reference: &str,
        login: Option<&RegistryLogin>,
        told: &(dyn Fn(PushProgress) + Send + Sync),
    ) -> Result<String> {
        let (repository, tag) = match reference.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, tag),
            _ => (reference, "latest"),
        };
        let credentials = login.map(credentials);
        let failed = |failure: super::errors::Failure| match failure {
            // The engine itself has gone, and what it would have said of the registry.
            lost @ super::errors::Failure::Lost(_) => lost.into_error("push", "image", reference),
            refused => classify(refused.into_error("push", "image", reference), reference),
        };
        let client = self.client().await.map_err(failed)?.with_timeout(SILENCE);
        // The library writes the header in the one alphabet of base64, and engines read the other:
        // without this, a `?` in the right place of a password is a malformed request.
        let client = client.with_request_modifier(|mut request| {
            if let Some(header) = request.headers_mut().get_mut(CREDENTIALS)
                && let Some(safe) =
                    header.to_str().ok().and_then(|text| url_safe(text).parse().ok())
            {
                *header = safe;
            }
            request
        });
        let options = PushImageOptionsBuilder::new().tag(tag).build();
        let mut lines = Box::pin(client.push_image(repository, Some(options), credentials));
        let mut progress = PushProgress { there: 0, layers: 0 };
        let mut digest = None;
        loop {
            let line = match tokio::time::timeout(SILENCE, lines.next()).await {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(_) => return Err(failed(self.silent_for(SILENCE))),
            };
            let status = line.map_err(|error| failed(self.failure(error)))?.status;
            let Some(status) = status else { continue };
            let before = progress;
            match status.as_str() {
                "Preparing" => progress.layers += 1,
                "Pushed" | "Layer already exists" => progress.there += 1,
                status if status.starts_with("Mounted from") => progress.there += 1,
                status => digest = digest_in(status).or(digest),
            }
            if progress != before {
                told(progress);
            }
        }
        digest.ok_or_else(|| {
            Error::unavailable(format!("The engine did not say how the push of {reference} ended."))
                .hint("Try again.")
        })
    }
}

/// The digest in `tag: digest: sha256:… size: 123`.
fn digest_in(status: &str) -> Option<String> {
    let (_, rest) = status.split_once("digest: ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

fn credentials(login: &RegistryLogin) -> DockerCredentials {
    DockerCredentials {
        username: Some(login.username.clone()),
        password: Some(login.password.clone()),
        serveraddress: Some(login.server.clone()),
        ..DockerCredentials::default()
    }
}

/// From the standard alphabet of base64 to the one for URLs.
fn url_safe(text: &str) -> String {
    text.replace('+', "-").replace('/', "_")
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
    pub(super) fn silent_for(&self, limit: Duration) -> super::errors::Failure {
        super::errors::Failure::Lost(super::errors::silent(&self.address, limit))
    }

    fn failure(&self, error: Raw) -> super::errors::Failure {
        super::errors::Failure::new(error, &self.address)
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
        assert_eq!(url_safe("ab+/cd=="), "ab-_cd==");
        let login = RegistryLogin {
            server: "r.example".into(),
            username: "ada".into(),
            password: "hunter2".into(),
        };
        assert!(!format!("{login:?}").contains("hunter2"));
    }
}
