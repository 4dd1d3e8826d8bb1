//! From the engine to a registry and back.

use super::connect::Docker;
use super::errors::Failure;
use super::transfer::split;
use crate::{RegistryLogin, Transfer};
use domain::{Error, ErrorKind, Result, image::ImageRef};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Push,
    Pull,
}

impl Way {
    fn failed(self, failure: Failure, reference: &str) -> Error {
        let doing = match self {
            Self::Push => "push",
            Self::Pull => "pull",
        };
        match failure {
            // The engine itself has gone, and what it would have said of the registry.
            lost @ Failure::Lost(_) => lost.into_error(doing, "image", reference),
            refused => classify(refused.into_error(doing, "image", reference), reference, self),
        }
    }
}

impl Docker {
    pub(super) async fn push_tag(
        &self,
        reference: &str,
        login: Option<&RegistryLogin>,
        told: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<String> {
        let (repository, tag) = split(reference);
        let path = format!("/images/{repository}/push?tag={tag}");
        let digest = self.transfer(&path, login, told).await;
        digest.map_err(|failure| Way::Push.failed(failure, reference))?.ok_or_else(|| {
            Error::unavailable(format!("The engine did not say how the push of {reference} ended."))
                .hint("Try again.")
        })
    }

    pub(super) async fn pull_tag(
        &self,
        reference: &str,
        login: Option<&RegistryLogin>,
        told: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<()> {
        // A digest takes the place of the tag, and both must not be parsed as parts of the address.
        let (repository, tag) = match reference.split_once('@') {
            Some((repository, digest)) => (split(repository).0, digest),
            None => split(reference),
        };
        let encode = domain::list::encode;
        let path = format!("/images/create?fromImage={}&tag={}", encode(repository), encode(tag));
        let done = self.transfer(&path, login, told).await;
        done.map(drop).map_err(|failure| Way::Pull.failed(failure, reference))
    }
}

/// Whether a transfer failed because the registry takes no more requests for now.
pub fn is_rate_limit(error: &Error) -> bool {
    let said = error.detail.as_deref().unwrap_or_default().to_lowercase();
    ["toomanyrequests", "too many requests", "rate limit"].iter().any(|word| said.contains(word))
}

/// What engines say of manifests and layers that they cannot read.
const DAMAGED: [&str; 10] = [
    "failed to register layer",
    "error processing tar",
    "missing signature key",
    "unexpected end of json",
    "invalid character",
    "verification failed",
    "unsupported manifest",
    "unexpected eof",
    "manifest invalid",
    "blob unknown",
];

/// What engines say of a registry that they do not reach, that hangs, or that breaks off.
const SILENT: [&str; 12] = [
    "no such host",
    "connection refused",
    "i/o timeout",
    "dial tcp",
    ": eof",
    "client.timeout exceeded",
    "context deadline exceeded",
    "handshake timeout",
    "connection reset",
    "request canceled while waiting",
    "awaiting headers",
    "server closed",
];

/// What a registry's refusal means, and what to do about it.
fn classify(error: Error, reference: &str, way: Way) -> Error {
    let said = error.detail.clone().unwrap_or_default();
    let has = |words: &[&str]| words.iter().any(|word| said.to_lowercase().contains(word));
    let refused =
        |kind, message: &str, hint: &str| Error::new(kind, message).hint(hint).detail(said.clone());
    if is_rate_limit(&error) {
        refused(
            match way {
                Way::Push => ErrorKind::Unavailable,
                // More attempts would only make it worse.
                Way::Pull => ErrorKind::Exhausted,
            },
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
            match way {
                Way::Push => {
                    "Correct them and push again. The image and its workspace can be used meanwhile."
                }
                Way::Pull => "Correct them under Registries, then pull again.",
            },
        )
    } else if way == Way::Pull
        && has(&["manifest unknown", "not found", "does not exist", "no such image"])
        && !has(&["no such host"])
    {
        refused(
            ErrorKind::NotFound,
            "The registry has no such image, or shows it only to whom it knows.",
            "Check the image's name and tag. If it is private, store the registry with a user name and a password under Registries.",
        )
    } else if has(&["denied", "insufficient_scope", "forbidden"]) {
        refused(
            ErrorKind::Forbidden,
            match way {
                Way::Push => "The registry does not let this user push to this repository.",
                Way::Pull => {
                    "The registry does not let this user pull this image, or does not have it."
                }
            },
            "Use a repository that the user may use, or have the right given at the registry.",
        )
    } else if has(&["x509", "certificate", "tls:"]) {
        let host = reference.parse::<ImageRef>().ok().and_then(|image| image.host);
        let host = host.unwrap_or_else(|| "docker.io".to_owned());
        refused(
            ErrorKind::Conflict,
            "The engine does not trust the registry's certificate.",
            &format!(
                "Put the registry's CA certificate into /etc/docker/certs.d/{host}/ca.crt on the engine's host, then try again."
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
            match way {
                Way::Push => "Free space at the registry, then push again.",
                Way::Pull => "Free space where the engine keeps images, then pull again.",
            },
        )
    } else if way == Way::Pull && has(&DAMAGED) {
        refused(
            ErrorKind::Conflict,
            "What the registry has under this name is damaged, or is no image that this engine can read.",
            "Push the image again, then pull it. What is on the engine under this name can still be launched.",
        )
    } else if has(&["unexpected http status: 5"]) {
        refused(
            ErrorKind::Unavailable,
            "The registry cannot answer because of a fault of its own.",
            "Look into the registry's log. What it keeps under this name may be damaged; then push the image again.",
        )
    } else if has(&SILENT) {
        refused(
            ErrorKind::Unavailable,
            "The engine cannot reach the registry.",
            "Check the host in the image's name, and that the registry runs.",
        )
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_not_taken_for_a_damaged_image() {
        let told = |said: &str| {
            let error = Error::conflict("refused").detail(said);
            classify(error, "r.example.org/team/app:1", Way::Pull)
        };
        let full = told(
            "failed to register layer: Error processing tar file(exit status 1): write /usr/lib/x: no space left on device",
        );
        assert_eq!(full.kind, ErrorKind::Exhausted);
        assert!(full.hint.unwrap().contains("Free space"), "{}", full.message);
        for said in [
            "failed to register layer: Error processing tar file(exit status 1): unexpected EOF",
            "missing signature key",
            "filesystem layer verification failed for digest sha256:11",
        ] {
            let damaged = told(said);
            assert_eq!(damaged.kind, ErrorKind::Conflict);
            assert!(damaged.message.contains("damaged"), "{said}: {}", damaged.message);
        }
    }

    #[test]
    fn what_ends_a_pull_is_told_apart_and_only_what_may_pass_is_tried_again() {
        let table = [
            ("manifest for r.example.org/a:1 not found: manifest unknown", ErrorKind::NotFound),
            ("no such image", ErrorKind::NotFound),
            ("Head \"https://r.example.org/v2/\": no basic auth credentials", ErrorKind::Forbidden),
            ("unauthorized: incorrect username or password", ErrorKind::Forbidden),
            ("denied: requested access to the resource is denied", ErrorKind::Forbidden),
            ("toomanyrequests: You have reached your pull rate limit", ErrorKind::Exhausted),
            ("Get \"https://r.example.org/v2/\": x509: unknown authority", ErrorKind::Conflict),
            ("remote error: tls: handshake failure", ErrorKind::Conflict),
            ("http: server gave HTTP response to HTTPS client", ErrorKind::Conflict),
            ("write /var/lib/x: no space left on device", ErrorKind::Exhausted),
            ("filesystem layer verification failed for digest", ErrorKind::Conflict),
            ("received unexpected HTTP status: 503 Service Unavailable", ErrorKind::Unavailable),
            ("dial tcp: lookup r.example.org: no such host", ErrorKind::Unavailable),
            ("dial tcp 192.0.2.1:443: connect: connection refused", ErrorKind::Unavailable),
            ("net/http: TLS handshake timeout", ErrorKind::Unavailable),
            (
                "Get \"https://r.example.org/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
                ErrorKind::Unavailable,
            ),
            ("context deadline exceeded", ErrorKind::Unavailable),
            (
                "read tcp 192.0.2.2:1->192.0.2.1:443: connection reset by peer",
                ErrorKind::Unavailable,
            ),
        ];
        for (said, kind) in table {
            let error = Error::conflict("refused").detail(said);
            let told = classify(error, "r.example.org/a:1", Way::Pull);
            assert_eq!(told.kind, kind, "{said}: {}", told.message);
            assert!(told.hint.is_some(), "{said}: {}", told.message);
        }
    }

    #[test]
    fn a_registrys_refusals_are_told_apart() {
        let told = |said: &str| {
            classify(
                Error::conflict("refused").detail(said),
                "r.example.org:5000/team/app:1",
                Way::Push,
            )
        };
        let of = |said: &str| told(said).kind;
        assert_eq!(of("unauthorized: authentication required"), ErrorKind::Forbidden);
        assert_eq!(of("no basic auth credentials"), ErrorKind::Forbidden);
        assert_eq!(of("denied: requested access to the resource is denied"), ErrorKind::Forbidden);
        assert_eq!(of("toomanyrequests: slow down"), ErrorKind::Unavailable);
        assert_eq!(of("dial tcp: lookup x: no such host"), ErrorKind::Unavailable);
        assert_eq!(of("x509: certificate signed by unknown authority"), ErrorKind::Conflict);
        assert_eq!(
            of("received unexpected HTTP status: 500 Internal Server Error"),
            ErrorKind::Unavailable
        );
        assert_eq!(of("something else"), ErrorKind::Conflict);
        let hint = told("x509: certificate signed by unknown authority").hint.unwrap();
        assert!(hint.contains("/etc/docker/certs.d/r.example.org:5000/ca.crt"), "{hint}");
    }
}
