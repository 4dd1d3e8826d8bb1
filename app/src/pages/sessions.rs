//! Everybody's sessions, for those who see them: who runs what, in which state and why, and what it
//! uses now; for those who steer them also what can be done about it, one by one or for many at once.

mod row;

pub use row::{memory, percent};

use crate::{
    api::{
        auth::reader,
        sessions::{ActOnSessions, list_sessions},
    },
    components::{
        EmptyState, FailureBox, PageHead,
        fresh::{Fresh, fresh},
        opening,
        pager::Pager,
        table::{Column, ListState, SearchBar, Selection, Table, no_rows, use_list_query},
    },
    live,
    pages::session::steering::{ASK_FORM, DeedButton, Steering, Target},
    refusal::Refusal,
    routes, wire,
};
use domain::{
    actor::Permission,
    event::Change,
    list::{ListQuery, Page},
    session::{Action as Deed, SessionRow},
};
use leptos::{prelude::*, server_fn::ServerFn};
use serde::{Deserialize, Serialize};

const COLUMNS: &[Column] = &[
    Column::sorted("Workspace", "workspace"),
    Column::sorted("User", "user"),
    Column::sorted("Image", "image"),
    Column::sorted("State", "state"),
    Column::sorted("Started", "launched"),
    Column::sorted("Last activity", "activity"),
    Column::plain("CPU").figures(),
    Column::plain("Memory").figures(),
    Column::plain("Actions"),
];

const STATES: &[(&str, &str)] = &[
    ("", "All present"),
    ("running", "Running"),
    ("starting", "Starting"),
    ("paused", "Paused"),
    ("stopped", "Stopped"),
    ("failed", "Failed"),
    ("deleting", "Deleting"),
    ("deleted", "Ended"),
];

/// Id of the form that the ticks of the rows belong to.
const BULK_FORM: &str = "bulk";

/// What the reader may do with what is listed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Rights {
    steer: bool,
    create_images: bool,
}

type First = (Page<SessionRow>, Rights);

async fn open(query: ListQuery) -> Result<First, Refusal> {
    let page = list_sessions(query).await?;
    let actor = reader().await?;
    let steer = actor.may(Permission::SteerAllSessions);
    Ok((page, Rights { steer, create_images: steer && actor.may(Permission::CreateImages) }))
}

#[component]
pub fn SessionsPage() -> impl IntoView {
    let query = use_list_query();
    let first = wire::read(|| (), move |()| open(query.get_untracked()));
    opening(first, move |first| list(first, query))
}

fn target(row: &SessionRow) -> Target {
    Target {
        id: row.id.to_string(),
        name: format!("{} of {}", row.workspace_name, row.owner_name),
        state: row.state,
    }
}

