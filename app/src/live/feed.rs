//! The browser's side of a stream that only one page hears.
//!
//! Unlike the tab's own stream it carries what is to be shown. A hidden tab lets go of it, for the
//! same reason; the address then says from where on the page wants to hear again.

use futures_util::{StreamExt, stream::select_all};
use gloo_net::eventsource::futures::EventSource;
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// How long to wait after the browser gave up.
const RETRY: Duration = Duration::from_secs(3);

pub(super) fn listen(
    address: impl Fn() -> Option<String> + 'static,
    kinds: [&'static str; 2],
    hear: impl Fn(&str, &str) + Copy + 'static,
) {
    let source = StoredValue::new_local(None::<EventSource>);
    // Counts connections, so that the loop of an old one does not speak for the new one.
    let connection = StoredValue::new(0_u32);
    let again = RwSignal::new(0_u32);
    let hidden = RwSignal::new(document().hidden());
    let watch = window_event_listener_untyped("visibilitychange", move |_| {
        hidden.try_set(document().hidden());
    });
    on_cleanup(move || watch.remove());
    Effect::new(move |_| {
        again.track();
        let address = address().filter(|_| !hidden.get());
        connection.update_value(|number| *number += 1);
        source.set_value(None);
        let Some(mut opened) = address.and_then(|address| EventSource::new(&address).ok()) else {
            return;
        };
        let kinds: Result<Vec<_>, _> =
            kinds.map(|kind| opened.subscribe(kind)).into_iter().collect();
        let Ok(kinds) = kinds else { return };
        let number = connection.get_value();
        source.set_value(Some(opened));
        spawn_local(async move {
            let is_present = move || connection.try_get_value() == Some(number);
            let mut events = select_all(kinds);
            while let Some(Ok((kind, message))) = events.next().await {
                if !is_present() {
                    return;
                }
                hear(&kind, &message.data().as_string().unwrap_or_default());
            }
            if is_present() {
                let retry = move || {
                    again.try_update(|again| *again += 1);
                };
                set_timeout(retry, RETRY);
            }
        });
    });
}
