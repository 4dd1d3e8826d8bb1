//! What was just done, as the address says after a form: `?done=…`.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The notice for the deed in the address, if `words` know it.
pub fn done(words: fn(&str) -> Option<&'static str>) -> AnyView {
    let map = use_query_map();
    let text = move || {
        // A refused post leads back to where it came from, which may still say what was done before.
        let text = map.with(|map| {
            map.get_str("done").filter(|_| map.get_str("__err").is_none()).and_then(words)
        })?;
        Some(view! { <p class="notice notice-good">{text}</p> })
    };
    view! { <div role="status">{text}</div> }.into_any()
}
