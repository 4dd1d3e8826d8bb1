//! The state of an image as a sign and a word.

use super::badge::badge;
use domain::library::ImageState;
use leptos::prelude::*;

/// Sign, and the look of the session state that means the same to a reader.
const fn look(state: ImageState) -> (&'static str, &'static str) {
    match state {
        ImageState::Available => ("check", "badge state-running"),
        ImageState::UpdateAvailable => ("arrow-up", "badge state-paused"),
        ImageState::Pulling => ("refresh", "badge state-starting is-moving"),
        ImageState::Missing => ("off", "badge state-stopped"),
        ImageState::Failed => ("alert", "badge state-failed"),
    }
}

#[component]
pub fn ImageBadge(state: ImageState) -> AnyView {
    let (glyph, look) = look(state);
    badge(glyph, look, state.label())
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_sign_and_its_word() {
        let owner = Owner::new();
        owner.set();
        for state in ImageState::ALL {
            let html = view! { <ImageBadge state/> }.to_html();
            assert!(html.contains(state.label()), "{html}");
            assert!(html.contains("/icons.svg#ui-"), "{html}");
            let moves = state == ImageState::Pulling;
            assert_eq!(html.contains("is-moving"), moves, "{html}");
        }
    }
}
