//! The state of a job as a sign and a word.

use super::badge::badge;
use domain::job::JobState;
use leptos::prelude::*;

/// Sign, and the look of the session state that means the same to a reader.
const fn look(state: JobState) -> (&'static str, &'static str) {
    match state {
        JobState::Queued => ("clock", "badge state-stopped"),
        JobState::Running => ("refresh", "badge state-starting is-moving"),
        JobState::Done => ("check", "badge state-running"),
        JobState::Failed => ("alert", "badge state-failed"),
        JobState::Cancelled => ("close", "badge state-stopped"),
    }
}

#[component]
pub fn JobBadge(state: JobState) -> AnyView {
    let (glyph, look) = look(state);
    badge(glyph, look, state.label())
}
