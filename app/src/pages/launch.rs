//! Launching a workspace with a say in what it begins with: for those that keep people's homes, and
//! for those that ask something first.

mod fields;

use crate::{
    api::launcher::{Launch, show_launch_options},
    components::{
        FailureBox, PageHead,
        field::ProblemSummary,
        opening,
        submit::{submit, submit_or},
    },
    post::{Post, PostForm},
    refusal::Refusal,
    routes, wire,
};
use domain::launcher::LaunchOptions;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};

/// What the address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    id: String,
    /// `on` for a run of the definition to try it.
    test: String,
    /// The address carries a refusal.
    refused: bool,
}

/// What the page opens with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Opened {
    options: LaunchOptions,
    test: bool,
    /// What the fields hold was typed a moment ago, and was refused.
    typed: bool,
    /// What was chosen of the home then.
    profile: String,
}

async fn open(asked: Asked) -> Result<Opened, Refusal> {
    let test = !asked.test.is_empty();
    let options = show_launch_options(asked.id.clone(), asked.test).await?;
    let opened = Opened { options, test, typed: false, profile: String::new() };
    #[cfg(feature = "ssr")]
    if asked.refused
        && let Some((profile, last)) = crate::draft::take(&format!("launch/{}", asked.id)).await
    {
        let options = LaunchOptions { last, ..opened.options };
        return Ok(Opened { options, test, typed: true, profile });
    }
    Ok(opened)
}

#[component]
pub fn LaunchPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| {
        query.with(|query| Asked {
            id: params.with(|map| map.get("id").unwrap_or_default()),
            test: query.get("test").unwrap_or_default(),
            refused: query.get_str("__err").is_some(),
        })
    });
    let first = wire::read(move || asked.get(), open);
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

fn page(opened: Opened) -> AnyView {
    let launch = Post::to::<Launch>();
    let Opened { options, test, typed, profile } = opened;
    let LaunchOptions { workspace, name, home, can_begin_anew, fields, last } = options;
    let (title, cancel) = match test {
        true => (format!("Test {name}"), routes::workspace(&workspace)),
        false => (format!("Launch {name}"), routes::LAUNCHER.to_owned()),
    };
    let at_fields = Signal::derive(move || launch.refusal().filter(|e| !e.fields.is_empty()));
    let elsewhere = move || launch.refusal().filter(|error| error.fields.is_empty());
    let test = test.then(|| view! { <input type="hidden" name="test" value="on" /> });
    view! {
        <PageHead title=title />
        {move || elsewhere().map(|error| view! { <FailureBox error /> })}
        <ProblemSummary problem=at_fields posted_name=str::to_owned />
        <div class="wizard">
            <PostForm post=launch>
                <input type="hidden" name="workspace" value=workspace.to_string() />
                {test}
                {fields::fields(fields, &last, typed, launch)}
                {home.map(|home| homes(home, &profile, can_begin_anew))}
                {submit_or(cancel, "Cancel", submit(launch, "Launch", "Launching …"))}
            </PostForm>
        </div>
    }
    .into_any()
}

fn homes(home: String, chosen: &str, can_begin_anew: bool) -> AnyView {
    let choices: Vec<AnyView> = CHOICES
        .into_iter()
        .filter(|(value, ..)| can_begin_anew || *value != "fresh")
        .map(|(value, label, help)| choice(value, label, help, value == chosen))
        .collect();
    view! {
        <fieldset class="form-section">
            <legend>"Your home directory"</legend>
            <p class="muted">
                "This workspace keeps " <code>{home}</code> " for you when its sessions are deleted."
            </p>
            {choices}
        </fieldset>
    }
    .into_any()
}

fn choice(value: &'static str, label: &'static str, help: &'static str, chosen: bool) -> AnyView {
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
                    checked=chosen
                    aria-describedby=about.clone()
                />
                <span>{label}</span>
            </label>
            <p class="field-help" id=about>{help}</p>
        </div>
    }
    .into_any()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_empty_home_is_offered_where_it_can_be_had() {
        let owner = Owner::new();
        owner.set();
        let html = |can_begin_anew| homes("/home/user".into(), "without", can_begin_anew).to_html();
        let (offered, kept) = (html(true), html(false));
        assert!(offered.contains("Start over with an empty home"), "{offered}");
        assert!(!kept.contains("Start over") && kept.contains("Leave my home alone"), "{kept}");
    }
}
