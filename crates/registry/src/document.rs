//! Documents of the web that nobody here vouches for: one after the other, all within one time, none
//! longer than is said, and at public addresses unless somebody has decided otherwise.
//!
//! A redirect is told and not followed, because it could lead anywhere.

use crate::{
    Refusal,
    http1::{Answer, Caller, Place},
    trouble::Trouble,
};
use bytes::Bytes;
use domain::registry::Fault;
use http::{Method, StatusCode};
use std::time::Duration;

/// Reads documents until its time is up.
pub struct Reader(Caller);

impl Reader {
    /// `private` lets it read at addresses that are not public too.
    ///
    /// # Errors
    /// When nothing can be read at all.
    pub async fn new(private: bool, patience: Duration) -> Result<Self, Refusal> {
        let caller = Caller::new("", patience).await.map_err(of_documents)?;
        Ok(Self(caller.for_documents(!private)))
    }

    /// What is at an address; `None` where there is nothing.
    ///
    /// # Errors
    /// Why it was not read, in a sentence.
    pub async fn read(&self, address: &str, longest: usize) -> Result<Option<Bytes>, Refusal> {
        let read = async {
            let (place, target) = Place::of(address).ok_or_else(|| {
                Trouble::no_registry(format!("{address} is no address that can be read."))
            })?;
            let answer = self.0.up_to(longest).ask(Method::GET, &place, &target, None).await?;
            content(answer, &place.authority)
        };
        read.await.map_err(of_documents)
    }
}

fn content(answer: Answer, whom: &str) -> Result<Option<Bytes>, Trouble> {
    match answer.status {
        StatusCode::OK => Ok(Some(answer.body)),
        StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
        status if is_told(status) || answer.wants_https() => {
            Err(Trouble::of(&answer, whom, |status| {
                Trouble::new(
                    Fault::Permission,
                    format!("{whom} does not let everybody read there (status {status})."),
                    "",
                )
            }))
        }
        status => {
            let status = status.as_u16();
            Err(Trouble::no_registry(format!("{whom} has no document there (status {status}).")))
        }
    }
}

/// Whether an answer means the same for a document as for a registry.
fn is_told(status: StatusCode) -> bool {
    status.is_redirection()
        || status.is_server_error()
        || matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
        )
}

/// The same with a hint that fits what was asked for.
fn of_documents(trouble: Trouble) -> Refusal {
    let refusal = trouble.into_refusal();
    let hint = match refusal.fault {
        Fault::Unreachable => refusal.hint,
        Fault::Permission => "A catalog is read as nobody: use one that everybody may read.",
        Fault::RateLimited => "Try again later.",
        Fault::Certificate => {
            "Certificates are always verified, by what the machine that Slipway runs on trusts."
        }
        _ => "Give the address that is followed by `/versions.txt`, without a redirect.",
    };
    Refusal { hint, ..refusal }
}
