//! The library of workspaces, for administrators: what can be launched, from which image, whether
//! that image is there, and what to do with each.

pub mod deeds;
mod row;

pub use row::image_state;

use crate::{
    api::workspaces::list_workspaces,
    components::{
        EmptyState, FailureBox, Glyph, PageHead, done,
        fresh::fresh,
        opening,
        pager::Pager,
        table::{Column, SearchBar, Table, no_rows, use_list_query},
    },
    live, routes, wire,
};
use deeds::Deeds;
use domain::{
    event::Change,
    list::{ListQuery, Page},
    workspace::WorkspaceRow,
};
use leptos::prelude::*;

const COLUMNS: &[Column] = &[
    Column::sorted("Name", "name"),
    Column::plain("Categories"),
    Column::sorted("Image", "image"),
    Column::plain("Image state"),
    Column::sorted("Visibility", "enabled"),
    Column::sorted("Sessions", "sessions").figures(),
    Column::sorted("Updated", "updated"),
    Column::plain("Actions"),
];

const STATES: &[(&str, &str)] = &[
    ("", "All"),
    ("enabled", "Enabled"),
    ("disabled", "Disabled"),
    ("hidden", "Hidden"),
    ("ready", "Image ready"),
    ("unavailable", "Image not available"),
];

#[component]
pub fn WorkspacesPage() -> impl IntoView {
    let query = use_list_query();
    let first = wire::read(|| (), move |()| list_workspaces(query.get_untracked()));
    opening(first, move |page| list(page, query))
}

fn list(first: Page<WorkspaceRow>, query: Memo<ListQuery>) -> AnyView {
    let back = Signal::derive(move || {
        format!("{}{}", routes::WORKSPACES, query.with(ListQuery::to_query))
    });
    let deeds = Deeds::new(back);
    let changes = live::version(|change| {
        matches!(
            change,
            Change::Workspace { .. } | Change::Images | Change::Session { .. } | Change::Resync
        )
    });
    let version = Signal::derive(move || changes.get() + deeds.version());
    let workspaces = fresh(first, query, version, list_workspaces);
    let page = workspaces.value;
    let total = Memo::new(move |_| page.with(|p| p.total));
    let empty = Memo::new(move |_| page.with(|p| p.rows.is_empty()));
    let rows = move || {
        view! {
            <For
                each=move || page.with(|p| p.rows.clone())
                key=|row| (row.workspace.id.clone(), row.workspace.revision)
                children=move |row| row::row(row, workspaces, query, deeds)
            />
        }
    };
    view! {
        <PageHead title="Workspaces">
            <a class="button" href=routes::IMPORT_WORKSPACES>"Import"</a>
            <a class="button" href=routes::CATALOG>"Catalog"</a>
            {export(query)}
            <a class="button" href=routes::NEW_LINK>"New link"</a>
            <a class="button button-primary" href=routes::NEW_WORKSPACE>
                <Glyph name="plus" />
                "New workspace"
            </a>
        </PageHead>
        {done(deed)}
        {deeds.question()}
        {deeds.refusals()}
        {move || workspaces.failure.get().map(|error| view! { <FailureBox error /> })}
        <SearchBar
            path=routes::WORKSPACES
            query
            label="Search by name, description, image or category"
            states=STATES
            total
            noun=("workspace", "workspaces")
        />
        {move || category(query)}
        <Show when=move || !empty.get() fallback=move || nothing(query)>
            <Table
                caption="Workspaces"
                columns=COLUMNS
                path=routes::WORKSPACES
                query
                busy=workspaces.busy
            >
                {rows()}
            </Table>
        </Show>
        <Pager path=routes::WORKSPACES query total />
    }
    .into_any()
}

/// Takes away the definitions of what the list shows, all pages of it.
fn export(query: Memo<ListQuery>) -> AnyView {
    let href = move || query.with(routes::export_listed);
    view! {
        // The server writes the file; the router knows nothing of it.
        <a
            class="button"
            href=href
            rel="external"
            download=""
            title="The definitions of what the list shows, all pages of it, as YAML."
        >
            "Export"
        </a>
    }
    .into_any()
}

/// The category the list is narrowed to, with the way out.
fn category(query: Memo<ListQuery>) -> Option<AnyView> {
    let (name, all) = query.with(|q| {
        let all = ListQuery { filter: String::new(), page: 1, ..q.clone() };
        (q.filter.clone(), format!("{}{}", routes::WORKSPACES, all.to_query()))
    });
    (!name.is_empty()).then(|| {
        view! {
            <p class="list-filter">
                "Only the category “" {name} "”. " <a href=all>"Show all categories"</a>
            </p>
        }
        .into_any()
    })
}

fn nothing(query: Memo<ListQuery>) -> AnyView {
    no_rows(query, routes::WORKSPACES, ("workspace", "workspaces"), || {
        view! {
            <EmptyState
                title="No workspaces yet"
                text="A workspace says which image to run and how to reach it; people launch it from its tile."
            >
                <a class="button button-primary" href=routes::NEW_WORKSPACE>
                    "New workspace"
                </a>
            </EmptyState>
        }
        .into_any()
    })
}

/// What was just done, as the address says it, in words.
pub fn deed(done: &str) -> Option<&'static str> {
    match done {
        "saved" => Some("Saved."),
        "deleted" => Some("The workspace was deleted."),
        "duplicated" => {
            Some("This is the copy. It is disabled until you have changed what you want.")
        }
        "snapshot" => Some(
            "The image is being made. This is the workspace for it: change what you want; it can be launched as soon as the image is there.",
        ),
        "replaced" => Some(
            "The workspace has the new image. Sessions that exist keep theirs; the next one is made from it.",
        ),
        "icon" => Some("The picture was uploaded."),
        "imported" => Some("The definitions were saved."),
        "unpinned" => Some(
            "Saved. The workspace is no longer pinned: launches use the image that it names now.",
        ),
        _ => None,
    }
}
