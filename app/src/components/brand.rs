//! The name and the mark.

use crate::routes;
use leptos::prelude::*;

/// Mark and name, leading home.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href=routes::LAUNCHER>
            <img class="brand-mark" src="/logo.svg" alt="" width="28" height="28"/>
            <span>"Slipway"</span>
        </a>
    }
}
