//! The browser's side of [`super`]: the one `EventSource` of this tab and who listens to it.
//!
//! A hidden tab lets go of its stream: browsers open only six connections to a server over
//! HTTP/1.1, and six forgotten tabs would otherwise leave none for the one being looked at. When it
//! is shown again it reconnects, and every (re)connection makes all listeners read again, because
//! nobody knows what was missed.

use crate::{live::Link, routes};
use domain::event::Change;
use futures_util::{StreamExt, stream::select_all};
use gloo_net::eventsource::futures::EventSource;
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;
use web_sys::MessageEvent;

/// Shortest time between two rounds of reading again.
const ROUND: Duration = Duration::from_millis(250);
/// How long to wait after the browser gave up, for example because the server was restarted.
const RETRY: Duration = Duration::from_secs(3);

type Wants = Box<dyn Fn(&Change) -> bool + Send + Sync>;

struct Listener {
    key: u32,
    wants: Wants,
    version: RwSignal<u64>,
    /// A change came that has not been passed on yet.
    due: bool,
}

#[derive(Default)]
struct Stream {
    listeners: Vec<Listener>,
    next_key: u32,
    source: Option<EventSource>,
    /// Counts connections, so that the loop of an old one does not speak for the new one.
    connection: u32,
    /// Milliseconds when listeners were last told.
    last_round: f64,
    round_planned: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Tab {
    stream: StoredValue<Stream, LocalStorage>,
    link: RwSignal<Link>,
}

impl Tab {
    pub(super) fn new(link: RwSignal<Link>) -> Self {
        let tab = Self { stream: StoredValue::new_local(Stream::default()), link };
        let watch = window_event_listener_untyped("visibilitychange", move |_| {
            if document().hidden() { tab.disconnect() } else { tab.connect() }
        });
        on_cleanup(move || watch.remove());
        tab
    }

    /// Counts `version` up whenever a change comes that `wants` asks for, until the present owner
    /// is gone.
    pub(super) fn listen(self, wants: Wants, version: RwSignal<u64>) {
        let key = self.stream.try_update_value(|stream| {
            stream.next_key += 1;
            let key = stream.next_key;
            stream.listeners.push(Listener { key, wants, version, due: false });
            key
        });
        on_cleanup(move || {
            self.stream.try_update_value(|stream| {
                stream.listeners.retain(|listener| Some(listener.key) != key);
            });
        });
        // After hydration, when the page is no longer busy becoming live.
        Effect::new(move |_| self.connect());
    }

    fn connect(self) {
        let wanted = self
            .stream
            .with_value(|stream| stream.source.is_none() && !stream.listeners.is_empty());
        if !wanted || document().hidden() {
            return;
        }
        let Ok(mut source) = EventSource::new(routes::EVENTS) else { return self.retry() };
        let kinds: Result<Vec<_>, _> = ["open", "change", "stopping", "error"]
            .map(|kind| source.subscribe(kind))
            .into_iter()
            .collect();
        let Ok(kinds) = kinds else { return self.retry() };
        let connection = self.stream.try_update_value(|stream| {
            stream.source = Some(source);
            stream.connection += 1;
            stream.connection
        });
        spawn_local(async move {
            let mut events = select_all(kinds);
            while let Some(Ok((kind, message))) = events.next().await {
                if self.stream.try_with_value(|stream| stream.connection) != connection {
                    return;
                }
                self.hear(&kind, &message);
            }
            // The browser has given up. If we let go of the stream ourselves, that is all right.
            let ours = self.stream.try_update_value(|stream| {
                let ours = Some(stream.connection) == connection && stream.source.is_some();
                if ours {
                    stream.source = None;
                }
                ours
            });
            if ours == Some(true) {
                self.lost();
                self.retry();
            }
        });
    }

    fn disconnect(self) {
        self.stream.try_update_value(|stream| {
            stream.connection += 1;
            stream.source = None;
        });
    }

    fn retry(self) {
        set_timeout(move || self.connect(), RETRY);
    }

    fn hear(self, kind: &str, message: &MessageEvent) {
        match kind {
            "open" => {
                self.link.set(Link::Live);
                self.note(None);
            }
            "change" => {
                let change = message.data().as_string().and_then(|t| serde_json::from_str(&t).ok());
                match change {
                    Some(Change::Resync) | None => self.note(None),
                    Some(change) => self.note(Some(&change)),
                }
            }
            "stopping" => self.link.set(Link::Restarting),
            // The browser is reconnecting by itself.
            _ => self.lost(),
        }
    }

    /// A loss that was announced keeps its reason.
    fn lost(self) {
        self.link.update(|link| {
            if *link == Link::Live {
                *link = Link::Lost;
            }
        });
    }

    /// Marks who is concerned by a change (`None`: everybody) and plans to tell them.
    fn note(self, change: Option<&Change>) {
        let wait = self.stream.try_update_value(|stream| {
            let mut any = false;
            for listener in &mut stream.listeners {
                if change.is_none_or(|change| (listener.wants)(change)) {
                    listener.due = true;
                    any = true;
                }
            }
            if !any || stream.round_planned {
                return None;
            }
            stream.round_planned = true;
            let since = js_sys::Date::now() - stream.last_round;
            Some(ROUND.saturating_sub(Duration::from_millis(since.max(0.0) as u64)))
        });
        if let Some(Some(wait)) = wait {
            set_timeout(move || self.tell(), wait);
        }
    }

    fn tell(self) {
        let due = self.stream.try_update_value(|stream| {
            stream.round_planned = false;
            stream.last_round = js_sys::Date::now();
            let mut due = Vec::new();
            for listener in &mut stream.listeners {
                if std::mem::take(&mut listener.due) {
                    due.push(listener.version);
                }
            }
            due
        });
        // Outside the borrow, because a listener may come or go in answer.
        for version in due.unwrap_or_default() {
            version.try_update(|version| *version += 1);
        }
    }
}
