//! The registries that images are pushed to and pulled from, for administrators: which there are, as
//! whom, how much they let one pull, and whether they can be used.

mod deletion;
pub mod edit;
pub mod import;

use crate::{
    api::registries::{DeleteRegistry, Opened, TestRegistry, list_registries},
    components::{
        EmptyState, Glyph, PageHead,
        clock::Until,
        done, failures,
        fresh::fresh,
        opening,
        question::asking,
        report::found,
        table::{Column, Table},
    },
    live,
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::{
    Timestamp,
    event::Change,
    list::ListQuery,
    registry::{RateLimit, Registry, TestReport},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

const COLUMNS: &[Column] = &[
    Column::plain("Name"),
    Column::plain("Address"),
    Column::plain("User name"),
    Column::plain("Rate limit"),
    Column::plain("Remarks"),
    Column::plain("Actions"),
];

/// What the page opens with: the registries, and what a test found that was asked for without
/// JavaScript.
type First = (Vec<Registry>, Option<TestReport>);

async fn open(tested: bool) -> Result<First, Refusal> {
    let all = list_registries().await?;
    Ok((all, left("registries", tested).await.and_then(|left| left.report)))
}

/// What the form before this page has left for it, if the address says that there is something.
async fn left(of: &str, expected: bool) -> Option<Opened> {
    #[cfg(feature = "ssr")]
    if expected {
        return crate::draft::take(of).await;
    }
    let _ = (of, expected);
    None
}

#[component]
pub fn RegistriesPage() -> impl IntoView {
    let query = use_query_map();
    let first = wire::read(
        || (),
        move |()| open(query.with_untracked(|map| map.get_str("tested").is_some())),
    );
    opening(first, list)
}

fn list((first, tested): First) -> AnyView {
    let (test, delete) = (Post::to::<TestRegistry>(), Post::to::<DeleteRegistry>());
    // What a registry says of its limit is heard while images are refreshed.
    let changes = live::version(|change| matches!(change, Change::Images | Change::Resync));
    let version = Signal::derive(move || changes.get() + delete.version());
    let all = fresh(first, Memo::new(|_| ()), version, |()| list_registries());
    let registries = all.value;
    let empty = Memo::new(move |_| registries.with(Vec::is_empty));
    let refusals = move || failures([test.refusal(), delete.refusal(), all.failure.get()]);
    let rows = move || {
        view! {
            <For
                each=move || registries.get()
                key=|one| (one.id.clone(), one.updated_at, one.rate, one.paused_until)
                children=move |registry| row(registry, test)
            />
        }
    };
    view! {
        <PageHead title="Registries">
            <a class="button" href=routes::IMPORT_REGISTRIES>"Import from Docker"</a>
            <a class="button button-primary" href=routes::NEW_REGISTRY>
                <Glyph name="plus" />
                "New registry"
            </a>
        </PageHead>
        {done(deed)}
        {deletion::question(delete)}
        {refusals}
        {found(test, tested)}
        <Show when=move || !empty.get() fallback=nothing>
            <p class="muted list-lead">
                "Images are pushed to a registry, and pulled from it by themselves: one whose name leads to a registry stored here is fetched when a workspace lacks it, and refreshed."
            </p>
            <Table
                caption="Registries"
                columns=COLUMNS
                path=routes::REGISTRIES
                query=Signal::stored(ListQuery::default())
                busy=all.busy
            >
                {rows()}
            </Table>
        </Show>
    }
    .into_any()
}

fn row(registry: Registry, test: Post) -> AnyView {
    let Registry { id, name, url, username, own_ca, insecure, rate, paused_until, .. } = registry;
    let (id, edit) = (id.to_string(), routes::registry(&id));
    let ask = asking(routes::REGISTRIES, "delete", &id);
    let remark = |shown: bool, words| shown.then(|| view! { <span class="badge">{words}</span> });
    let nobody = username.is_empty();
    let (test_label, edit_label) = (format!("Test {name}"), format!("Edit {name}"));
    let delete_label = format!("Delete {name} …");
    let own = id.clone();
    view! {
        <tr>
            <th scope="row" data-label="Name">
                <a class="row-name" href=edit.clone()>{name}</a>
            </th>
            <td data-label="Address"><span class="image-name">{url}</span></td>
            <td data-label="User name">{if nobody { "None".to_owned() } else { username }}</td>
            <td data-label="Rate limit">{limit(rate, paused_until)}</td>
            <td data-label="Remarks">
                {remark(insecure, "insecure")}
                " "
                {remark(own_ca, "own CA")}
            </td>
            <td data-label="Actions">
                <div class="actions">
                    <PostForm post=test>
                        <input type="hidden" name="id" value=id />
                        <input type="hidden" name="saved" value="on" />
                        <button
                            type="submit"
                            class="button button-small"
                            aria-label=test_label
                            disabled=move || test.is_pending()
                        >
                            {move || if test.is_sending("id", &own) { "Testing …" } else { "Test" }}
                        </button>
                    </PostForm>
                    <a class="button button-small" href=edit aria-label=edit_label>"Edit"</a>
                    // A link to the same page that asks; it works without JavaScript too.
                    <a
                        class="button button-small"
                        href=ask
                        data-noscroll=""
                        aria-label=delete_label
                    >
                        "Delete …"
                    </a>
                </div>
            </td>
        </tr>
    }
    .into_any()
}

/// What a registry last said of how much may be pulled, and when it is asked again if it has asked
/// to be left alone.
fn limit(rate: Option<RateLimit>, paused_until: Option<Timestamp>) -> AnyView {
    let said = rate.map_or_else(|| "Not known".to_owned(), |rate| rate.to_string());
    let pause = paused_until.map(|at| {
        view! { <span class="badge state-paused">"asked again " <Until at /></span> }
    });
    view! { {said} " " {pause} }.into_any()
}

fn nothing() -> AnyView {
    view! {
        <EmptyState
            title="No registries yet"
            text="A registry keeps images outside of the engine. Once it is stored here with its credentials, images whose names lead to it are pulled when a workspace lacks them, and refreshed, all by themselves; and it can be chosen when an image is made of a session."
        >
            <a class="button button-primary" href=routes::NEW_REGISTRY>"New registry"</a>
            <a class="button" href=routes::IMPORT_REGISTRIES>"Import from Docker"</a>
        </EmptyState>
    }
    .into_any()
}

/// What was just done, as the address says it, in words.
fn deed(done: &str) -> Option<&'static str> {
    match done {
        "saved" => Some("Saved."),
        "deleted" => Some("The registry and its credentials were deleted."),
        _ => None,
    }
}
