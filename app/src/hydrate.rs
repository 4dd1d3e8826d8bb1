//! Where the browser's side begins, and what happens when it breaks.

use crate::App;
use leptos::{
    mount::hydrate_from_async,
    prelude::{GetUntracked, document, window},
};
use leptos_router::hooks::use_url;
use std::future::pending;
use wasm_bindgen::prelude::wasm_bindgen;

/// Is there once every control answers to the script. For whoever has to wait for that.
const LIVE: &str = "data-live";

/// Makes the server's page live. Called by the script in the document's head; done when it is.
#[wasm_bindgen]
pub async fn hydrate() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        show_reload_bar();
    }));
    let Some(body) = document().body() else { return };
    hydrate_from_async(body, App).await.forget();
    if let Some(root) = document().document_element() {
        // An attribute of the root can always be set.
        _ = root.set_attribute(LIVE, "");
    }
}

/// Gets the page from the server instead, because its chunk could not be loaded: the connection
/// broke, or the server is a newer one and has other chunks.
///
/// Never comes back; what the reader sees stays until the new document is there.
pub async fn start_over() {
    let live = document().document_element().is_some_and(|root| root.has_attribute(LIVE));
    // None of these calls can fail with what is given here.
    if live {
        let to = use_url().get_untracked();
        let query = if to.search().is_empty() { "" } else { "?" };
        let to = [to.path(), query, to.search(), to.hash()].concat();
        _ = window().location().set_href(&to);
    } else if let Ok(event) = web_sys::Event::new("chunkmissing") {
        // The page was just loaded. The script in the head counts how often that was tried.
        _ = window().dispatch_event(&event);
    }
    pending().await
}

/// Shows the bar that the shell keeps ready. After a panic no component of ours runs any more, so
/// this touches the document directly and its button is a plain link.
fn show_reload_bar() {
    let document = web_sys::window().and_then(|window| window.document());
    if let Some(bar) = document.and_then(|document| document.get_element_by_id("fault")) {
        // Nothing is left to tell if even this fails.
        _ = bar.remove_attribute("hidden");
    }
}
