//! Where the browser's side begins, and what happens when it breaks.

use crate::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes the server's page live. Called by the script in the document's head.
#[wasm_bindgen]
pub fn hydrate() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        show_reload_bar();
    }));
    leptos::mount::hydrate_body(App);
    // For whoever has to wait until a click is answered by the script.
    if let Some(root) = document().and_then(|document| document.document_element()) {
        // An attribute of the root can always be set.
        _ = root.set_attribute("data-live", "");
    }
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}

/// Shows the bar that the shell keeps ready. After a panic no component of ours runs any more, so
/// this touches the document directly and its button is a plain link.
fn show_reload_bar() {
    let bar = document().and_then(|document| document.get_element_by_id("fault"));
    if let Some(bar) = bar {
        // Nothing is left to tell if even this fails.
        _ = bar.remove_attribute("hidden");
    }
}
