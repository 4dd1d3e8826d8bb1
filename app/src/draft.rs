//! A refused form, kept on the server for the page that shows what is wrong with it.
//!
//! Only for plain posts: the browser is sent back to the form by a redirect, which carries the
//! refusal but not the fields. They wait in the sign-in record, out of the address and its logs,
//! until the page takes them a moment later.

#![cfg(feature = "ssr")]

use crate::request::Request;
use leptos::prelude::use_context;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Key in the sign-in record.
const DRAFT: &str = "draft";

#[derive(Serialize, Deserialize)]
struct Draft<T> {
    /// Which form, of which thing.
    of: String,
    form: T,
}

/// Keeps the form if the present request is a plain post.
pub async fn keep<T: Serialize>(of: &str, form: &T) {
    let plain = use_context::<http::request::Parts>().is_some_and(|parts| {
        let accepts = parts.headers.get(http::header::ACCEPT).and_then(|v| v.to_str().ok());
        accepts.is_some_and(|v| v.contains("text/html"))
    });
    if plain && let Ok(request) = Request::current() {
        let kept = match serde_json::to_value(form) {
            Ok(form) => request.sign_in.insert(DRAFT, Draft { of: of.to_owned(), form }).await,
            Err(error) => return leptos::logging::warn!("a refused form is no JSON: {error}"),
        };
        // What cannot be kept is typed again; the refusal itself is shown all the same.
        if let Err(error) = kept {
            leptos::logging::warn!("a refused form could not be kept: {error}");
        }
    }
}

/// Takes the form that was kept, if it was this one.
pub async fn take<T: DeserializeOwned>(of: &str) -> Option<T> {
    let request = Request::current().ok()?;
    let draft = request.sign_in.remove::<Draft<serde_json::Value>>(DRAFT).await.ok()??;
    if draft.of == of { serde_json::from_value(draft.form).ok() } else { None }
}
