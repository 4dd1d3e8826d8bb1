//! The way into a stream: an address with a ticket that works once, so there is a new one for each
//! stretch of running, and for a frame whose page never arrived.
//!
//! Chromium drops what it is loading when the machine's addresses change, and a container that
//! starts on the browser's own machine changes them. The frame then holds an error page that tells
//! nobody, so the server is asked whether its ticket led anywhere.

use crate::api::sessions::{Stream, open_stream};
use domain::{
    Error, Timestamp,
    session::{SessionDetail, State},
};
use leptos::prelude::*;
use std::time::Duration;

/// A page arrives in this time after its frame was asked to load it, or when the frame says it has
/// loaded; then the server is asked. Also the time between two tries.
const PATIENCE: Duration = Duration::from_secs(2);
/// A workspace that still does not answer then has more than a dropped request to tell, and its
/// frame shows what.
const TRIES: u32 = 6;

#[derive(Clone, Copy)]
pub struct Way {
    pub stream: Signal<Option<Stream>>,
    /// What went wrong with the last opening.
    pub failed: Signal<Option<Error>>,
    /// To be called when the frame should be there: opens it anew if it is not.
    pub check: Callback<()>,
}

/// What makes one stretch of running different from the next: the container and its start.
type Run = (u32, Option<Timestamp>);

fn run_of(detail: &SessionDetail) -> Option<Run> {
    let session = &detail.session;
    (session.state() == State::Running).then_some((session.generation, session.running_since))
}

pub fn follow(id: String, detail: Memo<SessionDetail>, first: Option<Stream>) -> Way {
    let stream = RwSignal::new(first);
    let failed = RwSignal::new(None);
    let tries = StoredValue::new(0);
    let again = RwSignal::new(0_u32);
    let run = Memo::new(move |_| run_of(&detail.read()));
    let open = Action::new(move |unless_at: &String| {
        let answer = open_stream(id.clone(), unless_at.clone());
        async move {
            match answer.await {
                // The frame is where it should be, or the workspace is slow; the same way again must
                // not make a new frame.
                Ok(opened) if stream.try_get_untracked().is_none_or(|known| known == opened) => {
                    again.try_update(|again| *again += 1);
                }
                Ok(opened) => {
                    failed.try_set(None);
                    stream.try_set(opened);
                }
                Err(refusal) => {
                    failed.try_set(Some(refusal.0));
                }
            }
        }
    });
    Effect::new(move |last: Option<Option<Run>>| {
        let now = run.get();
        match (&last, &now) {
            (_, None) => stream.set(None),
            // The server has opened this one already.
            (None, Some(_)) if stream.read_untracked().is_some() => {}
            (Some(last), now) if last == now => {}
            (_, Some(_)) => {
                tries.set_value(0);
                open.dispatch(String::new());
            }
        }
        now
    });
    let check = Callback::new(move |()| {
        let Some(Stream { url, .. }) = stream.get_untracked() else { return };
        set_timeout(
            move || {
                let still = stream.try_get_untracked().flatten().is_some_and(|s| s.url == url);
                if still && tries.try_get_value().is_some_and(|tries| tries < TRIES) {
                    tries.update_value(|tries| *tries += 1);
                    open.dispatch(url);
                }
            },
            PATIENCE,
        );
    });
    Effect::new(move |_| {
        if again.get() > 0 {
            check.run(());
        }
    });
    Way { stream: stream.into(), failed: failed.into(), check }
}
