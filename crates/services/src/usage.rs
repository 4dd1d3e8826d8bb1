//! CPU and memory of running sessions, sampled only while somebody looks.

use crate::core::Core;
use domain::{
    SessionId, Timestamp,
    event::Change,
    session::{Status, UsageNow},
};
use engine::UsageSample;
use futures_util::{StreamExt, stream};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

const EVERY: Duration = Duration::from_secs(3);
/// Somebody who asked for figures is taken to look for this long.
const LOOKING_MS: i64 = 20_000;
const PARALLEL: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Usages {
    state: Mutex<State>,
    wanted: Notify,
}

#[derive(Debug, Default)]
struct State {
    wanted_until: Timestamp,
    known: HashMap<SessionId, Known>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    at: Timestamp,
    sample: UsageSample,
    now: Option<UsageNow>,
}

impl Usages {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last figures of a session; asking for them keeps the sampling going.
    pub(crate) fn of(&self, id: &SessionId, now: Timestamp) -> Option<UsageNow> {
        let mut state = self.lock();
        if state.wanted_until < now {
            self.wanted.notify_one();
        }
        state.wanted_until = now.plus_millis(LOOKING_MS);
        state.known.get(id).filter(|k| now.since(k.at) < LOOKING_MS).and_then(|k| k.now)
    }

    fn note(&self, id: &SessionId, at: Timestamp, sample: UsageSample) {
        let mut state = self.lock();
        let before = state.known.get(id).copied();
        state.known.insert(id.clone(), Known { at, sample, now: rate(before, at, sample) });
    }
}

/// CPU use between two samples; the first one alone says nothing about CPU.
fn rate(before: Option<Known>, at: Timestamp, sample: UsageSample) -> Option<UsageNow> {
    let before = before.filter(|b| b.sample.cpu_nanos <= sample.cpu_nanos)?;
    let millis = at.since(before.at);
    if millis == 0 {
        return before.now;
    }
    let nanos = i64::try_from(sample.cpu_nanos - before.sample.cpu_nanos).ok()?;
    Some(UsageNow {
        cpu_millis: nanos / (millis * 1000),
        memory_bytes: sample.memory_bytes,
        memory_limit: sample.memory_limit,
    })
}

pub(crate) async fn run(core: Arc<Core>) {
    loop {
        if core.usages.lock().wanted_until < core.now() {
            core.usages.wanted.notified().await;
        }
        if let Ok(live) = core.store.live_sessions().await {
            let running = live.into_iter().filter(|s| s.status == Status::Running);
            let core = &core;
            stream::iter(running)
                .for_each_concurrent(PARALLEL, |session| async move {
                    let name = core.container_name(&session.id);
                    if let Ok(Some(sample)) = core.engine.sample(&name).await {
                        core.usages.note(&session.id, core.now(), sample);
                    }
                })
                .await;
            let now = core.now();
            core.usages.lock().known.retain(|_, known| now.since(known.at) < LOOKING_MS);
            core.bus.announce(Change::Usage);
        }
        tokio::time::sleep(EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_what_was_used_between_two_looks() {
        let sample = |cpu_nanos| UsageSample { cpu_nanos, memory_bytes: 5, memory_limit: 9 };
        assert_eq!(rate(None, Timestamp(0), sample(0)), None);
        let before = Known { at: Timestamp(0), sample: sample(0), now: None };
        let half_a_core = rate(Some(before), Timestamp(2000), sample(1_000_000_000)).unwrap();
        assert_eq!(half_a_core.cpu_millis, 500);
        // A restarted container counts from zero again.
        let later = Known { at: Timestamp(0), sample: sample(9), now: None };
        assert_eq!(rate(Some(later), Timestamp(2000), sample(1)), None);
    }
}
