//! Where a form leads after it was answered.
//!
//! The router follows every redirect, also one to the page the reader is on, and then scrolls to
//! the top: marking a favourite in the third row would throw the reader out of it. This hook stands
//! in front of the router's own and stays put in that case; what changed is read again anyway.

use leptos::{prelude::*, server_fn::redirect::set_redirect_hook};
use leptos_router::hooks::use_navigate;
use std::sync::{Arc, Mutex};

type Navigate = Box<dyn Fn(&str) + Send + Sync>;

#[derive(Clone, Default)]
struct Hook(Arc<Mutex<Option<Navigate>>>);

/// Takes the place that the router would take. Called by the app before it makes the router.
pub fn provide() {
    let hook = Hook::default();
    provide_context(hook.clone());
    // Set twice only by a second app in one tab, which there is not.
    _ = set_redirect_hook(move |to: &str| {
        let to = to.to_owned();
        let hook = hook.clone();
        // After the action has told its outcome, as the router does it.
        request_animation_frame(move || {
            let here = window().location();
            let path = here.pathname().unwrap_or_default() + &here.search().unwrap_or_default();
            if path == to {
                return;
            }
            if let Ok(navigate) = hook.0.lock()
                && let Some(navigate) = navigate.as_ref()
            {
                navigate(&to);
            }
        });
    });
}

/// Lends the router's navigation to the hook. Stands anywhere inside the router.
#[component]
pub fn FollowRedirects() -> impl IntoView {
    let navigate = use_navigate();
    if let Some(hook) = use_context::<Hook>()
        && let Ok(mut slot) = hook.0.lock()
    {
        *slot = Some(Box::new(move |to| navigate(to, Default::default())));
    }
}
