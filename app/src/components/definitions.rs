//! What would become of definitions that are taken in: workspace by workspace, and of each the
//! fields that change.

use super::icon::Glyph;
use domain::workspace::{DefinitionEntry, DefinitionFate, FieldChange};
use leptos::prelude::*;

/// What becomes of each.
pub fn changes(entries: Vec<DefinitionEntry>) -> AnyView {
    let lines: Vec<AnyView> = entries.into_iter().map(line).collect();
    view! { <ol class="launch-steps">{lines}</ol> }.into_any()
}

/// Remarks, each a line of a list.
pub fn notes(all: Vec<String>) -> Option<AnyView> {
    let lines: Vec<_> = all.into_iter().map(|text| view! { <li>{text}</li> }.into_any()).collect();
    (!lines.is_empty())
        .then(|| view! { <ul class="notes launch-step-note">{lines}</ul> }.into_any())
}

fn line(entry: DefinitionEntry) -> AnyView {
    let (look, glyph, word) = match entry.fate {
        DefinitionFate::New => ("launch-step is-done", "plus", "New"),
        DefinitionFate::Changed => ("launch-step is-done", "edit", "Changed"),
        DefinitionFate::Unchanged => ("launch-step is-pending", "minus", "Unchanged"),
        DefinitionFate::Refused => ("launch-step is-failed", "alert", "Cannot be saved"),
    };
    let problems = entry.problems.into_iter().map(|problem| problem.message).collect();
    let changes: Vec<AnyView> = entry.changes.into_iter().map(change).collect();
    let changes = (!changes.is_empty()).then(|| view! { <ul class="changes">{changes}</ul> });
    view! {
        <li class=look>
            <Glyph name=glyph />
            <span class="launch-step-name">{entry.name}</span>
            <span class="launch-step-state">{word}</span>
            <span class="launch-step-time"></span>
            {notes(problems)}
            {changes}
            {notes(entry.notes)}
        </li>
    }
    .into_any()
}

fn change(change: FieldChange) -> AnyView {
    let before = (!change.before.is_empty()).then(|| view! { <del>{change.before}</del> });
    let after = match change.after.is_empty() {
        true => view! { <span class="muted">"not set"</span> }.into_any(),
        false => view! { <ins>{change.after}</ins> }.into_any(),
    };
    view! {
        <li>
            <code>{change.field}</code>
            {before}
            {after}
        </li>
    }
    .into_any()
}
