//! Storing the registries that a Docker `config.json` names, in two steps: a look, and the import.
//!
//! What is pasted holds passwords, so it is kept nowhere. With JavaScript it stays in the page until
//! it is imported; without, it is gone with the answer and is pasted again.

use crate::{
    api::{
        auth::who_is_it,
        registries::{ImportRegistries, LookAtImport},
    },
    components::{
        Glyph, PageHead,
        field::{AreaField, ProblemSummary, problem_at},
        opening,
        submit::submit,
    },
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::{
    Error,
    actor::Permission,
    registry::{ImportEntry, ImportFate, ImportReport},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

const EXAMPLE: &str = r#"{ "auths": { "registry.example.org": { "auth": "cm9ib3Q6dmlvbGlu" } } }"#;

/// The name a field posts under.
fn posted(field: &str) -> String {
    field.to_owned()
}

/// What was left by a look or an import without JavaScript, if the address says that there was one.
async fn open(read: bool) -> Result<Option<ImportReport>, Refusal> {
    // Nothing is read, so nothing would refuse; whoever may not import is better told before
    // pasting anything.
    let actor = who_is_it().await?.actor.ok_or_else(Error::unauthenticated)?;
    actor.require(Permission::ManageRegistries)?;
    #[cfg(feature = "ssr")]
    if read {
        return Ok(crate::draft::take("registries/import").await);
    }
    let _ = read;
    Ok(None)
}

#[component]
pub fn RegistryImportPage() -> impl IntoView {
    let query = use_query_map();
    let first = wire::read(
        || (),
        move |()| open(query.with_untracked(|map| map.get_str("read").is_some())),
    );
    opening(first, page)
}

fn page(before: Option<ImportReport>) -> AnyView {
    let (look, import) = (Post::to::<LookAtImport>(), Post::to::<ImportRegistries>());
    let problem = Signal::derive(move || look.refusal().or_else(|| import.refusal()));
    let left = before.is_some();
    // What was left counts until something is asked on this page.
    let is_left = move || left && look.version() + import.version() == 0;
    let report = Memo::new(move |_| {
        let said = look.answer::<ImportReport>().or_else(|| import.answer());
        if is_left() { before.clone() } else { said }
    });
    let stored = Memo::new(move |_| {
        report.with(|report| report.as_ref().is_some_and(|r| r.count(ImportFate::Stored) > 0))
    });
    // Once imported, the text and the passwords in it go from the page.
    view! {
        <PageHead title="Import registries" />
        <ProblemSummary problem posted_name=posted />
        <div class="wizard">
            <PostForm post=look also=import>
                {move || (!stored.get()).then(|| area(problem))}
                <div role="status">{move || report.get().map(|report| told(report, is_left()))}</div>
                {move || foot(stored.get(), look, import)}
            </PostForm>
        </div>
    }
    .into_any()
}

fn area(problem: Signal<Option<Error>>) -> AnyView {
    view! {
        <AreaField
            name="text"
            label="Content of config.json"
            rows=12
            code=true
            required=true
            placeholder=EXAMPLE
            help="Where somebody has run “docker login”, it is in ~/.docker/config.json. It holds passwords: it is read once and kept nowhere. A look stores nothing; an import stores each registry that it can, with its credentials, encrypted."
            problem=problem_at(problem, "text")
        />
    }
    .into_any()
}

fn foot(stored: bool, look: Post, import: Post) -> AnyView {
    if stored {
        return view! {
            <div class="form-foot">
                <a class="button button-primary" href=routes::REGISTRIES>"Show registries"</a>
            </div>
        }
        .into_any();
    }
    view! {
        <div class="form-foot">
            {submit(look, "Look", "Looking …")}
            <button
                type="submit"
                class="button"
                formaction=import.url()
                disabled=move || import.is_pending()
            >
                {move || if import.is_pending() { "Importing …" } else { "Import" }}
            </button>
            <a class="button" href=routes::REGISTRIES>"Cancel"</a>
        </div>
    }
    .into_any()
}

fn verdict(report: &ImportReport) -> String {
    match (report.count(ImportFate::Stored), report.count(ImportFate::Possible)) {
        (0, 0) => "Nothing in it can be stored.".to_owned(),
        (0, 1) => "1 registry can be stored. So far nothing is.".to_owned(),
        (0, n) => format!("{n} registries can be stored. So far nothing is."),
        (1, _) => "1 registry was stored.".to_owned(),
        (n, _) => format!("{n} registries were stored."),
    }
}

/// What becomes of each registry of the file. Of what was `left` without JavaScript the text is
/// gone.
fn told(report: ImportReport, left: bool) -> AnyView {
    let again = (left && report.count(ImportFate::Possible) > 0).then(|| {
        view! {
            <p class="notice">
                "What was pasted holds passwords and was not kept: paste it again to import it."
            </p>
        }
    });
    let verdict = verdict(&report);
    let entries: Vec<AnyView> = report.entries.into_iter().map(line).collect();
    view! {
        <section class="report" aria-label="What becomes of each registry">
            <p class="report-verdict">{verdict}</p>
            {again}
            <ol class="launch-steps">{entries}</ol>
        </section>
    }
    .into_any()
}

fn line(entry: ImportEntry) -> AnyView {
    let (look, glyph, word) = match entry.fate {
        ImportFate::Possible => ("launch-step is-done", "check", "Can be stored"),
        ImportFate::Stored => ("launch-step is-done", "check", "Stored"),
        ImportFate::Known => ("launch-step is-pending", "minus", "There already"),
        ImportFate::Refused => ("launch-step is-failed", "alert", "Cannot be stored"),
    };
    view! {
        <li class=look>
            <Glyph name=glyph />
            <span class="launch-step-name image-name">{entry.key}</span>
            <span class="launch-step-state">{word}</span>
            <span class="launch-step-time"></span>
            <p class="launch-step-note">{entry.message}</p>
        </li>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn each_registry_of_the_file_is_told_and_what_was_left_is_pasted_again() {
        let owner = Owner::new();
        owner.set();
        let entry = |key: &str, fate, message: &str| ImportEntry {
            key: key.into(),
            fate,
            message: message.into(),
        };
        let report = ImportReport {
            entries: vec![
                entry("ghcr.io", ImportFate::Possible, "It would be stored."),
                entry("<quay>", ImportFate::Refused, "Its password is elsewhere."),
            ],
        };
        let html = told(report.clone(), true).to_html();
        for part in ["1 registry can be stored", "ghcr.io", "&lt;quay&gt;", "paste it again"] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        assert!(!told(report, false).to_html().contains("paste it again"));
    }
}
