//! One row of the list of sessions. The row stays while its session is listed; only the cells
//! whose part of the session changed are written anew, so that menus stay open under the pointer.

use crate::{
    api::sessions::ActOnSession,
    components::{
        Glyph, Icon, RowMenu, StateBadge, When,
        ending::EndingLine,
        fresh::Fresh,
        table::{SelectRow, Selection},
    },
    pages::session::steering::Steering,
    routes,
};
use domain::{
    image::short_digest,
    list::Page,
    quantity,
    session::{Action as Deed, SessionRow, State, UsageNow},
    snapshot::WizardStep,
};
use leptos::{prelude::*, server_fn::ServerFn};

const NONE: &str = "—";

/// Thousandths of a core as a share of one core, as `docker stats` counts.
pub fn percent(cpu_millis: i64) -> String {
    format!("{}.{} %", cpu_millis / 10, cpu_millis % 10)
}

pub fn row(
    first: SessionRow,
    list: Fresh<Page<SessionRow>>,
    rights: super::Rights,
    selection: Selection,
    steering: Steering,
) -> AnyView {
    let id = first.id.clone();
    let current = Memo::new({
        let (id, first) = (id.clone(), first.clone());
        move |before: Option<&SessionRow>| {
            let now = list.value.with(|p| p.rows.iter().find(|r| r.id == id).cloned());
            // A row on its way out keeps what it showed.
            now.unwrap_or_else(|| before.unwrap_or(&first).clone())
        }
    });
    let state = Memo::new(move |_| current.with(|r| (r.state, r.reason.clone())));
    let digest = Memo::new(move |_| current.with(|r| r.image_digest.clone()));
    let activity = Memo::new(move |_| current.with(|r| r.last_activity_at));
    let ending = Memo::new(move |_| current.with(|r| r.ending));
    let waiting = Memo::new(move |_| current.with(|r| r.waiting));
    let usage = Memo::new(move |_| current.with(|r| r.usage));
    let name = format!("{} of {}", first.workspace_name, first.owner_name);
    let details = routes::session(&id);
    let (ticked, label) = (id.to_string(), format!("Select {name}"));
    let select = rights.steer.then(|| view! { <SelectRow selection id=ticked label /> });
    view! {
        <tr>
            {select}
            <th scope="row" data-label="Workspace">
                <a class="row-name" href=details>
                    <Icon icon=first.icon.clone() />
                    <span>{first.workspace_name.clone()}</span>
                </a>
            </th>
            <td data-label="User">{first.owner_name.clone()}</td>
            <td data-label="Image">
                <span class="image-name">{first.image.clone()}</span>
                {move || {
                    digest
                        .get()
                        .map(|digest| {
                            let short = short_digest(&digest).to_owned();
                            view! { <code class="digest" title=digest>{short}</code> }
                        })
                }}
            </td>
            <td data-label="State">
                {move || {
                    let (state, reason) = state.get();
                    view! {
                        <StateBadge state />
                        {reason.map(|r| view! { <span class="row-reason">{r.message}</span> })}
                    }
                }}
                {move || {
                    waiting
                        .get()
                        .map(|waiting| {
                            view! {
                                <span class="badge waiting" title=waiting.words()>
                                    {waiting.label()}
                                </span>
                            }
                        })
                }}
                {move || ending.get().map(|ending| view! { <EndingLine ending /> })}
            </td>
            <td data-label="Started">
                <When at=first.launched_at />
            </td>
            <td data-label="Last activity">
                {move || match activity.get() {
                    Some(at) => view! { <When at /> }.into_any(),
                    None => NONE.into_any(),
                }}
            </td>
            <td data-label="CPU" class="figures">
                {move || usage.get().map_or_else(|| NONE.to_owned(), |u| percent(u.cpu_millis))}
            </td>
            <td data-label="Memory" class="figures">
                {move || usage.get().map_or_else(|| NONE.to_owned(), memory)}
            </td>
            <td class="row-actions">{menu(&first, name, state, current, rights, steering)}</td>
        </tr>
    }
    .into_any()
}

pub fn memory(usage: UsageNow) -> String {
    format!("{} of {}", quantity::bytes(usage.memory_bytes), quantity::bytes(usage.memory_limit))
}

fn menu(
    first: &SessionRow,
    name: String,
    state: Memo<(State, Option<domain::session::Reason>)>,
    current: Memo<SessionRow>,
    rights: super::Rights,
    steering: Steering,
) -> AnyView {
    let id = &first.id;
    if !rights.steer {
        let label = format!("Details of {name}");
        return view! {
            <a class="button button-small" href=routes::session(id) aria-label=label>"Details"</a>
        }
        .into_any();
    }
    let state = Signal::derive(move || state.get().0);
    let look = |deed| if matches!(deed, Deed::Delete) { "danger" } else { "menu-item" };
    // Who steers everybody's sessions may do all of it.
    let may = Signal::stored(Deed::ALL.to_vec());
    let target = move || current.with_untracked(super::target);
    let buttons = steering.buttons(id.as_str(), state, may, look, target);
    let create = rights.create_images.then(|| {
        view! {
            <a
                class="menu-item"
                href=routes::create_image(id, WizardStep::Image)
                hidden=move || !state.get().has_container()
            >
                <Glyph name="layers" />
                "Create image"
            </a>
        }
    });
    let opens = move || {
        matches!(state.get(), State::Running | State::Starting | State::Resuming | State::Pausing)
    };
    let items = view! {
        <a class="menu-item" href=routes::session(id)>
            <Glyph name="info" />
            "View details"
        </a>
        <a class="menu-item" href=routes::stream(id) hidden=move || !opens()>
            <Glyph name="external" />
            "Open"
        </a>
        {create}
        <form method="post" action=ActOnSession::url()>
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="next" value=steering.back() />
            {buttons}
        </form>
    }
    .into_any();
    view! { <RowMenu key=id.as_str() name>{items}</RowMenu> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_reads_as_a_share_of_a_core() {
        assert_eq!(percent(0), "0.0 %");
        assert_eq!(percent(125), "12.5 %");
        assert_eq!(percent(2_000), "200.0 %");
    }
}
