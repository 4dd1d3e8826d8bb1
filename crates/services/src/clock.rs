//! Time as a parameter, so that tests can move it.

use domain::Timestamp;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    /// Milliseconds that pass from one reading to the next.
    step: AtomicI64,
}

impl ManualClock {
    pub fn at(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.0), step: AtomicI64::new(0) }
    }

    pub fn advance_secs(&self, secs: i64) {
        self.now.fetch_add(secs * 1000, Ordering::SeqCst);
    }

    /// From now on time passes between two readings, as it does outside of tests.
    pub fn runs(&self) {
        self.step.store(1, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.fetch_add(self.step.load(Ordering::SeqCst), Ordering::SeqCst))
    }
}
