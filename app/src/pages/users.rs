//! The accounts, for administrators and auditors: who there is, as what, and when each was last here.

mod deletion;
pub mod detail;
mod link;
pub mod new;
mod second_factor;

use crate::{
    api::{auth::reader, users::list_users},
    components::{
        EmptyState, FailureBox, Glyph, PageHead, When,
        badge::badge,
        done,
        field::choices,
        fresh::fresh,
        opening,
        pager::Pager,
        table::{Column, SearchBar, Table, later, no_rows, use_list_query},
    },
    live,
    refusal::Refusal,
    routes, wire,
};
use domain::{
    actor::{Permission, Role},
    event::Change,
    list::{ListQuery, Page},
    user::{AccountState, UserRow},
};
use leptos::prelude::*;

const COLUMNS: &[Column] = &[
    Column::sorted("Name", "name"),
    Column::sorted("Role", "role"),
    Column::sorted("State", "state"),
    Column::sorted("Second factor", "second_factor"),
    Column::sorted("Sessions", "sessions").figures(),
    Column::sorted("Last seen", "seen"),
    Column::sorted("Created", "created"),
];

const STATES: &[(&str, &str)] = &[
    ("", "All"),
    ("enabled", "Enabled"),
    ("disabled", "Disabled"),
    ("invited", "Invited"),
    ("deleting", "Deleting"),
];

/// What the page opens with: the accounts, and whether the reader may make new ones.
type First = (Page<UserRow>, bool);

async fn open(query: ListQuery) -> Result<First, Refusal> {
    Ok((list_users(query).await?, reader().await?.may(Permission::ManageUsers)))
}

#[component]
pub fn UsersPage() -> impl IntoView {
    let query = use_list_query();
    let first = wire::read(|| (), move |()| open(query.get_untracked()));
    opening(first, move |first| list(first, query))
}

fn list((first, manages): First, query: Memo<ListQuery>) -> AnyView {
    let version = live::version(|change| {
        matches!(change, Change::User { .. } | Change::Session { .. } | Change::Resync)
    });
    let users = fresh(first, query, version, list_users);
    let page = users.value;
    let total = Memo::new(move |_| page.with(|p| p.total));
    let empty = Memo::new(move |_| page.with(|p| p.rows.is_empty()));
    // Everything that is seen of a row: a key that is known already is not drawn again.
    let key = |user: &UserRow| {
        let what = (user.role.as_str(), user.state.as_str(), user.second_factor);
        (user.id.clone(), what, user.sessions, user.last_seen_at)
    };
    view! {
        <PageHead title="Users">{manages.then(new_user)}</PageHead>
        {done(deed)}
        {move || users.failure.get().map(|error| view! { <FailureBox error /> })}
        <SearchBar
            path=routes::USERS
            query
            label="Search by name"
            states=STATES
            total
            noun=("user", "users")
        >
            {roles(query)}
        </SearchBar>
        <Show when=move || !empty.get() fallback=move || nothing(query)>
            <Table caption="Users" columns=COLUMNS path=routes::USERS query busy=users.busy>
                <For each=move || page.with(|p| p.rows.clone()) key children=row />
            </Table>
        </Show>
        <Pager path=routes::USERS query total />
    }
    .into_any()
}

fn new_user() -> AnyView {
    view! {
        <a class="button button-primary" href=routes::NEW_USER>
            <Glyph name="plus" />
            "New user"
        </a>
    }
    .into_any()
}

/// The filter by role.
fn roles(query: Memo<ListQuery>) -> AnyView {
    let mut options = vec![(String::new(), "All roles".to_owned())];
    options.extend(Role::ALL.map(|role| (role.as_str().to_owned(), role.label().to_owned())));
    let chosen = query.with_untracked(|q| q.filter.clone());
    view! {
        <select
            class="input"
            name="filter"
            aria-label="Role"
            prop:value=later(move || query.get().filter)
        >
            {choices(options, &chosen)}
        </select>
    }
    .into_any()
}

/// The state of an account as a sign and a word.
pub fn state_badge(state: AccountState) -> AnyView {
    let (glyph, look) = match state {
        AccountState::Enabled => ("check", "badge state-running"),
        AccountState::Invited => ("clock", "badge state-starting"),
        AccountState::Disabled => ("off", "badge state-paused"),
        AccountState::Deleting => ("trash", "badge"),
    };
    badge(glyph, look, state.label())
}

/// Whether a second factor is asked for.
pub const fn on_or_off(second_factor: bool) -> &'static str {
    if second_factor { "On" } else { "Off" }
}

fn row(user: UserRow) -> AnyView {
    let seen = match user.last_seen_at {
        Some(at) => view! { <When at /> }.into_any(),
        None => "Never".into_any(),
    };
    view! {
        <tr>
            <th scope="row" data-label="Name">
                <a class="row-name" href=routes::user(&user.id)>{user.name}</a>
            </th>
            <td data-label="Role">{user.role.label()}</td>
            <td data-label="State">{state_badge(user.state)}</td>
            <td data-label="Second factor">{on_or_off(user.second_factor)}</td>
            <td data-label="Sessions" class="figures">{user.sessions.to_string()}</td>
            <td data-label="Last seen">{seen}</td>
            <td data-label="Created">
                <When at=user.created_at />
            </td>
        </tr>
    }
    .into_any()
}

fn nothing(query: Memo<ListQuery>) -> AnyView {
    no_rows(query, routes::USERS, ("user", "users"), || {
        view! { <EmptyState title="No users" text="There is nobody here." /> }.into_any()
    })
}

/// What was just done, as the address says it, in words.
fn deed(done: &str) -> Option<&'static str> {
    match done {
        "deleted" => Some(
            "The account is being deleted: nobody can use it any more, and it goes as soon as its sessions have.",
        ),
        _ => None,
    }
}
