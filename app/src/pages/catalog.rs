//! Workspaces from a catalog: what somebody else publishes, with ticks for what is to be taken; then
//! what that would change, field by field, and what is left out of it; then the saving of just that.
//!
//! Whatever a catalog says is text, and is shown as such.

use crate::{
    api::catalog::{ImportCatalog, LookAtCatalog, OpenedCatalog, ShowCatalog, open_catalog},
    components::{
        Glyph, PageHead,
        definitions::{notes, report},
        field::{ProblemSummary, TextField, problem_at},
        opening,
        submit::submit,
    },
    post::{Post, PostForm},
    routes, wire,
};
use domain::{
    Error,
    workspace::{Catalog, CatalogEntry, CatalogLook, DefinitionFate, Link},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The name a field posts under.
fn posted(field: &str) -> String {
    field.to_owned()
}

#[component]
pub fn CatalogPage() -> impl IntoView {
    let query = use_query_map();
    let read = move || {
        query.with_untracked(|map| map.get_str("read").is_some() || map.get_str("__err").is_some())
    };
    let first = wire::read(|| (), move |()| open_catalog(read()));
    opening(first, page)
}

fn page(opened: OpenedCatalog) -> AnyView {
    let (show, look) = (Post::to::<ShowCatalog>(), Post::to::<LookAtCatalog>());
    let save = Post::to::<ImportCatalog>();
    let OpenedCatalog { url, picks, catalog, looked } = opened;
    let (first, unread) = catalog.map_or((None, None), split);
    let (first_look, refused) = looked.map_or((None, None), split);
    // What the page came with counts until something is asked on it.
    let is_first = move || show.version() + look.version() == 0;
    let problem = Signal::derive(move || {
        let before = || unread.clone().or_else(|| refused.clone()).filter(|_| is_first());
        show.refusal().or_else(|| look.refusal()).or_else(|| save.refusal()).or_else(before)
    });
    // Whatever is asked for next, that something was not saved is of the past.
    Effect::new(move |before: Option<u64>| {
        let asked = show.version() + look.version();
        if before.is_some() {
            save.forget();
        }
        asked
    });
    // Entries stay while what they would change is looked at.
    let entries = Memo::new(move |before: Option<&Option<Catalog>>| match show.refusal() {
        Some(_) if !is_first() => None,
        _ => {
            let before = || before.map_or_else(|| first.clone(), Clone::clone);
            show.answer::<Catalog>().or_else(before)
        }
    });
    let change = Memo::new(move |_| {
        look.answer::<CatalogLook>().or_else(|| first_look.clone().filter(|_| is_first()))
    });
    view! {
        <PageHead title="Catalog" />
        <ProblemSummary problem posted_name=posted />
        <div class="wizard">
            <PostForm post=show also=look>
                {asked(&url, problem)}
                <div class="form-foot">{submit(show, "Show entries", "Reading …")}</div>
                {move || entries.get().map(|all| listed(all, &picks, problem, look))}
            </PostForm>
            <div role="status">{move || change.get().map(|change| told(change, save))}</div>
        </div>
    }
    .into_any()
}

fn split<T>(outcome: Result<T, Error>) -> (Option<T>, Option<Error>) {
    match outcome {
        Ok(good) => (Some(good), None),
        Err(error) => (None, Some(error)),
    }
}

fn asked(url: &str, problem: Signal<Option<Error>>) -> AnyView {
    view! {
        <p>
            "A catalog is a list of ready-made workspaces that somebody else publishes; elsewhere it is called a workspace registry. Nothing of it is trusted: what is taken is disabled, is the administrators’ if it is new, and gets nothing that weakens the isolation of a session."
        </p>
        <TextField
            name="url"
            label="Address of the catalog"
            value=url.to_owned()
            required=true
            inputmode="url"
            placeholder="https://registry.example.org"
            help="Without a version at its end. It is read from this server, once, and nothing is saved."
            problem=problem_at(problem, "url")
        />
    }
    .into_any()
}

/// What is in the catalog, with the ticks.
fn listed(
    catalog: Catalog,
    picks: &[String],
    problem: Signal<Option<Error>>,
    look: Post,
) -> AnyView {
    let wrong = problem_at(problem, "pick");
    let can_be_taken = catalog.entries.iter().any(is_open);
    let contact = contact(&catalog.contact);
    let about = (!catalog.description.is_empty()).then(|| view! { <p>{catalog.description}</p> });
    let beyond = (catalog.beyond > 0).then(|| {
        let text = format!("It has {} more, beyond those that are read at once.", catalog.beyond);
        view! { <p class="notice">{text}</p> }
    });
    let elsewhere = (catalog.elsewhere > 0).then(|| {
        let are = if catalog.elsewhere == 1 { "is" } else { "are" };
        let text = format!(
            "{} more {are} built for other processors than the engine’s.",
            catalog.elsewhere
        );
        view! { <p class="muted">{text}</p> }
    });
    let heading = if catalog.name.is_empty() { "Entries".to_owned() } else { catalog.name };
    let rows = catalog.entries.into_iter().enumerate().map(|(at, one)| entry(at, one, picks));
    let rows: Vec<AnyView> = rows.collect();
    let is_empty = rows.is_empty() && catalog.elsewhere == 0;
    let none = is_empty.then(|| view! { <p>"It has no entries."</p> });
    let foot = can_be_taken.then(|| {
        view! {
            <div class="form-foot">
                <button
                    type="submit"
                    class="button button-primary"
                    formaction=look.url()
                    disabled=move || look.is_pending()
                >
                    {move || if look.is_pending() { "Comparing …" } else { "Show changes" }}
                </button>
            </div>
        }
    });
    view! {
        <fieldset id="pick" class="field ticks" aria-describedby="pick-problem">
            <legend>{heading}</legend>
            {about}
            {contact}
            <div id="pick-problem">
                {move || wrong.get().map(|text| view! { <p class="field-problem">{text}</p> })}
            </div>
            {none}
            <ul class="launch-steps catalog">{rows}</ul>
            {elsewhere}
            {beyond}
        </fieldset>
        {foot}
    }
    .into_any()
}

/// Where the catalog's people are reached: a link only if it opens a page and nothing else.
fn contact(address: &str) -> Option<AnyView> {
    let shown = match Link::parse(address) {
        _ if address.is_empty() => return None,
        Ok(link) => view! {
            <a href=link.to_string() target="_blank" rel="noopener noreferrer">{link.to_string()}</a>
        }
        .into_any(),
        Err(_) => address.to_owned().into_any(),
    };
    Some(view! { <p class="muted">"Contact: " {shown}</p> }.into_any())
}

/// Whether taking an entry would do something.
fn is_open(entry: &CatalogEntry) -> bool {
    matches!(entry.fate, DefinitionFate::New | DefinitionFate::Changed)
}

fn entry(at: usize, entry: CatalogEntry, picks: &[String]) -> AnyView {
    let open = is_open(&entry);
    let (look, glyph, word) = match entry.fate {
        DefinitionFate::New => ("launch-step", "plus", "New"),
        DefinitionFate::Changed => ("launch-step", "edit", "Here, and different"),
        DefinitionFate::Unchanged => ("launch-step is-pending", "minus", "Here already"),
        DefinitionFate::Refused => ("launch-step is-failed", "alert", "Cannot be taken"),
    };
    let id = format!("pick-{at}");
    let (mark, name) = match open {
        true => (
            view! {
                <input
                    type="checkbox"
                    id=id.clone()
                    name="pick[]"
                    value=entry.name.clone()
                    checked=picks.contains(&entry.name)
                />
            }
            .into_any(),
            view! { <label for=id class="launch-step-name">{entry.name}</label> }.into_any(),
        ),
        false => (
            view! { <Glyph name=glyph /> }.into_any(),
            view! { <span class="launch-step-name">{entry.name}</span> }.into_any(),
        ),
    };
    let about = (!entry.description.is_empty())
        .then(|| view! { <p class="launch-step-note">{entry.description}</p> });
    let facts = entry.facts.join(" · ");
    let facts = (!facts.is_empty()).then(|| view! { <p class="launch-step-note">{facts}</p> });
    let words = (!entry.notes.is_empty())
        .then(|| view! { <p class="launch-step-note">"Notes: " {entry.notes}</p> });
    view! {
        <li class=look>
            {mark}
            {name}
            <span class="launch-step-state">{word}</span>
            {about}
            <p class="launch-step-note"><code>{entry.image}</code></p>
            {facts}
            {words}
            {notes(entry.problems)}
        </li>
    }
    .into_any()
}

/// What becomes of what was ticked, with the form that saves exactly that.
fn told(look: CatalogLook, save: Post) -> AnyView {
    let CatalogLook { url, picks, text, report: outcome } = look;
    let seen = outcome.seen.clone();
    let foot = outcome.can_be_saved().then(move || {
        let hidden = |name: &'static str, value: String| {
            view! { <input type="hidden" name=name value=value /> }.into_any()
        };
        let picks: Vec<AnyView> = picks.into_iter().map(|pick| hidden("pick[]", pick)).collect();
        view! {
            <PostForm post=save>
                {hidden("url", url)}
                {picks}
                {hidden("text", text)}
                {hidden("seen", seen)}
                <div class="form-foot">
                    {submit(save, "Save", "Saving …")}
                    <a class="button" href=routes::WORKSPACES>"Cancel"</a>
                </div>
            </PostForm>
        }
    });
    view! {
        {report(outcome, "Nothing to do: everything is here as the catalog has it.")}
        {foot}
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn one(name: &str, fate: DefinitionFate) -> CatalogEntry {
        CatalogEntry {
            name: name.into(),
            description: "<img src=x onerror=alert(1)>".into(),
            image: "example/a:1".into(),
            facts: vec!["Browser".into(), "2 GiB".into()],
            notes: String::new(),
            fate,
            problems: Vec::new(),
        }
    }

    fn html(catalog: Catalog, picks: &[String]) -> String {
        let owner = Owner::new();
        owner.set();
        listed(catalog, picks, Signal::stored(None), Post::to::<LookAtCatalog>()).to_html()
    }

    #[test]
    fn only_what_would_change_something_can_be_ticked_and_nothing_in_it_is_markup() {
        let mut refused = one("<script>", DefinitionFate::Refused);
        refused.problems.push("Its name has HTML in it.".into());
        let entries = vec![
            one("A", DefinitionFate::New),
            one("B", DefinitionFate::Changed),
            one("C", DefinitionFate::Unchanged),
            refused,
        ];
        let catalog = Catalog { entries, elsewhere: 2, beyond: 3, ..Catalog::default() };
        let html = html(catalog, &["B".to_owned()]);
        assert_eq!(html.matches("name=\"pick[]\"").count(), 2, "{html}");
        assert_eq!(html.matches(" checked").count(), 1, "{html}");
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        for part in [
            "Its name has HTML",
            "Here already",
            "Browser · 2 GiB",
            "3 more",
            "2 more are built",
            "Show changes",
        ] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
    }

    #[test]
    fn a_contact_is_a_link_only_if_it_opens_a_page() {
        let of =
            |contact: &str| html(Catalog { contact: contact.into(), ..Catalog::default() }, &[]);
        assert!(of("https://example.org/help").contains("href=\"https://example.org/help\""));
        for other in ["javascript:alert(1)", "data:text/html,x", "mailto:a@example.org", "//x"] {
            let html = of(other);
            assert!(!html.contains("href") && html.contains("Contact: "), "{html}");
        }
    }
}
