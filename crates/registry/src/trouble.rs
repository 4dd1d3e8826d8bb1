//! What may be wrong with a registry, in sentences.

use crate::{Refusal, http1::Answer};
use domain::{
    hidden::is_hidden,
    registry::{Fault, Outcome, TestLine, TestStep},
};
use http_body_util::LengthLimitError;
use serde::Deserialize;
use std::{error::Error, io, net::IpAddr};

/// Longest quotation of a registry's own words.
const QUOTED: usize = 200;

/// Why something did not work, and what to do.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) fault: Fault,
    message: String,
    hint: &'static str,
    /// Seconds to wait, if the registry says.
    wait_s: Option<u32>,
}

impl Trouble {
    pub(crate) fn new(fault: Fault, message: impl Into<String>, hint: &'static str) -> Self {
        Self { fault, message: message.into(), hint, wait_s: None }
    }

    pub(crate) fn into_refusal(self) -> Refusal {
        let Self { fault, message, hint, wait_s } = self;
        Refusal { fault, message, hint, wait_s }
    }

    pub(crate) fn line(self, step: TestStep) -> TestLine {
        TestLine {
            step,
            outcome: Outcome::Failed(self.fault),
            message: self.message,
            hint: self.hint.to_owned(),
        }
    }

    pub(crate) fn unknown_name(host: &str) -> Self {
        Self::new(
            Fault::Unreachable,
            format!("No address is known for the name {host}."),
            "Check the spelling, and that the machine Slipway runs on can resolve the name.",
        )
    }

    pub(crate) fn silent(whom: &str, seconds: u64) -> Self {
        Self::new(
            Fault::Unreachable,
            format!("{whom} did not answer within {seconds} s."),
            "Check the address, and whether a firewall or proxy stands between.",
        )
    }

    pub(crate) fn not_connected(whom: &str, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::ConnectionRefused {
            return Self::new(
                Fault::Unreachable,
                format!("Nothing listens at {whom}."),
                "Check the port, and that its server runs.",
            );
        }
        Self::new(
            Fault::Unreachable,
            format!("{whom} cannot be reached: {error}."),
            "Check the address, and that the machine Slipway runs on reaches it.",
        )
    }

    pub(crate) fn private(host: &str, ip: IpAddr) -> Self {
        Self::new(
            Fault::Unreachable,
            format!("{host} is at {ip}, which is no public address."),
            "What is on a network of one's own is read only where the server's setting `catalog_private` is on.",
        )
    }

    pub(crate) fn own(host: &str, ip: IpAddr) -> Self {
        Self::new(
            Fault::Unreachable,
            format!("{host} is at {ip}, which is this machine."),
            "What is on a network of one's own is read only where the server's setting `catalog_private` is on.",
        )
    }

    /// An answer that did not come whole.
    pub(crate) fn unread(whom: &str, longest: usize, error: &(dyn Error + 'static)) -> Self {
        if error.is::<LengthLimitError>() {
            let most = longest >> 10;
            return Self::no_registry(format!(
                "{whom} answers at greater length than is taken: {most} KiB."
            ));
        }
        Self::new(
            Fault::Unreachable,
            format!("{whom} broke off in the middle of its answer."),
            "Try again; if it stays, look into its log.",
        )
    }

    pub(crate) fn no_registry(message: impl Into<String>) -> Self {
        Self::new(
            Fault::NotARegistry,
            message,
            "Give the address of the registry itself, as in `docker login`; not that of its web page.",
        )
    }

    /// What an answer means that is no success: `refused` is said where who one is, or what one may
    /// do, was the reason.
    pub(crate) fn of(answer: &Answer, whom: &str, refused: impl FnOnce(u16) -> Self) -> Self {
        let quoted = answer.words().map(|said| format!(" It says: “{said}”.")).unwrap_or_default();
        let status = answer.status.as_u16();
        let mut trouble = match status {
            401 | 403 => refused(status),
            429 => Self::new(
                Fault::RateLimited,
                match answer.retry_after() {
                    Some(seconds) => {
                        format!("{whom} takes no more requests for now; try again in {seconds} s.")
                    }
                    None => format!("{whom} takes no more requests for now; try again later."),
                },
                "Signing in, or another account, often has a higher limit.",
            ),
            300..=399 => Self::no_registry(match answer.leads_to() {
                Some(elsewhere) => {
                    format!("{whom} leads on to {elsewhere}, which is not followed.")
                }
                None => format!("{whom} leads on to another address, which is not followed."),
            }),
            500..=599 => Self::new(
                Fault::Unreachable,
                format!("{whom} has trouble of its own (status {status})."),
                "Try again; if it stays, look into its log.",
            ),
            _ if answer.wants_https() => Self::new(
                Fault::NotARegistry,
                format!("{whom} speaks HTTPS, and was asked over plain HTTP."),
                "Write https:// in the address.",
            ),
            _ => Self::no_registry(format!(
                "{whom} does not answer as a registry (status {status})."
            )),
        };
        trouble.message.push_str(&quoted);
        trouble.wait_s = answer.retry_after();
        trouble
    }
}

/// How registries word a refusal.
#[derive(Deserialize)]
struct Refusals {
    #[serde(default)]
    errors: Vec<Words>,
}

#[derive(Deserialize)]
struct Words {
    #[serde(default)]
    message: String,
}

impl Answer {
    /// What the registry says about it in its own words, fit to be quoted.
    fn words(&self) -> Option<String> {
        let said: Refusals = serde_json::from_slice(&self.body).ok()?;
        let first = said.errors.into_iter().find(|one| !one.message.trim().is_empty())?;
        let plain = first.message.trim().chars().filter(|c| !is_hidden(*c));
        let quoted: String = plain.take(QUOTED).collect();
        Some(quoted.trim_end_matches('.').to_owned())
    }
}
