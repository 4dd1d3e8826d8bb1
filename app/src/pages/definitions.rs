//! Definitions of workspaces as a text: taken in after a look at what would change, and taken away.
//!
//! A file is posted past the pages and comes back as the text in the field; from then on it is the
//! same as one that was pasted.

use crate::{
    api::definitions::{ImportDefinitions, LookAtDefinitions, Opened, open_definitions},
    components::{
        PageHead,
        definitions::{changes, notes},
        field::{AreaField, ProblemSummary, problem_at},
        opening,
        ticks::ticks,
        upload::Upload,
    },
    post::{Post, PostForm},
    routes, wire,
};
use domain::{
    Error,
    workspace::{DefinitionFate, DefinitionsReport},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

const EXAMPLE: &str = "version: 1
workspaces:
  - name: Desktop
    image: slipway/desktop:latest
    memory: 4 GiB
    groups:
      - All users";

/// The name a field posts under.
fn posted(field: &str) -> String {
    field.to_owned()
}

#[component]
pub fn DefinitionsPage() -> impl IntoView {
    let query = use_query_map();
    let read = move || {
        query.with_untracked(|map| map.get_str("read").is_some() || map.get_str("__err").is_some())
    };
    let first = wire::read(|| (), move |()| open_definitions(read()));
    opening(first, page)
}

fn page(opened: Opened) -> AnyView {
    let (look, import) = (Post::to::<LookAtDefinitions>(), Post::to::<ImportDefinitions>());
    let Opened { all, text, looked } = opened;
    let (first, failed) = match looked {
        Some(Ok(report)) => (Some(report), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    // What the page came with counts until something is asked on it.
    let is_first = move || look.version() == 0;
    let problem = Signal::derive(move || {
        let before = || failed.clone().filter(|_| is_first());
        look.refusal().or_else(|| import.refusal()).or_else(before)
    });
    let report = Memo::new(move |_| {
        look.answer::<DefinitionsReport>().or_else(|| first.clone().filter(|_| is_first()))
    });
    view! {
        <PageHead title="Import and export of workspaces" />
        <ProblemSummary problem posted_name=posted />
        <div class="wizard">
            {file()}
            <PostForm post=look also=import>
                {area(&text, problem)}
                <div role="status">{move || report.get().map(told)}</div>
                {move || foot(report.get(), look, import)}
            </PostForm>
            {export(&all)}
        </div>
    }
    .into_any()
}

fn file() -> AnyView {
    let upload = Upload {
        action: routes::READ_DEFINITIONS.to_owned(),
        field: "file",
        id: "file",
        label: "File with definitions",
        accept: ".yaml,.yml,.json",
        help: "YAML as an export writes it. It is read into the field below, and nothing is saved."
            .to_owned(),
        problem: "file_problem",
        verb: "Read file",
    };
    upload.show()
}

fn area(text: &str, problem: Signal<Option<Error>>) -> AnyView {
    view! {
        <AreaField
            name="text"
            label="Definitions"
            value=text.to_owned()
            rows=16
            code=true
            required=true
            placeholder=EXAMPLE
            help="A workspace is known by its name. One that is not mentioned stays as it is; of one that is, what is not written gets the value that a new form has."
            problem=problem_at(problem, "text")
        />
    }
    .into_any()
}

fn foot(report: Option<DefinitionsReport>, look: Post, import: Post) -> AnyView {
    let save = report.filter(DefinitionsReport::can_be_saved).map(|report| {
        view! {
            <input type="hidden" name="seen" value=report.seen />
            <button
                type="submit"
                class="button button-primary"
                formaction=import.url()
                disabled=move || import.is_pending()
            >
                {move || if import.is_pending() { "Saving …" } else { "Save" }}
            </button>
        }
    });
    let looks = if save.is_some() { "button" } else { "button button-primary" };
    view! {
        <div class="form-foot">
            // First in the page, so that Enter looks and does not save.
            <button type="submit" class=looks disabled=move || look.is_pending()>
                {move || if look.is_pending() { "Comparing …" } else { "Show changes" }}
            </button>
            {save}
            <a class="button" href=routes::WORKSPACES>"Cancel"</a>
        </div>
    }
    .into_any()
}

fn counted(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} {what}"))
}

/// What the whole comes to, in one sentence.
fn verdict(report: &DefinitionsReport) -> String {
    let refused = report.count(DefinitionFate::Refused);
    if refused > 0 {
        let noun = if refused == 1 { "workspace has" } else { "workspaces have" };
        return format!("{refused} {noun} problems. As long as that is so, nothing can be saved.");
    }
    if !report.can_be_saved() {
        return "Nothing to do: everything is here as the text has it.".to_owned();
    }
    let parts = [
        counted(report.count(DefinitionFate::New), "new"),
        counted(report.count(DefinitionFate::Changed), "changed"),
        counted(report.count(DefinitionFate::Unchanged), "unchanged"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{}. So far nothing is saved.", parts.join(", "))
}

/// What becomes of each workspace of the text.
fn told(report: DefinitionsReport) -> AnyView {
    let verdict = verdict(&report);
    let entries = changes(report.entries);
    view! {
        <section class="report" aria-label="What would change">
            <p class="report-verdict">{verdict}</p>
            {entries}
        </section>
    }
    .into_any()
}

/// Takes definitions away: a plain form that asks for the file.
fn export(all: &[(String, String)]) -> AnyView {
    let secret = ["Values of environment variables are in the file as they are, also those that are secret: keep it where only those may read it who may know them.".to_owned()];
    let chosen = ticks(
        "id",
        "Export",
        "Those that are ticked; without a tick, all of them. The same definitions always give the same file, so that a repository shows what has changed.",
        all,
        &[],
        Signal::stored(None),
    );
    view! {
        <form method="get" action=routes::EXPORT_WORKSPACES>
            {chosen}
            {notes(secret.to_vec())}
            <div class="form-foot">
                <button type="submit" class="button">"Download"</button>
            </div>
        </form>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use domain::{
        error::FieldProblem,
        workspace::{DefinitionEntry, FieldChange},
    };

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
        told(DefinitionsReport { entries, seen: "0".into() }).to_html()
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
