//! When and why a session ends by itself, and asking for more time.

use super::{FailureBox, Glyph, clock::Until};
use crate::{
    api::sessions::ExtendSession,
    post::{Post, PostForm},
};
use domain::{SessionId, lifetime::Ending, session::SessionDetail};
use leptos::prelude::*;

/// A line below a session's state: `Will be stopped in 12 min unless …`.
#[component]
pub fn EndingLine(ending: Ending) -> AnyView {
    view! {
        <span class="ending">
            <Glyph name="clock" />
            {ending_words(Some(ending))}
        </span>
    }
    .into_any()
}

/// Warns while the end is near, and offers more time; `next` is where to be afterwards without
/// JavaScript.
pub fn ending_notice(id: SessionId, detail: Signal<SessionDetail>, next: String) -> AnyView {
    let extending = Post::to::<ExtendSession>();
    let near = Memo::new(move |_| {
        detail.with(|d| d.ending.filter(|ending| ending.is_announced(&d.session.life)))
    });
    let may_steer = detail.with_untracked(|d| d.may_steer);
    let show = move |ending: Ending| {
        let extend = (ending.may_extend && may_steer)
            .then(|| extend_button(id.to_string(), extending, next.clone()));
        let last = (!ending.may_extend)
            .then(|| view! { <p>"Save your work: the rules give no more time."</p> });
        view! {
            <div class="notice notice-warning ending-notice">
                <Glyph name="clock" />
                <div>
                    <p class="notice-title">
                        {format!("It will be {} ", ending.bound.action.done())}
                        <Until at=ending.at /> {format!(", {}.", ending.unless())}
                    </p>
                    {last}
                </div>
                {extend}
            </div>
        }
        .into_any()
    };
    // The part that is read aloud stands before there is anything to read.
    view! {
        {move || extending.refusal().map(|error| view! { <FailureBox error /> })}
        <div class="ending-place" role="status">
            {move || near.get().map(&show)}
        </div>
    }
    .into_any()
}

fn extend_button(id: String, extending: Post, next: String) -> AnyView {
    view! {
        <PostForm post=extending>
            <input type="hidden" name="id" value=id />
            <input type="hidden" name="next" value=next />
            <button type="submit" class="button" disabled=move || extending.is_pending()>
                "Extend"
            </button>
        </PostForm>
    }
    .into_any()
}

/// What is said of it, whether near or not.
pub fn ending_words(ending: Option<Ending>) -> AnyView {
    match ending {
        Some(ending) => view! {
            <span>
                {format!("Will be {} ", ending.bound.action.done())} <Until at=ending.at />
                {format!(", {}", ending.unless())}
            </span>
        }
        .into_any(),
        None => "Not by itself".into_any(),
    }
}
