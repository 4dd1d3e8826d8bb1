//! A text to be taken away, with a button that copies it.

use super::{field::field_id, icon::Glyph};
use leptos::{html, prelude::*};

/// A field that is only read. Without JavaScript it is selected and copied by hand.
#[component]
pub fn CopyField(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(into)] text: String,
) -> impl IntoView {
    let place = NodeRef::<html::Input>::new();
    let said = RwSignal::new("");
    let copy = move |_| {
        let Some(field) = place.get_untracked() else { return };
        field.select();
        let done = copy_selected();
        said.set(if done { "Copied." } else { "Press Ctrl+C to copy it." });
    };
    view! {
        <div class="field">
            <div class="field-head">
                <label for=field_id(name)>{label}</label>
            </div>
            <div class="copy">
                <input
                    id=field_id(name)
                    class="input code"
                    type="text"
                    readonly=true
                    value=text
                    spellcheck="false"
                    node_ref=place
                />
                <button type="button" class="button needs-script" on:click=copy>
                    <Glyph name="copy" />
                    "Copy"
                </button>
            </div>
            <p class="field-help" role="status">
                {move || said.get()}
            </p>
        </div>
    }
    .into_any()
}

/// Copies what is selected; tells whether the browser did. By the old command, because the new way is
/// closed to pages that came over plain HTTP.
#[cfg(feature = "hydrate")]
fn copy_selected() -> bool {
    use leptos::wasm_bindgen::JsCast;
    let document = document().unchecked_into::<web_sys::HtmlDocument>();
    document.exec_command("copy").unwrap_or(false)
}

/// On the server nothing is selected.
#[cfg(not(feature = "hydrate"))]
const fn copy_selected() -> bool {
    false
}
