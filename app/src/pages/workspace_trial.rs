//! The trial of a workspace, for administrators: beginning one, what testers say of it, and what
//! becomes of it.

mod begin;
mod questions;

use crate::{
    api::trials::{EndTrial, PromoteTrial, show_trial},
    components::{
        EmptyState, Glyph, PageHead, When, done, facts::fact, failures, fresh::fresh, opening,
        question::asking,
    },
    live,
    pages::workspaces::image_state,
    post::Post,
    refusal::Refusal,
    routes, wire,
};
use begin::{Beginning, read};
use domain::{
    event::Change,
    image::short_digest,
    trial::{Trial, Verdict, WorkspaceTrial},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use serde::{Deserialize, Serialize};

/// What the page opens with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Opened {
    of: WorkspaceTrial,
    /// What the form holds that begins a trial.
    beginning: Beginning,
}

async fn open(id: String, refused: bool) -> Result<Opened, Refusal> {
    let of = show_trial(id.clone()).await?;
    Ok(Opened { beginning: read(&of, refused).await?, of })
}

#[component]
pub fn WorkspaceTrialPage() -> impl IntoView {
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.with(|map| map.get("id").unwrap_or_default()));
    let opened = wire::read(
        move || id.get(),
        move |id| {
            let refused = query.with_untracked(|map| map.get_str("__err").is_some());
            open(id, refused)
        },
    );
    opening(opened, move |opened| page(opened, id))
}

fn page(opened: Opened, asked: Memo<String>) -> AnyView {
    let Opened { of, beginning } = opened;
    let (promote, end) = (Post::to::<PromoteTrial>(), Post::to::<EndTrial>());
    let changes = live::version(|change| {
        matches!(change, Change::Workspace { .. } | Change::Images | Change::Resync)
    });
    let version = Signal::derive(move || changes.get() + promote.version() + end.version());
    let (id, title) = (of.workspace.clone(), format!("Trial of {}", of.name));
    let now = fresh(of, asked, version, show_trial);
    let shown = now.value;
    let here = StoredValue::new(routes::workspace_trial(&id));
    let under_way = Memo::new(move |_| shown.with(|of| of.trial.is_some()));
    let disabled = Memo::new(move |_| shown.with(|of| of.disabled));
    let trial = move || {
        let of = shown.get();
        of.trial.map(|trial| here.with_value(|here| one(trial, &of.image, here)))
    };
    view! {
        <PageHead title=title>
            <a class="button" href=routes::workspace_image(&id)>
                <Glyph name="layers" />
                "Image"
            </a>
            <a class="button" href=routes::workspace(&id)>
                <Glyph name="edit" />
                "Edit workspace"
            </a>
        </PageHead>
        {done(deed)}
        {questions::promote(shown, promote)}
        {questions::end(shown, end)}
        {move || failures([promote.refusal(), end.refusal(), now.failure.get()])}
        {move || {
            disabled
                .get()
                .then(|| {
                    view! {
                        <p class="notice notice-warning">
                            "The workspace is disabled: nobody can launch it, and nobody its trial."
                        </p>
                    }
                })
        }}
        {trial}
        <Show when=move || !under_way.get()>
            {begin::form(shown.with_untracked(|of| of.workspace.to_string()), &beginning)}
        </Show>
    }
    .into_any()
}

fn deed(done: &str) -> Option<&'static str> {
    Some(match done {
        "begun" => "The trial has begun. Testers see its tile.",
        "ended" => "The trial has ended. Its tile is gone; sessions that exist stay.",
        _ => return None,
    })
}

fn one(trial: Trial, present: &str, here: &str) -> AnyView {
    let works = trial.verdicts.iter().filter(|one| one.works).count();
    let against = trial.verdicts.len() - works;
    let notes = (!trial.notes.is_empty()).then(|| fact("Notes for testers", trial.notes.clone()));
    let image = match trial.image_id.as_str() {
        "" => "Nothing: the engine does not have it".into_any(),
        id => {
            view! { <code class="digest" title=id.to_owned()>{short_digest(id).to_owned()}</code> }
                .into_any()
        }
    };
    let testers = match trial.groups.is_empty() {
        true => "Nobody: its groups are gone".to_owned(),
        false => trial.groups.join(", "),
    };
    let reference = |text: &str| view! { <span class="image-name">{text.to_owned()}</span> };
    view! {
        <div class="cards">
        <section class="card" aria-labelledby="on-trial">
            <h2 id="on-trial">"On trial"</h2>
            <dl class="facts">
                {fact("Image", reference(&trial.image))}
                {fact("Means now", image)}
                {fact("State", image_state(&trial.state))}
                {fact("Everybody launches", reference(present))}
                {fact("Testers", testers)}
                {fact("Sessions", trial.sessions.to_string())}
                {fact("Begun", view! { <When at=trial.begun_at /> " by " {trial.begun_by} })}
                {notes}
            </dl>
            <div class="actions">
                // Links to the same page that ask; they work without JavaScript too.
                <a
                    class="button button-primary"
                    href=asking(here, questions::PROMOTE, "trial")
                    data-noscroll=""
                >
                    "Promote …"
                </a>
                <a
                    class="button button-danger"
                    href=asking(here, questions::END, "trial")
                    data-noscroll=""
                >
                    "End trial …"
                </a>
            </div>
        </section>
        <section class="card" aria-labelledby="verdicts">
            <h2 id="verdicts">"What testers say"</h2>
            {if trial.verdicts.is_empty() {
                view! {
                    <EmptyState
                        title="Nothing yet"
                        text="Testers say what they found where their tile's “i” leads."
                    />
                }
                    .into_any()
            } else {
                view! {
                    <p class="muted">{format!("Works: {works}. Does not work: {against}.")}</p>
                    <ul class="verdicts">
                        {trial.verdicts.into_iter().map(verdict).collect::<Vec<_>>()}
                    </ul>
                }
                    .into_any()
            }}
        </section>
        </div>
    }
    .into_any()
}

fn verdict(said: Verdict) -> AnyView {
    let look = if said.works { "chip chip-ready" } else { "chip" };
    let glyph = if said.works { "check" } else { "alert" };
    let words =
        (!said.words.is_empty()).then(|| view! { <p class="verdict-words">{said.words}</p> });
    view! {
        <li>
            <p>
                <span class=look>
                    <Glyph name=glyph />
                    {Verdict::label(said.works)}
                </span>
                " "
                <strong>{said.tester}</strong>
                ", "
                <When at=said.said_at />
            </p>
            {words}
        </li>
    }
    .into_any()
}
