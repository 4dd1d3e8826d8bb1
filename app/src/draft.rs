//! What a plain post leaves for the page it leads back to.
//!
//! The browser is sent back to the form by a redirect, which can carry a refusal but neither the
//! fields nor a long answer. They wait in the sign-in record, out of the address and its logs, until
//! the page takes them a moment later. Passwords are not among them.

use crate::{refusal::Refusal, request::Request};
use leptos::prelude::use_context;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The form that takes definitions in as a text.
pub const DEFINITIONS: &str = "workspaces/import";
/// The form that takes entries of a catalog.
pub const CATALOG: &str = "workspaces/catalog";

/// Key in the sign-in record.
const DRAFT: &str = "draft";

#[derive(Serialize, Deserialize)]
struct Draft<T> {
    /// The form it is of.
    of: String,
    what: T,
}

/// Whether the present request is a plain post, whose answer is another page.
pub fn is_plain_post() -> bool {
    use_context::<http::request::Parts>().is_some_and(|parts| {
        let accepts = parts.headers.get(http::header::ACCEPT).and_then(|v| v.to_str().ok());
        accepts.is_some_and(|v| v.contains("text/html"))
    })
}

/// Keeps something for the form called `of` if the present request is a plain post of somebody who is
/// signed in. For anybody else a record would have to be made: the disk is not a stranger's to fill.
pub async fn keep<T: Serialize + Send + Sync>(of: impl Into<String>, what: T) {
    if is_plain_post()
        && let Ok(request) = Request::current()
        && request.arrived().is_ok()
    {
        leave(&request, of, what).await;
    }
}

/// The same, unless what was posted came to nothing because whoever posted it may not.
pub async fn keep_unless_refused<T, W: Serialize + Send + Sync>(
    outcome: &Result<T, Refusal>,
    of: impl Into<String>,
    what: W,
) {
    use domain::ErrorKind::{Forbidden, Unauthenticated};
    let kind = outcome.as_ref().err().map(|Refusal(error)| error.kind);
    if !matches!(kind, Some(Forbidden | Unauthenticated)) {
        keep(of, what).await;
    }
}

/// Keeps something for the form called `of`, also where a form posts past the pages.
pub async fn leave<T: Serialize + Send + Sync>(request: &Request, of: impl Into<String>, what: T) {
    // What cannot be kept is typed again; the refusal itself is shown all the same.
    if let Err(error) = request.sign_in.insert(DRAFT, Draft { of: of.into(), what }).await {
        leptos::logging::warn!("what a form left could not be kept: {error}");
    }
}

/// Takes what was kept for the form called `of`, if anything was.
pub async fn take<T: DeserializeOwned>(of: &str) -> Option<T> {
    let request = Request::current().ok()?;
    let kept = request.sign_in.remove::<serde_json::Value>(DRAFT).await.ok()??;
    // Of another form it may be anything.
    if kept.get("of").and_then(|known| known.as_str()) != Some(of) {
        return None;
    }
    let draft: Draft<T> = serde_json::from_value(kept).ok()?;
    Some(draft.what)
}
