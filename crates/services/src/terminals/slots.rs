//! How many terminals may be open: by one person, and all together.

use domain::{Error, Result, UserId};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

const MOST_OF_ONE: usize = 20;
const MOST: usize = 500;

#[derive(Debug, Default, Clone)]
pub(super) struct Slots(Arc<Inside>);

#[derive(Debug, Default)]
struct Inside {
    taken: Mutex<Taken>,
    /// How many are taken, for those who wait until none is.
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Taken {
    by: HashMap<UserId, usize>,
    all: usize,
    closed: bool,
}

/// One terminal's; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    user: UserId,
}

impl Slots {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// `Exhausted` with the limit that is reached, `Unavailable` once closed.
    pub(super) fn take(&self, user: &UserId) -> Result<Slot> {
        let mut taken = self.lock();
        let own = taken.by.get(user).copied().unwrap_or_default();
        if taken.closed {
            return Err(Error::unavailable("Slipway is stopping and opens no more terminals.")
                .hint("Try again in a moment."));
        }
        if own >= MOST_OF_ONE {
            return Err(Error::exhausted(format!(
                "You have {own} terminals open; {MOST_OF_ONE} is the most."
            ))
            .hint("Close one that you no longer need."));
        }
        if taken.all >= MOST {
            return Err(Error::exhausted(format!(
                "There are {} terminals open; {MOST} is the most.",
                taken.all
            ))
            .hint("Try again when others have closed theirs."));
        }
        taken.by.insert(user.clone(), own + 1);
        taken.all += 1;
        self.0.count.send_replace(taken.all);
        Ok(Slot { slots: self.clone(), user: user.clone() })
    }

    /// Gives no more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
    }

    pub(super) fn are_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits until none is taken.
    pub(super) async fn all_free(&self) {
        // The sender is ours and so cannot be gone.
        let _ = self.0.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.by.get_mut(&self.user) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.by.remove(&self.user);
            }
        }
        self.slots.0.count.send_replace(taken.all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_cannot_take_all_and_what_is_given_back_counts() {
        let slots = Slots::default();
        let (ada, eve): (UserId, UserId) = ("a".parse().unwrap(), "e".parse().unwrap());
        let mut held: Vec<Slot> = (0..MOST_OF_ONE).map(|_| slots.take(&ada).unwrap()).collect();
        let refusal = slots.take(&ada).unwrap_err();
        assert!(refusal.message.contains("20") && refusal.hint.is_some(), "{refusal:?}");
        assert!(slots.take(&eve).is_ok());
        held.pop();
        assert!(slots.take(&ada).is_ok());
    }

    #[test]
    fn all_together_there_is_a_bound() {
        let slots = Slots::default();
        let user = |n: usize| -> UserId { format!("u{}", n / MOST_OF_ONE).parse().unwrap() };
        let held: Vec<Slot> = (0..MOST).map(|n| slots.take(&user(n)).unwrap()).collect();
        assert!(slots.take(&user(MOST)).unwrap_err().message.contains("500"));
        drop(held);
        assert!(slots.take(&user(0)).is_ok());
        slots.close();
        assert!(slots.take(&user(0)).is_err());
    }
}
