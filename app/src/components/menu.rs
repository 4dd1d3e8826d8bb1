//! A menu of less common actions beside a main one.
//!
//! A `<details>`, so that it opens without JavaScript; once live, it also closes when the focus
//! leaves it or Escape is pressed, as menus do.

use super::icon::Glyph;
use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast, web_sys};

#[component]
pub fn MoreMenu(
    /// What the button is called for those who do not see it.
    #[prop(into)]
    label: String,
    #[prop(default = "button button-quiet button-icon")] class: &'static str,
    children: Children,
) -> impl IntoView {
    let place = NodeRef::<html::Details>::new();
    let close = move || {
        // Tried, because a list that is drawn anew takes the menu away and the focus with it.
        if let Some(details) = place.try_get_untracked().flatten() {
            details.set_open(false);
        }
    };
    let left = move |event: ev::FocusEvent| {
        let to = event.related_target().and_then(|t| t.dyn_into::<web_sys::Node>().ok());
        let inside = place
            .try_get_untracked()
            .flatten()
            .is_some_and(|details| details.contains(to.as_ref()));
        if !inside {
            close();
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            close();
        }
    };
    view! {
        <details class="more" node_ref=place on:focusout=left on:keydown=key>
            <summary class=class aria-label=label>
                <Glyph name="more"/>
            </summary>
            // Focusable by the pointer, because Safari gives a clicked button no focus: the menu
            // would take the click for one outside.
            <div class="menu" tabindex="-1">{children()}</div>
        </details>
    }
    .into_any()
}
