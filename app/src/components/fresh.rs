//! What a page shows, kept current without flicker: read once with the page, then read again in
//! the background whenever what is asked for or the world changes; the old stays until the new is
//! there.
//!
//! Not a resource under `<Transition>`: that builds the whole view anew at each answer, which
//! closes open menus, drops the focus and forgets what was typed. Here the answer goes into a
//! signal, and only what shows a changed part follows.

use super::clock;
use crate::refusal::Refusal;
use leptos::prelude::*;

/// What a page shows now.
pub struct Fresh<T: Send + Sync + 'static> {
    pub value: RwSignal<T>,
    /// Why the last read failed; the value is then that of the one before.
    pub failure: RwSignal<Option<domain::Error>>,
    /// A read is under way.
    pub busy: Signal<bool>,
}

impl<T: Send + Sync + 'static> Clone for Fresh<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Fresh<T> {}

/// Follows `asked` and `version` from `first` on by `read`.
pub fn fresh<Q, T, F>(first: T, asked: Memo<Q>, version: Signal<u64>, read: fn(Q) -> F) -> Fresh<T>
where
    Q: Clone + PartialEq + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
    F: Future<Output = Result<T, Refusal>> + Send + 'static,
{
    let value = RwSignal::new(first);
    let failure = RwSignal::new(None);
    let fetch = Action::new(move |asked: &Q| {
        let (asked, answer) = (asked.clone(), read(asked.clone()));
        async move { (asked, answer.await) }
    });
    // Changes that arrive during a read are answered by one more read after it, so that there is
    // never more than one under way and an old answer cannot overtake a new one.
    let stale = StoredValue::new(false);
    let go = move || {
        let busy = fetch.pending().get_untracked();
        stale.set_value(busy);
        if !busy {
            fetch.dispatch(asked.get_untracked());
        }
    };
    // What changed between the first read and this moment went unheard. Not so on a page that came
    // as a document: its stream of changes begins by saying that anything may have changed.
    if clock::is_live() {
        go();
    }
    Effect::new(move |before: Option<()>| {
        asked.track();
        version.track();
        if before.is_some() {
            go();
        }
    });
    Effect::new(move |_| {
        let Some((of, answer)) = fetch.value().get() else { return };
        match answer {
            // An answer for an address already left is of no use.
            Ok(new) if of == asked.get_untracked() => {
                failure.set(None);
                value.set(new);
            }
            Ok(_) => {}
            Err(refusal) => failure.set(Some(refusal.0)),
        }
        if stale.get_value() {
            go();
        }
    });
    Fresh { value, failure, busy: fetch.pending().into() }
}