fn list((first, rights): First, query: Memo<ListQuery>) -> AnyView {
    let known: Vec<Target> = first.rows.iter().map(target).collect();
    let back =
        Signal::derive(move || format!("{}{}", routes::SESSIONS, query.with(ListQuery::to_query)));
    let steering = Steering::of_list(routes::SESSIONS.to_owned(), back, &known);
    let changes = live::version(|change| {
        matches!(
            change,
            Change::Session { .. }
                | Change::Usage
                | Change::Workspace { .. }
                | Change::Images
                | Change::Resync
        )
    });
    let version = Signal::derive(move || changes.get() + steering.version());
    let sessions = fresh(first, query, version, list_sessions);
    let page = sessions.value;
    let total = Memo::new(move |_| page.with(|p| p.total));
    let ids = Memo::new(move |_| {
        page.with(|p| p.rows.iter().map(|r| r.id.to_string()).collect::<Vec<_>>())
    });
    let selection = Selection::new(ids, BULK_FORM);
    let rows = move || {
        view! {
            <For
                each=move || page.with(|p| p.rows.clone())
                key=|row| row.id.clone()
                children=move |row| row::row(row, sessions, rights, selection, steering)
            />
        }
    };
    let table = move || {
        if rights.steer {
            view! {
                {bulk_bar(query, selection, steering, page)}
                <Table
                    caption="Sessions"
                    columns=COLUMNS
                    path=routes::SESSIONS
                    query
                    selection
                    busy=sessions.busy
                >
                    {rows()}
                </Table>
            }
            .into_any()
        } else {
            view! {
                <Table
                    caption="Sessions"
                    columns=COLUMNS
                    path=routes::SESSIONS
                    query
                    busy=sessions.busy
                >
                    {rows()}
                </Table>
            }
            .into_any()
        }
    };
    view! {
        <PageHead title="Sessions" />
        {steering.question()}
        {steering.outcome()}
        {failure(sessions)}
        <SearchBar
            path=routes::SESSIONS
            query
            label="Search by user, workspace, image or id"
            states=STATES
            total
            noun=("session", "sessions")
        />
        // Leads to the question about a single row without JavaScript, and keeps the list's state.
        <form id=ASK_FORM method="get" action=routes::SESSIONS>
            <ListState query />
        </form>
        <Show when=move || ids.with(|ids| !ids.is_empty()) fallback=move || nothing(query)>
            {table()}
        </Show>
        <Pager path=routes::SESSIONS query total />
    }
    .into_any()
}

/// Why the rows may be old.
fn failure<T: Send + Sync + 'static>(list: Fresh<T>) -> AnyView {
    view! { {move || list.failure.get().map(|error| view! { <FailureBox error /> })} }.into_any()
}

fn nothing(query: Memo<ListQuery>) -> AnyView {
    no_rows(query, routes::SESSIONS, ("session", "sessions"), || {
        view! {
            <EmptyState
                title="No sessions"
                text="A session appears here as soon as somebody launches a workspace."
            >
                <a class="button" href=routes::LAUNCHER>
                    "Open the launcher"
                </a>
            </EmptyState>
        }
        .into_any()
    })
}

/// Deeds for the ticked rows. Without JavaScript the ticks post with this form, so it is always
/// there; with it the buttons wait for a tick.
fn bulk_bar(
    query: Memo<ListQuery>,
    selection: Selection,
    steering: Steering,
    page: RwSignal<Page<SessionRow>>,
) -> AnyView {
    let live = RwSignal::new(false);
    Effect::new(move || live.set(true));
    let targets = move |deed: Deed| {
        let ids = selection.ids();
        page.with(|p| {
            p.rows
                .iter()
                .map(target)
                .filter(|t| ids.contains(&t.id) && t.state.allows(deed))
                .collect::<Vec<_>>()
        })
    };
    let buttons: Vec<AnyView> = [Deed::Start, Deed::Pause, Deed::Stop, Deed::Delete]
        .into_iter()
        .map(|deed| {
            let look = if matches!(deed, Deed::Delete) {
                "button button-small button-danger"
            } else {
                "button button-small"
            };
            let shown = Signal::derive(move || {
                !live.get() || selection.count() == 0 || !targets(deed).is_empty()
            });
            let button = DeedButton {
                deed,
                look,
                asked_of: String::new(),
                form: BULK_FORM,
                state: None,
                shown,
            };
            steering.button(button, move || targets(deed))
        })
        .collect();
    let count = move || match (live.get(), selection.count()) {
        (false, _) | (_, 0) => "Selected sessions:".to_owned(),
        (_, 1) => "1 session selected:".to_owned(),
        (_, n) => format!("{n} sessions selected:"),
    };
    view! {
        <form
            id=BULK_FORM
            class="bulk-bar"
            method="post"
            action=ActOnSessions::url()
            class:is-idle=move || live.get() && selection.count() == 0
        >
            <ListState query />
            <fieldset class="actions" disabled=move || live.get() && selection.count() == 0>
                <legend class="bulk-count">{count}</legend>
                {buttons}
            </fieldset>
        </form>
    }
    .into_any()
}
