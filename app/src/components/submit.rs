//! What a form is sent with.

use crate::post::Post;
use leptos::prelude::*;

/// The button that posts: its verb, and what it says meanwhile.
pub fn submit(post: Post, verb: &'static str, doing: &'static str) -> AnyView {
    view! {
        <button
            type="submit"
            class="button button-primary"
            disabled=move || post.is_pending()
        >
            {move || if post.is_pending() { doing } else { verb }}
        </button>
    }
    .into_any()
}

/// That button with the way back beside it.
pub fn submit_or(back: impl Into<String>, word: &'static str, button: AnyView) -> AnyView {
    view! {
        <div class="form-foot">
            {button}
            <a class="button" href=back.into()>
                {word}
            </a>
        </div>
    }
    .into_any()
}
