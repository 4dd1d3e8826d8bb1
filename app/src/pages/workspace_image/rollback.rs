//! The question before a workspace is rolled back, asked by the address.

use crate::{
    components::confirm::{Confirm, PARAMETER},
    post::Post,
    routes,
};
use domain::revision::{RevisionRow, WorkspaceImage};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::hooks::{use_navigate, use_query_map};

/// What the address asks with, before the number of the revision.
pub const DEED: &str = "roll_back:";

/// Nothing while nothing is asked, or about a revision that nobody can go back to (any more).
pub fn question(image: RwSignal<WorkspaceImage>, roll_back: Post) -> AnyView {
    let (id, name, reference) = image
        .with_untracked(|image| (image.workspace.clone(), image.name.clone(), image.image.clone()));
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        let number: u32 =
            query.with(|map| map.get_str(PARAMETER)?.strip_prefix(DEED)?.parse().ok())?;
        let is_it = |row: &&RevisionRow| {
            row.revision.number == number && !row.in_use && row.obstacle.is_none()
        };
        image.with(|image| image.revisions.iter().find(is_it).cloned())
    });
    let here = routes::workspace_image(&id);
    let navigate = use_navigate();
    let back = here.clone();
    let leave = Callback::new(move |()| {
        let options = leptos_router::NavigateOptions { replace: true, ..Default::default() };
        navigate(&back, options);
    });
    let question = move |row: RevisionRow| {
        let number = row.revision.number;
        let yes = move |ev: SubmitEvent| {
            roll_back.submit(&ev);
            leave.run(());
        };
        let fetched = row.missing.then(|| {
            view! {
                <p>
                    "It is not on the engine any more. It is pulled first, and the workspace cannot be launched until it is there."
                </p>
            }
        });
        let text = format!(
            "Launches then use its image, whatever {reference} comes to mean, until the workspace is unpinned. Sessions that exist keep theirs."
        );
        view! {
            <Confirm
                title=format!("Roll “{name}” back to revision {number}?")
                verb="Roll back"
                action=roll_back.url()
                fields=vec![("id", id.to_string()), ("number", number.to_string())]
                cancel_href=here.clone()
                on_confirm=yes
                on_cancel=move |()| leave.run(())
            >
                <p>{text}</p>
                {fetched}
            </Confirm>
        }
        .into_any()
    };
    view! { {move || asked.get().map(&question)} }.into_any()
}
