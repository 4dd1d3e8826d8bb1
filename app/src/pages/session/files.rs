//! The files in which a session differs from its image: what would be lost with it, and what an
//! image of it would hold.

use super::{Shown, Tab, followed, page, refresh, use_id, with_session};
use crate::{
    api::sessions::show_session_files,
    components::{
        EmptyState, FailureBox, opening,
        pager::Pager,
        table::{Column, SearchBar, Table, no_rows, use_list_query},
    },
    refusal::Refusal,
    wire,
};
use domain::{
    inside::{ChangeKind, ChangedFile, ChangedFiles, PathKind, shortened},
    list::ListQuery,
    quantity,
};
use leptos::prelude::*;

const COLUMNS: &[Column] =
    &[Column::plain("Path"), Column::plain("Change"), Column::plain("Size").figures()];

const KINDS: &[(&str, &str)] =
    &[("", "All"), ("added", "Added"), ("changed", "Changed"), ("deleted", "Deleted")];

/// Characters of a path in its row; all of it is in its title.
const SHOWN_PATH: usize = 160;

#[component]
pub fn SessionFilesPage() -> impl IntoView {
    let id = use_id();
    let query = use_list_query();
    let first = wire::read(
        move || id.get(),
        move |id| with_session(id.clone(), show_session_files(id, query.get_untracked())),
    );
    opening(first, move |(detail, files)| {
        page(detail, id, Tab::Files, |shown| part(shown, files, query))
    })
}

fn read((id, query): (String, ListQuery)) -> impl Future<Output = Result<ChangedFiles, Refusal>> {
    show_session_files(id, query)
}

fn part(shown: Shown, first: Result<ChangedFiles, Refusal>, query: Memo<ListQuery>) -> AnyView {
    let again = RwSignal::new(0);
    let asked = Memo::new(move |_| (shown.id.get(), query.get()));
    let now = followed(first, asked, again.into(), read);
    let files = now.value;
    let total = Memo::new(move |_| files.with(|f| f.total));
    let empty = Memo::new(move |_| files.with(|f| f.rows.is_empty()));
    let container = Memo::new(move |_| files.with(|f| f.container));
    let path = shown.path.get_value();
    let counts = move || {
        let [added, changed, deleted] = files.with(|f| f.counts);
        format!("{added} added, {changed} changed, {deleted} deleted")
    };
    let key = |file: &ChangedFile| (file.path.clone(), file.change, file.size, file.target.clone());
    view! {
        {move || now.failure.get().map(|error| view! { <FailureBox error /> })}
        <div class="card-head">
            <p class="muted">
                <span>{counts}</span>
                ", compared with the image. Folders count only where they are new or changed themselves."
            </p>
            {refresh(again)}
        </div>
        <SearchBar
            path=path.clone()
            query
            label="Search paths"
            states=KINDS
            about="Change"
            total
            noun=("path", "paths")
        />
        <Show
            when=move || !empty.get()
            fallback=move || nothing(query, &shown.path.get_value(), container.get())
        >
            <Table caption="Changed files" columns=COLUMNS path="" query busy=now.busy>
                <For each=move || files.with(|f| f.rows.clone()) key children=row />
            </Table>
        </Show>
        <Pager path query total />
    }
    .into_any()
}

fn row(file: ChangedFile) -> AnyView {
    let short = shortened(&file.path, SHOWN_PATH);
    let note = match (file.kind, file.target) {
        (_, Some(target)) => Some(format!("leads to {}", shortened(&target, SHOWN_PATH))),
        (Some(PathKind::Directory), _) => Some("folder".to_owned()),
        (Some(PathKind::Special), _) => Some("socket, pipe or device".to_owned()),
        _ => None,
    };
    let size = file.size.map_or_else(|| "—".to_owned(), quantity::bytes);
    let change = match file.change {
        ChangeKind::Added => "change change-added",
        ChangeKind::Changed => "change",
        ChangeKind::Deleted => "change change-deleted",
    };
    view! {
        <tr>
            <th scope="row" data-label="Path">
                <code class="from-inside" title=file.path>{short}</code>
                {note.map(|note| view! { <span class="file-note">{note}</span> })}
            </th>
            <td data-label="Change">
                <span class=change>{file.change.label()}</span>
            </td>
            <td data-label="Size" class="figures">{size}</td>
        </tr>
    }
    .into_any()
}

fn nothing(query: Memo<ListQuery>, path: &str, container: bool) -> AnyView {
    if !container {
        return view! {
            <EmptyState
                title="There is no container"
                text="The files of a session are in its container, and there is none now."
            />
        }
        .into_any();
    }
    no_rows(query, path, ("file", "changed files"), || {
        view! {
            <EmptyState
                title="Nothing has changed"
                text="The session's files are those of its image."
            />
        }
        .into_any()
    })
}
