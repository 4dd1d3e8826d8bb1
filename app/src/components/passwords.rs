//! Letting people see the passwords they type.

use super::field::field_id;
use leptos::prelude::*;

/// A tick that shows the passwords in the named fields of the page. Appears once the page is live,
/// because it does nothing without.
#[component]
pub fn ShowPasswords(fields: &'static [&'static str]) -> impl IntoView {
    let live = RwSignal::new(false);
    let shown = RwSignal::new(false);
    Effect::new(move |_| live.set(true));
    Effect::new(move |_| {
        let kind = if shown.get() { "text" } else { "password" };
        for field in fields {
            if let Some(input) = document().get_element_by_id(&field_id(field)) {
                // An attribute of an existing element can always be set.
                _ = input.set_attribute("type", kind);
            }
        }
    });
    let label = if fields.len() > 1 { "Show passwords" } else { "Show password" };
    view! {
        <label class="tick" hidden=move || !live.get()>
            <input
                type="checkbox"
                prop:checked=move || shown.get()
                on:change=move |ev| shown.set(event_target_checked(&ev))
            />
            <span>{label}</span>
        </label>
    }
}
