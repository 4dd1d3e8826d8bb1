//! One row of the list of workspaces. A changed definition makes a new row; what changes by itself
//! (image, sessions) changes within it.

use super::deeds::Deeds;
use crate::{
    components::{
        Glyph, Icon, RowMenu, When,
        fresh::Fresh,
        table::ListState,
        tile::{link_chip, state_chip, weakened_sign},
    },
    routes,
};
use domain::{
    launcher::TileState,
    list::{ListQuery, Page},
    workspace::{Definition, WorkspaceRow},
};
use leptos::prelude::*;

pub fn row(
    first: WorkspaceRow,
    list: Fresh<Page<WorkspaceRow>>,
    query: Memo<ListQuery>,
    deeds: Deeds,
) -> AnyView {
    let id = first.workspace.id.clone();
    let definition = first.workspace.definition.clone();
    let current = Memo::new({
        let (id, first) = (id.clone(), first.clone());
        move |before: Option<&WorkspaceRow>| {
            let now = list.value.with(|p| p.rows.iter().find(|r| r.workspace.id == id).cloned());
            // A row on its way out keeps what it showed.
            now.unwrap_or_else(|| before.unwrap_or(&first).clone())
        }
    });
    let is_link = definition.link.is_some();
    let image = Memo::new(move |_| current.with(|r| r.image_state.clone()));
    let shown = Memo::new(move |_| {
        current.with(|r| (r.workspace.definition.enabled, r.workspace.definition.hidden))
    });
    let sessions = move || current.with(|r| r.sessions.to_string());
    // The browser shows the row again after a form, wherever it stood.
    let anchor = format!("workspace-{id}");
    view! {
        <tr id=anchor>
            <th scope="row" data-label="Name">
                <a class="row-name" href=routes::workspace(&id)>
                    <Icon icon=definition.icon.clone() />
                    <span>{definition.name.clone()}</span>
                </a>
            </th>
            <td data-label="Categories">{categories(&definition.categories)}</td>
            <td data-label="Image">
                <span class="image-name">{image_or_address(&definition)}</span>
                {first.workspace.pin.as_ref().map(|pin| pinned(pin.revision))}
                {weakened_sign(&definition.weakened())}
            </td>
            <td data-label="Image state">
                {move || if is_link { link_chip() } else { image_state(&image.get()) }}
            </td>
            <td data-label="Visibility">
                {move || match shown.get() {
                    (true, false) => "Enabled",
                    (true, true) => "Enabled, hidden",
                    (false, false) => "Disabled",
                    (false, true) => "Disabled, hidden",
                }}
            </td>
            <td data-label="Sessions" class="figures">
                {sessions}
            </td>
            <td data-label="Updated">
                <When at=first.workspace.updated_at />
            </td>
            <td class="row-actions">{menu(&first, shown, query, deeds)}</td>
        </tr>
    }
    .into_any()
}

/// What it runs, or what its tile opens.
fn image_or_address(definition: &Definition) -> String {
    let link = definition.link.as_ref();
    link.map_or_else(|| definition.image.to_string(), ToString::to_string)
}

/// Each leads to the list of its workspaces.
fn categories(all: &[String]) -> Vec<AnyView> {
    all.iter()
        .map(|name| {
            let query = ListQuery { filter: name.clone(), ..ListQuery::default() };
            let href = format!("{}{}", routes::WORKSPACES, query.to_query());
            view! {
                <a class="category" href=href>
                    {name.clone()}
                </a>
            }
            .into_any()
        })
        .collect()
}

/// A small sign beside the reference, which launches do not follow.
fn pinned(revision: u32) -> AnyView {
    let why = format!("Launches use revision {revision}, whatever the reference means.");
    view! { <span class="badge" title=why>"pinned"</span> }.into_any()
}

/// Whether an image can be launched, and if not, why.
pub fn image_state(state: &TileState) -> AnyView {
    let why = match state {
        TileState::Ready => None,
        TileState::Preparing { message, .. } => Some(message.clone()),
        TileState::Unavailable { why } => Some(why.clone()),
    };
    view! {
        {state_chip(state)}
        {why.map(|why| view! { <span class="row-reason">{why}</span> })}
    }
    .into_any()
}

fn menu(
    row: &WorkspaceRow,
    shown: Memo<(bool, bool)>,
    query: Memo<ListQuery>,
    deeds: Deeds,
) -> AnyView {
    const ITEM: &str = "menu-item";
    let id = row.workspace.id.as_str();
    let anchor = format!("#workspace-{id}");
    let next = Signal::derive(move || {
        format!("{}{}{anchor}", routes::WORKSPACES, query.with(ListQuery::to_query))
    });
    let enabled = Signal::derive(move || shown.get().0);
    let state = view! { <ListState query /> }.into_any();
    // A link has no image, and nothing of it is launched.
    let (image, launch) = match row.workspace.source() {
        None => (None, None),
        Some(_) => {
            let image = view! {
                <a class=ITEM href=routes::workspace_image(&row.workspace.id)>
                    <Glyph name="layers" />
                    "Image"
                </a>
                <a class=ITEM href=routes::workspace_trial(&row.workspace.id)>
                    <Glyph name="groups" />
                    "Trial"
                </a>
            };
            let launch = view! {
                {deeds.test_button(id, ITEM)}
                {deeds.pull_button(id, ITEM)}
            };
            (Some(image.into_any()), Some(launch.into_any()))
        }
    };
    let items = view! {
        <a class=ITEM href=routes::workspace(&row.workspace.id)>
            <Glyph name="edit" />
            "Edit"
        </a>
        {image}
        <a class=ITEM href=routes::export_workspace(&row.workspace.id) rel="external" download="">
            <Glyph name="down" />
            "Export"
        </a>
        {launch}
        {deeds.duplicate_button(id, ITEM)}
        {deeds.switch_button(id, enabled, next, ITEM)}
        {deeds.delete_button(id, routes::WORKSPACES.to_owned(), state, "danger")}
    }
    .into_any();
    let name = row.workspace.definition.name.clone();
    view! { <RowMenu key=id name>{items}</RowMenu> }.into_any()
}
