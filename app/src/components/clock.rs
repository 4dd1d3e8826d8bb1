//! Moments on a page: UTC from the server, near and local after hydration.
//!
//! Both sides must first render the same text, or hydration meets a document it does not know. So
//! every [`When`] begins as UTC and switches by an effect, which only runs in the browser. One
//! clock per tab serves all of them.

use domain::Timestamp;
use leptos::prelude::*;

/// The tab's clock; `None` on the server and until the page is live.
#[derive(Clone, Copy)]
struct Now(RwSignal<Option<Timestamp>>);

/// Makes the clock known to everything below. Called once, by the app.
pub fn provide() {
    let now = RwSignal::new(None);
    provide_context(Now(now));
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        now.set(Some(browser::now()));
        let tick = move || now.set(Some(browser::now()));
        // A timer that cannot be set leaves the times as they are: no reason to fail.
        _ = set_interval_with_handle(tick, std::time::Duration::from_secs(20));
    });
}

/// Whether the page is live already: on the server never, in the browser not during hydration.
pub fn is_live() -> bool {
    use_context::<Now>().is_some_and(|clock| clock.0.get_untracked().is_some())
}

/// The browser's time each second, for lengths that grow before the reader's eyes; `None` on the
/// server and until the page is live.
pub fn seconds() -> Signal<Option<Timestamp>> {
    let now = RwSignal::new(None);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        now.set(Some(browser::now()));
        let tick = move || now.set(Some(browser::now()));
        if let Ok(timer) = set_interval_with_handle(tick, std::time::Duration::from_secs(1)) {
            on_cleanup(move || timer.clear());
        }
    });
    now.into()
}

/// A moment: `5 min ago`, or the local date when it is longer ago.
#[component]
pub fn When(at: Timestamp) -> impl IntoView {
    let live = RwSignal::new(false);
    Effect::new(move |_| live.set(true));
    let clock = use_context::<Now>();
    let text = move || {
        if !live.get() {
            return at.display();
        }
        clock.and_then(|clock| clock.0.get()).map_or_else(|| at.display(), |now| near(at, now))
    };
    let exact = move || if live.get() { local(at) } else { at.display() };
    view! { <time class="when" datetime=at.rfc3339() title=exact>{text}</time> }
}

/// A moment to come: `in 12 min`, or the local date when it is further off.
#[component]
pub fn Until(at: Timestamp) -> impl IntoView {
    let live = RwSignal::new(false);
    Effect::new(move |_| live.set(true));
    let clock = use_context::<Now>();
    let utc = move || format!("at {}", at.display());
    let text = move || match clock.and_then(|clock| clock.0.get()) {
        Some(now) if live.get() => ahead(at, now),
        _ => utc(),
    };
    let exact = move || if live.get() { local(at) } else { at.display() };
    view! { <time class="when" datetime=at.rfc3339() title=exact>{text}</time> }
}

/// Words for a moment to come, seen from `now`.
fn ahead(at: Timestamp, now: Timestamp) -> String {
    match at.since(now) {
        0..60_000 => "within a minute".into(),
        gap @ 60_000..86_400_000 => format!("in {}", domain::time::length(gap - gap % 60_000)),
        _ => format!("on {}", local(at)),
    }
}

/// Words for a moment seen from `now`.
fn near(at: Timestamp, now: Timestamp) -> String {
    // Clocks of server and browser differ; a moment slightly ahead is now.
    match now.since(at) {
        0..60_000 => "just now".into(),
        gap @ 60_000..86_400_000 => {
            format!("{} ago", domain::time::length(gap - gap % 60_000))
        }
        _ => local(at),
    }
}

#[cfg(feature = "hydrate")]
fn local(at: Timestamp) -> String {
    browser::local(at)
}

#[cfg(not(feature = "hydrate"))]
fn local(at: Timestamp) -> String {
    at.display()
}

#[cfg(feature = "hydrate")]
mod browser {
    use domain::Timestamp;
    use js_sys::{Date, Object, Reflect};
    use wasm_bindgen::JsValue;

    pub(super) fn now() -> Timestamp {
        Timestamp(Date::now() as i64)
    }

    /// Date and minute as the reader's browser writes them.
    pub(super) fn local(at: Timestamp) -> String {
        let style = Object::new();
        for (key, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
            // Setting a property of a fresh object cannot fail.
            _ = Reflect::set(&style, &JsValue::from_str(key), &JsValue::from_str(value));
        }
        let date = Date::new(&JsValue::from_f64(at.millis() as f64));
        date.to_locale_string("default", &style).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_from_near_to_far() {
        let at = Timestamp(1_795_209_729_000);
        assert_eq!(near(at, at.plus_secs(-5)), "just now");
        assert_eq!(near(at, at.plus_secs(59)), "just now");
        assert_eq!(near(at, at.plus_secs(300)), "5 min ago");
        assert_eq!(near(at, at.plus_secs(7_500)), "2 h 5 min ago");
        assert_eq!(near(at, at.plus_secs(90_000)), "2026-11-20 21:22 UTC");
    }

    #[test]
    fn moments_to_come_read_from_near_to_far() {
        let at = Timestamp(1_795_209_729_000);
        assert_eq!(ahead(at, at.plus_secs(9)), "within a minute");
        assert_eq!(ahead(at, at.plus_secs(-299)), "in 4 min");
        assert_eq!(ahead(at, at.plus_secs(-90_000)), "on 2026-11-20 21:22 UTC");
    }

    #[test]
    fn the_first_text_is_the_same_on_both_sides() {
        let owner = Owner::new();
        owner.set();
        let html = view! { <When at=Timestamp(1_795_209_729_000)/> }.to_html();
        assert!(html.contains("2026-11-20 21:22 UTC"), "{html}");
        assert!(html.contains("datetime=\"2026-11-20T21:22:09Z\""), "{html}");
    }
}
