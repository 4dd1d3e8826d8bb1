//! What a registry lets one do, found out before anything depends on it.
//!
//! Engines push and pull; Slipway only asks. A test speaks the distribution protocol as an engine
//! would: is there a registry, does it know who signs in, may that user pull from a repository and
//! push to it. It leaves nothing behind: the upload that it begins is cancelled at once. Nothing is
//! followed to another host, except that a registry may name the one that signs people in for it;
//! all is bounded in time and size.

mod challenge;
mod http1;
mod tls;
mod trouble;
mod visit;

pub use tls::check_ca;

use domain::registry::{Address, TestReport};
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

/// The digest under which a registry has a tag of the question's repository; `None` if it has none.
///
/// # Errors
/// Why it could not be asked, as a sentence.
pub async fn digest(
    question: &Question<'_>,
    tag: &str,
    patience: Duration,
) -> Result<Option<String>, String> {
    visit::Visit::new(question, patience).digest(tag).await.map_err(|t| t.into_message())
}
