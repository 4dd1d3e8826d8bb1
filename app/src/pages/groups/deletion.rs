//! The question before a group is deleted, asked by the address.

use crate::{
    api::groups::{GroupRemoval, weigh_group},
    components::question::Question,
    post::Post,
};
use leptos::prelude::*;

/// Names of workspaces that are written out; of more the rest is counted.
const SHOWN: usize = 8;

/// The question while it is asked; `back` is the page without it.
pub fn question(delete: Post, back: Signal<String>) -> AnyView {
    Question::new("delete", "Delete group", delete, back).weighed("id", weigh_group, |_, doomed| {
        (format!("Delete the group “{}”?", doomed.name), consequences(doomed))
    })
}

fn consequences(doomed: GroupRemoval) -> AnyView {
    let members = match doomed.members {
        0 => "Nobody was put into it.".to_owned(),
        1 => "1 user is in it. The account stays; what the group says no longer holds for it."
            .to_owned(),
        n => format!(
            "{n} users are in it. Their accounts stay; what the group says no longer holds for them."
        ),
    };
    let more = doomed.orphans.len().checked_sub(SHOWN).filter(|more| *more > 0);
    let names = doomed.orphans.into_iter().take(SHOWN);
    let names: Vec<AnyView> = names.map(|name| view! { <li>{name}</li> }.into_any()).collect();
    let orphans = (!names.is_empty()).then(|| {
        view! {
            <p>"It is the only group that has these workspaces. Nobody can launch them any more until they are given to another one:"</p>
            <ul class="confirm-names">
                {names}
                {more.map(|more| view! { <li>{format!("and {more} more")}</li> })}
            </ul>
        }
    });
    view! {
        <p>{members}</p>
        {orphans}
        <p>"Sessions that exist stay."</p>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn html(members: i64, orphans: usize) -> String {
        let owner = Owner::new();
        owner.set();
        let orphans = (1..=orphans).map(|number| format!("Desktop {number}")).collect();
        consequences(GroupRemoval { name: "Team".into(), members, orphans }).to_html()
    }

    #[test]
    fn who_and_what_loses_something_is_named() {
        let html = html(1, 10);
        for part in ["1 user is in it.", "Desktop 1<", "Desktop 8<", "and 2 more"] {
            assert!(html.contains(part), "{part} is missing: {html}");
        }
        assert!(!html.contains("Desktop 9"), "{html}");
    }

    #[test]
    fn what_stays_launchable_is_not_mentioned() {
        let html = html(0, 0);
        assert!(html.contains("Nobody was put into it."), "{html}");
        assert!(!html.contains("only group"), "{html}");
    }
}
