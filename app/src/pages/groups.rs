//! Groups, for those who decide who may launch what and within which bounds: which there are, and
//! what each of them says.

mod deletion;
pub mod edit;

use crate::{
    api::groups::{DeleteGroup, list_groups},
    components::{
        Glyph, PageHead, done, failures,
        fresh::fresh,
        opening,
        pager::Pager,
        question::asking,
        table::{Column, SearchBar, Table, no_rows, use_list_query},
    },
    live,
    post::Post,
    routes, wire,
};
use domain::{
    event::Change,
    group::{Group, GroupRow},
    list::{ListQuery, Page},
};
use leptos::prelude::*;

const COLUMNS: &[Column] = &[
    Column::sorted("Name", "name"),
    Column::sorted("Priority", "priority").figures(),
    Column::sorted("Members", "members").figures(),
    Column::sorted("May launch", "workspaces").figures(),
    Column::plain("What it says"),
    Column::plain("Actions"),
];

/// They have no states to filter by.
const STATES: &[(&str, &str)] = &[];

#[component]
pub fn GroupsPage() -> impl IntoView {
    let query = use_list_query();
    let first = wire::read(|| (), move |()| list_groups(query.get_untracked()));
    opening(first, move |page| list(page, query))
}

fn list(first: Page<GroupRow>, query: Memo<ListQuery>) -> AnyView {
    let back =
        Signal::derive(move || format!("{}{}", routes::GROUPS, query.with(ListQuery::to_query)));
    let delete = Post::to::<DeleteGroup>();
    let changes = live::version(|change| {
        matches!(change, Change::User { .. } | Change::Workspace { .. } | Change::Resync)
    });
    let version = Signal::derive(move || changes.get() + delete.version());
    let groups = fresh(first, query, version, list_groups);
    let page = groups.value;
    let total = Memo::new(move |_| page.with(|p| p.total));
    let empty = Memo::new(move |_| page.with(|p| p.rows.is_empty()));
    let refusals = move || failures([delete.refusal(), groups.failure.get()]);
    let rows = move || {
        view! {
            <For
                each=move || page.with(|p| p.rows.clone())
                // Everything that is seen of a row: a key that is known already is not drawn again.
                key=|row| (row.group.id.clone(), row.group.revision, row.members, row.workspaces)
                children=move |one| row(one, back)
            />
        }
    };
    view! {
        <PageHead title="Groups">
            <a class="button button-primary" href=routes::NEW_GROUP>
                <Glyph name="plus" />
                "New group"
            </a>
        </PageHead>
        {done(deed)}
        <p class="list-filter">
            "Everybody is in “All users”, and in every group that they are put into. What several groups say about the same setting is decided, setting by setting, by the one with the lowest number."
        </p>
        {deletion::question(delete, back)}
        {refusals}
        <SearchBar
            path=routes::GROUPS
            query
            label="Search by name or description"
            states=STATES
            total
            noun=("group", "groups")
        />
        <Show when=move || !empty.get() fallback=move || nothing(query)>
            <Table
                caption="Groups"
                columns=COLUMNS
                path=routes::GROUPS
                query
                busy=groups.busy
            >
                {rows()}
            </Table>
        </Show>
        <Pager path=routes::GROUPS query total />
    }
    .into_any()
}

fn row(GroupRow { group, members, workspaces }: GroupRow, back: Signal<String>) -> AnyView {
    let (built_in, edit) = (group.is_built_in(), routes::group(&group.id));
    let Group { id, name, description, priority, settings, .. } = group;
    let said = settings.said();
    let said = if said.is_empty() { "Nothing".to_owned() } else { said.join("; ") };
    let launches = match workspaces {
        1 => "1 workspace".to_owned(),
        n => format!("{n} workspaces"),
    };
    let (edit_label, delete_label) = (format!("Edit {name}"), format!("Delete {name} …"));
    let badge = built_in.then(|| view! { <span class="badge">"built in"</span> });
    let id = id.to_string();
    // A link to the same page that asks; it works without JavaScript too.
    let delete = (!built_in).then(|| {
        view! {
            <a
                class="button button-small"
                href=move || asking(&back.get(), "delete", &id)
                data-noscroll=""
                aria-label=delete_label
            >
                "Delete …"
            </a>
        }
    });
    view! {
        <tr>
            <th scope="row" data-label="Name">
                <a class="row-name" href=edit.clone()>{name}</a>
                " "
                {badge}
                <span class="row-reason">{description}</span>
            </th>
            <td data-label="Priority" class="figures">{priority.to_string()}</td>
            <td data-label="Members" class="figures">{members.to_string()}</td>
            <td data-label="May launch" class="figures">{launches}</td>
            <td data-label="What it says">{said}</td>
            <td data-label="Actions">
                <div class="actions">
                    <a class="button button-small" href=edit aria-label=edit_label>"Edit"</a>
                    {delete}
                </div>
            </td>
        </tr>
    }
    .into_any()
}

/// The built-in ones are always there, so that only a search finds none.
fn nothing(query: Memo<ListQuery>) -> AnyView {
    no_rows(query, routes::GROUPS, ("group", "groups"), || ().into_any())
}

/// What was just done, as the address says it, in words.
fn deed(done: &str) -> Option<&'static str> {
    match done {
        "saved" => Some("Saved. It holds at once, also for sessions that run."),
        "deleted" => Some("The group was deleted. Its members and workspaces stay."),
        _ => None,
    }
}

#[cfg(all(test, feature = "ssr"))]
#[allow(clippy::unwrap_used, reason = "a failed expectation ends a story")]
mod tests {
    use super::*;
    use domain::{
        Timestamp,
        group::{Deed, EVERYBODY, GroupSettings},
    };

    fn html(id: &str, settings: GroupSettings) -> String {
        let owner = Owner::new();
        owner.set();
        let group = Group {
            id: id.parse().unwrap(),
            name: "Team".into(),
            description: String::new(),
            priority: 10,
            settings,
            revision: 1,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        };
        let one = GroupRow { group, members: 2, workspaces: 1 };
        row(one, Signal::stored("/groups?q=t".to_owned())).to_html()
    }

    #[test]
    fn a_row_says_what_the_group_says() {
        let settings = GroupSettings {
            sessions_per_user: Some(2),
            deeds: vec![(Deed::Stop, false)],
            ..GroupSettings::default()
        };
        let html = html("a1", settings);
        for part in [
            "Sessions at a time: 2; Stop own sessions: not allowed",
            "1 workspace<",
            "href=\"/groups?q=t&amp;confirm=delete:a1\"",
        ] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        assert!(!html.contains("built in"), "{html}");
    }

    #[test]
    fn a_built_in_group_cannot_be_deleted() {
        let html = html(EVERYBODY, GroupSettings::default());
        assert!(html.contains("built in") && html.contains("Nothing"), "{html}");
        assert!(html.contains("Edit") && !html.contains("Delete"), "{html}");
    }
}
