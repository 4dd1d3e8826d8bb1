//! The image library, for administrators: which images the engine holds and workspaces need, how
//! each stands, and what can be done about it, one by one or for many at once.

mod bulk;
pub mod detail;
pub mod disk;
mod removal;
mod row;

use crate::{
    api::{
        images::{PullReference, RemoveImage, list_images},
        registries::list_registries,
    },
    components::{
        EmptyState, Glyph, PageHead, done, failures,
        field::{SelectField, TextField},
        fresh::fresh,
        opening,
        pager::Pager,
        table::{Column, SearchBar, Table, no_rows, use_list_query},
    },
    live,
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use bulk::Bulk;
use domain::{
    event::Change,
    image::short_digest,
    library::ImageRow,
    list::{ListQuery, Page},
    registry::Registry,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

const NONE: &str = "—";

const COLUMNS: &[Column] = &[
    Column::sorted("Image", "name"),
    Column::sorted("State", "state"),
    Column::plain("Digest"),
    Column::sorted("Size", "size").figures(),
    Column::sorted("Created", "created"),
    Column::sorted("Pulled", "pulled"),
    Column::sorted("Used by", "used"),
    Column::plain("Architecture"),
    Column::plain("Actions"),
];

const STATES: &[(&str, &str)] = &[
    ("", "All"),
    ("available", "Available"),
    ("update_available", "Update available"),
    ("pulling", "Pulling"),
    ("missing", "Missing"),
    ("failed", "Failed"),
    ("unused", "Not used by anything"),
    ("unnamed", "Without a name"),
];

/// Whether a reference is the content id of an image that has no name.
fn is_unnamed(reference: &str) -> bool {
    reference.starts_with("sha256:")
}

/// What people call an image.
fn label(reference: &str) -> String {
    if is_unnamed(reference) {
        format!("No name {}", short_digest(reference))
    } else {
        reference.to_owned()
    }
}

/// What is typed to be pulled: a reference, and the id of the registry whose credentials are used.
type Typed = (String, String);

/// What the page opens with: the images, the stored registries, and what was typed without
/// JavaScript and refused.
type First = (Page<ImageRow>, Vec<Registry>, Typed);

async fn open(query: ListQuery, refused: bool) -> Result<First, Refusal> {
    let page = list_images(query).await?;
    Ok((page, list_registries().await?, left(refused).await))
}

/// What the form before this page has left for it, if the address says that there is something.
async fn left(expected: bool) -> Typed {
    #[cfg(feature = "ssr")]
    if expected {
        return crate::draft::take("pull").await.unwrap_or_default();
    }
    let _ = expected;
    Typed::default()
}

#[component]
pub fn ImagesPage() -> impl IntoView {
    let query = use_list_query();
    let map = use_query_map();
    let first = wire::read(
        || (),
        move |()| {
            let refused = map.with_untracked(|map| map.get_str("__err").is_some());
            open(query.get_untracked(), refused)
        },
    );
    opening(first, move |first| list(first, query))
}

fn list((first, registries, typed): First, query: Memo<ListQuery>) -> AnyView {
    let back =
        Signal::derive(move || format!("{}{}", routes::IMAGES, query.with(ListQuery::to_query)));
    let (pull, remove) = (Post::to::<PullReference>(), Post::to::<RemoveImage>());
    let bulk = Bulk::new(&first.rows, back);
    // A pull under way tells how far it is through its job.
    let changes = live::version(|change| {
        matches!(
            change,
            Change::Images
                | Change::Job { .. }
                | Change::Workspace { .. }
                | Change::Session { .. }
                | Change::Resync
        )
    });
    let version = Signal::derive(move || changes.get() + remove.version() + bulk.version());
    let images = fresh(first, query, version, list_images);
    let page = images.value;
    let total = Memo::new(move |_| page.with(|p| p.total));
    let empty = Memo::new(move |_| page.with(|p| p.rows.is_empty()));
    let selection = bulk::selection(page);
    let refusals = move || {
        // What is wrong with a field of the form is said there.
        let pull = pull.refusal().filter(|error| error.fields.is_empty());
        failures([pull, remove.refusal(), images.failure.get()])
    };
    let rows = move || {
        view! {
            <For
                each=move || page.with(|p| p.rows.clone())
                key=|row| row.reference.clone()
                children=move |first| row::row(first, images, selection, pull, back)
            />
        }
    };
    view! {
        <PageHead title="Images">
            <a class="button" href=routes::IMAGES_DISK>
                "Disk and pruning"
            </a>
        </PageHead>
        {done(deed)}
        {removal::question(remove, back)}
        {bulk.question(page)}
        {bulk.outcome()}
        {refusals}
        {pull_form(pull, registries, typed)}
        <SearchBar
            path=routes::IMAGES
            query
            label="Search names and labels"
            states=STATES
            total
            noun=("image", "images")
        />
        <Show when=move || !empty.get() fallback=move || nothing(query)>
            {bulk.bar(query, selection, page)}
            <Table
                caption="Images"
                columns=COLUMNS
                path=routes::IMAGES
                query
                selection
                busy=images.busy
            >
                {rows()}
            </Table>
        </Show>
        <Pager path=routes::IMAGES query total />
    }
    .into_any()
}

/// Asks for a reference to be pulled. Stays open once something was wrong with what was typed.
fn pull_form(pull: Post, registries: Vec<Registry>, (image, registry): Typed) -> AnyView {
    let open = Memo::new(move |before: Option<&bool>| {
        let wrong = pull.refusal().is_some_and(|error| !error.fields.is_empty());
        before.copied().unwrap_or_default() || wrong
    });
    let called = |stored: Registry| {
        (stored.id.to_string(), format!("{}: {}", stored.name, stored.identity()))
    };
    let mut sources = vec![(String::new(), "By the image's name".to_owned())];
    sources.extend(registries.into_iter().map(called));
    view! {
        <details class="unfold" open=move || open.get()>
            <summary class="button button-primary">
                <Glyph name="plus" />
                "Pull an image"
            </summary>
            <div class="card">
                <PostForm post=pull>
                    <TextField
                        name="image"
                        label="Reference"
                        value=image
                        required=true
                        placeholder="registry.example.org/team/app:1.2"
                        help="As in “docker pull”. Without a tag, “latest” is meant."
                        problem=pull.problem_at("image")
                    />
                    <SelectField
                        name="registry"
                        label="Credentials"
                        value=registry
                        options=sources
                        help="By the image's name: those of the stored registry that the name leads to, and none if there is no such registry."
                        problem=pull.problem_at("registry")
                    />
                    <button
                        type="submit"
                        class="button button-primary"
                        disabled=move || pull.is_pending()
                    >
                        "Pull"
                    </button>
                </PostForm>
            </div>
        </details>
    }
    .into_any()
}

fn nothing(query: Memo<ListQuery>) -> AnyView {
    no_rows(query, routes::IMAGES, ("image", "images"), || {
        view! {
            <EmptyState
                title="No images"
                text="An image appears here as soon as the engine has it or a workspace names it."
            />
        }
        .into_any()
    })
}

/// What was just done, as the address says it, in words.
fn deed(done: &str) -> Option<&'static str> {
    match done {
        "removed" => Some("It was removed from the engine."),
        "tagged" => Some("This is the image under its new name."),
        _ => None,
    }
}

/// So many of something, unless there is none.
fn some(number: i64, one: &str, many: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_name_is_called_by_its_id() {
        let id = format!("sha256:{}", "0123456789ab".repeat(5));
        assert_eq!(label(&id), "No name 0123456789ab");
        assert_eq!(label("app:1"), "app:1");
    }
}
