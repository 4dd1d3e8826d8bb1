//! The question before an account is deleted.

use super::question::{self, Words};
use crate::{api::users::UserRemoval, post::Post};
use leptos::prelude::*;

/// The question while it is asked; `back` is the page without it.
pub fn question(delete: Post, back: String) -> AnyView {
    question::question("delete", delete, back, words)
}

fn words(doomed: &UserRemoval) -> Words {
    (format!("Delete the user “{}”?", doomed.name), "Delete user", consequences(doomed))
}

fn consequences(doomed: &UserRemoval) -> AnyView {
    let sessions = match doomed.sessions {
        0 => "There are no sessions of this account.".to_owned(),
        1 => "Its session is deleted, with all files in it.".to_owned(),
        n => format!("Its {n} sessions are deleted, with all files in them."),
    };
    view! {
        <p>{sessions}</p>
        <p>
            "All sign-ins and streams end at once, jobs that wait in this name are dropped, and the history of sessions that have ended goes too."
        </p>
        <p>
            "Workspaces, images and the audit log stay. Disabling the account instead keeps everything."
        </p>
    }
    .into_any()
}
