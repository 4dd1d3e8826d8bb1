//! Definitions of workspaces as a text: taken in after a look at what would change, and taken away.
//!
//! A file is posted past the pages and comes back as the text in the field; from then on it is the
//! same as one that was pasted.

use crate::{
    api::definitions::{ImportDefinitions, LookAtDefinitions, Opened, open_definitions},
    components::{
        PageHead,
        definitions::{notes, report as shown},
        field::{AreaField, ProblemSummary, problem_at},
        opening,
        ticks::ticks,
        upload::Upload,
    },
    post::{Post, PostForm},
    routes, wire,
};
use domain::{Error, workspace::DefinitionsReport};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

const EXAMPLE: &str = "version: 1
workspaces:
  - name: Desktop
    image: slipway/desktop:latest
    memory: 4 GiB
    groups:
      - All users";

const NOTHING: &str = "Nothing to do: everything is here as the text has it.";

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
                <div role="status">{move || report.get().map(|report| shown(report, NOTHING))}</div>
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
