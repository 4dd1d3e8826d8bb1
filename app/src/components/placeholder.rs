//! The head of a page, and what stands where content is missing or still on its way.

use super::icon::Glyph;
use leptos::prelude::*;
use leptos_meta::Title;

/// Title and main actions of a page. Also sets the document's title.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=title.clone()/>
        <header class="page-head">
            <h1>{title}</h1>
            {children.map(|actions| view! { <div class="actions">{actions()}</div> })}
        </header>
    }
}

/// A turning sign beside a word; still for readers who asked for less motion.
#[component]
pub fn Spinner() -> impl IntoView {
    view! { <span class="spinner" aria-hidden="true"></span> }
}

/// Stands where a part of the page is being read.
#[component]
pub fn Loading() -> impl IntoView {
    view! {
        <p class="loading" role="status">
            <Spinner/>
            "Loading …"
        </p>
    }
}

/// Stands where a list is empty: why, and the one thing to do about it.
#[component]
pub fn EmptyState(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Glyph name="inbox"/>
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|actions| view! { <div class="actions">{actions()}</div> })}
        </div>
    }
}
