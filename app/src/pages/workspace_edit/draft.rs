//! A refused form, kept on the server for the page that shows what is wrong with it.
//!
//! Only for plain posts: the browser is sent back to the form by a redirect, which carries the
//! refusal but not the fields. They wait in the sign-in record, out of the address and its logs,
//! until the page takes them a moment later.

#![cfg(feature = "ssr")]

use crate::request::Request;
use domain::workspace::WorkspaceForm;
use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

/// Key in the sign-in record.
const DRAFT: &str = "draft";

#[derive(Serialize, Deserialize)]
struct Draft {
    /// Of the workspace; empty for a new one.
    id: String,
    form: WorkspaceForm,
}

/// Keeps the form if the present request is a plain post.
pub async fn keep(id: String, form: WorkspaceForm) {
    let plain = use_context::<http::request::Parts>().is_some_and(|parts| {
        let accepts = parts.headers.get(http::header::ACCEPT).and_then(|v| v.to_str().ok());
        accepts.is_some_and(|v| v.contains("text/html"))
    });
    if plain && let Ok(request) = Request::current() {
        // What cannot be kept is typed again; the refusal itself is shown all the same.
        if let Err(error) = request.sign_in.insert(DRAFT, Draft { id, form }).await {
            leptos::logging::warn!("a refused form could not be kept: {error}");
        }
    }
}

/// Takes the form that was kept for this workspace, if one was.
pub async fn take(id: &str) -> Option<WorkspaceForm> {
    let request = Request::current().ok()?;
    let draft = request.sign_in.remove::<Draft>(DRAFT).await.ok()??;
    (draft.id == id).then_some(draft.form)
}
