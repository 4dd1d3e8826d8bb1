//! Liveness: one stream of changes per tab, turned into versions that resources depend on.
//!
//! The stream says *what* changed, never how. A page names the changes it cares about and gets a
//! number that grows when one arrives; its resource depends on the number and reads again through
//! its server function. So there is one way to read, and one place that authorises.
//!
//! On the server a version is constant, and in the browser it begins with the same value, so that
//! what the server has already sent is not asked for again by hydration.

use crate::{components::clock, refusal::Refusal};
use domain::{Error, ErrorKind, event::Change};
use leptos::prelude::*;

#[cfg(feature = "hydrate")]
mod feed;
#[cfg(feature = "hydrate")]
mod tab;

/// How the stream of changes is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Live,
    /// The browser is trying to reconnect.
    Lost,
    /// The server said that it stops; it is expected back.
    Restarting,
}

/// How the stream is doing. Absent on the server, where it is always taken to be live.
#[derive(Clone, Copy)]
struct Connection(RwSignal<Link>);

/// Makes the stream known to everything below. Called once, by the app.
pub fn provide() {
    let link = RwSignal::new(Link::Live);
    provide_context(Connection(link));
    #[cfg(feature = "hydrate")]
    provide_context(tab::Tab::new(link));
}

/// A number that grows when a change arrives that `wants` asks for, or when changes may have been
/// missed. Bursts are drawn together to four steps a second.
pub fn version(wants: impl Fn(&Change) -> bool + Send + Sync + 'static) -> Signal<u64> {
    let version = RwSignal::new(0);
    #[cfg(feature = "hydrate")]
    if let Some(tab) = use_context::<tab::Tab>() {
        tab.listen(Box::new(wants), version);
    }
    #[cfg(not(feature = "hydrate"))]
    drop(wants);
    version.into()
}

/// A number that grows in this rhythm while the tab is looked at, for what nobody announces.
pub fn every(pause: std::time::Duration) -> Signal<u64> {
    let version = RwSignal::new(0);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let tick = move || {
            if !document().hidden() {
                version.try_update(|version| *version += 1);
            }
        };
        if let Ok(timer) = set_interval_with_handle(tick, pause) {
            on_cleanup(move || timer.clear());
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = pause;
    version.into()
}

/// Hears the events of these kinds from the stream at `address`, while there is one and the tab is
/// looked at. A new address, or the same one again, begins a new stream.
pub fn feed(
    address: impl Fn() -> Option<String> + 'static,
    kinds: [&'static str; 2],
    hear: impl Fn(&str, &str) + Copy + 'static,
) {
    #[cfg(feature = "hydrate")]
    feed::listen(address, kinds, hear);
    #[cfg(not(feature = "hydrate"))]
    let _ = (address, kinds, hear);
}

/// Whether changes are arriving, and if not, why.
pub fn link() -> Signal<Link> {
    use_context::<Connection>().map_or_else(|| Signal::stored(Link::Live), |c| c.0.into())
}

/// A value that was read once and is read again whenever `version` grows.
///
/// For pages that hold something that must not be built anew with each change, such as the frame
/// of a stream. While the server does not answer, the last value stays.
pub fn follow<T, F>(
    first: T,
    version: Signal<u64>,
    read: impl Fn() -> F + Send + Sync + 'static,
) -> Signal<Result<T, Error>>
where
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
{
    let value = RwSignal::new(Ok(first));
    // Answers may overtake each other; an older one must not replace a newer one.
    let asked = StoredValue::new(0_u64);
    let shown = StoredValue::new(0_u64);
    let ask = Action::new(move |number: &u64| {
        let (number, answer) = (*number, read());
        async move {
            let answer = answer.await.map_err(|refusal| refusal.0);
            let newer = shown.try_get_value().is_some_and(|shown| number > shown);
            let silent = matches!(&answer, Err(e) if e.kind == ErrorKind::Unavailable);
            if newer && !silent {
                shown.try_set_value(number);
                value.try_set(answer);
            }
        }
    });
    let again = move || {
        asked.update_value(|asked| *asked += 1);
        ask.dispatch(asked.get_value());
    };
    // What changed between the first read and this moment went unheard. Not so on a page that came
    // as a document: its stream of changes begins by saying that anything may have changed.
    if clock::is_live() {
        again();
    }
    Effect::watch(move || version.get(), move |_, _, _| again(), false);
    value.into()
}
