//! What would become of definitions that are taken in: workspace by workspace, and of each the
//! fields that change.

use super::icon::Glyph;
use domain::workspace::{DefinitionEntry, DefinitionFate, DefinitionsReport, FieldChange};
use leptos::prelude::*;

fn counted(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} {what}"))
}

/// What the whole comes to, in one sentence.
fn verdict(report: &DefinitionsReport, nothing: &str) -> String {
    let refused = report.count(DefinitionFate::Refused);
    if refused > 0 {
        let noun = if refused == 1 { "workspace has" } else { "workspaces have" };
        return format!("{refused} {noun} problems. As long as that is so, nothing can be saved.");
    }
    if !report.can_be_saved() {
        return nothing.to_owned();
    }
    let parts = [
        counted(report.count(DefinitionFate::New), "new"),
        counted(report.count(DefinitionFate::Changed), "changed"),
        counted(report.count(DefinitionFate::Unchanged), "unchanged"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{}. So far nothing is saved.", parts.join(", "))
}

/// What the whole comes to and what becomes of each; `nothing` is said where that is nothing.
pub fn report(report: DefinitionsReport, nothing: &str) -> AnyView {
    let verdict = verdict(&report, nothing);
    let entries = changes(report.entries);
    view! {
        <section class="report" aria-label="What would change">
            <p class="report-verdict">{verdict}</p>
            {entries}
        </section>
    }
    .into_any()
}

/// What becomes of each.
fn changes(entries: Vec<DefinitionEntry>) -> AnyView {
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

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use domain::error::FieldProblem;

    fn entry(name: &str, fate: DefinitionFate) -> DefinitionEntry {
        DefinitionEntry {
            name: name.into(),
            line: 3,
            fate,
            changes: Vec::new(),
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn html(entries: Vec<DefinitionEntry>) -> String {
        let owner = Owner::new();
        owner.set();
        report(DefinitionsReport { entries, seen: "0".into() }, "Nothing to do.").to_html()
    }

    #[test]
    fn each_change_is_told_with_both_values_and_nothing_in_it_is_markup() {
        let mut changed = entry("<b>Desktop", DefinitionFate::Changed);
        changed.changes.push(FieldChange {
            field: "memory".into(),
            before: "2 GiB".into(),
            after: "<4 GiB".into(),
        });
        let html = html(vec![changed, entry("Browser", DefinitionFate::Unchanged)]);
        for part in ["1 changed, 1 unchanged", "memory", "2 GiB", "&lt;4 GiB", "&lt;b&gt;Desktop"] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
    }

    #[test]
    fn a_problem_forbids_saving_and_nothing_to_do_says_so() {
        let mut bad = entry("Bad", DefinitionFate::Refused);
        let message = "Line 4: A port is between 1 and 65535.".to_owned();
        bad.problems.push(FieldProblem { field: "port".into(), message });
        let html_of_bad = html(vec![bad]);
        assert!(html_of_bad.contains("1 workspace has problems"), "{html_of_bad}");
        assert!(html_of_bad.contains("Line 4"), "{html_of_bad}");
        assert!(html(vec![entry("Same", DefinitionFate::Unchanged)]).contains("Nothing to do"));
    }
}
