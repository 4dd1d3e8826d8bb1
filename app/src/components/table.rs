//! The one table of the console: caption, sortable heads, an explicit body, and cards on narrow
//! screens. Order, search and page live in the URL, so that every head is a plain link.
//!
//! Rows are the page's own: it writes `<tr>` with cells whose `data-label` names the column, which
//! is what a card shows on a narrow screen.

mod search;
mod selection;

pub use search::{ListState, SearchBar, later};
pub use selection::{SelectAll, SelectRow, Selection};

use super::EmptyState;
use domain::list::ListQuery;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// A column: its heading, and the key it is sorted by, if it can be.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub label: &'static str,
    /// Empty: not sortable.
    pub sort: &'static str,
    /// Figures are set to the right.
    pub figures: bool,
}

impl Column {
    pub const fn plain(label: &'static str) -> Self {
        Self { label, sort: "", figures: false }
    }

    pub const fn sorted(label: &'static str, sort: &'static str) -> Self {
        Self { label, sort, figures: false }
    }

    pub const fn figures(self) -> Self {
        Self { figures: true, ..self }
    }

    const fn class(self) -> Option<&'static str> {
        if self.figures { Some("figures") } else { None }
    }
}

/// The list query of the present address.
pub fn use_list_query() -> Memo<ListQuery> {
    let map = use_query_map();
    Memo::new(move |_| map.with(|map| ListQuery::from_pairs(|key| map.get_str(key))))
}

/// A heading; a link that sorts where the column can be sorted.
fn head(column: Column, path: &'static str, query: Signal<ListQuery>) -> AnyView {
    if column.sort.is_empty() {
        return view! { <th scope="col" class=column.class()>{column.label}</th> }.into_any();
    }
    let order = move || {
        query.with(|q| match (q.sort == column.sort, q.descending) {
            (false, _) => None,
            (true, false) => Some("ascending"),
            (true, true) => Some("descending"),
        })
    };
    let href = move || format!("{path}{}", query.with(|q| q.sorted_by(column.sort).to_query()));
    view! {
        <th scope="col" class=column.class() aria-sort=order>
            <a class="sort" href=href data-noscroll="">
                {column.label}
            </a>
        </th>
    }
    .into_any()
}

/// The table around the rows of a page.
#[component]
pub fn Table(
    /// Says what the table holds; read aloud, not shown.
    caption: &'static str,
    columns: &'static [Column],
    /// The page the list is on.
    path: &'static str,
    #[prop(into)] query: Signal<ListQuery>,
    /// With one, rows can be selected: the table begins with a column for it.
    #[prop(optional)]
    selection: Option<Selection>,
    /// Set while newer rows are on their way.
    #[prop(optional, into)]
    busy: Signal<bool>,
    children: Children,
) -> AnyView {
    let heads: Vec<AnyView> = columns.iter().map(|column| head(*column, path, query)).collect();
    let select = selection
        .map(|selection| view! { <th scope="col" class="select"><SelectAll selection /></th> });
    view! {
        <div class="table-frame">
            <table class="table" aria-busy=move || busy.get().then_some("true")>
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>{select}{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What stands in place of a list without rows: nothing matches what was searched for, or there is
/// nothing `yet`, and how that changes.
pub fn no_rows(
    query: Memo<ListQuery>,
    path: &str,
    noun: (&'static str, &'static str),
    yet: impl FnOnce() -> AnyView,
) -> AnyView {
    if !query.with_untracked(|q| q.is_narrowed() || q.page > 1) {
        return yet();
    }
    let (one, many) = noun;
    let path = path.to_owned();
    view! {
        <EmptyState
            title=format!("No {one} matches")
            text="Nothing here fits what you searched for."
        >
            <a class="button" href=path.clone()>
                {format!("Show all {many}")}
            </a>
        </EmptyState>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::sorted("Name", "name"),
        Column::sorted("Updated", "updated"),
        Column::plain("Image"),
    ];

    fn table(query: ListQuery) -> String {
        let owner = Owner::new();
        owner.set();
        view! {
            <Table caption="Workspaces" columns=COLUMNS path="/workspaces" query=query>
                <tr></tr>
            </Table>
        }
        .to_html()
    }

    #[test]
    fn the_markup_is_what_a_browser_would_make_of_it() {
        let html = table(ListQuery::default());
        for part in ["<caption", "<thead><tr>", "<tbody><tr>", "scope=\"col\""] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        assert!(!html.contains("style="), "{html}");
    }

    #[test]
    fn the_present_order_is_said_and_its_link_turns_it_round() {
        let html = table(ListQuery {
            search: "a".into(),
            sort: "name".into(),
            page: 3,
            ..ListQuery::default()
        });
        assert_eq!(html.matches("aria-sort").count(), 1, "{html}");
        assert!(html.contains("aria-sort=\"ascending\""), "{html}");
        assert!(html.contains("href=\"/workspaces?q=a&amp;sort=name&amp;dir=desc\""), "{html}");
        assert!(html.contains("href=\"/workspaces?q=a&amp;sort=updated\""), "{html}");
    }
}
