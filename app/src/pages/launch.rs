//! Launching a workspace with a say in what it begins with, for those that keep people's homes.

use crate::{
    api::launcher::{Launch, show_launch_options},
    components::{FailureBox, PageHead, opening},
    post::{Post, PostForm},
    routes, wire,
};
use domain::launcher::LaunchOptions;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

#[component]
pub fn LaunchPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    let first = wire::read(move || id.get(), show_launch_options);
    opening(first, page)
}

/// What is posted, what it is called, and what it means.
const CHOICES: [(&str, &str, &str); 3] = [
    ("", "Go on with my home", "It is as you left it: files, settings, history."),
    (
        "fresh",
        "Start over with an empty home",
        "Everything in your kept home is deleted first, for good. The new one is kept from then on.",
    ),
    (
        "without",
        "Leave my home alone",
        "This session has a home of its own, which goes when the session is deleted.",
    ),
];

fn page(options: LaunchOptions) -> AnyView {
    let launch = Post::to::<Launch>();
    let LaunchOptions { workspace, name, home } = options;
    let choices: Vec<AnyView> =
        CHOICES.into_iter().map(|(value, label, help)| choice(value, label, help)).collect();
    view! {
        <PageHead title=format!("Launch {name}") />
        {move || launch.refusal().map(|error| view! { <FailureBox error /> })}
        <div class="wizard">
            <PostForm post=launch>
                <input type="hidden" name="workspace" value=workspace.to_string() />
                <fieldset class="form-section">
                    <legend>"Your home directory"</legend>
                    <p class="muted">
                        "This workspace keeps " <code>{home}</code> " for you when its sessions are deleted."
                    </p>
                    {choices}
                </fieldset>
                <div class="form-foot">
                    <button
                        type="submit"
                        class="button button-primary"
                        disabled=move || launch.is_pending()
                    >
                        {move || if launch.is_pending() { "Launching …" } else { "Launch" }}
                    </button>
                    <a class="button" href=routes::LAUNCHER>"Cancel"</a>
                </div>
            </PostForm>
        </div>
    }
    .into_any()
}

fn choice(value: &'static str, label: &'static str, help: &'static str) -> AnyView {
    let id = format!("profile-{value}");
    let about = format!("{id}-help");
    view! {
        <div class="field field-tick">
            <label class="tick">
                <input
                    id=id
                    type="radio"
                    name="profile"
                    value=value
                    checked=value.is_empty()
                    aria-describedby=about.clone()
                />
                <span>{label}</span>
            </label>
            <p class="field-help" id=about>{help}</p>
        </div>
    }
    .into_any()
}
