//! How a refusal looks, wherever it appears: what failed, what to do, the engine's own words folded
//! away, and the reference that finds the cause in the log.

use super::{icon::Glyph, placeholder::PageHead};
use crate::routes;
use domain::{Error, ErrorKind};
use leptos::prelude::*;

/// A refusal inside a page.
///
/// A reader whose sign-in has ended is taken to the sign-in page instead of being told so beside
/// every list.
#[component]
pub fn FailureBox(error: Error) -> impl IntoView {
    if error.kind == ErrorKind::Unauthenticated {
        Effect::new(|_| to_login());
    }
    view! {
        <div class="failure" role="alert">
            <Glyph name="alert"/>
            <div class="failure-text">
                <p class="failure-message">{error.message}</p>
                {error.hint.map(|hint| view! { <p class="failure-hint">{hint}</p> })}
                {error.detail.map(|detail| view! {
                    <details class="failure-detail">
                        <summary>"Details"</summary>
                        <pre>{detail}</pre>
                    </details>
                })}
                {error.reference.map(|reference| view! {
                    <p class="failure-reference">"Reference " <code>{reference}</code></p>
                })}
            </div>
        </div>
    }
}

/// Whichever of a page's deeds were refused, one below the other.
pub fn failures(all: impl IntoIterator<Item = Option<Error>>) -> Vec<AnyView> {
    all.into_iter().flatten().map(|error| view! { <FailureBox error /> }.into_any()).collect()
}

/// A refusal in place of a whole page. Gives the answer its HTTP status.
#[component]
pub fn PageFailure(error: Error) -> impl IntoView {
    set_status(error.kind.status());
    view! {
        <PageHead title=error.kind.title()/>
        <FailureBox error/>
        <p><a class="button" href=routes::LAUNCHER>"Back to the launcher"</a></p>
    }
}

/// Sets the HTTP status of the page being rendered; nothing in the browser.
pub fn set_status(status: u16) {
    #[cfg(feature = "ssr")]
    if let Some(options) = use_context::<leptos_axum::ResponseOptions>()
        && let Ok(status) = http::StatusCode::from_u16(status)
    {
        options.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}

/// Leaves for the sign-in page, unless the reader is there or at its second step, setting up or invited.
///
/// The whole document is loaded anew, so that nothing of the ended sign-in stays in memory.
pub(super) fn to_login() {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    if [routes::LOGIN, routes::LOGIN_CODE, routes::SETUP, routes::INVITE].contains(&path.as_str()) {
        return;
    }
    let here = path + &location.search().unwrap_or_default();
    // A browser that refuses to navigate still shows the message.
    _ = location.replace(&routes::login(&here));
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn html(error: Error) -> String {
        let owner = Owner::new();
        owner.set();
        view! { <FailureBox error/> }.to_html()
    }

    #[test]
    fn a_refusal_says_what_what_to_do_and_keeps_the_engines_words_folded() {
        let html = html(
            Error::unavailable("Could not start <Firefox>.")
                .hint("Stop a session.")
                .detail("no such image"),
        );
        assert!(html.contains("role=\"alert\""), "{html}");
        assert!(html.contains("Could not start &lt;Firefox&gt;."), "{html}");
        assert!(html.contains("Stop a session."), "{html}");
        assert!(html.contains("<details") && !html.contains("<details open"), "{html}");
        assert!(html.contains("no such image"), "{html}");
    }

    #[test]
    fn a_fault_of_ours_shows_its_reference() {
        let html = html(Error::internal("8f3c"));
        // Between tags there may be marker nodes of the renderer.
        assert!(html.contains("<code>8f3c"), "{html}");
    }

    #[test]
    fn what_is_not_known_leaves_no_empty_part() {
        let html = html(Error::not_found("There is no such session."));
        assert!(!html.contains("<details") && !html.contains("Reference"), "{html}");
    }
}
