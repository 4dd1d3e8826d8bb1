//! Pausing, stopping, starting and deleting a session, as forms that work before the page is live.
//!
//! What may be asked is the domain's table; which word is on the button depends on the state,
//! because *Start* on a paused session resumes it.

use super::{confirm::Confirm, icon::Glyph};
use crate::post::{Post, PostForm};
use domain::{
    SessionId,
    session::{Action, State},
};
use leptos::prelude::*;

/// What the button says in this state.
pub const fn verb(action: Action, state: State) -> &'static str {
    match (action, state) {
        (Action::Start, State::Paused | State::Pausing) => "Resume",
        (Action::Start, State::Failed) => "Try again",
        (Action::Renew, _) => "Restart into it",
        _ => action.label(),
    }
}

const fn glyph(action: Action) -> &'static str {
    match action {
        Action::Start => "play",
        Action::Pause => "pause",
        Action::Stop => "stop",
        Action::Renew => "refresh",
        Action::Delete | Action::ForceRemove => "trash",
    }
}

/// A button that does something which can be undone: start, pause or stop.
#[component]
pub fn ActButton(
    /// The one that all buttons of a page share, so that its outcome is shown once.
    acting: Post,
    id: SessionId,
    action: Action,
    state: State,
    /// Where to be afterwards.
    #[prop(into)]
    next: Signal<String>,
    #[prop(default = "button")] class: &'static str,
) -> impl IntoView {
    view! {
        <PostForm post=acting>
            <input type="hidden" name="id" value=id.to_string()/>
            <input type="hidden" name="action" value=action.as_str()/>
            <input type="hidden" name="next" value=move || next.get()/>
            <button
                type="submit"
                class=class
                title=action.consequence()
                disabled=move || acting.is_pending()
            >
                <Glyph name=glyph(action)/>
                <span>{verb(action, state)}</span>
            </button>
        </PostForm>
    }
    .into_any()
}

/// What [`DeleteQuestion`] asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doomed {
    pub id: SessionId,
    pub name: String,
}

/// A button that asks before it deletes. Without JavaScript it leads to this page with the
/// question on it.
#[component]
pub fn DeleteButton(
    asked: RwSignal<Option<Doomed>>,
    doomed: Doomed,
    #[prop(default = "button")] class: &'static str,
) -> impl IntoView {
    let id = doomed.id.to_string();
    view! {
        <form
            method="get"
            on:submit=move |ev| {
                ev.prevent_default();
                asked.set(Some(doomed.clone()));
            }
        >
            <input type="hidden" name=super::confirm::PARAMETER value=id/>
            <button type="submit" class=class title=Action::Delete.consequence()>
                <Glyph name=glyph(Action::Delete)/>
                <span>"Delete …"</span>
            </button>
        </form>
    }
    .into_any()
}

/// The question before a session is deleted, while it is asked.
#[component]
pub fn DeleteQuestion(
    acting: Post,
    asked: RwSignal<Option<Doomed>>,
    /// Where to be afterwards.
    #[prop(into)]
    next: Signal<String>,
    /// This page without the question.
    #[prop(into)]
    here: Signal<String>,
) -> impl IntoView {
    let close = move || asked.set(None);
    let question = move || {
        asked.get().map(|Doomed { id, name }| {
            let id = id.to_string();
            let post = move |ev: leptos::ev::SubmitEvent| {
                acting.submit(&ev);
                asked.set(None);
            };
            let fields = vec![
                ("id", id),
                ("action", Action::Delete.as_str().to_owned()),
                ("next", next.get_untracked()),
            ];
            view! {
                <Confirm
                    title=format!("Delete the session “{name}”?")
                    verb="Delete session"
                    action=acting.url()
                    fields
                    cancel_href=here.get_untracked()
                    on_confirm=post
                    on_cancel=close
                >
                    <p>{Action::Delete.consequence()}</p>
                    <p>"Pausing or stopping it instead keeps its files."</p>
                </Confirm>
            }
        })
    };
    view! { {question} }.into_any()
}
