//! The slim bar above a stream. It can be folded away, is reached by the keyboard, and never takes
//! the focus by itself.

use crate::{
    components::{
        Glyph, Icon, StateBadge, clock,
        menu::MoreMenu,
        session_actions::{ActButton, DeleteButton, Doomed},
    },
    post::Post,
    routes,
};
use domain::{
    session::{Action, SessionDetail, State},
    snapshot::WizardStep,
    time::length,
};
use leptos::prelude::*;

#[component]
pub(super) fn Bar(
    detail: Memo<SessionDetail>,
    acting: Post,
    asked: RwSignal<Option<Doomed>>,
    /// The address of this page.
    here: String,
    shares_cookies: Signal<bool>,
) -> impl IntoView {
    let first = detail.get_untracked().session;
    let doomed = Doomed { id: first.id.clone(), name: first.workspace_name.clone() };
    let id = first.id.clone();
    let state = Memo::new(move |_| detail.read().session.state());
    let may = Memo::new(move |_| detail.read().may.clone());
    let folded = RwSignal::new(false);
    let next = Signal::stored(here);

    let buttons = move || {
        let state = state.get();
        let open = |action| state.allows(action) && may.with(|may| may.contains(&action));
        let act = |action: Action| {
            let id = id.clone();
            open(action).then(
                || view! { <ActButton acting id action state next class="button button-bar"/> },
            )
        };
        let doomed = doomed.clone();
        let delete = open(Action::Delete)
            .then(|| view! { <DeleteButton asked doomed class="button button-bar"/> });
        view! {
            {act(Action::Start)}
            {act(Action::Pause)}
            {act(Action::Stop)}
            {delete}
        }
    };
    let details = routes::session(&first.id);
    let renew = routes::renew_session(&first.id);
    // Where there is no stream, what stands in its place says so.
    let waiting = Memo::new(move |_| {
        detail.with(|d| d.waiting.filter(|_| d.session.state() == State::Running))
    });
    let create = detail.with_untracked(|d| {
        d.may_create_image.then(|| routes::create_image(&d.session.id, WizardStep::Image))
    });
    view! {
        <header class="bar" class:is-folded=move || folded.get()>
            <button
                type="button"
                class="button button-bar bar-fold needs-script"
                aria-expanded=move || if folded.get() { "false" } else { "true" }
                aria-controls="bar-content"
                title=move || if folded.get() { "Show the bar" } else { "Hide the bar" }
                on:click=move |_| folded.update(|folded| *folded = !*folded)
            >
                {move || {
                    let (glyph, words) =
                        if folded.get() { ("down", "Show the bar") } else { ("up", "Hide the bar") };
                    view! { <Glyph name=glyph/><span class="visually-hidden">{words}</span> }
                }}
            </button>
            <div class="bar-content" id="bar-content">
                <a class="button button-bar" href=routes::LAUNCHER>
                    <Glyph name="grid"/>
                    <span>"Launcher"</span>
                </a>
                <div class="bar-title">
                    <Icon icon=first.icon/>
                    <h1>{first.workspace_name}</h1>
                </div>
                <div class="bar-state" role="status">
                    {move || view! { <StateBadge state=state.get()/> }}
                </div>
                <Running detail/>
                <div class="bar-actions">
                    {move || waiting.get().map(|waiting| view! {
                        <a class="button button-bar" href=renew.clone() title=waiting.words()>
                            <Glyph name="refresh"/>
                            <span>{waiting.label()}</span>
                        </a>
                    })}
                    {move || shares_cookies.get().then(|| view! {
                        <span
                            class="bar-note"
                            title="This workspace keeps cookies, and your other sessions of that kind on this host can see them."
                        >
                            <Glyph name="info"/>
                            <span>"Shares cookies"</span>
                        </span>
                    })}
                    <FullScreen/>
                    {buttons}
                    <MoreMenu label="More" class="button button-bar button-icon">
                        <a href=details><Glyph name="info"/><span>"Details"</span></a>
                        {create.map(|href| view! {
                            <a href=href hidden=move || !state.get().has_container()>
                                <Glyph name="layers"/>
                                <span>"Create image"</span>
                            </a>
                        })}
                    </MoreMenu>
                </div>
            </div>
        </header>
    }
    .into_any()
}

/// For how long it has been running, counted in the browser.
#[component]
fn Running(detail: Memo<SessionDetail>) -> impl IntoView {
    let seconds = clock::seconds();
    let words = move || {
        let now = seconds.get()?;
        let detail = detail.read();
        let since = detail.session.running_since?;
        (detail.session.state() == State::Running).then(|| length(whole(now.since(since))))
    };
    view! {
        <span class="bar-time" title="Running for">
            {move || words().map(|words| view! {
                <span class="visually-hidden">"Running for "</span>
                {words}
            })}
        </span>
    }
}

/// Whole seconds, or the tenths of the first ten would jump.
pub(super) const fn whole(millis: i64) -> i64 {
    millis / 1000 * 1000
}

#[component]
fn FullScreen() -> impl IntoView {
    let toggle = move |_| {
        let document = document();
        if document.fullscreen_element().is_some() {
            document.exit_fullscreen();
        } else if let Some(root) = document.document_element() {
            // Browsers without full screen for pages refuse; the window stays as it is.
            _ = root.request_fullscreen();
        }
    };
    view! {
        <button type="button" class="button button-bar needs-script" on:click=toggle>
            <Glyph name="expand"/>
            <span>"Full screen"</span>
        </button>
    }
}
