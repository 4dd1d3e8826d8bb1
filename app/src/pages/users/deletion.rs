//! The question before an account is deleted, asked by the address.

use crate::{
    api::users::{UserRemoval, weigh_user},
    components::confirm::{Confirm, asked_for, weighed},
    post::Post,
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::hooks::use_navigate;

/// The question while it is asked; `back` is the page without it.
pub fn question(delete: Post, back: String) -> AnyView {
    let asked = asked_for("delete");
    let navigate = use_navigate();
    let home = back.clone();
    let leave = Callback::new(move |()| {
        let options = leptos_router::NavigateOptions { replace: true, ..Default::default() };
        navigate(&home, options);
    });
    let question = move |id: String, doomed: UserRemoval| {
        let yes = move |ev: SubmitEvent| {
            delete.submit(&ev);
            leave.run(());
        };
        view! {
            <Confirm
                title=format!("Delete the user “{}”?", doomed.name)
                verb="Delete user"
                action=delete.url()
                fields=vec![("id", id)]
                cancel_href=back.clone()
                on_confirm=yes
                on_cancel=move |()| leave.run(())
            >
                {consequences(&doomed)}
            </Confirm>
        }
        .into_any()
    };
    weighed(move || asked.get(), weigh_user, question)
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
