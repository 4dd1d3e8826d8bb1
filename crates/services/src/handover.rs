//! Things that are shown once, on their way from the post that made them to the page after it: a
//! browser without JavaScript has nothing to show an answer in. In memory only, and taken once.

use domain::{SignInId, Timestamp};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// How long something waits for its page, in milliseconds.
const WITHIN_MS: i64 = 300 * 1000;

/// One thing for each sign-in.
pub(crate) struct Handover<T>(Mutex<HashMap<SignInId, (T, Timestamp)>>);

impl<T> Default for Handover<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Handover<T> {
    /// Keeps it for the next page of this sign-in, in place of what was kept before.
    pub(crate) fn leave(&self, sign_in: &SignInId, what: T, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (_, at)| now.since(*at) < WITHIN_MS);
        all.insert(sign_in.clone(), (what, now));
    }

    /// What was left for this sign-in, once.
    pub(crate) fn take(&self, sign_in: &SignInId, now: Timestamp) -> Option<T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (what, at) = all.remove(sign_in)?;
        (now.since(at) < WITHIN_MS).then_some(what)
    }
}
