//! The menu of what can be done with a row of a list.
//!
//! A popover, because the browser opens, closes and layers it without any script, also over the
//! edges of a table that scrolls.

use super::icon::Glyph;
use leptos::{html, prelude::*};

#[component]
pub fn RowMenu(
    /// What tells the row from all others on the page.
    #[prop(into)]
    key: String,
    /// What the row is called, for those who do not see where the button is.
    #[prop(into)]
    name: String,
    children: Children,
) -> AnyView {
    let id = format!("menu-{key}");
    let place = NodeRef::<html::Div>::new();
    view! {
        <button
            type="button"
            class="button button-small"
            popovertarget=id.clone()
            aria-label=format!("Actions for {name}")
        >
            "Actions"
            <Glyph name="chevron-down" />
        </button>
        <div
            id=id
            class="menu row-menu"
            popover="auto"
            node_ref=place
            on:click=move |_| {
                // Tried, because what was clicked may have taken the row away.
                if let Some(menu) = place.try_get_untracked().flatten() {
                    // A menu that is closed already needs no closing.
                    _ = menu.hide_popover();
                }
            }
        >
            {children()}
        </div>
    }
    .into_any()
}
