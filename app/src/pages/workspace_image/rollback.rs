//! The question before a workspace is rolled back, asked by the address.

use crate::{components::question::Question, post::Post, routes};
use domain::revision::{RevisionRow, WorkspaceImage};
use leptos::prelude::*;

/// What the address asks with, before the number of the revision.
pub const DEED: &str = "roll_back";

/// Nothing while nothing is asked, or about a revision that nobody can go back to (any more).
pub fn question(image: RwSignal<WorkspaceImage>, roll_back: Post) -> AnyView {
    let (id, name, reference) = image
        .with_untracked(|image| (image.workspace.clone(), image.name.clone(), image.image.clone()));
    let question = Question::new(DEED, "Roll back", roll_back, routes::workspace_image(&id));
    let number = question.asked();
    let asked = Memo::new(move |_| {
        let number: u32 = number.with(|number| number.as_deref()?.parse().ok())?;
        let is_it = |row: &&RevisionRow| {
            row.revision.number == number && !row.in_use && row.obstacle.is_none()
        };
        image.with(|image| image.revisions.iter().find(is_it).cloned())
    });
    let shown = move |row: RevisionRow| {
        let number = row.revision.number;
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
        question.shown(
            format!("Roll “{name}” back to revision {number}?"),
            vec![("id", id.to_string()), ("number", number.to_string())],
            view! { <p>{text}</p> {fetched} }.into_any(),
        )
    };
    view! { {move || asked.get().map(&shown)} }.into_any()
}
