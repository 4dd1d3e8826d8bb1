//! How something stands as a sign and a word, so that its meaning never rests on colour.

use super::icon::Glyph;
use domain::session::State;
use leptos::prelude::*;

/// The body of a badge. `look` are its classes: where a state of a session means the same to a
/// reader, that one's.
pub fn badge(glyph: &'static str, look: &'static str, word: &'static str) -> AnyView {
    view! {
        <span class=look>
            <Glyph name=glyph/>
            <span>{word}</span>
        </span>
    }
    .into_any()
}

const fn glyph(state: State) -> &'static str {
    match state {
        State::Starting | State::Resuming => "arrow-up",
        State::Running => "play",
        State::Pausing | State::Paused => "pause",
        State::Stopping | State::Stopped => "stop",
        State::Failed => "alert",
        State::Deleting | State::Deleted => "trash",
    }
}

/// The state of a session.
#[component]
pub fn StateBadge(state: State) -> impl IntoView {
    // Of the state only the class differs, so that a changed state patches the badge in place.
    let moving = if state.is_moving() { " is-moving" } else { "" };
    view! {
        <span class=format!("badge state-{}{moving}", state.as_str())>
            <Glyph name=glyph(state)/>
            <span>{state.label()}</span>
        </span>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_sign_and_its_word() {
        let owner = Owner::new();
        owner.set();
        for state in State::ALL.iter().copied() {
            let html = view! { <StateBadge state/> }.to_html();
            assert!(html.contains(state.label()), "{html}");
            assert!(html.contains("/icons.svg#ui-"), "{html}");
            assert_eq!(html.contains("is-moving"), state.is_moving(), "{html}");
        }
    }
}
