//! What a registry lets one do, found out before anything depends on it.
//!
//! Engines push and pull; Slipway only asks. A test speaks the distribution protocol as an engine
//! would: is there a registry, does it know who signs in, may that user pull from a repository and
//! push to it. It leaves nothing behind: the upload that it begins is cancelled at once. Nothing is
//! followed to another host, except that a registry may name the one that signs people in for it;
//! all is bounded in time and size. Documents that anybody may have written are read in the same way
//! ([`Reader`]), from public addresses only unless somebody has decided otherwise.

mod challenge;
mod document;
mod http1;
mod reach;
mod tls;
mod trouble;
mod visit;

pub use document::Reader;
pub use tls::check_ca;

use domain::registry::{Address, Fault, RateLimit, TestReport};
use std::time::Duration;

/// A whole test takes no longer than this.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be tested. Not shown by `Debug`, because of the password.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub address: &'a Address,
    /// Empty to come as nobody.
    pub username: &'a str,
    pub password: &'a str,
    /// Certificates of the registry's own CA, as PEM; empty for none.
    pub ca: &'a str,
    /// The repository that is to be pulled from and pushed to, without host and tag; empty if none
    /// is known.
    pub repository: &'a str,
}

/// Asks a registry what it lets one do, within `patience`.
pub async fn test(question: &Question<'_>, patience: Duration) -> TestReport {
    visit::Visit::new(question, patience).run().await
}

/// What a registry says of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// `None` if it has no such tag.
    pub digest: Option<String>,
    /// How much may still be pulled, if it says.
    pub rate: Option<RateLimit>,
}

/// Why a registry does not say what a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub fault: Fault,
    /// A sentence.
    pub message: String,
    pub hint: &'static str,
    /// Seconds to wait before asking again, if it says.
    pub wait_s: Option<u32>,
}

impl Refusal {
    /// Whether asking for another name would end the same.
    const fn is_for_all(&self) -> bool {
        !matches!(self.fault, Fault::Permission)
    }
}

/// What each of these tags means at the registry; the question's own repository does not matter.
/// One request each, beside those that sign in. Where one answer says that the others would be
/// refused for the same reason, they are not asked for.
pub async fn meanings(
    question: &Question<'_>,
    wanted: &[(String, String)],
    patience: Duration,
) -> Vec<Result<Meaning, Refusal>> {
    let challenge = match visit::Visit::new(question, patience).introduction().await {
        Ok(challenge) => challenge,
        Err(trouble) => return vec![Err(trouble.into_refusal()); wanted.len()],
    };
    let mut all: Vec<Result<Meaning, Refusal>> = Vec::with_capacity(wanted.len());
    for (repository, tag) in wanted {
        if let Some(Err(refusal)) = all.last()
            && refusal.is_for_all()
        {
            let same = refusal.clone();
            all.push(Err(same));
            continue;
        }
        let question = Question { repository, ..*question };
        let visit = visit::Visit::new(&question, patience);
        let meaning = visit.meaning(challenge.as_ref(), tag).await;
        all.push(meaning.map_err(trouble::Trouble::into_refusal));
    }
    all
}

/// The digest under which a registry has a tag of the question's repository; `None` if it has none.
///
/// # Errors
/// Why it could not be asked.
pub async fn digest(
    question: &Question<'_>,
    tag: &str,
    patience: Duration,
) -> Result<Option<String>, Refusal> {
    let wanted = [(question.repository.to_owned(), tag.to_owned())];
    match meanings(question, &wanted, patience).await.pop() {
        Some(meaning) => meaning.map(|meaning| meaning.digest),
        None => Ok(None),
    }
}
