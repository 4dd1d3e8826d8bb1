//! First run, on one page: the engine's state, the administrator, and what to offer at once.
//!
//! Whoever holds the one-time token sees it. Nothing typed is lost while starter images are being
//! made: only their states are read again.

use crate::{
    api::setup::{EngineCheck, FinishSetup, Setup, StarterChoice, show_setup},
    components::{
        FailureBox, Glyph, Loading, PageHead,
        brand::Brand,
        clock,
        failure::set_status,
        field::{PasswordField, ProblemSummary, TextField},
        passwords::ShowPasswords,
        tile::state_chip,
    },
    live,
    post::{Post, PostForm},
    wire,
};
use domain::{Error, launcher::TileState, user::PASSWORD_SHORTEST};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Seconds between two looks at the starters. There is no stream of changes before anybody can
/// sign in.
const LOOK_EVERY: i64 = 5;

#[component]
pub fn SetupPage() -> impl IntoView {
    let query = use_query_map();
    let token = Memo::new(move |_| query.read().get("token").unwrap_or_default());
    let setup = wire::read(move || token.get(), show_setup);
    view! {
        <div class="sheet-page">
            <header><Brand/></header>
            <main id="main" class="sheet sheet-wide">
                <PageHead title="Set up Slipway"/>
                <Transition fallback=Loading>
                    {move || Suspend::new(async move {
                        match setup.await {
                            Ok(setup) => {
                                let token = token.get_untracked();
                                view! { <Steps setup token/> }.into_any()
                            }
                            Err(refusal) => view! { <WrongToken error=refusal.0/> }.into_any(),
                        }
                    })}
                </Transition>
            </main>
        </div>
    }
    .into_any()
}

/// The token is missing, used up or wrong: how to get another.
#[component]
fn WrongToken(error: Error) -> impl IntoView {
    set_status(error.kind.status());
    view! {
        <FailureBox error/>
        <p>
            "The set-up link is printed when the server starts and works once. "
            "To get a new one, restart the server or run "
            <code>"slipway setup-token"</code> " on its machine."
        </p>
    }
}

#[component]
fn Steps(setup: Setup, token: String) -> impl IntoView {
    let finish = Post::to::<FinishSetup>();
    let refusal = move || finish.refusal();
    let problem = move |field| finish.problem_at(field);
    let busy = move || finish.is_pending();

    let seconds = clock::seconds();
    let look = Memo::new(move |_| {
        let now = seconds.get().map_or(0, |now| now.millis());
        (now / 1000 / LOOK_EVERY).unsigned_abs()
    });
    let Setup { engine, starters } = setup.clone();
    let seen = {
        let token = token.clone();
        live::follow(setup, look.into(), move || show_setup(token.clone()))
    };
    let choices: Vec<_> =
        starters.into_iter().map(|starter| view! { <Starter starter seen/> }).collect();

    view! {
        <p class="lead">
            "Three things to look at, then you are in: the engine that runs containers, your own account, "
            "and the first workspaces to offer."
        </p>
        <ProblemSummary problem=Signal::derive(refusal) posted_name=str::to_owned/>
        <PostForm post=finish>
            <input type="hidden" name="token" value=token/>
            <section class="setup-step" aria-labelledby="engine-head">
                <h2 id="engine-head">"The engine"</h2>
                <EngineReport engine/>
            </section>
            <section class="setup-step" aria-labelledby="admin-head">
                <h2 id="admin-head">"Your account"</h2>
                <p>"The first account is an administrator's."</p>
                <TextField
                    name="name"
                    label="User name"
                    value="admin"
                    required=true
                    autocomplete="username"
                    problem=problem("name")
                />
                <PasswordField
                    name="password"
                    label="Password"
                    help=format!("At least {PASSWORD_SHORTEST} characters. Several words are easy to remember and hard to guess.")
                    autocomplete="new-password"
                    problem=problem("password")
                />
                <PasswordField
                    name="again"
                    label="Password again"
                    autocomplete="new-password"
                    problem=problem("again")
                />
                <ShowPasswords fields=&["password", "again"]/>
            </section>
            <section class="setup-step" aria-labelledby="starters-head">
                <h2 id="starters-head">"First workspaces"</h2>
                <p>"Each can be changed or switched off later. One that is still being prepared can be used as soon as it is ready."</p>
                <fieldset class="choices choices-tall">
                    <legend class="visually-hidden">"Workspaces to offer"</legend>
                    {choices}
                </fieldset>
            </section>
            <section class="setup-step setup-end">
                <button type="submit" class="button button-primary button-wide" disabled=busy>
                    {move || if busy() { "Setting up …" } else { "Finish and go to the launcher" }}
                </button>
            </section>
        </PostForm>
    }
    .into_any()
}

/// What the engine is, and what stands in its way.
#[component]
fn EngineReport(engine: EngineCheck) -> impl IntoView {
    let facts: Vec<_> = engine
        .facts
        .into_iter()
        .map(|(label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> })
        .collect();
    let warnings: Vec<_> = engine
        .warnings
        .into_iter()
        .map(|warning| {
            view! {
                <li class="notice notice-warning">
                    <Glyph name="alert"/>
                    <div>
                        <p class="notice-title">{warning.message}</p>
                        {warning.hint.map(|hint| view! { <p>{hint}</p> })}
                        {warning.detail.map(|detail| view! {
                            <details><summary>"Details"</summary><pre>{detail}</pre></details>
                        })}
                    </div>
                </li>
            }
        })
        .collect();
    let (glyph, words) = if engine.reachable {
        ("check", "The container engine answers.")
    } else {
        (
            "alert",
            "The container engine does not answer. You can finish here; nothing can be launched until it does.",
        )
    };
    view! {
        <p class="verdict" class:is-good=engine.reachable><Glyph name=glyph/><span>{words}</span></p>
        {(!warnings.is_empty()).then(|| view! { <ul class="notices">{warnings}</ul> })}
        {(!facts.is_empty()).then(|| view! { <dl class="facts">{facts}</dl> })}
    }
    .into_any()
}

/// One starter to tick, with its present state.
#[component]
fn Starter(starter: StarterChoice, seen: Signal<Result<Setup, Error>>) -> impl IntoView {
    let StarterChoice { key, name, description, state: first } = starter;
    let state = {
        let key = key.clone();
        Memo::new(move |_| {
            let now = seen.with(|seen| {
                let seen = seen.as_ref().ok()?;
                seen.starters.iter().find(|s| s.key == key).map(|s| s.state.clone())
            });
            now.unwrap_or_else(|| first.clone())
        })
    };
    let why = move || match state.get() {
        TileState::Ready => None,
        TileState::Preparing { message, .. } => Some(message),
        TileState::Unavailable { why } => Some(why),
    };
    view! {
        <label class="choice">
            <input type="checkbox" name="starters[]" value=key checked=true/>
            <span class="choice-text">
                <span class="choice-name">{name}</span>
                <span class="choice-note">{description}</span>
                <span class="choice-state">
                    {move || state_chip(&state.get())}
                    {move || why().map(|why| view! { <span class="tile-why">{why}</span> })}
                </span>
            </span>
        </label>
    }
    .into_any()
}
