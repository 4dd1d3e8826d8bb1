//! When and why a session ends by itself, and asking for more time.

use super::{Glyph, clock::Until};
use crate::{
    api::sessions::ExtendSession,
    post::{Post, PostForm},
};
use domain::{SessionId, lifetime::Ending, session::SessionDetail};
use leptos::prelude::*;

/// A line below a session's state: `Will be stopped in 12 min`, with the condition as its title.
#[component]
pub fn EndingLine(ending: Ending) -> AnyView {
    view! {
        <span class="ending" title=ending.unless()>
            <Glyph name="clock" />
            <span>{format!("Will be {} ", ending.bound.action.done())} <Until at=ending.at /></span>
        </span>
    }
    .into_any()
}

/// Warns while the end is near, and offers more time; `next` is where to be afterwards without
/// JavaScript.
pub fn ending_notice(id: SessionId, detail: Signal<SessionDetail>, next: String) -> AnyView {
    let extending = Post::to::<ExtendSession>();
    let near = Memo::new(move |_| {
        detail.with(|d| d.ending.filter(|_| d.session.life.warned_at.is_some()))
    });
    let show = move |ending: Ending| {
        let extend =
            ending.may_extend.then(|| extend_button(id.to_string(), extending, next.clone()));
        view! {
            <div class="notice notice-warning ending-notice" role="status">
                <Glyph name="clock" />
                <div>
                    <p class="notice-title">
                        {format!("It will be {} ", ending.bound.action.done())}
                        <Until at=ending.at /> {format!(", {}.", ending.unless())}
                    </p>
                    {move || extending.refusal().map(|error| view! { <p>{error.to_string()}</p> })}
                    {(!ending.may_extend).then(|| view! { <p>"Save your work: the rules give no more time."</p> })}
                </div>
                {extend}
            </div>
        }
        .into_any()
    };
    (move || near.get().map(&show)).into_any()
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

/// What the overview says of it, whether near or not.
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
