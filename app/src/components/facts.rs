//! A list of terms and what they are, as `<dl class="facts">` holds them.

use leptos::prelude::*;

/// A term and what it is.
pub fn fact(term: &'static str, what: impl IntoView + 'static) -> AnyView {
    view! { <div class="fact"><dt>{term}</dt><dd>{what}</dd></div> }.into_any()
}
