//! The state of a job as a sign and a word.

use super::icon::Glyph;
use domain::job::JobState;
use leptos::prelude::*;

/// Sign, and the look of the session state that means the same to a reader.
const fn look(state: JobState) -> (&'static str, &'static str) {
    match state {
        JobState::Queued => ("clock", "state-stopped"),
        JobState::Running => ("refresh", "state-starting is-moving"),
        JobState::Done => ("check", "state-running"),
        JobState::Failed => ("alert", "state-failed"),
        JobState::Cancelled => ("close", "state-stopped"),
    }
}

#[component]
pub fn JobBadge(state: JobState) -> impl IntoView {
    let (glyph, class) = look(state);
    view! {
        <span class=format!("badge {class}")>
            <Glyph name=glyph/>
            <span>{state.label()}</span>
        </span>
    }
    .into_any()
}
